"""The small pieces of a flow as text: strings, paths, types, numbers, Python.

Invariant: what is written here is read back by the parser as the same value, whatever characters it holds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from flowreason_dsl import syntax as s
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type

STEP = "  "
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_FENCE_LINE = re.compile(r"^[ \t\r]*(`{3,})", re.MULTILINE)


class _Piece(NamedTuple):
    """A part of a string: letters with their escapes, but for quotes and line ends; or a value that is put in."""

    text: str
    hole: bool = False


# --- strings -------------------------------------------------------------------------------------------------


def short_text(text: str) -> str:
    """A text on one line: choices, keys, settings, paths of files."""
    return _short([_Piece(_escaped(text))])


def doc_text(text: str, indent: str) -> str:
    """A docstring: braces in it are letters. Lines after the first stand deeper than `indent`."""
    return _string([_Piece(_escaped(text))], indent)


def template(value: s.Template, indent: str) -> str:
    """A question. Lines after the first stand deeper than `indent`."""
    return _string([_piece(part) for part in value.parts], indent)


def _piece(part: str | s.Path) -> _Piece:
    if isinstance(part, s.Path):
        return _Piece("{" + path(part) + "}", hole=True)
    return _Piece(_escaped(part).replace("{", "{{").replace("}", "}}"))


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("\t", "\\t")
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _string(pieces: list[_Piece], indent: str) -> str:
    inner = "".join(piece.text for piece in pieces).strip("\n")
    return _block(pieces, indent) if "\n" in inner else _short(pieces)


def _short(pieces: list[_Piece]) -> str:
    texts = [p.text if p.hole else p.text.replace('"', '\\"').replace("\n", "\\n") for p in pieces]
    return '"' + "".join(texts) + '"'


def _block(pieces: list[_Piece], indent: str) -> str:
    raw = "".join(p.text if p.hole else p.text.replace('"""', '""\\"') for p in pieces)
    lines = [line[:-1] + "\\u0020" if line.endswith(" ") else line for line in raw.split("\n")]
    filled = [i for i, line in enumerate(lines) if line]
    if all(lines[i].startswith(" ") for i in filled):
        lines[filled[0]] = "\\u0020" + lines[filled[0]][1:]
    body = [f"{indent}{STEP}{line}" if line else "" for line in lines]
    return "\n".join(['"""', *body, f'{indent}"""'])


# --- paths, types, numbers -----------------------------------------------------------------------------------


def path(value: s.Path) -> str:
    return value.name.text + "".join(_step(step) for step in value.steps)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _WORD.fullmatch(step) else f"[{short_text(step)}]"


def type_text(type_: Type) -> str:
    match type_:
        case Scalar(name=name):
            return name
        case ListOf(item=item):
            return f"list[{type_text(item)}]"
        case DictOf(value=value):
            return f"dict[{type_text(value)}]"
        case Record(fields=fields):
            return "{" + ", ".join(f"{name}: {type_text(field)}" for name, field in fields) + "}"
        case Choice(options=options):
            return " | ".join(short_text(option) for option in options)


def literal(value: s.Literal) -> str:
    match value.value:
        case bool():
            return "true" if value.value else "false"
        case str():
            return short_text(value.value)
        case _:
            return repr(value.value)


# --- Python --------------------------------------------------------------------------------------------------


def code(value: s.Code, indent: str) -> str:
    """Python between backticks, or between fences that are longer than any fence that begins one of its lines."""
    if not value.block and "\n" not in value.text and "`" not in value.text and value.text.strip():
        return f"`{value.text}`"
    fence = _fence(value.text)
    body = [f"{indent}{STEP}{line}" if line else "" for line in value.text.split("\n")]
    return "\n".join([fence, *body, f"{indent}{fence}"])


def _fence(text: str) -> str:
    inside = max((len(found[1]) for found in _FENCE_LINE.finditer(text)), default=0)
    if inside >= 5:
        raise ValueError("Python in which a line begins with five backticks cannot be written in a flow")
    return "`" * max(3, inside + 1)
