"""What a person types in: inputs by name, limits, values by type.

Invariant: what is wrong is a `UsageError` in words, before anything is asked; nothing that is typed names a file of
this machine, but for the one field that says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import streamlit as st

import flowreason as fr
from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.errors import InputError
from flowreason.rows import is_rows, rows
from flowreason.values import show
from flowreason_dsl.types import GRAPH, TEXT, Choice, DictOf, ListOf, Record, Type
from flowreason_ui.escape import escaped, label, one_line
from flowreason_ui.preferences import default_limits
from flowreason_ui.telling import sentence

KINDS = ("txt", "md", "json", "jsonl", "ndjson", "csv", "tsv")
"""Endings of the files that can be given as inputs."""
PREVIEWED = 5
"""Rows of a table that are shown of a file."""
MOST_PREVIEWED = 800
"""Characters of a text that are."""


# --- files and values ---


def read_file(name: str, raw: bytes) -> Any:
    """What an uploaded file holds: the rows of a table, the value of a JSON file, else its text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name} is not UTF-8 text (line {line:,}); save it as UTF-8") from None
    path = Path(name)
    try:
        if is_rows(path):
            return rows(text, path)
        return json.loads(text) if path.suffix.lower() == ".json" else text
    except json.JSONDecodeError as error:
        place = f"line {error.lineno:,}, column {error.colno:,}"
        raise InputError(f"{name} does not hold JSON ({place}); rename it to .txt to use it as text") from None
    except RecursionError:
        raise InputError(f"{name} is nested too deep; rename it to .txt to use it as text") from None


def untyped(text: str) -> Any:
    """A value as typed: numbers, lists and records as JSON has them, everything else as text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if value is None or isinstance(value, str) else value


def name_from(file: str) -> str:
    """A name for what a file holds: `my data.csv` is `my_data`."""
    return as_name(Path(file).stem)


def as_name(words: str) -> str:
    """Words as the name of an input: `my guests` is `my_guests`."""
    word = "".join(c if c.isalnum() else "_" for c in words).strip("_").lower()
    return word if word.isidentifier() else f"input_{word}".rstrip("_")


# --- inputs by name ---


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs of a question, and what is wrong with those that are none."""

    values: Mapping[str, Any]
    faults: tuple[str, ...] = ()


