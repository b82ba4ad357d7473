"""What a run is given, put together and given back: provider, sandbox, compiler, event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flowreason.compiler import Compiled, compile_question
from flowreason.compiler.arriving import Arriving
from flowreason.engine.ahead import Ahead
from flowreason.engine.caller import Caller
from flowreason.engine.environment import AskUser, BoundTool, Environment
from flowreason.engine.gate import Gate
from flowreason.engine.journal import Journal
from flowreason.engine.ledger import Ledger
from flowreason.engine.limits import Budget, Limits
from flowreason.engine.whole import Lent
from flowreason.errors import CompileError, ConfigError, UsageError
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.graph.ops import Input
from flowreason.ports import (
    Grammar,
    ModelInfo,
    Notify,
    OnText,
    Provider,
    Reply,
    Request,
    Sandbox,
    Streaming,
    Usage,
    streamed,
)
from flowreason_dsl import FlowError, grammar_for, parse, render
from flowreason_dsl.check import CheckedFlow, check
from flowreason_dsl.syntax import ToolDef

T = TypeVar("T")

CONCURRENCY = 64
"""Requests to a provider at once."""


def run_now(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end, in a thread of its own where this thread already has a running loop."""
    if not _loop_is_running():
        return asyncio.run(make())
    box: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            box.append(asyncio.run(make()))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=work, name="flowreason", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return box[0]


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Session:
    """The provider and sandbox of a run; what it made itself it closes. A provider that is lent brings along what the
    run shares with others: their account, and the places for requests."""

    def __init__(
        self,
        provider: Provider | None,
        model: str | None,
        base_url: str | None,
        api_key: str | None,
        sandbox: Sandbox | None,
        unsafe_python: bool,
    ) -> None:
        self._lent = provider if isinstance(provider, Lent) else None
        provider = provider if self._lent is None else self._lent.provider
        self._own_provider = provider is None
        self._own_sandbox = sandbox is None
        self.provider = provider if provider is not None else _configured(model, base_url, api_key)
        if provider is not None and model is not None:
            self.provider = _WithModel(provider, model)
        if not isinstance(self.provider.model_info(None), ModelInfo):
            raise UsageError(f"`model_info` of the provider {type(self.provider).__name__} must give a fr.ModelInfo")
        self.sandbox = sandbox if sandbox is not None else _chosen(unsafe_python)
        self.budget: Budget | None = None
        self.caller: Caller | None = None
        self.gate = Gate(CONCURRENCY)
        self.may_ask = False

    @property
    def one_of_many(self) -> bool:
        """Whether this is the session of one run of many."""
        return self._lent is not None

    async def __aenter__(self) -> Session:
        return self

    def need_model(self) -> None:
        """Raises `ConfigError` where there is no model to ask."""
        if isinstance(self.provider, _NoModel):
            raise self.provider.error

    async def __aexit__(self, *_: object) -> None:
        if self._lent is not None:
            self._lent.leave()
        if self._own_provider:
            await self.provider.close()
        if self._own_sandbox:
            await self.sandbox.close()

    def environment(
        self,
        tools: Mapping[str, BoundTool],
        limits: Limits | None,
        ask_user: AskUser | None,
        may_ask: bool | None = None,
        *,
        ledger: Ledger | None = None,
        approve: bool = False,
        used: Usage | None = None,
    ) -> Environment:
        """What the run is granted, and the account that compiling and running share; `used` stands in it already."""
        self.may_ask = ask_user is not None if may_ask is None else may_ask
        limits = limits or Limits()
        if self._lent is None:
            self.budget = Budget(limits, used or Usage())
        else:
            self.budget = part = self._lent.join(limits, used or Usage())
            limits, self.gate = part.limits, part.gate
        self.caller = Caller(self.provider, self.budget, self.gate, ledger)
        definitions = [tool.definition for tool in tools.values()]
        return Environment(
            provider=self.provider,
            sandbox=self.sandbox,
            tools=tools,
            limits=limits,
            compiler=RuntimeCompiler(self.provider, definitions, self.may_ask),
            ask_user=ask_user,
            concurrency=CONCURRENCY,
            ledger=ledger,
            approve=approve,
        )

    def handing_on(self, environment: Environment, tools: Mapping[str, ToolDef]) -> Environment:
        """The same, where flows that are written or run inside of the flow may call these tools alone."""
        return replace(environment, compiler=RuntimeCompiler(self.provider, list(tools.values()), self.may_ask))

    @contextlib.asynccontextmanager
    async def head_start(
        self, environment: Environment, journal: Journal, known: Mapping[str, Any], wanted: bool
    ) -> AsyncIterator[HeadStart | None]:
        """Where the provider hands over what it writes, a head start for the flow that it writes; else None."""
        if not wanted or self.caller is None or not isinstance(self.provider, Streaming):
            yield None
            return
        start = HeadStart(Ahead(environment, journal, self.caller), known)
        try:
            yield start
        finally:
            await start.ahead.close()

    async def compile(
        self,
        question: str,
        inputs: Mapping[str, Any],
        environment: Environment,
        journal: Journal,
        rounds: int,
        on_arrived: Callable[[CheckedFlow], None] | None = None,
        alike: Sequence[str] = (),
    ) -> Compiled:
        """Have a flow written, for further questions `alike` as well.

        Its calls count against the limits, and are told as the frame `compile`.

        `on_arrived` is told what has arrived of the flow while it is written, each time that more of it could be run.
        """
        self.need_model()
        budget = self.budget or Budget(environment.limits)
        caller = Caller(self.provider, budget, self.gate, environment.ledger)
        tools = {name: tool.definition for name, tool in environment.tools.items()}

        def tell(kind: str, data: Mapping[str, Any]) -> None:
            inside = kind.startswith("node.")
            journal.say(kind, data, "compile" if inside else "", "compile" if inside else "")

        def written(text: str, statements: int) -> None:
            tell("compile.text", {"text": text, "statements": statements})

        def lost(error: Exception) -> None:
            tell("early.failed", {"error": f"{type(error).__name__}: {error}"})

        arriving = Arriving(tools, written, on_arrived, lost, asyncio.get_running_loop().time)

        async def complete(request: Request) -> Reply:
            arriving.begin()
            reply = await caller.write(request, tell, {"attempt": 1, "sample": 0}, arriving.take)
            arriving.end()
            return reply

        return await compile_question(
            question,
            inputs=inputs,
            tools=list(tools.values()),
            provider=self.provider,
            complete=complete,
            rounds=rounds,
            on_event=tell,
            grammar=_grammar(self.provider),
            person=self.may_ask,
            alike=alike,
        )


