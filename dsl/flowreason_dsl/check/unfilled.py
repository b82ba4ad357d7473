"""Names in a text that look as if their value should be put in, and stay letters: `{{name}}`, `${name}`, `$name`.

Invariant: only names that are there at this place are told of; what a text says about money is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.source import Span
from flowreason_dsl.types import INT, NUMBER, Type

_SPELLED = re.compile(
    r"(?<!\{)\{\{[ \t]*([A-Za-z_]\w*)[ \t]*\}\}(?!\})"
    r"|\$\{[ \t]*([A-Za-z_]\w*)[ \t]*\}"
    r"|(?<![\w$\\])\$([A-Za-z_]\w*)"
)
_MONEY = re.compile(r"price|cost|amount|total|budget|fee|sum|pay|salar|fare|tip|tax|usd|dollar|money|worth|value", re.I)
_MOST = 20


def unfilled(raw: str, start: int, type_of: Callable[[str], Type | None]) -> Iterator[tuple[str, Diagnostic]]:
    """Each such name with what is said of it; `type_of` gives None for a name that is not there."""
    if "{{" not in raw and "$" not in raw:
        return
    for count, found in enumerate(_SPELLED.finditer(raw)):
        name = found[1] or found[2] or found[3]
        type = type_of(name)
        if type is None or count >= _MOST:
            continue
        if found[1] is None and (type in (INT, NUMBER) or _MONEY.search(name)):
            continue
        span = Span(start + found.start(), start + found.end())
        yield name, _finding(found, name, span)


def _finding(found: re.Match[str], name: str, span: Span) -> Diagnostic:
    fix = Fix(f"write `{{{name}}}`", span, f"{{{name}}}")
    if found[1]:
        message = f"`{found[0]}` is the word {name} in braces"
    elif found[2]:
        message = f"`{found[0]}` is a `$` and the value of `{name}`"
    else:
        message = f"`{found[0]}` stays as it is"
    help_ = f"the value of `{name}` is put in with `{{{name}}}`"
    return Diagnostic("template-unfilled", message, span, "warning", help=help_, fix=fix)
