"""The colours of a chart in the app: those of the drawings, and what only a chart that moves needs.

Invariant: every rule is scoped to `.flowreason`, and no state is told by colour alone: each has a stroke of its own, a
sign and words.
"""

from __future__ import annotations

from functools import cache

from flowreason.view.style import css

_SHAPES = """
.flowreason .later > .shape { stroke-dasharray: 3 4; fill-opacity: 0.4; }
.flowreason .later text { font-style: italic; }
.flowreason .s-ready > .shape { stroke-width: 2; stroke-dasharray: 2 4; }
.flowreason .s-running > .shape { stroke-dasharray: 9 5; }
.flowreason .s-cached > .shape { stroke-width: 2; stroke-dasharray: 12 3 2 3; }
.flowreason .s-retried > .shape { stroke-width: 2.6; }
.flowreason .s-failed > .shape { stroke-width: 3; }
.flowreason .s-skipped > .shape { stroke-dasharray: 1 4; }
.flowreason .s-cancelled > .shape { stroke-dasharray: 6 6; }
.flowreason .edge .line, .flowreason .edge .tip { opacity: 0.55; }
.flowreason .edge.lit .line, .flowreason .edge.lit .tip { opacity: 1; }
.flowreason .edge.lit .line { stroke-width: 1.9; }
"""

_STATES = {
    "ready": ("#a86f00", "#f2b824"),
    "cached": ("#2f7f8f", "#57b7c9"),
    "retried": ("#1f7f40", "#4fc274"),
}
_LIT = "#3f6fd8", "#7ea6ff"
_INK = "#1e293b", "#e2e8f0"


@cache
def colours() -> dict[str, str]:
    """The style sheets for a light and for a dark page."""
    return {"light": css("light") + _more(0), "dark": css("dark") + _more(1)}


def _more(theme: int) -> str:
    lines = [_SHAPES]
    for state, tints in _STATES.items():
        lines.append(f".flowreason .s-{state} > .shape {{ stroke: {tints[theme]}; }}")
        lines.append(f".flowreason .s-{state} > .state {{ fill: {tints[theme]}; }}")
    for state in ("failed", "running"):  # an answer is dark, until its state lightens it
        lines.append(f".flowreason .answer.s-{state} text:not(.state) {{ fill: {_INK[theme]}; }}")
        lines.append(f".flowreason .answer.s-{state} .more {{ fill: {_INK[theme]}; }}")
    lines.append(f".flowreason .edge.lit .line {{ stroke: {_LIT[theme]}; }}")
    lines.append(f".flowreason .edge.lit .tip {{ fill: {_LIT[theme]}; }}")
    return "\n".join([*lines, ""])
