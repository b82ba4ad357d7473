"""Names given to types: `type Person = {…}`, `interface Person {…}`, `class Person:`, which the language does not have.

Invariant: what is taken for a type with a name stands outside of texts and Python, is a type from its first word to
its last, and has its lines to itself. It is told once, with one fix that takes it out and writes it out wherever it is
used, which reading finds out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from flowreason_dsl import mend
from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.foreign_types import LONGEST, NoType, Types
from flowreason_dsl.grammar import grammar
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

Read: TypeAlias = Callable[[Types], str]

_HEAD = re.compile(
    r"^[ \t]*(?:(?:export|declare|public|data|sealed|case)[ \t]+)*"
    r"(?P<head>(?P<word>type|typedef|alias|interface|record|struct|class|model|schema|enum|object|message|shape|entity)"
    r"[ \t]+(?P<name>[A-Za-z_]\w*)|(?:(?:const|let|var)[ \t]+)?(?P<bare>[A-Z]\w*)(?=[ \t]*=[ \t]*\{))",
    re.MULTILINE,
)
_BASES = re.compile(r"(?:[ \t]*\((?P<bases>[\w., \t=]*)\))?[ \t]*:[ \t]*(?:#[^\n]*)?\n")
_EXTENDS = re.compile(r"[ \t]+(?:extends|implements)[ \t]+[\w, \t]+")
_MARK = re.compile(r"[ \t]*(?::=|=|:|is\b|as\b)?[ \t]*")
_DOCUMENTED = re.compile(r'\s*"""(?:[^"]|"(?!""))*"""')
_REST = re.compile(r"[ \t]*[;,]?[ \t]*(?:(?:#|//)[^\n]*)?(?:\n|\Z)")
_DECORATED = re.compile(r"(?:^[ \t]*@[\w.]+(?:\([^()\n]*\))?[ \t]*\n)+\Z", re.MULTILINE)
_TEXTS = frozenset({"TEMPLATE", "TEXT", "QUOTED", "CODE", "BLOCK"})
_TAKEN = frozenset({*SCALARS, *mend.TYPES, "list", "dict", "user"})
_LINE_ENDS = re.compile(r"\n*")
_MOST_LOOKED_AT = 200
_LONGEST = 4_000
"""How long what stands behind a head may be."""


@dataclass
class Alias:
    """A type with a name: where it stands, and what it is, written in the language; None where that is not known.

    `head` is its word and its name. `uses` are the places where it stands for a type, and what is to be written there.
    `within` tells that it stands in another alias, which is written out first.
    """

    name: str
    span: Span
    head: Span
    body: Body
    right: str | None = None
    uses: dict[Span, str] = field(default_factory=dict)
    within: bool = False

    @cached_property
    def tokens(self) -> list[Token]:
        """What is read in its place."""
        return tokenize(self.right or "any").tokens[:-1]


@dataclass(frozen=True)
class Body:
    """Where what an alias stands for begins and ends, and how it is read."""

    start: int
    end: int
    read: Read


def find(text: str, tokens: Sequence[Token]) -> dict[str, Alias]:
    """The types with names in a text of which these are the tokens."""
    if _HEAD.search(text) is None:
        return {}
    covered = [token for token in tokens if token.type in _TEXTS]
    starts, found, at = [token.start for token in covered], {}, 0
    for _ in range(_MOST_LOOKED_AT):
        head = _HEAD.search(text, at)
        if head is None:
            break
        at, inside = head.end(), bisect_right(starts, head.start("head")) - 1
        if inside >= 0 and head.start("head") < covered[inside].end:
            continue
        name = head["name"] or head["bare"]
        alias = _alias(text, head) if name not in _TAKEN and name not in grammar().keywords else None
        if alias is not None and alias.name not in found:
            found[alias.name], at = alias, alias.span.end
    return _written_out(text, found)


def without(text: str, found: dict[str, Alias]) -> str:
    """A text with blanks in place of its types with names, so that what stands behind them stays where it is."""
    out, at = [], 0
    for alias in sorted(found.values(), key=lambda each: each.span):
        taken = text[alias.span.start : alias.span.end]
        out += [text[at : alias.span.start], re.sub(r"[^\n]", " ", taken)]
        at = alias.span.end
    return "".join(out) + text[at:]


def anew(found: dict[str, Alias]) -> dict[str, Alias]:
    """The same types, of which no use was seen."""
    return {name: replace(alias, uses={}) for name, alias in found.items()}


# --- what stands behind a head -------------------------------------------------------------------------------


def _alias(text: str, head: re.Match[str]) -> Alias | None:
    name = head["name"] or head["bare"]
    body = _indented(text, head) or _on_its_line(text, head)
    if body is None or (head["bare"] and not re.search(rf"(?::|->|\[|<)[ \t]*{name}\b", text)):
        return None
    decorated = _DECORATED.search(text, max(0, head.start() - 300), head.start())
    rest = _REST.match(text, body.end)
    end = rest.end() if rest else body.end
    start = decorated.start() if decorated else head.start()
    if start == 0 or text.endswith(("{\n", "\n\n"), 0, start):
        end = _LINE_ENDS.match(text, end).end()  # type: ignore[union-attr]
    return Alias(name, Span(start, end), Span(head.start("head"), head.end("head")), body)


def _indented(text: str, head: re.Match[str]) -> Body | None:
    """`class Person(BaseModel):` and deeper lines."""
    bases = _BASES.match(text, head.end())
    if bases is None or head["bare"]:
        return None
    edge = len(head[0]) - len(head[0].lstrip())
    end = start = bases.end()
    for line in text[start : start + _LONGEST].splitlines(keepends=True):
        if line.strip() and len(line) - len(line.lstrip()) <= edge:
            break
        end += len(line)
    if documented := _DOCUMENTED.match(text, start, end):
        start = documented.end()
    end = start + len(text[start:end].rstrip())
    enum = head["word"] == "enum" or "Enum" in (bases["bases"] or "")
    return _body(text, start, end, lambda types: types.choices("") if enum else types.record(""))


def _on_its_line(text: str, head: re.Match[str]) -> Body | None:
    """`= type`, `{ fields }`, `(fields)`."""
    extends = _EXTENDS.match(text, head.end())
    mark = _MARK.match(text, extends.end() if extends else head.end())
    start = mark.end() if mark else head.end()
    marked, opener = bool(mark and mark[0].strip()), text[start : start + 1]
    if text[start : start + 2] == "\n{":
        start, opener = start + 1, "{"
    if opener == "{" and head["word"] == "enum":
        return _body(text, start + 1, start + _LONGEST, lambda types: types.choices("}"))
    if opener == "(" and not marked and head["word"] not in ("type", "alias"):
        return _body(text, start + 1, start + _LONGEST, lambda types: types.record(")"))
    if head["word"] == "enum":
        return _body(text, start, start + _LONGEST, lambda types: types.choices("\n")) if marked else None
    if opener == "{" or (marked and head["word"] in ("type", "typedef", "alias", "schema", "model")):
        return _body(text, start, start + _LONGEST, Types.type)
    return None


def _body(text: str, start: int, end: int, read: Read) -> Body | None:
    """What is read as a type from an offset on, if that is one and ends with its line."""
    types = Types(text[start:end], 0, lambda name: name)
    try:
        read(types)
    except NoType:
        return None
    last = start + types.at
    return Body(start, last, read) if _REST.match(text, last) else None


# --- what names stand for ------------------------------------------------------------------------------------


def _written_out(text: str, found: dict[str, Alias]) -> dict[str, Alias]:
    """The aliases with what they stand for. Those in others have no fix of their own yet, so that no two fixes meet."""
    busy: set[str] = set()

    def right(name: str) -> str:
        alias = found.get(name)
        if alias is None:
            raise NoType
        if name in busy:
            return "any"  # a type that holds itself
        if alias.right is None:
            busy.add(name)
            made = alias.body.read(Types(text[alias.body.start : alias.body.end], 0, right))
            busy.discard(name)
            if len(made) > LONGEST:
                raise NoType
            alias.right = made
        return alias.right

    for name in found:
        busy.clear()
        with suppress(NoType):
            right(name)
    for alias in found.values():
        if alias.right is not None:
            for name in re.findall(r"\w+", text[alias.body.start : alias.body.end]):
                if name in found and name != alias.name:
                    found[name].within = True
    return found


# --- while a text is read ------------------------------------------------------------------------------------


def put_in(at: Reading) -> bool:
    """Reads what a name of a type stands for in its place, where a type is wanted."""
    row, name = at.machine.row(), at.tokens[at.at]
    alias = at.aliases.get(str(name.value))
    if alias is None or "SCALAR" not in row or "NAME" in row:
        return False
    last, right, span = at.at + 1, alias.right or "any", name.span
    tokens = [Token(each.type, span.start, span.end, each.value) for each in alias.tokens]
    while at.kind(last) == "LSQB" and at.kind(last + 1) == "RSQB":
        span, right = at.span_between(at.at, last + 1), f"list[{right}]"
        tokens = [_like(name, "NAME", "list"), _like(name, "LSQB", "["), *tokens, at.tokens[last + 1]]
        last += 2
    alias.uses[span] = right
    at.replace(at.at, last, tokens)
    return True


def _like(name: Token, kind: str, value: str) -> Token:
    return Token(kind, name.start, name.end, value)


def tell(at: Reading, whole: bool) -> None:
    """Tells of each type with a name; `whole`: all places where it is used were found."""
    for alias in at.aliases.values():
        message = f"types have no names here; `{alias.name}` is written out where it is used"
        right = alias.right if alias.right and len(alias.right) < 80 else "{name: text, year: int}"
        found = Diagnostic("type-named", message, alias.head, help=f"write `name: {right} = …`", fix=_fix(alias, whole))
        at.tell(found)


def _fix(alias: Alias, whole: bool) -> Fix | None:
    if alias.right is None or alias.within or not whole:
        return None
    (first, written), *also = sorted([(alias.span, ""), *alias.uses.items()])
    return Fix("write it out", first, written, tuple(also))
