"""A flow that arrives while its first steps run: how near the end comes to the earliest that is possible."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import flowreason as fr
from tests.benchmarks.measure import Row

STEPS, SECONDS, LATENCY = 10, 2.0, 0.3
COMPILER = "# The flow language"


def plan() -> str:
    """Ten questions, each second one about the answer before it."""
    lines = ['  s0 = ask "Say the number 0."']
    for n in range(1, STEPS):
        lines.append(
            f'  s{n} = ask "Say what follows {{s{n - 1}}}, in step {n}."' if n % 2 else f'  s{n} = ask "Say {n}."'
        )
    used = " ".join(f"{{s{n}}}" for n in range(STEPS))
    return "flow plan() -> text {\n" + "\n".join(lines) + f'\n  answer "{used}"\n}}\n'


class Arriving(fr.ScriptedProvider):
    """Writes the plan evenly over two seconds, a token at a time."""

    def __init__(self) -> None:
        super().__init__(lambda request: plan() if compiles(request) else "fine", latency=self.wait)
        self.began = 0.0

    def wait(self, request: fr.Request) -> float:
        return 0.0 if compiles(request) else LATENCY

    async def stream(self, request: fr.Request, on_text: Any, notify: Any = None) -> fr.Reply:
        reply = await self.complete(request, notify)
        pieces = re.findall(r"\s*\w+|\s*\W", reply.text)
        self.began = time.perf_counter()
        for n, piece in enumerate(pieces):
            await asyncio.sleep(self.began + SECONDS * (n + 1) / len(pieces) - time.perf_counter())
            on_text(piece)
        return reply


def compiles(request: fr.Request) -> bool:
    return COMPILER in request.messages[0].content


def earliest() -> float:
    """When the last reply can be there at the earliest: each step when the token after its statement and its material are."""
    text = plan()
    pieces = re.findall(r"\s*\w+|\s*\W", text)
    ends, at = [], 0
    for n, piece in enumerate(pieces):
        at += len(piece)
        ends.append((at, SECONDS * (n + 1) / len(pieces)))
    done = []
    for n in range(STEPS):
        stop = text.index("\n", text.index(f"  s{n} = ")) + 1
        arrived = next(when for end, when in ends if end > stop)
        done.append(max(arrived, done[n - 1] if n % 2 else 0.0) + LATENCY)
    return max([*done, SECONDS])


async def arriving(early: bool = True) -> Row:
    """The whole of `solve`, from the first token to the answer."""
    provider = Arriving()
    await fr.solve_async("What is the plan?", provider=provider, early=early)  # once to warm up
    best = float("inf")
    for _ in range(3):
        await fr.solve_async("What is the plan?", provider=provider, early=early)
        best = min(best, time.perf_counter() - provider.began)
    return Row("a plan of ten steps that arrives over 2 s", "×", best / earliest(), None, "≤ 1.005")
