"""`ui`: the app, in the browser.

Invariant: it is served to this machine alone. The app is no part of the command line, and is loaded when it is asked
for.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from flowreason.cli import failures, options
from flowreason.errors import UsageError

Port = Annotated[
    int | None,
    typer.Option("--port", "-p", metavar="NUMBER", help="Else 8501, or the next that is free.", min=1, max=65_535),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Open no browser; the address is printed.")]


def open_app(port: Port = None, no_browser: NoBrowser = False, store: options.Store = None) -> int:
    """Open the app in the browser: ask, watch the flowchart think, look into everything."""
    if find_spec("streamlit") is None or find_spec("uvicorn") is None:
        raise UsageError('the app needs more packages; install them with: pip install "flowreason[ui]"')
    from flowreason_ui.serving import serve

    serve(port, browser=not no_browser, store=store)
    return failures.ANSWERED
