"""Layout → SVG: one calm drawing that needs no script, no font and no network, and reads in light and in dark.

Invariant: every text is escaped, so that whatever a model wrote stays text; equal layouts give equal files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from flowreason.view import sizes
from flowreason.view.drawn import Element, element
from flowreason.view.hops import bundle
from flowreason.view.layout import XY, Box, Layout, Line
from flowreason.view.picture import PictureNode, PictureRegion
from flowreason.view.progress import NodeState, known_state
from flowreason.view.shapes import badge, icon, n, outline
from flowreason.view.style import css
from flowreason.view.text import width

Theme: TypeAlias = Literal["auto", "light", "dark"]
States: TypeAlias = Mapping[tuple[str, str], NodeState]

RADIUS = 6.0
TIP = 7.0


def svg(layout: Layout, *, state: States | None = None, theme: Theme = "auto") -> str:
    """The drawing as one SVG document. `state` tells, by (flow, node), how far a run is: it is written into the
    nodes."""
    wide, high = n(layout.width), n(layout.height)
    title = " · ".join(box.thing.title for box in layout.frames[:1])
    opening = element(
        "svg", [""], xmlns="http://www.w3.org/2000/svg", class_="flowreason", viewBox=f"0 0 {wide} {high}",
        width=wide, height=high, role="img", aria_label=title,
    ).as_text()  # fmt: skip
    parts = [
        opening.removesuffix("</svg>"),
        element("title", [title]).as_text(),
        f"<style>{css(theme, run=state is not None)}</style>",
        element("rect", class_="paper", width=wide, height=high).as_text(),
        *(each.as_text() for each in elements(layout, state=state)),
    ]
    return "\n".join([*parts, "</svg>", ""])


def elements(layout: Layout, *, state: States | None = None, live: bool = False) -> Iterator[Element]:
    """All that is drawn, from the back to the front. `live`: with a place for the state of whatever has one."""
    yield from (_frame(box) for box in layout.frames)
    yield from (_area(box) for box in layout.regions)
    yield from (_lines(lines) for lines in _bundles(layout.lines))
    yield from (_head(box, state or {}, live) for box in layout.regions if box.head)
    yield from (_node(box, state, live) for box in layout.nodes)
    yield from (_label(line) for line in layout.lines if line.label_at)


def _text(text: str, x: float, y: float, style: str, size: float, anchor: str = "", more: str = "") -> Element:
    after = [element("tspan", [more], class_="more", font_size="12")] if more else []
    return element(
        "text",
        [text, *after],
        class_=style,
        x=n(x),
        y=n(y),
        font_size=n(size),
        text_anchor=anchor,
        xml__space="preserve",
    )


# --- flows and regions -------------------------------------------------------------------------------------


def _frame(box: Box) -> Element:
    assert isinstance(box.thing, PictureRegion)
    rect = element("rect", class_="frame", x=n(box.x), y=n(box.y), width=n(box.width), height=n(box.height), rx="10")
    return element("g", [rect, _text(box.thing.title, box.x + 18, box.y + 25, "code title", 13.0)], class_="flow")


def _area(box: Box) -> Element:
    assert isinstance(box.thing, PictureRegion)
    full = box.thing.full or box.thing.title
    rect = element("rect", class_="area", x=n(box.x), y=n(box.y), width=n(box.width), height=n(box.height), rx="8")
    return element("g", [element("title", [full]), rect], class_=box.thing.kind)


def _head(box: Box, state: States, live: bool) -> Element:
    """The head of a loop: its first line, and in a run how many rounds are done."""
    region = box.thing
    assert isinstance(region, PictureRegion)
    x, y, w, h = box.x, box.y, box.width, box.head
    band = (
        f"M{n(x)} {n(y + h)}V{n(y + 8)}Q{n(x)} {n(y)} {n(x + 8)} {n(y)}H{n(x + w - 8)}"
        f"Q{n(x + w)} {n(y)} {n(x + w)} {n(y + 8)}V{n(y + h)}Z"
    )
    at = x + sizes.PAD_X
    parts = [element("path", class_="band", d=band), *icon("loop", at, y + 8.5)]
    at += sizes.ICON
    if region.name:
        parts.append(_text(region.name, at, y + 19.5, "title", 13.0))
        at += width(region.name, 13.0, bold=True) + 10.0
    parts.append(_text(region.title, at, y + 19.5, "code", 12.5))
    known = state.get((box.flow, region.owner or ""))
    if live or (known is not None and known.text):
        text = _fitting(known, x + w - at - width(region.title, 12.5, mono=True) - 2 * sizes.PAD_X)
        parts.append(_text(text, x + w - sizes.PAD_X, y + 19.5, "state", 11.0, "end"))
    parts += _badge(box, known, live)
    return _group(parts, f"head{_state_class(known)}", box, region.owner or region.id)


# --- nodes -------------------------------------------------------------------------------------------------


def _node(box: Box, state: States | None, live: bool) -> Element:
    node = box.thing
    assert isinstance(node, PictureNode)
    known = known_state(state or {}, box.flow, node.members) if node.kind != "input" else None
    tip = element("title", [f"{node.title}{': ' + node.type if node.type else ''}\n{node.full}".strip()])
    rows = _rows(box, node, known, state is not None)
    parts = [tip, *outline(box), *rows, *_badge(box, known, live)]
    return _group(parts, f"node {node.kind}{_state_class(known)}", box, node.members[0])


def _badge(box: Box, known: NodeState | None, live: bool) -> Iterator[Element]:
    """The sign of a state, which a chart that moves has a place for from the start."""
    status = "waiting" if known is None else "bound" if known.at_bound else known.status
    if live or status != "waiting":
        yield badge(box, status)


def _group(parts: Sequence[Element], style: str, box: Box, id: str) -> Element:
    return element("g", parts, class_=style, data_flow=box.flow, data_node=id)


def _state_class(known: NodeState | None) -> str:
    if known is None or known.status == "waiting":
        return ""
    return f" s-{'bound' if known.at_bound else known.status}"


def _fitting(known: NodeState | None, room: float) -> str:
    """What is told of a state, without what is said last where that would stand outside its place."""
    parts = known.text.split(" · ") if known is not None else []
    while len(parts) > 1 and width(" · ".join(parts), 11.0) > room:
        parts.pop()
    return " · ".join(parts)


def _rows(box: Box, node: PictureNode, known: NodeState | None, state: bool) -> Iterator[Element]:
    """The rows of text, and the sign of the kind."""
    rows = sizes.rows(node, state=state)
    y = box.y + (box.height - sum(sizes.HEIGHTS[row.style] for row in rows)) / 2
    centred = node.shape in ("diamond", "stadium", "pill")
    inset = sizes.PAD_X + (10.0 if node.shape in ("bars", "double", "slanted") else 0.0)
    for row in rows:
        size, high = sizes.SIZES[row.style], sizes.HEIGHTS[row.style]
        base = y + high / 2 + size * 0.36
        y += high
        text = _fitting(known, box.width - 2 * inset) if row.style == "state" else row.text
        if centred:
            yield _text(text, box.x + box.width / 2, base, row.style, size, "middle", row.more)
            continue
        x = box.x + inset
        if row.style == "title" and sizes.has_icon(node):
            yield from icon(node.kind, x, base - 10.5)
            x += sizes.ICON
        yield _text(text, x, base, row.style, size, "", row.more)


# --- lines -------------------------------------------------------------------------------------------------


def _bundles(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that start as one; drawn as one, they do not grow darker where they run together."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.flow, bundle(line.edge)), []).append(line)
    return list(found.values())


def _lines(lines: list[Line]) -> Element:
    """One line that branches, and its tips."""
    paths = list(dict.fromkeys(path for line in lines for path in line.paths if len(path) > 1))
    ends = " ".join(dict.fromkeys(line.edge.end for line in lines))
    drawn = [element("path", class_="line", d="".join(map(_rounded, paths))), *map(_tip, paths)]
    return element("g", drawn, class_=f"edge {lines[0].edge.kind}", data_from=lines[0].edge.start, data_to=ends)


def _label(line: Line) -> Element:
    assert line.label_at is not None
    return _text(line.edge.label, *line.label_at, "label", sizes.LABEL_SIZE)


def _rounded(path: tuple[XY, ...]) -> str:
    """A path with round corners, its end drawn back a little under the tip of the arrow."""
    points = [*path[:-1], _short(path[-2], path[-1], TIP - 1.0)]
    parts = [f"M{n(points[0][0])} {n(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(RADIUS, _distance(before, corner) / 2, _distance(corner, after) / 2)
        a, b = _short(before, corner, radius), _short(after, corner, radius)
        parts.append(f"L{n(a[0])} {n(a[1])}Q{n(corner[0])} {n(corner[1])} {n(b[0])} {n(b[1])}")
    return "".join([*parts, f"L{n(points[-1][0])} {n(points[-1][1])}"])


def _distance(a: XY, b: XY) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _short(start: XY, end: XY, by: float) -> XY:
    """The point `by` before `end`, coming from `start`."""
    length = _distance(start, end)
    if length <= by or length == 0:
        return start if length <= by else end
    share = by / length
    return end[0] + (start[0] - end[0]) * share, end[1] + (start[1] - end[1]) * share


def _tip(path: tuple[XY, ...]) -> Element:
    """The arrow at the end of a path, in the direction of its last stretch."""
    (x0, y0), (x, y) = path[-2], path[-1]
    across = abs(x - x0) > abs(y - y0)
    dx = (TIP if x > x0 else -TIP) if across else 0.0
    dy = 0.0 if across else (TIP if y > y0 else -TIP)
    wx, wy = dy * 0.55, dx * 0.55
    d = f"M{n(x)} {n(y)}L{n(x - dx + wx)} {n(y - dy + wy)}L{n(x - dx - wx)} {n(y - dy - wy)}Z"
    return element("path", class_="tip", d=d)
