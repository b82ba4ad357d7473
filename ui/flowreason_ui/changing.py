"""Going on with a run, and making another one of it: resumed, with a step's value changed, with another flow or other
inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

import flowreason as fr
from flowreason.errors import FlowreasonError
from flowreason.forking import Place, find_place, type_of
from flowreason.methods.material import QUESTION
from flowreason.records import Plan, RunInfo
from flowreason.resuming import inputs_of, kept_flow, the_store
from flowreason.values import decode
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui import places
from flowreason_ui.affected import Affected, affected, in_words
from flowreason_ui.drafting import RunDraft, from_run
from flowreason_ui.escape import escaped, one_line
from flowreason_ui.fields import parameters_box, value_box
from flowreason_ui.forms import limits_box, tools_box
from flowreason_ui.live import Live
from flowreason_ui.mistakes import tell
from flowreason_ui.orders import Fork, Order, Replay, Rerun, Resume, Solve, Terms, terms_for
from flowreason_ui.starting import begun
from flowreason_ui.telling import fault
from flowreason_ui.works import has_begun, works

TYPED = "rerun-typed"
"""Where it is kept how the flow of a run was changed in the dialog, by the run."""
RESUMED = frozenset({"failed", "limit", "cancelled", "waiting"})
LEAST_CALLS = 10
"""Calls that are offered at least where they ran out: twice two is soon reached again."""
_ALLOWED = re.compile(r"limit of \$?(\d[\d,]*(?:\.\d+)?)")


def can_resume(live: Live) -> bool:
    """Whether a run is kept, has no whole answer, and nobody is at work at it."""
    return bool(live.run) and live.ended in RESUMED and not elsewhere(live)


def elsewhere(live: Live) -> bool:
    """Whether another process was at work at a run when it was opened."""
    return isinstance(live.origin, Replay) and live.origin.alive


def asked_anew(live: Live) -> Order:
    """The same question or flow once more, without answers of earlier runs."""
    origin = live.origin
    if isinstance(origin, Solve | RunDraft):
        return replace(origin, terms=replace(origin.terms, connection=works().connection, cache=False))
    plan = works().ask(works().kept(live.run)).plan
    terms = replace(terms_of(live, plan), cache=False)
    if plan.question:
        inputs = {name: value for name, value in decode(dict(plan.inputs)).items() if name != QUESTION}
        return Solve(plan.question, terms, inputs, plan.settings.get("method", "graph"))
    draft = from_run(works().ask(works().kept(live.run)))
    return RunDraft(draft, terms, dict(draft.inputs))


def ask_anew(live: Live) -> None:
    """Begin that run, and show it."""
    try:
        order = asked_anew(live)
    except FlowreasonError as error:
        _told(error)
        return
    _begin(order)


def terms_of(live: Live, plan: Plan) -> Terms:
    """The terms of a run that is made from another: those on which that ran, with the model connected now."""
    before = None if isinstance(live.origin, Replay | None) else live.origin.terms
    terms = terms_for(plan, works().connection, None if before is None else before.tools)
    if before is None:
        return replace(terms, ask_price=_was_asked(live))
    return replace(terms, approve=before.approve, ask_price=before.ask_price)


def _was_asked(live: Live) -> bool:
    """Whether a run that was kept ended with its price told and no step begun: nobody has agreed to it then."""
    events = live.events[:]
    return any(e.kind == "price" for e in events) and not has_begun(events)


# --- resume ---


def resume(live: Live) -> None:
    """Go on where it stood; first ask what must be known for that, if anything."""
    try:
        info = works().ask(works().kept(live.run))
        terms = terms_of(live, info.plan)
    except FlowreasonError as error:
        _told(error)
        return
    if _at_limit(info, live) or _lacks_tools(terms, info.plan) or _may_choose(terms):
        _resume_dialog(live)
    else:
        _begin(Resume(info.id, live.title, terms))


@st.dialog("Go on with the run")
def _resume_dialog(live: Live) -> None:
    """What must be known before it goes on. Nothing that it has finished is done again."""
    st.caption("It goes on where it stood. Nothing that is finished is done again, or paid for twice.")
    try:
        info = works().ask(works().kept(live.run))
        terms = terms_of(live, info.plan)
        limits = _limits(info, live)
        terms = _granted(replace(terms, limits=limits), info.plan, "resume", live)
    except FlowreasonError as error:
        _told(error)
        return
    if st.button("Go on", type="primary", key="resume-now"):
        _begin(Resume(info.id, live.title, terms))


def _limits(info: RunInfo, live: Live) -> fr.Limits | None:
    """Higher limits, where one was reached; else those that the run has."""
    if not _at_limit(info, live):
        return None
    st.markdown("It stopped at a limit. Allow more, for the whole run:")
    kept = info.plan.settings.get("limits")
    origin = live.origin
    last = origin.terms.limits if isinstance(origin, Resume) else None  # what it was allowed when it went on last
    limits = more(last or (fr.Limits() if kept is None else fr.Limits(**kept)), live.error)
    return limits_box(f"resume-limits-{info.id}-{info.session}", limits, across=2)


def _at_limit(info: RunInfo, live: Live) -> bool:
    return "limit" in (live.ended, info.standing.status)


def _lacks_tools(terms: Terms, plan: Plan) -> bool:
    """Whether the run had tools of a file that is not known any more."""
    return bool(plan.settings.get("tools")) and terms.tools is None


def _may_choose(terms: Terms) -> bool:
    """Whether either the recording or a model may answer."""
    return terms.replies is not None and not works().connection.missing


def more(limits: fr.Limits, reached: str) -> fr.Limits:
    """Twice as much of what was reached, by what was told of it: that may be more than a run began with."""
    words = {"calls": "calls", "tokens": "tokens", "money": "$", "seconds": "seconds"}
    found = next((name for name, word in words.items() if word in reached and getattr(limits, name)), None)
    if found is None:
        return limits
    told = _ALLOWED.search(reached)
    allowed = float(told[1].replace(",", "")) if told else 0.0
    least = LEAST_CALLS if found == "calls" else 0
    before = getattr(limits, found)
    return replace(limits, **{found: type(before)(max(2 * before, 2 * allowed, least))})


def _granted(terms: Terms, plan: Plan, key: str, live: Live) -> Terms:
    """With the tools that the run had, and who answers, where that is to be said anew."""
    if _lacks_tools(terms, plan):
        needed = ", ".join(plan.settings.get("tools", ()))
        path = tools_box(f"{key}-tools", f" The run had: {escaped(needed)}.")
        terms = replace(terms, tools=Path(path).expanduser() if path else None)
    if _may_choose(terms):
        model = escaped(works().connection.told)
        who = {"recording": "the recording of the example", "model": model}
        at = 1 if "is not in the recording" in live.error else 0
        chosen = st.radio("Answered by", list(who), index=at, format_func=who.__getitem__, key=f"{key}-who")
        if chosen == "model":
            terms = replace(terms, replies=None, pace=0.0, connection=works().connection)
    return terms


def _begin(order: Order, beside: Live | None = None) -> None:
    """Start what was made of a run, and show it, or both side by side."""
    try:
        made = begun(order)
    except (FlowreasonError, FlowError) as error:
        _told(error)
        return
    if beside is None:
        places.show(made)
    places.go("compare", left=places.address(beside), right=made.id)


def _told(error: Exception) -> None:
    if isinstance(error, FlowError):
        tell(error)
        return
    first, _, rest = fault(str(error)).partition("\n")
    st.error(escaped(first), icon=":material/error:")
    if rest.strip():
        st.code(rest, language=None, wrap_lines=True)


# --- fork ---


@st.dialog("Change this step", width="medium")
def fork_dialog(live: Live, wish: Mapping[str, Any]) -> None:
    """A new run in which one step has another value, or another text; only what depends on it is done anew."""
    if not live.run:
        st.info("This run is not kept, so nothing can be made of it.")
        return
    try:
        info = works().ask(works().kept(live.run))
        place = works().ask(find_place(the_store(works().store), info, str(wish["node"]), str(wish["frame"]) or None))
        _the_step(live, place)
        terms = _granted(terms_of(live, info.plan), info.plan, "fork", live)
    except FlowreasonError as error:
        _told(error)
        return
    found = _affected(info, place)
    if found is not None:
        st.info(escaped(in_words(found)), icon=":material/account_tree:")
    if _source(live, place):
        value, text = st.tabs(["Another value", "Another wording"])
        with value:
            _another_value(live, info, place, terms)
        with text:
            _another_text(live, info, place, terms)
    else:
        _another_value(live, info, place, terms)


def _affected(info: RunInfo, place: Place) -> Affected | None:
    """What depends on a step, which is found once for a dialog."""
    key, at = "affected", (info.id, info.session, place.frame, place.node.id)
    known = st.session_state.get(key)
    if known is None or known[0] != at:
        found = works().ask(affected(the_store(works().store), info, place.frame, place.node.id))
        st.session_state[key] = known = (at, found)
    return known[1]


def _the_step(live: Live, place: Place) -> None:
    """The step as it stands in the flow, in which round, and what the model was sent."""
    within = where(place.frame)
    st.caption(escaped(f"As it stands in the flow, {within}" if within else "As it stands in the flow"))
    st.code(_said(live, place), language=None, wrap_lines=True)
    sent = sent_of(live, place)
    if sent:
        with st.expander("As it was sent to the model"):
            st.code(sent, language=None, wrap_lines=True)


def where(frame: str) -> str:
    """A frame in words: `main/facts[5]` is `in round 6 of facts`; empty for the flow itself."""
    parts = []
    for each in reversed(frame.split("/")[1:]):
        name, _, number = each.rstrip("]").partition("[")
        parts.append(f"in round {int(number) + 1:,} of {name}" if number.isdecimal() else f"in {each}")
    return ", ".join(parts)


def _another_value(live: Live, info: RunInfo, place: Place, terms: Terms) -> None:
    try:
        key = f"fork-{place.frame}-{place.node.id}"
        value = value_box("Its value", type_of(place.node), value_of(live, place), key)
    except FlowreasonError as error:
        _told(error)
        return
    if st.button("Run with this value", type="primary", key="fork-now"):
        step = place.node.name or f"“{one_line(_said(live, place), 40)}”"
        title = f"With another {step}: {live.title}"
        _begin(Fork(info.id, title, place.node.id, place.frame, value, terms), live)


def _another_text(live: Live, info: RunInfo, place: Place, terms: Terms) -> None:
    """The step written in another way: for all its rounds."""
    key = f"fork-text-{place.node.id}"
    text = st.text_area("The step in the flow", _said(live, place), height=160, key=key)
    if "[" in place.frame:
        st.caption("It is changed for all rounds.")
    if st.button("Run with this text", type="primary", key="fork-text-now"):
        span = place.node.span
        changed = live.text[: span.start] + text + live.text[span.end :]
        try:
            kept_flow(replace(info.plan, flow=changed))
        except FlowError as error:
            _told(error)
            return
        _begin(Rerun(info.id, f"Changed: {live.title}", changed, None, terms), live)


def _source(live: Live, place: Place) -> bool:
    """Whether a step stands in the text of the run's flow, and not in a file that it uses."""
    flows = live.graph.flows.values() if live.graph is not None else ()
    of = next((flow for flow in flows if flow.nodes.get(place.node.id) == place.node), None)
    return of is not None and of.source.text == live.text and place.node.span.end > 0


