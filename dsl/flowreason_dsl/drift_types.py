"""Types as other languages write them: `Optional[T]`, `T | None`, `Union[A, B]`, `T?`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, closing, fixed, here, kinds, text_of, token
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_TYPES = frozenset({*SCALARS, *mend.TYPES, "list", "dict"})
_NOTHING = frozenset({"None", "null", "undefined", "nil", "NoneType", "none"})
_DICTS = frozenset({"dict", "map", "record", "object", "mapping", "hashmap"})
_HOLDERS = _DICTS | {"list", "array", "set", "sequence", "vec", "iterable", "vector"}
_ACTIONS = frozenset({"ASK", "SOLVE", "EMULATE", "RUN"})


def one_of_several(at: Reading) -> Change | None:
    """`Optional[text]`, `Union[int, text]`, `text | None`."""
    row = at.machine.row()
    if "SCALAR" not in row or "NAME" in row or here(at).type != "NAME":
        return None
    listed = here(at).value in ("Optional", "Union", "Maybe", "Nullable") and at.kind(at.at + 1) == "LSQB"
    last = closing(at, at.at + 1) if listed else _last(at)
    if last is None or (not listed and last == _single(at, at.at)):
        return None
    members = _members(at, at.at + 2 if listed else at.at, last if listed else last + 1)
    if not members or not all(_is_type(at, first) for first, _ in members):
        return None
    return _change(at, last, listed and here(at).value != "Union", members)


def in_angles(at: Reading) -> Change | None:
    """`List<string>`, `Record<string, int>`."""
    row, word = at.machine.row(), str(here(at).value)
    if "SCALAR" not in row or "NAME" in row or here(at).type != "NAME" or token(at, at.at + 1).value != "<":
        return None
    last = _angle(at, at.at + 1)
    if last is None or word.lower() not in _HOLDERS:
        return None
    inner = at.tokens[at.at + 2 : last]
    if word.lower() in _DICTS and len(inner) > 2 and inner[1].type == "COMMA":
        inner = inner[2:]
    if not inner or any(each.value == "<" for each in inner):
        return None
    held = at.source.text[inner[0].start : token(at, last).start]
    kind, span = "dict" if word.lower() in _DICTS else "list", at.span_between(at.at, last)
    right = f"{kind}[{mend.TYPES.get(held, held)}]"
    message = f"what a {kind} holds is written `{kind}[T]`"
    new = [_as(here(at), "NAME", kind), _as(token(at, at.at + 1), "LSQB", "[")]
    new += [_plain(each) for each in inner] + [_as(token(at, last), "RSQB", "]")]
    return Change(at.at, last + 1, new, fixed(Diagnostic("type-form", message, span), f"write `{right}`", span, right))


def array(at: Reading) -> Change | None:
    """`string[]`."""
    row, word = at.machine.row(), here(at)
    if "SCALAR" not in row or "NAME" in row or kinds(at, at.at, 3) != ["NAME", "LSQB", "RSQB"]:
        return None
    if word.value in ("list", "List", "Array", "array", "dict", "Dict"):
        return None
    span, right = at.span_between(at.at, at.at + 2), f"list[{mend.TYPES.get(str(word.value), word.value)}]"
    found = Diagnostic("type-form", "the type of a list is written `list[T]`", span)
    new = [_as(word, "NAME", "list"), _as(token(at, at.at + 1), "LSQB", "["), _plain(word), token(at, at.at + 2)]
    return Change(at.at, at.at + 3, new, fixed(found, f"write `{right}`", span, right))


def keyed(at: Reading) -> Change | None:
    """`{[key: string]: number}`."""
    row = at.machine.row()
    if "SCALAR" not in row or "NAME" in row or kinds(at, at.at, 4) != ["LBRACE", "LSQB", "NAME", "COLON"]:
        return None
    end = closing(at, at.at) if kinds(at, at.at + 5, 2) == ["RSQB", "COLON"] else None
    if end is None:
        return None
    inner = at.tokens[at.at + 7 : end]
    held = at.source.text[inner[0].start : inner[-1].end] if inner else ""
    span, right = at.span_between(at.at, end), f"dict[{mend.TYPES.get(held, held)}]"
    found = Diagnostic("type-form", "values by text are written `dict[T]`", span)
    new = [_as(here(at), "NAME", "dict"), _as(here(at), "LSQB", "["), *inner, _as(token(at, end), "RSQB", "]")]
    return Change(at.at, end + 1, new, fixed(found, f"write `{right}`", span, right))


def _angle(at: Reading, first: int) -> int | None:
    """The `>` that closes a `<`, on its line."""
    place = first + 1
    while place - first < 60 and not at.begins_line(place):
        if token(at, place).value == ">":
            return place
        place += 1
    return None


def _as(like: Token, kind: str, value: str) -> Token:
    return Token(kind, like.start, like.end, value)


def _plain(each: Token) -> Token:
    """A type's word as the language has it."""
    return _as(each, each.type, mend.TYPES.get(each.value, each.value)) if each.type == "NAME" else each


