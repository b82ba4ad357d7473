"""A field for a value, fit to its type: words, numbers, one of several, lists and tables, records field by field.

Invariant: what a field gives fits its type, or an `InputError` says at which place it does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import streamlit as st

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.errors import InputError
from flowreason.graph.ops import Input
from flowreason.values import plain, show
from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Choice, ListOf, Record, Type
from flowreason_ui.edit_inputs import left_empty
from flowreason_ui.escape import escaped
from flowreason_ui.forms import in_words, typed_value, wanted

EXACT: Final = 2**53 - 1
"""The largest whole number that a browser holds exactly."""
MOST_ROWS = 500
"""Rows of a list from which it is edited as text."""
MOST_FIELDS = 12
SHORT = 200
"""Characters of a text that stands on one line."""
AT_LABEL = 60
"""Characters of a default that are told beside the name of its field."""
FEW = 5
"""Options that are all shown at once."""
Row: TypeAlias = dict[str, Any]


def value_box(label: str, type: Type, value: Any, key: str) -> Any:
    """A field for a value of a type; gives the value. Raises `InputError` for one that does not fit."""
    shown = escaped(label)
    if type == BOOL or isinstance(type, Choice):
        return _chosen(label, type, value, key)
    if type == TEXT:
        return st.text_area(shown, "" if value is None else show(value), key=key, height=160)
    if type in (INT, NUMBER) and _holds_exactly(value):
        return _fitting(label, _number(shown, type, value, key), type)
    if type in (INT, NUMBER):
        return typed_value(label, st.text_input(shown, show(value), key=key), type)
    if isinstance(type, ListOf) and _is_simple(type.item) and _fits_lines(value):
        told = f"{label} · {wanted(type)}, one a line"
        lines = "\n".join(show(each) for each in plain(value or ()))
        return from_lines(label, st.text_area(escaped(told), lines, key=key, height=120), type)
    columns = columns_of(type)
    if columns is not None and (value is None or (isinstance(value, list | tuple) and len(value) <= MOST_ROWS)):
        return _table(label, type, columns, value, key)
    if isinstance(type, Record) and 0 < len(type.fields) <= MOST_FIELDS:
        return _record(label, type, value, key)
    start = "" if value is None else json.dumps(plain(value), ensure_ascii=False, indent=1)
    return typed_value(label, st.text_area(shown, start, key=key, height=220, help="As JSON."), type)


def _chosen(label: str, type: Type, value: Any, key: str) -> Any:
    options: Sequence[Any] = type.options if isinstance(type, Choice) else (True, False)
    at = options.index(value) if isinstance(value, str | bool) and value in options else None
    if len(options) <= FEW:
        found = st.radio(
            escaped(label), options, index=at, key=key, horizontal=True, format_func=lambda each: escaped(show(each))
        )
    else:
        found = st.selectbox(escaped(label), options, index=at, key=key)
    if found is None:
        raise InputError(f"choose one for {label}")
    return found


def _holds_exactly(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and abs(value) <= EXACT)


def _number(shown: str, type: Type, value: Any, key: str) -> int | float | None:
    if type == INT:
        return st.number_input(
            shown, value=None if value is None else int(value), step=1, key=key, placeholder="a whole number"
        )
    return st.number_input(
        shown, value=None if value is None else float(value), step=1.0, format="%.15g", key=key, placeholder="a number"
    )


def _fitting(label: str, value: Any, type: Type) -> Any:
    """A value in its type. Raises `InputError` that names the field."""
    try:
        return convert(value, type)
    except Misfit as misfit:
        told = "and it is empty" if value is None else in_words(misfit.reason)
        raise InputError(f"{label} must be {wanted(type)}, {told}") from None


# --- lists and records ---


def _fits_lines(value: Any) -> bool:
    """Whether a list comes back as it was when it is written one item a line."""
    if value is None:
        return True
    if not isinstance(value, list | tuple) or len(value) > MOST_ROWS:
        return False
    return all(
        not isinstance(each, str) or (each.strip() == each != "" and len(each.splitlines()) == 1) for each in value
    )


def from_lines(label: str, text: str, type: ListOf) -> list[Any]:
    """The items of a list that was written one a line. Raises `InputError` that names the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.append(typed_value(f"{label}, line {number},", line.strip(), type.item))
    return found


