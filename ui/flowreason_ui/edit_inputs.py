"""The form for the inputs of the flow in the editor: a field for each parameter, by its type.

Invariant: what was typed outlives a moment in which the flow has mistakes; what does not fit is told at its field, in
words; a field has a plain name for screen readers, with its label beside it; one that is left empty takes the
parameter's default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.errors import FlowreasonError, InputError
from flowreason.graph.ops import Input
from flowreason.values import plain, show
from flowreason_dsl.types import BOOL, GRAPH, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record, Type
from flowreason_ui.escape import escaped, one_line
from flowreason_ui.forms import KINDS, read_file, untyped

_WANTED = {"text": "text", "int": "a whole number", "number": "a number", "bool": "yes or no (true or false)"}
LONG = 4_000
"""Characters of a default that are shown in its field."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What the fields hold. `missing` and `wrong` are names; `wrong` with what is wrong."""

    values: Mapping[str, Any]
    missing: tuple[str, ...]
    wrong: Mapping[str, str]

    @property
    def ready(self) -> bool:
        return not self.missing and not self.wrong


def words_of(type: Type) -> str:
    """A type as people are told of it."""
    if type == TEXT:
        return "text"
    if type == INT:
        return "a whole number"
    if type == NUMBER:
        return "a number"
    if type == BOOL:
        return "yes or no"
    if type == GRAPH:
        return "a graph: nodes and edges, as JSON"
    match type:
        case Choice():
            return "one of these"
        case ListOf(item=Record()):
            return "a table: as JSON, or a CSV or JSONL file"
        case ListOf(item=item):
            return f"a list of {_plural(item)}, as JSON or a file"
        case Record():
            return "a record, as JSON"
    return "any value, as JSON" if str(type) == "any" else f"{type}, as JSON"


def _plural(type: Type) -> str:
    known = {"text": "texts", "int": "whole numbers", "number": "numbers", "bool": "true or false"}
    return known.get(str(type), str(type))


def chosen(parameters: tuple[Input, ...], key: str) -> dict[str, Any]:
    """What was chosen in those fields in which nothing is typed, by name."""
    found = {}
    for each in parameters:
        option = st.session_state.get(_key(each, key)) if _is_choice(each) else None
        if option is not None and option != each.default:
            found[each.name] = option
    return found


def follow(before: tuple[Input, ...], now: tuple[Input, ...], key: str) -> None:
    """Where one parameter got another name, what was typed for it goes with it."""
    typed: MutableMapping[str, Any] = st.session_state.get(f"{key}-typed", {})
    pair = renamed(before, now)
    if pair is not None and (value := typed.get(_stored(pair[0]))):
        typed.setdefault(_stored(pair[1]), value)


def renamed(before: tuple[Input, ...], now: tuple[Input, ...]) -> tuple[Input, Input] | None:
    """The one parameter that has another name now, in the same place and of the same type."""
    if len(before) != len(now):
        return None
    others = [(old, new) for old, new in zip(before, now, strict=True) if old.name != new.name]
    if len(others) != 1 or others[0][0].type != others[0][1].type:
        return None
    return others[0]


def fields(
    parameters: tuple[Input, ...],
    start: Mapping[str, Any],
    key: str,
    *,
    pressed: bool,
    before: Mapping[str, str | bool] | None = None,
) -> Filled:
    """The fields, and what they hold. `start` are values to begin with, `before` what stood in the fields before a
    reload; `pressed`: what is missing is told as well."""
    typed: MutableMapping[str, Any] = st.session_state.setdefault(f"{key}-typed", {})
    for each in parameters:
        if _stored(each) not in typed:
            typed[_stored(each)] = _beginning(each, typed, start, before or {})
    values: dict[str, Any] = {}
    missing: list[str] = []
    wrong: dict[str, str] = {}
    for each in parameters:
        with st.container(key=f"{key}-field-{each.name}", gap="xsmall"):
            try:
                given = _field(each, typed, _key(each, key))
            except FlowreasonError as error:
                wrong[each.name] = str(error)
                _complain(str(error))
                continue
            if given is not None:
                values[each.name] = given
            elif each.required:
                missing.append(each.name)
                if pressed:
                    _complain("This is needed.")
    return Filled(values, tuple(missing), wrong)


def _key(each: Input, key: str) -> str:
    return f"{key}-{each.name}-{each.type}"


def _stored(each: Input) -> str:
    return f"{each.name}: {each.type}"


def _is_choice(each: Input) -> bool:
    return each.type == BOOL or isinstance(each.type, Choice)


