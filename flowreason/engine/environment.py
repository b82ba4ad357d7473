"""Everything from outside that a run may use, and nothing else: what is not in here, a flow cannot reach."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flowreason.engine.limits import Limits
from flowreason.graph.model import Graph
from flowreason.ports import Provider, Reply, Request, Sandbox
from flowreason_dsl.syntax import ToolDef

AskUser = Callable[[str, str], Awaitable[str] | str]
"""Asks the person: (text, type as written) → what they answered."""


@dataclass(frozen=True, slots=True)
class BoundTool:
    """A tool's signature and the Python function behind it."""

    definition: ToolDef
    function: Callable[..., Any]
    waits: bool = False

    @property
    def inline(self) -> bool:
        """Whether it is called in place: it is pure, computes, and does not wait."""
        return self.definition.pure and not self.waits and not inspect.iscoroutinefunction(self.function)


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
    """What a run is granted."""

    provider: Provider
    sandbox: Sandbox
    tools: Mapping[str, BoundTool] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    compiler: Compiler | None = None
    ask_user: AskUser | None = None
    concurrency: int = 64
