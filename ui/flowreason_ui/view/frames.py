"""The frames that a step came up in, as rows: where each is, what it was given, what came of it.

Invariant: a row is a function of the events; of a step that came up in very many frames, those are told that stand
around the one that is looked into, or around what is searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowreason.graph.model import FlowGraph, Node
from flowreason.graph.ops import Decide
from flowreason.values import show
from flowreason.view.text import shorten
from flowreason_ui.view.inputs import value_of
from flowreason_ui.view.states import SIGNS, WORDS, state_of
from flowreason_ui.view.told import Told

SHORT = 120
"""Characters of a value in a list."""
SHORT_GIVEN = 60
BLOCK = 100
"""Rows that are told are so many, and half of that to either side."""
_ROUND = re.compile(r"(.*?)(#\d+)?\[(\d+)\]")
_ENDED = frozenset({"done", "cached", "retried", "bound", "failed"})
"""Of what never began, what it would have been given may still become known."""

Row: TypeAlias = dict[str, Any]


def named(id: str) -> str:
    """A step as a person knows it: without the number that tells it from others that have no name."""
    return id.partition("#")[0]


def where(frame: str) -> str:
    """A frame in words: `main/flags[3]` is `flags 4`, `main/for#1[0]/check/older` is `round 1 › older`."""
    found: list[str] = []
    parts = frame.split("/")[1:]
    at = 0
    while at < len(parts):
        matched = _ROUND.fullmatch(parts[at])
        if matched:
            found.append(f"{'round' if matched[2] else matched[1]} {int(matched[3]) + 1}")
            at += 1
        else:  # a step, and the flow that it calls
            found.append(named(parts[min(at + 1, len(parts) - 1)]))
            at += 2
    return " › ".join(found)


@dataclass(frozen=True, slots=True)
class Frames:
    """The rows that are told. `first` counts the rows before them; `all` is how many were found."""

    rows: list[Row]
    first: int
    all: int


def frames(
    told: Told, flow: FlowGraph, node: Node, members: Sequence[str], paths: Sequence[str], chosen: str, find: str = ""
) -> Frames:
    """Rows of a step around the chosen frame; with `find`, of those in which it stands, or else all of its words do."""

    def made(path: str) -> Row:
        return _row(told, flow, node, members, path)

    words = find.casefold().split()
    if words:
        texts = {path: _searched(made(path)) for path in paths}
        paths = [path for path in paths if " ".join(words) in texts[path]] or [
            path for path in paths if all(word in texts[path] for word in words)
        ]
    at = paths.index(chosen) if chosen in paths else 0
    first = max(0, at // BLOCK * BLOCK - BLOCK // 2)
    rows = [dict(made(path)) for path in paths[first : first + 2 * BLOCK]]
    for row, given in zip(rows, _differing([row.pop("given") for row in rows]), strict=True):
        row["given"] = given
    return Frames(rows, first, len(paths))


def _searched(row: Row) -> str:
    """The text of a row that is searched."""
    given = " ".join(f"{name} = {value}" for name, value in row["given"].items())
    return f"{row['label']} {row['status']} {given} {row['value']}".casefold()


def _differing(given: Sequence[Mapping[str, str]]) -> list[str]:
    """What frames were given, but for what all were given alike."""
    names = dict.fromkeys(name for each in given for name in each)
    told = [name for name in names if len({each.get(name) for each in given}) > 1]
    return [" · ".join(f"{name} = {each[name]}" for name in told if name in each) for each in given]


def _row(told: Told, flow: FlowGraph, node: Node, members: Sequence[str], path: str) -> Row:
    """One frame. What had begun and has come to its end stays, and is made once."""
    place, stamp = (flow.name, node.id, path), told.told_of(path, members)
    known = told.rows.get(place)
    if known is not None and known[0] == stamp:
        return known[1]
    row = line(told, path, members) | {"given": given_in(told, flow, node, path, lambda value: _brief(show(value)))}
    if row["status"] in _ENDED and not told.rounds(path, node.id):
        told.rows[place] = stamp, row
    return row


def _brief(text: str) -> str:
    return shorten(" ".join(text.split()), SHORT_GIVEN)


def line(told: Told, path: str, members: Sequence[str]) -> Row:
    """What came of a thing of the chart in a frame."""
    state = told.state(path, members)
    status = state_of(state, stopped=told.stopped)
    said = next((told.values[path, id] for id in members if (path, id) in told.values), None)
    shown = state.error if state is not None and state.status == "failed" else "" if said is None else show(said)
    if state is not None and state.status == "limit" and not shown:
        shown = "limit"
    return {
        "frame": path,
        "label": where(path) or "the flow itself",
        "status": status,
        "words": WORDS[status],
        "sign": SIGNS[status],
        "seconds": round(state.seconds, 4) if state is not None else 0,
        "tokens": state.tokens if state is not None else 0,
        "value": shorten(shown, SHORT),
    }


def given_in(told: Told, flow: FlowGraph, node: Node, frame: str, text: Callable[[Any], str]) -> dict[str, str]:
    """What the step read in a frame, by the names of its text, as far as it is known."""
    found: dict[str, str] = {}
    for read in node.reads:
        source = flow.nodes.get(read.source)
        name = "most rounds" if read.role == "count" else read.name or read.source
        if name in found or (source is not None and isinstance(source.op, Decide)):
            continue
        known, value = value_of(told, flow, frame, read.source)
        if known:
            found[name] = text(value)
    return found
