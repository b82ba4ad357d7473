"""The measurements: each gives our number and that of asyncio written by hand for the same shape, taken in turns."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, NamedTuple

import flowreason as fr
from tests.benchmarks import flows

TURNS = 5


class Row(NamedTuple):
    """One line of the table. `bound` is None where nothing comparable can be written by hand."""

    what: str
    unit: str
    ours: float
    bound: float | None
    wanted: str


Timed = Callable[[], Awaitable[Any]]


async def taken(act: Timed) -> float:
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began


async def best(ours: Timed, bound: Timed, turns: int = TURNS) -> tuple[float, float]:
    """The shortest times of both, measured in turns after one turn to warm up."""
    await ours()
    pairs = [(await taken(ours), await taken(bound)) for _ in range(turns)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


async def chain(count: int = 1000) -> Row:
    flow = flows.chain(count)
    given = flows.environment(flow)

    async def by_hand() -> int:
        values = {0: 1}
        for n in range(count):
            values[n + 1] = flows.grown.function(values[n])
        return values[count]

    ours, bound = await best(lambda: flows.ran(flow, given, x0=1), by_hand)
    return Row("chain of nodes that do not wait", "µs a node", ours / count * 1e6, bound / count * 1e6, "≤ 2")


async def fan(count: int = 1000) -> Row:
    flow = flows.fan(count)
    given = flows.environment(flow)

    async def by_hand() -> int:
        return len(await asyncio.gather(*(flows.fetched.function(1) for _ in range(count))))

    ours, bound = await best(lambda: flows.ran(flow, given, x=1), by_hand)
    wanted = "≤ 8" if sys.version_info < (3, 12) else "≤ 5"
    return Row(f"1 → {count:,} → 1, nodes that wait", "µs a node", ours / count * 1e6, bound / count * 1e6, wanted)


async def layered(layers: int = 20, width: int = 100) -> Row:
    shape = flows.Layered.random(layers, width, 0.05, 7)
    flow = shape.flow()
    given = flows.environment(flow)

    async def by_hand() -> None:
        done = [asyncio.Event() for _ in shape.seconds]

        async def node(n: int) -> None:
            for each in shape.needs[n]:
                await done[each].wait()
            await asyncio.sleep(shape.seconds[n])
            done[n].set()

        await asyncio.gather(*map(node, range(len(shape.seconds))))

    ours, bound = await best(lambda: flows.ran(flow, given), by_hand, turns=2)
    critical = shape.critical
    return Row("layered graph of 2,000 nodes, over its critical path", "×", ours / critical, bound / critical, "≤ 1.01")


async def layered_narrow(layers: int = 20, width: int = 100, places: int = 16) -> Row:
    shape = flows.Layered.random(layers, width, 0.025, 11)
    flow = shape.asks()

    async def latency(request: Any) -> str:
        number = int(request.messages[-1].content.split("Node ", 1)[1].split(".", 1)[0])
        await asyncio.sleep(shape.seconds[number])
        return "yes"

    given = flows.environment(flow, fr.ScriptedProvider(latency), places)

    async def by_hand() -> None:
        done, gate = [asyncio.Event() for _ in shape.seconds], asyncio.Semaphore(places)

        async def node(n: int) -> None:
            for each in shape.needs[n]:
                await done[each].wait()
            async with gate:
                await asyncio.sleep(shape.seconds[n])
            done[n].set()

        await asyncio.gather(*map(node, range(len(shape.seconds))))

    ours, bound = await best(lambda: flows.ran(flow, given), by_hand, turns=1)
    least = max(shape.critical, sum(shape.seconds) / places)
    return Row("the same as questions, 16 at once, over the least time", "×", ours / least, bound / least, "≤ 1.015")


async def loop(rounds: int = 1000) -> Row:
    flow = flows.loop(rounds)
    given = flows.environment(flow)

    async def by_hand() -> int:
        x = 1
        for _ in range(rounds):
            for _ in range(5):
                x = flows.grown.function(x)
        return x

    ours, bound = await best(lambda: flows.ran(flow, given, x=1), by_hand)
    return Row("loop of 1,000 rounds of 5 nodes", "µs a round", ours / rounds * 1e6, bound / rounds * 1e6, "≤ 12")


async def decisions(count: int = 500) -> Row:
    flow = flows.decisions(count)
    given = flows.environment(flow)

    async def by_hand() -> int:
        found = {}
        for n in range(count):
            found[n] = 1 if n % 3 < 2 else 2
        return found[count - 1]

    ours, bound = await best(lambda: flows.ran(flow, given, x=2), by_hand)
    return Row("decision on data, with its condition and join", "µs", ours / count * 1e6, bound / count * 1e6, "≤ 3")


async def many_flows(count: int = 1000, at_once: int = 64, seconds: float = 0.02) -> Row:
    flow = flows.six_asks()
    given = flows.environment(flow, fr.ScriptedProvider(default="yes", latency=seconds))
    least = count / at_once * 6 * seconds

    async def crowd(one: Callable[[int], Awaitable[Any]]) -> None:
        left = iter(range(count))

        async def worker() -> None:
            for n in left:
                await one(n)

        await asyncio.gather(*(worker() for _ in range(at_once)))

    async def by_hand(n: int) -> None:
        for _ in range(6):
            await asyncio.sleep(seconds)

    ours, bound = await best(lambda: crowd(lambda n: flows.ran(flow, given, n=n)), lambda: crowd(by_hand), turns=1)
    return Row("1,000 flows of 6 questions, 20 ms each, 64 at once", "×", ours / least, bound / least, "≤ 1.09")


async def asks(count: int = 1000) -> Row:
    flow, ns = flows.mapped(count, count)
    provider = fr.ScriptedProvider(default="yes")
    given = flows.environment(flow, provider)

    async def by_hand() -> list[Any]:
        requests = provider.requests[:count]
        return await asyncio.gather(*(provider.complete(each) for each in requests))

    ours, bound = await best(lambda: flows.ran(flow, given, ns=ns), by_hand)
    return Row("question to a model that answers at once", "µs", ours / count * 1e6, bound / count * 1e6, "")


async def distinct(items: int = 1000, different: int = 50) -> Row:
    flow, ns = flows.mapped(items, different)
    provider = fr.ScriptedProvider(default="yes", latency=0.01)
    await flows.ran(flow, flows.environment(flow, provider), ns=ns)
    return Row("1,000 items with 50 different questions", "calls", len(provider.requests), different, "50")


async def expressions(count: int = 500) -> Row:
    flow = flows.expressions(count, "{} * 3 % 7 + 1")
    given = flows.environment(flow)

    async def by_hand() -> int:
        x = 1
        for _ in range(count):
            x = x * 3 % 7 + 1
        return x

    ours, bound = await best(lambda: flows.ran(flow, given, x0=1), by_hand)
    return Row("trivially safe Python", "µs a node", ours / count * 1e6, bound / count * 1e6, "≤ 5")


async def sandboxed(count: int = 200) -> Row:
    from flowreason.sandbox.choose import choose

    sandbox = choose("auto", unsafe=True)
    small = flows.expressions(1, "{} + sum(range(2))")
    flow = flows.expressions(count, "{} + sum(range(2))")
    given = replace(flows.environment(flow), sandbox=sandbox)

    async def start() -> Any:
        return await flows.ran(small, given, x0=1)

    ours, begun = await best(lambda: flows.ran(flow, given, x0=1), start, turns=3)
    await sandbox.close()
    name = f"Python in the sandbox ({sandbox.name}), its start left out"
    return Row(name, "µs a node", (ours - begun) / (count - 1) * 1e6, None, "≤ 100")


_MEMORY = """
import asyncio, tracemalloc
from tests.benchmarks import flows
flow = flows.fan({count}) if {ours} else None
if flow:
    flow.graph
async def by_hand():
    return await asyncio.gather(*(flows.fetched.function(1) for _ in range({count})))
tracemalloc.start()
asyncio.run(flows.ran(flow, flows.environment(flow), x=1) if flow else by_hand())
print(tracemalloc.get_traced_memory()[1] / 1e6)
"""


def memory(count: int = 10_000) -> Row:
    ours, bound = (float(alone(_MEMORY.format(count=count, ours=each))) for each in (True, False))
    return Row(f"1 → {count:,} → 1, peak of the run alone", "MB", ours, bound, "≤ 15")


def alone(code: str) -> str:
    """What a piece of Python prints in a process of its own."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=compiled).stdout


def importing() -> Row:
    def milliseconds(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        alone(code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000

    code = "import flowreason; flowreason.loads; flowreason.solve"
    standard = "import asyncio, dataclasses, json, ast, re"
    pairs = [(milliseconds(code), milliseconds(standard)) for _ in range(TURNS)]
    empty = min(milliseconds("pass") for _ in range(TURNS))
    ours, bound = min(a for a, _ in pairs) - empty, min(b for _, b in pairs) - empty
    return Row("import, all that `solve` and `loads` need", "ms", ours, bound, "≤ 80")


def peak() -> float:
    """The most memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
