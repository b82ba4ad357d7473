"""A run that is kept, as the command line speaks of it: its id, and the commands that go on with it.

Invariant: a command that is shown can be typed as it stands, and means this very run; where it names a database with a
password, that is left out.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """A run by its id. `store` is the place as it was named on the command line; empty: the usual one.

    `tools` is the file that the run has to be given anew to go on.
    """

    run: str
    store: str = ""
    tools: str = ""

    def command(self, name: str, *more: str) -> str:
        """`flowreason runs show 261129-0a1b2c3d`."""
        place = ["--store", without_password(self.store)] if self.store else []
        tools = ["--tools", self.tools] if self.tools and name == "resume" else []
        return shlex.join(["flowreason", "runs", name, self.run, *more, *tools, *place])

    def told(self) -> str:
        """Where the run is found again."""
        return f"kept as {self.run}; look at it with: {self.command('show')}"

    def unfinished(self) -> str:
        """Where the run is found again, and how it goes on."""
        return f"kept as {self.run}; go on with: {self.command('resume')}"

    def question_lines(self, questions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """What a run that waits asks, and how it is answered."""
        names = step_names(questions)
        for name, question in zip(names, questions, strict=True):
            yield f"asks you ({name}): {question['question']}"
        answers = ["TEXT"] if len(names) == 1 else [f"{name}=TEXT" for name in names]
        yield f"answer with: {self.command('resume', *(part for each in answers for part in ('--answer', each)))}"


def without_password(place: str) -> str:
    """A store's place as it may be shown."""
    if "://" not in place:
        return place
    return re.sub(r"(?i)([?&](?:ssl)?password=)[^&]*", r"\1…", re.sub(r"(://[^:@/]*):.*@", r"\1:…@", place))


def step_names(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the steps that ask are called: by their name, and by their frame as well where several have it."""
    count = Counter(str(each["node"]) for each in questions)
    return [
        str(each["node"]) if count[str(each["node"])] == 1 else f"{each['frame']}/{each['node']}" for each in questions
    ]