def _change(at: Reading, last: int, optional: bool, members: list[tuple[int, int]]) -> Change | None:
    real = [text_of(at, *member) for member in members if token(at, member[0]).value not in _NOTHING]
    real = [mend.TYPES.get(each, each) for each in real]
    span = at.span_between(at.at, last)
    asked = kinds(at, last + 1, 1) == ["EQUAL"] and at.kind(last + 2) in _ACTIONS
    given = at.kind(last + 1) == "EQUAL" and token(at, last + 2).value in _NOTHING
    end = last + 3 if given else last + 1
    if len(real) == 1 and (optional or len(members) > 1):
        found = _optional(real[0], at, last, given)
    else:
        found = Diagnostic("type-form", "a type is one type, not one of several", span, help="`any` takes everything")
    if not asked and not given:
        found = fixed(found, "write `any`", span, "any")
    return Change(at.at, end, [Token("NAME", span.start, span.end, "any")], found)


def _optional(real: str, at: Reading, last: int, given: bool) -> Diagnostic:
    """`Optional[T]`, `T | None`, perhaps with `= None`."""
    name, span = token(at, at.at - 2).value, at.span_between(at.at, last)
    help_ = f"write `{real}`; or `any`, which takes null too"
    if given:
        default = {"text": '""', "int": "0", "number": "0", "bool": "false"}.get(real)
        shown = f"{name}: {real} = {default}" if default else f"{name}: {real}"
        help_ = f"write `{shown}`: a default is a text, a number, `true` or `false`"
    elif kinds(at, last + 1, 1) == ["EQUAL"]:
        help_ = f"write `{name}: {real} = …`; what is taken when a step fails stands behind `else`"
    return Diagnostic("type-form", "a type says what is there; only `any` takes null", span, help=help_)


def _last(at: Reading) -> int | None:
    """The last token of types with `|` between them."""
    last = _single(at, at.at)
    while last is not None and at.kind(last + 1) == "VBAR":
        following = _single(at, last + 2)
        if following is None:
            break
        last = following
    return last


def _single(at: Reading, first: int) -> int | None:
    """The last token of one type."""
    if not _is_type(at, first):
        return None
    if at.kind(first) == "LBRACE" or (at.kind(first) == "NAME" and at.kind(first + 1) == "LSQB"):
        return closing(at, first if at.kind(first) == "LBRACE" else first + 1)
    return first


def _is_type(at: Reading, first: int) -> bool:
    value, kind = token(at, first).value, at.kind(first)
    return kind == "LBRACE" or kind in STRINGS or value in _TYPES or value in _NOTHING


def _members(at: Reading, first: int, last: int) -> list[tuple[int, int]]:
    """What stands between `|` or commas."""
    out, begin, depth = [], first, 0
    for i in range(first, last + 1):
        depth += (at.kind(i) in ("LSQB", "LBRACE")) - (at.kind(i) in ("RSQB", "RBRACE"))
        if i == last or (depth == 0 and at.kind(i) in ("VBAR", "COMMA")):
            if i > begin:
                out.append((begin, i))
            begin = i + 1
    return out


BEFORE = (one_of_several, in_angles, array, keyed)
