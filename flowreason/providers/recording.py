"""The file format of recordings: JSON lines, a header and then one answered request a line.

    {"recording": "flowreason", "version": 1, "model": {"name": "…", "prompt_price": …}}
    {"request": {"messages": […], "model": "…"}, "reply": {"text": "…", "prompt_tokens": …}, "seconds": 0.8}
    {"request": {…}, "error": {"kind": "refused", "message": "…"}, "seconds": 0.2}

Invariant: a line holds what was asked and what came back, and nothing of how: no key, no header, no address. A request
names the model that answered it; `plain_key` leaves the name out again where it is the recording's own model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from flowreason.errors import ProviderError, RecordingError
from flowreason.ports import Grammar, Message, ModelInfo, Reply, Request, Usage

VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request: its reply, or the error it ended with. `seconds` is how long the answer took."""

    request: Request
    answer: Reply | ProviderError
    seconds: float = 0.0


def plain_key(request: Request, default: str) -> str:
    """The key of a request, the same whether it names the default model or leaves it to the provider."""
    return (replace(request, model=None) if request.model == default else request).key()


def header_line(info: ModelInfo) -> str:
    return _line({"recording": "flowreason", "version": VERSION, "model": asdict(info)})


def entry_line(entry: Entry) -> str:
    data: dict[str, Any] = {"request": entry.request.as_json()}
    if isinstance(entry.answer, Reply):
        data["reply"] = _reply_json(entry.answer)
    else:
        data["error"] = {"kind": entry.answer.kind, "message": str(entry.answer), "status": entry.answer.status}
    return _line(data | {"seconds": round(entry.seconds, 3)})


def _line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def _reply_json(reply: Reply) -> dict[str, Any]:
    usage = {name: value for name, value in asdict(reply.usage).items() if name != "calls" or value != 1}
    return {"text": reply.text, "model": reply.model, "finish": reply.finish} | usage


def read(path: Path) -> tuple[ModelInfo, list[Entry]]:
    """The header and all entries of a recording. Raises `RecordingError` that names the line."""
    lines = list(_lines(path))
    if not lines:
        raise RecordingError(f"the recording {path} is empty; record the run again with --record {path}")
    info = _header(path, lines[0][1])
    entries = []
    for number, data in lines[1:]:
        try:
            entries.append(_entry(data))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordingError(f"line {number} of the recording {path} is damaged: {_told(error)}") from error
    return info, entries


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            cut = "is cut off or damaged" if number > 1 else "is not JSON, so this is no recording"
            raise RecordingError(f"line {number} of the recording {path} {cut}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise RecordingError(f"there is no recording {path}; make one with --record {path}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise RecordingError(f"line {line} of the recording {path} is not UTF-8 text") from None
    except OSError as error:
        raise RecordingError(f"the recording {path} cannot be read: {error.strerror or error}") from None


def _header(path: Path, data: Any) -> ModelInfo:
    if not isinstance(data, dict) or data.get("recording") != "flowreason":
        raise RecordingError(f"{path} is not a recording: its first line is not a recording's header")
    if data.get("version") != VERSION:
        version = data.get("version")
        raise RecordingError(f"the recording {path} has version {version}, this program reads version {VERSION}")
    model = data.get("model")
    if not isinstance(model, dict) or not isinstance(model.get("name"), str):
        raise RecordingError(f"line 1 of the recording {path} is damaged: it names no model")
    known = {field.name for field in fields(ModelInfo)}
    return ModelInfo(**{name: value for name, value in model.items() if name in known})


def _entry(data: Any) -> Entry:
    request = request_from(data["request"])
    answer = _reply(data["reply"]) if "reply" in data else _error(data["error"])
    return Entry(request, answer, float(data.get("seconds", 0.0)))


def request_from(data: Any) -> Request:
    """The request that `Request.as_json` wrote. Raises KeyError, TypeError or ValueError."""
    messages = tuple(Message(m["role"], _str(m["content"])) for m in data["messages"])
    grammar = data.get("grammar")
    plain = {
        name: data[name]
        for name in ("model", "temperature", "max_tokens", "schema", "seed", "sample", "embed")
        if name in data
    }
    return Request(
        messages,
        stop=tuple(data.get("stop", ())),
        grammar=None if grammar is None else Grammar(grammar["syntax"], grammar["definition"]),
        **plain,
    )


def _reply(data: Any) -> Reply:
    if data.get("finish", "stop") not in ("stop", "length"):
        raise ValueError(f"finish is {data['finish']!r}")
    money = data.get("money")
    usage = Usage(
        int(data.get("calls", 1)),
        int(data.get("prompt_tokens", 0)),
        int(data.get("completion_tokens", 0)),
        None if money is None else float(money),
    )
    return Reply(_str(data["text"]), usage, _str(data.get("model", "")), data.get("finish", "stop"))


def _error(data: Any) -> ProviderError:
    return ProviderError(_str(data["message"]), kind=_str(data["kind"]), status=data.get("status"))


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text was expected, not {value!r}")
    return value


def _told(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
