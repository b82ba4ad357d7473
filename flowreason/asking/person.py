"""What a person is shown when a flow asks them.

Invariant: the words are the flow's own; values are put in as people write them, and the context comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowreason.asking.prompt import fill
from flowreason.asking.schema import shape
from flowreason.values import show
from flowreason_dsl.syntax import Template
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type


def text_for_person(
    question: Template, values: Mapping[str, Any], *, context: Sequence[tuple[str, Any]] = (), type: Type
) -> str:
    """The question with its values, what it rests on, and, where it helps, what kind of answer is wanted."""
    above = [_context(name, show(value)) for name, value in context]
    hint = answer_hint(type)
    asked = fill(question, values).strip()
    return "\n\n".join([*above, f"{asked} ({hint})" if hint else asked])


def _context(name: str, text: str) -> str:
    return f"{name}:\n{text}" if "\n" in text or len(text) > 60 else f"{name}: {text}"


def answer_hint(type: Type) -> str:
    """The kind of answer in a few words: `yes or no`; empty for a text."""
    match type:
        case Scalar(name=name):
            words = {
                "bool": "yes or no",
                "int": "a whole number",
                "number": "a number",
                "graph": "one edge a line: a -> b",
            }
            return words.get(name, "")
        case Choice(options=options):
            return " / ".join(options)
        case ListOf(item=Scalar() | Choice()):
            return "one a line, or with commas between"
        case ListOf() | DictOf() | Record():
            return f"as JSON: {shape(type)}"
