"""Who may talk to the app: pages of its own, at an address of this machine; and what a browser may do with its answers.

Streamlit's own checks do not cover routes that are added to it. Invariants: a request whose `Host` is none of those the
app was opened under is refused (so that no other name can be made to lead here), and so is one that another site's page
sends (`Origin`, `Sec-Fetch-Site`), before anything is looked at; every answer tells the browser to load nothing from
another host, so that even markup that got into a page could send nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OWN: Final = "/flowreason/"
"""Where the routes begin that are ours: what they give is no page, and needs nothing."""
_LOADED: Final = "default-src 'self' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
# Streamlit's page has a script in it, loads the scripts of components from a blob, and writes its styles as it goes.
_SCRIPTS: Final = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
_PAGE: Final = f"{_LOADED}{_SCRIPTS}style-src 'self' 'unsafe-inline'; "
_NOTHING: Final = "default-src 'none'; "
_HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"x-frame-options": b"DENY",
}


class Guard:
    """Lets only requests through that are meant for this app. `hosts`: names beside those of this machine."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self.app = app
        self.hosts = LOOPBACK | frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        reason = self.refused(headers.get(b"host", ""), headers.get(b"origin", "")) or _of_others(headers)
        if scope["type"] == "http":
            send = _telling(send, str(scope["path"]))
        if reason:
            await _refuse(reason, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def refused(self, host: str, origin: str) -> str:
        """Why a request is refused; empty where it is not."""
        if _name(f"//{host}") not in self.hosts:
            return "this address does not belong to the app: open it as http://127.0.0.1 with its port"
        if origin and (_name(origin) not in self.hosts or urlsplit(origin).netloc != host):
            return "requests of other sites are refused"
        return ""


def _of_others(headers: Mapping[bytes, str]) -> str:
    """Why what another site's page loads from here is refused where it has no `Origin`. A link may lead here."""
    if headers.get(b"sec-fetch-site") not in ("cross-site", "same-site"):
        return ""
    if headers.get(b"sec-fetch-mode") == "navigate" and headers.get(b"sec-fetch-dest") == "document":
        return ""
    return "requests of other sites are refused"


def _telling(send: Send, path: str) -> Send:
    """Answers with what the browser is to keep to."""
    policy = f"{_NOTHING if path.startswith(OWN) else _PAGE}frame-ancestors 'none'"
    told = {**_HEADERS, b"content-security-policy": policy.encode()}

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in told]
            message = {**message, "headers": [*kept, *told.items()]}
        await send(message)

    return sent


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


async def _refuse(reason: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})
        return
    await PlainTextResponse(reason, status_code=403)(scope, receive, send)
