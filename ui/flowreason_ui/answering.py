"""What a run came to, large and readable: its answer, what went wrong, and the way out.

Invariant: an answer is shown as the text or the values that it is, and nothing of it is read as Markdown or HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from flowreason.result import Result
from flowreason.values import plain, show
from flowreason_ui import places
from flowreason_ui.answer_files import answer_file, table_of
from flowreason_ui.choosing import name_of
from flowreason_ui.copying import copy_button
from flowreason_ui.escape import escaped
from flowreason_ui.live import Live
from flowreason_ui.telling import SETTINGS_HELP, count, fault, sentence, way_out
from flowreason_ui.view.bounds import at_their_bound

SHORT = 160
"""Characters of an answer that is shown in large letters."""
LONG, MOST_LINES = 900, 10
"""Characters and lines from which an answer is folded: it is no higher than the style says, and the rest is scrolled
to. A narrow window folds what is shorter as well."""
MOST_TOLD = 20


def has_answer(live: Live) -> bool:
    """Whether there is an answer, whole or the best so far."""
    return live.result is not None and (live.result.ok or live.result.partial)


def outcome(live: Live, key: str) -> None:
    """All that a run which has ended came to."""
    result = live.result
    for told in at_their_bound(live.latest, live.graph):
        st.warning(escaped(told), icon=":material/repeat:")
    if result is not None and has_answer(live):
        told = "The best answer so far, not the whole one" if result.partial else "Answer"
        answer(result.value, key, told, live.title)
    if live.error and live.ended not in ("answered", "cancelled"):
        _wrong(live)
    elif live.ended == "cancelled":
        st.info(
            "It was stopped. What it has done is kept: “Go on” takes it up where it stood."
            if live.run
            else "It was stopped.",
            icon=":material/stop_circle:",
        )
    if result is not None:
        _how(result)
        _lacking(result)


def answer(value: Any, key: str, told: str = "Answer", title: str = "answer") -> None:
    """An answer by its type: text as text, lists and records as tables, anything else as code, to copy and to save."""
    with st.container(border=True, key=f"{key}-answer", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{key}-answer-head"):
            st.caption(f"**{escaped(told)}**", width="content")
            st.space("stretch")
            content, name, mime = answer_file(value, title)
            copy_button(show(value), f"{key}-answer-copy")
            st.download_button(
                "Save answer", content, name, mime, key=f"{key}-answer-file", on_click="ignore", help=name
            )
        table = table_of(value)
        if table is not None:
            st.dataframe(table, hide_index=True, width="stretch", height="auto" if len(table) < 9 else 320)
        else:
            _value(value, key)


def _value(value: Any, key: str) -> None:
    """Text, or lists and records, folded where they are long."""
    text = show(value)
    long = len(text) > LONG or text.count("\n") > MOST_LINES
    whole = long and st.session_state.get(f"{key}-answer-whole", False)
    with st.container(key=f"{'whole' if whole else 'fold'}-{key}", border=False):
        if isinstance(value, Mapping | list | tuple | set):
            st.json(plain(value))
        else:
            kind = "answer-large" if len(text) <= SHORT and "\n" not in text else "answer-text"
            with st.container(key=f"{kind}-{key}", border=False):
                st.text(text or "(an empty text)")
    if long:
        st.toggle("Show all", key=f"{key}-answer-whole")


def _how(result: Result) -> None:
    """Which method answered, where that was chosen."""
    if result.reason:
        st.caption(escaped(f"{name_of(result.method)}: {result.reason}."))


def _lacking(result: Result) -> None:
    """What was left undone at a limit, or else items that failed."""
    undone: Sequence[Any] = result.undone
    failed = () if undone or result.partial else result.failed_items
    if undone:
        _folded(f"Left undone: {count(len(undone), 'step')}", [str(each) for each in undone])
    elif failed:
        lines = [f"item {each.index + 1} of {each.node}: {fault(each.error).splitlines()[0]}" for each in failed]
        _folded(f"{count(len(failed), 'item')} failed, and the rest went on", lines)


def _folded(told: str, lines: Sequence[str]) -> None:
    more = [f"and {len(lines) - MOST_TOLD:,} more"] if len(lines) > MOST_TOLD else []
    with st.expander(escaped(told)):
        st.text("\n".join([*lines[:MOST_TOLD], *more]))


def _wrong(live: Live) -> None:
    """What went wrong, in words, and what can be done."""
    first, _, rest = fault(live.error).partition("\n")
    out = way_out(live.error_kind, live.error)
    shown = escaped(sentence(first)) + (f"\n\n{escaped(out)}" if out else "")
    if live.ended in ("limit", "waiting"):
        st.warning(shown, icon=":material/pan_tool:")
    else:
        st.error(shown, icon=":material/error:")
    if live.error_kind in SETTINGS_HELP:
        places.link("settings", "Open Settings", ":material/settings:")
    if rest.strip():
        st.code(rest, language=None, wrap_lines=True)
