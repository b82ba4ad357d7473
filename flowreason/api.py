"""The public API: from a question, or a flow's text, to an answer.

Invariant: nothing is paid for before the flow is checked and priced, and its price is inside the limits or was
agreed to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from flowreason.engine.environment import AskUser, BoundTool, Environment
from flowreason.engine.events import Event
from flowreason.engine.journal import Journal
from flowreason.engine.limits import Limits
from flowreason.errors import UsageError
from flowreason.flow import Confirm, Flow, as_inputs, encoded, finish_run, load, loads, plan_settings, run_plan
from flowreason.keeping import DEFAULT, Keeper, OnRun, Where, keeping, store_at
from flowreason.listening import listening
from flowreason.methods import GRAPH, Chosen, Method, meant, prices_of
from flowreason.options import ASKED, GRANTED, INPUTS, KEPT
from flowreason.ports import Provider, Sandbox
from flowreason.records import Plan
from flowreason.result import Result
from flowreason.running import Session, run_now
from flowreason.tools import Tool, bind
from flowreason.wanted import FLAG, NAMES, PATH, TOOLS, Kind, checked, maybe, whole
from flowreason_dsl.check import CheckedFlow

MOST_QUESTION = 200_000
"""Characters of a question; more belongs into an input."""

METHOD = Kind(
    "the name of a method, the path of a flow, or a flow", lambda value: isinstance(value, Flow) or PATH.fits(value)
)

__all__ = ["Flow", "Limits", "Result", "compile", "compile_async", "load", "loads", "solve", "solve_async"]


@checked()
def solve(question: str, **options: Any) -> Result:
    """The answer to a question, through a flow that is written for it. Options as in `solve_async`.

    Works inside a running event loop as well (in a notebook, say): the run then has a thread of its own.
    """
    return run_now(lambda: solve_async(question, **options))


@checked(
    method=METHOD, inputs=INPUTS, flow_out=maybe(PATH), alike=NAMES, rounds=whole(0), early=FLAG, **GRANTED, **KEPT
)
async def solve_async(
    question: str,
    *,
    method: Method = "graph",
    inputs: Mapping[str, Any] | None = None,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    provider: Provider | None = None,
    tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    unsafe_python: bool = False,
    on_event: Callable[[Event], None] | None = None,
    on_flow: Callable[[Flow], None] | None = None,
    ask_user: AskUser | None = None,
    may_ask: bool | None = None,
    confirm: Confirm | None = None,
    flow_out: str | PathLike[str] | None = None,
    alike: Sequence[str] = (),
    rounds: int = 2,
    early: bool = True,
    approve: bool = False,
    store: Where = DEFAULT,
    cache: bool = True,
    on_run: OnRun | None = None,
) -> Result:
    """The answer to a question, through a flow that is written for it, checked and priced before it runs.

    `method`: a method of the library, also with values as in `pal(samples=9)`, the path of a flow, a `Flow`, or `auto`,
    which chooses by question and limits. It is given inputs by its parameters, others below the question.

    `inputs` are given to the flow as parameters and not copied through the model. `provider` answers requests; without
    it one is made from `model`, `base_url`, `api_key`, environment and configuration. `tools` are all that the flow may
    call. `on_event` is told all as it happens, `on_flow` gets the flow before it runs, `flow_out` is a file for it.
    `alike`: further questions that the flow which is written must answer as well, with each as its `question`. When the
    flow may go over `limits`, `confirm(price, limits)` decides whether it runs within them; else it is refused.
    `rounds`: how often a draft goes back. `ask_user(text, type)` answers for the person; `may_ask`: whether the flow
    may ask them. `early`: steps without effects are begun while the rest of the flow is written.

    `store` keeps the run, so that `fr.resume` goes on where it stood; `on_run` is told its id. By default that is the
    user's own, where a real server answers; a path, a URL, or None to keep nothing. `cache`: answers of earlier runs to
    the same requests are taken, where nothing was left to chance. `approve`: the person is asked before each effect.
    A run that waits for a person has the status `waiting`; one that fails has `ok` False and its `error`.

    Raises `UsageError` for what was given, `ProviderError` where no model can be reached while compiling."""
    question, given, tools = checked_question(question), as_inputs(inputs), tuple(tools)
    bound, wanted = bind(tools), meant(method, tools)
    async with Session(provider, model, base_url, api_key, sandbox, unsafe_python) as session:
        chosen = wanted.chosen(question, given, limits, bound, prices_of(session.provider))
        solving = Solving(question, given, rounds, early, flow_out, on_flow, confirm, chosen, tuple(alike))
        kept, plan = store_at(store, session.provider), solving.plan(model, limits, chosen.tools)
        async with (
            keeping(kept, plan, session.provider, cache=cache, on_run=on_run) as keeper,
            listening(on_event) as heard,
        ):
            ledger = None if keeper is None else keeper.ledger
            environment = session.environment(chosen.tools, limits, ask_user, may_ask, ledger=ledger, approve=approve)
            journal = Journal(heard, None if ledger is None else ledger.recorder)
            return await solve_in(session, environment, journal, solving, keeper)


@dataclass(frozen=True, slots=True)
class Solving:
    """What is to be solved, and how."""

    question: str
    inputs: Mapping[str, Any]
    rounds: int = 2
    early: bool = True
    flow_out: str | PathLike[str] | None = None
    on_flow: Callable[[Flow], None] | None = None
    confirm: Confirm | None = None
    chosen: Chosen = Chosen(GRAPH)
    alike: Sequence[str] = ()

    def plan(self, model: str | None, limits: Limits | None, tools: Mapping[str, BoundTool]) -> Plan:
        """What is kept of it."""
        flow = self.chosen.flow
        if flow is not None:
            plan = run_plan(flow, self.chosen.inputs, model, limits)
        else:
            plan = Plan("solve", inputs=encoded(self.inputs), settings=plan_settings(model, limits, tools))
        return replace(plan, question=self.question, settings={**plan.settings, **self.chosen.settings})

    def hand_over(self, flow: Flow) -> None:
        """The flow is there, and has not run."""
        if self.flow_out is not None:
            write_flow(flow, self.flow_out)
        if self.on_flow is not None:
            self.on_flow(flow)


async def solve_in(
    session: Session, environment: Environment, journal: Journal, wanted: Solving, keeper: Keeper | None
) -> Result:
    """Run the method's flow, where there is one, else have it written and run it."""
    chosen = wanted.chosen
    confirm = within_limits if chosen.agreed and wanted.confirm is None else wanted.confirm
    journal.say("method.chosen", chosen.event)
    if chosen.flow is not None:
        wanted.hand_over(chosen.flow)
        return await finish_run(chosen.flow, chosen.inputs, environment, session, journal, confirm, keeper)
    known = {"question": wanted.question, **wanted.inputs}
    async with session.head_start(environment, journal, known, wanted.early) as start:
        arrived = None if start is None else start.arrived
        flow = await _compile(
            wanted.question, wanted.inputs, environment, session, journal, wanted.rounds, arrived, wanted.alike
        )
        if keeper is not None:
            await keeper.written(flow)
        wanted.hand_over(flow)
        if start is not None:
            environment = start.ahead.end()
        own = {name: known[name] for name in flow.graph.main.parameters if name in known}
        return await finish_run(flow, own, environment, session, journal, confirm, keeper)


