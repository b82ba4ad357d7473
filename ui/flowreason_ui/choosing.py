"""The ways to answer a question that a person can choose from, and what each is."""

from __future__ import annotations

from functools import cache

import streamlit as st

from flowreason import library
from flowreason.methods import AUTO, GRAPH
from flowreason_ui.escape import escaped

WITHOUT_QUESTION = frozenset({"auto_cot_build", "cocogen_entities", "most_alike", "scratchpad_trace", "robot"})
"""Methods of the library that take something else than a question, or tools of their own."""
_WRITTEN = {
    GRAPH: ("A flow written for the question", "A model writes a flow for it, which is checked and priced first."),
    AUTO: ("Chosen for the question", "Chosen by the question's words and your limits; you are told why."),
}  # fmt: skip


def methods() -> list[str]:
    """The names of the methods that answer a question, the one that writes a flow first."""
    return [GRAPH, AUTO, *(name for name in library.names() if name != GRAPH and name not in WITHOUT_QUESTION)]


def name_of(method: str) -> str:
    """A method as people are told of it."""
    return _WRITTEN[method][0] if method in _WRITTEN else method.replace("_", " ").capitalize()


@cache
def what_is(method: str) -> str:
    """What a method does, in a sentence."""
    return _WRITTEN[method][1] if method in _WRITTEN else library.describe(method).summary


def method_box(key: str) -> str:
    """Choose a method; gives its name."""
    chosen = st.selectbox("How it is answered", methods(), format_func=name_of, key=key)
    st.caption(escaped(what_is(chosen)))
    return chosen