def _beginning(each: Input, typed: Mapping[str, Any], start: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
    """What a field begins with: what stood there before a reload, or while the parameter was of another type."""
    if each.name in before:
        return before[each.name]
    earlier = [value for stored, value in typed.items() if stored.startswith(f"{each.name}: ") and value]
    if earlier and isinstance(earlier[-1], str):
        return earlier[-1]
    return _as_typed(start[each.name], each.type) if each.name in start else None


def _complain(text: str) -> None:
    """Say what is wrong, right at a field."""
    st.markdown(f":red[:material/error: :small[{escaped(one_line(text, 400))}]]")


_PLACE = re.compile(r"answer((?:\[\d+\]|\.[^.\[\]:]+)*): ")
_STEP = re.compile(r"\[(\d+)\]|\.([^.\[\]:]+)")
_EXPECTED = re.compile(r"expected (.+?), got (.+)", re.DOTALL)


def misfit_told(reason: str) -> str:
    """What does not fit, as people are told at the field: where in it, what belongs there, and what stands there."""
    found = _PLACE.match(reason)
    said = reason[found.end() :] if found else reason
    steps = [f"item {int(n) + 1}" if n else f"the field {name}" for n, name in _STEP.findall(found[1])] if found else []
    about = ", ".join(steps) or "this"
    about = about[:1].upper() + about[1:]
    if (pair := _EXPECTED.fullmatch(said)) is not None:
        wanted = _WANTED.get(pair[1]) or (pair[1] if pair[1].startswith(("one of", "a ", "an ")) else _kind(pair[1]))
        return f"{about} must be {wanted}, and is {pair[2].removeprefix('text ')}."
    return f"{about}: {said}." if steps else f"{said[:1].upper()}{said[1:]}."


def _kind(type: str) -> str:
    """A type that is written as the language writes it, in a word."""
    if type.startswith("list["):
        return "a list of records, such as [{…}, {…}]" if "{" in type else "a list, such as [1, 2]"
    if type.startswith(("{", "dict[")):
        return 'a record, such as {"name": "Ada"}'
    return "one of " + type.replace(" | ", ", ") if "|" in type else type


def _field(each: Input, typed: MutableMapping[str, Any], key: str) -> Any:
    """One field; gives its value, None where it is empty. Raises `FlowreasonError` for what does not fit."""
    stored = _stored(each)
    before = typed.get(stored)
    file = _named(each, key, with_file=not _is_choice(each) and each.type not in (INT, NUMBER))
    if _is_choice(each):
        typed[stored] = _chosen(each, before, key)
        return typed[stored]
    text = _written(each, str(before or ""), key)
    if file is not None:
        st.caption(escaped(f"Taken from {file[0]}, not from the field."))
    typed[stored] = text
    if file is not None:
        value = _from_file(each, *file)
    else:
        value = _value(text, each.type) if text.strip() else None
    if each.type == TEXT and value is None and each.required and key in st.session_state and text:
        return text
    return value


def _value(text: str, type: Type) -> Any:
    """A typed text as a value of a type. Raises `InputError`."""
    if type in (TEXT, GRAPH):
        return text
    try:
        return convert(untyped(text), type)
    except Misfit as misfit:
        broken = _broken_json(text) if isinstance(type, ListOf | Record | DictOf) else ""
        raise InputError(broken or misfit_told(misfit.reason)) from None


def _broken_json(text: str) -> str:
    """Where a text that was meant as JSON is none; empty where it is JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"This is not JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}."
    except (ValueError, RecursionError):
        return "This cannot be read as JSON."
    return ""


def _chosen(each: Input, before: Any, key: str) -> Any:
    options: tuple[Any, ...] = (True, False) if each.type == BOOL else getattr(each.type, "options", ())
    chosen = before if before in options else each.default if not each.required else None
    at = options.index(chosen) if chosen in options else None

    def shown(option: Any) -> str:
        return ("yes" if option else "no") if isinstance(option, bool) else str(option)

    if len(options) <= 3 and each.type == BOOL:
        return st.radio(
            each.name, options, label_visibility="collapsed", index=at, key=key, horizontal=True, format_func=shown
        )
    return st.selectbox(
        each.name, options, label_visibility="collapsed", index=at, key=key, placeholder="choose one", format_func=shown
    )


def _named(each: Input, key: str, *, with_file: bool) -> tuple[str, bytes] | None:
    """The name of a field and what belongs in it; a file to take it from beside that, where one makes sense."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f":small[**{escaped(each.name)}** · {escaped(words_of(each.type))}]", width="content")
        if not with_file:
            return None
        with st.popover("From a file", icon=":material/upload_file:", key=f"{key}-more", type="tertiary"):
            file = st.file_uploader("A file", KINDS, key=f"{key}-file", help="Text, JSON, or a table as CSV or JSONL.")
    return None if file is None else (file.name, file.getvalue())


def _written(each: Input, before: str, key: str) -> str:
    """What stands in a field for text."""
    hint = left_empty(each)
    if each.type in (INT, NUMBER):
        return st.text_input(each.name, before, key=key, placeholder=hint, width=260, label_visibility="collapsed")
    return st.text_area(each.name, before, key=key, placeholder=hint, height=110 if each.type == TEXT else 130,
                        label_visibility="collapsed")  # fmt: skip


def left_empty(each: Input, most: int = LONG) -> str:
    """What an empty field means, in at most so many characters; nothing where it must not be empty."""
    if each.data:
        return f"left empty: what {each.data} holds"
    if each.required:
        return ""
    default = str(_as_typed(each.default, each.type))
    return f"left empty: {default[:LONG] if most >= LONG else one_line(default, most)}" if default else "may stay empty"


def _as_typed(value: Any, type: Type) -> Any:
    """A value as somebody would type it."""
    if type == BOOL or isinstance(type, Choice):
        return value
    if type in (TEXT, INT, NUMBER):
        return show(value)
    return json.dumps(plain(value), ensure_ascii=False, indent=1)


def _from_file(each: Input, name: str, raw: bytes) -> Any:
    if each.type == TEXT:
        found = read_file("text.txt", raw)
        return found
    try:
        return convert(read_file(name, raw), each.type)
    except Misfit as misfit:
        raise InputError(f"What {name} holds does not fit. {misfit_told(misfit.reason)}") from None
