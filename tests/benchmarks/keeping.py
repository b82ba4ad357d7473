"""What keeping a run costs: a durable chain, and a journal that is written by hand with one transaction a step."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from pathlib import Path

import flowreason as fr
from tests.benchmarks.measure import Row, best


def chain_of(count: int) -> str:
    steps = "\n".join(f'  x{n + 1} = ask "next {{x{n}}}"' for n in range(count))
    return f"flow main(x0: text) -> text {{\n{steps}\n  answer x{count}\n}}"


async def durable(count: int = 200) -> Row:
    flow, numbers = fr.loads(chain_of(count)), itertools.count()
    limits = fr.Limits(calls=None)
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "runs.db")

        async def kept() -> None:
            provider = fr.ScriptedProvider(lambda request: f"{next(numbers)}")  # instant, and never twice the same
            (await flow.run_async(x0="a", provider=provider, store=place, limits=limits)).raise_for_status()

        async def by_hand() -> None:
            journal(Path(folder) / f"{next(numbers)}.db", count)

        ours, bound = await best(kept, by_hand, turns=3)
    return Row(f"durable chain of {count} asks, over one transaction a step", "ms", ours * 1e3, bound * 1e3, "≤ 1.15 ×")


def journal(path: Path, count: int) -> None:
    """The least that is durable: one row and one synchronous transaction for each step."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("CREATE TABLE journal(key TEXT PRIMARY KEY, value TEXT)")
    for number in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO journal VALUES (?, ?)", (f"{number:064x}", "x" * 500))
        connection.execute("COMMIT")
    connection.close()
