"""Starts the app: Streamlit with routes of our own, on this machine alone.

Invariant: it listens on 127.0.0.1, tells nobody of its use, and loads nothing from another host.
"""

from __future__ import annotations

import gc
import socket
import threading
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from flowreason.errors import UsageError

HOST = "127.0.0.1"
PORT = 8501
_SETTINGS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "logger.enableRich": False,
    "logger.level": "warning",
    "server.address": HOST,
    "server.fileWatcherType": "none",
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,  # a full collection after each run of a page would hold up everybody else
    "server.headless": True,
    "server.maxUploadSize": 64,
    # The colours of the drawings (`flowreason.view.style`).
    "theme.light.primaryColor": "#3563c9",
    "theme.light.secondaryBackgroundColor": "#f4f6f9",
    "theme.light.textColor": "#1e293b",
    "theme.light.borderColor": "#dbe2ea",
    "theme.dark.primaryColor": "#4a7be0",
    "theme.dark.backgroundColor": "#10151f",
    "theme.dark.secondaryBackgroundColor": "#1a2230",
    "theme.dark.textColor": "#e2e8f0",
    "theme.dark.borderColor": "#2f3a4c",
    "theme.headingFontSizes": ["2.1rem", "1.2rem", "1.1rem"],
    "theme.baseRadius": "0.5rem",
}


def make_app(store: str | None = None, port: int = PORT) -> Any:
    """The app, as ASGI. `store` is where runs are kept, by default where the command line keeps them."""
    import streamlit as st
    from starlette.middleware import Middleware
    from streamlit import config

    from flowreason_ui.guard import Guard
    from flowreason_ui.routes import routes
    from flowreason_ui.works import Works, set_works

    config.get_config_options(force_reparse=True, options_from_flags={**_SETTINGS, "server.port": port})
    made = Works(store)
    set_works(made)

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        threading.Thread(target=_warmed, name="flowreason-warm", daemon=True).start()
        yield
        made.close()

    script = Path(__file__).with_name("script") / "app.py"
    return st.App(script, routes=routes(), middleware=[Middleware(Guard)], lifespan=lifespan)


def serve(port: int | None = None, *, browser: bool = True, store: str | None = None) -> None:
    """Serve the app until it is stopped. Raises `UsageError` where that cannot be done.

    `port`: without one, 8501 or the next that is free.
    """
    chosen = _free(port)
    try:
        import uvicorn

        app = make_app(store, chosen)
    except ImportError as error:
        missing = 'the app needs more packages; install them with: pip install "flowreason[ui]"'
        raise UsageError(f"{missing} ({error.name} is not there)") from None
    url = f"http://{HOST}:{chosen}"
    print(f"flowreason is open at {url} (end it with Ctrl-C)", flush=True)
    if browser:
        threading.Thread(target=_opened, args=(chosen, url), daemon=True).start()
    uvicorn.run(
        app,
        host=HOST,
        port=chosen,
        log_level="warning",
        access_log=False,
        ws_max_size=2**20,
        timeout_graceful_shutdown=3,
    )


def _warmed() -> None:
    """Load the pages while the browser still loads what shows them, so that the first is there at once."""
    for name in ("run", "solve", "edit", "runs", "batch", "answers", "settings", "compare"):
        import_module(f"flowreason_ui.pages.{name}")
    gc.freeze()  # what is loaded now stays: no later collection goes through it


def _free(port: int | None) -> int:
    """The port that is asked for, or the first from 8501 on that nobody uses."""
    for each in [port] if port is not None else range(PORT, PORT + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, each))
            except OSError:
                continue
            return each
    if port is None:
        raise UsageError(f"no port from {PORT} to {PORT + 49} is free; name one: flowreason ui --port 9000")
    raise UsageError(f"the port {port} is in use; name another one, or leave --port out")


def _opened(port: int, url: str) -> None:
    """Open the browser once the app answers."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                webbrowser.open(url)
                return
        time.sleep(0.1)
