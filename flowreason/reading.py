"""What the user typed: questions, inputs and files, turned into values.

Invariant: everything that is wrong is a `UsageError` that names the option and says what to write instead.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any

from flowreason.errors import InputError, UsageError
from flowreason.rows import is_rows, rows
from flowreason_dsl.types import ANY, BOOL, GRAPH, INT, NUMBER, TEXT, Choice, Type

MOST_FILE = 64 * 1024 * 1024


def question(text: str) -> str:
    """The question: `-` reads it from stdin, `@file` from a file."""
    if text == "-":
        return _decoded(sys.stdin.buffer.read(), "what stands on stdin")
    if text.startswith("@") and len(text) > 1:
        return file_text(Path(text[1:])).strip()
    return _as_utf8(text, "the question")


def _as_utf8(text: str, name: str) -> str:
    """An argument as typed; bytes that are not UTF-8 reach Python as halves of surrogate pairs."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{name} holds bytes that are not UTF-8; use a terminal or a file that writes UTF-8")
    return text


def file_text(path: Path) -> str:
    """The text of a file."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file in it")
        if path.stat().st_size > MOST_FILE:
            raise UsageError(f"{path} is larger than {MOST_FILE // 1024 // 1024} MB; take the part that matters")
        return _decoded(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; check the name, or the folder you are in") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{name} is not UTF-8 text (line {line}); save it as UTF-8") from None


def pairs(given: Iterable[str], option: str) -> dict[str, str]:
    """`name=value` pairs, each name once."""
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"{option} {_cut(each)} is not of the form name=value or name=@file")
        if name in found:
            raise InputError(f"the input {name} is given twice; give it once")
        found[name] = _as_utf8(value, f"the input {name}")
    return found


def _record_and_pairs(given: Iterable[str], option: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What `@file.json` holds, a record of inputs, and the `name=value` pairs, which win."""
    record: dict[str, Any] = {}
    single = []
    for each in given:
        if each.startswith("@") and len(each) > 1:
            record |= _record(Path(each[1:]))
        else:
            single.append(each)
    found = pairs(single, option)
    return {name: value for name, value in record.items() if name not in found}, found


def _record(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(file_text(path))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InputError(f'{path} does not hold inputs; they look like {{"name": "value"}}, as JSON')
    return data


def untyped_inputs(given: Iterable[str], option: str = "--input") -> dict[str, Any]:
    """Inputs of a question: numbers, lists and records as JSON has them, rows of files, everything else as text."""
    record, found = _record_and_pairs(given, option)
    return record | {name: _untyped(name, raw) for name, raw in found.items()}


def _untyped(name: str, raw: str) -> Any:
    text, path = _contents(raw)
    if path is not None and is_rows(path):
        return rows(text, path)
    if path is not None and path.suffix.lower() != ".json":
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if path is not None:
            raise InputError(f"the input {name}: {path} is not JSON; rename it to use it as text") from None
        return text
    return text if value is None else value


def typed_inputs(given: Iterable[str], types: Mapping[str, Type]) -> dict[str, Any]:
    """Inputs of a flow, each read by the type of its parameter."""
    record, found = _record_and_pairs(given, "the input")
    for name in [*record, *found]:
        if name not in types:
            have = ", ".join(types) or "none"
            raise InputError(f"the flow has no input {name}; its inputs are: {have}")
    return record | {name: _typed(name, raw, types[name]) for name, raw in found.items()}


def _typed(name: str, raw: str, wanted: Type) -> Any:
    text, path = _contents(raw)
    if isinstance(wanted, Choice) or wanted in (TEXT, GRAPH):
        return text.rstrip("\r\n") if path is not None and isinstance(wanted, Choice) else text
    if path is not None and is_rows(path):
        return rows(text, path)
    if wanted == ANY:
        return _untyped(name, raw)
    if wanted == BOOL and text.strip().lower() in _BOOLS:
        return _BOOLS[text.strip().lower()]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _misfit(name, text, wanted) from None
    return _number(name, text, value, wanted) if wanted in (INT, NUMBER) else value


_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _number(name: str, text: str, value: Any, wanted: Type) -> Any:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) != inf and value == value
    if fits and wanted == INT and isinstance(value, float):
        fits = value.is_integer()
        value = int(value) if fits else value
    if not fits:
        raise _misfit(name, text, wanted)
    return value


def _misfit(name: str, text: str, wanted: Type) -> InputError:
    return InputError(f"the input {name} must be {wanted}, not {_cut(text)}\n{_how(name, wanted)}")


def _how(name: str, wanted: Type) -> str:
    if wanted == INT:
        return f"Write it as {name}=12."
    if wanted == NUMBER:
        return f"Write it as {name}=1.5."
    if wanted == BOOL:
        return f"Write it as {name}=true or {name}=false."
    return f"Write it as JSON, or name a file: {name}=@file.json, .jsonl or .csv"


def _contents(raw: str) -> tuple[str, Path | None]:
    """The text meant by a value, and the file it stands in; `@@` begins a text with one `@`."""
    if raw.startswith("@@"):
        return raw[1:], None
    if raw.startswith("@") and len(raw) > 1:
        path = Path(raw[1:])
        return file_text(path), path
    return raw, None


def step_value(step: str, raw: str, wanted: Type) -> Any:
    """The value that a step is given instead of its own."""
    try:
        return _typed(step, raw, wanted)
    except InputError as error:
        raise UsageError(str(error).replace("the input", "the value of", 1)) from None


def _cut(text: str) -> str:
    shown = " ".join(text[:200].split())
    return repr(shown if len(shown) <= 60 else shown[:57] + "…")


def writable(path: Path | None, option: str) -> None:
    """Find out before anything is paid for whether a file can be written."""
    if path is None:
        return
    folder = path.parent
    if path.is_dir():
        raise UsageError(f"{option} {path} is a folder; name a file in it")
    if not folder.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {folder}; make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{option} {path} cannot be written; choose another place")
