"""The flows that are measured, and the tools in them."""

from __future__ import annotations

import asyncio
import inspect
import random
from dataclasses import dataclass
from typing import Any

import flowreason as fr
from flowreason.engine.environment import Environment
from flowreason.engine.journal import Journal
from flowreason.engine.scheduler import Run
from flowreason.sandbox.choose import choose


@fr.tool(pure=True)
def grown(x: int) -> int:
    """Computes, and does not wait."""
    return x + 1


@fr.tool(pure=True, waits=True)
async def fetched(x: int) -> int:
    """Waits for one turn of the event loop."""
    await asyncio.sleep(0)
    return x + 1


@fr.tool(pure=True, waits=True)
async def waited(seconds: float) -> float:
    """Waits as long as it is told to."""
    await asyncio.sleep(seconds)
    return seconds


def gathered(count: int) -> fr.Tool[..., Any]:
    """A tool of so many arguments that counts them."""

    def everything(**found: Any) -> int:
        return len(found)

    names = [inspect.Parameter(f"x{n}", inspect.Parameter.KEYWORD_ONLY) for n in range(count)]
    everything.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
    return fr.tool(pure=True)(everything)


def chain(count: int) -> fr.Flow:
    lines = [f"  x{n + 1} = grown(x{n})" for n in range(count)]
    return fr.loads("\n".join(["flow main(x0: int) -> int {", *lines, f"  answer x{count}", "}"]), tools=[grown])


def fan(count: int) -> fr.Flow:
    lines = [f"  x{n} = fetched(x)" for n in range(count)]
    joined = ", ".join(f"x{n}" for n in range(count))
    text = "\n".join(["flow main(x: int) -> int {", *lines, f"  answer everything({joined})", "}"])
    return fr.loads(text, tools=[fetched, gathered(count)])


def loop(rounds: int) -> fr.Flow:
    body = "\n".join(["    x = grown(x)"] * 5)
    return fr.loads(f"flow main(x: int) -> int {{\n  repeat {rounds} {{\n{body}\n  }}\n  answer x\n}}", tools=[grown])


def decisions(count: int) -> fr.Flow:
    lines = [f"  if `x > {n % 3}` {{ y{n} = 1 }} else {{ y{n} = 2 }}" for n in range(count)]
    return fr.loads("\n".join(["flow main(x: int) -> int {", *lines, f"  answer y{count - 1}", "}"]))


def expressions(count: int, piece: str) -> fr.Flow:
    lines = [f"  x{n + 1} = `{piece.format(f'x{n}')}`" for n in range(count)]
    return fr.loads("\n".join(["flow main(x0: int) -> int {", *lines, f"  answer x{count}", "}"]))


def mapped(items: int, distinct: int) -> tuple[fr.Flow, list[int]]:
    flow = fr.loads(
        'flow main(ns: list[int]) -> int {\n  xs = for n in ns yield ask "About {n}?"\n  answer `len(xs)`\n}'
    )
    return flow, [n % distinct for n in range(items)]


def six_asks() -> fr.Flow:
    lines = [
        '  x0 = ask "What of {n}?"',
        *(f'  x{k} = ask "And then, after {{x{k - 1}}} of {{n}}?"' for k in range(1, 6)),
    ]
    return fr.loads("\n".join(["flow main(n: int) -> text {", *lines, "  answer x5", "}"]))


@dataclass
class Layered:
    """A random graph in layers: how long each node takes, and what it waits for."""

    seconds: list[float]
    needs: list[list[int]]

    @classmethod
    def random(cls, layers: int, width: int, median: float, seed: int) -> Layered:
        dice = random.Random(seed)
        seconds, needs = [], []
        for layer in range(layers):
            for _ in range(width):
                seconds.append(median * dice.lognormvariate(0, 0.8))
                before = range((layer - 1) * width, layer * width) if layer else range(0)
                needs.append(sorted(dice.sample(before, 2)) if before else [])
        return cls(seconds, needs)

    @property
    def critical(self) -> float:
        ends: list[float] = []
        for seconds, needs in zip(self.seconds, self.needs, strict=True):
            ends.append(seconds + max((ends[each] for each in needs), default=0.0))
        return max(ends)

    def flow(self) -> fr.Flow:
        """As tools that wait, each for its own time."""
        lines = [f"  x{n} = waited({s:.6f})" + self._edges(n) for n, s in enumerate(self.seconds)]
        last = "\n".join(f"  x{n} -> end" for n in range(len(self.seconds)))
        return fr.loads(
            "\n".join(["flow main() -> number {", *lines, "  end = waited(0.0)", last, "  answer end", "}"]),
            tools=[waited],
        )

    def _edges(self, n: int) -> str:
        return "".join(f"\n  x{each} -> x{n}" for each in self.needs[n])

    def asks(self) -> fr.Flow:
        """As questions, each answered after its own time."""
        lines = [f'  x{n} = ask "Node {n}."' + self._edges(n) for n in range(len(self.seconds))]
        last = "\n".join(f"  x{n} -> end" for n in range(len(self.seconds)))
        return fr.loads("\n".join(["flow main() -> any {", *lines, "  end = `1`", last, "  answer end", "}"]))


def environment(flow: fr.Flow, provider: fr.Provider | None = None, concurrency: int = 10_000) -> Environment:
    """Everything a run of a measured flow needs."""
    return Environment(
        provider=provider or fr.ScriptedProvider(default="yes"),
        sandbox=choose("auto", unsafe=True),
        tools=flow.tools,
        limits=fr.Limits(calls=None, rounds=100_000),
        concurrency=concurrency,
    )


async def ran(flow: fr.Flow, given: Environment, **inputs: Any) -> Any:
    """The value of one run. Raises what it failed with."""
    result = await Run(flow.graph, given, Journal()).run(inputs)
    if result.error is not None:
        raise result.error
    return result.value
