"""A till that counts every call that is paid for, by key, and runs that pay there: in processes that may be killed.

Invariant: the till knows what was sent to it, whoever is alive; whatever the world saw of an effect stands in a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import socketserver
import sqlite3
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import flowreason as fr
from flowreason.engine.limits import Limits
from flowreason.ports import ModelInfo, Notify, Reply, Request, Usage
from flowreason.store import open_store

FLOW = """\
tool mark(x: int) -> int "changes the world, and must do so once"
tool stamp(x: int) -> int "changes the world, and is told which call it is"
flow main(n: int) -> int {
  xs: list[int] = for i in `range(n)` {
    a: int = ask "how many {i} x"
    b: int = ask "how many {a} y of {i}" with vote=3
    yield `a + b`
  }
  total: int = mark(`sum(xs)`)
  c: int = ```
    found = 0
    for each in range(50):
        found += each % 7
    return found + total
  ```
  repeat 4 {
    c: int = ask "how many {c} z"
    d: int = mark(c)
    e: int = stamp(d)
  }
  answer `total * 1000 + c * 10 + e % 10`
}
"""
WIDTH = 6
AT_ONCE = 3 * WIDTH
_MARKS = re.compile(r"</?[\w.-]+>")


class Till:
    """Takes a line with a key, counts it, waits a little and answers. `look` is called with each key before it is."""

    def __init__(self, seed: int, look: Callable[[str], None] | None = None) -> None:
        self.paid: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._look = look
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        till = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                key = str(json.loads(self.rfile.readline())["key"])
                pause = till.take(key)
                time.sleep(pause)
                self.wfile.write(json.dumps({"text": str(reckoned(key))}).encode() + b"\n")

        return Handler

    def take(self, key: str) -> float:
        with self._lock:
            self.paid[key] += 1
            pause = self._chance.random() * 0.01
        if self._look is not None:
            try:
                self._look(key)
            except AssertionError as error:
                self.wrong.append(str(error))
        return pause

    def __enter__(self) -> Till:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever was killed does not take its answer."""


def reckoned(key: str) -> int:
    return zlib.crc32(key.partition("#")[0].encode()) % 9


def key_of(request: Request) -> str:
    """What is asked, without the marks around values, and which draw it is."""
    line = next(part for part in request.messages[-1].content.split("\n") if part.startswith("how many"))
    return f"{_MARKS.sub('', line)}#{request.sample}"


class Paying:
    """A provider that pays at the till. `model` of its replies is the key, so that the store can be asked for it."""

    origin = "the till"

    def __init__(self, port: int) -> None:
        self._port = port

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        key = key_of(request)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(json.dumps({"key": key}).encode() + b"\n")
        line = await reader.readline()
        writer.close()
        return Reply(json.loads(line)["text"], Usage(1, 5, 1, 0.0), key)

    def model_info(self, model: str | None) -> ModelInfo:
        return ModelInfo("till", 0.0, 0.0)

    async def close(self) -> None:
        """Nothing stays open."""


def kept_keys(path: Path) -> set[str]:
    """The keys of the answers that are durable in a store."""
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path, timeout=20)) as store:
        try:
            found = [json.loads(reply)["model"] for (reply,) in store.execute("SELECT reply FROM answers")]
        except sqlite3.OperationalError:  # there are no tables yet
            found = []
    return set(found)


def tools(world: Path) -> list[Any]:
    """Tools whose effects are lines of a file."""

    def seen(line: str) -> None:
        handle = os.open(world, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)

    @fr.tool
    async def mark(x: int) -> int:
        seen(f"mark {x}")
        await asyncio.sleep(0.002)
        return x + 1

    @fr.tool
    async def stamp(x: int, idempotency_key: str) -> int:
        seen(f"stamp {x} {idempotency_key}")
        return x + 2

    return [mark, stamp]


def go_on(place: str, port: int, world: str) -> dict[str, Any]:
    """Begin the run, or go on with it where it stands; what became of an effect is looked up in the world."""
    return asyncio.run(_go_on(place, port, Path(world)))


async def _go_on(place: str, port: int, world: Path) -> dict[str, Any]:
    store, given = open_store(place), tools(world)
    common: dict[str, Any] = {"provider": Paying(port), "limits": Limits(calls=None, seconds=60), "store": store}
    known = await store.runs()
    if not known:
        result = await fr.loads(FLOW, tools=given).run_async(n=WIDTH, **common)
    elif known[0].status == "answered":
        result = await fr.replay_async(known[0].id, store=store)
    else:
        result = await fr.resume_async(known[0].id, answers=await _said(store, known[0], world), tools=given, **common)
        if result.status == "waiting":
            info = await store.run(known[0].id)
            result = await fr.resume_async(info.id, answers=await _said(store, info, world), tools=given, **common)
    return {"status": result.status, "value": result.value, "error": str(result.error or "")}


async def _said(store: Any, info: Any, world: Path) -> str | None:
    """What a person finds when they look whether an effect has happened."""
    if info.status != "waiting":
        return None
    done = [each for each in await store.outcomes(info.id) if each.kind == "tool" and each.node.startswith("mark")]
    seen = [line for line in _lines(world) if line.startswith("mark ")]
    return str(int(seen[-1].split()[1]) + 1) if len(seen) > len(done) else "repeat"


def _lines(world: Path) -> list[str]:
    return world.read_text().splitlines() if world.exists() else []


SHARED = """\
flow main(n: int) -> int {
  xs: list[int] = for i in `range(n)` { yield ask "how many shared {i} q" with temperature=0 }
  answer `sum(xs)`
}
"""


def alone(place: str, port: int, world: str, number: int) -> dict[str, Any]:
    """A run of one's own, beside those of others."""

    async def main() -> dict[str, Any]:
        given = {"provider": Paying(port), "store": open_store(place), "limits": Limits(calls=None, seconds=60)}
        result = await fr.loads(SHARED).run_async(n=40, **given)
        return {"status": result.status, "value": result.value, "error": str(result.error or ""), "number": number}

    return asyncio.run(main())


def from_elsewhere(place: str, port: int, world: str, machine: str) -> dict[str, Any]:
    """As another machine would, into which nobody can look; one that shows no life for a moment counts as gone."""
    from flowreason.store import sql, writer
    from tests.stores import elsewhere

    sql.TAKEOVER_SECONDS, writer.BEAT_SECONDS = 0.6, 0.1  # type: ignore[misc]
    with elsewhere(machine):
        return go_on(place, port, world)
