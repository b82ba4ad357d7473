"""What a person types in: inputs by name, limits, values by type.

Invariant: what is wrong is a `UsageError` in words, before anything is asked; nothing that is typed names a file of
this machine, but for the one field that says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

import flowreason as fr
from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.errors import InputError, UsageError
from flowreason.graph.ops import Input
from flowreason.rows import is_rows, rows
from flowreason.values import plain, show
from flowreason_dsl.types import BOOL, GRAPH, INT, NUMBER, TEXT, Choice, Type
from flowreason_ui.escape import escaped
from flowreason_ui.preferences import default_limits

KINDS = ("txt", "md", "json", "jsonl", "ndjson", "csv", "tsv")
"""Endings of the files that can be given as inputs."""


# --- files and values ---


def read_file(name: str, raw: bytes) -> Any:
    """What an uploaded file holds: the rows of a table, the value of a JSON file, else its text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text (at byte {error.start:,}); save it as UTF-8") from None
    path = Path(name)
    try:
        if is_rows(path):
            return rows(text, path)
        return json.loads(text) if path.suffix.lower() == ".json" else text
    except (json.JSONDecodeError, RecursionError):
        raise InputError(f"{name} does not hold JSON; rename it to .txt to use it as text") from None


def untyped(text: str) -> Any:
    """A value as typed: numbers, lists and records as JSON has them, everything else as text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if value is None or isinstance(value, str) else value


def name_from(file: str) -> str:
    """A name for what a file holds: `my data.csv` is `my_data`."""
    word = "".join(c if c.isalnum() else "_" for c in Path(file).stem).strip("_").lower()
    return word if word.isidentifier() else f"input_{word}".rstrip("_")


# --- inputs by name ---


def inputs_box(key: str) -> Mapping[str, Any]:
    """Inputs of a question: names with values, and files. Raises `UsageError` for those that cannot be."""
    numbers: list[int] = st.session_state.setdefault(f"{key}-rows", [])
    found: dict[str, Any] = {}
    for number in numbers:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Name", key=f"{key}-name-{number}", width=180, placeholder="letter")
            value = st.text_area("Value", key=f"{key}-value-{number}", height=68, placeholder="text, a number, JSON")
            if st.button("", key=f"{key}-remove-{number}", icon=":material/close:", help="Remove this input"):
                numbers.remove(number)
                st.rerun()
        if name or value:
            _give(found, name.strip(), untyped(value))
    if st.button("Add an input", key=f"{key}-add", icon=":material/add:"):
        numbers.append(max(numbers, default=0) + 1)
        st.rerun()
    files = st.file_uploader(
        "Files",
        KINDS,
        accept_multiple_files=True,
        key=f"{key}-files",
        help="Each becomes an input that is named after it: text, tables (CSV, JSONL) and JSON.",
    )
    for file in files or ():
        _give(found, name_from(file.name), read_file(file.name, file.getvalue()))
    if files:
        st.caption("Given as: " + ", ".join(escaped(name_from(file.name)) for file in files))
    return found


def _give(found: dict[str, Any], name: str, value: Any) -> None:
    if not name.isidentifier():
        raise InputError(f"an input's name must be a word such as `letter`, and this is {name!r}")
    if name in found:
        raise InputError(f"two inputs are called {name}; give one of them another name")
    found[name] = value


# --- limits ---


def limits_box(key: str, base: fr.Limits | None = None, *, over_all: bool = False) -> fr.Limits:
    """What a run may use at most; an empty field is no limit."""
    start = base or (fr.Limits() if over_all else default_limits())
    one, two, three, four = st.columns(4)
    calls = one.number_input(
        "Calls",
        0,
        value=None if over_all else start.calls,
        step=10,
        key=f"{key}-calls",
        placeholder="no limit",
        help="Calls to the model.",
    )
    tokens = two.number_input(
        "Tokens",
        0,
        value=start.tokens,
        step=10_000,
        key=f"{key}-tokens",
        placeholder="no limit",
        help="Tokens in and out.",
    )
    money = three.number_input(
        "Money, in $",
        0.0,
        value=start.money,
        step=0.1,
        format="%.4g",
        key=f"{key}-money",
        placeholder="no limit",
        help="US dollars, where the price of the model is known.",
    )
    seconds = four.number_input(
        "Seconds",
        0.0,
        value=start.seconds,
        step=30.0,
        format="%.4g",
        key=f"{key}-seconds",
        placeholder="no limit",
        help="Time on the wall.",
    )
    return fr.Limits(calls, tokens, money, seconds, start.depth, start.rounds)


# --- values by type ---


def value_box(label: str, type: Type, value: Any, key: str) -> Any:
    """A field for a value of a type; gives the value. Raises `InputError` for one that does not fit."""
    shown = escaped(label)
    if type == BOOL:
        return st.radio(
            shown,
            (True, False),
            index=0 if value is True else 1,
            key=key,
            horizontal=True,
            format_func=lambda each: "yes" if each else "no",
        )
    if isinstance(type, Choice):
        at = type.options.index(value) if value in type.options else 0
        return st.selectbox(shown, type.options, index=at, key=key)
    if type == TEXT:
        return st.text_area(shown, "" if value is None else show(value), key=key, height=160)
    if type in (INT, NUMBER):
        typed = st.text_input(shown, "" if value is None else show(value), key=key)
    else:
        start = "" if value is None else json.dumps(plain(value), ensure_ascii=False, indent=1)
        typed = st.text_area(shown, start, key=key, height=220, help="As JSON.")
    return typed_value(label, typed, type)


def typed_value(label: str, text: str, type: Type) -> Any:
    """A typed text as a value of a type. Raises `InputError`."""
    if type in (TEXT, GRAPH):
        return text
    try:
        return convert(untyped(text) if text.strip() else None, type)
    except Misfit as misfit:
        raise InputError(f"{label} must be {type}: {misfit.reason}") from None


def parameters_box(parameters: tuple[Input, ...], known: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Fields for the inputs of a flow; gives those that are there. Raises `UsageError` for one that does not fit."""
    found = {}
    for each in parameters:
        optional = "" if each.required else " (may stay empty)"
        try:
            value = value_box(
                f"{each.name}: {each.type}{optional}", each.type, known.get(each.name), f"{key}-{each.name}"
            )
        except InputError:
            if each.required or str(st.session_state.get(f"{key}-{each.name}", "")).strip():
                raise
            continue
        if each.required or value not in ("", None):
            found[each.name] = value
    return found


def tools_box(key: str, why: str = "") -> str:
    """The path of a Python file with tools, as the user types it."""
    return st.text_input(
        "Tools: a Python file on this machine",
        key=key,
        placeholder="tools.py",
        help="The functions in it that are marked with @tool may be called by the flow. The file is your own program: "
        "it runs with your rights." + why,
    ).strip()


def usage_error(error: Exception) -> str:
    """A `UsageError`'s text as it is shown."""
    return str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
