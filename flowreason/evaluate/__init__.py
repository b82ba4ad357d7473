"""Methods compared on questions whose answers are known: what was right, what it cost, how sure that is.

`items` reads the questions, `entries` the methods; `run` asks, `compare` judges; `statistics` and `tables` make figures
of the rows, `report` and `plots` show them; `folder` keeps it all, `api` is the door.
"""

import sys
from types import ModuleType
from typing import Any

from flowreason.evaluate.answered import Answered
from flowreason.evaluate.api import (
    Evaluation,
    Replayed,
    evaluate,
    evaluate_async,
    replay_evaluation,
    replay_evaluation_async,
)
from flowreason.evaluate.items import Item, read_items

__all__ = [
    "Answered",
    "Evaluation",
    "Item",
    "Replayed",
    "evaluate",
    "evaluate_async",
    "read_items",
    "replay_evaluation",
    "replay_evaluation_async",
]


class _Door(ModuleType):
    """`flowreason.evaluate` is this package once it is imported, and the function by the public API: so it is both."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return evaluate(*args, **options)


sys.modules[__name__].__class__ = _Door
