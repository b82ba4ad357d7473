"""`lsp`: the language server, for editors.

Invariant: stdout carries messages of the protocol and nothing else. The file of the tools is the user's own program and
is run only where its user names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from flowreason.cli import failures, options
from flowreason.errors import UsageError
from flowreason_dsl.syntax import ToolDef

Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="The model whose prices are shown.")]
Stdio = Annotated[bool, typer.Option("--stdio", help="Speak over stdin and stdout; there is no other way.")]


def run_server(tools: options.Tools = None, model: Model = None, stdio: Stdio = True) -> int:
    """Be the language server of an editor."""
    if find_spec("pygls") is None:
        raise UsageError("the language server needs pygls: pip install 'flowreason[editor]'")
    from flowreason.editor.server import serve
    from flowreason.editor.session import Session
    from flowreason.editor.settings import Settings

    named = None if tools is None else str(tools.absolute())
    session = Session(_definitions, _prices, Settings(named, model))
    return failures.ANSWERED if serve(session, _version()) == 0 else failures.FAILED


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("flowreason")
    except PackageNotFoundError:
        return ""


def _definitions(path: Path) -> Mapping[str, ToolDef]:
    from flowreason.tool_files import tools_from

    return {tool.definition.name.text: tool.definition for tool in tools_from(path)}


def _prices(model: str) -> tuple[float, float] | None:
    from flowreason.config import load_settings
    from flowreason.providers.prices import price_of

    return price_of(model, load_settings(model=model).prices)
