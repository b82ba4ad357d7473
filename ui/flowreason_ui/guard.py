"""Who may talk to the app: pages of its own, at an address of this machine.

Streamlit's own checks do not cover routes that are added to it. Invariant: a request whose `Host` is none of those the
app was opened under is refused (so that no other name can be made to lead here), and so is one that another site's page
sends (`Origin`), before anything is looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """Lets only requests through that are meant for this app. `hosts`: names beside those of this machine."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self.app = app
        self.hosts = LOOPBACK | frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
            reason = self.refused(headers.get(b"host", ""), headers.get(b"origin", ""))
            if reason:
                await _refuse(reason, scope, receive, send)
                return
        await self.app(scope, receive, send)

    def refused(self, host: str, origin: str) -> str:
        """Why a request is refused; empty where it is not."""
        if _name(f"//{host}") not in self.hosts:
            return "this address does not belong to the app: open it as http://127.0.0.1 with its port"
        if origin and (_name(origin) not in self.hosts or urlsplit(origin).netloc != host):
            return "requests of other sites are refused"
        return ""


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
