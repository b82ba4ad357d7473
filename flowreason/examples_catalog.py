"""The recorded examples that travel with the package.

Invariant: an example is a folder with `question.txt`, `flow.flow`, `README.md` and `replies.jsonl`; beside them may
stand `inputs.json` (a record), `tools.py` and whatever files these name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowreason.errors import UsageError
from flowreason.providers.recording import read
from flowreason.reading import file_text

PLAYED_SECONDS = 8.0
"""How long the replies of a played example take, one after the other."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example's folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def question(self) -> str:
        return file_text(self.folder / "question.txt").strip()

    @property
    def flow(self) -> str:
        return file_text(self.folder / "flow.flow")

    @property
    def replies(self) -> Path:
        return self.folder / "replies.jsonl"

    @property
    def inputs(self) -> dict[str, Any]:
        path = self.folder / "inputs.json"
        return dict(json.loads(file_text(path))) if path.exists() else {}

    @property
    def tools(self) -> Path | None:
        path = self.folder / "tools.py"
        return path if path.exists() else None

    @property
    def pace(self) -> float:
        """A pace at which all replies together take some seconds: slow enough to watch, quick enough not to wait."""
        total = sum(entry.seconds for entry in read(self.replies)[1])
        return min(1.0, PLAYED_SECONDS / total) if total else 0.0

    @property
    def first_line(self) -> str:
        """The first line of the question, short enough for a list."""
        line = self.question.partition("\n")[0]
        return line if len(line) <= 88 else line[:87] + "…"


def folder() -> Path:
    """Where the examples are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "examples"
    return inside if inside.is_dir() else package.parent / "examples"


def catalog() -> list[Example]:
    """All of them, by name."""
    return [Example(path.parent) for path in sorted(folder().glob("*/replies.jsonl"))]


def find(name: str) -> Example:
    """The example of that name."""
    for example in catalog():
        if example.name == name:
            return example
    names = ", ".join(example.name for example in catalog()) or "none"
    raise UsageError(f"there is no example {name}; there are: {names}")
