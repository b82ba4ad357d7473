"""The colours of a chart in the app: those of the drawings, and what only a chart that moves needs.

Invariant: every rule is scoped to `.flowreason`, and no state is told by colour alone: each has a stroke of its own, a
sign and words.
"""

from __future__ import annotations

from functools import cache

from flowreason.view.style import css

_SHAPES = """
.flowreason text { white-space: pre; }
.flowreason .later > .shape { stroke-dasharray: 3 4; fill-opacity: 0.4; }
.flowreason .later text { font-style: italic; }
.flowreason .edge .line, .flowreason .edge .tip { stroke-opacity: 0.6; fill-opacity: 0.6; }
.flowreason .edge.lit .line, .flowreason .edge.lit .tip { stroke-opacity: 1; fill-opacity: 1; }
.flowreason .edge.lit .line { stroke-width: 1.7; }
"""

_LIT = "#3f6fd8", "#7ea6ff"


@cache
def colours() -> dict[str, str]:
    """The style sheets for a light and for a dark page."""
    return {"light": css("light", run=True) + _more(0), "dark": css("dark", run=True) + _more(1)}


def _more(theme: int) -> str:
    lit = f".flowreason .edge.lit .line {{ stroke: {_LIT[theme]}; }}\n"
    return f"{_SHAPES}{lit}.flowreason .edge.lit .tip {{ fill: {_LIT[theme]}; }}\n"
