"""How one question of many is answered: by running a flow on it, or by a method.

Invariant: a way is made once for all questions, so that what they have in common (a flow that is read, checked and
lowered, a method that is looked up) is done once; what is asked of a row is taken from it without asking anybody.

Another way is a class with what `Way` says; `way_of` is the one place where a way is chosen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, TypeAlias

from flowreason import library
from flowreason.api import checked_question, solve_async
from flowreason.batch.item import QUESTION, Item
from flowreason.errors import InputError, UsageError
from flowreason.flow import Flow, as_inputs, load
from flowreason.methods import GRAPH, Meant, Method, meant
from flowreason.result import Result
from flowreason.tools import Tool
from flowreason.values import plain
from flowreason_dsl.types import ANY, BOOL, TEXT, Choice, Type

FlowGiven: TypeAlias = "Flow | str | os.PathLike[str]"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row asks: its question, and inputs by name."""

    question: str
    inputs: Mapping[str, Any]
    shape: str = ""
    """What says of which shape the question is, where something does."""


class Way(Protocol):
    """How questions are answered.

    `name` is told with each row; `identity` changes whenever answers may change because the way is another; `grants`
    are given to runs that go on (options of `resume_async`).
    """

    name: str
    identity: str
    grants: Mapping[str, Any]

    def wanted(self, item: Item) -> Wanted:
        """What a row asks. Raises `InputError` for a row that cannot be used, `UsageError` where none can be."""
        ...

    def fits(self, columns: Sequence[str]) -> None:
        """Raises `UsageError` where no row with these columns can be used."""
        ...

    async def solve(self, wanted: Wanted, options: Mapping[str, Any]) -> Result:
        """Answer one. `options` are those that `solve_async` and `Flow.run_async` have in common."""
        ...


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row things stand: its question, what is given with it as inputs, its id."""

    question: str = QUESTION
    inputs: tuple[str, ...] = ()
    id: str = "id"


def way_of(flow: FlowGiven | None, method: Method | None, tools: Sequence[Any], columns: Columns, **more: Any) -> Way:
    """The way that is meant. `more` are options of `solve_async` that `Flow.run_async` has not."""
    if flow is not None and method is not None:
        raise UsageError("flow and method exclude each other; give one of them")
    if flow is None:
        return ByMethod(meant(GRAPH if method is None else method, tools), tools, columns, more)
    if isinstance(flow, Flow):
        if tools:
            raise UsageError("the flow has its tools already; give tools where it is loaded: fr.load(file, tools=[…])")
        return ByFlow(flow, columns)
    if isinstance(flow, str) and flow.startswith(library.PREFIX):
        return ByFlow(library.load(flow, tools), columns)
    return ByFlow(load(flow, tools=tools), columns)


# --- a flow ---


class ByFlow:
    """Runs one flow on every row: its parameters are columns of the same names."""

    def __init__(self, flow: Flow, columns: Columns) -> None:
        self.flow = flow
        self.name = flow.name
        self.identity = _hash("flow", flow.text, flow.files)
        self.grants: Mapping[str, Any] = {"tools": _tools_of(flow)}
        self._columns = columns
        self._parameters = {each.name: each for each in flow.parameters}
        self._single = self._for_texts()

    def _for_texts(self) -> str:
        """The parameter that takes a plain text; empty where there is no such one."""
        required = [each.name for each in self._parameters.values() if each.required]
        for name in (self._columns.question, QUESTION):
            if name in self._parameters and not set(required) - {name}:
                return name
        if len(required) == 1:
            return required[0]
        return next(iter(self._parameters), "") if not required and len(self._parameters) == 1 else ""

    def fits(self, columns: Sequence[str]) -> None:
        missing = [
            each for each in self._parameters.values() if each.required and self._column(each.name) not in columns
        ]
        if missing:
            names = ", ".join(f"{each.name}: {each.type}" for each in missing)
            have = ", ".join(columns) or "none"
            raise UsageError(f"{self.flow.name} needs the input{'s' if len(missing) > 1 else ''} {names};\n"
                             f"the columns are: {have}")  # fmt: skip

    def _column(self, parameter: str) -> str:
        """The column that a parameter is taken from."""
        return self._columns.question if parameter == QUESTION else parameter

    def wanted(self, item: Item) -> Wanted:
        if item.text:
            (text,) = item.given.values()
            if not self._single:
                needed = ", ".join(f"{each.name}: {each.type}" for each in self._parameters.values()) or "nothing"
                raise UsageError(f"{self.flow.name} takes {needed}, so a plain text is no row for it; give records")
            inputs = {self._single: _read(text, self._parameters[self._single].type)}
            return Wanted(text, self.flow.checked_inputs(inputs))
        inputs = {}
        for name, parameter in self._parameters.items():
            value = _read(item.given.get(self._column(name)), parameter.type)
            if value is not None:
                inputs[name] = value
        question = item.given.get(self._columns.question)
        return Wanted(question if isinstance(question, str) else "", self.flow.checked_inputs(inputs))

    async def solve(self, wanted: Wanted, options: Mapping[str, Any]) -> Result:
        return await self.flow.run_async(wanted.inputs, **options)


_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def _read(value: Any, type: Type) -> Any:
    """A cell as a value for a parameter: texts are read where the type is none of texts; None where nothing stands."""
    if not isinstance(value, str) or type in (TEXT, ANY) or isinstance(type, Choice):
        return value
    if not value.strip():
        return None
    if type == BOOL:
        return _WORDS.get(value.strip().lower(), value)
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


# --- a method ---


class ByMethod:
    """Answers every question by a method: a flow that is written for it, one of the library, or one's own.

    Inputs are what a row has under `inputs`, and the columns that were named: a row may hold much that the model must
    not see, such as the answer.
    """

    def __init__(self, method: Meant, tools: Sequence[Any], columns: Columns, more: Mapping[str, Any]) -> None:
        self.name = method.name
        flow = method.flow
        self.identity = _hash(
            "method", method.name, "" if flow is None else flow.text, {} if flow is None else flow.files,
            *([plain(dict(method.given))] if method.given else []),
        )  # fmt: skip
        self._given = method.given
        granted = tools if flow is None else _tools_of(flow)
        self.grants: Mapping[str, Any] = {"tools": granted, "may_ask": more.get("may_ask")}
        self._tools = tools
        self._method: Method = method.name if flow is None else flow
        self._columns = columns
        self._more = dict(more)

    def fits(self, columns: Sequence[str]) -> None:
        for name in (self._columns.question, *self._columns.inputs):
            if name not in columns:
                have = ", ".join(columns) or "none"
                how = "--question NAME (question=)" if name == self._columns.question else "--inputs NAMES (inputs=)"
                raise UsageError(
                    f"there is no column {name!r}; the columns are: {have}\nName the one that is meant: {how}"
                )

    def wanted(self, item: Item) -> Wanted:
        question = item.given.get(self._columns.question)
        if question is None:
            have = ", ".join(item.given) or "nothing"
            raise InputError(f"it has no {self._columns.question!r}; it has: {have}")
        inputs = as_inputs({**self._given, **self._inputs(item.given)})
        try:
            return Wanted(checked_question(question), inputs)
        except UsageError as error:
            raise InputError(str(error)) from None

    def _inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        inside = given.get("inputs") if "inputs" not in self._columns.inputs else None
        if inside is not None and not isinstance(inside, Mapping):
            raise InputError("`inputs` must be a record of inputs by name")
        named = {name: given[name] for name in self._columns.inputs if given.get(name) is not None}
        return {**(inside or {}), **named}

    async def solve(self, wanted: Wanted, options: Mapping[str, Any]) -> Result:
        return await solve_async(
            wanted.question, method=self._method, inputs=wanted.inputs, tools=self._tools, **self._more, **options
        )


def _tools_of(flow: Flow) -> list[Tool[..., Any]]:
    """The tools that a flow was loaded with, to be given again."""
    return [
        Tool(each.function, pure=each.definition.pure, waits=each.waits, repeatable=each.repeatable)
        for each in flow.tools.values()
    ]


def _hash(*parts: Any) -> str:
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
