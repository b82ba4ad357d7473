"""What is wrong with the place where runs are kept: the disk, the file, the database, the clock."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

import flowreason as fr
from flowreason.store import choose, owner, sql
from flowreason.store import writer as writing
from flowreason.store.choose import make_store, url_of
from tests import postgres
from tests.stores import MISSING, Spot, in_loop, spot_of
from tests.worlds import World, undisturbed

EXPECTED = undisturbed()


@pytest.fixture
def spot() -> Iterator[Spot]:
    with spot_of() as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.3)
    monkeypatch.setattr(writing, "IMPATIENCE", 0.1)
    monkeypatch.setattr(choose, "BUSY_MILLISECONDS", 100)


async def stopped(world: World, store: Any, words: str) -> None:
    """The run stops with words that say what is wrong, and what to do."""
    with pytest.raises(fr.StoreError, match=words) as caught:
        await world.run(store)
    assert "--store" in str(caught.value) and str(caught.value).count("\n") <= 2


async def goes_on(world: World, store: Any) -> None:
    """All is well again: the run goes on to its answer, with every effect once."""
    result = await world.resume(store)
    assert (result.value, world.effects) == EXPECTED[:2], result.error


# --- the disk ---


@contextlib.contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """A disk of its own; needs a user who may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="flowreason-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    try:
        if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("this user cannot mount a small disk")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


@pytest.mark.usefixtures("impatient")
def test_a_full_disk_stops_the_run_in_words_and_it_goes_on_when_there_is_room() -> None:
    with small_disk(1000) as folder:
        spot, world = Spot("sqlite", folder), World()

        async def main() -> None:
            store = spot.open()
            disk = os.statvfs(folder)
            (folder / "filler").write_bytes(b"x" * (disk.f_bavail * disk.f_frsize - 30_000))
            await stopped(world, store, "disk is full|cannot be used")
            assert set(world.effects) <= set(EXPECTED[1])
            (folder / "filler").unlink()
            await goes_on(world, store)

        asyncio.run(main())
        spot.close()


@pytest.mark.usefixtures("impatient")
@in_loop
async def test_a_store_that_may_not_grow_stops_the_run_at_once_from_any_size_on(spot: Spot) -> None:
    for pages in range(30, 36):
        store, world = Spot("sqlite", spot.path.parent).open(), World()
        limited = store._engines[1]
        event.listen(limited, "connect", lambda c, _, n=pages: c.execute(f"PRAGMA max_page_count={n}").close())
        limited.dispose()
        await store.close()
        began = time.monotonic()
        with contextlib.suppress(fr.StoreError):
            await world.run(store)
        assert time.monotonic() - began < 3
        await store.close()
        await goes_on(world, make_store(url_of(store.place)))


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_becomes_read_only_stops_the_run_and_what_was_kept_can_still_be_read() -> None:
    with small_disk(2000) as folder:
        spot, world = Spot("sqlite", folder), World()

        async def main() -> None:
            store = spot.open()
            run = (await world.run(store)).run_id
            await store.close()
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
            with pytest.raises(fr.StoreError, match="may only be read|cannot be opened"):
                spot.open()
            subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
            assert (await spot.open().run(run)).status == "answered"

        asyncio.run(main())
        spot.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_during_a_run_stops_it_and_is_gone_on_with_where_it_is_put_back(
    replaced: bool, tmp_path: Path
) -> None:
    place, aside, world = tmp_path / "runs.db", tmp_path / "aside.db", World()
    plain = world.reply

    def reply(request: fr.Request) -> str:
        if len(world.paid) == 1:
            place.rename(aside)
            if replaced:
                place.write_bytes(b"")
        return plain(request)

    async def main() -> None:
        world.reply = reply  # type: ignore[method-assign]
        await stopped(world, str(place), "was removed, or replaced, while it was in use")
        world.reply = plain  # type: ignore[method-assign]
        assert await choose.open_store(str(place)).runs() == [], "a new one is made where it was"
        place.unlink()
        aside.rename(place)
        await goes_on(world, choose.open_store(str(place)))

    asyncio.run(main())


