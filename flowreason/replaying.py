"""Kept runs, gone through again at no cost: their events, their answer, and how they stood at any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowreason.engine.events import Event
from flowreason.engine.keepsake import restore
from flowreason.engine.kept_work import Past
from flowreason.engine.limits import Limits
from flowreason.engine.pending import Pending
from flowreason.engine.replay import Long, Replay
from flowreason.engine.result import RunResult
from flowreason.errors import FlowreasonError, JournalMismatch, LimitExceeded, NodeError, Suspended, UsageError
from flowreason.flow import Flow
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.handed_on import handed_on
from flowreason.keeping import DEFAULT, Where
from flowreason.kept_events import last_session, long_events
from flowreason.options import KEPT
from flowreason.ports import PythonTask, Sandbox, SandboxLimits, SandboxSession
from flowreason.records import Outcome, Plan, RunInfo, Store
from flowreason.result import Result
from flowreason.resuming import given_in, inputs_of, kept_flow, the_store
from flowreason.running import run_now
from flowreason.wanted import CALLED, RUN, SANDBOX, checked, maybe, whole
from flowreason_dsl import parse
from flowreason_dsl.check import check
from flowreason_dsl.types import ANY


@checked()
def replay(run: str, **options: Any) -> Result:
    """A kept run, gone through again. Options as in `replay_async`."""
    return run_now(lambda: replay_async(run, **options))


@checked(run=RUN, session=maybe(whole(1)), on_event=maybe(CALLED), sandbox=maybe(SANDBOX), **KEPT)
async def replay_async(
    run: str,
    *,
    session: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    sandbox: Sandbox | None = None,
    store: Where = DEFAULT,
) -> Result:
    """A kept run, gone through again event for event: no model is asked and no tool is called.

    `session`: which time that it was started or resumed, the last where nothing is said. The `Result` has the events
    with all their data, and the answer that the run gave. Raises `JournalMismatch` where what was kept does not fit the
    flow.
    """
    kept = the_store(store)
    info = await kept.run(run)
    if session is not None and not 1 <= session <= info.session:
        raise UsageError(f"the run {info.id} has no session {session}; it has {info.session}")
    short = (await last_session(kept, info))[1] if session is None else await long_events(kept, info, session)
    if not info.plan.flow:
        raise UsageError(f"the run {info.id} has no flow yet: it was stopped while its flow was written")
    return await _replayed(kept, info, short, on_event, sandbox)


async def _replayed(
    store: Store,
    info: RunInfo,
    kept: Sequence[Long],
    on_event: Callable[[Event], None] | None,
    sandbox: Sandbox | None,
) -> Result:
    flow = kept_flow(info.plan)
    replaying = await gone_through(store, info, flow, kept, on_event, sandbox)
    return Result(await _ended(store, info, replaying.events), flow, info.id)


async def gone_through(
    store: Store,
    info: RunInfo,
    flow: Flow,
    kept: Sequence[Long],
    on_event: Callable[[Event], None] | None = None,
    sandbox: Sandbox | None = None,
) -> Replay:
    """A replay of the events of one session that has come to their end."""
    outcomes = await store.outcomes(info.id)
    replies = await store.answers(_keys(kept, outcomes), (info.family, ""))
    given = given_in(info.plan)
    limits = Limits(**info.plan.settings.get("limits", {}))
    python = _Python(sandbox)
    past = Past(outcomes, replies, given, _loader(info.plan, flow), python.run)
    replaying = Replay(flow.graph, inputs_of(info.plan, flow), past, depth=limits.depth, rounds=limits.rounds)
    try:
        await replaying.run(kept, on_event)
    finally:
        await python.close()
    return replaying


def _keys(kept: Sequence[Long], outcomes: Sequence[Outcome]) -> list[str]:
    """The answers that events and outcomes refer to."""
    found = [data["key"] for kind, _, _, _, data in kept if kind == "node.reply" and "key" in data]
    for outcome in outcomes:
        if isinstance(outcome.value, Mapping):
            found += keys_in(outcome.value)
    return found


def keys_in(kept: Mapping[str, Any]) -> list[str]:
    """The answers that a kept value was read from."""
    return [kept["read"]] if "read" in kept else _references(kept.get("is")) if kept.get("from") else []


def _references(data: Any) -> list[str]:
    if isinstance(data, list):
        return [key for each in data for key in _references(each)]
    if not isinstance(data, Mapping):
        return []
    if data.get("$") == "reply":
        return [str(data["of"][0])]
    return [key for each in data.values() for key in _references(each)]


def _loader(plan: Plan, flow: Flow) -> Callable[[str], Graph]:
    tools = handed_on(flow.checked, flow.graph)

    def load(text: str) -> Graph:
        return lower(check(parse(text, "<run>"), tools=tools))

    return load


class _Python:
    """A sandbox that is made when it is first needed."""

    def __init__(self, sandbox: Sandbox | None) -> None:
        self._sandbox = sandbox
        self._own = sandbox is None
        self._session: SandboxSession | None = None

    async def run(self, task: PythonTask) -> Any:
        if task.functions:
            raise JournalMismatch("a piece of Python that calls flows or tools was not kept")
        if self._sandbox is None:
            from flowreason.sandbox.choose import choose

            self._sandbox = choose("auto", unsafe=False)
        if self._session is None:
            self._session = await self._sandbox.session(SandboxLimits())
        return (await self._session.run(task)).value

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._own and self._sandbox is not None:
            await self._sandbox.close()


async def _ended(store: Store, info: RunInfo, events: Sequence[Event]) -> RunResult:
    """How the run stood after its last event."""
    last = events[-1] if events else None
    match last:
        case Event(kind="run.finished", data=data):
            return RunResult("answered", data["value"], None, events)
        case Event(kind="run.waiting", data=data):
            pending = [Pending(**each) for each in data["questions"]]
            return RunResult("waiting", None, Suspended("the run waits for a person", pending), events)
        case Event(kind="run.failed", data=data) if data["error_kind"] == "limit":
            nothing: Mapping[str, Any] = {"limit": "calls", "allowed": 0}
            over = next((e.data for e in events if e.kind == "run.exhausted"), nothing)
            error = LimitExceeded(over["limit"], over["allowed"], data["error"])
            return RunResult("limit", data.get("value"), error, events, partial="value" in data)
        case Event(kind="run.failed", data=data):
            return RunResult("failed", None, NodeError(data["error"], kind=data["error_kind"]), events)
    return RunResult("cancelled", None, NodeError("the run was interrupted", kind="interrupted"), events)


async def answer_of(store: Store, info: RunInfo) -> Any:
    """The answer of a run, as it is kept with it; None where there is none."""
    kept = info.standing.answer
    if not isinstance(kept, Mapping):
        return None
    replies = await store.answers(keys_in(kept), (info.family, ""))

    async def text(key: str) -> str:
        if key not in replies:
            raise FlowreasonError("the answer is no longer in the store")
        return replies[key].text

    return await restore(kept, text, ANY)
