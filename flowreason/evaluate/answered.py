"""One question answered by one method: the row that is kept, and that every figure is a function of.

Invariant: a row is plain data; `Answered.parse(row.as_json())` is the row again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from flowreason.errors import UsageError


@dataclass(frozen=True, slots=True)
class Answered:
    """How a method did on a question.

    `right`, `score`, `read` and `why` as in `compare.Judgement`. `run` is the id of its run in the store of the
    evaluation. `first_draft`: whether the first draft of a flow that was written for it could be run; `drafted`:
    whether one could after repair; both None where no flow was written. `way`: `own` (a flow for this question),
    `shared` (one for many), or empty. `spent`: the largest part of a limit of its budget that it took, None where
    there was none. `known`: how many replies were known before: they cost nothing, and its `seconds` say nothing of how
    long the method takes.
    """

    id: str
    task: str
    method: str
    answer: str = ""
    value: Any = None
    right: bool = False
    score: float = 0.0
    read: Any = None
    why: str = ""
    status: str = "answered"
    error: str = ""
    error_kind: str = ""
    run: str = ""
    calls: int = 0
    tokens: int = 0
    money: float | None = None
    seconds: float = 0.0
    first_draft: bool | None = None
    drafted: bool | None = None
    way: str = ""
    reason: str = ""
    spent: float | None = None
    known: int = 0

    @property
    def set(self) -> str:
        """The set that the question belongs to."""
        return self.id.partition("/")[0] if "/" in self.id else self.task

    @property
    def failed(self) -> bool:
        """Whether there is no answer at all."""
        return self.status != "answered" and not self.answer

    @property
    def cut(self) -> bool:
        """Whether a limit ended it; what it had found by then is its answer."""
        return self.status == "limit"

    @property
    def unread(self) -> bool:
        """Whether there is an answer, and not one of its type."""
        return not self.failed and self.why.startswith("unread")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Answered:
        """A row as it was kept. Raises `UsageError` where it is none."""
        known = {field.name for field in fields(cls)}
        if not {"id", "task", "method"} <= data.keys():
            raise UsageError("a row of an evaluation has an `id`, a `task` and a `method`")
        return cls(**{name: value for name, value in data.items() if name in known})
