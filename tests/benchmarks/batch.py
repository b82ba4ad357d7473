"""What a question of a hundred thousand takes: time above its own flow, and memory of the whole process at its peak."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import Row, alone

_CODE = """
import asyncio, resource, sys, tempfile, time
from pathlib import Path
import flowreason as fr

FLOWS = {{
    "python": "flow f(n: int) -> int {{ a = `n * 3 + 1`  b = `a % 7`  answer `a + b` }}",
    "sandbox": "flow f(n: int) -> int {{ a = `sum(i * i for i in range(n % 10))`  answer `a + 1` }}",
    "model": 'flow f(n: int) -> int {{ a: int = ask "How many {{n}}?"  answer `a + 1` }}',
}}

class Instant:
    async def complete(self, request, notify=None):
        await asyncio.sleep(0)
        return fr.Reply("7", fr.Usage(1, 10, 5, 0.0))
    def model_info(self, model):
        return fr.ModelInfo("instant")
    async def close(self):
        pass

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

async def main(kind, count, store):
    flow, done, early = fr.loads(FLOWS[kind]), 0, 0.0
    rows = ({{"n": n, "note": "x" * 100}} for n in range(count))
    began = time.perf_counter()
    async for row in fr.batch_async(rows, flow=flow, provider=Instant(), store=store, in_order=True):
        assert row.ok, row
        done += 1
        if done == 1000:
            early = megabytes()
    print((time.perf_counter() - began) / count * 1e6, megabytes(), early)

with tempfile.TemporaryDirectory() as folder:
    asyncio.run(main("{kind}", {count}, str(Path(folder) / "s.db") if {kept} else None))
"""


def questions() -> Iterator[Row]:
    """100,000 questions as a stream, in order, from an iterator of another thread."""
    for kind, count, kept in (
        ("python", 100_000, False), ("model", 100_000, False), ("sandbox", 20_000, False), ("model", 10_000, True),
    ):  # fmt: skip
        micro, peak, early = map(float, alone(_CODE.format(kind=kind, count=count, kept=kept)).split())
        name = f"{count:,} questions, {kind}{', kept' if kept else ''}"
        yield Row(name, "µs each", micro, None, "")
        yield Row(f"{name}: peak, and after the first 1,000", "MB", peak, early, "≤ 1.3×")
