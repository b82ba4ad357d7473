"""`format`, `draw`: what is done with a flow's text alone, without asking a model.

Invariant: nothing is paid for, and no file but the one named is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import flowreason as fr
from flowreason import reading
from flowreason.cli import failures, flow_files, output
from flowreason.errors import UsageError
from flowreason.tool_files import tools_from
from flowreason_dsl.diagnostics import FlowError, render


def format_files(files: Sequence[Path], *, check_only: bool) -> int:
    """Write each file in the one style, those without mistakes too where others have some; gives the exit code."""
    changed, at_fault = [], False
    for file, text in flow_files.texts_of(files).items():
        try:
            if _format(file, text, check_only):
                changed.append(str(file))
        except (FlowError, UsageError) as error:
            failures.print_error(error, as_data=False)
            at_fault = True
    if changed:
        output.note(("would change: " if check_only else "Formatted: ") + ", ".join(changed))
    if at_fault:
        return failures.MISUSED
    return failures.FAILED if check_only and changed else failures.ANSWERED


def _format(file: Path, text: str | FlowError, check_only: bool) -> bool:
    """Format one file, or stdin to stdout; tells whether the text of a file changes."""
    from flowreason_dsl.printer import format_text

    if isinstance(text, FlowError):
        raise text
    after = _with_ends_of(text, format_text(text, flow_files.name_of(file)))
    if flow_files.is_stdin(file):
        if not check_only:
            sys.stdout.write(after)
            return False
    elif after != text and not check_only:
        flow_files.replace(file, after)
    return after != text


def _with_ends_of(before: str, after: str) -> str:
    """The new text with the line ends of the old one."""
    if not before.partition("\n")[0].endswith("\r"):
        return after
    return after.replace("\r\n", "\n").replace("\n", "\r\n")


def _write(path: Path, content: str | bytes) -> None:
    try:
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def draw_file(file: Path, out: Path | None, wanted: str | None, tools: Path | None) -> int:
    """Draw a flow into a file, or onto stdout; gives the exit code."""
    format_ = _format_of(out, wanted, "svg", ())
    return _drawn(flow_files.load(file, tools).draw(format_), out, "Drawn")


def import_graph(file: Path, out: Path | None, wanted: str | None, tools: Path | None) -> int:
    """Make a flow from a JSON graph, as text or drawn; gives the exit code."""
    format_ = _format_of(out, wanted, "flow", ("flow",))
    text = reading.question("-") if flow_files.is_stdin(file) else reading.file_text(file)
    try:
        flow = fr.loads_graph(text, tools=tools_from(tools), root=flow_files.root_of(file))
    except fr.GraphFormatError as error:
        for pointer, message in error.faults:
            output.complain(f"{flow_files.name_of(file)}: {pointer or '/'}: {message}")
        return failures.MISUSED
    if flow.diagnostics:
        output.note(render(flow.diagnostics, flow.checked.flow.source))
    made = flow.text if format_ == "flow" else flow.draw(format_)
    return _drawn(made, out, "Written" if format_ == "flow" else "Drawn")


def print_schema() -> int:
    """Print the JSON Schema of the graphs that `draw -f json` writes and `draw --import` reads."""
    from flowreason_dsl.plain import schema_text

    output.emit(schema_text())
    return failures.ANSWERED


def _format_of(out: Path | None, wanted: str | None, usual: str, more: tuple[str, ...]) -> str:
    """The format that is wanted: what was said, else the file's ending, else the usual one."""
    from flowreason.view.draw import FORMATS

    format_ = wanted or (out.suffix.lstrip(".").lower() if out is not None else usual)
    reading.writable(out, "--output")
    known = ", ".join((*more, *FORMATS))
    if not format_:
        raise UsageError(f"{out} has no ending that says its format; there are: {known}")
    if format_ not in (*more, *FORMATS):
        raise UsageError(f"there is no picture format {format_!r}; there are: {known}")
    if out is None and format_ in ("png", "pdf") and sys.stdout.isatty():
        raise UsageError(f"{format_} is no text; name a file with -o flow.{format_}")
    return format_


def _drawn(made: str | bytes, out: Path | None, word: str) -> int:
    if out is None:
        _onto_stdout(made)
    else:
        _write(out, made)
        output.note(f"{word}: {out}")
    return failures.ANSWERED


def _onto_stdout(picture: str | bytes) -> None:
    if isinstance(picture, str):
        output.emit(picture)
    else:
        sys.stdout.buffer.write(picture)
        sys.stdout.buffer.flush()