class _Taking:
    """Takes inputs one after the other, and says at its place what is wrong with one."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.faults: list[str] = []

    def take(self, name: str, value: Callable[[], Any]) -> bool:
        """Whether an input could be taken."""
        try:
            _check_name(name, self.values)
            self.values[name] = value()
        except InputError as error:
            self.faults.append(str(error))
            st.error(escaped(sentence(str(error))), icon=":material/error:")
            return False
        return True


def inputs_box(key: str) -> Given:
    """Inputs of a question: names with values, and files. What is wrong with one is told where it stands."""
    taking = _Taking()
    numbers: list[int] = st.session_state.setdefault(f"{key}-rows", [])
    for number in numbers:
        _typed_input(taking, numbers, number, key)
    if st.button("Add an input", key=f"{key}-add", icon=":material/add:"):
        numbers.append(max(numbers, default=0) + 1)
        st.rerun()
    files = st.file_uploader(
        "Files", KINDS, accept_multiple_files=True, key=f"{key}-files",
        help="Texts, tables (CSV, TSV, JSONL) and JSON, of at most 64 MB each. A file becomes an input with its name.",
    )  # fmt: skip
    for number, file in enumerate(files or ()):
        raw, name = file.getvalue(), name_from(file.name)
        if taking.take(name, partial(read_file, file.name, raw)):
            _preview(file.name, name, taking.values[name], f"{key}-preview-{number}")
    return Given(taking.values, tuple(taking.faults))


def _typed_input(taking: _Taking, numbers: list[int], number: int, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="top", key=f"{key}-input-{number}"):
        name = st.text_input("Name", key=f"{key}-name-{number}", width=180, placeholder="letter")
        value = st.text_area("Value", key=f"{key}-value-{number}", height=172, placeholder="a text, a number, or JSON")
        if st.button("", key=f"{key}-remove-{number}", icon=":material/close:", help="Remove this input"):
            numbers.remove(number)
            st.rerun()
    if not name.strip() and not value:
        return
    word = name.strip() if name.strip().isidentifier() else as_name(name) if name.strip() else ""
    if taking.take(word, lambda: untyped(value)) and word != name.strip():
        st.caption(escaped(f"It is called {word} in the flow."))


def _check_name(name: str, known: Mapping[str, Any]) -> None:
    if not name:
        raise InputError("Give the input a name.")
    if not name.isidentifier():
        raise InputError(f"an input's name must be a word such as `letter`, and this is {name!r}")
    if name in known:
        raise InputError(f"two inputs are called {name}; give one of them another name")


def _preview(file: str, name: str, value: Any, key: str) -> None:
    """What was read of a file, folded."""
    with st.expander(f"{label(file, 60)} · {escaped(described(value))} · given as {escaped(name)}", key=key):
        if _is_table(value):
            st.dataframe([{k: show(v) for k, v in row.items()} for row in value[:PREVIEWED]], hide_index=True)
        else:
            text = value if isinstance(value, str) else show(value)
            st.code(
                text[:MOST_PREVIEWED] + (" …" if len(text) > MOST_PREVIEWED else ""), language=None, wrap_lines=True
            )


def described(value: Any) -> str:
    """What was read, in a few words: `a table of 3 rows: river, km`."""
    if _is_table(value):
        names = list(dict.fromkeys(str(name) for row in value for name in row))
        columns = one_line(", ".join(names), 80)
        return f"a table of {len(value):,} row{'' if len(value) == 1 else 's'}: {columns}"
    if isinstance(value, str):
        lines = value.count("\n") + 1
        return "an empty text" if not value else f"a text of {lines:,} line{'' if lines == 1 else 's'}"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    return f"a record of {len(value):,}" if isinstance(value, dict) else "a value"


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


# --- limits ---

_LIMITS: Final[tuple[tuple[str, str, int | float, str], ...]] = (
    ("calls", "Calls, at most", 10, "Calls to the model, those that write the flow included."),
    ("tokens", "Tokens, at most", 10_000, "What is sent and what comes back, together."),
    ("money", "Dollars, at most", 0.1, "US dollars, where the price of the model is known."),
    ("seconds", "Seconds, at most", 30.0, "From the start to the end, waiting included."),
)


def limits_box(key: str, base: fr.Limits | None = None, *, over_all: bool = False, across: int = 4) -> fr.Limits:
    """What a run may use at most; an empty field is no limit. `across`: so many fields beside one another."""
    start = base or (fr.Limits() if over_all else default_limits())
    found: dict[str, Any] = {}
    columns = [column for _ in range(0, len(_LIMITS), across) for column in st.columns(across)]
    for column, (name, words, step, told) in zip(columns, _LIMITS, strict=True):
        before = None if over_all and name == "calls" else getattr(start, name)
        options: dict[str, Any] = {"format": "%.10g"} if isinstance(step, float) else {}
        found[name] = column.number_input(
            words, value=None if before is None else type(step)(before), min_value=0 * step, step=step,
            key=f"{key}-{name}", placeholder="no limit", help=told, **options,
        )  # fmt: skip
    return replace(start, **found)


# --- values by type ---


def wanted(type: Type) -> str:
    """What a value of a type must be, in words."""
    if isinstance(type, Choice):
        return f"one of {', '.join(type.options)}"
    if isinstance(type, ListOf):
        several = {"text": "texts", "int": "whole numbers", "number": "numbers", "bool": "true or false"}
        return f"a list of {several.get(str(type.item), 'records' if isinstance(type.item, Record) else 'values')}"
    if isinstance(type, Record):
        return f"a record of {', '.join(name for name, _ in type.fields)}"
    return _WANTED.get(str(type), "a record of names and values" if isinstance(type, DictOf) else "any value")


_WANTED = {
    "text": "text", "int": "a whole number", "number": "a number", "bool": "true or false",
    "graph": "a graph of nodes and edges",
}  # fmt: skip


def in_words(reason: str) -> str:
    """Why a value does not fit, without the words of the language for types."""

    def told(found: re.Match[str]) -> str:
        written = found[1]
        known = "a list" if written.startswith("list") else "a record" if written[0] == "{" else "a record of values"
        return f"expected {_WANTED.get(written, known if written[-1] in ']}' else written)}, got"

    return re.sub(r"expected (.+?), got", told, reason.removeprefix("answer: "))


def typed_value(label: str, text: str, type: Type) -> Any:
    """A typed text as a value of a type. Raises `InputError`."""
    if type in (TEXT, GRAPH):
        return text
    try:
        return convert(untyped(text) if text.strip() else None, type)
    except Misfit as misfit:
        raise InputError(f"{label} must be {wanted(type)}: {in_words(misfit.reason)}") from None


def tools_box(key: str, why: str = "") -> str:
    """The path of a Python file with tools, as the user types it."""
    return st.text_input(
        "Tools: a Python file on this machine",
        key=key,
        placeholder="tools.py",
        help="The functions in it that are marked with @tool may be called by the flow. The file is your own program: "
        "it runs with your rights." + why,
    ).strip()
