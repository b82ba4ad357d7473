"""What a suspended run waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Pending:
    """A question to a person that stands between a run and its end.

    `kind`: `person` (the flow asks), `consent` (to an effect), `became` (what became of an effect that was begun).
    """

    frame: str
    node: str
    kind: str
    part: int
    question: str
    type: str

    def as_json(self) -> dict[str, Any]:
        return {
            "frame": self.frame,
            "node": self.node,
            "kind": self.kind,
            "part": self.part,
            "question": self.question,
            "type": self.type,
        }
