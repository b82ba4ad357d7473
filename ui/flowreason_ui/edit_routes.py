"""The routes of the editor: questions about a text, each a request with one answer.

Invariant: a request is read within a bound, says that it is JSON (which no form of another site can), and changes
nothing; what is asked of texts runs in two threads at most, beside the server's own.
"""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from flowreason_dsl.grammar import grammar
from flowreason_ui.editing import ANSWERS, Json, Misasked, asked_from, setup

EDIT = "/flowreason/edit"
LONGEST = 4_000_000
"""Bytes of a request that are read: a text with the files that it uses."""

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="flowreason-edit")
_log = logging.getLogger(__name__)


def routes() -> list[BaseRoute]:
    grammar()  # by one thread, before there are several: two that read it at once would number its states differently
    return [
        Route(f"{EDIT}/setup", _setup, methods=["GET"]),
        Route(f"{EDIT}/{{what}}", _asked, methods=["POST"]),
    ]


async def _setup(_request: Request) -> JSONResponse:
    return _answer(await _aside(setup))


async def _asked(request: Request) -> JSONResponse:
    what = ANSWERS.get(request.path_params["what"])
    if what is None:
        return _refusal("there is no such question", 404)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _refusal("a request says that it is application/json", 415)
    try:
        body = await _body(request)
    except ClientDisconnect:
        return _refusal("the request was given up", 400)
    if body is None:
        return _refusal(f"the text and the files it uses are larger than {LONGEST:,} bytes together", 413)
    try:
        return _answer(await _aside(lambda: what(asked_from(_read(body)))))
    except Misasked as error:
        return _refusal(str(error), 400)
    except Exception:  # noqa: BLE001 - told in words; a text must not end the connection
        _log.exception("an editor's request failed")
        return _refusal("this is a fault of flowreason: the text could not be looked at", 500)


async def _aside(work: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def _body(request: Request) -> bytes | None:
    """What was sent; None where it is too long."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LONGEST:
            return None
        parts.append(part)
    return b"".join(parts)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Misasked("the request is not JSON") from None


def _answer(data: Json) -> JSONResponse:
    return JSONResponse(data, headers=_HEADERS)


def _refusal(why: str, status: int) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status, headers=_HEADERS)
