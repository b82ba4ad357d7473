"""What a run came to, large and readable: its answer, what it cost, what went wrong and the way out.

Invariant: an answer is shown as the text or the values that it is, and nothing of it is read as Markdown or HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from flowreason.result import Result
from flowreason.values import plain, show
from flowreason.view.progress import kept_count
from flowreason_ui.choosing import name_of
from flowreason_ui.escape import escaped
from flowreason_ui.live import Live
from flowreason_ui.telling import cost, count, fault, way_out

SHORT = 160
"""Characters of an answer that is shown in large letters."""
LONG = 12_000
"""Characters from which an answer has a box that scrolls."""
MOST_TOLD = 5
STYLE = """<style>
[class*="st-key-answer-large"] [data-testid="stText"] { font-size: 1.6rem; line-height: 1.35; font-weight: 600; }
[class*="st-key-answer-text"] [data-testid="stText"] { font-size: 1.05rem; line-height: 1.6; }
</style>"""
"""Of the page alone: no text of a run is ever part of it."""


def has_answer(live: Live) -> bool:
    """Whether there is an answer, whole or the best so far."""
    return live.result is not None and (live.result.ok or live.result.partial)


def outcome(live: Live, key: str) -> None:
    """All that a run which has ended came to."""
    result = live.result
    if result is not None and has_answer(live):
        answer(result.value, key, _took(live, result))
        if result.partial:
            st.info("This is the best answer so far, not the whole one.", icon=":material/info:")
    if result is not None:
        _how(result)
        _lacking(result)
    if live.error and live.ended not in ("answered", "cancelled"):
        _wrong(live)
    elif live.ended == "cancelled":
        st.caption(
            "It was stopped. What it has done is kept, and it can be resumed." if live.run else "It was stopped."
        )


def _took(live: Live, result: Result) -> str:
    """What the answer cost; of a run that was resumed, what it took this time, and in all."""
    now = cost(result.usage, result.seconds, kept_count(live.events[:]))
    if live.used is None or live.used == result.usage:
        return now
    return f"{now} this time · {count(live.used.calls, 'call')} · {live.used.tokens:,} tokens in all"


def answer(value: Any, key: str, told: str = "") -> None:
    """An answer by its type: text as text, lists and records as tables, anything else as code. `told`: its cost."""
    st.html(STYLE)
    with st.container(border=True, key=f"{key}-answer", gap="xsmall"):
        st.caption(escaped(f"Answer · {told}" if told else "Answer"))
        table = table_of(value)
        if table is not None:
            st.dataframe(table, hide_index=True, width="stretch", height="auto" if len(table) < 12 else 420)
        elif isinstance(value, Mapping | list | tuple | set):
            st.json(plain(value))
        else:
            _text(show(value), key)


def _text(text: str, key: str) -> None:
    large = len(text) <= SHORT and "\n" not in text
    kind = "answer-large" if large else "answer-text"
    with st.container(key=f"{kind}-{key}", height=520 if len(text) > LONG else "content"):
        st.text(text or "(an empty text)")


def table_of(value: Any) -> list[dict[str, str]] | None:
    """A list of records or of simple values, and a record of simple values, as rows; None for what is no table."""
    simple = plain(value)
    if isinstance(simple, dict) and simple and all(map(_is_simple, simple.values())):
        return [{"name": name, "value": show(each)} for name, each in simple.items()]
    if not isinstance(simple, list) or not simple:
        return None
    if all(map(_is_simple, simple)):
        return [{"#": str(number), "value": show(each)} for number, each in enumerate(simple, 1)]
    if all(isinstance(each, dict) for each in simple):
        names = list(dict.fromkeys(str(name) for each in simple for name in each))
        return [{name: show(each[name]) if name in each else "" for name in names} for each in simple]
    return None


def _is_simple(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _how(result: Result) -> None:
    """Which method answered, where that was chosen."""
    if result.reason:
        st.caption(escaped(f"{name_of(result.method)}: {result.reason}."))


def _lacking(result: Result) -> None:
    """What was left undone at a limit, and items that failed."""
    undone: Sequence[Any] = result.undone
    if undone:
        lines = [str(each) for each in undone[:MOST_TOLD]]
        more = [f"and {count(len(undone) - MOST_TOLD, 'more step')}"] if len(undone) > MOST_TOLD else []
        st.caption("Left undone:  \n" + "  \n".join(map(escaped, [*lines, *more])))
    failed = () if result.partial else result.failed_items
    if failed:
        lines = [f"item {each.index + 1} of {each.node}: {each.error.splitlines()[0]}" for each in failed[:MOST_TOLD]]
        told = f"{count(len(failed), 'item')} failed, and the rest went on:"
        st.caption("  \n".join(map(escaped, [told, *lines])))


def _wrong(live: Live) -> None:
    """What went wrong, in words, and what can be done."""
    text = fault(live.error)
    first, _, rest = text.partition("\n")
    out = way_out(live.error_kind, live.error)
    shown = escaped(first) + (f"\n\n{escaped(out)}" if out else "")
    if live.ended in ("limit", "waiting"):
        st.warning(shown, icon=":material/pan_tool:")
    else:
        st.error(shown, icon=":material/error:")
    if rest.strip():
        st.code(rest, language=None, wrap_lines=True)
