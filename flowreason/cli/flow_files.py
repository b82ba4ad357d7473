"""Files of flows as the commands take them: read from a file, for `-` from stdin, for `library:NAME` from the library.

Invariant: a file is replaced whole or not at all, keeps its mode, and is left alone where it is write-protected; the
library is never written to.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

import flowreason as fr
from flowreason import reading
from flowreason.errors import UsageError
from flowreason.tool_files import tools_from
from flowreason_dsl.diagnostics import FlowError

STDIN = "-"
LIBRARY = "library:"


def is_stdin(file: Path) -> bool:
    return str(file) == STDIN


def is_library(file: Path) -> bool:
    """Whether a flow of the library is meant, as in `library:least_to_most`."""
    return str(file).startswith(LIBRARY)


def name_of(file: Path) -> str:
    """What the file is called in messages."""
    return "<stdin>" if is_stdin(file) else str(file)


def root_of(file: Path) -> Path | None:
    """The folder that `use` may read from."""
    if is_library(file):
        return None
    return Path() if is_stdin(file) else file.parent


def load(file: Path, tools: Path | None) -> fr.Flow:
    """The flow in a file, on stdin, or in the library."""
    bound = tools_from(tools)
    if is_library(file):
        return fr.library.load(str(file), bound)
    return fr.loads(text_of(file), name=name_of(file), tools=bound, root=root_of(file))


def text_of(file: Path) -> str:
    """The text of a file, or of stdin. Raises `UsageError`, or `FlowError` where a file is not UTF-8."""
    from flowreason.flow import read_text

    if is_library(file):
        return fr.library.load(str(file)).text
    return reading.question(STDIN) if is_stdin(file) else read_text(file)


def texts_of(files: Iterable[Path]) -> dict[Path, str | FlowError]:
    """The texts of several files, or why one is no text. Raises one `UsageError` that names all that cannot be read."""
    found: dict[Path, str | FlowError] = {}
    unread = []
    for file in files:
        try:
            if file not in found:
                found[file] = text_of(file)
        except FlowError as error:
            found[file] = error
        except UsageError as error:
            unread.append(str(error))
    if unread:
        raise UsageError("\n".join(dict.fromkeys(unread)))
    return found


def replace(path: Path, text: str) -> None:
    """Write a file whole: into a new one beside it, which then takes its place and keeps its mode."""
    if is_library(path):
        name = str(path).removeprefix(LIBRARY)
        raise UsageError(
            f"flows of the library stay as they are; take a copy: flowreason methods {name} --flow > {name}.flow"
        )
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise UsageError(f"{path} is no file that a flow can be written to; name a file, or - for stdin and stdout")
    made: Path | None = None
    try:
        if not os.access(target, os.W_OK):
            raise PermissionError(None, "it is write-protected")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        made = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        made.chmod(stat.S_IMODE(target.stat().st_mode))
        made.replace(target)
    except OSError as error:
        if made is not None:
            made.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
