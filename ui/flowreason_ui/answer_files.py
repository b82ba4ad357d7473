"""An answer as a table to look at, and as a file to take away. Pure functions of the value."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from flowreason.spreadsheets import as_text
from flowreason.values import plain, show
from flowreason_ui.saving import file_name


def answer_file(value: Any, title: str) -> tuple[bytes, str, str]:
    """An answer as a file: its content, its name, its kind. A table is a table, a text a text, anything else JSON."""
    table = table_of(value)
    if table is not None and not isinstance(value, Mapping):
        text = StringIO(newline="")
        writer = csv.DictWriter(text, list(table[0]))
        writer.writerow({name: as_text(name) for name in table[0]})
        writer.writerows({name: as_text(cell) for name, cell in row.items()} for row in table)
        return text.getvalue().encode(), file_name(title, "csv"), "text/csv"
    if isinstance(value, Mapping | list | tuple | set):
        whole = json.dumps(plain(value), ensure_ascii=False, indent=2)
        return whole.encode(), file_name(title, "json"), "application/json"
    return show(value).encode(), file_name(title, "txt"), "text/plain"


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
