"""A run takes room in proportion to its answers, not to their history: at most 2 KB a node beyond what was answered.

What is measured is the file of a store that holds one run, less an empty store, the answers, the flow and its inputs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.stores import spot_of

MOST = 2048
ANSWER = "The Rhine is long. " * 100


def chain(count: int) -> str:
    steps = "\n".join(f'x{n + 1} = ask "What follows {n}?\\n{{x{n}}}"' for n in range(count))
    return f"flow main(x0: text) -> text {{\n{steps}\nanswer x{count}\n}}"


FAN = """
flow main(n: int) -> text {
  xs = for i in `range(n)` { yield ask "What of {i}?" }
  s = `"".join(xs)`
  answer s
}
"""
GROWS = """
flow main(n: int) -> text {
  log = ""
  all: list[text] = `[]`
  for i in `range(n)` {
    found = ask "What of {i}?"
    log = `log + found`
    all = `all + [log[-500:]]`
  }
  answer log
}
"""
PROMPTS = """
flow main(document: text, n: int) -> text {
  xs = for i in `range(n)` { yield ask "Read and tell {i}:\\n{document}" }
  answer `xs[0]`
}
"""
SANDBOXED = """
flow main(n: int) -> int {
  big: list[int] = `[]`
  for i in `range(n)` {
    big: list[int] = ```
      found = list(big)
      for k in range(200):
          found.append(k * i)
      return found
    ```
  }
  answer `len(big)`
}
"""
CALLS = """
flow main(n: int) -> text {
  answer grow(n, "")
}
flow grow(n: int, log: text) -> text {
  if `n <= 0` { answer log }
  found = ask "What of {n}?"
  more = grow(`n - 1`, `log + found`)
  answer more
}
"""

SHAPES: dict[str, tuple[str, dict[str, Any], Callable[[str], str]]] = {
    "chain": (chain(150), {"x0": "start"}, lambda prompt: f"{hash(prompt)} {ANSWER}"),
    "fan-out": (FAN, {"n": 150}, lambda prompt: f"{hash(prompt)} {ANSWER}"),
    "loop with a growing text and list": (GROWS, {"n": 200}, lambda prompt: f"{hash(prompt)} {ANSWER[:300]}"),
    "a long document in every prompt": (PROMPTS, {"n": 60, "document": "Rhine " * 17_000}, lambda prompt: f"{hash(prompt)}"),
    "Python in the sandbox with growing values": (SANDBOXED, {"n": 40}, lambda prompt: "1"),
    "a flow that calls itself with a growing text": (CALLS, {"n": 40}, lambda prompt: f"{hash(prompt)} {ANSWER}"),
}  # fmt: skip


def size_of(path: Path) -> int:
    """Bytes that are in use, with all that was written in the one file."""
    with sqlite3.connect(path) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        (pages,), (free,), (size,) = (
            store.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_node_takes_at_most_two_kilobytes_beyond_its_answer(shape: str) -> None:
    text, inputs, says = SHAPES[shape]
    said: list[int] = []

    def reply(request: fr.Request) -> str:
        found = says(request.messages[-1].content)
        said.append(len(found.encode()))
        return found

    async def main() -> None:
        with spot_of() as spot:
            store = spot.open()
            empty = size_of(spot.path)
            limits = fr.Limits(calls=None, depth=100, rounds=1000)
            provider = fr.ScriptedProvider(reply)
            result = await fr.loads(text).run_async(inputs, provider=provider, store=store, limits=limits)
            assert result.ok, result.error
            nodes = sum(event.kind == "node.done" for event in result.events)
            given = len(text.encode()) + sum(len(str(value)) for value in inputs.values())
            beyond = size_of(spot.path) - empty - sum(said) - given
            print(f"{shape}: {beyond / nodes:.0f} bytes a node, {nodes} nodes")
            assert beyond <= MOST * nodes, f"{beyond / nodes:.0f} bytes a node"
            assert (await fr.replay_async(result.run_id, store=store)).value == result.value

    asyncio.run(main())
