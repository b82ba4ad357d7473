"""`check`: everything that is wrong with files, as text, JSON or SARIF; and `check --fix`, which mends what is certain.

Invariant: a file is written only with `--fix`, only where its text changes, and then whole or not at all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import flowreason as fr
from flowreason.cli import failures, flow_files, output
from flowreason.errors import UsageError
from flowreason.tool_files import tools_from
from flowreason_dsl.diagnostics import Diagnostic, FlowError, as_json, errors, render
from flowreason_dsl.fixing import Fixed, fix_all
from flowreason_dsl.rendering import Paint, plainly
from flowreason_dsl.source import Source

FORMATS = ("text", "json", "sarif")


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of one file: its text, after fixing where that was asked for, and what is wrong with it."""

    source: Source
    diagnostics: tuple[Diagnostic, ...]
    made: tuple[tuple[int, Diagnostic], ...] = ()
    summary: str = ""
    unwritten: str = ""

    @property
    def ok(self) -> bool:
        return not errors(self.diagnostics) and not self.unwritten


def check_files(files: Sequence[Path], tools: Path | None, format_: str, *, fix: bool) -> int:
    """Report what is wrong with each file; gives the exit code."""
    if format_ not in FORMATS:
        raise UsageError(f"there is no report format {format_!r}; there are: {', '.join(FORMATS)}")
    piped = fix and any(map(flow_files.is_stdin, files))
    if piped and (format_ != "text" or len(files) > 1):
        raise UsageError("with --fix, - writes the mended text to stdout: give it alone, and no other --format")
    found = tools_from(tools)
    texts = flow_files.texts_of(files)
    checked = [_check(file, texts[file], found, fix) for file in texts]
    if piped:
        sys.stdout.write(checked[0].source.text)
        output.note(_text(checked, sys.stderr), coloured=True)
    elif format_ == "text":
        output.emit(_text(checked, sys.stdout), coloured=True)
    else:
        output.emit(json.dumps(_data(checked) if format_ == "json" else _sarif(checked), ensure_ascii=False))
    for each in checked:
        if each.unwritten:
            output.complain(each.unwritten)
    return failures.ANSWERED if all(each.ok for each in checked) else failures.MISUSED


# --- looking -------------------------------------------------------------------------------------------------


def _check(file: Path, text: str | FlowError, tools: Sequence[Any], fix: bool) -> Checked:
    """One file, mended where that is wanted and the file can be written."""
    if isinstance(text, FlowError):  # it is not UTF-8
        return Checked(text.source, text.diagnostics)
    name, root = flow_files.name_of(file), flow_files.root_of(file)

    looked: dict[str, fr.Flow | None] = {}

    def find(changed: str) -> tuple[Diagnostic, ...]:
        found, looked[changed] = _findings(changed, name, tools, root)
        return found

    fixed = fix_all(text, find) if fix else Fixed(text, find(text))
    unwritten = _written(file, fixed.text) if fixed.text != text else ""
    if unwritten:
        fixed = Fixed(text, find(text))
    flow = looked[fixed.text]
    summary = flow.price().summary() if flow else ""
    return Checked(Source(fixed.text, name), fixed.diagnostics, fixed.made, summary, unwritten)


def _written(file: Path, text: str) -> str:
    """Write the mended text in its place; gives why that could not be done, if so."""
    if flow_files.is_stdin(file):
        return ""
    try:
        flow_files.replace(file, text)
    except UsageError as error:
        return str(error)
    return ""


def _findings(
    text: str, name: str, tools: Sequence[Any], root: Path | None
) -> tuple[tuple[Diagnostic, ...], fr.Flow | None]:
    """All that is found in a text, what was mended on the way included; and the flow, where there is one."""
    try:
        flow = fr.loads(text, name=name, tools=tools, root=root)
    except FlowError as error:
        return tuple(error.diagnostics), None
    return flow.diagnostics, flow


# --- telling -------------------------------------------------------------------------------------------------


def _text(checked: Sequence[Checked], to: TextIO) -> str:
    paint = _in_colour if output.may_colour(to) else plainly
    return "\n\n".join(_one(each, paint) for each in checked)


def _one(checked: Checked, paint: Paint) -> str:
    name = checked.source.name
    parts = []
    if checked.made:
        lines = [f"{name}:{n}: {paint('fixed', 'fix')}[{d.code}]: {d.message}{_how(d)}" for n, d in checked.made]
        parts.append("\n".join(lines))
    if checked.diagnostics:
        parts.append(render(checked.diagnostics, checked.source, paint))
    parts.append(f"{name}: {_count(checked) if errors(checked.diagnostics) else f'fine; {checked.summary}'}")
    return "\n\n".join(parts)


def _how(found: Diagnostic) -> str:
    return f" ({found.fix.message})" if found.fix else ""


def _count(checked: Checked) -> str:
    wrong = errors(checked.diagnostics)
    mendable = sum(d.fix is not None and d.source is None for d in wrong)
    count = "1 error" if len(wrong) == 1 else f"{len(wrong)} errors"
    part = ("it" if mendable == 1 else "all of them") if mendable == len(wrong) else f"{mendable} of them"
    return count + (f"; `flowreason check --fix` can mend {part}" if mendable and not checked.made else "")


_COLOURS = {
    "error": "1;31", "warning": "1;33", "hint": "1;36", "message": "1", "gutter": "1;34", "label": "34", "fix": "32",
}  # fmt: skip


def _in_colour(text: str, role: str) -> str:
    return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m"


def _data(checked: Sequence[Checked]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ok": all(each.ok for each in checked),
        "diagnostics": [as_json(d, each.source) for each in checked for d in each.diagnostics],
    }
    fixed = [
        {"file": each.source.name, "line": line, "code": d.code, "message": d.message, "fix": d.fix.message}
        for each in checked
        for line, d in each.made
        if d.fix
    ]
    return made | ({"fixed": fixed} if fixed else {})


def _sarif(checked: Sequence[Checked]) -> dict[str, Any]:
    from flowreason_dsl.sarif import sarif

    return sarif([(each.source, each.diagnostics) for each in checked], fr.__version__)
