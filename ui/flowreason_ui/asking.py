"""What a run asks the person, answered in place: whether it may run at its price, what the flow asks, consent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

import streamlit as st

import flowreason as fr
from flowreason.asking.person import answer_hint
from flowreason.engine.result import usage_of
from flowreason.errors import FlowreasonError, InputError
from flowreason.values import plain
from flowreason_dsl.diagnostics import FlowError
from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Choice, Type
from flowreason_ui.components import keep_typed
from flowreason_ui.escape import escaped, label
from flowreason_ui.fields import has_field, value_box
from flowreason_ui.live import Asked, Live
from flowreason_ui.pricing import price_of, sentences
from flowreason_ui.telling import count, sentence
from flowreason_ui.works import works

MOST_BUTTONS = 6
LONGEST_BUTTON = 60
"""Characters of an option that still makes a button."""
CONSENT = "May the flow do this?\n"
BECAME = "When the run was interrupted, this had been begun, and nobody knows whether it happened:\n"
"""How the engine begins what it asks of a tool."""
AGAIN = "repeat"
"""What the engine is told where an effect did not happen."""


@cache
def type_from(text: str) -> Type:
    """A type as the language writes it; text where it cannot be read."""
    try:
        return fr.loads(f"flow asked(it: {text}) -> any {{ answer it }}").parameters[0].type
    except (FlowreasonError, FlowError):
        return TEXT


def written(value: Any, type: Type) -> str:
    """A value as a person would have typed it."""
    if type == TEXT or isinstance(type, Choice):
        return str(value)
    return json.dumps(plain(value), ensure_ascii=False)


def asked_boxes(live: Live) -> None:
    """All that the run asks now."""
    asked = live.asked
    if len(asked) > 1:
        st.markdown(f"**{count(len(asked), 'question')} wait for you.** Answer them in any order.")
    for each in asked:
        with st.container(border=True, key=f"asked-{live.id}-{each.number}"):
            if each.kind == "price":
                _price(live, each)
            elif each.text.startswith(CONSENT):
                _consent(live, each)
            elif each.text.startswith(BECAME):
                _became(live, each)
            else:
                _person(live, each)


# --- the price ---


def _price(live: Live, asked: Asked) -> None:
    limits = limits_of(live)
    found = price_of(live.events[:])
    begun = any(event.frame.startswith("early/") for event in live.events[:])
    so_far = "Its first steps ran while it was being written." if begun else "Nothing of the flow has run yet."
    st.markdown(f"**Run it at this price?** {so_far}")
    told = [asked.text] if found is None else sentences(found, limits)
    used = usage_of(live.events[:]).calls
    if limits.calls is not None and used >= limits.calls:
        told.append(f"Writing it took all {count(used, 'call')} of the limit: it would stop at once.")
    st.text("\n".join(told))
    with st.container(horizontal=True):
        _say(live, asked, "Run it", "yes", primary=True)
        _say(live, asked, "Don't run it", "no")


def limits_of(live: Live) -> fr.Limits:
    """What a run may use."""
    terms = getattr(live.origin, "terms", None)
    return (terms.limits if terms is not None else None) or fr.Limits()


# --- tools ---


def _consent(live: Live, asked: Asked) -> None:
    st.markdown("**The flow wants to use a tool that changes something.** May it?")
    st.code(asked.text.removeprefix(CONSENT), language=None, wrap_lines=True)
    with st.container(horizontal=True):
        _say(live, asked, "Allow", "yes", primary=True)
        _say(live, asked, "Don't allow", "no")


def _became(live: Live, asked: Asked) -> None:
    """An effect that was under way when the run was interrupted."""
    what = asked.text.removeprefix(BECAME).rpartition("\nLook, and answer")[0]
    st.markdown("**Did this happen?** The run was interrupted when it had just been begun. Please look.")
    st.code(what, language=None, wrap_lines=True)
    _say(live, asked, "It did not happen: do it now", AGAIN)
    st.caption("If it did happen, say what came of it:")
    _field(live, asked, type_from(asked.type))


# --- what the flow asks ---


def _person(live: Live, asked: Asked) -> None:
    type = type_from(asked.type)
    st.caption(":material/person: The flow asks you")
    again = refused(live.events[:], asked.text)
    st.text(question_of(asked.text if again is None else again.question, type))
    if again is not None:
        st.error(f"“{escaped(again.said)}” does not fit: {escaped(again.reason)}", icon=":material/error:")
    if type == BOOL:
        with st.container(horizontal=True):
            _say(live, asked, "Yes", "yes", primary=True)
            _say(live, asked, "No", "no")
    elif isinstance(type, Choice) and _as_buttons(type.options):
        with st.container(horizontal=True):
            for number, option in enumerate(type.options):
                key = f"say-{live.id}-{asked.number}-{number}"
                st.button(label(option), key=key, on_click=_tell, args=(live, asked, option))
    else:
        _field(live, asked, type)


class Refused(NamedTuple):
    """An answer that did not fit, so that the question came again."""

    question: str
    said: str
    reason: str


def refused(events: Sequence[fr.Event], text: str) -> Refused | None:
    """What was said to a question before, where it is asked again for that; None where it is new."""
    asked = next((e for e in reversed(events) if e.kind == "person.asked" and e.data["question"] == text), None)
    if asked is None or not asked.data["part"]:
        return None
    same = [e for e in events if (e.frame, e.node) == (asked.frame, asked.node)]
    first = next((str(e.data["question"]) for e in same if e.kind == "person.asked" and not e.data["part"]), "")
    said = next((str(e.data["text"]) for e in reversed(same) if e.kind == "person.answered"), "")
    if not text.startswith(first) or not first:
        return None
    return Refused(first, said, text.removeprefix(first).strip().removeprefix("(").removesuffix(")"))


def question_of(text: str, type: Type) -> str:
    """What is asked, without how it is to be typed: its field shows that."""
    hint = answer_hint(type)
    return text.removesuffix(f" ({hint})") if hint and has_field(type) else text


def _as_buttons(options: tuple[str, ...]) -> bool:
    return len(options) <= MOST_BUTTONS and all(len(each) <= LONGEST_BUTTON for each in options)


def _say(live: Live, asked: Asked, words: str, text: str, *, primary: bool = False) -> None:
    key = f"say-{live.id}-{asked.number}-{text}"
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(words, key=key, type=kind, on_click=_tell, args=(live, asked, text))


def _tell(live: Live, asked: Asked, text: str) -> None:
    """Hand an answer over, so that it has been taken when the page looks again."""
    works().say(live, asked.number, text)
    works().settle()


def _field(live: Live, asked: Asked, type: Type) -> None:
    """A field by the type of the answer, which is handed over when the button is pressed."""
    fault = ""
    with st.form(f"form-{live.id}-{asked.number}", border=False):
        key, value = f"field-{live.id}-{asked.number}", None
        try:
            if type in (INT, NUMBER):
                with st.container(width=260):
                    value = value_box("Your answer", type, None, key)
            elif type == TEXT:
                value = st.text_area("Your answer", key=key, height=90)
            else:
                value = value_box("Your answer", type, None, key)
        except InputError as error:
            fault = str(error)
        pressed = st.form_submit_button("Answer", type="primary")
    keep_typed(f"asked-{live.id}-{asked.number}", f"asked-{live.id}-{asked.number}")
    missing = "" if type != TEXT or str(value).strip() else "Type an answer first."
    if pressed and not (fault or missing):
        st.session_state.pop(f"{key}-wrong", None)
        _tell(live, asked, written(value, type))
        st.rerun()
    if pressed:  # the page looks again soon, and what is wrong is still to be seen then
        st.session_state[f"{key}-wrong"] = sentence(fault or missing)
    if wrong := st.session_state.get(f"{key}-wrong"):
        st.error(escaped(wrong), icon=":material/error:")
