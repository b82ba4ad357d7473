"""Pictures of flows and reports of runs."""

from flowreason.view.draw import FORMATS, draw, draw_run, draw_svg, write
from flowreason.view.json_graph import graph_json
from flowreason.view.layout import Layout, layout
from flowreason.view.picture import Picture, picture, pictures
from flowreason.view.progress import NodeState, RunView, cost_text, fold, summary, view

__all__ = [
    "FORMATS",
    "Layout",
    "NodeState",
    "Picture",
    "RunView",
    "cost_text",
    "draw",
    "draw_run",
    "draw_svg",
    "fold",
    "graph_json",
    "layout",
    "picture",
    "pictures",
    "summary",
    "view",
    "write",
]
