"""The form of an exported run: what each line of the file may be, and reading it as if an enemy had written it.

    {"flowreason": "run", "version": 1}
    {"run": {"id": "261129-…", "kind": "solve", "question": "…", "flow": "…", "inputs": {…}, "standing": {…}, …}}
    {"text": "…"}                                  a long text that events refer to
    {"answer": {"key": "…", "text": "…", …}}
    {"outcome": {"frame": "…", "node": "…", …}}
    {"session": 1, "seq": 0, "events": […]}

Invariant: what comes out has every type that it must have, is bounded in size and depth, and refers to nothing that is
not there; anything else is a `UsageError` that names the line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias, get_args

from flowreason.errors import UsageError
from flowreason.ports import Reply, Usage
from flowreason.records import Batch, Outcome, RunStatus, Standing
from flowreason.values import decode

VERSION: Final = 1
MOST_FILE: Final = 256 * 1024 * 1024
MOST_LINE: Final = 64 * 1024 * 1024
MOST_NESTED: Final = 100
"""Levels of lists and records within one another."""
MOST_NAME: Final = 20_000
"""Letters of the name of a frame or a step."""
_BIG: Final = 2**53

Check: TypeAlias = Callable[[Any], bool]


class Misshapen(Exception):
    """What stands in a line is not what belongs there."""


def misshapen(what: str) -> NoReturn:
    raise Misshapen(what)


# --- lines ---


def read_lines(raw: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a file with their line numbers, the header checked and left out."""
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if number > 1 and not line.strip():
            continue
        record = _record(line, number)
        if number == 1:
            _header(record)
        else:
            yield number, record


def _record(line: bytes, number: int) -> dict[str, Any]:
    try:
        if len(line) > MOST_LINE:
            misshapen(f"it is longer than {MOST_LINE // 2**20} MB")
        if _levels(line) > MOST_NESTED:
            misshapen(f"it is nested deeper than {MOST_NESTED} levels")
        data = json.loads(line.decode("utf-8"), parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError, Misshapen) as error:
        if number == 1:
            raise UsageError("this is no exported run: its first line is none of an export") from None
        raise UsageError(f"line {number} of the exported run is damaged: {_damage(error)}") from None
    if not isinstance(data, dict):
        raise UsageError(f"line {number} of the exported run is damaged: it is no record")
    return data


def _damage(error: Exception) -> str:
    """What is wrong with a line, in words for somebody who did not write it."""
    if isinstance(error, Misshapen):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return "it is no JSON, or a part of it is missing"


