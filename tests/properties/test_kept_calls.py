"""Where one step does several things at one place, a run that is killed and goes on takes none of them for another.

FLOWREASON_CHAINS says how many runs are killed again and again (12 where nothing is said).
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.kept_events import last_questions
from flowreason.store import SqlStore
from flowreason.store.choose import make_store, url_of
from tests.calling import World, Writer
from tests.properties.test_kept import same_events
from tests.snapshots import Snapshot, snapshots
from tests.stores import swift_folder

CHAINS = int(os.environ.get("FLOWREASON_CHAINS", "12"))
KILLS = 3


class Chain:
    """One run that is killed after some write, goes on in another order, is killed again, and so on."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.text = Writer(self.chance).program()
        self.approve = self.chance.random() < 0.3
        self.scarce = self.chance.random() < 0.4
        self.folder = folder
        self.number = 0

    async def session(self, left: Snapshot | None) -> tuple[Any, World, list[Snapshot]]:
        """The run from what was left of it to its end: its answer, what the world saw, and what kills would leave."""
        self.number += 1
        place = self.folder / str(self.number)
        place.mkdir()
        path = place / "runs.db" if left is None else left.path
        world = World(self.chance.randint(0, 10**6), None if left is None else left.world)
        store = make_store(url_of(str(path)))
        try:
            with snapshots(store, path, place, lambda _: True, world.seen) as copies:
                made = await self._to_its_end(world, store)
            assert made[-1].ok, f"{made[-1].error}\n{self.text}"
            await self._replayed(store, made)
        finally:
            store.close_now()
        return made[-1].value, world, [copy for copy in copies if goes_on(copy)]

    async def _to_its_end(self, world: World, store: SqlStore) -> list[fr.Result]:
        """Begun or gone on with until it waits for no person, nor for more calls; each of its sessions."""
        granted, made = {**world.granted(store), "approve": self.approve, "confirm": lambda *_: True}, []
        if not await store.runs():
            flow = fr.loads(self.text, tools=world.tools)
            made.append(await flow.run_async(n=2, **granted, limits=self._limits(0, 0)))
        while not made or made[-1].status in ("waiting", "limit"):
            info = await store.run("last")
            asked = await last_questions(store, info) if info.status == "waiting" else []
            answers = world.answers(asked, await store.outcomes(info.id)) or None
            limits = self._limits(info.standing.usage.calls, len(made))
            made.append(await fr.resume_async(info.id, tools=world.tools, answers=answers, **granted, limits=limits))
            assert len(made) < 150, "it asks for ever"
        return made

    def _limits(self, used: int, sessions: int) -> fr.Limits:
        """Few more calls than were used, where they are scarce; in the end as many as it takes."""
        few = self.scarce and sessions < 30 and self.chance.random() < 0.9
        calls = used + self.chance.randint(0, 7) if few else None
        return fr.Limits(calls=calls, seconds=60)

    async def _replayed(self, store: SqlStore, made: list[fr.Result]) -> None:
        """Every one of these sessions, the last of the run, event for event."""
        last = (await store.run(made[-1].run_id)).session
        for number, live in enumerate(made, last - len(made) + 1):
            same_events(await fr.replay_async(live.run_id, session=number, store=store), live)


def kept_answers(snapshot: Snapshot) -> set[str]:
    """The requests whose answers were durable."""
    with sqlite3.connect(snapshot.path) as copy:
        return {key for (key,) in copy.execute("SELECT key FROM answers")}


def goes_on(snapshot: Snapshot) -> bool:
    """Whether the run was there, and had not come to its end."""
    with sqlite3.connect(snapshot.path) as copy:
        return [status for (status,) in copy.execute("SELECT status FROM runs")] in (["running"], ["waiting"])


@pytest.mark.parametrize("seed", range(CHAINS))
def test_however_often_a_run_is_killed_what_it_does_at_one_place_is_done_once_each(seed: int) -> None:
    async def main() -> None:
        with swift_folder() as folder:
            chain = Chain(seed, folder)
            value, world, copies = await chain.session(None)
            effects = world.effects()
            for _ in range(KILLS):
                if not copies:
                    break
                left = chain.chance.choice(copies)
                kept = kept_answers(left)
                again, world, copies = await chain.session(left)
                assert (again, world.effects()) == (value, effects), chain.text
                assert len(world.asked) == len(set(world.asked)), "nobody is asked twice"
                assert kept.isdisjoint(world.paid), "an answer that was kept is not paid for again"

    asyncio.run(main())
