"""The page that teaches the language, and the worked examples: the part of the prompt that never changes.

Invariant: every sample in the page and every example is a flow that parses and checks (the tests see to it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Example:
    """A question, what comes with it (inputs and tools, one a line), and a flow for it."""

    name: str
    question: str
    given: tuple[str, ...]
    flow: str


@cache
def card() -> str:
    """The language on one page, as Markdown."""
    return files("flowreason_dsl").joinpath("card.md").read_text(encoding="utf-8").strip()


@cache
def advice() -> tuple[str, str]:
    """The role, and what makes a good flow."""
    text = files("flowreason.compiler").joinpath("advice.md").read_text(encoding="utf-8")
    role, _, rest = text.partition("\n# ")
    return role.strip(), f"# {rest.strip()}"


@cache
def examples() -> tuple[Example, ...]:
    """The worked examples, in the order in which they are shown."""
    folder = files("flowreason.compiler").joinpath("examples")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".flow")), key=lambda p: p.name)
    return tuple(read_example(path.name.removesuffix(".flow"), path.read_text(encoding="utf-8")) for path in paths)


def read_example(name: str, text: str) -> Example:
    """An example from its file: the comments `# Question: …`, `# Input: …`, `# Tool: …`, a blank line, the flow."""
    first, _, body = text.partition("\n\n")
    head = [line[1:].strip() for line in first.splitlines()]
    given = tuple(line for line in head if line.startswith(("Input:", "Tool:")))
    words = [line.removeprefix("Question:").strip() for line in head if line not in given]
    return Example(name, _joined(words), given, body.strip())


def _joined(lines: list[str]) -> str:
    """Comment lines as running text; options and other lists keep their lines."""
    out = ""
    for line in lines:
        own_line = line.startswith(("(", "Options")) or out.endswith(("Options:", "\n"))
        out += ("\n" if own_line and out else " " if out else "") + line
    return out
