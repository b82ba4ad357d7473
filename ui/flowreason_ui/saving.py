"""A run, its answer and its flow as files to take away: made when they are asked for."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import streamlit as st

import flowreason as fr
from flowreason.values import plain, show
from flowreason.view import draw, draw_run
from flowreason_ui.live import Live
from flowreason_ui.works import works


def file_name(title: str, ending: str) -> str:
    """A name for a file, from the first words of a title: `how_many_years_lie.flow`."""
    words = re.findall(r"[A-Za-z0-9]+", title)[:6]
    return f"{'_'.join(words).lower()[:60] or 'flow'}.{ending}"


def exported(run: str) -> bytes:
    """A kept run as one file, for somebody else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        fr.export_run(run, path, store=works().store)
        return path.read_bytes()


def imported(name: str, raw: bytes) -> str:
    """Take in a run that was exported; gives its id. Raises `UsageError`, which names the file as the user knows it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        path.write_bytes(raw)
        try:
            return fr.import_run(path, store=works().store)
        except fr.UsageError as error:
            raise fr.UsageError(str(error).replace(str(path), name)) from None


def answer_file(value: Any, title: str) -> tuple[bytes, str, str]:
    """An answer as a file: its content, its name, its kind. A table is a table, a text a text, anything else JSON."""
    table = table_of(value)
    if table is not None and not isinstance(value, Mapping):
        text = StringIO(newline="")
        writer = csv.DictWriter(text, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
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


def save_menu(live: Live, key: str) -> None:
    """What can be saved of a run."""
    graph = live.graph
    if graph is None:
        return
    events, title = list(live.events), live.title
    with st.popover("Save", icon=":material/download:", key=f"{key}-save"):
        _file("Flow, as text", live.text, file_name(title, "flow"), "text/plain", f"{key}-flow")
        _file("Picture of the run (SVG)", lambda: _bytes(draw_run(graph, events, "svg")), file_name(title, "svg"),
              "image/svg+xml", f"{key}-svg")  # fmt: skip
        if shutil.which("dot"):
            _file("Picture of the flow (PNG)", lambda: _bytes(draw(graph, "png")), file_name(title, "png"),
                  "image/png", f"{key}-png")  # fmt: skip
        _file(
            "Picture as text (Mermaid)",
            lambda: _bytes(draw(graph, "mmd")),
            file_name(title, "mmd"),
            "text/plain",
            f"{key}-mmd",
        )
        _file("Flow, as JSON", lambda: _bytes(draw(graph, "json")), file_name(title, "json"), "application/json",
              f"{key}-json")  # fmt: skip
        if live.run and live.over:
            run = live.run
            _file("The whole run, for somebody else", lambda: exported(run), file_name(title, "run.jsonl"),
                  "application/jsonl", f"{key}-export")  # fmt: skip
            st.caption("What was asked and answered is in it; keys and the server's address are not.")


def _bytes(picture: str | bytes) -> bytes:
    return picture.encode() if isinstance(picture, str) else picture


def _file(words: str, data: str | Callable[[], bytes], name: str, mime: str, key: str) -> None:
    st.download_button(words, data, name, mime, key=key, on_click="ignore", type="tertiary")
