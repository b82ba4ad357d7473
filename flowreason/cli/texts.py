"""`format`, `draw`: what is done with a flow's text alone, without asking a model.

Invariant: nothing is paid for, and no file but the one named is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import flowreason as fr
from flowreason.cli import failures, output, reading
from flowreason.cli.tool_files import tools_from
from flowreason.errors import UsageError
from flowreason_dsl.diagnostics import render


def format_files(files: Sequence[str], *, check_only: bool) -> int:
    """Write each file in the one style; gives the exit code."""
    changed = [name for name in files if _format(name, check_only)]
    if check_only and changed:
        output.note("would change: " + ", ".join(changed))
        return failures.FAILED
    return failures.ANSWERED


def _format(name: str, check_only: bool) -> bool:
    """Format one file, or stdin to stdout; tells whether the text changes."""
    from flowreason.flow import read_text
    from flowreason_dsl.printer import format_text

    path = None if name == "-" else Path(name)
    text = reading.question("-") if path is None else read_text(path)
    after = format_text(text, "<stdin>" if path is None else name)
    if path is None:
        if not check_only:
            sys.stdout.write(after)
    elif after != text and not check_only:
        _write(path, after)
    return after != text


def _write(path: Path, content: str | bytes) -> None:
    try:
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def draw_file(file: Path, out: Path | None, wanted: str | None, tools: Path | None) -> int:
    """Draw a flow into a file, or onto stdout; gives the exit code."""
    format_ = _format_of(out, wanted, "svg", ())
    return _drawn(fr.load(file, tools=tools_from(tools)).draw(format_), out, "Drawn")


def import_graph(file: Path, out: Path | None, wanted: str | None, tools: Path | None) -> int:
    """Make a flow from a JSON graph, as text or drawn; gives the exit code."""
    format_ = _format_of(out, wanted, "flow", ("flow",))
    text = reading.question("-") if str(file) == "-" else reading.file_text(file)
    root = Path() if str(file) == "-" else file.parent
    try:
        flow = fr.loads_graph(text, tools=tools_from(tools), root=root)
    except fr.GraphFormatError as error:
        for pointer, message in error.faults:
            output.complain(f"{file}: {pointer or '/'}: {message}")
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
    if format_ not in (*more, *FORMATS):
        told = repr(format_) if format_ else "no ending"
        raise UsageError(f"there is no picture format {told}; there are: {', '.join((*more, *FORMATS))}")
    reading.writable(out, "--output")
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
