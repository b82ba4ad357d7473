"""Python between the braces of a text: computed in a step before, under a name that then stands in its place.

Invariant: a fix is offered only where the statement begins its line and what is computed before it is what would have
been computed in it: not in a loop's own line, whose names are not there yet, and not behind `else`.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flowreason_dsl import naked_python
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.grammar import grammar
from flowreason_dsl.python_world import BUILTINS, MODULES, PRELUDE
from flowreason_dsl.source import Span

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_WORD = re.compile(r"[A-Za-z_]\w*")
_FIRST = frozenset({"NAME", "ANSWER", "ASK", "YIELD", "IF", "MATCH", "SOLVE"})
_NOT_YET = frozenset({"FOR", "SAMPLE", "WHILE", "REPEAT", "ENSURE", "ELSE", "LBRACE"})
_LONGEST_NAME = 30
_LONGEST_STATEMENT = 200


def computed_before(at: Reading, found: Diagnostic) -> Diagnostic:
    """The finding about braces in a text, with a step before the statement where they hold Python."""
    written = at.source.slice(found.span)
    if found.code != "template-brace" or found.fix or written[:1] != "{" or at.at >= len(at.tokens):
        return found
    code, first = _code(written[1:-1].strip().replace('\\"', '"')), at.tokens[at.statement]
    if code is None or first.type not in _FIRST or not at.begins_line(at.statement):
        return found
    if at.at - at.statement > _LONGEST_STATEMENT:
        return found
    if any(at.kind(i) in _NOT_YET for i in range(at.statement, at.at)) or at.kind(at.statement - 1) == "ELSE":
        return found
    name = _name(at, written)
    if name is None:
        return found
    line = at.source.offset(at.line_of(first.start), 1)
    step = f"{name} = `{code}`\n{at.source.slice(Span(line, first.start))}"
    fix = Fix("compute it in a step before", Span(first.start, first.start), step, ((found.span, f"{{{name}}}"),))
    return replace(found, fix=fix)


def _code(inner: str) -> str | None:
    """The Python between braces; with a format behind it, as an f-string."""
    if not inner or "`" in inner or "\n" in inner or re.match(r"(?:ask|solve|emulate|run)\b", inner):
        return None
    if naked_python.parsed(inner) is not None:
        return inner
    quote = "'" if '"' in inner else '"'
    formatted = f"f{quote}{{{inner}}}{quote}"
    return formatted if ":" in inner and naked_python.parsed(formatted) is not None else None


def _name(at: Reading, written: str) -> str | None:
    """A name that is free, made of the words of what is computed."""
    words = [word.lower() for word in _WORD.findall(re.sub(r"'[^']*'|\"[^\"]*\"|:[^:]*\Z", "", written))]
    base = "_".join(words)[:_LONGEST_NAME].strip("_") or "value"
    for name in (base, f"{base}_value"):
        taken = name in at.bound or name in words or name in grammar().keywords or keyword.iskeyword(name)
        if not taken and name not in BUILTINS | MODULES | PRELUDE:
            return name
    return None
