"""One run as one file: for somebody else, for another machine, for a report of a fault.

The file is JSON lines (see `archive_form`): it can be read, searched and compared before it is handed on, and unlike a
packed file it is never larger than it looks. Invariant: it holds no key, no address of a server and no path of this
machine; what is imported from it is checked as an enemy's, changes nothing that is there, and its answers serve the run
itself and those made from it, nobody else.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flowreason.archive_form import (
    MOST_FILE,
    VERSION,
    Check,
    Misshapen,
    answer_from,
    batch_from,
    check_event,
    fields,
    is_name,
    is_number,
    is_record_of_values,
    is_text,
    is_texts,
    is_value,
    misshapen,
    outcome_from,
    read_lines,
    standing_from,
)
from flowreason.engine.limits import Limits
from flowreason.engine.shorthand import hash_of, hashes_in, lengthen
from flowreason.errors import UsageError
from flowreason.keeping import DEFAULT, SERVER, Where
from flowreason.options import KEPT
from flowreason.ports import Reply
from flowreason.records import Batch, Outcome, Plan, RunInfo, Standing, Store, Text, WholeRun
from flowreason.redaction import blacked_out
from flowreason.replaying import keys_in
from flowreason.resuming import kept_flow, the_store
from flowreason.running import run_now
from flowreason.values import TAG
from flowreason.wanted import PATH, RUN, checked
from flowreason_dsl.diagnostics import FlowError

TOGETHER = 256
"""Events in one line."""
LEAST_SECRET = 8
"""Letters of a configured key or header that is looked for; shorter ones are words such as `ollama`."""
_KEPT_SETTINGS = ("model", "limits", "files", "tools", "given", "method", "reason")
_OPENAI = "https://api.openai.com/v1"
_SOMEBODY_ELSES = frozenset({"consent", "became"})
"""What somebody agreed to, and said became of an effect: that was theirs to say, and is asked again here."""


@checked(run=RUN, path=PATH, **KEPT)
def export_run(run: str, path: str | PathLike[str], *, store: Where = DEFAULT) -> None:
    """Write a kept run into one file that others can import.

    What looks like a key, the configured key and headers, and the address of the server are blacked out.
    Raises `UsageError` for a run that is at work, or a file that cannot be written.
    """
    lines = run_now(lambda: _exported(the_store(store), run))
    _write(Path(path), lines)


@checked(path=PATH, **KEPT)
def import_run(path: str | PathLike[str], *, store: Where = DEFAULT) -> str:
    """Take in a run that was exported; gives its id, which is a new one where its own is taken.

    It can be shown, replayed, forked and run again. Raises `UsageError` for a file that is not as `export_run` writes
    it.
    """
    whole = _Reading(_read(Path(path))).whole()
    whole = replace(whole, info=_foreign(whole.info, Path(path).name))
    return run_now(lambda: the_store(store).put(whole))


def _foreign(info: RunInfo, file: str) -> RunInfo:
    """A run that came from elsewhere: which model is asked, and within which limits, is said by whoever goes on.

    It stays known as one that was imported; what its file says of that itself is not believed."""
    settings = {name: value for name, value in info.plan.settings.items() if name not in ("model", "limits")}
    settings["imported"] = {"file": file, "time": round(time.time(), 3)}
    return replace(info, plan=replace(info.plan, settings=settings))


# --- out ---


async def _exported(store: Store, run: str) -> list[str]:
    info = await store.run(run)
    if info.alive:
        raise UsageError(f"the run {info.id} is at work; wait for it, or stop it first")
    sessions = {n: await store.events(info.id, n) for n in range(1, info.session + 1)}
    outcomes = await store.outcomes(info.id)
    texts = await store.texts(sorted(hashes_in(list(sessions.values()))))
    replies = await store.answers(_keys(sessions, outcomes, info.standing), (info.family, ""))
    black = _Black(_secrets(info.plan))
    renamed = {old: hash_of(black.text(text)) for old, text in texts.items()}
    records = _records(info, black.all(_renamed(sessions, renamed)), outcomes, replies, texts, black)
    _still_a_flow(info.plan, black)
    return [json.dumps(each, ensure_ascii=True, separators=(",", ":")) for each in records]


def _records(
    info: RunInfo,
    sessions: Mapping[int, list[Any]],
    outcomes: Iterable[Outcome],
    replies: Mapping[str, Reply],
    texts: Mapping[str, str],
    black: _Black,
) -> Iterator[dict[str, Any]]:
    yield {"flowreason": "run", "version": VERSION}
    plan = info.plan
    settings = {name: plan.settings[name] for name in _KEPT_SETTINGS if name in plan.settings}
    told = {"kind": plan.kind, "question": plan.question, "flow": plan.flow, "inputs": dict(plan.inputs)}
    standing = asdict(info.standing)
    yield {
        "run": {"id": info.id, "sessions": info.session, "created": info.created, "updated": info.updated}
        | black.all({**told, "settings": settings, "standing": standing})
    }
    for text in sorted(texts.values()):
        yield {"text": black.text(text)}
    for key, reply in sorted(replies.items()):
        usage = asdict(reply.usage)
        yield {
            "answer": {
                "key": key,
                "text": black.text(reply.text),
                "model": reply.model,
                "finish": reply.finish,
                **usage,
            }
        }
    for outcome in outcomes:
        yield {"outcome": {**asdict(outcome), "value": black.all(outcome.value)}}
    for session, events in sessions.items():
        for seq in range(0, len(events), TOGETHER):
            yield {"session": session, "seq": seq, "events": events[seq : seq + TOGETHER]}


def _keys(sessions: Mapping[int, list[Any]], outcomes: Iterable[Outcome], standing: Standing) -> list[str]:
    """The answers that events, outcomes and the standing refer to."""
    found = [e[4]["key"] for events in sessions.values() for e in events if len(e) > 4 and "key" in e[4]]
    kept = [*(outcome.value for outcome in outcomes), standing.answer]
    return [*found, *(key for value in kept if isinstance(value, Mapping) for key in keys_in(value))]


def _renamed(data: Any, names: Mapping[str, str]) -> Any:
    """Data whose references to texts go by their new names."""
    if isinstance(data, list):
        return [_renamed(each, names) for each in data]
    if not isinstance(data, Mapping):
        return data
    if data.get(TAG) == "kept":
        return {TAG: "kept", "of": names.get(data["of"], data["of"])}
    return {name: _renamed(each, names) for name, each in data.items()}


def _secrets(plan: Plan) -> tuple[str, ...]:
    """What must not leave this machine, the longest first: keys, headers, the address of the server."""
    from flowreason.config import load_settings

    settings = load_settings()
    values = [settings.api_key or "", *settings.headers.values()]
    values += [os.environ.get(name, "") for name in ("OPENAI_API_KEY", "FLOWREASON_API_KEY")]
    values += [value.removeprefix("Bearer ") for value in values]
    for address in (settings.base_url or "", str(plan.settings.get(SERVER, ""))):
        if address.rstrip("/") != _OPENAI:
            values += [address, address.rstrip("/"), urlsplit(address).netloc]
    found = {value.strip() for value in values if len(value.strip()) >= LEAST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class _Black:
    """Blacks out secrets, place for place: what refers to places in a text stays right."""

    secrets: tuple[str, ...]

    def text(self, text: str) -> str:
        return blacked_out(text, self.secrets)

    def all(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, list | tuple):
            return [self.all(each) for each in data]
        if isinstance(data, Mapping):
            return {self.text(name) if isinstance(name, str) else name: self.all(each) for name, each in data.items()}
        return data


def _still_a_flow(plan: Plan, black: _Black) -> None:
    """A name in a flow that looks like a key would be blacked out, and the flow could not be read."""
    changed = Plan(plan.kind, plan.question, black.text(plan.flow), plan.inputs, plan.settings)
    if changed.flow == plan.flow:
        return
    try:
        kept_flow(changed)
    except FlowError as error:
        raise UsageError(
            "the flow of the run holds what looks like a key, in a place where it cannot be taken out;\n"
            "take it out of the flow yourself, run it again, and export that run"
        ) from error


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write a file whole, readable by its owner alone. What is no file (a device, a pipe) is written to as it is."""
    made: Path | None = None
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="ascii", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines)
            return
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
        made = Path(name)
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        made.replace(path)
    except OSError as error:
        if made is not None:
            made.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error


