"""How large a node is, and which rows of text stand in it: the one place that layout and drawing agree on.

Invariant: every row fits into the width that `measure` gives, for the fonts that `text.width` knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from flowreason.view.picture import PictureNode, PictureRegion
from flowreason.view.text import shorten, width

RowStyle: TypeAlias = Literal["title", "text", "code", "note", "state"]

SIZES: dict[RowStyle, float] = {"title": 13.0, "text": 13.0, "code": 12.0, "note": 11.0, "state": 11.0}
HEIGHTS: dict[RowStyle, float] = {"title": 19.0, "text": 17.0, "code": 16.0, "note": 15.0, "state": 16.0}

ICON = 20.0
"""The room for the sign of a kind before a title."""

PAD_X = 14.0
PAD_Y = 9.0
HEAD = 30.0
"""The height of the head of a loop."""

LONGEST_STATE = "✓ done · 12 times · 123.4 s · 12,345 tokens"
"""What a run tells of a node, at its longest."""

FOLD = 36.0
"""The room in the head of a loop for what closes it, and for what parts the title from the state."""

LABEL_SIZE = 11.5
MIN_WIDTH = 84.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of text in a node: `text`, and after it, paler, `more`."""

    text: str
    style: RowStyle
    more: str = ""

    def width(self) -> float:
        mono = self.style == "code"
        wide = width(self.text, SIZES[self.style], mono=mono, bold=self.style == "title")
        return wide + (width(self.more, 12.0) if self.more else 0.0)


@dataclass(frozen=True, slots=True)
class Size:
    width: float
    height: float


def rows(node: PictureNode, *, state: bool = False) -> tuple[Row, ...]:
    """The rows of text of a node, from top to bottom; with `state`, an empty row at the end for what a run tells."""
    style: RowStyle = "code" if node.code else "text"
    body = [Row(line, style) for line in node.lines]
    if node.kind == "decision":
        found = body
    elif node.kind == "input":
        found = [Row(node.title, "title", _type(node))]
    elif node.kind in ("answer", "yield") and len(body) <= 1:
        found = [Row(node.title, "title", f"  {node.lines[0]}" if node.lines else "")]
    else:
        found = [Row(node.title, "title", _type(node)), *body]
    found += [Row(note, "note") for note in node.notes]
    if state and has_state_row(node):
        found.append(Row("", "state"))
    return tuple(found)


def has_state_row(node: PictureNode) -> bool:
    """Whether a run tells more of a node than that it was reached."""
    return node.kind not in ("input", "value", "decision", "answer", "yield")


def _type(node: PictureNode) -> str:
    if node.kind == "input" and node.lines:
        return f": {shorten(node.type, 20)} {shorten(node.lines[0], 14)}"
    return f": {shorten(node.type, 26)}" if node.type and node.type != "text" else ""


def has_icon(node: PictureNode) -> bool:
    return node.kind not in ("decision", "input", "answer", "yield", "value")


def measure(node: PictureNode, *, state: bool = False) -> Size:
    """The width and height of a node's shape."""
    found = rows(node, state=state)
    wide = max([row.width() + (ICON if row.style == "title" and has_icon(node) else 0.0) for row in found], default=0.0)
    if found and found[-1].style == "state":
        wide = max(wide, width(LONGEST_STATE, SIZES["state"]))
    high = sum(HEIGHTS[row.style] for row in found)
    match node.shape:
        case "diamond":
            return _diamond(wide, high)
        case "stadium" | "pill":
            return Size(max(64.0, wide + 2 * PAD_X + 8.0), high + 12.0)
        case "bars" | "double" | "slanted":
            return Size(max(MIN_WIDTH, wide + 2 * PAD_X + 20.0), high + 2 * PAD_Y)
        case _:
            return Size(max(MIN_WIDTH, wide + 2 * PAD_X), high + 2 * PAD_Y)


def _diamond(wide: float, high: float) -> Size:
    """The rhombus around a text: flat enough to be calm, wide enough that no corner of the text touches it."""
    height = high * 1.9 + 18.0
    return Size(max(96.0, (wide + 6.0) / (1.0 - (high - 4.0) / height) + 6.0), height)


def head_width(region: PictureRegion, *, state: bool = False) -> float:
    """The width that a loop's head needs for its title, and beside it for what a run tells."""
    title = width(region.title, 12.5, mono=True) + (width(region.name, 13.0, bold=True) + 14.0 if region.name else 0.0)
    return title + 2 * PAD_X + ICON + (FOLD + width(LONGEST_STATE, SIZES["state"]) if state else 0.0)


def label_width(label: str) -> float:
    return width(label, LABEL_SIZE) + 6.0 if label else 0.0
