"""Pictures of an evaluation, as SVG: accuracy against what it costs, and accuracy by group of questions.

Drawn by matplotlib (extra `plots`); without it there are none, and the report says so. Invariant: the same rows give
the same text, so that a report made again is the report.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from flowreason.evaluate.tables import Cell, front

HINT = "pip install 'flowreason[plots]' draws the pictures"
COLOURS = ("#1b6ca8", "#d1495b", "#3b8d5a", "#8a5a9e", "#c77d0a", "#4a5568", "#0f8b8d", "#a23e48")
MARKS = "osD^vPX*"
_STYLE: Any = {
    "svg.hashsalt": "flowreason",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


_DARK: Any = {
    "text.color": "#e6e9ef", "axes.labelcolor": "#e6e9ef", "axes.edgecolor": "#9aa5b1", "xtick.color": "#c6ccd6",
    "ytick.color": "#c6ccd6", "grid.color": "#9aa5b1", "figure.facecolor": "none", "axes.facecolor": "none",
    "savefig.facecolor": "none",
}  # fmt: skip
COLOURS_DARK = ("#6cb6ef", "#f08a97", "#7fd09b", "#c79adb", "#f0b34f", "#b6c0cf", "#5fd0cf", "#ef8a98")


def can_plot() -> bool:
    """Whether the library that draws is there."""
    return find_spec("matplotlib") is not None


def against_cost(found: Sequence[Cell], cost: Callable[[Cell], float], axis: str, *, dark: bool = False) -> str:
    """Accuracy with its interval against a cost per question; a line joins those that no other method beats."""
    colours = COLOURS_DARK if dark else COLOURS
    with _figure(6.4, 4.2, dark) as (figure, axes):
        best = front(found, cost)
        axes.step(
            [cost(c) for c in best], [c.right.value for c in best], where="post", color="#9aa5b1", lw=1.2, zorder=1
        )
        for index, (each, beside) in enumerate(zip(found, _beside(found, cost), strict=True)):
            below, above = each.right.value - each.right.low, each.right.high - each.right.value
            axes.errorbar(
                cost(each) + beside, each.right.value, yerr=[[below], [above]], fmt=MARKS[index % len(MARKS)], ms=7,
                capsize=3, color=colours[index % len(colours)], label=each.method, elinewidth=1, zorder=2,
            )  # fmt: skip
        axes.set_ylim(-0.02, 1.04)
        axes.set_xlim(0, 1.08 * max([*map(cost, found), 1e-9]))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:.0f} %")
        axes.set_xlabel(axis)
        axes.set_ylabel("right, with 95 % interval")
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, loc="lower right")
        return _svg(figure)


def _beside(found: Sequence[Cell], cost: Callable[[Cell], float]) -> list[float]:
    """How far aside each method is drawn, so that those which come to the same are all seen."""
    apart = 0.02 * max([*map(cost, found), 1e-9])
    at = [(cost(each), each.right.value) for each in found]
    return [apart * at[:index].count(place) for index, place in enumerate(at)]


def by_group(found: Sequence[Cell], *, dark: bool = False) -> str:
    """Accuracy of every method on every group, side by side."""
    groups = list(dict.fromkeys(c.group for c in found))
    methods = list(dict.fromkeys(c.method for c in found))
    colours = COLOURS_DARK if dark else COLOURS
    with _figure(7.2, 0.9 + (0.16 * len(methods) + 0.14) * len(groups), dark) as (figure, axes):
        tall = 0.8 / len(methods)
        for index, method in enumerate(methods):
            mine = {c.group: c for c in found if c.method == method}
            there = [(row, mine[group]) for row, group in enumerate(groups) if group in mine]
            axes.barh(
                [row + (index - (len(methods) - 1) / 2) * tall for row, _ in there], [c.right.value for _, c in there],
                height=tall * 0.9, color=colours[index % len(colours)], label=method,
            )  # fmt: skip
        sizes = {c.group: c.right.count for c in found}
        axes.set_yticks(range(len(groups)), [f"{group} ({sizes[group]})" for group in groups])
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value * 100:.0f} %")
        axes.grid(axis="x", alpha=0.25)
        figure.legend(loc="upper center", ncols=min(4, len(methods)), frameon=False)
        return _svg(figure)


class _figure:
    """A figure of a size in inches, drawn in our style, for light or dark, and without a screen."""

    def __init__(self, width: float, height: float, dark: bool = False) -> None:
        self.size, self.style = (width, height), _STYLE | _DARK if dark else _STYLE

    def __enter__(self) -> tuple[Any, Any]:
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        self._style = rc_context(self.style)
        self._style.__enter__()
        figure = Figure(figsize=self.size, layout="constrained")
        return figure, figure.subplots()

    def __exit__(self, *error: Any) -> None:
        self._style.__exit__(*error)


def _svg(figure: Any) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
