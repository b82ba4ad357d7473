"""Messages between host and worker: four bytes of length, then JSON.

Invariant: a message is read whole or the process ends; nothing is ever deserialised but JSON.
"""

from __future__ import annotations

import json
import os
from typing import Any

from flowreason.sandbox.inside.records import revive

CHUNK = 8 * 1024
write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_parse = json.JSONDecoder(object_hook=revive).decode


class Wire:
    """One end of the line to the host; it blocks."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._buffer = bytearray()

    def receive(self) -> dict[str, Any]:
        """The next message, its values decoded. The process ends when the host is gone."""
        size = int.from_bytes(self._take(4), "big")
        message: dict[str, Any] = _parse(self._take(size).decode("utf-8", "surrogatepass"))
        return message

    def _take(self, count: int) -> bytes:
        buffer = self._buffer
        while len(buffer) < count:
            chunk = os.read(self._read, max(CHUNK, count - len(buffer)))
            if not chunk:
                os._exit(0)
            buffer += chunk
        taken = bytes(buffer[:count])
        del buffer[:count]
        return taken

    def send(self, message: dict[str, Any]) -> None:
        """Write a message that is JSON already (see `flowreason.values.encode`)."""
        self.send_text(write(message))

    def send_text(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        rest = memoryview(len(data).to_bytes(4, "big") + data)
        while rest:
            rest = rest[os.write(self._write, rest) :]
