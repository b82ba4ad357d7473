"""A run as a page shows it: how it stands, what it asks, its answer, what can be done with it, and the run view.

What changes while the run goes on is a fragment that looks again twice a second; the page itself runs anew only when
the run has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import streamlit as st

from flowreason.engine.result import usage_of
from flowreason.view.progress import kept_count
from flowreason_ui import changing, places
from flowreason_ui.answering import outcome
from flowreason_ui.asking import asked_boxes, limits_of
from flowreason_ui.components import is_built, run_view
from flowreason_ui.connection import Connection
from flowreason_ui.escape import escaped
from flowreason_ui.live import Live
from flowreason_ui.orders import Replay, Solve
from flowreason_ui.plain import plain_run
from flowreason_ui.pricing import price_of, sentences
from flowreason_ui.saving import save_menu
from flowreason_ui.telling import cost, seconds, state
from flowreason_ui.view.phase import PAUSING, pausing
from flowreason_ui.works import works

FREE = "no calls to the model"
"""A price that is not worth a line."""
BEGUN = "Writing the flow, first steps already run"
RECORDED = "Answered by recorded replies: no model is asked"
Kind: TypeAlias = Literal["primary", "secondary"]
APART = 0.5
"""Seconds between two looks at a run that goes on."""


def run_panel(live: Live, *, key: str = "run", height: int = 720, beside: bool = False) -> None:
    """All of a run. `beside`: it stands beside another one, with less around it."""
    run_head(live, key, beside)
    run_chart(live, key, height, beside)


def run_head(live: Live, key: str, beside: bool = False) -> None:
    """How the run stands, its answer, and what can be done with it."""
    over = live.over
    with st.container():  # of the page: where a look at the run is due, Streamlit leaves the fragment itself out
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
        if not is_built("run"):
            _badge(live)
        elif not beside and (who := answered_by(live)):
            st.caption(escaped(who), width="content")
        if not beside or not live.over:
            st.space("stretch")
            with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
                _actions(live, key)
    if told := moment(live):
        st.info(escaped(told), icon=":material/pause:")
    if not live.over and not live.asked and (price := _price(live)):
        st.caption(escaped(price))
    asked_boxes(live)
    if changing.elsewhere(live):
        st.info("Another program is at work at this run. This is how far it was; reload the page to look again.")
    elif live.over:
        outcome(live, key)


def _price(live: Live) -> str:
    """What the run may cost, in short; empty where it is not known yet, or asks the model nothing."""
    price = price_of(live.events[:]) if live.price and live.price != FREE else None
    return "" if price is None else " ".join(sentences(price, limits_of(live), short=True))


def _badge(live: Live) -> None:
    """The state and the figures, where the run view does not show them."""
    told = state(live.status)
    words = PAUSING if live.status == "paused" and live.under_way else told.words
    st.badge(BEGUN if live.status == "writing" and has_begun(live) else words, icon=told.icon, color=told.color)
    events = live.events[:]
    used = usage_of(events)
    figures = cost(used, live.seconds, kept_count(events)) if used.calls else seconds(live.seconds)
    st.caption(escaped(figures), width="content")


def has_begun(live: Live) -> bool:
    """Whether steps run of a flow that is still being written."""
    return any(event.frame.startswith("early/") for event in live.events[:])


def answered_by(live: Live) -> str:
    """Who answers, in words; empty where that is not known."""
    terms = None if isinstance(live.origin, Replay | None) else live.origin.terms
    if terms is None:
        return ""
    if live.over and not any(event.kind == "node.request" for event in live.events[:]):
        return "No model was asked"
    return RECORDED if terms.replies is not None else _asked(terms.connection)


@lru_cache(maxsize=64)
def _asked(connection: Connection) -> str:
    return f"Answered by {connection.told}" if connection.told else ""


def moment(live: Live) -> str:
    """What a button that was pressed has brought about, while that is not over."""
    if live.over:
        return ""
    if works().is_stopping(live):
        return "Cancelling: it is put down so that it can go on later."
    if not live.paused:
        return ""
    then = "Nothing new is sent to the model." if live.under_way else "Nothing is sent to the model until you go on."
    return f"{pausing(live.under_way)}. {then}"


# --- what can be done ---

RESUMING = {
    "limit": ("Allow more and go on", "play_arrow"),
    "failed": ("Try again", "replay"),
    "cancelled": ("Go on", "play_arrow"),
    "waiting": ("Answer and go on", "person"),
}
"""What going on is called, by how the run ended."""
FUTILE = frozenset({"python", "node"})
"""The kinds of errors that come again where nothing is changed."""


def _actions(live: Live, key: str) -> None:
    if not live.over:
        _while_it_goes_on(live, key)
        return
    words, icon = RESUMING.get(live.ended or "", ("Go on", "play_arrow"))
    helps = live.error_kind not in FUTILE
    wished = st.session_state.pop(f"{key}-wished", False)
    if changing.can_resume(live) and (_button(words, icon, f"{key}-resume", primary=helps) or wished):
        changing.resume(live)
    if live.text:
        _variants(live, key)
    save_menu(live, key)


def _variants(live: Live, key: str) -> None:
    """The ways to another run, each with what it does: from the one that changes least on."""
    with st.popover("Try a change", icon=":material/alt_route:", key=f"{key}-variants"):
        if live.run and live.graph is not None:
            if is_built("run"):
                with _way("Only what depends on that step runs again.", f"{key}-step"):
                    st.markdown(":material/ads_click: Select a step in the flowchart, then **Change this value…**")
            with _way("A new run of this flow; only what you change runs again.", f"{key}-other"):
                if _button("Change inputs or prompts", "tune", f"{key}-change", wide=True):
                    changing.rerun_dialog(live)
        if _asks_anew(live):
            told = "Without answers of earlier runs: what the model says is new, and paid for again."
            with _way(told, f"{key}-anew"):
                if _button("Ask again from scratch", "refresh", f"{key}-again", wide=True):
                    changing.ask_anew(live)
        with _way("A copy of the flow to rewrite; this run stays as it is.", f"{key}-copy"):
            if live.run:  # a link, so that Back leads here again
                places.link("edit", "Open in editor", ":material/edit_note:", open=f"run:{live.run}")
            elif _button("Open in editor", "edit_note", f"{key}-edit", wide=True):
                places.edit(live.text, live.run)


@contextmanager
def _way(told: str, key: str) -> Iterator[None]:
    """One way to another run, and below it what it does."""
    with st.container(key=f"way-{key}", gap="xxsmall", width=340):
        yield
        st.caption(told)


def _asks_anew(live: Live) -> bool:
    """Whether a model was asked that can be asked once more."""
    terms = None if isinstance(live.origin, Replay | None) else live.origin.terms
    recorded = terms is not None and terms.replies is not None
    if recorded or works().connection.missing or not (live.run or isinstance(live.origin, Solve)):
        return False
    return any(event.kind in ("node.request", "node.reply") for event in live.events[:])


def _while_it_goes_on(live: Live, key: str) -> None:
    if isinstance(live.origin, Replay):
        return
    if works().is_stopping(live):
        st.button("Cancelling …", icon=":material/stop_circle:", key=f"{key}-cancelling", disabled=True)
        return
    if live.paused:
        _acting("Go on", "play_arrow", f"{key}-go", lambda: _go_on(live, key), primary=True)
    else:
        told = "Nothing more is sent to the model; what is under way comes to its end."
        _acting("Pause", "pause", f"{key}-pause", lambda: works().pause(live, True), told)
    stops = "Stops it. What it has done is kept, and it can go on later."
    _acting("Cancel", "stop_circle", f"{key}-cancel", lambda: works().cancel(live), stops)


def _go_on(live: Live, key: str) -> None:
    """Ends a pause. Where the run has ended before the page could show that, it is resumed all the same."""
    if live.over:
        st.session_state[f"{key}-wished"] = True
    else:
        works().pause(live, False)


def _acting(
    words: str, icon: str, key: str, act: Callable[[], None], help: str | None = None, *, primary: bool = False
) -> None:
    """A button for something that the thread of the runs does, which has happened when the page looks again."""

    def acted() -> None:
        act()
        works().settle()

    kind: Kind = "primary" if primary else "secondary"
    st.button(words, icon=f":material/{icon}:", key=key, help=help, on_click=acted, type=kind)


def _button(words: str, icon: str, key: str, *, primary: bool = False, wide: bool = False) -> bool:
    kind: Kind = "primary" if primary else "secondary"
    return st.button(words, icon=f":material/{icon}:", key=key, type=kind, width="stretch" if wide else "content")
