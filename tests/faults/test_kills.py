"""Processes that are killed at random moments, that share a store, and that wake when others have taken their run.

FLOWREASON_KILLS says how many kills are made under load (25 where nothing is said).
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import paying
from tests.forked import CONTEXT
from tests.paying import Till, kept_keys
from tests.stores import swift_folder

KILLS = int(os.environ.get("FLOWREASON_KILLS", "25"))
LATEST = 0.45
"""Seconds within which a process is killed; a run takes about as long."""


class Place:
    """A store, a world and a till, and processes that work there."""

    def __init__(self, folder: Path, till: Till, number: int = 0) -> None:
        self.store = folder / f"runs{number}.db"
        self.world = folder / f"world{number}"
        self.answers = folder / f"answers{number}.jsonl"
        self.till = till
        self._started: list[Any] = []

    def start(self, work: Callable[..., Any] = paying.go_on, *more: Any) -> Any:
        given = (str(self.answers), work, (str(self.store), self.till.port, str(self.world), *more))
        process = CONTEXT.Process(target=tell, args=given, daemon=True)
        process.start()
        self._started.append(process)
        return process

    def close(self) -> None:
        """Give back what is held of each process that was started."""
        for process in self._started:
            process.kill()
            process.join()
            process.close()

    def until_kept(self, answers: int) -> None:
        """Wait until so many answers are durable."""
        until = time.monotonic() + 20
        while len(kept_keys(self.store)) < answers and time.monotonic() < until:
            time.sleep(0.005)

    def put_to_sleep(self, process: Any) -> None:
        """Stop a process, at a moment at which it is not writing: what sleeps within a write keeps all others out."""
        os.kill(process.pid, signal.SIGSTOP)
        while self._is_being_written():
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.002)
            os.kill(process.pid, signal.SIGSTOP)

    def _is_being_written(self) -> bool:
        with closing(sqlite3.connect(self.store, timeout=0.05)) as store:
            try:
                store.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
        return False

    def told(self) -> list[dict[str, Any]]:
        lines = self.answers.read_text().splitlines() if self.answers.exists() else []
        return [json.loads(line) for line in lines]

    def effects(self) -> tuple[list[str], list[str]]:
        """What the world saw of the tool that acts once, and of the one that is told which call it is."""
        lines = self.world.read_text().splitlines() if self.world.exists() else []
        marks = [line for line in lines if line.startswith("mark ")]
        return marks, [line.split("/", 1)[1] for line in lines if line.startswith("stamp ")]


def tell(answers: str, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    """In the process: what the work gave, or raised, is one line of a file."""
    try:
        told = work(*given)
    except Exception as error:  # noqa: BLE001 - looked at by the test
        told = {"status": type(error).__name__, "value": None, "error": str(error)}
    with open(answers, "a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


@pytest.fixture
def place() -> Iterator[Place]:
    with swift_folder() as folder, Till(7) as till, closing(Place(folder, till)) as made:
        yield made


def undisturbed() -> tuple[Any, tuple[list[str], list[str]], Counter[str]]:
    """What a run comes to that nobody disturbs: its answer, its effects, and what it pays."""
    with swift_folder() as folder, Till(3) as till, closing(Place(folder, till)) as place:
        place.start().join(60)
        assert [told["status"] for told in place.told()] == ["answered"], place.told()
        return place.told()[0]["value"], place.effects(), till.paid


def depends(folder: Path) -> Callable[[str], None]:
    """Looks, when a call arrives, whether the answer that it depends on is durable."""

    def look(key: str) -> None:
        words = key.split()
        if words[3].startswith("y"):  # how many A y of I#n
            needed = f"how many {words[5].partition('#')[0]} x#0"
            stores = [kept_keys(path) for path in folder.glob("runs*.db")]
            assert any(needed in kept for kept in stores), f"{key} was sent before {needed} was kept"

    return look


def killed_until_answered(place: Place, chance: random.Random, most: int) -> tuple[int, int]:
    """Go on with a run and kill it, up to so often; then let it end. How many kills, and how many calls under way then."""
    kills = under_way = 0
    while not place.told():
        process = place.start()
        if kills < most:
            process.join(chance.random() * LATEST)
            if process.exitcode is None:
                process.kill()
                kills += 1
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL)
        if process.exitcode:
            under_way += len(set(place.till.paid) - kept_keys(place.store))
    return kills, under_way


def test_killed_at_random_moments_under_load_no_answer_is_lost_or_paid_twice_and_no_effect_happens_twice() -> None:
    answer, effects, once = undisturbed()
    chance, kills, number = random.Random(20), 0, 0
    while kills < KILLS:
        number += 1
        with (
            swift_folder() as folder,
            Till(number, depends(folder)) as till,
            closing(Place(folder, till, number)) as place,
        ):
            made, under_way = killed_until_answered(place, chance, min(8, KILLS - kills))
            kills += made
            assert [(told["status"], told["value"]) for told in place.told()] == [("answered", answer)]
            assert till.wrong == []
            again = till.paid - Counter(set(till.paid))
            assert again.total() <= under_way, "only calls that were under way at a kill are paid for again"
            assert set(once) <= set(till.paid) and all(
                " b" in key or "y of" in key for key in set(till.paid) - set(once)
            )
            marks, stamps = place.effects()
            assert marks == effects[0], "an effect happens once, in its order"
            assert set(stamps) == set(effects[1]), "one that may come twice comes with the same key"
            with closing(sqlite3.connect(place.store)) as store:
                assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_of_two_processes_that_go_on_with_one_run_at_once_exactly_one_does(place: Place) -> None:
    first = place.start()
    place.until_kept(3)
    first.kill()
    first.join(20)
    both = [place.start() for _ in range(2)]
    for process in both:
        process.join(60)
    told = sorted(each["status"] for each in place.told())
    assert told in (["RunBusy", "answered"], ["answered", "answered"]), place.told()
    assert place.effects()[0] == undisturbed()[1][0]
    with closing(sqlite3.connect(place.store)) as store:
        assert store.execute("SELECT count(*), max(session) FROM runs").fetchall() == [(1, 2)]


def test_several_runs_of_several_processes_share_a_store_and_what_is_everybodys(place: Place) -> None:
    processes = [place.start(paying.alone, number) for number in range(4)]
    for process in processes:
        process.join(60)
    told = place.told()
    assert [each["status"] for each in told] == ["answered"] * 4 and len({each["value"] for each in told}) == 1, told
    shared = {key: count for key, count in place.till.paid.items() if key.startswith("how many shared")}
    assert shared and all(count <= 4 for count in shared.values())
    before = place.till.paid.total()
    last = place.start(paying.alone, 9)
    last.join(60)
    assert place.told()[-1]["status"] == "answered" and place.till.paid.total() == before, "nothing is paid for again"


def test_a_process_that_sleeps_while_its_run_is_taken_over_writes_nothing_when_it_wakes(place: Place) -> None:
    zombie = place.start(paying.from_elsewhere, "asleep")
    place.until_kept(3)
    place.put_to_sleep(zombie)
    try:
        heir = place.start(paying.from_elsewhere, "heir")
        heir.join(60)
        heirs = place.told()
        with closing(sqlite3.connect(place.store)) as store:
            before = store.execute("SELECT * FROM runs").fetchall()
    finally:
        paid = place.till.paid.total()
        os.kill(zombie.pid, signal.SIGCONT)
    zombie.join(60)
    assert place.till.paid.total() - paid <= paying.AT_ONCE, "it soon pays for no more"
    assert [each["status"] for each in heirs] == ["answered"], heirs
    assert place.told()[1]["status"] == "ClaimLost", place.told()
    with closing(sqlite3.connect(place.store)) as store:
        assert store.execute("SELECT * FROM runs").fetchall() == before
        assert store.execute("SELECT DISTINCT session FROM events").fetchall() == [(1,), (2,)]
    assert place.effects()[0] == undisturbed()[1][0]
