"""The small pieces of a flow as they stand in a document: questions, paths, types, Python, numbers.

Invariant: `read_x(write_x(piece)) == piece`. Nothing raises; what cannot be read is told to `report`, in plain words,
and a usable piece is given all the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from flowreason_dsl import literals, quoting
from flowreason_dsl import syntax as s
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.source import Span
from flowreason_dsl.types import ANY, Type

Report: TypeAlias = Callable[[str], None]
"""Takes a sentence about the piece at hand."""

_PIECE = re.compile(
    rf"(?P<double>\{{\{{|\}}\}})|(?P<hole>{literals.HOLE.pattern})|(?P<single>[{{}}])|(?P<text>[^{{}}]+)"
)
_MOST_DIGITS = 4000


def write_template(value: s.Template) -> str:
    """A question with its values in braces; its braces twice."""
    return "".join(
        "{" + quoting.path(part) + "}" if isinstance(part, s.Path) else part.replace("{", "{{").replace("}", "}}")
        for part in value.parts
    )


def read_template(text: str, span: Span, report: Report) -> s.Template:
    parts: list[str | s.Path] = []
    single: str | None = None
    for piece in _PIECE.finditer(text):
        if piece["double"]:
            parts.append(piece["double"][0])
        elif piece["hole"]:
            parts.append(_path(piece["hole"], report))
        else:
            parts.append(piece[0])
            single = single or (piece["single"] and text[piece.start() :][:20])
    if single:
        report(
            f"a single brace stands at `{single}`; between braces stands a name, a field or an index, "
            f"and `{single[0] * 2}` is a brace"
        )
    return s.Template(_merged(parts), span)


def _merged(parts: list[str | s.Path]) -> tuple[str | s.Path, ...]:
    out: list[str | s.Path] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part != "":
            out.append(part)
    return tuple(out)


def write_path(value: s.Path) -> str:
    return quoting.path(value)


def read_path(text: str, span: Span, report: Report, reserved: frozenset[str]) -> s.Path:
    """`person.name`, `lines[0]`, `ages["Ada"]`."""
    if literals.HOLE.fullmatch("{" + text + "}") is None:
        report(f"`{text[:60]}` is no path; a path is a name with fields and indices, as in `person.name` or `lines[0]`")
        return s.Path(s.Name("_", span), (), span)
    made = _path("{" + text + "}", report)
    if made.name.text in reserved:
        report(f"`{made.name}` is a word of the language or of Python, and cannot be a name")
    return s.Path(s.Name(made.name.text, span), made.steps, span)


def _path(hole: str, report: Report) -> s.Path:
    found = literals.HOLE.fullmatch(hole)
    assert found is not None
    made = literals.hole_path(found, 0, lambda finding: report(finding.message))
    return s.Path(s.Name(made.name.text), made.steps)


def read_type(text: str, span: Span, report: Report) -> s.TypeRef:
    """A type as the language writes it."""
    made = _type(text)
    if isinstance(made, str):
        report(made)
        return s.TypeRef(ANY, span)
    return s.TypeRef(made, span)


@lru_cache(maxsize=1024)
def _type(text: str) -> Type | str:
    """The type, or what is wrong with it: it is read where a type stands, and must fill that place."""
    flow, found = parse_lenient(f"flow f(a: {text}\n) {{ }}")
    wrong = [finding for finding in found if finding.severity == "error"]
    if flow is not None and not found and len(flow.flows) == 1 and not flow.comments and not flow.tools:
        (definition,) = flow.flows
        if len(definition.parameters) == 1 and not definition.parameters[0].default and not definition.returns:
            return definition.parameters[0].type.type
    why = _why(wrong or found)
    return f'`{text[:60]}` is no type{why}; types are `text`, `int`, `list[text]`, `{{name: text}}`, `"yes" | "no"`, …'


def _why(found: list[Diagnostic]) -> str:
    return f" ({found[0].help or found[0].message})" if found and found[0].help else ""


def read_code(text: str, block: bool, span: Span, report: Report) -> s.Code:
    """Python as it would stand in a text: dedented, on one line or between fences."""
    try:
        raw = quoting.code(s.Code(text, block), "")
    except ValueError as error:
        report(str(error))
        return s.Code("None", False, span)
    return s.Code(literals.code(raw, 0)[0], raw.startswith("```"), span)


def read_constant(value: str | int | float | bool, span: Span, report: Report) -> s.Literal:
    """A text, a number, true or false."""
    if isinstance(value, float) and not math.isfinite(value):
        report("this number is too large to be held")
        return s.Literal(0, span)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**_MOST_DIGITS:
        report(f"a number may have {_MOST_DIGITS:,} digits at most")
        return s.Literal(0, span)
    return s.Literal(value, span)
