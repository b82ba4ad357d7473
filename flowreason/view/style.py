"""The colours and strokes of a drawing, for light and dark, as CSS inside the SVG.

Invariant: every rule is scoped to `.flowreason`, and no state or kind is told by colour alone.
"""

from __future__ import annotations

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

STATES: dict[str, Tint] = {
    "running": Tint("#fff4cc", "#a86f00", "#453708", "#f2b824"),
    "done": Tint("", "#1f7f40", "", "#4fc274"),
    "failed": Tint("#fdeaea", "#cf3a3a", "#471717", "#f06a6a"),
    "skipped": Tint("", "#b4bdc9", "", "#4b5768"),
    "cancelled": Tint("", "#b4bdc9", "", "#4b5768"),
}
"""An empty fill keeps that of the kind."""

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


def css(theme: str = "auto") -> str:
    """The style sheet; `theme` is `auto` (follows the reader's system), `light` or `dark`."""
    light = _BASE + _rules(dark=False)
    dark = _DARK + _rules(dark=True)
    if theme == "light":
        return light
    return light + (dark if theme == "dark" else f"@media (prefers-color-scheme: dark) {{{dark}}}")


def _rules(*, dark: bool) -> str:
    lines = []
    for kind, tint in KINDS.items():
        fill, stroke = (tint.dark_fill, tint.dark_stroke) if dark else (tint.fill, tint.stroke)
        lines.append(f".flowreason .{kind} > .shape {{ fill: {fill}; stroke: {stroke}; }}")
        lines.append(f".flowreason .{kind} > .icon {{ stroke: {stroke}; }}")
    for state, tint in STATES.items():
        fill, stroke = (tint.dark_fill, tint.dark_stroke) if dark else (tint.fill, tint.stroke)
        paint = f"fill: {fill}; " if fill else ""
        lines.append(f".flowreason .s-{state} > .shape {{ {paint}stroke: {stroke}; stroke-width: 2; }}")
        lines.append(f".flowreason .s-{state} > .state {{ fill: {stroke}; }}")
    lines.append(".flowreason .s-skipped, .flowreason .s-cancelled { opacity: 0.55; }")
    return "\n".join(lines) + "\n"
