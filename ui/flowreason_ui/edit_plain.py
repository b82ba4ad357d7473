"""The editor where its script was not built: a plain field for the text, its findings, and its picture below.

Invariant: the picture is an image, and no text of a flow is read as Markdown or HTML.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from flowreason.view import draw
from flowreason_dsl.source import Source
from flowreason_ui.drafting import DRAFT, Draft
from flowreason_ui.editing import Asked, analysis_of, fix, form, look
from flowreason_ui.escape import escaped

HEIGHT = 460
_ICONS = {"error": ":material/error:", "warning": ":material/warning:"}


def plain_editor(draft: Draft, asked: Asked) -> Draft:
    """The text, its findings with line numbers, and its picture; gives the draft with what was typed."""
    key = f"edit-plain-{draft.epoch}-{draft.version}"
    with st.container(key="edit-plain"):
        text = st.text_area("The flow", draft.text, key=key, height=HEIGHT, label_visibility="collapsed")
    if text != draft.text:
        draft = replace(draft, text=text, fresh=False)
        asked = replace(asked, text=text)
    found = look(asked)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Format", key="edit-plain-format", on_click=_changed, args=(draft, form(asked)["edits"]),
                  help=escaped(form(asked)["why"]) or None)  # fmt: skip
        if found["fixable"]:
            st.button(
                "Mend what is certain", key="edit-plain-fix", on_click=_changed, args=(draft, fix(asked)["edits"])
            )
        st.caption(escaped(found["note"] or found["price"] or found["main"]), width="content")
    _problems(text, found["problems"])
    _picture(asked)
    return draft


def _changed(draft: Draft, edits: Sequence[Sequence[Any]]) -> None:
    """Make edits in the draft; its field is made anew with them."""
    text = draft.text
    for start, end, new in reversed(edits):
        text = text[:start] + new + text[end:]
    st.session_state[DRAFT] = replace(draft, text=text, version=draft.version + 1, fresh=False)


def _problems(text: str, problems: list[dict[str, Any]]) -> None:
    source = Source(text)
    for each in problems:
        line, column = source.position(each["from"])
        words = "\n".join(part for part in (each["message"], each["help"]) if part)
        told = escaped(f"Line {line}, column {column}: {words}")
        icon = _ICONS.get(each["severity"], ":material/info:")
        show = st.error if each["severity"] == "error" else st.warning if each["severity"] == "warning" else st.info
        show(told, icon=icon)


def _picture(asked: Asked) -> None:
    """The picture of the last text without mistakes."""
    graph = analysis_of(asked).graph
    if graph is not None:
        st.session_state["edit-plain-picture"] = draw(graph, "svg")
    elif st.session_state.get("edit-plain-picture"):
        st.caption("The picture is of the last text without mistakes.")
    svg = st.session_state.get("edit-plain-picture")
    if svg:
        st.image(f"data:image/svg+xml;base64,{b64encode(str(svg).encode()).decode()}")
