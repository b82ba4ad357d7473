"""A run as a page shows it: how it stands, what it asks, its answer, what can be done with it, and the run view.

What changes while the run goes on is a fragment that looks again twice a second; the page itself runs anew only when
the run has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from flowreason.engine.result import usage_of
from flowreason.view.progress import kept_count
from flowreason_ui import changing, places
from flowreason_ui.answering import has_answer, outcome
from flowreason_ui.asking import asked_boxes
from flowreason_ui.components import is_built, run_view
from flowreason_ui.escape import escaped
from flowreason_ui.live import Live
from flowreason_ui.orders import Replay, Solve
from flowreason_ui.plain import plain_run
from flowreason_ui.saving import save_menu
from flowreason_ui.telling import cost, seconds, state
from flowreason_ui.works import works

FREE = "no calls to the model"
"""A price that is not worth a line."""
APART = 0.5
"""Seconds between two looks at a run that goes on."""


def run_panel(live: Live, *, key: str = "run", height: int = 720, beside: bool = False) -> None:
    """All of a run. `beside`: it stands beside another one, with less around it."""
    run_head(live, key, beside)
    run_chart(live, key, height, beside)


def run_head(live: Live, key: str, beside: bool = False) -> None:
    """How the run stands, its answer, and what can be done with it."""
    over = live.over
    st.fragment(_standing, run_every=None if over else APART, key=f"{key}-standing")(live, over, key, beside)


def run_chart(live: Live, key: str, height: int, beside: bool = False) -> None:
    """The run view."""
    if is_built("run"):
        st.fragment(_view, key=f"{key}-view")(live, f"{key}-view-{live.id}", height, beside)
    else:
        plain_run(live, f"{key}-plain")


def _view(live: Live, key: str, height: int, beside: bool) -> None:
    """The run view; a fragment, so that what is selected in it leaves the rest of the page alone."""
    wish: Any = getattr(run_view(live, key=key, height=height), "fork", None)
    if wish and not beside:
        changing.fork_dialog(live, wish)


def _standing(live: Live, was_over: bool, key: str, beside: bool) -> None:
    """How the run stands. `was_over`: when the page ran last."""
    if live.over and not was_over:
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-line"):
        told = state(live.status)
        st.badge(told.words, icon=told.icon, color=told.color)
        if figures := _figures(live):
            st.caption(escaped(figures), width="content")
        if not beside or not live.over:
            st.space("stretch")
            _actions(live, key)
    if live.price and not live.over and live.price != FREE:
        st.caption(escaped(f"Its price: {live.price}"))
    asked_boxes(live)
    if changing.elsewhere(live):
        st.info("Another program is at work at this run. This is how far it was; reload the page to look again.")
    elif live.over:
        outcome(live, key)


def _figures(live: Live) -> str:
    """What it used so far, or in all; empty where that stands elsewhere: with the answer, or in the run view."""
    if is_built("run") if not live.over else has_answer(live):
        return ""
    events = live.events[:]
    used = usage_of(events)
    return cost(used, live.seconds, kept_count(events)) if used.calls else seconds(live.seconds)


# --- what can be done ---


def _actions(live: Live, key: str) -> None:
    if not live.over:
        _while_it_goes_on(live, key)
        return
    if changing.can_resume(live) and _button("Resume", "play_arrow", f"{key}-resume", primary=True):
        changing.resume_dialog(live)
    if live.run and live.graph is not None and _button("Change", "edit", f"{key}-change"):
        changing.rerun_dialog(live)
    if _asks_anew(live) and _button("Ask again", "refresh", f"{key}-again", help="Without answers from earlier runs."):
        places.show(works().start(changing.asked_anew(live)))
    if live.text and _button("Open in editor", "edit_note", f"{key}-edit"):
        places.edit(live.text, live.run)
    save_menu(live, key)


def _asks_anew(live: Live) -> bool:
    asked = isinstance(live.origin, Solve) and live.origin.terms.replies is None
    return asked and not works().connection.missing


def _while_it_goes_on(live: Live, key: str) -> None:
    if isinstance(live.origin, Replay):
        return
    if live.paused:
        _acting("Go on", "play_arrow", f"{key}-go", lambda: works().pause(live, False))
    else:
        told = "Nothing more is sent; what is under way comes to its end."
        _acting("Pause", "pause", f"{key}-pause", lambda: works().pause(live, True), told)
    _acting(
        "Cancel", "stop_circle", f"{key}-cancel", lambda: works().cancel(live), "Stop it. What it has done is kept."
    )


def _acting(words: str, icon: str, key: str, act: Callable[[], None], help: str | None = None) -> None:
    """A button for something that the thread of the runs does, which has happened when the page looks again."""

    def acted() -> None:
        act()
        works().settle()

    st.button(words, icon=f":material/{icon}:", key=key, help=help, on_click=acted)


def _button(words: str, icon: str, key: str, *, primary: bool = False, help: str | None = None) -> bool:
    return st.button(words, icon=f":material/{icon}:", key=key, type="primary" if primary else "secondary", help=help)
