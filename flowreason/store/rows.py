"""From records to rows and back.

Invariant: what is read is taken for what a stranger wrote: it has the form it must have, or is a `StoreError`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from flowreason.errors import StoreError
from flowreason.ports import Reply, Usage
from flowreason.records import Batch, Claim, Outcome, Plan, RunInfo, Standing, Text


def hash_of(text: str) -> str:
    """The name under which a text is kept."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def text_of(data: Any) -> str:
    """JSON as it is kept: short; its letters as they are, so that halves of characters stay halves (see `any_text`)."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def data_of(text: str, what: str) -> Any:
    """Kept JSON, read back."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(f"{what} in the store is damaged: {error}") from error


# --- answers ---


def reply_text(reply: Reply) -> str:
    usage = {name: value for name, value in asdict(reply.usage).items() if name != "calls" or value != 1}
    return text_of({"text": reply.text, "model": reply.model, "finish": reply.finish, **usage})


def reply_from(text: str) -> Reply:
    data = data_of(text, "an answer")
    try:
        if not isinstance(data["text"], str) or not isinstance(data["money"], int | float | None):
            raise TypeError("an answer has another form")
        usage = Usage(
            int(data.get("calls", 1)), int(data["prompt_tokens"]), int(data["completion_tokens"]), data["money"]
        )
        return Reply(str(data["text"]), usage, str(data["model"]), "length" if data["finish"] == "length" else "stop")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"an answer in the store is damaged: {error!r}") from error


# --- runs ---


@dataclass(frozen=True, slots=True)
class Made:
    """The columns of a plan, and the texts that they name by their hashes."""

    columns: Mapping[str, Any]
    texts: tuple[Text, ...]


def of_plan(plan: Plan) -> Made:
    inputs, settings = text_of(dict(plan.inputs)), dict(plan.settings)
    files = text_of(settings["files"]) if settings.get("files") else ""
    if files:  # which may be long, and the same for very many runs
        settings["files"] = hash_of(files)
    texts = tuple(Text(hash_of(text), text) for text in (plan.flow, inputs, files) if text)
    columns = {
        "kind": plan.kind,
        "question": plan.question,
        "flow": hash_of(plan.flow) if plan.flow else "",
        "inputs": hash_of(inputs),
        "settings": text_of(settings),
    }
    return Made(columns, texts)


def named_by(row: Mapping[str, Any]) -> Iterator[str]:
    """The hashes of the texts that a row of a run names."""
    yield from (row["flow"], row["inputs"])
    yield from _FILES.findall(str(row["settings"]))


_FILES = re.compile(r'"files":\s*"([0-9a-f]{64})"')


def standing_text(standing: Standing) -> str:
    used = asdict(standing.usage)
    return text_of({"answer": standing.answer, "error": standing.error, "kind": standing.error_kind, "usage": used})


def of_standing(claim: Claim, standing: Standing) -> dict[str, Any]:
    return {
        "the_run": claim.run,
        "mine": claim.session,
        "new_status": standing.status,
        "new_standing": standing_text(standing),
        "now": time.time(),
    }


_USAGE = {"calls": int, "prompt_tokens": int, "completion_tokens": int, "money": float | int | None}
MOST_SESSIONS = 100_000
"""How often a run may be started or resumed; more is damage, and would take for ever to look through."""
_RUN = dict.fromkeys(("id", "family", "parent", "kind", "question", "status", "owner"), str)
_RUN_NUMBERS = {"session": int, "created": int | float, "updated": int | float}


def _checked(row: Mapping[str, Any], forms: Mapping[str, Any]) -> None:
    for name, form in forms.items():
        if not isinstance(row[name], form):
            raise TypeError(f"{name} is no {form}")


def run_from(row: Mapping[str, Any], texts: Mapping[str, str], *, alive: bool) -> RunInfo:
    try:
        _checked(row, {**_RUN, **_RUN_NUMBERS})
        if not 1 <= row["session"] <= MOST_SESSIONS:
            raise TypeError(f"it has {row['session']} sessions")
        told = data_of(row["standing"], f"the run {row['id']}")
        standing = Standing(row["status"], told["answer"], told["error"], told["kind"], Usage(**told["usage"]))
        inputs = data_of(texts[row["inputs"]], f"what was given to the run {row['id']}")
        settings = data_of(row["settings"], f"the run {row['id']}")
        flow = texts[row["flow"]] if row["flow"] else ""
        if isinstance(settings, dict) and isinstance(settings.get("files"), str):
            settings["files"] = data_of(texts[settings["files"]], f"the files of the run {row['id']}")
        _checked(told, {"error": str, "kind": str})
        _checked({"inputs": inputs, "settings": settings}, {"inputs": dict, "settings": dict})
        _checked(told["usage"], _USAGE)
        plan = Plan(row["kind"], row["question"], flow, inputs, settings)
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the run {row['id']} in the store is damaged: {error!r}") from error
    return RunInfo(
        row["id"],
        row["family"],
        row["parent"],
        plan,
        standing,
        row["session"],
        row["created"],
        row["updated"],
        alive,
    )


# --- steps and events ---


def of_outcome(claim: Claim, outcome: Outcome) -> dict[str, Any]:
    return {
        "run": claim.run,
        "place": hash_of(f"{outcome.frame}\n{outcome.node}")[:32],
        "frame": outcome.frame,
        "node": outcome.node,
        "kind": outcome.kind,
        "part": outcome.part,
        "key": outcome.key,
        "value": text_of(outcome.value),
    }


def outcome_from(row: Mapping[str, Any]) -> Outcome:
    value = data_of(row["value"], f"the outcome of {row['node']}")
    if not isinstance(row["part"], int):
        raise StoreError(f"the outcome of {row['node']} in the store is damaged")
    return Outcome(row["frame"], row["node"], row["kind"], row["part"], row["key"], value)


def batch_of(text: str, run: str) -> list[Any]:
    """The events of a batch."""
    events = data_of(text, f"a part of the run {run}")
    if not isinstance(events, list):
        raise StoreError(f"a part of the run {run} in the store is damaged")
    return events


def of_batch(claim: Claim, batch: Batch) -> dict[str, Any]:
    return {"run": claim.run, "session": claim.session, "seq": batch.seq, "events": text_of(batch.events)}
