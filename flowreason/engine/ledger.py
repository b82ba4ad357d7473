"""What one run keeps, and what it finds again: its answers, the outcomes of its steps, and its events.

Invariant: an answer is durable before anything depends on it; what is written later is never durable before it. What is
found again was kept for the same request, or for the same step with the same inputs: never by the order of calls.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from flowreason.engine.activity import Activity
from flowreason.engine.keepsake import sound
from flowreason.engine.numbers import Calls
from flowreason.engine.recorder import Recorder
from flowreason.engine.replaced import MARK, Place, place_of, replaced
from flowreason.errors import StoreError
from flowreason.ports import ModelInfo, Reply, Request
from flowreason.records import Claim, Outcome, Standing, Store

_MOST_KEYS = 64
"""Requests whose keys are held until they are sent: long prompts should not be held for long."""


class Ledger:
    """The account of what a run has come to know.

    `origin` names the server that is asked; a reply of a named server to a request that leaves nothing to chance is
    everybody's, unless `share` is off. `known` are outcomes of this run, from before it was interrupted, `calls` the
    calls of flows by then; `before` are outcomes of runs that it goes on from, which count where inputs are the same.
    """

    def __init__(
        self,
        store: Store,
        claim: Claim,
        *,
        origin: str = "",
        share: bool = True,
        known: Iterable[Outcome] = (),
        before: Iterable[Outcome] = (),
        calls: Calls | None = None,
    ) -> None:
        self.store = store
        self.claim = claim
        self.recorder = Recorder(store, claim)
        self.activity = Activity()
        self._keys: dict[int, tuple[Request, str]] = {}
        self._origin = origin
        self._share = share and bool(origin)
        self._known: dict[Place, Outcome] = {place_of(o): o for o in sound(known)}
        self._before: dict[tuple[str, str], deque[Outcome]] = defaultdict(deque)
        for outcome in sound(before):
            if outcome.key:
                self._before[outcome.kind, outcome.key].append(outcome)
        for outcome in self._known.values():  # it was found there, as long as there was one
            self.take(outcome.kind.partition(MARK)[0], outcome.key, outcome.frame, outcome.node)
        self.searches = bool(self._known or self._before)
        self.calls = calls or {}
        self._first = claim.session == 1 and claim.family == claim.run
        self._kept: set[str] = set()

    # --- answers ---

    def key(self, request: Request, info: ModelInfo) -> str:
        """A hash of everything that is sent, where to, and which draw it is."""
        known = self._keys.pop(id(request), None)
        if known is not None:  # asked for when its step was looked up, and now again that it is sent
            return known[1]
        sent = request.as_json() | {"model": request.model or info.name, "origin": self._origin}
        raw = json.dumps(sent, sort_keys=True, separators=(",", ":"))
        key = sha256(raw.encode()).hexdigest()
        if len(self._keys) >= _MOST_KEYS:
            self._keys.clear()
        self._keys[id(request)] = request, key
        return key

    def _scopes(self, request: Request) -> tuple[str, ...]:
        shared = self._share and request.temperature == 0
        return (self.claim.family, "") if shared else (self.claim.family,)

    def shares(self, request: Request) -> bool:
        """Whether the reply is everybody's."""
        return self._share and request.temperature == 0

    async def find(self, key: str, request: Request) -> Reply | None:
        """The reply that is kept for a request."""
        scopes = self._scopes(request)
        if self._first and len(scopes) == 1 and key not in self._kept:
            return None  # nobody else keeps anything for a run that has just begun
        return await self.store.answer(key, scopes)

    async def keep(self, key: str, request: Request, reply: Reply, *, everybodys: bool = True) -> None:
        """Keep a reply; durable when this returns. Not `everybodys`: it is this family's in any case.

        Raises why nothing more is kept of the run, so that it pays for no more; the reply itself is kept all the same.
        """
        self.recorder.hand_over()
        scope = self._scopes(request)[-1] if everybodys else self.claim.family
        self._kept.add(key)
        await self.store.keep(key, scope, reply, self.claim.run)
        if self.claim.error is not None:
            raise self.claim.error

    async def reply(self, key: str) -> Reply:
        """A reply that an outcome refers to."""
        with self.activity.busy():
            found = await self.store.answer(key, (self.claim.family, ""))
        if found is None:
            raise StoreError(f"an answer that the run {self.claim.run} depends on is no longer in the store")
        return found

    # --- outcomes ---

    def at(self, frame: str, node: str, kind: str, part: int = 0) -> Outcome | None:
        """What this very step came to before the run was interrupted."""
        return self._known.get((frame, node, kind, part))

    def take(self, kind: str, key: str, frame: str, node: str) -> Outcome | None:
        """What a step with the same inputs came to in a run before: at the same place if possible. Each counts once."""
        found = self._before.get((kind, key))
        if not found:
            return None
        outcome = next((o for o in found if (o.frame, o.node) == (frame, node)), found[0])
        found.remove(outcome)
        return outcome

    def parts(self) -> dict[tuple[str, str], dict[int, str]]:
        """By frame and step: the keys of the calls of tools that were begun or made, by their number."""
        found: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
        for outcome in self._known.values():
            if outcome.kind in ("begun", "tool"):
                found[outcome.frame, outcome.node][outcome.part] = outcome.key
        return found

    def note(self, outcome: Outcome) -> None:
        """Keep an outcome soon."""
        for each in self._replaced(outcome):
            self.recorder.add(each)
        self.recorder.add(outcome)

    def _replaced(self, outcome: Outcome) -> list[Outcome]:
        return replaced(self._known.pop(place_of(outcome), None), outcome, self.claim.session)

    async def commit(self, *outcomes: Outcome) -> None:
        """Keep outcomes, all of them or none; durable when this returns."""
        notes = [each for outcome in outcomes for each in (*self._replaced(outcome), outcome)]
        with self.activity.busy():
            await self.store.commit(self.claim, *self.recorder.waiting(), *notes)

    async def stand(self, standing: Standing) -> None:
        """Say how the run stands; durable when this returns."""
        await self.store.commit(self.claim, *self.recorder.waiting(), standing)

    @property
    def broken(self) -> Exception | None:
        """Why nothing more is kept, if so."""
        return self.claim.error


def digest(*parts: Any) -> str:
    """A hash of JSON data."""
    return sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


__all__ = ["Ledger", "digest"]
