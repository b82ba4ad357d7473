"""Questions with known answers, read from JSONL: one object a line with `id`, `task`, `question`, `answer`,
`answer_type`; `source` and `licence` may stand there, and whatever else is kept.

Invariant: an `Item` can be judged: its answer is of its type. What is wrong with a file is said in one go, by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from flowreason.errors import UsageError
from flowreason_dsl.names import nearest

AnswerType: TypeAlias = Literal["number", "choice", "bool", "list", "text", "graph"]
Order: TypeAlias = Literal["same", "any"]
ANSWER_TYPES: tuple[str, ...] = get_args(AnswerType)
MOST_FAULTS = 10
UNORDERED = ("set_intersection", "keyword_counting", "commaqa")
"""Beginnings of the names of tasks whose lists have no order, where the line does not say so by `"order"`."""


@dataclass(frozen=True, slots=True)
class Item:
    """A question and its answer. `order` says whether the order of a list matters; `line` where it stands."""

    id: str
    task: str
    question: str
    answer: Any
    answer_type: AnswerType
    source: str = ""
    licence: str = ""
    order: Order = "same"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    @property
    def set(self) -> str:
        """The set that it belongs to: what its id begins with."""
        return self.id.partition("/")[0] if "/" in self.id else self.task


def read_items(path: str | PathLike[str]) -> list[Item]:
    """All questions of a file. Raises `UsageError` with everything that is wrong with it."""
    place = Path(path)
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{place} is not UTF-8 text (at byte {error.start:,})") from None
    except OSError as error:
        raise UsageError(f"{place} cannot be read: {error.strerror}") from None
    return items_from(lines, str(place))


def items_from(lines: Iterable[str], name: str = "<items>") -> list[Item]:
    """All questions of the lines of a JSONL text; blank lines are passed over."""
    faults: list[str] = []
    found: dict[str, Item] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = _item(json.loads(line), number)
            if item.id in found:
                raise ValueError(f"the id {item.id!r} stands in line {found[item.id].line} already")
            found[item.id] = item
        except RecursionError:
            faults.append(f"line {number}: it is nested too deeply")
        except json.JSONDecodeError as error:
            faults.append(f"line {number}, column {error.colno}: it is not JSON ({error.msg})")
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = f"\n… and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise UsageError(f"{name} cannot be evaluated:\n" + "\n".join(faults[:MOST_FAULTS]) + more)
    if not found:
        raise UsageError(f"{name} holds no question; each line must be an object such as {EXAMPLE}")
    return list(found.values())


EXAMPLE = '{"id": "trains/1", "task": "trains", "question": "…", "answer": 42, "answer_type": "number"}'


def _item(data: Any, line: int) -> Item:
    if not isinstance(data, dict):
        raise ValueError(f"an object is needed, as in {EXAMPLE}")
    for name in ("id", "question", "answer_type"):
        _text_field(data, name)
    if "answer" not in data:
        raise ValueError("`answer` is missing")
    kind = data["answer_type"]
    if kind not in ANSWER_TYPES:
        near = nearest(kind, ANSWER_TYPES)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"`answer_type` is {kind!r}, and must be one of {', '.join(ANSWER_TYPES)}{hint}")
    task = str(data.get("task") or str(data["id"]).partition("/")[0])
    answer = _answer(data["answer"], kind)
    order = data.get("order", "any" if task.startswith(UNORDERED) else "same")
    if order not in get_args(Order):
        raise ValueError(f'`order` is {order!r}, and must be "same" or "any"')
    inputs = data.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise ValueError("`inputs` must be an object of values by name")
    return Item(
        data["id"], task, data["question"], answer, kind, str(data.get("source", "")), str(data.get("licence", "")),
        order, inputs, line,
    )  # fmt: skip


def _text_field(data: Mapping[str, Any], name: str) -> None:
    if name not in data:
        near = nearest(name, [key for key in data if isinstance(key, str)])
        raise ValueError(f"`{name}` is missing" + (f"; did you mean it by `{near}`?" if near else ""))
    if not isinstance(data[name], str) or not data[name].strip():
        raise ValueError(f"`{name}` must be a text that is not empty")


def _answer(answer: Any, kind: str) -> Any:
    """The known answer, if it is of its type."""
    fits = {
        "number": isinstance(answer, int | float) and not isinstance(answer, bool),
        "choice": isinstance(answer, str) and bool(answer.strip()),
        "bool": isinstance(answer, bool),
        "list": isinstance(answer, list),
        "text": isinstance(answer, str) and bool(answer.strip()),
        "graph": isinstance(answer, dict) and isinstance(answer.get("edges"), list),
    }
    if not fits[kind]:
        shown = json.dumps(answer, ensure_ascii=False)
        raise ValueError(f"the answer of type {kind} cannot be {shown[:60]}")
    return answer


def chosen(items: Sequence[Item], *, tasks: Sequence[str] = (), per_task: int | None = None) -> list[Item]:
    """The items of some tasks, at most so many of each, in their order. Raises `UsageError` for an unknown task."""
    known = list(dict.fromkeys(item.task for item in items))
    for task in tasks:
        if task not in known:
            near = nearest(task, known)
            raise UsageError(f"there is no task {task!r}; " + (f"did you mean {near!r}?" if near else ", ".join(known)))
    seen: dict[str, int] = {}
    found = []
    for item in items:
        if tasks and item.task not in tasks:
            continue
        seen[item.task] = seen.get(item.task, 0) + 1
        if per_task is None or seen[item.task] <= per_task:
            found.append(item)
    return found
