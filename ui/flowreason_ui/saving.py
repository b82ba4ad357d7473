"""A run and its flow as files to take away: made when they are asked for."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

import flowreason as fr
from flowreason.archive_form import MOST_FILE
from flowreason.errors import FlowreasonError
from flowreason.graph.model import Graph
from flowreason.records import RunInfo
from flowreason.resuming import the_store
from flowreason.view import draw, draw_run
from flowreason_ui.live import Live
from flowreason_ui.telling import title_of
from flowreason_ui.works import works

MOST_PACKED = 1_000
"""Runs that are taken in from one packed file."""


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


def exported_together(runs: Sequence[tuple[str, str]]) -> bytes:
    """Several kept runs in one packed file: their ids, each with its title."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number, (run, title) in enumerate(runs, 1):
            file.writestr(f"{number:03d}_{file_name(title, 'run.jsonl')}", exported(run))
    return packed.getvalue()


@dataclass(slots=True)
class Taken:
    """What came of files that were to be taken in: the ids of new runs, the titles of those that were here already, and
    what was wrong."""

    ids: list[str] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def taken_in(name: str, raw: bytes, taken: Taken | None = None) -> Taken:
    """Take in a file of one run, or a packed one of several: what can be, with a word about the rest."""
    taken = Taken() if taken is None else taken
    if not raw.startswith(b"PK"):
        _take_in(name, raw, taken)
        return taken
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            files = [each for each in packed.infolist() if not each.is_dir()]
            if len(files) > MOST_PACKED or sum(each.file_size for each in files) > MOST_FILE:
                raise fr.UsageError(f"{name} holds too much to be taken in at once")
            if not files:
                raise fr.UsageError(f"{name} is a packed file with nothing in it")
            for each in files:
                _take_in(Path(each.filename).name, packed.read(each), taken)
    except fr.UsageError as error:
        taken.faults.append(str(error))
    except (NotImplementedError, RuntimeError):
        taken.faults.append(f"{name} is packed with a password, or in a way that cannot be read here")
    except (zipfile.BadZipFile, zlib.error, EOFError):
        taken.faults.append(f"{name} is damaged: what is packed in it cannot be read")
    return taken


def _take_in(name: str, raw: bytes, taken: Taken) -> None:
    """Take in one run; a second copy of one that is here already is let go again, once it was found to be whole."""
    before = already(raw)
    try:
        made = imported(name, raw)
    except fr.UsageError as error:
        told = str(error)
        taken.faults.append(told if name in told else f"{name}: {told}")
        return
    if before is None:
        taken.ids.append(made)
    else:
        taken.here.append(title_of(before))
        fr.delete_runs([made], store=works().store)


def already(raw: bytes) -> RunInfo | None:
    """The run of a file, where it is kept here under its own name; None for anything else."""
    try:
        id = json.loads(raw.split(b"\n", 2)[1])["run"]["id"]
        found = works().ask(the_store(works().store).run(id)) if isinstance(id, str) and id else None
    except (ValueError, LookupError, TypeError, RecursionError, FlowreasonError):
        return None
    return found if found is not None and found.id == id else None


def imported(name: str, raw: bytes) -> str:
    """Take in a run that was exported; gives its id. Raises `UsageError`, which names the file as the user knows it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _as_name(name)
        path.write_bytes(raw)
        try:
            return fr.import_run(path, store=works().store)
        except fr.UsageError as error:
            raise fr.UsageError(str(error).replace(str(path), name)) from None


def _as_name(name: str) -> str:
    """The name of an uploaded file, as a name in a folder of ours."""
    bare = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name).strip(" .")
    short = bare.encode("utf-8", "replace")[-120:].decode("utf-8", "ignore")
    return short or "run.jsonl"


EDITED: Final = "edit-live"
"""The key of the run below the editor: the page's own menu saves it too, so that there is one."""


def save_menu(live: Live, key: str) -> None:
    """What can be saved of a run."""
    graph = live.graph
    if graph is None or key == EDITED:
        return
    with st.popover("Save", icon=":material/download:", key=f"{key}-save"):
        file_button("The flow, as text", live.text, file_name(live.title, "flow"), "text/plain", f"{key}-flow")
        of_run(live, graph, key)
        of_flow(graph, live.title, key, vectors=False)


def of_run(live: Live, graph: Graph, key: str) -> None:
    """What can be saved of a run alone."""
    events, title = live.latest, live.title
    name = file_name(title, "run.svg")
    file_button("Picture of the run (SVG)", lambda: as_bytes(draw_run(graph, events, "svg")), name, "image/svg+xml",
                f"{key}-svg")  # fmt: skip
    if live.run and live.over:
        run = live.run
        file_button("The whole run, for somebody else", lambda: exported(run), file_name(title, "run.jsonl"),
                    "application/jsonl", f"{key}-export")  # fmt: skip
        st.caption("What was asked and answered is in it; keys and the server's address are not.")


FORMS: Final = (
    ("Picture of the flow (SVG)", "svg", "image/svg+xml"), ("Picture of the flow (PNG)", "png", "image/png"),
    ("Picture as text (Mermaid)", "mmd", "text/plain"), ("The flow, as JSON", "json", "application/json"),
)  # fmt: skip


def of_flow(graph: Graph, title: str, key: str, *, vectors: bool = True) -> None:
    """A flow as pictures and as JSON. `vectors`: as SVG too."""
    for words, kind, mime in FORMS:
        if (kind == "png" and shutil.which("dot") is None) or (kind == "svg" and not vectors):
            continue
        file_button(words, partial(_drawn, graph, kind), file_name(title, kind), mime, f"{key}-{kind}")
    if shutil.which("dot") is None:
        st.caption("As PNG it is saved by the button at the picture itself.")


def _drawn(graph: Graph, kind: str) -> bytes:
    return as_bytes(draw(graph, kind))


def as_bytes(picture: str | bytes) -> bytes:
    return picture.encode() if isinstance(picture, str) else picture


def file_button(
    words: str, data: str | Callable[[], bytes], name: str, mime: str, key: str, then: Callable[[], None] | None = None
) -> None:
    """One file to take away. `then` is done when it was taken."""
    st.download_button(words, data, name, mime, key=key, on_click=then or "ignore", type="tertiary")
