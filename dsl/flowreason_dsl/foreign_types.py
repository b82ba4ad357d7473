"""Types as TypeScript, Python and their like write them, said as the flow language says them.

Invariant: what is given back is a type of the flow language, written on one line; where something stands that is no
type, or one of which nothing is known, `NoType` is raised and nothing else. Names of types are asked for one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from flowreason_dsl import mend
from flowreason_dsl.types import SCALARS

Named: TypeAlias = Callable[[str], str]
"""What a name stands for; raises `NoType` where it is no name of a type."""

LONGEST = 2_000
_MOST_DEPTH = 20
_PIECE = re.compile(
    r"(?:\s+|//[^\n]*|#[^\n]*|/\*[^*]*\*/)*"
    r"(?P<piece>[A-Za-z_]\w*|\"[^\"\n{}\\]*\"|'[^'\n\"{}\\]*'|-?\d[\d.]*|\[\]|[\[\]{}<>()|:,;?=])?"
)
_NOTHING = frozenset({"None", "null", "undefined", "nil", "void", "NoneType"})
_LISTS = frozenset({"list", "List", "Array", "array", "Sequence", "set", "Set", "Iterable", "Vec", "ReadonlyArray"})
_DICTS = frozenset({"dict", "Dict", "Record", "Map", "map", "Mapping", "HashMap"})
_CLOSING = {"[": "]", "<": ">", "(": ")", "{": "}"}
_MODIFIERS = frozenset({"readonly", "required", "optional", "private", "public", "val", "var", "const", "final", "pub"})


class NoType(Exception):
    """What stands here is no type."""


class Types:
    """Reads types from a text, from one offset on; `at` is where the last piece that was taken ends."""

    def __init__(self, text: str, at: int, named: Named) -> None:
        self.text = text
        self.at = at
        self._named = named
        self._depth = 0

    # --- pieces

    def peek(self) -> str:
        """The next piece; nothing, where none stands there."""
        found = _PIECE.match(self.text, self.at)
        return (found["piece"] if found else None) or ""

    def take(self) -> str:
        found = _PIECE.match(self.text, self.at)
        if found is None or not found["piece"]:
            raise NoType
        self.at = found.end()
        return found["piece"]

    def took(self, piece: str) -> bool:
        """Takes a piece if it is the next."""
        if self.peek() != piece:
            return False
        self.take()
        return True

    def need(self, piece: str) -> None:
        if not self.took(piece):
            raise NoType

    # --- types

    def type(self) -> str:
        """One type, or several with `|` between them."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise NoType
        self.took("|")
        members = [self._single()]
        while self.took("|"):
            members.append(self._single())
        self._depth -= 1
        return joined(members)

    def _single(self) -> str:
        made = self._one()
        while self.peek() in ("[]", "?"):
            made = f"list[{made}]" if self.take() == "[]" else "any"
        return made

    def _one(self) -> str:
        piece = self.take()
        if piece[0] in "\"'":
            return f'"{piece[1:-1]}"'
        if piece == "{":
            return self._braced()
        if piece == "(":
            made = self.type()
            self.need(")")
            return made
        if piece == "[":
            made = self.type()
            self.need("]")
            return f"list[{made}]"
        return self._word(piece)

    def _word(self, word: str) -> str:
        if word in _NOTHING:
            return ""
        holds = self._inner() if self.peek() in ("[", "<") else []
        if word in _LISTS:
            return f"list[{holds[0] if holds else 'any'}]"
        if word in _DICTS:
            return f"dict[{holds[-1] if holds else 'any'}]"
        if word == "Optional" and len(holds) == 1:
            return "any"
        if word in ("Literal", "Union") and holds:
            return joined(holds)
        plain = mend.TYPES.get(word, word)
        if holds or not word[0].isalpha():
            raise NoType
        return plain if plain in SCALARS else self._named(word)

    def _inner(self) -> list[str]:
        """What stands between the brackets behind a word."""
        closing = _CLOSING[self.take()]
        made = [self.type()]
        while self.took(","):
            made.append(self.type())
        self.need(closing)
        return made

    # --- records

    def _braced(self) -> str:
        if self.took("["):  # `{ [key: string]: number }`
            self.take()
            self.need(":")
            self.type()
            self.need("]")
            self.need(":")
            made = f"dict[{self.type()}]"
            self.took(";")
            self.need("}")
            return made
        return self.record("}")

    def record(self, closing: str) -> str:
        """Fields up to a closing mark; up to the end of the text, where that is empty."""
        fields: dict[str, str] = {}
        while self.peek() != closing:
            name, made = self._field()
            fields[name] = made
            while self.peek() in (",", ";"):
                self.take()
        if not fields or (closing and not self.took(closing)):
            raise NoType
        return "{" + ", ".join(f"{name}: {made}" for name, made in fields.items()) + "}"

    def _field(self) -> tuple[str, str]:
        """`name: type`, `name?: type = default`, `type name`."""
        name = self._key()
        while name in _MODIFIERS and self.peek() not in (":", "?", ""):
            name = self._key()
        optional = self.took("?")
        if self.took(":"):
            made = self.type()
        elif not optional and (self.peek().isidentifier() or self.peek() in ("[]", "<", "[")):
            self.at = self.text.rindex(name, 0, self.at)
            made = self.type()
            name = self._key()
        else:
            raise NoType
        if self.took("="):
            self._default()
        return name, "any" if optional else made

    def _key(self) -> str:
        piece = self.take()
        name = piece[1:-1] if piece[0] in "\"'" else piece
        if not name.isidentifier():
            raise NoType
        return name

    def _default(self) -> None:
        """Passes over a default, which types do not have."""
        piece = self.take()
        if piece == "[]" or piece not in _CLOSING:
            if self.peek() != "(":
                return
            piece = self.take()
        depth = 1
        while depth:
            piece = self.take()
            depth += (piece in _CLOSING) - (piece in _CLOSING.values())

    def choices(self, closing: str) -> str:
        """`a, b`, `A = "a"`: the members of an `enum`."""
        made: list[str] = []
        while self.peek() != closing:
            piece = self.take()
            if self.took("="):
                value = self.take()
                piece = value if value[0] in "\"'" else piece
            if not (piece[0] in "\"'" or piece.isidentifier()):
                raise NoType
            made.append(f'"{piece.strip(chr(34) + chr(39))}"')
            while self.peek() in (",", ";", "|"):
                self.take()
        if not made or (closing and not self.took(closing)):
            raise NoType
        return " | ".join(dict.fromkeys(made))


def joined(members: list[str]) -> str:
    """Several types as one: choices are choices, and what may be nothing or of several kinds may be anything."""
    real = list(dict.fromkeys(each for each in members if each))
    if not real:
        raise NoType
    if len(members) > len([each for each in members if each]):
        return "any"
    whole = " | ".join(real)
    if len(whole) > LONGEST:
        raise NoType
    return whole if len(real) == 1 or all(each[0] == '"' for each in real) else "any"
