"""A picture with some of its loops closed: each is one node, which stands for all that is in it.

Invariant: every edge of the whole picture that leads out of a closed loop, or into it, is there, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowreason.view.picture import SHAPES, Picture, PictureEdge, PictureNode, PictureRegion
from flowreason.view.text import wrap

COLUMNS = 30
ROWS = 2


def folded(picture: Picture, closed: Iterable[str]) -> Picture:
    """The picture with the loops of these regions closed. Other regions, and ids that there are not, are left alone."""
    shut = {id for id in closed if isinstance(region := picture.by_id.get(id), PictureRegion) and region.kind == "loop"}
    if not shut:
        return picture
    parents = picture.parents

    def seen(thing: str) -> str:
        """The outermost closed loop that a thing stands in, or is; else the thing."""
        found, place = thing, thing
        while True:
            found = place if place in shut else found
            above = parents[place]
            if above is None:
                return found
            place = above

    nodes = [node for node in picture.nodes if seen(node.id) == node.id]
    regions = [region for region in picture.regions if seen(region.id) == region.id]
    loops = [_node(region) for region in regions if region.id in shut]
    edges: dict[PictureEdge, None] = {}
    for edge in picture.edges:
        start, end = seen(edge.start), seen(edge.end)
        if start == end and edge.start != edge.end:
            continue
        plain = (start in shut and edge.kind in ("each", "exit")) or (end in shut and edge.kind == "each")
        made = PictureEdge(start, end, "data" if plain else edge.kind, edge.label)
        if not (start == end and start in shut):
            edges[made] = None
    return replace(
        picture,
        nodes=(*nodes, *loops),
        regions=tuple(region for region in regions if region.id not in shut),
        edges=tuple(edges),
    )


def _node(region: PictureRegion) -> PictureNode:
    """A closed loop."""
    return PictureNode(
        id=region.id,
        kind="loop",
        shape=SHAPES["loop"],
        name=region.name,
        type="",
        lines=wrap(region.title, COLUMNS, ROWS),
        notes=(),
        full=region.full or region.title,
        region=region.parent or "",
        members=region.members,
        code=True,
        span=region.span,
    )
