"""`runs resume`, `rerun`, `fork` and `replay`: what can be done with a run that was kept.

Invariant: what is missing or cannot be is told before anything is paid for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowreason as fr
from flowreason import reading
from flowreason.cli import flow_files, output, running
from flowreason.cli.asking import provider_again
from flowreason.cli.kept import Kept, step_names
from flowreason.cli.options import Screen, Terms
from flowreason.cli.outcome import code_of, report
from flowreason.cli.running import carry_out
from flowreason.cli.watching import Watch
from flowreason.errors import UsageError
from flowreason.examples_catalog import PLAYED_SECONDS
from flowreason.forking import Place, find_place, type_of
from flowreason.keeping import DEFAULT
from flowreason.resuming import kept_flow, the_store
from flowreason.tool_files import tools_from
from flowreason.view.progress import cost_text, kept_count

if TYPE_CHECKING:
    from flowreason.engine.events import Event
    from flowreason.ports import Provider
    from flowreason.records import Plan, RunInfo


def _at(terms: Terms) -> running.Place:
    return running.Place(terms.store or "", "" if terms.tools is None else str(terms.tools))


def _grants(terms: Terms, info: RunInfo, watch: Watch, provider: Provider | None) -> dict[str, Any]:
    """As options of `resume`, `rerun` and `fork`. Limits that are not named stay as the run had them."""
    kept = fr.Limits(**info.plan.settings.get("limits", {}))
    asked = {"provider": provider} if provider is not None else {"model": terms.model, "base_url": terms.base_url}
    return {
        **asked, "limits": terms.limits(kept) if terms.limit else None, "tools": tools_from(terms.tools),
        "unsafe_python": terms.unsafe_python, "store": terms.place, "cache": not terms.no_cache,
        "approve": terms.approve, "on_flow": watch.on_flow, **watch.hooks(),
    }  # fmt: skip


def resume(run: str, answers: Sequence[str], terms: Terms, screen: Screen) -> int:
    """Go on with a run; gives the exit code."""
    info = fr.run_info(run, store=terms.place)
    if info.status == "answered":
        look = Kept(info.id, terms.store or "").command("show")
        raise UsageError(f"the run {info.id} has its answer already; look at it with: {look}")
    said = asyncio.run(_answers(info, answers, terms.place))

    provider = provider_again(terms, info.plan)

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        return fr.resume_async(info.id, answers=said or None, **_grants(terms, info, watch, provider))

    return carry_out(begin, provider, screen, place=_at(terms))


async def _answers(info: RunInfo, given: Sequence[str], place: str) -> dict[str, str]:
    """What the person says, by the step that asks: `STEP=TEXT`, or only a text where one step asks."""
    if not given:
        return {}
    from flowreason.kept_events import last_questions

    questions = await last_questions(the_store(place), info)
    if not questions:
        raise UsageError(f"the run {info.id} does not wait for an answer; it is {info.status}")
    names = step_names(questions)
    steps = {node for flow in kept_flow(info.plan).graph.flows.values() for node in flow.nodes}
    found: dict[str, str] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if equals and name in steps and name not in names:
            raise UsageError(f"the step {name} asks nothing now; these ask: {', '.join(names)}")
        if not equals or name not in names:
            name, text = "", each
        if not name and len(names) > 1:
            raise UsageError(f"several steps ask; write --answer STEP=TEXT with one of: {', '.join(names)}")
        name = name or names[0]
        if name in found:
            raise UsageError(f"the step {name} is answered twice; answer it once")
        found[name] = text
    return found


def rerun(run: str, file: Path | None, given: Sequence[str], terms: Terms, screen: Screen) -> int:
    """Run again what was kept, with something changed; gives the exit code."""
    info = fr.run_info(run, store=terms.place)
    if file is None and not info.plan.flow:
        raise UsageError(f"the run {info.id} has no flow yet; name one with --flow FILE")
    flow = kept_flow(info.plan) if file is None else _changed(file, terms, info.plan)
    inputs = reading.typed_inputs(given, {p.name: p.type for p in flow.parameters})

    provider = provider_again(terms, info.plan)

    def begin(watch: Watch) -> Awaitable[fr.Result]:
        changed = None if file is None else flow
        return fr.rerun_async(info.id, flow=changed, inputs=inputs, **_grants(terms, info, watch, provider))

    return carry_out(begin, provider, screen, place=_at(terms))


def _changed(file: Path, terms: Terms, plan: Plan) -> fr.Flow:
    """The flow in a file; the files that it uses as they were kept with the run, where they are not at hand."""
    from flowreason.flow import loads_kept

    try:
        return flow_files.load(file, terms.tools)
    except fr.FlowError as error:
        files = plan.settings.get("files", {})
        if not files or all(found.code != "use-missing" for found in error.diagnostics):
            raise
        flow = loads_kept(flow_files.text_of(file), files, tools=tools_from(terms.tools))
        output.note(f"taken as kept with the run: {', '.join(sorted(files))}")
        return flow


# --- forking ---


def fork(run: str, change: str, frame: str | None, terms: Terms, screen: Screen) -> int:
    """A new run in which one node has another value; gives the exit code."""
    info = fr.run_info(run, store=terms.place)
    name, equals, raw = change.partition("=")
    if not equals:
        raise UsageError(f"{change!r} is not of the form STEP=VALUE; `runs show {info.id}` names the steps")
    place = asyncio.run(find_place(the_store(terms.place), info, name.strip(), frame))
    value = reading.step_value(place.node.id, raw, type_of(place.node))

    provider = provider_again(terms, info.plan)

    async def begin(watch: Watch) -> fr.Result:
        forked = await fr.fork_async(
            info.id, place.node.id, value, frame=place.frame, **_grants(terms, info, watch, provider)
        )
        if not screen.quiet and not _came_to(place, forked):
            output.note(f"the run did not come to {place.node.id} in {place.frame}, so it is as it was before")
        return forked

    return carry_out(begin, provider, screen, place=_at(terms))


def _came_to(place: Place, forked: fr.Result) -> bool:
    return any(e.kind == "node.given" and (e.frame, e.node) == (place.frame, place.node.id) for e in forked.events)


# --- replaying ---


def replay(run: str, store: str | None, session: int | None, pace: float | None, screen: Screen) -> int:
    """Go through a kept run again on the screen, at no cost; gives the exit code that it had."""
    result = fr.replay(run, session=session, store=store or DEFAULT)
    if screen.as_data:
        return report(result, None, as_data=True, quiet=True)
    watch = Watch(quiet=screen.quiet, no_color=screen.no_color)
    speed = (min(1.0, PLAYED_SECONDS / result.seconds) if result.seconds else 0.0) if pace is None else pace
    with watch:
        _play(result, watch, 0.0 if screen.quiet else speed)
    if result.ok or result.partial:
        output.emit(result.answer)
    if not screen.quiet:
        cost = cost_text(result.usage, result.seconds, kept=kept_count(result.events))
        output.note("replayed at no cost" if watch.live else f"{cost}, at the time; replayed at no cost")
        if not result.ok:
            output.note(f"it was {result.status}: {str(result.error).partition(chr(10))[0]}")
    return code_of(result)


def _play(result: fr.Result, watch: Watch, pace: float) -> None:
    """Every event, after as much of the time that lay before it."""
    began, shown = time.monotonic(), False
    for event in result.events:
        if not shown and not _is_written(event):
            watch.on_graph(result.graph)
            shown = True
        ahead = event.time * pace - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
        watch.on_event(event)


def _is_written(event: Event) -> bool:
    """Whether an event is of the time in which the flow was written."""
    return event.kind.startswith(("method.", "compile.", "early.")) or event.frame.partition("/")[0] in (
        "compile",
        "early",
    )