@pytest.mark.skipif(os.getuid() == 0, reason="root may write to every file")
def test_a_file_that_may_only_be_read_is_told_before_anything_is_paid_for(spot: Spot) -> None:
    spot.open().close_now()
    spot.path.chmod(0o400)
    with pytest.raises(fr.StoreError, match="may only be read"):
        spot.open()


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_paid_for(spot: Spot) -> None:
    spot.path.write_text("a file")
    with pytest.raises(fr.StoreError, match="cannot be made") as caught:
        make_store(url_of(str(spot.path / "runs.db")))
    assert "--store" in str(caught.value)


def test_a_folder_in_the_place_of_the_file_is_told(spot: Spot) -> None:
    spot.path.mkdir()
    with pytest.raises(fr.StoreError, match="cannot be opened"):
        spot.open()


def test_a_store_can_be_read_by_its_owner_alone(spot: Spot) -> None:
    folder = spot.path.parent / "deep" / "er"
    store = make_store(url_of(str(folder / "runs.db")))
    asyncio.run(World().run(store))
    for each in folder.iterdir():
        assert each.stat().st_mode & 0o077 == 0, each
    assert folder.stat().st_mode & 0o077 == 0
    store.close_now()


# --- other programs ---


@pytest.mark.usefixtures("impatient")
@in_loop
async def test_a_store_that_another_program_holds_for_ever_is_told_and_nothing_is_paid_for(spot: Spot) -> None:
    store, world = spot.open(), World()
    with contextlib.closing(sqlite3.connect(spot.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        await stopped(world, store, "held by another program")
        assert world.paid == []
        other.execute("ROLLBACK")
    await goes_on(world, store)


@in_loop
async def test_a_store_that_another_program_holds_for_a_while_is_waited_for(spot: Spot) -> None:
    store, world = spot.open(), World()
    other = sqlite3.connect(spot.path, isolation_level=None, check_same_thread=False)
    let_go = threading.Event()

    def hold() -> None:
        while not let_go.is_set():
            other.execute("BEGIN IMMEDIATE")
            time.sleep(0.05)
            other.execute("ROLLBACK")
            time.sleep(0.005)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        result = await world.run(store)
    finally:
        let_go.set()
        thread.join()
        other.close()
    assert (result.value, world.effects) == EXPECTED[:2] and len(world.paid) == len(set(world.paid))


# --- the file ---


@pytest.mark.parametrize("content", [b"hello, I am a letter\n" * 300, b"\x89PNG\r\n\x1a\n" + bytes(5000)])
def test_a_file_that_is_no_store_is_told_and_left_as_it_is(spot: Spot, content: bytes) -> None:
    spot.path.write_bytes(content)
    with pytest.raises(fr.StoreError, match="holds something else"):
        spot.open()
    assert spot.path.read_bytes() == content


def test_an_empty_file_becomes_a_store(spot: Spot) -> None:
    spot.path.touch()
    assert asyncio.run(spot.open().runs()) == []


async def _everything(path: Path, run: str) -> str:
    """All that can be done with a store, which may be damaged: the answer, or the kind of the error."""
    store = make_store(url_of(str(path)))
    try:
        await store.runs(search="vote")
        replayed = await fr.replay_async(run, store=store)
        claim = await store.claim(run)
        await store.release(claim)
        await store.delete([run])
        return str(replayed.value)
    finally:
        await store.close()


def _outcome(path: Path, run: str) -> str:
    try:
        return asyncio.run(_everything(path, run))
    except (fr.FlowreasonError, fr.FlowError) as error:
        assert isinstance(error, fr.FlowError) or str(error).count("\n") <= 2, error
        return type(error).__name__


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Path, str]]:
    """A store with one run, in one file."""
    with spot_of() as spot:
        store = spot.open()
        run = asyncio.run(World().run(store)).run_id
        store.close_now()
        assert not Path(f"{spot.path}-wal").exists()
        yield spot.path, run


def test_a_corrupted_page_is_told_in_words_whichever_it_is(spot: Spot, whole: tuple[Path, str]) -> None:
    content, run = whole[0].read_bytes(), whole[1]
    size = int.from_bytes(content[16:18], "big")
    chance, found = random.Random(5), []
    for start in range(0, len(content), size):
        for garbage in (bytes(size), chance.randbytes(size)):
            spot.path.write_bytes(content[:start] + garbage + content[start + size :])
            found.append(_outcome(spot.path, run))
            _remove(spot.path)
    assert set(found) <= {str(EXPECTED[0]), "StoreError", "UsageError", "JournalMismatch"}
    assert "StoreError" in found


