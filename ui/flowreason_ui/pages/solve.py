"""Ask a question, and watch it being answered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import flowreason as fr
from flowreason.errors import FlowreasonError, UsageError
from flowreason.examples_catalog import Example, catalog
from flowreason.reading import file_text
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui import places
from flowreason_ui.choosing import method_box
from flowreason_ui.escape import escaped, label
from flowreason_ui.forms import Given, inputs_box, limits_box, tools_box
from flowreason_ui.orders import Solve, Terms, example
from flowreason_ui.starting import KEPT, begun
from flowreason_ui.telling import fault, sentence
from flowreason_ui.works import works

PLACEHOLDER = (
    "How many years lie between the founding of the oldest and the youngest of these universities: "
    "Bologna, Salamanca, Coimbra, Heidelberg?"
)
NO_MODEL = "A model answers your question, and none is connected yet. It takes a minute; what you typed is kept."
WIDTH = 1080
"""Pixels of what is read and written; the run view is as wide as the page."""
ACROSS = 4
"""Examples beside one another."""
FIRST = ("universities", "reviews", "letter", "rhyme", "inventions", "sarcasm", "robot", "coins")
"""The examples from the one that shows most at first sight on; others follow by name."""


def page() -> None:
    if run := st.query_params.get(places.RUN):  # an address of earlier versions
        places.go("run", run=run)
    missing = works().connection.missing
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH, key="page"):
        st.title("What would you like to know?", anchor=False)
        _question(missing)
        _examples("Or play a recorded example: no model is needed" if missing else "Or watch a recorded example")


# --- a question ---


@dataclass(frozen=True, slots=True)
class Wish:
    """How a question is to be answered."""

    method: str
    inputs: Given
    limits: fr.Limits
    tools: str
    approve: bool
    may_ask: bool
    ask_price: bool


def _question(missing: str) -> None:
    if kept := st.session_state.pop(KEPT, ""):
        st.session_state["question-text"] = kept
    with st.form("question", border=False):
        question = st.text_area(
            "Your question", key="question-text", height=130, placeholder=PLACEHOLDER, label_visibility="collapsed"
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="solve-line"):
            asked = _unconnected(missing) if missing else _solve()
    if missing:
        if asked:
            st.session_state[KEPT] = question
            places.go("settings")
        return
    told = st.empty()
    wish = _wish()
    if not asked:
        return
    try:
        _begin(question, wish)
    except (FlowreasonError, FlowError) as error:
        told.error(escaped(sentence(fault(str(error)))), icon=":material/error:")


def _solve() -> bool:
    """The button that asks, and beside it who answers."""
    asked = st.form_submit_button("Solve", type="primary", icon=":material/play_arrow:", key="solve")
    st.caption("or Ctrl + Enter", width="content")
    st.space("stretch")
    st.caption(f"Answered by **{escaped(works().connection.told)}**", width="content")
    places.link("settings", "Settings", ":material/settings:")
    return asked


def _unconnected(missing: str) -> bool:
    """What is missing, and the way to it: the question comes along and is there afterwards."""
    asked = st.form_submit_button("Connect a model", type="primary", icon=":material/link:", key="solve-connect")
    told = NO_MODEL if missing.startswith("no model") else sentence(fault(missing))
    st.caption(escaped(told), width="content")
    return asked


def _wish() -> Wish:
    with st.expander("Inputs, method and limits", icon=":material/tune:", key="options"):
        _heading("Inputs", "what the question speaks about: a letter, a table, a number")
        inputs = inputs_box("solve")
        method = method_box("solve-method")
        _heading("Limits", "it stops where one is reached, with the best answer so far; an empty field is no limit")
        limits = limits_box("solve-limits")
        ask_price = st.checkbox("Show me the price, and ask me before the flow runs", key="solve-ask-price")
        _heading("Tools and questions", "what the flow may do besides asking the model")
        tools = tools_box("solve-tools")
        approve = st.checkbox("Ask me before a tool changes something", key="solve-approve")
        may_ask = st.checkbox("The flow may ask me questions", value=True, key="solve-may-ask")
    return Wish(method, inputs, limits, tools, approve, may_ask, ask_price)


def _heading(words: str, told: str) -> None:
    st.markdown(f"**{words}** · :small[{told}]")


def _begin(question: str, wish: Wish) -> None:
    from flowreason.api import checked_question

    if not question.strip():
        raise UsageError("the question is empty; type what you want to know")
    asked = checked_question(question).strip()
    if wish.inputs.faults:
        raise UsageError(f"look at the inputs: {wish.inputs.faults[0]}")
    tools = Path(wish.tools).expanduser() if wish.tools else None
    terms = Terms(
        works().connection, limits=wish.limits, tools=tools, approve=wish.approve, may_ask=wish.may_ask,
        ask_price=wish.ask_price,
    )  # fmt: skip
    places.show(begun(Solve(asked, terms, dict(wish.inputs.values), wish.method)))


# --- examples ---


def _examples(title: str) -> None:
    st.header(title, anchor=False)
    found = sorted(catalog(), key=lambda each: FIRST.index(each.name) if each.name in FIRST else len(FIRST))
    with st.container(key="examples"):
        for first in range(0, len(found), ACROSS):
            for column, each in zip(st.columns(ACROSS), found[first : first + ACROSS], strict=False):
                with column:
                    _card(each)


def _card(each: Example) -> None:
    if st.button(
        f"**{label(_name(each))}**  \n{label(each.question, 90)}",
        key=f"example-{each.name}",
        width="stretch",
        wrap=True,
    ):
        places.show(begun(example(each)))


def _name(example: Example) -> str:
    """What an example shows, as its README begins."""
    return file_text(example.folder / "README.md").partition("\n")[0].lstrip("# ")
