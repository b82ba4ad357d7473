"""A run where the script of the run view was not built: its picture, its steps as a table, a look into one, its text.

Made of Streamlit's own widgets, and drawn anew once a second while the run goes on. Invariant: texts of a model or a
file stand in `st.text`, `st.code`, tables and pictures, which read nothing as markup.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import streamlit as st

from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.view.draw import draw
from flowreason.view.progress import RunView
from flowreason_ui.escape import label
from flowreason_ui.live import Live
from flowreason_ui.view.chart import Chart, chart
from flowreason_ui.view.course import Course
from flowreason_ui.view.look import look
from flowreason_ui.view.states import Paused, standing, states
from flowreason_ui.view.told import Told

EVERY = 1.0
"""Seconds between two pictures of a run that goes on."""


def plain_run(live: Live, key: str = "plain") -> None:
    """The run, with widgets only. It draws itself anew while the run goes on."""

    @st.fragment(run_every=None if live.over else EVERY)
    def shown() -> None:
        _shown(live, key, going_on=not was_over)

    was_over = live.over
    shown()


def _shown(live: Live, key: str, *, going_on: bool) -> None:
    if live.over and going_on:
        st.rerun()
    events = _events(live, key)
    course = Course()
    view = course.go(events, len(events))
    paused = None if course.moment.phase != "paused" else course.moment.before if live.under_way else {}
    st.caption(label(standing(view)["numbers"]))
    graph = live.graph
    if graph is None:
        st.code(live.writing.text or "The flow is being written …", language=None, wrap_lines=True)
        return
    picture, steps, text = st.tabs(["Flowchart", "Steps", "Flow"])
    with picture:
        svg = str(draw(graph, "svg", state=view.nodes))
        st.image(f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}")
    drawn = chart(graph)
    with steps:
        st.dataframe(rows(drawn, view, paused), hide_index=True, width="stretch")
        _look(drawn, graph, events, key)
    with text:
        st.code(live.text or graph.source.text, language=None, line_numbers=True, wrap_lines=True)


def _events(live: Live, key: str) -> Sequence[Event]:
    """The events up to the place of the slider; all of them while the run goes on."""
    events = live.events[:]
    if not live.over or len(events) < 2:
        return events
    at = st.slider("Go back over its events", 0, len(events), len(events), key=f"{key}-at-{live.id}")
    return events[:at]


def rows(drawn: Chart, view: RunView, paused: Paused | None = None) -> list[dict[str, Any]]:
    """The steps, as a table: what each is, and how far."""
    found = states(drawn, view, paused)
    table = []
    for thing in sorted(drawn.things, key=lambda each: (each.box[1], each.box[0])):
        state = found.get(thing.key)
        known = next((view.nodes[place] for id in thing.members if (place := (thing.flow, id)) in view.nodes), None)
        said = state[1] if state is not None else "· waiting"
        table.append(
            {
                "step": thing.title,
                "kind": thing.kind,
                "state": said,
                "latest": known.latest if known is not None else "",
            }
        )
    return table


def _look(drawn: Chart, graph: Graph, events: Sequence[Event], key: str) -> None:
    """A look into one step."""
    by_key = {thing.key: thing for thing in drawn.things}

    def named(each: str) -> str:
        thing = by_key.get(each)
        return each if thing is None else f"{thing.title} ({thing.id})"

    chosen = st.selectbox("Look into a step", list(by_key), format_func=named, index=None, key=f"{key}-step")
    thing = by_key.get(chosen or "")
    if thing is None:
        return
    told = Told(events)
    frames = told.frames_at(thing.flow, thing.members)
    frame = frames[0] if frames else ""
    if len(frames) > 1:
        frame = st.selectbox("Where it ran", frames, index=len(frames) - 1, key=f"{key}-frame-{thing.key}")
    _detail(look(graph, told, thing.flow, thing.members, frame))


def _detail(found: dict[str, Any]) -> None:
    detail = found["detail"]
    st.text(found["text"])
    if detail is None:
        st.caption("Nothing has happened here yet.")
        return
    st.caption(label(detail["numbers"]))
    _text("What went wrong", detail["error"])
    _text("Value", detail["json"] or detail["value"] if detail["value"] is not None else "")
    for each in detail["inputs"]:
        _text(f"Input {each['name']}", each["value"])
    for attempt in detail["attempts"]:
        for message in attempt["messages"]:
            _text(f"Sent ({message['role']})", message["content"])
        _text("Reply", attempt["reply"] or "")
        _text("What was wrong with it", attempt["rejected"])


def _text(title: str, text: str) -> None:
    if text:
        st.caption(label(title))
        st.code(text, language=None, wrap_lines=True)