def test_bytes_that_fell_over_are_told_in_words_or_do_no_harm(
    spot: Spot, whole: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "TAKEOVER_SECONDS", 0.01)
    content, run = bytearray(whole[0].read_bytes()), whole[1]
    chance = random.Random(6)
    for _ in range(60):
        damaged = content[:]
        for _ in range(chance.randint(1, 40)):
            damaged[chance.randrange(100, len(damaged))] = chance.randrange(256)
        spot.path.write_bytes(damaged)
        _outcome(spot.path, run)
        _remove(spot.path)


def test_a_file_that_was_cut_off_is_told_in_words(spot: Spot, whole: tuple[Path, str]) -> None:
    content, run = whole[0].read_bytes(), whole[1]
    for length in (1, 50, 512, 4096, 5000, len(content) // 2, len(content) - 4096):
        spot.path.write_bytes(content[:length])
        assert _outcome(spot.path, run) in ("StoreError", "UsageError"), length
        _remove(spot.path)


def test_without_the_file_of_what_was_written_last_what_is_left_is_a_store(spot: Spot) -> None:
    store, world = spot.open(), World()
    copy = Spot("sqlite", spot.path.parent)
    asyncio.run(world.run(store))
    shutil.copy(spot.path, copy.path)  # and not its -wal
    assert _outcome(copy.path, "last") in ("StoreError", "UsageError", str(EXPECTED[0]))


def fr_plan() -> Any:
    from flowreason.records import Plan

    return Plan("run", "first")


def _remove(path: Path) -> None:
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        each.unlink(missing_ok=True)


STRANGE = [
    None, "", "null", "[]", "{}", "5", "x", b"\xff\xfe", -1, 2**60, 1e300, '{"is":', '{"is":{"$":"nothing","of":1}}', '{"again":1}', "[[]]",
    '[["node.done","main",5,0]]', '[["node.reply","main","xs",0.1,{"key":5}]]', '[["run.started","","",0,{"inputs":{"$":"kept","of":"x"}}]]',
    '{"read":5,"think":0,"structured":0}', '{"is":{"$":"reply","of":[1]},"from":true}', "[" * 100_000, '{"text":5,"usage":[]}', "answered",
]  # fmt: skip


def test_what_a_stranger_wrote_into_a_store_is_told_in_words_or_does_no_harm(
    spot: Spot, whole: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "TAKEOVER_SECONDS", 0.01)
    content, run = whole[0].read_bytes(), whole[1]
    spot.path.write_bytes(content)
    with contextlib.closing(sqlite3.connect(spot.path)) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        columns = [(t, c[1]) for t in tables for c in store.execute(f"PRAGMA table_info({t})")]
    assert len(columns) > 25
    for number, (table, column) in enumerate(columns):
        for value in STRANGE[number % 9 :: 9]:
            spot.path.write_bytes(content)
            with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(spot.path)) as store:
                store.execute(f"UPDATE {table} SET {column} = ?", (value,))
                store.execute("UPDATE runs SET status = 'failed' WHERE ?", (column != "status",))
                store.commit()
            _outcome(spot.path, run)
            _resumed(spot.path, run)
            _remove(spot.path)


def _resumed(path: Path, run: str) -> None:
    async def main() -> None:
        store, world = make_store(url_of(str(path))), World()
        try:
            await fr.resume_async(run, tools=world.tools, **world.granted(store))
        finally:
            await store.close()

    with contextlib.suppress(fr.FlowreasonError, fr.FlowError):
        asyncio.run(main())


# --- the database server ---


@pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
@in_loop
async def test_a_database_that_ends_its_connections_under_load_costs_no_answer() -> None:
    with spot_of("postgresql") as spot:
        store, done = spot.open(), asyncio.Event()
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'tests'"
        )
        ended = 0

        async def killing() -> None:
            nonlocal ended
            while not done.is_set():
                ended += len(await asyncio.to_thread(postgres.cluster().execute, kill))
                await asyncio.sleep(0.03)

        killer = asyncio.ensure_future(killing())
        try:
            for _ in range(6):
                world = World()
                result = await world.run(store)
                assert (result.value, world.effects) == EXPECTED[:2], result.error
                assert len(world.paid) == len(set(world.paid)) and set(world.paid) <= EXPECTED[2]
        finally:
            done.set()
            await killer
        assert ended > 5
        for info in await store.runs():
            assert (await fr.replay_async(info.id, store=store)).value == EXPECTED[0]


@pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
def test_a_server_that_crashes_and_comes_back_costs_time_and_nothing_else() -> None:
    with spot_of("postgresql") as spot:
        world, plain = World(), World.reply
        crashed: list[asyncio.Future[None]] = []

        def reply(request: fr.Request) -> str:
            if len(world.paid) == 1:
                crashed.append(asyncio.get_running_loop().run_in_executor(None, postgres.cluster().crash, 0.5))
            return plain(world, request)

        async def main() -> None:
            world.reply = reply  # type: ignore[method-assign]
            store = spot.open()
            result = await world.run(store)
            assert (result.value, world.effects) == EXPECTED[:2], result.error
            await asyncio.gather(*crashed)
            again = await fr.replay_async(result.run_id, store=store)
            assert (again.value, again.usage) == (result.value, result.usage)

        asyncio.run(main())
        assert len(crashed) == 1 and len(world.paid) == len(set(world.paid))
        spot.close()


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/none", "mysql://here/x", "sqlite://", "sqlite:///:memory:", " ", "postgresql://%zz:x@[::"])  # fmt: skip
def test_a_place_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises((fr.StoreError, fr.ConfigError)) as caught:
        make_store(url_of(url))
    assert str(caught.value).count("\n") <= 2


@pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
def test_a_password_is_in_no_error() -> None:
    with pytest.raises(fr.StoreError) as caught:
        make_store(url_of("postgresql://me:canary@127.0.0.1:9/none"))
    assert "canary" not in str(caught.value) and "canary" not in repr(caught.value.__cause__)


@in_loop
async def test_whatever_is_wrong_while_life_is_shown_the_store_goes_on_writing(
    spot: Spot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.01)
    store, world, met = spot.open(), World(), []

    def beat(connection: Any, claim: Any) -> bool:
        met.append(claim)
        raise ValueError("not of the database")

    monkeypatch.setattr(store._writer, "_beat", beat)
    claim = await store.begin(fr_plan())
    await asyncio.sleep(0.1)
    assert met
    await asyncio.wait_for(store.commit(claim), 5)
    assert (await asyncio.wait_for(world.run(store), 20)).value == EXPECTED[0]


# --- the clock ---


@in_loop
async def test_a_clock_that_jumps_changes_nothing_of_a_run_nor_of_who_owns_it(
    spot: Spot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, real = random.Random(8), time.time
    monkeypatch.setattr(time, "time", lambda: real() + chance.choice([-(10**9), -1.0, 0.0, 10**6, 10**9]))
    monkeypatch.setattr(writing, "BEAT_SECONDS", 0.02)
    store, world = spot.open(), World()
    result = await world.run(store)
    assert (result.value, world.effects) == EXPECTED[:2] and len(world.paid) == len(set(world.paid))
    claim = await store.begin(fr_plan())
    for _ in range(10):
        await asyncio.sleep(0.02)
        with pytest.raises(fr.RunBusy):
            await spot.open().claim(claim.run)
    await store.release(claim)
    assert (await spot.open().claim(claim.run)).session == 2


# --- who owns a run ---


def test_an_owner_is_gone_only_where_that_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = owner.myself()
    machine, number, started = mine.rsplit("|", 2)
    node, boot, space = machine.split("|")
    assert owner.state_of(mine) == "myself"
    assert owner.state_of("") == "gone"
    assert owner.state_of(f"{machine}|{number}|{int(started or 0) + 1}") == "gone", "another process has its number"
    assert owner.state_of(f"{machine}|{2**22 + 5}|7") == "gone", "there is no such process"
    assert owner.state_of(f"{node}|another boot|{space}|{number}|{started}") == "gone", "started anew"
    assert owner.state_of(f"elsewhere|{boot}|{space}|{number}|{started}") == "unknown"
    assert owner.state_of(f"{node}|{boot}|another container|{number}|{started}") == "unknown"
    for odd in ("x", "|", "||||", f"{machine}|-1|", f"{machine}|NaN|5", f"{machine}|{'9' * 400}|5"):
        assert owner.state_of(odd) in ("unknown", "gone"), odd
