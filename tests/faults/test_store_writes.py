"""What becomes of a run whose store fails: at the Nth write for every N, before it is made or after.

A flow with asks, a vote, Python, a loop and effects is run; afterwards the store works again, and the run is resumed.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import flowreason as fr
from flowreason.store import SqlStore
from flowreason.store import writer as writing
from tests.stores import Spot, spot_of
from tests.worlds import World, undisturbed

_STATEMENTS = ("do_execute", "do_executemany", "do_execute_no_params")


class Faults:
    """Makes the writes of a store fail: those whose number `fails` says so."""

    def __init__(self, store: SqlStore, fails: Callable[[int], bool], message: str, after: bool = False) -> None:
        self.count = 0
        self.message = message
        self._fails = fails
        self._after = after
        self._engine = store._engines[1]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        dialect = self._engine.dialect
        names = ["do_commit"] if self._after else ["do_commit", *_STATEMENTS]
        for name in names:
            setattr(dialect, name, self._failing(getattr(dialect, name)))
        try:
            yield
        finally:
            for name in names:
                delattr(dialect, name)

    def _failing(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any, **named: Any) -> Any:
            if self._after:
                act(*given, **named)
            self._step()
            return None if self._after else act(*given, **named)

        return acted

    def _step(self) -> None:
        self.count += 1
        if threading.current_thread().name == "flowreason-store" and self._fails(self.count):
            raise sqlite3.OperationalError(self.message)


@pytest.fixture(scope="module")
def expected() -> tuple[Any, list[int], set[str]]:
    return undisturbed()


def kept_count(spot: Spot) -> int:
    with sqlite3.connect(spot.path) as store:
        return int(store.execute("SELECT count(*) FROM answers").fetchone()[0])


@pytest.mark.parametrize("after", [False, True], ids=["not made", "made, and nobody knows"])
def test_wherever_the_store_fails_for_good_the_run_stops_and_goes_on_later_to_the_same_answer(
    expected: Any, after: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def one(number: int) -> bool:
        """Fail from one write on; whether the run met it."""
        with spot_of() as spot:
            store, world = spot.open(), World()
            faults = Faults(store, lambda count: count >= number, "attempt to write a readonly database", after)
            with faults.at_work():
                try:
                    result = await world.run(store)
                    assert result.ok and faults.count < number
                    return False
                except fr.StoreError as error:
                    assert "may only be read" in str(error)
            assert set(world.effects) <= set(expected[1])
            await store.close()
            paid, durable = len(world.paid), kept_count(spot)
            result = await world.resume(spot.open())
            assert (result.value, world.effects) == expected[:2], (number, result.error)
            again = len(world.paid) - len(set(world.paid))
            assert again <= paid - durable, (number, world.paid)
            return True

    async def main() -> int:
        for number in itertools.count(1):
            if not await one(number):
                return number
        return 0

    assert asyncio.run(main()) > (8 if after else 30), "every write of a run was tried"
    assert [r for r in caplog.records if r.name == "asyncio"] == [], "what nobody waits for is not complained about"


@pytest.mark.parametrize("message", ["disk I/O error", "database is locked", "database or disk is full"])
def test_a_fault_that_passes_is_not_noticed_by_the_run(
    expected: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 5.0)

    async def main() -> None:
        with spot_of() as spot:
            store, world = spot.open(), World()
            faults = Faults(store, lambda count: count % 11 == 0, message)  # a transaction has up to eight statements
            with faults.at_work():
                result = await world.run(store)
            assert (result.value, world.effects, set(world.paid)) == expected, result.error
            assert faults.count > 20 and len(world.paid) == len(set(world.paid))
            replayed = await fr.replay_async(result.run_id, store=store)
            assert replayed.value == result.value and len(replayed.events) == len(result.events)

    asyncio.run(main())