def _said(live: Live, place: Place) -> str:
    """The step as its flow writes it."""
    span = place.node.span
    return live.text[span.start : span.end] if _source(live, place) else place.node.label or place.node.id


def sent_of(live: Live, place: Place) -> str:
    """What the model was asked last at a step, by the events; empty where it was not."""
    at = (place.frame, place.node.id)
    for event in reversed(live.events):
        messages = event.data.get("messages") if event.kind == "node.request" else None
        if messages and (event.frame.removeprefix("early/"), event.node) == at:
            return "\n\n".join(str(each["content"]) for each in messages)
    return ""


def value_of(live: Live, place: Place) -> Any:
    """The value that a step had in a frame, by the events; None where none is known."""
    for event in reversed(live.events):
        if event.node == place.node.id and event.frame == place.frame and "value" in event.data:
            return event.data["value"]
    return None


# --- rerun ---


@st.dialog("Change inputs or prompts", width="large")
def rerun_dialog(live: Live) -> None:
    """A new run with other inputs, or another flow; only what that changes is done anew."""
    try:
        info = works().ask(works().kept(live.run))
        flow = kept_flow(info.plan)
        inputs, text = _changes(info, flow)
        terms = _granted(terms_of(live, info.plan), info.plan, "rerun", live)
    except (FlowreasonError, FlowError) as error:
        _told(error)
        return
    st.caption("A new run is made. Only what this changes is done again; everything else keeps its outcome.")
    if not st.button("Run it", type="primary", disabled=inputs is None, key="rerun-now"):
        return
    changed = None if text.strip() == info.plan.flow.strip() else text
    try:
        main = "" if changed is None else kept_flow(replace(info.plan, flow=changed)).name
    except FlowError as error:
        _told(error)
        return
    st.session_state[TYPED].pop(info.id, None)
    _begin(Rerun(info.id, changed_title(live, info, flow.name, main), changed, inputs or None, terms), live)


