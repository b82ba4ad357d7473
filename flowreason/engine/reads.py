"""What a node reads: the values, context and settings that its prompt or its Python is made of.

Pure functions of a frame and an index in it: the same for a run, for one that is resumed, and for a replay.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from flowreason.engine import inline
from flowreason.engine.frames import Frame
from flowreason.engine.question import Question, in_range
from flowreason.graph import ops
from flowreason.ports import PythonTask
from flowreason.values import MOST_TEXT, longer_than


def question_of(frame: Frame, i: int, op: ops.Ask) -> Question:
    """An ask with everything it needs."""
    number, draws = draw_of(frame)
    return Question(
        template=op.question,
        values=values_of(frame, i),
        type=frame.plan.nodes[i].type,
        context=context_of(frame, i),
        questions=_questions(frame, i),
        settings=dict(op.settings) | in_range(settings_of(frame, i)),
        draw=number,
        draws=draws,
    )


def values_of(frame: Frame, i: int) -> dict[str, Any]:
    """The names that a node uses."""
    return {read.name: frame.values[source] for read, source in frame.plan.reads[i] if read.role == "value"}


def arguments_of(frame: Frame, i: int) -> dict[str, Any]:
    values = frame.values
    return {name: values[source] for name, source in frame.plan.named[i]}


def settings_of(frame: Frame, i: int) -> dict[str, Any]:
    return {read.name: frame.values[source] for read, source in frame.plan.reads[i] if read.role == "setting"}


def context_of(frame: Frame, i: int) -> list[tuple[str, Any]]:
    """What `given` and edges drawn by hand bring, in written order."""
    found = []
    for read, source in frame.plan.reads[i]:
        if read.role == "context":
            found.append((read.name, inline.take(frame.values[source], read.steps, read.name.split(".")[0], frame, i)))
    return found


def _questions(frame: Frame, i: int) -> dict[str, str]:
    """What was asked to get each piece of context, where it is a plain text."""
    found = {}
    for read, source in frame.plan.reads[i]:
        op = frame.plan.nodes[source].op
        if read.role == "context" and isinstance(op, ops.Ask) and not op.question.paths:
            found[read.name] = "".join(str(part) for part in op.question.parts)
    return found


def read_name(name: str) -> str:
    """The last word of a path, as the name of an input."""
    return name.rsplit(".", maxsplit=1)[-1].split("[", maxsplit=1)[0]


def draw_of(frame: Frame) -> tuple[int, int]:
    """The number of this draw and of how many: which rounds of `sample` loops around it this is."""
    number, place = 0, frame
    factor = 1
    while place.parent is not None:
        if place.loop is not None and place.loop.plan.op.kind == "sample":
            number += place.index * factor
            factor *= max(1, place.loop.total)
        place = place.parent
    return number, factor


def task_of(code: Any, names: Mapping[str, Any], functions: tuple[str, ...], frame: Frame, i: int) -> PythonTask:
    """A piece of Python with all that it depends on. Raises `NodeError` where that is too much to be handed on."""
    if longer_than(2 * MOST_TEXT, names):
        text = f"the values that this Python reads are too big: {2 * MOST_TEXT:,} characters are allowed"
        raise inline.node_error(frame, i, text, "python")
    return PythonTask(code.text, names, functions, seed_of(frame, i))


def seed_of(frame: Frame, i: int) -> int:
    """A number for `random` that is the same on every run and differs from node to node."""
    return zlib.crc32(f"{frame.path}/{frame.plan.nodes[i].id}".encode())
