"""Picture → Mermaid text, for pages and readmes that draw it themselves.

Invariant: a label is quoted and its special characters are entities, so that no text can end a label, open a tag or
add a line; ids are numbers of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from flowreason.view.picture import Picture, PictureEdge, PictureNode, PictureRegion, Shape
from flowreason.view.sizes import rows
from flowreason.view.style import KINDS
from flowreason.view.text import clean, one_line

_SHAPES: dict[Shape, tuple[str, str]] = {
    "rounded": ("(", ")"),
    "box": ("[", "]"),
    "diamond": ("{", "}"),
    "stadium": ("([", "])"),
    "pill": ("([", "])"),
    "bars": ("[[", "]]"),
    "double": ("[[", "]]"),
    "slanted": ("[/", "/]"),
    "folded": (">", "]"),
    "plain": ("[", "]"),
}

_REGIONS = {
    "flow": "fill:#ffffff,stroke:#b6c2d1,color:#1e293b",
    "loop": "fill:#f3f5f8,stroke:#b6c2d1,color:#1e293b",
    "arm": "fill:none,stroke:#b6c2d1,color:#1e293b,stroke-dasharray:4 3",
    "round": "fill:#ffffff,stroke:#8f74d6,color:#1e293b",
}
_DIRECTION = re.compile(r"direction(?=\s+(?:TB|TD|BT|RL|LR))")
"""Mermaid takes a line in which this stands for a command, even where it stands in quotes."""
_ICON = re.compile(r"(?<=fa)(\w?):(?=fa-)")
"""Mermaid draws `fa:fa-car` as an icon, but where a sign without width stands in it."""
_UNSAFE = re.compile(r"[^\w ,.:?!=+*/'-]", re.ASCII)


def mermaid(pictures: Sequence[Picture]) -> str:
    """The flows as one Mermaid flowchart, a subgraph for each flow and each region."""
    lines = ["flowchart TB"]
    for index, picture in enumerate(pictures):
        lines += _Writer(picture, f"f{index}").lines()
    edges = [edge for picture in pictures for edge in picture.edges]
    if back := [str(number) for number, edge in enumerate(edges) if edge.kind == "back"]:
        lines.append(f"  linkStyle {','.join(back)} stroke:#8f74d6")
    lines += [f"  classDef is-{kind} {style}" for kind, style in _REGIONS.items()]
    lines += [f"  classDef is-{kind} fill:{t.fill},stroke:{t.stroke},color:{_ink(kind)}" for kind, t in KINDS.items()]
    return "\n".join(lines) + "\n"


def _ink(kind: str) -> str:
    return "#ffffff" if kind == "answer" else "#1e293b"


def label(text: str) -> str:
    """Text as a Mermaid label, in quotes: every character that could mean something is written as its number."""
    made = "".join(_safe(character) for character in one_line(clean(text)))
    return '"' + _ICON.sub("\\1:\u2060", _DIRECTION.sub("d#105;rection", made)) + '"'


def _safe(character: str) -> str:
    if _UNSAFE.match(character) and (character.isascii() or not character.isprintable()):
        return f"#{ord(character)};"
    return character


class _Writer:
    """Writes one flow."""

    def __init__(self, picture: Picture, prefix: str) -> None:
        self.picture = picture
        things = [region.id for region in picture.regions] + [node.id for node in picture.nodes]
        self.ids = {id: f"{prefix}_{number}" for number, id in enumerate(things)}
        self.loops = {region.id for region in picture.regions if region.kind == "loop"}
        self.left = {edge.end for edge in picture.edges if edge.kind == "exit"} & self.loops

    def lines(self) -> Iterator[str]:
        yield from self._region(self.picture.regions[0], "  ")
        for edge in self.picture.edges:
            yield self._edge(edge)
        for region in self.picture.regions:
            yield f"  class {self.ids[region.id]} is-{region.kind}"

    def _region(self, region: PictureRegion, indent: str) -> Iterator[str]:
        title = f"{region.name}: {region.title}" if region.name else region.title
        yield f"{indent}subgraph {self.ids[region.id]}[{label(title)}]"
        yield f"{indent}  direction TB"
        if region.kind == "loop":
            yield f"{indent}  {self._head(region.id)}([{label('each round')}]):::is-round"
        if region.id in self.left:
            yield f"{indent}  {self._foot(region.id)}([{label('done')}]):::is-round"
        for thing in self.picture.children[region.id]:
            if isinstance(thing, PictureRegion):
                yield from self._region(thing, indent + "  ")
            else:
                yield indent + "  " + self._node(thing)
        yield f"{indent}end"

    def _head(self, region: str) -> str:
        return f"{self.ids[region]}_head"

    def _foot(self, region: str) -> str:
        return f"{self.ids[region]}_foot"

    def _node(self, node: PictureNode) -> str:
        opening, closing = _SHAPES[node.shape]
        text = "<br/>".join(label(row.text + row.more)[1:-1] for row in rows(node))
        return f'{self.ids[node.id]}{opening}"{text}"{closing}:::is-{node.kind}'

    def _edge(self, edge: PictureEdge) -> str:
        arrow = {"order": "-.->", "back": "==>", "exit": "-->"}.get(edge.kind, "-->")
        text = f"|{label(edge.label)}|" if edge.label else ""
        return f"  {self._start(edge)} {arrow}{text} {self._end(edge)}"

    def _start(self, edge: PictureEdge) -> str:
        """A loop seen from inside is its head: Mermaid cannot join a subgraph with something in it."""
        within = self.picture.is_inside(edge.end, edge.start)
        return self._head(edge.start) if within and edge.start in self.loops else self.ids[edge.start]

    def _end(self, edge: PictureEdge) -> str:
        """Seen from inside, the end of a way back is the head, that of a way out the foot."""
        if edge.end in self.loops and self.picture.is_inside(edge.start, edge.end):
            return self._foot(edge.end) if edge.kind == "exit" else self._head(edge.end)
        return self.ids[edge.end]
