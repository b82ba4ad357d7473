"""All runs that are kept, for what must look at all of them: reading thousands takes most of a second."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from flowreason.records import RunInfo
from flowreason.resuming import EVERY, the_store
from flowreason_ui.works import works

FRESH = 10.0
"""Seconds for which the list is good."""
_HELD = "whole-list"


def whole_list(search: str = "", status: str = "") -> list[RunInfo]:
    """All runs that the store finds, the newest first; those of a moment ago where nothing else is asked for."""
    asked = works().store, search, status
    held = st.session_state.get(_HELD)
    if held is None or held[0] != asked or time.monotonic() - held[1] > FRESH:
        found = works().ask(the_store(works().store).runs(search=search, status=status, most=EVERY))
        held = st.session_state[_HELD] = (asked, time.monotonic(), found)
    found_: list[RunInfo] = held[2]
    return found_


def changed() -> None:
    """Some were deleted, or came in: look again."""
    st.session_state.pop(_HELD, None)


def seen_anew(newest: RunInfo) -> None:
    """Look again where the newest run is another one now, or has gone on."""
    held = st.session_state.get(_HELD)
    if held is not None and held[2][:1] != [newest]:
        changed()


def size_of(place: str) -> int | None:
    """The bytes that runs take; None where they are not in a file."""
    if "://" in place:
        return None
    path = Path(place).expanduser()
    files = [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]
    return sum(each.stat().st_size for each in files if each.is_file())


def bytes_text(size: int) -> str:
    """`12 MB`."""
    amount, units = float(size), ["bytes", "kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:,.0f} {units[0]}" if amount >= 10 or units[0] == "bytes" else f"{amount:.1f} {units[0]}"
