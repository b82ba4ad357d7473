"""Everything from outside that a run may use, and nothing else: what is not in here, a flow cannot reach."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flowreason.engine.exact import class_of
from flowreason.engine.ledger import Ledger
from flowreason.engine.limits import Limits
from flowreason.graph.model import Graph
from flowreason.ports import Provider, Reply, Request, Sandbox
from flowreason_dsl.syntax import ToolDef
from flowreason_dsl.types import ANY, Type

AskUser = Callable[[str, str], Awaitable[str] | str]
"""Asks the person: (text, type as written) → what they answered."""

ANYTHING: tuple[type | None, Type] = (object, ANY)
"""Of a parameter or result that takes any value, the class whose values fit as they are, and the type."""


KEY = "idempotency_key"
"""The parameter by which a tool tells the same call from another."""


@dataclass(frozen=True, slots=True)
class BoundTool:
    """A tool's signature and the Python function behind it."""

    definition: ToolDef
    function: Callable[..., Any]
    waits: bool = False
    repeatable: bool = False
    """Whether its effect may happen twice without harm."""
    keyed: bool = False
    """Whether it takes an `idempotency_key`, the same for the same call of the same run, and so acts once."""
    is_async: bool = field(init=False)
    kinds: Mapping[str, tuple[type | None, Type]] = field(init=False, repr=False)
    """The type of each parameter, and the class whose values fit as they are (see `exact`)."""
    returns: tuple[type | None, Type] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kinds = {p.name.text: (class_of(p.type.type), p.type.type) for p in self.definition.parameters}
        returns = self.definition.returns.type if self.definition.returns else ANY
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(self.function))
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "returns", (class_of(returns), returns))

    @property
    def inline(self) -> bool:
        """Whether it is called in place: it is pure, computes, and does not wait."""
        return self.definition.pure and not self.waits and not self.is_async

    async def act(self, arguments: Mapping[str, Any]) -> Any:
        """What the function gives; one that is not async is called in a thread. Raises whatever it raises."""
        if self.is_async:
            return await self.function(**arguments)
        value, error = await asyncio.to_thread(self._tried, arguments)
        if error is not None:
            raise error
        return await value if inspect.isawaitable(value) else value

    def _tried(self, arguments: Mapping[str, Any]) -> tuple[Any, BaseException | None]:
        """What comes of a call; some exceptions (StopIteration) cannot be handed on by a thread."""
        try:
            return self.function(**arguments), None
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            return None, error


class Compiler(Protocol):
    """Writes flows at run time, for `solve` and `run`."""

    async def solve(
        self,
        question: str,
        inputs: Mapping[str, Any],
        complete: Callable[[Request], Awaitable[Reply]],
        tell: Callable[[str, Mapping[str, Any]], None],
    ) -> Graph:
        """A flow for a sub-question, checked and lowered. Raises `CompileError`."""
        ...

    def load(self, text: str) -> Graph:
        """A flow that a node produced, checked and lowered. Raises `CompileError` with its diagnostics."""
        ...


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run is granted.

    `ledger` keeps what it comes to know; None: nothing is kept. `approve`: the person is asked before each effect.
    `given`: by frame and node, values that nodes are to have instead of working them out.
    """

    provider: Provider
    sandbox: Sandbox
    tools: Mapping[str, BoundTool] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    compiler: Compiler | None = None
    ask_user: AskUser | None = None
    concurrency: int = 64
    ledger: Ledger | None = None
    approve: bool = False
    given: Mapping[tuple[str, str], Any] = field(default_factory=dict)
