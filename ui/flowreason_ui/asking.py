"""What a run asks the person, answered in place: whether it may run at its price, what the flow asks, consent."""

from __future__ import annotations

import json
import re
from typing import Literal

import streamlit as st

from flowreason_ui.escape import label
from flowreason_ui.live import Asked, Live
from flowreason_ui.works import works

_CHOICE = re.compile(r'"(?:[^"\\]|\\.)*"(?: \| "(?:[^"\\]|\\.)*")*')
_WANTED = {"int": "a whole number", "number": "a number", "text": "your answer"}
MOST_BUTTONS = 6


def choices(type: str) -> list[str]:
    """The texts that a type offers, such as `"a" | "b"`; none for another type."""
    if not _CHOICE.fullmatch(type):
        return []
    return [json.loads(each) for each in re.findall(r'"(?:[^"\\]|\\.)*"', type)]


def asked_boxes(live: Live) -> None:
    """All that the run asks now."""
    for asked in live.asked:
        with st.container(border=True, key=f"asked-{live.id}-{asked.number}"):
            if asked.kind == "price":
                _price(live, asked)
            else:
                _person(live, asked)


def _price(live: Live, asked: Asked) -> None:
    st.markdown("**It may take more than its limits allow.** Run it within them?")
    st.text(asked.text)
    with st.container(horizontal=True):
        _say(live, asked, "Run it", "yes", primary=True)
        _say(live, asked, "Don't", "no")


def _person(live: Live, asked: Asked) -> None:
    st.text(asked.text)
    options = choices(asked.type)
    if asked.type == "bool":
        with st.container(horizontal=True):
            _say(live, asked, "Yes", "yes", primary=True)
            _say(live, asked, "No", "no")
    elif 0 < len(options) <= MOST_BUTTONS:
        _some(live, asked, options)
    else:
        _field(live, asked, options)


def _some(live: Live, asked: Asked, options: list[str]) -> None:
    with st.container(horizontal=True):
        for number, option in enumerate(options):
            key = f"say-{live.id}-{asked.number}-{number}"
            st.button(label(option), key=key, on_click=_tell, args=(live, asked, option))


def _say(live: Live, asked: Asked, words: str, text: str, *, primary: bool = False) -> None:
    key = f"say-{live.id}-{asked.number}-{text}"
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(words, key=key, type=kind, on_click=_tell, args=(live, asked, text))


def _tell(live: Live, asked: Asked, text: str) -> None:
    """Hand an answer over, so that it has been taken when the page looks again."""
    works().say(live, asked.number, text)
    works().settle()


def _field(live: Live, asked: Asked, options: list[str]) -> None:
    with st.form(f"form-{live.id}-{asked.number}", border=False):
        key = f"field-{live.id}-{asked.number}"
        if options:
            text = st.selectbox("Your answer", options, index=None, key=key) or ""
        else:
            wanted = _WANTED.get(asked.type, f"{asked.type}, as JSON")
            text = st.text_area("Your answer", key=key, placeholder=wanted, height=90)
        if st.form_submit_button("Answer", type="primary") and text.strip():
            _tell(live, asked, text)
