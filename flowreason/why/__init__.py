"""Why a run came to its answer: what it rests on, what it took, and which sub-answer decides it.

`fr.why` is the door, `finding` what goes through it: `seen` goes through the run once, `slots` links every value with
what it came from, and everything else is a function of those two. Probes (`probing`, `trying`) fork the run.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from flowreason.why.finding import why, why_async
from flowreason.why.told import Why

__all__ = ["Why", "why", "why_async"]


class _Door(ModuleType):
    """`fr.why` is this package where somebody has imported from it before, and may be called all the same."""

    def __call__(self, run: str, **options: Any) -> Why:
        return why(run, **options)


sys.modules[__name__].__class__ = _Door
