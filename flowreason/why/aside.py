"""Where probes are kept: their answers with those of the run, they themselves nowhere.

A probe is a fork of the run that is looked at. It is not kept as a run: it would clutter what is listed, `last` would
mean it, and whoever wants it has it for nothing by forking the run with the same value, because what the probe paid
for is kept as the answers of any fork are: with the family of the run, durable before anybody sees them. So nothing is
paid for twice, neither by looking at the same run again, nor by a fork, nor after a crash in the middle.

Invariant: of what was kept before, nothing is changed; of what is kept here, nothing but answers reaches the store.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from flowreason.errors import UsageError
from flowreason.ports import Reply
from flowreason.records import Claim, Note, Outcome, Plan, RunInfo, Store, WholeRun


class Aside:
    """A store to read from, in which answers alone are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- answers, which stay ---

    async def answer(self, key: str, scopes: Sequence[str]) -> Reply | None:
        return await self._store.answer(key, scopes)

    async def answers(self, keys: Iterable[str], scopes: Sequence[str]) -> dict[str, Reply]:
        return await self._store.answers(keys, scopes)

    async def keep(self, key: str, scope: str, reply: Reply, run: str = "") -> None:
        await self._store.keep(key, scope, reply)

    # --- a probe, of which nothing stays ---

    async def begin(self, plan: Plan, *, parent: str = "") -> Claim:
        family = (await self._store.run(parent)).family if parent else ""
        run = f"probe-{secrets.token_hex(4)}"
        return Claim(run, family or run, 1)

    def note(self, claim: Claim, *notes: Note) -> None:
        return None

    async def commit(self, claim: Claim, *notes: Note) -> None:
        return None

    async def replan(self, claim: Claim, plan: Plan) -> None:
        return None

    async def release(self, claim: Claim) -> None:
        return None

    # --- what was kept before ---

    async def run(self, id: str) -> RunInfo:
        return await self._store.run(id)

    async def runs(self, *, search: str = "", status: str = "", most: int = 100) -> list[RunInfo]:
        return await self._store.runs(search=search, status=status, most=most)

    async def outcomes(self, run: str) -> list[Outcome]:
        return await self._store.outcomes(run)

    async def events(self, run: str, session: int) -> list[Any]:
        return await self._store.events(run, session)

    async def texts(self, hashes: Iterable[str]) -> dict[str, str]:
        return await self._store.texts(hashes)

    # --- what a probe has no business with ---

    async def claim(self, run: str) -> Claim:
        raise UsageError(f"a probe does not go on with the run {run}")

    async def put(self, run: WholeRun) -> str:
        raise UsageError("a probe takes no run in")

    async def delete(self, runs: Iterable[str]) -> None:
        raise UsageError("a probe deletes no run")

    async def close(self) -> None:
        """The store is another's."""
