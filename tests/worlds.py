"""A flow with asks, a loop, a vote and effects, and the world that it runs in: for tests of what happens to it midway.

Invariant: what it answers, asks and does is the same in every run that nobody disturbs.
"""

from __future__ import annotations

import asyncio
from typing import Any

import flowreason as fr

FLOW = """\
tool act(x: int) -> int "changes the world"
flow main(n: int) -> int {
  xs: list[int] = for i in `range(n)` { yield ask "how many {i}" }
  a: int = act(`sum(xs)`)
  b: int = ask "vote on {a}" with vote=3
  c: int = act(b)
  answer `a * 100 + c`
}
"""


class World:
    """A model that counts, and a tool with effects."""

    def __init__(self) -> None:
        self.paid: list[str] = []
        self.effects: list[int] = []

        @fr.tool
        async def act(x: int) -> int:
            self.effects.append(x)
            gives = x + len(self.effects)
            await asyncio.sleep(0)
            return gives

        self.tools = [act]

    def reply(self, request: fr.Request) -> str:
        text = request.messages[-1].content.split("\n")[0]
        self.paid.append(f"{text}#{request.sample}")
        return str(len(text) % 7)

    def granted(self, store: Any) -> dict[str, Any]:
        return {"provider": fr.ScriptedProvider(self.reply), "store": store, "limits": fr.Limits(seconds=20)}

    async def run(self, store: Any) -> fr.Result:
        return await fr.loads(FLOW, tools=self.tools).run_async(n=3, **self.granted(store))

    async def resume(self, store: Any) -> fr.Result:
        """Go on, or begin where nothing was kept; a person looks what became of an effect."""
        infos = await store.runs()
        if not infos:
            return await self.run(store)
        if infos[0].status == "answered":
            return await fr.replay_async(infos[0].id, store=store)
        result = await fr.resume_async(infos[0].id, tools=self.tools, **self.granted(store))
        if result.status == "waiting":
            done = [o for o in await store.outcomes(infos[0].id) if o.kind == "tool"]
            happened = len(self.effects) > len(done)
            said = str(self.effects[-1] + len(self.effects)) if happened else "repeat"
            result = await fr.resume_async(infos[0].id, answers=said, tools=self.tools, **self.granted(store))
        return result


def undisturbed() -> tuple[Any, list[int], set[str]]:
    """What a run comes to that nobody disturbs: its answer, its effects, and what it pays for."""

    async def main() -> tuple[Any, list[int], set[str]]:
        world = World()
        return (await world.run(None)).value, world.effects, set(world.paid)

    return asyncio.run(main())
