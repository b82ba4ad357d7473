"""Runs that were kept: listed, resumed, and run again after a change.

Invariant: what a run has paid for is not paid for again: by itself when it is resumed, nor by a run that is made from
it where the same is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from operator import add
from typing import Any, get_args

from flowreason.api import Solving, solve_in
from flowreason.engine.environment import AskUser, BoundTool
from flowreason.engine.events import Event
from flowreason.engine.journal import Journal
from flowreason.engine.limits import Limits
from flowreason.engine.persons import asked_key
from flowreason.engine.replaced import of_session, place_of, replaced
from flowreason.errors import UsageError
from flowreason.flow import Confirm, Flow, as_inputs, finish_run, loads_kept, run_plan
from flowreason.keeping import DEFAULT, SERVER, OnRun, Past, Where, keeping, origin_of, store_at
from flowreason.kept_events import last_questions, used_in
from flowreason.listening import listening
from flowreason.methods import GRAPH, Chosen, chosen_before
from flowreason.methods.material import QUESTION
from flowreason.options import GRANTED, INPUTS, KEPT
from flowreason.ports import Provider, Sandbox, Usage
from flowreason.records import Outcome, Plan, RunInfo, RunStatus, Store
from flowreason.result import Result
from flowreason.running import Session, run_now
from flowreason.tools import Tool, bind
from flowreason.values import decode, encode
from flowreason.wanted import ANSWERS, RUN, RUNS, TEXT, Kind, check, checked, known, maybe, one_of, whole

FLOW = maybe(Kind("a flow, or its text", lambda value: isinstance(value, Flow | str)))
MANY = 100
"""So many runs are looked up faster all at once."""
EVERY = 1_000_000
"""More runs than anybody has."""
Tools = Iterable[Tool[..., Any] | Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Grants:
    """What a run is given anew each time, because it is not kept with it: who answers, and what it may do."""

    model: str | None = None
    base_url: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    provider: Provider | None = None
    tools: Tools = ()
    limits: Limits | None = None
    sandbox: Sandbox | None = None
    unsafe_python: bool = False
    on_event: Callable[[Event], None] | None = None
    on_flow: Callable[[Flow], None] | None = None
    ask_user: AskUser | None = None
    may_ask: bool | None = None
    confirm: Confirm | None = None
    approve: bool = False
    cache: bool = True
    on_run: OnRun | None = None

    @classmethod
    def of(cls, function: str, options: Mapping[str, Any]) -> Grants:
        """Those that a function was called with. Raises `UsageError` for an option that there is not."""
        known(function, options, [each.name for each in fields(cls)])
        check(function, options, GRANTED)
        return cls(**options)

    def session(self, plan: Plan) -> Session:
        """With the model and the server that the run had, unless others are named."""
        model, server = asked_before(plan, self.model, self.base_url)
        if self.provider is not None and origin_of(self.provider) != plan.settings.get(SERVER, ""):
            model = self.model  # that of the run belongs to another server
        return Session(self.provider, model, server, self.api_key, self.sandbox, self.unsafe_python)


def asked_before(plan: Plan, model: str | None, base_url: str | None) -> tuple[str | None, str | None]:
    """The model and the server that a run had, unless others are named."""
    return model or plan.settings.get("model"), base_url or plan.settings.get(SERVER) or None


def the_store(store: Where) -> Store:
    """The store that is meant; raises `UsageError` where nothing is kept."""
    found = store_at(store)
    if found is None:
        raise UsageError("nothing is kept: name a store with --store PATH (FLOWREASON_STORE)")
    return found


# --- looking ---


@checked(search=TEXT, status=one_of("", "interrupted", *get_args(RunStatus)), most=whole(1), **KEPT)
def runs(search: str = "", *, status: str = "", most: int = 100, store: Where = DEFAULT) -> list[RunInfo]:
    """The latest runs that were kept, newest first; `status` as they stand.

    `search`: words that all stand in the question or the flow of a run, in any order.
    """
    return run_now(lambda: the_store(store).runs(search=search, status=status, most=most))


@checked(run=RUN, **KEPT)
def run_info(run: str, *, store: Where = DEFAULT) -> RunInfo:
    """One run, by its id, the beginning of it, or `last`. Raises `UsageError` where there is none."""
    return run_now(lambda: the_store(store).run(run))


@checked(runs=RUNS, **KEPT)
def delete_runs(runs: Iterable[str], *, store: Where = DEFAULT) -> None:
    """Forget runs, and the answers that only they made use of."""

    async def delete() -> None:
        found = the_store(store)
        wanted = list(runs)
        known = {info.id: info for info in await found.runs(most=EVERY)} if len(wanted) > MANY else {}
        infos = [known.get(each) or await found.run(each) for each in wanted]
        if busy := [info.id for info in infos if info.alive]:
            raise UsageError(f"the run {busy[0]} is at work; wait for it, or stop it first")
        await found.delete([info.id for info in infos])

    run_now(delete)


# --- going on ---


@checked()
def resume(run: str, **options: Any) -> Result:
    """Go on with a run that was interrupted, stopped, or waits for a person. Options as in `resume_async`."""
    return run_now(lambda: resume_async(run, **options))


@checked(run=RUN, answers=maybe(ANSWERS), **KEPT)
async def resume_async(
    run: str, *, answers: Mapping[str, str] | str | None = None, store: Where = DEFAULT, **grants: Any
) -> Result:
    """Go on with a run that was interrupted, stopped at a limit, failed, or waits for a person.

    No step that had finished is done again, and at most the calls that were under way are paid for again. `answers` are
    those of the person: by the name of the step that asks, or one text where one is asked. Tools, keys and permissions
    are given anew (options as in `solve_async`), limits count over the whole run.

    Raises `UsageError` for a run that has ended with an answer, and `RunBusy` for one that is at work.
    """
    kept, granted = the_store(store), Grants.of("resume", grants)
    info = await kept.run(run)
    if info.status == "answered":
        raise UsageError(f"the run {info.id} has its answer already; look at it with: flowreason runs show {info.id}")
    _all_given(info.plan, granted)
    said = await _answered(kept, info, answers)
    claim = await kept.claim(info.id)
    try:
        info = await kept.run(info.id)
        known = of_session(await kept.outcomes(info.id) if said else (), None)
        for outcome in said:
            await kept.commit(claim, *replaced(known.get(place_of(outcome)), outcome, claim.session), outcome)
        used = [await used_in(kept, info, session) for session in range(1, claim.session)]
        past = Past(claim, await kept.outcomes(info.id), reduce(add, used, Usage()), before=await _before(kept, info))
    except BaseException:
        await kept.release(claim)
        raise
    return await _go_on(kept, info.plan, granted, past)


async def _answered(store: Store, info: RunInfo, answers: Mapping[str, str] | str | None) -> list[Outcome]:
    """What the person has said, as the outcomes of the steps that asked."""
    if answers is None:
        return []
    waiting = await last_questions(store, info)
    if isinstance(answers, str):
        if len(waiting) != 1:
            names = ", ".join(each["node"] for each in waiting) or "none"
            raise UsageError(f"say which step an answer is for; these ask: {names}")
        answers = {waiting[0]["node"]: answers}
    found = []
    for name, text in answers.items():
        asking = [each for each in waiting if name in (each["node"], f"{each['frame']}/{each['node']}")]
        if len(asking) != 1:
            many = "several times; name its frame as well" if asking else "nothing"
            raise UsageError(f"the step {name!r} asks {many} in the run {info.id}")
        place = asking[0]
        key = asked_key(place["question"], place["type"])
        found.append(Outcome(place["frame"], place["node"], place["kind"], place["part"], key, {"is": text}))
    return found


async def _before(store: Store, info: RunInfo) -> list[Outcome]:
    return await store.outcomes(info.parent) if info.parent else []


def _all_given(plan: Plan, granted: Grants) -> dict[str, BoundTool]:
    """The tools that are given; raises `UsageError` where the run had others."""
    tools = bind(granted.tools)
    missing = sorted(set(plan.settings.get("tools", ())) - set(tools))
    if missing:
        names = ", ".join(missing)
        raise UsageError(f"the run was given the tools {names}; give them again: --tools FILE.py (tools=[…] in Python)")
    return tools


async def _go_on(store: Store, plan: Plan, granted: Grants, past: Past) -> Result:
    """Run a plan, with what is known already."""
    tools = _all_given(plan, granted)
    limits = granted.limits or _limits(plan)
    async with (
        granted.session(plan) as session,
        keeping(store, plan, session.provider, cache=granted.cache, past=past, on_run=granted.on_run) as keeper,
        listening(granted.on_event) as heard,
    ):
        assert keeper is not None
        environment = session.environment(
            tools, limits, granted.ask_user, granted.may_ask, ledger=keeper.ledger, approve=granted.approve,
            used=past.used,
        )  # fmt: skip
        environment = replace(environment, given=given_in(plan))
        journal = Journal(heard, keeper.ledger.recorder)
        confirm, chosen = granted.confirm or _agreed, chosen_before(plan)
        if not plan.flow:
            solving = Solving(
                plan.question, decode(dict(plan.inputs)), on_flow=granted.on_flow, confirm=confirm,
                chosen=chosen or Chosen(GRAPH),
            )  # fmt: skip
            return await solve_in(session, environment, journal, solving, keeper)
        if chosen is not None:
            journal.say("method.chosen", chosen.event)
        flow = loads_kept(plan.flow, plan.settings.get("files", {}), tools=granted.tools)
        if granted.on_flow is not None:
            granted.on_flow(flow)
        return await finish_run(flow, inputs_of(plan, flow), environment, session, journal, confirm, keeper)


def given_in(plan: Plan) -> dict[tuple[str, str], Any]:
    """The values that steps were given instead of working them out, by frame and node."""
    return {(frame, node): value for frame, node, value in decode(plan.settings.get("given", []))}


def _known_by(plan: Plan, given: Mapping[str, Any]) -> str:
    """The question that people know a new run by: the same, unless its flow is given another one."""
    asked = given.get(QUESTION)
    return asked if plan.question and isinstance(asked, str) else plan.question


def _agreed(_price: Any, _limits: Limits) -> bool:
    """A run that goes on was agreed to when it began; its limits hold all the same."""
    return True


def _limits(plan: Plan) -> Limits | None:
    kept = plan.settings.get("limits")
    return None if kept is None else Limits(**kept)


def inputs_of(plan: Plan, flow: Flow) -> dict[str, Any]:
    """The inputs of a kept flow; one that was written for a question may take that as well."""
    known = decode(dict(plan.inputs))
    if plan.kind == "solve":
        known = {"question": plan.question, **known}
    names = {parameter.name for parameter in flow.parameters}
    return {name: value for name, value in known.items() if name in names}


# --- making one from another ---


@checked()
def rerun(run: str, **options: Any) -> Result:
    """Run again what was kept, with something changed. Options as in `rerun_async`."""
    return run_now(lambda: rerun_async(run, **options))


@checked(run=RUN, flow=FLOW, inputs=INPUTS, **KEPT)
async def rerun_async(
    run: str,
    *,
    flow: Flow | str | None = None,
    inputs: Mapping[str, Any] | None = None,
    store: Where = DEFAULT,
    **grants: Any,
) -> Result:
    """A new run of what was kept, with another flow, other inputs or another model: only what that changes runs again.

    A step whose inputs are the same keeps its outcome, whatever stands around it; so do those after a step that ran
    again and came to the same value. Effects count as done where the same call was made before.
    """
    kept, granted = the_store(store), Grants.of("rerun", grants)
    info = await kept.run(run)
    return await made_from(kept, info, granted, flow, inputs, [])


def kept_flow(plan: Plan) -> Flow:
    """The flow of a run, to look at: its tools are declared and cannot be called."""
    return loads_kept(plan.flow, plan.settings.get("files", {}), declared=plan.settings.get("tools", {}))


async def made_from(
    store: Store,
    info: RunInfo,
    granted: Grants,
    flow: Flow | str | None,
    inputs: Mapping[str, Any] | None,
    given: list[tuple[str, str, Any]],
) -> Result:
    """A new run, made from one that was kept."""
    if not info.plan.flow and flow is None:
        raise UsageError(f"the run {info.id} has no flow yet; go on with it: flowreason runs resume {info.id}")
    text = info.plan.flow if flow is None else flow if isinstance(flow, str) else flow.text
    files = flow.files if isinstance(flow, Flow) else info.plan.settings.get("files", {})
    made = loads_kept(text, files, tools=granted.tools, declared=info.plan.settings.get("tools", {}))
    changed = made.checked_inputs({**inputs_of(info.plan, made), **as_inputs(inputs)})
    plan = run_plan(
        made, changed, granted.model or info.plan.settings.get("model"), granted.limits or _limits(info.plan)
    )
    if SERVER in info.plan.settings:
        plan = replace(plan, settings={**plan.settings, SERVER: info.plan.settings[SERVER]})
    answered = chosen_before(info.plan) if flow is None else None
    settings = {**plan.settings, **({} if answered is None else answered.settings)}
    given_now = as_inputs(inputs) | {node: value for frame, node, value in given if frame == made.graph.entry}
    plan = replace(plan, question=_known_by(info.plan, given_now), settings=settings)
    all_given = given_in(info.plan) | {(frame, node): value for frame, node, value in given}
    if all_given:
        listed = [[frame, node, value] for (frame, node), value in all_given.items()]
        plan = replace(plan, settings={**plan.settings, "given": encode(listed)})
    return await _go_on(store, plan, granted, Past(parent=info.id, before=await store.outcomes(info.id)))
