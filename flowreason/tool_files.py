"""Tools from a Python file that the user names: the functions in it that are marked with `@tool`.

Invariant: the file is the user's own program and runs with their rights; flows and models never name one.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any

from flowreason import reading
from flowreason.errors import UsageError

MODULE = "flowreason_user_tools"
TABLES = "library:table"
"""Before the name of a table of the library, whose tools the method `robot` calls: `library:table/lunch`."""


def tools_from(path: Path | None) -> list[Any]:
    """The tools in a file; none without one. Raises `UsageError` that names the failing line."""
    if path is None:
        return []
    if str(path).startswith(TABLES):
        from flowreason.library.table import tools_of

        return list(tools_of(str(path).removeprefix(TABLES).removeprefix("/")))
    from flowreason.tools import Tool

    reading.file_text(path)
    module = _loaded(path)
    tools = [each for each in vars(module).values() if isinstance(each, Tool)]
    if not tools:
        raise UsageError(f"{path} holds no tool; mark functions with @tool (from flowreason import tool)")
    return tools


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(MODULE, path.absolute())
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module  # dataclasses and type hints look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the user's program raises is told, with its place
        raise UsageError(f"{path} cannot be loaded{_line(error, path)}: {type(error).__name__}: {error}") from error
    return module


def _line(error: Exception, path: Path) -> str:
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.absolute())
    ]
    found = lines[-1] if lines else getattr(error, "lineno", None)
    return f" (line {found})" if found else ""
