"""One door to all drawings: a graph, a format, and, for a run, how far it is.

Invariant: a format is one of `FORMATS`; everything else is told with the list of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from flowreason.engine.events import Event
from flowreason.errors import UsageError
from flowreason.graph.model import Graph
from flowreason.view.dot import dot, pdf, png
from flowreason.view.json_graph import graph_json
from flowreason.view.layout import layout
from flowreason.view.mermaid import mermaid
from flowreason.view.picture import pictures
from flowreason.view.progress import NodeState, view
from flowreason.view.svg import Theme, svg

States: TypeAlias = Mapping[tuple[str, str], NodeState]

FORMATS: tuple[str, ...] = ("svg", "png", "pdf", "dot", "mmd", "json")


def draw(graph: Graph, format: str, *, state: States | None = None, theme: Theme = "auto") -> str | bytes:
    """The graph as `svg`, `dot`, `mmd` (Mermaid) or `json` text, or as `png` or `pdf` bytes.

    `state` (by flow and node, as `RunView.nodes` has it) is shown in the SVG. Raises `UsageError` for another format,
    `FlowreasonError` for `png` and `pdf` where Graphviz is not installed.
    """
    drawers: dict[str, Callable[[], str | bytes]] = {
        "svg": lambda: draw_svg(graph, state=state, theme=theme),
        "png": lambda: png(graph),
        "pdf": lambda: pdf(graph),
        "dot": lambda: dot(graph),
        "mmd": lambda: mermaid(pictures(graph)),
        "json": lambda: json.dumps(graph_json(graph), ensure_ascii=False, indent=1) + "\n",
    }
    drawer = drawers.get(format.lower().removeprefix("."))
    if drawer is None:
        raise UsageError(f"cannot draw {format!r}: choose one of {', '.join(FORMATS)}")
    return drawer()


def draw_run(graph: Graph, events: Iterable[Event], format: str = "svg") -> str | bytes:
    """The graph with the state, time and tokens of each node in the run that the events tell of."""
    return draw(graph, format, state=view(events).nodes)


def write(picture: str | bytes, path: str | PathLike[str]) -> None:
    """Write a drawing to a file. Raises `UsageError` where that cannot be done."""
    data = picture.encode("utf-8") if isinstance(picture, str) else picture
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error


def draw_svg(graph: Graph, *, state: States | None = None, theme: Theme = "auto") -> str:
    """The graph as an SVG document; see `draw`."""
    return svg(layout(pictures(graph), state=state is not None), state=state, theme=theme)
