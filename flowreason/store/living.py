"""The runs that this process is at work at, in whichever store.

Invariant: a run is in here from before it can be seen by others until nothing more is written to it: so a second store
of the same place, in the same process, never takes it for one whose owner is gone.
"""

from __future__ import annotations

import threading

from flowreason.records import Claim

_lock = threading.Lock()
_claims: dict[int, Claim] = {}


def begin(claim: Claim) -> None:
    """This process is at work by a claim."""
    with _lock:
        _claims[id(claim)] = claim


def end(claim: Claim) -> None:
    with _lock:
        _claims.pop(id(claim), None)


def works_at(run: str, besides: Claim | None = None) -> bool:
    """Whether this process is at work at a run, by another claim than one that is about to be taken."""
    with _lock:
        return any(c.run == run and c.error is None and c is not besides for c in _claims.values())
