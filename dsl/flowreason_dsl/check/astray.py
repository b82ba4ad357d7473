"""What follows the grammar and is surely meant otherwise: settings behind an ask without `with`, records for dicts.

Invariant: only what nothing reads is told of, since what is read may be meant as it is written; and of a statement that
is told of, nothing else is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.reach import parts
from flowreason_dsl.diagnostics import Fix
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import (
    Answer,
    Ask,
    Assign,
    Block,
    Code,
    Do,
    Expression,
    FlowDef,
    For,
    Literal,
    Path,
    Solve,
    Statement,
    Template,
    Yield,
)
from flowreason_dsl.words import SETTINGS

_READ = re.compile(rf"(?<!with )\b({'|'.join(SETTINGS)})\b(?![ \t]*[=:])")
_KEYED = re.compile(r"\{\s*(?P<key>\w+)\s*:(?P<value>[^{},]*|\s*\{[^{}]*\}\s*)\}")
_KEYS = frozenset({"str", "string", "String", "int", "integer", "float", "bool", "boolean", "any"})


def settings_without_with(flow: FlowDef, findings: Findings) -> None:
    """`x = ask "…" temperature=0.5`: the second is read as a step of its own."""
    blocks = [block for block in parts(flow.body) if isinstance(block, Block)]
    found = [settings for block in blocks for settings in _astray(block, findings.source)]
    read = set(_READ.findall(findings.source.slice(flow.span))) if found else set()
    for settings in found:
        if read.isdisjoint(each.name.text for each in settings):
            _tell(settings, findings)


def _astray(block: Block, source: Source) -> Iterator[list[Assign]]:
    """The steps behind something that asks that look like settings."""
    asked, settings = None, list[Assign]()
    for statement in block.statements:
        before = settings[-1] if settings else asked
        if before is not None and _looks_set(statement) and _belongs(before, asked, statement, source):
            settings.append(statement)  # type: ignore[arg-type]
            continue
        if settings:
            yield settings
        asked, settings = (statement if _asks(statement) else None), []
    if settings:
        yield settings


def _looks_set(statement: Statement) -> bool:
    if not isinstance(statement, Assign) or statement.type or statement.name.text not in SETTINGS:
        return False
    value = statement.value
    return not value.settings and isinstance(value.value, Literal | Template | Code | Path)


def _belongs(before: Statement, asked: Statement | None, statement: Statement, source: Source) -> bool:
    """Whether a statement stands on the line of the one before it, or deeper than the ask."""
    if "\n" not in source.text[before.span.end : statement.span.start]:
        return True
    if asked is None:
        return False
    line, column = source.position(statement.span.start)
    first = source.line(source.position(asked.span.start)[0])
    alone = not source.line(line)[: column - 1].strip()
    return alone and column - 1 > len(first) - len(first.lstrip())


def _asks(statement: Statement) -> bool:
    """Whether a statement ends with a question."""
    if not isinstance(statement, Assign | Answer | Yield | Do):
        return False
    value: Expression = statement.value
    while value.otherwise is not None or (isinstance(value.value, For) and value.value.line):
        last = value.otherwise or value.value.body.statements[-1].value  # type: ignore[union-attr]
        value = last
    return isinstance(value.value, Ask | Solve)


def records_for_dicts(flow: FlowDef, findings: Findings) -> None:
    """`{str: int}`: a record of one field, which is called as a type is."""
    written = [flow.returns, *(each.type for each in flow.parameters)]
    written += [each.type for each in parts(flow.body) if isinstance(each, Assign | Answer)]
    for each in filter(None, written):
        for found in _KEYED.finditer(findings.source.slice(each.span)):
            if _is_a_type(found["key"], found["value"]) and not _is_field(found["key"], findings.source.text):
                span = Span(each.span.start + found.start(), each.span.start + found.end())
                right = f"dict[{found['value'].strip()}]"
                message = f"this is a record with one field, `{found['key']}`; values by text are a `{right}`"
                findings.add("type-keyed", message, span, fix=Fix(f"write `{right}`", span, right))


def _is_a_type(key: str, value: str) -> bool:
    """Whether a field is more likely meant as the type of keys."""
    return key in _KEYS or (key == "text" and value.strip() != "text")


@lru_cache(maxsize=32)
def _is_field(key: str, text: str) -> bool:
    return re.search(rf"\.{key}\b|[\"']{key}[\"']", text) is not None


def _tell(settings: list[Assign], findings: Findings) -> None:
    first, *others = settings
    commas = [(Span(before.span.end, before.span.end), ",") for before, _ in zip(settings, others, strict=False)]
    start = Span(first.span.start, first.span.start)
    fix = Fix("write `with`", start, "with ", tuple(commas))
    findings.told |= {each.span for each in settings} | {each.name.span for each in settings}
    message = f"`{first.name}` is a setting, and stands behind `with`; so it is a step that nothing reads"
    findings.add("setting-astray", message, first.name.span, fix=fix)
