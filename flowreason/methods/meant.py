"""The method that a caller names: `graph`, `auto`, a flow of the library, a file, or a flow at hand.

After a name or file may stand values of parameters: `self_consistency(samples=9)`.

Invariant: a name that cannot be meant is a `UsageError` before anything is asked, and offers the nearest ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from flowreason import library
from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_input
from flowreason.engine.environment import BoundTool
from flowreason.errors import UsageError
from flowreason.flow import Flow, Tools, load
from flowreason.methods.choose import choose
from flowreason.methods.costs import GRAPH
from flowreason.methods.material import QUESTION, fitted
from flowreason_dsl.names import nearest

if TYPE_CHECKING:
    from flowreason.engine.limits import Limits
    from flowreason.methods.costs import Prices
    from flowreason.records import Plan

AUTO = "auto"
WRITTEN = (AUTO, GRAPH)
"""The methods whose flow is not there yet."""
_CALLED = re.compile(r"\s*([^()]+?)\s*\((.*)\)\s*", re.DOTALL)
Method: TypeAlias = "str | os.PathLike[str] | Flow"


@dataclass(frozen=True, slots=True)
class Meant:
    """A method by its name; its `flow` where there is one already, and what is `given` for its parameters."""

    name: str
    flow: Flow | None = None
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def left_to_us(self) -> bool:
        """Whether the method is to be chosen for each question."""
        return self.name == AUTO and self.flow is None

    def chosen(
        self,
        question: str,
        inputs: Mapping[str, Any],
        limits: Limits | None,
        tools: Mapping[str, BoundTool],
        prices: Prices = None,
    ) -> Chosen:
        """What answers a question. Raises `UsageError` where the flow does not take what is given."""
        name, flow, reason = self.name, self.flow, ""
        if self.left_to_us:
            choice = choose(question, inputs, limits, tools, prices=prices)
            name, reason = choice.method, choice.reason
            flow = None if name == GRAPH else library.load(name)
        own = {} if flow is None else fitted(flow, question, {**self.given, **inputs})
        granted = tools if flow is None else {**tools, **flow.tools}
        return Chosen(name, reason, flow, own, granted, agreed=self.left_to_us)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What answers a question: a flow with its `inputs`, or, where there is none, one that is still to be written.

    `tools` are granted to it. `agreed`: whoever left the choice to us agreed that it runs within the limits.
    """

    name: str
    reason: str = ""
    flow: Flow | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, BoundTool] = field(default_factory=dict)
    agreed: bool = False

    @property
    def event(self) -> dict[str, str]:
        """What is told of it."""
        return {"method": self.name, "reason": self.reason}

    @property
    def settings(self) -> dict[str, str]:
        """What is kept of it with the run."""
        return {name: told for name, told in self.event.items() if told}


def chosen_before(plan: Plan) -> Chosen | None:
    """What answered the question of a kept run; None for a flow that was run by itself."""
    name = plan.settings.get("method") or (GRAPH if plan.kind == "solve" else "")
    return Chosen(str(name), str(plan.settings.get("reason", ""))) if name else None


def meant(method: Method, tools: Tools = ()) -> Meant:
    """The method that is named: `least-to-most` and `least_to_most` alike, `file.flow`, or the flow itself."""
    if isinstance(method, Flow):
        return Meant(method.name, method)
    if isinstance(method, os.PathLike):
        return _file(Path(method), tools)
    if not isinstance(method, str):
        raise UsageError(f"a method is a name, a file or a flow, and this is {type(method).__name__}")
    if (called := _CALLED.fullmatch(method)) is not None:
        found = meant(called[1], tools)
        return replace(found, given=_given(called[2], found))
    plain = library.plainly(method)
    if plain in WRITTEN:
        return Meant(plain)
    if _is_path(method):
        return _file(Path(method), tools)
    if plain not in library.names():
        raise _unknown(method, plain)
    return Meant(plain, library.load(plain, tools))


def _given(text: str, method: Meant) -> dict[str, Any]:
    """Values of parameters, as they stand in brackets behind a name."""
    known = {} if method.flow is None else {p.name: p.type for p in method.flow.parameters if p.name != QUESTION}
    found: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else f"it has {', '.join(known) or 'none to set'}"
            raise UsageError(f"{method.name} has no parameter {name[:60]!r}; {hint}")
        try:
            found[name] = parse_input(value, known[name])
        except Misfit as misfit:
            raise UsageError(f"{method.name}: {name}: {misfit.reason}") from None
    return found


def _is_path(method: str) -> bool:
    return not method.startswith(library.PREFIX) and (method.endswith(library.ENDING) or os.sep in method)


def _file(path: Path, tools: Tools) -> Meant:
    flow = load(path, tools=tools)
    return Meant(flow.name, flow)


def _unknown(method: str, plain: str) -> UsageError:
    known = tuple(sorted({*library.names(), *WRITTEN}))
    close = library.like(plain, known)
    offer = f"did you mean {close}?" if close else f"there are: {', '.join(known)}, or a file that ends in .flow"
    return UsageError(f"there is no method {method.strip()[:60]!r}; {offer}")
