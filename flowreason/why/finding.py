"""From a kept run to why it came to its answer: what was kept is looked at, and then other sub-answers are tried.

Invariant: the run that is looked at stays as it is, whatever becomes of the probes; what needs no call is found without
one, even where no model can be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flowreason.engine.limits import Limits
from flowreason.errors import ConfigError, SandboxError, UsageError
from flowreason.flow import Tools
from flowreason.keeping import DEFAULT, Where
from flowreason.options import ASKED, KEPT
from flowreason.ports import Provider, Sandbox
from flowreason.records import Store
from flowreason.resuming import Grants, the_store
from flowreason.running import run_now
from flowreason.wanted import CALLED, FLAG, RUN, SANDBOX, TEXT, TOOLS, checked, maybe, whole
from flowreason.why.agreeing import agreements
from flowreason.why.aside import Aside
from flowreason.why.candidates import Candidate, Influence
from flowreason.why.failing import ends, failing, latest, waiting
from flowreason.why.others import Holding
from flowreason.why.probing import ANY_MUCH, Counted, Prober
from flowreason.why.rounds import branches, loops
from flowreason.why.seen import Seen, look
from flowreason.why.summary import summed_up
from flowreason.why.times import Times
from flowreason.why.told import Draft, Untried, Why, Written
from flowreason.why.trying import Tell, Trying

CALLS = 20
"""The calls that probes may make where nobody says."""


@checked()
def why(run: str, **options: Any) -> Why:
    """Why a kept run came to its answer. Options as in `why_async`."""
    return run_now(lambda: why_async(run, **options))


@checked(
    run=RUN, calls=whole(0), node=maybe(TEXT), tools=TOOLS, sandbox=maybe(SANDBOX), unsafe_python=FLAG, cache=FLAG,
    tell=maybe(CALLED), **{**ASKED, **KEPT},
)  # fmt: skip
async def why_async(
    run: str,
    *,
    calls: int = CALLS,
    node: str | None = None,
    store: Where = DEFAULT,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    provider: Provider | None = None,
    tools: Tools = (),
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    unsafe_python: bool = False,
    cache: bool = True,
    tell: Tell | None = None,
) -> Why:
    """Why a kept run came to its answer: what it rests on, what it took, and which sub-answer decides it.

    From what was kept, without a call: the chains of steps that decided when the answer came and what it cost; how sure
    votes and samples were, and what was sent back; what each round of each loop changed and why it ended; which ways
    were taken, with their conditions; which questions have no influence at all; why a run failed.

    Then sub-answers are changed one at a time, and the run is forked with each: yes or no, the other choices,
    neighbours of a number and what a vote outvoted need no call; a text, a list or a record is drawn once more, and a
    step that says the same again is called stable. The least sure come first, then the nearest to the answer; of the
    rounds of one step the first three. At most `calls` calls are made in all (`tell` hears how many, and each step),
    and what was not tried is told. `calls` 0 still tries what needs none; `limits` bound tokens, money and seconds of
    all probes together. `node` tries that step alone, by its name.

    No effect happens and no person is asked: a fork that comes to one stops there and says so. Probes are not kept as
    runs, so that they clutter nothing; the answers that they paid for are kept with the run, so that looking again,
    or forking the run with the same value, costs nothing. The run itself stays as it is. Model, keys and tools are
    given anew, as in `resume_async`; without tools, a fork stops where it would call one.

    Raises `UsageError` for a run or a step that there is not, and `JournalMismatch` where what was kept does not fit.
    """
    if isinstance(calls, bool) or not isinstance(calls, int) or calls < 0:
        raise UsageError(f"calls must be a whole number that is not negative, and this is {calls!r}")
    kept = the_store(store)
    if limits is not None and limits.calls is not None:
        calls = min(calls, limits.calls)
    seen = await look(kept, await kept.run(run))
    found = _without_calls(seen)
    influence = Influence(seen)
    found = replace(found, depends=influence.depends, without=influence.without, allowed=calls)
    candidates, many = influence.candidates(found.agreement, node)
    reason = _no_probes(seen)
    if reason:
        found = replace(found, notes=(*found.notes, reason) if candidates else found.notes)
    elif candidates:
        grants = Grants(
            model=model, base_url=base_url, api_key=api_key, provider=provider, sandbox=sandbox,
            unsafe_python=unsafe_python, cache=cache, tools=tuple(tools), limits=limits,
        )  # fmt: skip
        found = await _Probing(kept, seen, grants, calls, tell or _silent).tried(found, candidates, many)
    return replace(found, summary=summed_up(seen, found))


def _silent(_line: str) -> None:
    """Nobody listens."""


# --- without a call ---


def _without_calls(seen: Seen) -> Why:
    info, times = seen.info, Times(seen)
    found = ends(seen)
    end = found[0] if found else latest(seen)
    question = info.plan.question or (seen.flow.name if seen.flow is not None else "")
    return Why(
        run=info.id,
        status=info.status,
        question=question,
        answer=seen.answer,
        error=info.standing.error,
        sessions=info.session,
        written=tuple(_written(seen)),
        failing=failing(seen),
        time=times.path(end),
        money=times.costliest(end),
        costs=times.costs(),
        agreement=tuple(agreements(seen)),
        loops=tuple(loops(seen)),
        branches=tuple(branches(seen)),
        notes=tuple(_notes(seen)),
    )


def _notes(seen: Seen) -> Iterator[str]:
    if seen.info.status == "running":
        yield "the run is at work: this is how it stands now"
    if seen.info.plan.question and not seen.info.plan.flow:
        yield "its flow was not written yet when it stopped"
    elif seen.flow is None:
        yield "the flow did not begin to run"
    if seen.info.session > 1:
        yield f"times are those of session {seen.info.session}, the last; what it took is that of all"


def _written(seen: Seen) -> Iterator[Written]:
    """How flows were written: that of the run, in the session in which it was, and those of its steps."""
    drafts: dict[tuple[str, str], list[Draft]] = {}
    fallback: dict[tuple[str, str], str] = {}
    for session in seen.sessions:
        for kind, frame, node, _, data in session:
            place = frame.removeprefix("early/"), node
            if kind == "compile.started":
                drafts[place] = []
            elif kind == "compile.draft":
                faults = [each for each in data.get("diagnostics", ()) if each.get("severity") == "error"]
                told = tuple(f"{each.get('code', '')}: {each.get('message', '')}".strip(": ") for each in faults)
                drafts.setdefault(place, []).append(Draft(not faults, told))
            elif kind == "compile.done" and data.get("fallback"):
                fallback[place] = str(data["fallback"])
    for place, made in drafts.items():
        slot = seen.slot(*place)
        if not place[1] or slot is not None:
            yield Written(None if slot is None else seen.step(slot), tuple(made), fallback.get(place, ""))


# --- with calls ---


def _no_probes(seen: Seen) -> str:
    """Why no other sub-answers are tried; empty where they are."""
    match seen.info.status:
        case "answered" | "failed":
            return "" if seen.main is not None else "no other sub-answer was tried: the flow did not run"
        case "waiting":
            return "" if waiting(seen) else "no other sub-answer was tried: it waits for a person's word"
        case "limit":
            return "no other sub-answer was tried: the answer is not whole; resume the run with a higher limit first"
        case "running":
            return "no other sub-answer was tried: the run has no answer yet"
    return "no other sub-answer was tried: the run has no answer; resume it first"


@dataclass(frozen=True, slots=True)
class _Probing:
    """The probes of one run: who answers, and how often."""

    store: Store
    seen: Seen
    grants: Grants
    calls: int
    tell: Tell

    async def tried(self, found: Why, candidates: list[Candidate], many: list[Untried]) -> Why:
        """What is known, with what came of the probes."""
        async with self.grants.session(self.seen.info.plan) as session:
            try:
                session.need_model()
            except ConfigError as error:
                note = f"no other sub-answer was tried: {str(error).partition(chr(10))[0]}"
                return replace(found, notes=(*found.notes, note), untried=tuple(many))
            provider = Counted(session.provider, self.calls)
            prober = Prober(
                self.seen, Aside(self.store), provider, session.sandbox, tuple(self.grants.tools), self.grants.cache,
                self.grants.limits or ANY_MUCH,
            )  # fmt: skip
            holding = Holding(session.sandbox)
            trying = Trying(prober, holding, self.tell)
            self.tell(_announced(self.calls, len(candidates), provider.model_info(None).name))
            try:
                await trying.all(candidates)
            except SandboxError as error:
                found = replace(found, notes=(*found.notes, f"Python cannot be run: {error}"))
            finally:
                await asyncio.shield(holding.close())
            notes = (*found.notes, *self._notes(prober, trying))
            return replace(
                found,
                probes=tuple(trying.probes),
                draws=tuple(trying.draws.values()),
                untried=(*trying.untried, *many),
                usage=prober.used,
                notes=notes,
            )

    @staticmethod
    def _notes(prober: Prober, trying: Trying) -> Iterator[str]:
        if trying.unreachable:
            yield f"the model cannot be asked: {trying.unreachable.partition(chr(10))[0]}"
        if prober.elsewhere and prober.used.calls:
            name = prober.provider.model_info(None).name
            yield f"the run was answered by another model or server; probes asked {name}"


def _announced(calls: int, steps: int, model: str) -> str:
    """What probes may cost, before they do."""
    asked = f"at most {calls} call{'' if calls == 1 else 's'} to {model}" if calls else "no call is made"
    return f"tries other values of {steps} step{'' if steps == 1 else 's'}; {asked}"
