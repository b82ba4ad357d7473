"""Processes that tests start: forked from one that has loaded everything, so that each begins at once.

Invariant: what they are given and give is plain; a process that does not end by itself is ended with its test.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

from flowreason.ports import Reply
from flowreason.records import Batch, Outcome, Plan, Standing
from flowreason.store import open_store

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.forked", "tests.paying"])


def in_processes(work: Callable[..., Any], given: Sequence[tuple[Any, ...]], seconds: float = 60) -> list[Any]:
    """What a function of this package gives for each of the arguments, each in a process of its own, all at once."""
    answers = CONTEXT.Queue()
    workers = [CONTEXT.Process(target=_answer, args=(answers, work, each), daemon=True) for each in given]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=seconds) for _ in workers]
    for worker in workers:
        worker.join(seconds)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
    for each in (answers, *workers):
        each.close()
    return found


def _answer(answers: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    answers.put(work(*given))


def write_much(url: str, number: int) -> list[str]:
    """One of several processes that write the same keys: the replies that it finds."""
    return asyncio.run(_write_much(url, number))


async def _write_much(url: str, number: int) -> list[str]:
    store = open_store(url)
    claim = await store.begin(Plan("run", f"process {number}"))
    seen = []
    for each in range(25):
        await store.keep(f"{each:064x}", "", Reply(f"of {number}"))
        await store.commit(claim, Outcome("main", str(each), "ask", value=number), Batch(each, [[number]]))
        found = await store.answer(f"{each:064x}", [""])
        seen.append("" if found is None else found.text)
    await store.commit(claim, Standing("answered", {"is": seen}))
    await store.release(claim)
    await store.close()
    return seen
