"""Writes a grammar in the dialect of Lark that llguidance and OpenAI's grammar tools take.

Invariant: no lookaround, priority, template, import or `%ignore`; terminals are made of plain regular expressions, and
lark itself reads the text, too: nothing is used that only llguidance has.
"""

from __future__ import annotations

from collections.abc import Collection

from flowreason_dsl.export.canonical import NAME
from flowreason_dsl.export.parts import Either, Grammar, Letters, Many, Named, Part, Row, Text, change, walk
from flowreason_dsl.export.words import LATER, REST, letters, other_words

_QUANTIFIERS = {(0, None): "*", (1, None): "+", (0, 1): "?"}
_ESCAPED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f"}
_SPECIAL = frozenset("\\/.^$*+?{}()[]|")


def to_lark(grammar: Grammar, reserved: Collection[str]) -> str:
    """The text of a spaced grammar."""
    lines = [f"{name}: {_rule(part)}" for name, part in grammar.rules.items()]
    terminals = {**grammar.terminals, NAME: change(other_words(reserved), _whole)}
    lines += [f"{name}: {_terminal(part)}" for name, part in terminals.items()]
    return "\n".join(lines) + "\n"


def _whole(part: Part) -> Part:
    """Letters in place of the terminal for one: a word is a single expression."""
    return letters(LATER) if part == Named(REST) else part


def _rule(part: Part, inside: bool = False) -> str:
    match part:
        case Text(value):
            return _quoted(value)
        case Named(name):
            return name
        case Row(parts):
            return _grouped(" ".join(_rule(each, True) for each in parts), inside and len(parts) > 1)
        case Either(options):
            return _grouped(" | ".join(_rule(each) for each in options), inside)
        case Many(inner, least, most):
            body = _rule(inner)
            return f"{body if isinstance(inner, Named | Text) else f'({body})'}{_QUANTIFIERS[least, most]}"
        case Letters():
            raise ValueError("rules are made of tokens, not of letters")


def _terminal(part: Part, inside: bool = False) -> str:
    """A terminal: as one regular expression where it uses no other, else as several put together."""
    if not any(isinstance(each, Named) for each in walk(part)):
        return f"/{_expression(part)}/"
    match part:
        case Named(name):
            return name
        case Row(parts):
            return _grouped(" ".join(_terminal(each, True) for each in parts), inside)
        case Either(options):
            return _grouped(" | ".join(_terminal(each, True) for each in options), inside)
        case Many(inner, least, most):
            return f"({_terminal(inner)}){_QUANTIFIERS[least, most]}"
        case _:
            raise ValueError("letters use no other terminal")


def _grouped(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _expression(part: Part, inside: bool = False) -> str:
    match part:
        case Text(value):
            text = "".join(f"\\{letter}" if letter in _SPECIAL else _ESCAPED.get(letter, letter) for letter in value)
            return _group(text, inside and len(value) > 1)
        case Letters(ranges, negated):
            return f"[{'^' if negated else ''}{''.join(_range(first, last) for first, last in ranges)}]"
        case Row(parts):
            return _group("".join(_expression(each, isinstance(each, Either)) for each in parts), inside)
        case Either(options):
            return _group("|".join(_expression(each) for each in options), inside)
        case Many(inner, least, most):
            return _group(_expression(inner, True) + _times(least, most), inside)
        case Named():
            raise ValueError("a regular expression names nothing")


def _group(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _times(least: int, most: int | None) -> str:
    if (least, most) in _QUANTIFIERS:
        return _QUANTIFIERS[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _range(first: int, last: int) -> str:
    return _letter(first) if first == last else f"{_letter(first)}-{_letter(last)}"


def _letter(code: int) -> str:
    letter = chr(code)
    return f"\\{letter}" if letter in "\\/]^-[" else _ESCAPED.get(letter, letter)
