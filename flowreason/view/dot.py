"""Picture → DOT, and through Graphviz, where it is installed, to PNG and PDF.

Invariant: every text is an escaped, quoted string, and never HTML: no label can become markup or another statement.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from flowreason.errors import FlowreasonError
from flowreason.graph.model import Graph
from flowreason.view.picture import Picture, PictureEdge, PictureNode, PictureRegion, Shape, pictures
from flowreason.view.sizes import rows
from flowreason.view.style import KINDS
from flowreason.view.text import clean

if TYPE_CHECKING:
    import pydot

MISSING = "Graphviz is not installed: apt install graphviz, or use -o x.svg"
_SECONDS = 120

_SHAPES: dict[Shape, tuple[str, str]] = {
    "rounded": ("box", "rounded,filled"),
    "box": ("box", "filled"),
    "diamond": ("diamond", "filled"),
    "stadium": ("box", "rounded,filled"),
    "pill": ("box", "rounded,filled"),
    "bars": ("component", "filled"),
    "double": ("box", "rounded,filled"),
    "slanted": ("parallelogram", "filled"),
    "folded": ("note", "filled"),
    "plain": ("box", "filled"),
}


def dot(graph: Graph) -> str:
    """The flows of a graph as DOT, a cluster for each flow and each region."""
    return str(dot_of(pictures(graph)).to_string())


def png(graph: Graph) -> bytes:
    """A PNG drawn by Graphviz. Raises `FlowreasonError` where Graphviz is not installed."""
    return _rendered(dot(graph), "png")


def pdf(graph: Graph) -> bytes:
    """A PDF drawn by Graphviz. Raises `FlowreasonError` where Graphviz is not installed."""
    return _rendered(dot(graph), "pdf")


def _rendered(text: str, format: Literal["png", "pdf"]) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise FlowreasonError(MISSING)
    try:
        run = subprocess.run(
            [program, f"-T{format}"], input=text.encode(), capture_output=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise FlowreasonError(f"Graphviz took longer than {_SECONDS} s: use -o x.svg") from error
    if run.returncode or not run.stdout:
        raise FlowreasonError(f"Graphviz failed: {run.stderr.decode(errors='replace').strip()[:200]}; use -o x.svg")
    return run.stdout


def dot_of(pictures: Sequence[Picture]) -> pydot.Dot:
    """Pictures as a pydot graph."""
    import pydot

    made = pydot.Dot("flows", graph_type="digraph", compound="true", rankdir="TB", fontname=quoted("Helvetica"))
    made.set_node_defaults(fontname=quoted("Helvetica"), fontsize="11", color=quoted("#64748b"))
    made.set_edge_defaults(fontname=quoted("Helvetica"), fontsize="10", color=quoted("#7b8a9e"))
    for index, picture in enumerate(pictures):
        _Writer(picture, f"f{index}").write(made)
    return made


def quoted(text: str) -> str:
    """Text as a quoted string of DOT; newlines become line breaks."""
    safe = clean(text).replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n")
    return f'"{safe}"'


class _Writer:
    """Writes one flow. A region has a point at its head, through which edges to and from it run."""

    def __init__(self, picture: Picture, prefix: str) -> None:
        self.picture = picture
        things = [region.id for region in picture.regions] + [node.id for node in picture.nodes]
        self.ids = {id: f"{prefix}_{number}" for number, id in enumerate(things)}
        self.regions = {region.id for region in picture.regions}
        self.left = {edge.end for edge in picture.edges if edge.kind == "exit"} & self.regions

    def write(self, made: pydot.Dot) -> None:
        made.add_subgraph(self._region(self.picture.regions[0]))
        for edge in self.picture.edges:
            made.add_edge(self._edge(edge))

    def _region(self, region: PictureRegion) -> Any:
        import pydot

        title = f"{region.name}: {region.title}" if region.name else region.title
        style = {"flow": "rounded", "loop": "rounded,filled", "arm": "rounded,dashed"}[region.kind]
        made = pydot.Cluster(self.ids[region.id], label=quoted(title), style=quoted(style), color=quoted("#b6c2d1"))
        if region.kind == "loop":
            made.set("fillcolor", quoted("#f3f5f8"))
        if region.kind != "flow":
            seen: dict[str, Any] = (
                {} if region.kind == "loop" else {"style": "invis"}
            )  # lines to an arm end at its border
            made.add_node(
                pydot.Node(self._head(region.id), shape="point", width="0.05", color=quoted("#b6c2d1"), **seen)
            )
        if region.id in self.left:
            made.add_node(pydot.Node(self._foot(region.id), shape="point", width="0.05", color=quoted("#8f74d6")))
        for thing in self.picture.children[region.id]:
            if isinstance(thing, PictureRegion):
                made.add_subgraph(self._region(thing))
            else:
                made.add_node(self._node(thing))
        return made

    def _head(self, region: str) -> str:
        return f"{self.ids[region]}_head"

    def _foot(self, region: str) -> str:
        return f"{self.ids[region]}_foot"

    def _node(self, node: PictureNode) -> pydot.Node:
        import pydot

        shape, style = _SHAPES[node.shape]
        tint = KINDS[node.kind]
        return pydot.Node(
            self.ids[node.id],
            label=quoted("\n".join(row.text + row.more for row in rows(node))),
            tooltip=quoted(node.full),
            shape=shape,
            style=quoted(style),
            fillcolor=quoted(tint.fill),
            color=quoted(tint.stroke),
            peripheries="2" if node.shape == "double" else "1",
            fontcolor=quoted("#ffffff" if node.kind == "answer" else "#1e293b"),
        )

    def _edge(self, edge: PictureEdge) -> pydot.Edge:
        import pydot

        about: dict[str, Any] = {"label": quoted(edge.label)} if edge.label else {}
        if edge.kind == "order":
            about["style"] = "dashed"
        if edge.kind == "back":
            about |= {"constraint": "false", "color": quoted("#8f74d6")}
        inside = self.picture.is_inside
        start = end = self._head
        if edge.start in self.regions and not inside(edge.end, edge.start):
            about["ltail"] = f"cluster_{self.ids[edge.start]}"
            start = self._foot if edge.start in self.left else self._head
        if edge.end in self.regions and not inside(edge.start, edge.end):
            about["lhead"] = f"cluster_{self.ids[edge.end]}"
        elif edge.kind == "exit":
            end = self._foot
        return pydot.Edge(self._end(edge.start, start), self._end(edge.end, end), **about)

    def _end(self, id: str, point: Callable[[str], str]) -> str:
        return point(id) if id in self.regions else self.ids[id]