def _levels(line: bytes) -> int:
    """How deep brackets stand within one another; those inside of texts do not count."""
    deepest = depth = 0
    for found in re.finditer(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', line, re.DOTALL):
        sign = found.group()
        if sign in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif sign in (b"]", b"}"):
            depth -= 1
    return deepest


def _no_number(text: str) -> NoReturn:
    misshapen(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else misshapen(f"{text[:20]} is no number")


def _header(record: Mapping[str, Any]) -> None:
    if record.get("flowreason") != "run":
        raise UsageError("this is no exported run; `flowreason runs export` writes one")
    version = record.get("version")
    if version != VERSION:
        raise UsageError(
            f"the exported run has version {str(version)[:20]}, and this program reads version {VERSION};\n"
            "bring flowreason up to date, or have it exported again"
        )


# --- types ---


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_NAME


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BIG


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _BIG


def is_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def is_key(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{64}", value))


def is_key_or_none(value: Any) -> bool:
    return value == "" or is_key(value)


def is_money(value: Any) -> bool:
    return value is None or is_number(value)


def is_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def fields(
    data: Any, what: str, wanted: Mapping[str, Check], more: Mapping[str, Check] | None = None
) -> dict[str, Any]:
    """A record with just these fields; those in `more` may be left out."""
    if not isinstance(data, dict):
        misshapen(f"{what} is no record")
    for name in data:
        if name not in wanted and name not in (more or {}):
            misshapen(f"{what} has the field {name[:40]!r}, which is unknown")
    for name, check in wanted.items():
        if name not in data:
            misshapen(f"{what} lacks {name}")
        if not check(data[name]):
            misshapen(f"{name} of {what} has another type")
    for name, check in (more or {}).items():
        if name in data and not check(data[name]):
            misshapen(f"{name} of {what} has another type")
    return data


def is_value(data: Any) -> bool:
    """Whether data is what `values.encode` writes."""
    try:
        decode(data)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        return False
    return True


def is_record_of_values(data: Any) -> bool:
    return isinstance(data, dict) and "$" not in data and is_value(data)


# --- records ---

_USAGE = {"calls": is_count, "prompt_tokens": is_count, "completion_tokens": is_count, "money": is_money}


def standing_from(data: Any) -> Standing:
    """How a run stands."""
    checks: dict[str, Check] = {
        "status": lambda value: value in get_args(RunStatus), "answer": is_kept, "error": is_text,
        "error_kind": is_name, "usage": lambda value: isinstance(value, dict),
    }  # fmt: skip
    found = fields(data, "its standing", checks)
    usage = Usage(**fields(found["usage"], "its usage", _USAGE))
    return Standing(found["status"], found["answer"], found["error"], found["error_kind"], usage)


def answer_from(data: Any) -> tuple[str, Reply]:
    """An answer with its key."""
    own: dict[str, Check] = {
        "key": is_key, "text": is_text, "model": is_name, "finish": lambda value: value in ("stop", "length")
    }  # fmt: skip
    found = fields(data, "an answer", {**own, **_USAGE})
    return found["key"], Reply(
        found["text"], Usage(**{name: found[name] for name in _USAGE}), found["model"], found["finish"]
    )


_NEEDS: Mapping[str, frozenset[str]] = {
    "python": frozenset({"is", "again"}),
    "tool": frozenset({"is", "opaque", "error"}),
    **dict.fromkeys(("person", "consent", "became"), frozenset({"is"})),
}
"""What the value of an outcome of some kind says, one of them; of any other: what it is, or where it is read."""
_OF_ANY = frozenset({"is", "read"})


def outcome_from(data: Any) -> Outcome:
    """What came of a step. That an effect was begun has no value."""
    checks: dict[str, Check] = {
        "frame": is_name, "node": is_name, "kind": lambda value: is_text(value) and len(value) <= 40,
        "part": lambda value: is_count(value) and value < 2**31, "key": is_key_or_none, "value": is_kept,
    }  # fmt: skip
    found = Outcome(**fields(data, "an outcome", checks))
    if found.kind != "begun" and not (isinstance(found.value, dict) and found.value.keys() & _needed(found.kind)):
        misshapen(f"the value of an outcome of the kind {found.kind!r} has another form")
    return found


def _needed(kind: str) -> frozenset[str]:
    return _NEEDS.get(kind.partition("<")[0], _OF_ANY)  # `tool<3`: see `engine.replaced`


def is_kept(data: Any) -> bool:
    """Whether data is a value as it is kept (see `engine.keepsake`), or nothing."""
    if data is None:
        return True
    if not isinstance(data, dict):
        return False
    if "read" in data:
        return is_key(data["read"]) and all(isinstance(data.get(name), bool) for name in ("think", "structured"))
    if "error" in data:
        return is_text(data["error"]) and is_text(data.get("kind"))
    if data.get("from"):
        return references_fit(data.get("is"))
    return is_value(data["is"]) if "is" in data else True


def references_fit(data: Any) -> bool:
    """Whether every place in an answer that data names is one, and the rest is a value."""
    return is_value(_without_references(data))


def _without_references(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_references(each) for each in data]
    if not isinstance(data, dict):
        return data
    if data.get("$") != "reply":
        return {name: _without_references(each) for name, each in data.items()}
    of = data.get("of")
    fine = isinstance(of, list) and len(of) == 3 and is_key(of[0]) and is_count(of[1]) and is_count(of[2])
    return "" if fine else {"$": "nothing", "of": None}


# --- events ---

_TYPES: Mapping[str, Check] = {
    **dict.fromkeys(
        ("attempt", "sample", "index", "rounds", "round", "statements", "calls", "prompt_tokens", "completion_tokens",
         "count", "part", "line"), is_count,
    ),
    **dict.fromkeys(("wait", "seconds", "allowed", "money"), is_number),
    **dict.fromkeys(
        ("text", "error", "error_kind", "why", "region", "flow", "owner", "kind", "question", "reason", "limit", "for",
         "to", "model", "because", "summary", "whose", "fallback", "method"), is_text,
    ),
    **dict.fromkeys(("diagnostics", "questions", "messages"), is_records),
    "key": is_key,
    "inputs": lambda value: isinstance(value, dict),
}  # fmt: skip
"""Fields of events, whatever the kind; nothing is as good as any type."""
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "node.request": ("attempt", "sample", "model"),
    "node.reply": ("attempt", "sample", "key"),
    "node.rejected": ("attempt", "sample", "why"),
    "node.unanswered": ("calls", "prompt_tokens", "completion_tokens"),
    "node.failed": ("error", "error_kind"),
    "item.failed": ("index", "error"),
    "frame.opened": ("region", "flow", "owner"),
    "person.answered": ("text",),
    "person.asked": ("question",),
    "compile.done": ("text",),
    "method.chosen": ("method", "reason"),
    "run.exhausted": ("limit", "allowed"),
    "run.failed": ("error", "error_kind"),
    "run.waiting": ("questions",),
    "price": ("summary",),
}
_QUESTION = {
    "frame": is_name, "node": is_name, "kind": is_name, "part": is_count, "question": is_text, "type": is_text
}  # fmt: skip


def batch_from(data: Mapping[str, Any]) -> tuple[int, Batch]:
    """Some events, and their session."""
    checks: dict[str, Check] = {
        "session": lambda value: is_count(value) and 1 <= value <= 10_000, "seq": is_count,
        "events": lambda value: isinstance(value, list),
    }  # fmt: skip
    found = fields(data, "a batch of events", checks)
    return found["session"], Batch(found["seq"], found["events"])


def check_event(kind: Any, frame: Any, node: Any, time: Any, data: Any) -> None:
    """Raises `Misshapen` for an event whose parts have other types than such events have."""
    if not (is_name(kind) and is_name(frame) and is_name(node) and is_number(time) and isinstance(data, dict)):
        misshapen("an event has another form")
    for name in _NEEDED.get(kind, ()):
        if data.get(name) is None:
            misshapen(f"an event {kind} lacks {name}")
    if kind == "node.unanswered" and "money" not in data:  # it may be unknown, and is then told as such
        misshapen("an event node.unanswered lacks money")
    for name, value in data.items():
        if kind != "price" and value is not None and name in _TYPES and not _TYPES[name](value):
            misshapen(f"{name} of an event {kind[:40]} has another type")
    for question in data.get("questions") or ():
        fields(question, "a question", _QUESTION)