def columns_of(type: Type) -> Mapping[str, Type] | None:
    """The columns in which a list of records is edited; None for what is no list of records of simple values."""
    if not isinstance(type, ListOf) or not isinstance(type.item, Record):
        return None
    return (
        dict(type.item.fields) if type.item.fields and all(_is_simple(each) for _, each in type.item.fields) else None
    )


def _is_simple(type: Type) -> bool:
    return type in (TEXT, INT, NUMBER, BOOL) or isinstance(type, Choice)


def _table(label: str, type: Type, columns: Mapping[str, Type], value: Any, key: str) -> list[Row]:
    start: list[Row] = [dict(each) for each in plain(value or [])] or [dict.fromkeys(columns)]
    st.caption(f"{escaped(label)} · {escaped(wanted(type))}. The last row adds another.")
    edited = st.data_editor(
        start, num_rows="dynamic", key=key, width="stretch", hide_index=True,
        column_config={name: _column(name, each) for name, each in columns.items()},
    )  # fmt: skip
    return filled_rows(label, edited, columns)


def _column(name: str, type: Type) -> Any:
    config = st.column_config
    if type in (INT, NUMBER):
        return config.NumberColumn(name, step=1 if type == INT else None)
    if type == BOOL:
        return config.CheckboxColumn(name)
    return config.SelectboxColumn(name, options=type.options) if isinstance(type, Choice) else config.TextColumn(name)


def filled_rows(label: str, edited: Sequence[Row], columns: Mapping[str, Type]) -> list[Row]:
    """The rows of a table in their types, without those that are empty. Raises `InputError` that names the cell."""
    found: list[Row] = []
    for number, row in enumerate(edited, 1):
        cells = {name: _cell(row.get(name), type) for name, type in columns.items()}
        if all(each in (None, "") for each in cells.values()):
            continue
        for name, type in columns.items():
            value = "" if cells[name] is None and type == TEXT else cells[name]
            cells[name] = _fitting(f"{label}, row {number}, {name}", value, type)
        found.append(cells)
    return found


def _cell(value: Any, type: Type) -> Any:
    """A cell as it is edited: what is not there may come as a number that is none."""
    if isinstance(value, float) and value != value:
        return None
    return int(value) if type == INT and isinstance(value, float) and value.is_integer() else value


def _record(label: str, type: Record, value: Any, key: str) -> Row:
    known = value if isinstance(value, Mapping) else {}
    st.caption(escaped(label))
    with st.container(border=True, gap="small"):
        return {name: _part(name, each, known.get(name), f"{key}-{name}") for name, each in type.fields}


def _part(name: str, type: Type, value: Any, key: str) -> Any:
    """A field of a record: a short text on one line."""
    if type == TEXT and (value is None or (len(show(value)) <= SHORT and "\n" not in show(value))):
        return st.text_input(escaped(name), "" if value is None else show(value), key=key)
    return value_box(name, type, value, key)


def has_field(type: Type) -> bool:
    """Whether a value is entered in fields that show what they take, and not as JSON."""
    if isinstance(type, Record):
        return 0 < len(type.fields) <= MOST_FIELDS and all(has_field(each) for _, each in type.fields)
    return _is_simple(type) or columns_of(type) is not None or (isinstance(type, ListOf) and _is_simple(type.item))


# --- the inputs of a flow ---


def parameters_box(parameters: tuple[Input, ...], known: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Fields for the inputs of a flow; gives those that are there. Raises `UsageError` for the first that does not fit,
    once all have their fields: what is typed in a field that is not made is forgotten."""
    found: dict[str, Any] = {}
    wrong: list[InputError] = []
    for each in parameters:
        chosen = each.type == BOOL or isinstance(each.type, Choice)  # the default is chosen at first
        empty = "" if chosen else left_empty(each, AT_LABEL)
        told = f"{each.name} ({wanted(each.type)}{empty and f'; {empty}'})"
        try:
            start = known.get(each.name, each.default if chosen else None)
            value = value_box(told, each.type, start, f"{key}-{each.name}")
        except InputError as error:
            typed = st.session_state.get(f"{key}-{each.name}")
            if each.required or (typed is not None and str(typed).strip()):
                wrong.append(error)
            continue
        is_default = chosen and each.name not in known and value == each.default
        if each.required or (value not in ("", None, []) and not is_default):
            found[each.name] = value
    if wrong:
        raise wrong[0]
    return found
