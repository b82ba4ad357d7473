"""The outlines of nodes and the small signs before their titles, as elements.

Invariant: an outline stays within the node's box, so that lines end on it.
"""

from __future__ import annotations

from flowreason.view.drawn import Element, element
from flowreason.view.layout import Box
from flowreason.view.picture import PictureNode

_FOLD = 12.0
_SLANT = 10.0
_BAR = 7.0


def outline(box: Box) -> tuple[Element, ...]:
    """The shape of a node: elements with the class `shape`."""
    node = box.thing
    assert isinstance(node, PictureNode)
    x, y, w, h = box.x, box.y, box.width, box.height
    match node.shape:
        case "diamond":
            middle, level = n(x + w / 2), n(y + h / 2)
            return (_path(f"M{middle} {n(y)}L{n(x + w)} {level}L{middle} {n(y + h)}L{n(x)} {level}Z"),)
        case "stadium" | "pill":
            return (_rect(x, y, w, h, min(h / 2, 24.0)),)
        case "rounded":
            return (_rect(x, y, w, h, 10.0),)
        case "bars":
            bars = f"M{n(x + _BAR)} {n(y)}V{n(y + h)}M{n(x + w - _BAR)} {n(y)}V{n(y + h)}"
            return _rect(x, y, w, h, 2.0), _path(bars)
        case "double":
            return _rect(x, y, w, h, 6.0), _rect(x + 4.0, y + 4.0, w - 8.0, h - 8.0, 3.0)
        case "slanted":
            return (_path(f"M{n(x + _SLANT)} {n(y)}H{n(x + w)}L{n(x + w - _SLANT)} {n(y + h)}H{n(x)}Z"),)
        case "folded":
            corner = f"M{n(x + w - _FOLD)} {n(y)}V{n(y + _FOLD)}H{n(x + w)}"
            return (_path(f"M{n(x)} {n(y)}H{n(x + w - _FOLD)}L{n(x + w)} {n(y + _FOLD)}V{n(y + h)}H{n(x)}Z{corner}"),)
        case "plain" | "box":
            return (_rect(x, y, w, h, 3.0),)


def _rect(x: float, y: float, w: float, h: float, radius: float) -> Element:
    return element("rect", class_="shape", x=n(x), y=n(y), width=n(w), height=n(h), rx=n(radius))


def _path(data: str) -> Element:
    return element("path", class_="shape", d=data)


_ICONS: dict[str, str] = {
    "ask": "M1 2.5Q1 1 2.5 1H10.5Q12 1 12 2.5V7.5Q12 9 10.5 9H6L3 12V9H2.5Q1 9 1 7.5Z",
    "person": "M6.5 1.2A2.4 2.4 0 1 1 6.5 6A2.4 2.4 0 1 1 6.5 1.2M1.5 12Q1.5 7.8 6.5 7.8Q11.5 7.8 11.5 12",
    "python": "M4 2.5L1 6.5L4 10.5M9 2.5L12 6.5L9 10.5",
    "emulate": "M3.4 2.5L.6 6.5L3.4 10.5M9.6 2.5L12.4 6.5L9.6 10.5M5.2 4.4L8.4 6.5L5.2 8.6Z",
    "tool": "M8.2 1.6A3.2 3.2 0 0 0 5.2 6L1.4 9.8L3.2 11.6L7 7.8A3.2 3.2 0 0 0 11.4 4.8L9.4 6L7.4 4.6Z",
    "call": "M1 1.5H6V5.5H1ZM7.5 7.5H12.5V11.5H7.5ZM3.5 5.5V9.5H7.5",
    "solve": "M6.5 1V12M1 6.5H12M2.6 2.6L10.4 10.4M10.4 2.6L2.6 10.4",
    "run": "M3 1.5L11 6.5L3 11.5Z",
    "loop": "M11 4.2A5 5 0 1 0 11.5 7.5M11.4 1.4V4.6H8.2",
}


def icon(kind: str, x: float, y: float) -> tuple[Element, ...]:
    """A sign of 13 by 13 pixels, or nothing where a kind has none."""
    found = _ICONS.get(kind)
    return (element("path", class_="icon", transform=f"translate({n(x)} {n(y)})", d=found),) if found else ()


SIGNS: dict[str, str] = {
    "ready": "M-3.5 0H-3.4M0 0H.1M3.5 0H3.6",
    "running": "M-2 -3.2L3.2 0L-2 3.2Z",
    "asking": "M-2.2 -1.7C-2.2 -4.6 2.3 -4.5 2.2 -1.6C2.1 -.3 0 0 0 1.5M0 3.9V4",
    "done": "M-3.3 .3L-1 2.7L3.5 -2.5",
    "cached": "M-3 -1.6H3M-3 1.6H3",
    "retried": "M3.1 -1.7A3.5 3.5 0 1 0 3.4 1M3.5 -4.2V-1.5H.9",
    "failed": "M-2.5 -2.5L2.5 2.5M2.5 -2.5L-2.5 2.5",
    "limit": "M-3.6 3.6L3.6 -3.6",
    "skipped": "M-3 0H3",
    "bound": "M0 -4.2V.8M0 3.6V3.7",
    "paused": "M-1.7 -3V3M1.7 -3V3",
    "spared": "M-2.6 0A2.6 2.6 0 1 1 2.6 0A2.6 2.6 0 1 1 -2.6 0",
    "cancelled": "M-2.2 -2.2H2.2V2.2H-2.2Z",
}
"""The signs of states, around the middle of a badge."""


def badge(box: Box, state: str) -> Element:
    """The sign of a state at the upper right corner of a thing; empty while it waits."""
    x, y = _corner(box)
    disc = element("rect", class_="disc", x="-8", y="-8", width="16", height="16", rx="8")
    sign = element("path", class_="sign", d=SIGNS.get(state, ""))
    return element("g", [disc, sign], class_="badge", transform=f"translate({n(x)} {n(y)})")


def _corner(box: Box) -> tuple[float, float]:
    """Where a badge stands: on the outline, where its upper right corner is."""
    shape = box.thing.shape if isinstance(box.thing, PictureNode) else "rounded"
    if shape == "diamond":
        return box.x + box.width * 0.75 + 3.0, box.y + box.height * 0.25 - 5.0
    inset = 0.29 * min(box.height / 2, 24.0) if shape in ("stadium", "pill") else 2.0
    return box.x + box.width - inset, box.y + inset


def n(value: float) -> str:
    """A number without needless digits."""
    return f"{value:.1f}".removesuffix(".0")
