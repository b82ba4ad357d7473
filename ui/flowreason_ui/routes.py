"""The app's own routes: the scripts and styles that were built with the package, and the stream of a run.

Invariant: a stream is read only; it is named by the run's id, which cannot be guessed, and ends when its reader goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from flowreason_ui import edit_routes
from flowreason_ui.head import html
from flowreason_ui.stream import Viewer
from flowreason_ui.works import works

ROOT = "/flowreason"
FOLDER = Path(__file__).parent / "assets"
QUIET = 0.06
"""Seconds between two looks at a run: what happens meanwhile is sent together."""
LONGEST = 64_000
"""Characters of a message of the browser that are read."""

PAGES = ("solve", "edit", "runs", "batch", "settings", "run", "answers", "compare")
"""The names of the pages in addresses (`places.pages`)."""
_TYPES = {".js": "text/javascript", ".css": "text/css", ".map": "application/json"}


def routes() -> list[BaseRoute]:
    return [
        Route(f"{ROOT}/assets/{{name}}", _asset, methods=["GET"]),
        WebSocketRoute(f"{ROOT}/live/{{id}}", _live),
        Route(f"/{PAGES[0]}", _first, methods=["GET"]),
        *(Route(f"/{name}", _page, methods=["GET"]) for name in ("", *PAGES[1:])),
        *edit_routes.routes(),
    ]


@cache
def version(name: str) -> str:
    """What changes when an asset changes; empty where it was not built."""
    path = FOLDER / name
    return sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


async def _page(_request: Request) -> Response:
    return Response(html(), media_type="text/html", headers={"Cache-Control": "no-cache"})


async def _first(request: Request) -> Response:
    """The first page is at `/` alone: by its name Streamlit says that there is no such page."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/", status_code=307)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"][:200]
    path = FOLDER / name
    kind = _TYPES.get(path.suffix)
    if "/" in name or kind is None or not path.is_file() or path.parent != FOLDER:
        return PlainTextResponse("there is no such file", status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(path.read_bytes(), media_type=kind, headers=headers)


async def _live(socket: WebSocket) -> None:
    """Tell one viewer of one run, until they go."""
    await socket.accept()
    live = works().runs.get(socket.path_params["id"])
    if live is None:
        await socket.send_text(json.dumps({"kind": "gone"}))
        await socket.close()
        return
    viewer, woken, asked = Viewer(live), asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the app is closing
            loop.call_soon_threadsafe(woken.set)

    stop = live.listen(wake)
    woken.set()
    reading = asyncio.ensure_future(_read(socket, viewer, woken, asked))
    try:
        while not reading.done():
            await _told(socket, viewer, woken, asked, reading)
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        stop()
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await reading


async def _told(
    socket: WebSocket, viewer: Viewer, woken: asyncio.Event, asked: asyncio.Event, reading: asyncio.Task[None]
) -> None:
    """Send what is due, and wait until something is again: what the viewer asks for is told at once."""
    woken.clear()
    asked.clear()
    for message in await asyncio.to_thread(viewer.news):
        await socket.send_text(json.dumps(message, ensure_ascii=False))
    wish = asyncio.ensure_future(asked.wait())
    await asyncio.wait({wish, reading}, timeout=QUIET, return_when=asyncio.FIRST_COMPLETED)
    wish.cancel()
    waiting = asyncio.ensure_future(woken.wait())
    await asyncio.wait({waiting, reading}, timeout=viewer.patience, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _read(socket: WebSocket, viewer: Viewer, woken: asyncio.Event, asked: asyncio.Event) -> None:
    """Hear what the viewer asks for."""
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            return
        with contextlib.suppress(ValueError, RecursionError):
            message: Any = json.loads(text) if len(text) <= LONGEST else None
            viewer.take(message)
            woken.set()
            asked.set()