def changed_title(live: Live, info: RunInfo, before: str, main: str) -> str:
    """What the new run is called: a question stays what it is; a flow that got another name goes by that."""
    own = main if main not in ("", before) and not info.plan.question else live.title
    return f"Changed: {own}"


def _changes(info: RunInfo, flow: fr.Flow) -> tuple[dict[str, Any] | None, str]:
    """Other inputs, and another text of the flow, as they are typed; None for inputs that do not fit, which is told
    there."""
    if not flow.parameters:
        return {}, _flow_text(info)
    first, second = st.tabs(["Inputs", "Flow and prompts"])
    inputs = None
    with first:
        try:
            inputs = parameters_box(flow.parameters, inputs_of(info.plan, flow), f"rerun-{info.id}")
        except FlowreasonError as error:
            _told(error)
    with second:
        return inputs, _flow_text(info)


def _flow_text(info: RunInfo) -> str:
    """The text of the flow: what was typed in it stays when the dialog is closed, until it is run."""
    key, typed = f"rerun-{info.id}-text", st.session_state.setdefault(TYPED, {})
    st.session_state.setdefault(key, typed.get(info.id, info.plan.flow))
    typed[info.id] = text = st.text_area("The flow", key=key, height=380)
    if text != info.plan.flow:
        st.button("Back to the flow as it ran", icon=":material/undo:", type="tertiary", key="rerun-back",
                  on_click=_as_it_ran, args=(key, info.plan.flow))  # fmt: skip
    return text


def _as_it_ran(key: str, text: str) -> None:
    st.session_state[key] = text
