"""What a step came to before: in this run, before it was interrupted, or in a run that this one goes on from.

Invariant: a step is not done again where it is known what came of it: at the same place of the same run, or anywhere in
the runs before with the same inputs. What a step depends on is the flow's text where it calls other flows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowreason.engine.frames import Frame
from flowreason.engine.giving import Given, inside
from flowreason.engine.keepsake import SHORT, Form, Heard, condense, restore
from flowreason.engine.ledger import Ledger, digest
from flowreason.ports import PythonTask
from flowreason.records import Outcome
from flowreason.values import NotPlain, dumps, encode
from flowreason_dsl.types import ANY, Type

if TYPE_CHECKING:
    from flowreason.engine.asker import Asker

MISSING = object()
_CLOCK = re.compile(r"\b(now|today|utcnow|execute)\b")
"""What may not give the same when it is done again; a program that is executed may look at the clock."""

Tell = Callable[[str, Mapping[str, Any]], None]


class Recall:
    """Finds what steps came to, and keeps what they come to.

    `given`: what nodes are given instead of working it out. What a step comes to depends on what is given inside of it.
    """

    def __init__(self, ledger: Ledger | None, given: Given | None = None) -> None:
        self.ledger = ledger
        self._given = given or {}

    async def find(
        self,
        frame: Frame,
        i: int,
        kind: str,
        key: Callable[[], str | None],
        tell: Tell,
        type: Type = ANY,
        part: int = 0,
    ) -> Any:
        """What a step came to, or `MISSING`."""
        ledger = self.ledger
        if ledger is None or not ledger.searches:
            return MISSING
        found, whose = self._outcome(ledger, frame, i, kind, key, part)
        if found is None or found.value is None or "again" in found.value:
            return MISSING
        value = await restore(found.value, self._text, type)
        tell("node.recalled", {"whose": whose})
        return value

    def _outcome(
        self, ledger: Ledger, frame: Frame, i: int, kind: str, key: Callable[[], str | None], part: int
    ) -> tuple[Outcome | None, str]:
        place = frame.path, frame.plan.nodes[i].id
        found, wanted = ledger.at(*place, kind, part), self._whole(key(), *place)
        if found is not None and found.key in ("", wanted):
            return found, "run"
        found = ledger.take(kind, wanted, *place) if wanted else None
        if found is not None and wanted:
            ledger.note(Outcome(*place, kind, part, wanted, found.value))
        return found, "before"

    async def _text(self, key: str) -> str:
        assert self.ledger is not None
        return (await self.ledger.reply(key)).text

    def keep(self, frame: Frame, i: int, kind: str, key: str | None, value: Any, part: int = 0) -> None:
        """Keep what a step came to; `value` is condensed already."""
        if self.ledger is not None:
            place = frame.path, frame.plan.nodes[i].id
            self.ledger.note(Outcome(*place, kind, part, self._whole(key, *place) or "", value))

    def _whole(self, key: str | None, frame: str, node: str) -> str | None:
        """The key of a step, with what is given inside of it."""
        given = inside(self._given, frame, node) if self._given and key else []
        return digest(key, encode(given)) if given else key


class Hearing:
    """Listens to what an ask is told, for the replies that it accepted."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._replies: dict[tuple[int, int], Heard] = {}

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "node.reply" and "key" in data:
            self._replies[data["attempt"], data["sample"]] = Heard(data["key"], data["text"])
        elif kind == "node.rejected":
            self._replies.pop((data["attempt"], data["sample"]), None)
        self._tell(kind, data)

    @property
    def accepted(self) -> list[Heard]:
        return list(self._replies.values())


# --- asks ---


def ask_key(asker: Asker, frame: Frame, i: int) -> str:
    """A hash of all that an ask depends on."""
    ledger = asker.caller.ledger
    assert ledger is not None
    settings = {name: str(value) for name, value in asker.question.settings.items()}
    checks = frame.plan.nodes[i].checks
    reads = {r.name: frame.values[s] for r, s in frame.plan.reads[i] if r.role == "value"} if checks else {}
    around = [_source(frame), _written(reads)] if checks else []
    return digest(ledger.key(asker.prompts.request(0), asker.info), settings, [repr(check) for check in checks], around)


def ask_value(value: Any, heard: Hearing, form: Form) -> Any:
    """The value of an ask, as it is kept; None where it cannot be."""
    try:
        return condense(value, heard.accepted, form)
    except NotPlain:
        return None


# --- Python ---


def python_key(task: PythonTask, frame: Frame) -> str | None:
    """A hash of all that a piece of Python depends on; None where that cannot be written down."""
    names = _written(task.names)
    around = _source(frame) if task.functions else ""
    return None if names is None else digest(task.code, task.seed, names, around)


def plain_value(value: Any) -> Any:
    """A value as it is kept whole."""
    try:
        return {"is": encode(value)}
    except NotPlain:
        return {"again": True}


def python_value(value: Any, task: PythonTask) -> Any:
    """The value of a piece, as it is kept: whole, or as a mark that the same comes of doing it again."""
    try:
        data = encode(value)
    except NotPlain:
        return {"again": True}
    short = len(dumps(value)) <= SHORT
    return {"is": data} if short or task.functions or _CLOCK.search(task.code) else {"again": True}


def _written(values: Mapping[str, Any]) -> Any:
    try:
        return encode(dict(values))
    except NotPlain:
        return None


def _source(frame: Frame) -> Any:
    """The text of the flow, and those of the files that it uses."""
    text, used = frame.program.graph.source.text, frame.program.used_texts
    return [text, *used] if used else text


def call_key(name: str, arguments: Mapping[str, Any]) -> str | None:
    """A hash of a tool and its arguments."""
    given = _written(arguments)
    return None if given is None else digest(name, given)
