"""The colours and strokes of a drawing, for light and dark, as CSS inside the SVG.

Invariant: every rule is scoped to `.flowreason`, and no state or kind is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SANS = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace"


class Tint(NamedTuple):
    """Fill and stroke, light and dark."""

    fill: str
    stroke: str
    dark_fill: str
    dark_stroke: str


KINDS: dict[str, Tint] = {
    "input": Tint("#f1f5f9", "#94a3b8", "#1e293b", "#64748b"),
    "ask": Tint("#e8f0fe", "#5b8def", "#16294d", "#6c9cf5"),
    "person": Tint("#fdf0e3", "#e0964a", "#40290f", "#e2a05a"),
    "python": Tint("#f0faf3", "#59a86f", "#12301d", "#62b87b"),
    "emulate": Tint("#eefaf8", "#3fa79b", "#0f312e", "#4cb8ab"),
    "tool": Tint("#fff7db", "#c9a227", "#37300c", "#d3b03c"),
    "call": Tint("#f3effd", "#8f74d6", "#291f47", "#a48be4"),
    "solve": Tint("#fbeef8", "#c068aa", "#3c1b35", "#d07fbb"),
    "run": Tint("#fbeef8", "#c068aa", "#3c1b35", "#d07fbb"),
    "decision": Tint("#ffffff", "#64748b", "#1a2230", "#94a3b8"),
    "value": Tint("#ffffff", "#a8b3c2", "#1a2230", "#75839a"),
    "answer": Tint("#334155", "#334155", "#cbd5e1", "#cbd5e1"),
    "yield": Tint("#e2e8f0", "#94a3b8", "#334155", "#64748b"),
    "loop": Tint("#e6ebf2", "#64748b", "#1f2a3b", "#94a3b8"),
}

NEUTRAL = Tint("#ffffff", "#a3afbf", "#18202d", "#64748b")
"""What a run is drawn with, so that a colour tells a state and nothing else."""

_PLAIN = frozenset({"input", "answer", "yield", "loop"})
"""Kinds without a colour, which a run leaves as they are."""

ICONS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("ask", "emulate", "solve"), ("#5457c0", "#a5b0ff")),
    "person": ("#a8447f", "#f0a0cc"),
    **dict.fromkeys(("python", "tool", "call", "run"), ("#475569", "#a3b1c6")),
}
"""The signs of kinds where a run is drawn: what a model does, what a person does, and all else."""

STATES: dict[str, Tint] = {
    "ready": Tint("", "#a86f00", "", "#f2b824"),
    "running": Tint("#fff7dc", "#a86f00", "#3a2f0a", "#f2b824"),
    "asking": Tint("#e8effd", "#2f5fc9", "#1b2a4d", "#7ea6ff"),
    "done": Tint("#f3faf5", "#1f7f40", "#12261a", "#4fc274"),
    "cached": Tint("#f0f8fa", "#2b7685", "#10262b", "#57b7c9"),
    "retried": Tint("#f3faf5", "#1f7f40", "#12261a", "#4fc274"),
    "bound": Tint("#fff8e6", "#a86f00", "#352b0d", "#f2b824"),
    "limit": Tint("#fff8e6", "#a86f00", "#352b0d", "#f2b824"),
    "failed": Tint("#fdeeee", "#c13333", "#3d1719", "#f06a6a"),
    "skipped": Tint("", "#64748b", "", "#8b99ad"),
    "paused": Tint("", "#64748b", "", "#8b99ad"),
    "spared": Tint("", "#64748b", "", "#8b99ad"),
    "cancelled": Tint("", "#64748b", "", "#8b99ad"),
}
"""An empty fill keeps that of the kind."""

_STROKES = """
.flowreason .s-ready > .shape { stroke-width: 2; stroke-dasharray: 2 4; }
.flowreason .s-running > .shape { stroke-width: 2.2; stroke-dasharray: 9 5; }
.flowreason .s-asking > .shape { stroke-width: 2.8; }
.flowreason .s-done > .shape { stroke-width: 1.8; }
.flowreason .s-cached > .shape { stroke-width: 1.8; stroke-dasharray: 12 3 2 3; }
.flowreason .s-retried > .shape { stroke-width: 2.6; }
.flowreason .s-bound > .shape { stroke-width: 2.4; }
.flowreason .s-limit > .shape { stroke-width: 2.4; stroke-dasharray: 10 4; }
.flowreason .s-failed > .shape { stroke-width: 3; }
.flowreason .s-skipped > .shape { stroke-dasharray: 1 4; stroke-linecap: round; }
.flowreason .s-paused > .shape { stroke-width: 2; stroke-dasharray: 9 5; }
.flowreason .s-spared > .shape { stroke-dasharray: 2 5; stroke-linecap: round; }
.flowreason .s-cancelled > .shape { stroke-dasharray: 6 6; }
.flowreason .badge { display: none; }
.flowreason .disc { stroke-width: 1.5; }
.flowreason .sign { fill: none; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
"""

_BASE = f"""
.flowreason text {{ font-family: {SANS}; fill: #1e293b; }}
.flowreason .code {{ font-family: {MONO}; }}
.flowreason .title {{ font-weight: 600; }}
.flowreason .more, .flowreason .note {{ fill: #64748b; font-weight: 400; }}
.flowreason .paper {{ fill: #ffffff; }}
.flowreason .frame {{ fill: #fcfdfe; stroke: #dbe2ea; }}
.flowreason .loop > .area {{ fill: #64748b; fill-opacity: 0.055; stroke: #b6c2d1; }}
.flowreason .arm > .area {{ fill: #64748b; fill-opacity: 0.03; stroke: #c5cfdb; stroke-dasharray: 2 4; }}
.flowreason .band {{ fill: #e6ebf2; stroke: #b6c2d1; }}
.flowreason .line {{ fill: none; stroke: #7b8a9e; stroke-width: 1.4; }}
.flowreason .tip {{ fill: #7b8a9e; stroke: none; }}
.flowreason .order .line {{ stroke-dasharray: 5 4; }}
.flowreason .back .line, .flowreason .exit .line {{ stroke: #8f74d6; }}
.flowreason .back .tip, .flowreason .exit .tip {{ fill: #8f74d6; }}
.flowreason .label {{ fill: #475569; stroke: #fcfdfe; stroke-width: 3px; paint-order: stroke; stroke-linejoin: round; }}
.flowreason .head > .icon {{ stroke: #64748b; }}
.flowreason .shape {{ stroke-width: 1.4; }}
.flowreason .icon {{ fill: none; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }}
.flowreason .answer text, .flowreason .answer .more, .flowreason .answer .note {{ fill: #ffffff; }}
"""

_DARK = """
.flowreason text { fill: #e2e8f0; }
.flowreason .more, .flowreason .note { fill: #94a3b8; }
.flowreason .paper { fill: #0b111b; }
.flowreason .frame { fill: #111926; stroke: #2a3648; }
.flowreason .loop > .area { fill: #94a3b8; stroke: #3d4b60; }
.flowreason .arm > .area { fill: #94a3b8; stroke: #36445a; }
.flowreason .band { fill: #1f2a3b; stroke: #3d4b60; }
.flowreason .head > .icon { stroke: #94a3b8; }
.flowreason .line { stroke: #8492a8; }
.flowreason .tip { fill: #8492a8; }
.flowreason .back .line, .flowreason .exit .line { stroke: #a48be4; }
.flowreason .back .tip, .flowreason .exit .tip { fill: #a48be4; }
.flowreason .label { fill: #b6c2d1; stroke: #111926; }
.flowreason .answer text, .flowreason .answer .more, .flowreason .answer .note { fill: #0b111b; }
"""


def css(theme: str = "auto", *, run: bool = False) -> str:
    """The style sheet; `theme` is `auto` (follows the reader's system), `light` or `dark`. `run`: states are shown."""
    light = _BASE + _rules(dark=False, run=run) + (_STROKES if run else "")
    dark = _DARK + _rules(dark=True, run=run)
    if theme == "light":
        return light
    return light + (dark if theme == "dark" else f"@media (prefers-color-scheme: dark) {{{dark}}}")


def _rules(*, dark: bool, run: bool) -> str:
    lines = []
    for kind, own in KINDS.items():
        fill, stroke = _of(NEUTRAL if run and kind not in _PLAIN else own, dark)
        lines.append(f".flowreason .{kind} > .shape {{ fill: {fill}; stroke: {stroke}; }}")
        sign = ICONS[kind][dark] if run and kind in ICONS else stroke
        lines.append(f".flowreason .{kind} > .icon {{ stroke: {sign}; }}")
    if run:
        lines += _states(dark)
    return "\n".join(lines) + "\n"


def _of(tint: Tint, dark: bool) -> tuple[str, str]:
    return (tint.dark_fill, tint.dark_stroke) if dark else (tint.fill, tint.stroke)


def _states(dark: bool) -> Iterator[str]:
    """A state is told by its stroke and its badge; its fill is a breath of the same colour."""
    ink, paper, soft = ("#e2e8f0", "#0b111b", "#94a3b8") if dark else ("#1e293b", "#ffffff", "#64748b")
    for state, tint in STATES.items():
        fill, stroke = _of(tint, dark)
        paint = f"fill: {fill}; " if fill else ""
        yield f".flowreason .s-{state} > .shape {{ {paint}stroke: {stroke}; }}"
        yield f".flowreason .s-{state} > .band {{ {paint}stroke: {stroke}; }}"
        yield f".flowreason .s-{state} > .state {{ fill: {stroke}; }}"
        yield f".flowreason .s-{state} > .badge {{ display: inline; }}"
        yield f".flowreason .s-{state} > .badge > .disc {{ fill: {stroke}; stroke: {paper}; }}"
        # an answer is dark, until its state lightens it
        yield f".flowreason .answer.s-{state} text {{ fill: {ink}; }}"
        yield f".flowreason .answer.s-{state} .more {{ fill: {soft}; }}"
        if not fill:
            yield f".flowreason .answer.s-{state} > .shape {{ fill: {paper}; }}"
    yield f".flowreason .sign {{ stroke: {paper}; }}"
    yield f".flowreason .s-running .sign, .flowreason .s-cancelled .sign {{ fill: {paper}; }}"
    for state in ("skipped", "spared", "cancelled"):
        yield f".flowreason .node.s-{state} > text {{ fill: {soft}; }}"
