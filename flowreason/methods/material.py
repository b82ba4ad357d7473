"""A question and its inputs as the inputs of a method's flow.

Invariant: the question is a value and stays as it is; what is put below it stands between tags that it cannot close.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowreason.asking.prompt import fences
from flowreason.errors import InputError, UsageError
from flowreason.flow import Flow
from flowreason.values import show

QUESTION = "question"
MOST = 200_000
"""Characters of a question with the material below it."""


def fitted(flow: Flow, question: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a flow: the question, inputs by the names of its parameters, and all others below the question.

    Raises `UsageError` for a flow that takes no question, and for material that is too long to stand in one.
    """
    names = {each.name for each in flow.parameters}
    if QUESTION in inputs:
        raise InputError("an input cannot be called `question`: that is the question itself; give it another name")
    if QUESTION not in names:
        raise UsageError(
            f"the flow {flow.name} takes no question; give it a parameter `question: text`,\n"
            f"or run it by its own inputs ({', '.join(sorted(names)) or 'none'}): flowreason run"
        )
    rest = {name: value for name, value in inputs.items() if name not in names}
    whole = with_material(question, rest)
    if rest and len(whole) > MOST:
        raise UsageError(
            f"{flow.name} has no parameter for {', '.join(rest)}, and below the question there is room for {MOST:,}"
            " characters in all;\nuse the method graph, or a flow with such a parameter"
        )
    return flow.checked_inputs({QUESTION: whole} | {name: value for name, value in inputs.items() if name in names})


def with_material(question: str, inputs: Mapping[str, Any]) -> str:
    """The question with inputs below it."""
    if not inputs:
        return question
    return f"{question}\n\n{fences([(name, show(value)) for name, value in inputs.items()])}"