def within_limits(_price: Any, _limits: Limits) -> bool:
    """Agrees to a run that may take more than its limits: they hold all the same, and stop it when reached."""
    return True


@checked()
def compile(question: str, **options: Any) -> Flow:
    """The flow that would answer a question, without running it. Options as in `compile_async`."""
    return run_now(lambda: compile_async(question, **options))


@checked(inputs=INPUTS, tools=TOOLS, may_ask=FLAG, alike=NAMES, rounds=whole(0), **ASKED)
async def compile_async(
    question: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    provider: Provider | None = None,
    tools: Iterable[Tool[..., Any] | Callable[..., Any]] = (),
    limits: Limits | None = None,
    may_ask: bool = False,
    on_event: Callable[[Event], None] | None = None,
    alike: Sequence[str] = (),
    rounds: int = 2,
) -> Flow:
    """The flow that a model writes for a question, checked. Options as in `solve_async`."""
    given = as_inputs(inputs)
    encoded(given)
    async with Session(provider, model, base_url, api_key, None, False) as session:
        environment = session.environment(bind(tools), limits, None, may_ask)
        async with listening(on_event) as heard:
            return await _compile(question, given, environment, session, Journal(heard), rounds, alike=tuple(alike))


async def _compile(
    question: str,
    inputs: Mapping[str, Any],
    environment: Environment,
    session: Session,
    journal: Journal,
    rounds: int,
    on_arrived: Callable[[CheckedFlow], None] | None = None,
    alike: Sequence[str] = (),
) -> Flow:
    for each in (question, *alike):
        checked_question(each)
    compiled = await session.compile(question, inputs, environment, journal, rounds, on_arrived, alike)
    return Flow(compiled.checked, environment.tools, compiled=compiled)


def checked_question(question: str) -> str:
    """A question that can be worked on. Raises `UsageError`."""
    if not isinstance(question, str):
        raise UsageError(f"the question must be text, and this is {type(question).__name__}")
    if not question.strip():
        raise UsageError('the question is empty; say what you want to know, as in: flowreason solve "How many …?"')
    if len(question) > MOST_QUESTION:
        raise UsageError(
            f"the question has {len(question):,} characters, and the most is {MOST_QUESTION:,};\n"
            "give long material as an input instead: --input text=@file (inputs={'text': …} in Python)"
        )
    if "\x00" in question:
        raise UsageError("the question holds a NUL character; remove it")
    return question


def write_flow(flow: Flow, path: str | PathLike[str]) -> None:
    """Write a flow's text to a file. Raises `UsageError` where that cannot be done."""
    try:
        Path(path).write_text(flow.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the flow cannot be written to {path}: {error.strerror}") from error
