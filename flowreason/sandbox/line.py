"""How a worker process is started, and the asyncio end of the line to it.

Invariant: a worker inherits no environment but the few variables named here, and no descriptor but its line.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowreason.errors import SandboxError

if TYPE_CHECKING:
    from flowreason.sandbox.worker import Worker

PASSED_ON = ("LD_LIBRARY_PATH", "TZ", "SYSTEMROOT")
"""Variables without which Python may not start, or not know the hour."""


BUFFER = 64 * 1024


def command(mode: str, **settings: Any) -> list[str]:
    """The command that starts a worker. Raises `SandboxError`."""
    if not sys.executable:
        raise SandboxError("this Python does not know its own program, so that no worker can be started")
    package = Path(__file__).parents[1]
    spec = importlib.util.find_spec("flowreason_dsl")
    if spec is None or not spec.submodule_search_locations:
        raise SandboxError("flowreason_dsl is not installed as files")
    known = {"mode": mode, "flowreason": str(package), "dsl": spec.submodule_search_locations[0], **settings}
    script = package / "sandbox" / "inside" / "main.py"
    return [sys.executable, "-P", "-s", "-S", "-B", "-X", "utf8", str(script), json.dumps(known)]


def environment() -> dict[str, str]:
    """The whole environment of a worker. Sets iterate alike on every run."""
    return {"PYTHONHASHSEED": "0"} | {name: os.environ[name] for name in PASSED_ON if name in os.environ}


class Receiver(asyncio.BufferedProtocol):
    """Hands what a socket brings to a worker, by way of one buffer: a fresh one for each message costs more."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._buffer = memoryview(bytearray(BUFFER))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._worker.received(self._buffer[:nbytes])

    def connection_lost(self, exc: Exception | None) -> None:
        self._worker.gone()