# --- in ---


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_FILE:
            raise UsageError(f"{path} is larger than {MOST_FILE // 2**20} MB; no run is imported from that")
        with path.open("rb") as file:
            raw = file.read(MOST_FILE + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; check the name, or the folder you are in") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not raw.strip():
        raise UsageError(f"{path} is empty; `flowreason runs export` writes a run into a file")
    if len(raw) > MOST_FILE:
        raise UsageError(f"{path} is larger than {MOST_FILE // 2**20} MB; no run is imported from that")
    return raw


@dataclass(slots=True)
class _Reading:
    """Reads the lines of one file into a run."""

    raw: bytes
    run: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Reply] = field(default_factory=dict)
    outcomes: dict[tuple[str, str, str, int], Outcome] = field(default_factory=dict)
    batches: list[tuple[int, Batch]] = field(default_factory=list)

    def whole(self) -> WholeRun:
        """The run. Raises `UsageError`."""
        where = ""
        try:
            for number, record in read_lines(self.raw):
                where = f"line {number} of "
                self._take(record)
            where = ""
            info = self._info()
            self._references()
        except (Misshapen, FlowError) as error:
            told = str(error) if isinstance(error, Misshapen) else f"its flow is none: {error.diagnostics[0].message}"
            raise UsageError(f"{where}the exported run is damaged: {told}") from None
        texts = [Text(name, text) for name, text in self.texts.items()]
        outcomes = [each for each in self.outcomes.values() if each.kind not in _SOMEBODY_ELSES]
        return WholeRun(info, outcomes, self.batches, texts, self.answers)

    def _take(self, record: dict[str, Any]) -> None:
        match record:
            case {"run": dict(run)} if not self.run and len(record) == 1:
                self.run = run
            case {"text": str(text)} if len(record) == 1:
                self.texts[hash_of(text)] = text
            case {"answer": answer} if len(record) == 1:
                key, reply = answer_from(answer)
                if key in self.answers:
                    misshapen("an answer stands there twice")
                self.answers[key] = reply
            case {"outcome": data} if len(record) == 1:
                outcome = outcome_from(data)
                place = outcome.frame, outcome.node, outcome.kind, outcome.part
                if place in self.outcomes:
                    misshapen("an outcome stands there twice")
                self.outcomes[place] = outcome
            case {"events": _}:
                self.batches.append(batch_from(record))
            case _:
                misshapen(f"it is no part of a run: {', '.join(record)[:60] or 'nothing'}")

    def _info(self) -> RunInfo:
        checks: dict[str, Check] = {
            "id": is_name, "kind": lambda value: value in ("solve", "run"), "question": is_text, "flow": is_text,
            "inputs": is_record_of_values, "settings": lambda value: isinstance(value, dict),
            "standing": lambda value: isinstance(value, dict), "created": is_number, "updated": is_number,
            "sessions": lambda value: is_number(value) and isinstance(value, int) and 1 <= value <= 10_000,
        }  # fmt: skip
        told = fields(self.run or misshapen("the run itself is missing"), "the run", checks)
        plan = Plan(told["kind"], told["question"], told["flow"], told["inputs"], _settings(told["settings"]))
        if plan.flow:
            kept_flow(plan)
        standing = standing_from(told["standing"])
        id = told["id"] if _is_id(told["id"]) else ""
        return RunInfo(
            id, id, "", plan, standing, told["sessions"], float(told["created"]), float(told["updated"])
        )  # fmt: skip

    def _references(self) -> None:
        """Every event is one, in its order, and all that is referred to is there."""
        following: dict[int, int] = {}
        for session, batch in self.batches:
            if session > self.run["sessions"] or batch.seq != following.get(session, 0):
                misshapen("its events are not in order, or some are missing")
            following[session] = batch.seq + len(batch.events)
            for short in batch.events:
                self._event(short)

    def _event(self, short: Any) -> None:
        try:
            kind, frame, node, time, data = lengthen(short, self.texts)
        except KeyError:
            misshapen("a text that an event refers to is missing")
        except (TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
            misshapen(f"an event has another form ({type(error).__name__})")
        check_event(kind, frame, node, time, data)
        if kind == "node.reply" and data["key"] not in self.answers:
            misshapen("an answer that an event refers to is missing")


def _settings(data: Any) -> dict[str, Any]:
    """The settings of a run, those that may come from elsewhere."""
    more: dict[str, Check] = {
        "model": is_name, "limits": lambda value: isinstance(value, dict), "files": is_texts, "tools": is_texts,
        "method": is_name, "reason": is_text,
        "given": lambda value: isinstance(value, list) and all(map(_is_given, value)) and is_value(value),
    }  # fmt: skip
    found = fields(data, "its settings", {}, more)
    try:
        Limits(**found.get("limits", {}))
    except (TypeError, UsageError):
        misshapen("its limits are none")
    return found


def _is_given(data: Any) -> bool:
    return isinstance(data, list) and len(data) == 3 and is_name(data[0]) and is_name(data[1])


def _is_id(text: str) -> bool:
    """Whether a text has the form of a run's id: such as need no quotes anywhere."""
    return len(text) == 15 and text[:6].isdigit() and text[6] == "-" and text[7:].isalnum() and text.isascii()
