"""The flow that stands in when no valid one was written: one question, reasoned through step by step.

Invariant: it is valid for every question and all inputs, so that an answer still comes.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowreason_dsl.types import TEXT, Type


def fallback_flow(parameters: Mapping[str, Type], returns: Type | None = None) -> str:
    """A flow that asks the question itself, with every input as context. `parameters` start with `question`."""
    listed = ", ".join(f"{name}: {type}" for name, type in parameters.items())
    others = ", ".join(name for name in parameters if name != "question")
    given = f" given {others}" if others else ""
    return (
        f"flow solve_it({listed}) -> {returns or TEXT} {{\n"
        f'  answer ask "Answer this question, in the form that it asks for: {{question}}"{given} with think=true\n'
        "}\n"
    )