@dataclass(frozen=True, slots=True)
class HeadStart:
    """Runs what has arrived of a flow with what is `known`: the question and the inputs, by name."""

    ahead: Ahead
    known: Mapping[str, Any]

    def arrived(self, checked: CheckedFlow) -> None:
        """More of the flow is there."""
        graph = lower(checked)
        nodes = [graph.main.nodes[name].op for name in graph.main.parameters]
        if all(isinstance(op, Input) and (op.name in self.known or not op.required) for op in nodes):
            given = {name: self.known[name] for name in graph.main.parameters if name in self.known}
            self.ahead.begin(graph, given)


@dataclass(frozen=True)
class RuntimeCompiler:
    """Writes and loads flows while another runs, for `solve` and `run`."""

    provider: Provider
    tools: Sequence[ToolDef]
    person: bool = False

    async def solve(
        self,
        question: str,
        inputs: Mapping[str, Any],
        complete: Callable[[Request], Awaitable[Reply]],
        tell: Callable[[str, Mapping[str, Any]], None],
    ) -> Graph:
        compiled = await compile_question(
            question,
            inputs=inputs,
            tools=self.tools,
            provider=self.provider,
            complete=complete,
            on_event=tell,
            grammar=_grammar(self.provider),
            person=self.person,
        )
        return lower(compiled.checked)

    def load(self, text: str) -> Graph:
        try:
            return lower(check(parse(text, "<run>"), tools={tool.name.text: tool for tool in self.tools}))
        except FlowError as error:
            first = render(error.diagnostics[:1], error.source)
            raise CompileError(
                f"the text given to `run` is no valid flow:\n{first}", text, error.diagnostics
            ) from error


def _grammar(provider: Provider) -> Grammar | None:
    """The grammar of flows as the provider's server can force it, so that every draft is one; None where it cannot."""
    syntax = provider.model_info(None).grammar
    return Grammar(syntax, grammar_for(syntax)) if syntax else None


class _WithModel:
    """A provider with another default model."""

    def __init__(self, provider: Provider, model: str) -> None:
        self._provider = provider
        self._model = model

    async def complete(self, request: Request, notify: Any = None) -> Reply:
        return await self._provider.complete(self._named(request), notify)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        return await streamed(self._provider, self._named(request), on_text, notify)

    def _named(self, request: Request) -> Request:
        return request if request.model is not None else replace(request, model=self._model)

    @property
    def origin(self) -> str:
        return str(getattr(self._provider, "origin", ""))

    def model_info(self, model: str | None) -> Any:
        return self._provider.model_info(model or self._model)

    async def close(self) -> None:
        await self._provider.close()


def _configured(model: str | None, base_url: str | None, api_key: str | None) -> Provider:
    from flowreason.config import load_settings
    from flowreason.providers.choose import provider_from

    settings = load_settings(model=model, base_url=base_url, api_key=api_key)
    try:
        return provider_from(settings)
    except ConfigError as error:
        return _NoModel(error)


class _NoModel:
    """Where no model is configured: enough for flows that ask nothing; says what is missing to all others."""

    def __init__(self, error: ConfigError) -> None:
        self.error = error

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        raise self.error

    def model_info(self, model: str | None) -> ModelInfo:
        return ModelInfo(model or "")

    async def close(self) -> None:
        return None


def _chosen(unsafe: bool) -> Sandbox:
    from flowreason.sandbox.choose import choose

    return choose("auto", unsafe=unsafe)
