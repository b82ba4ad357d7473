"""Writes a grammar as productions over characters: GBNF for llama.cpp, EBNF for people and SGLang.

Both take `::=`, `|`, `( )`, `? * + {m,n}`, texts and classes with backslash escapes. Invariant: no production is left-
recursive and nothing that may be empty is repeated, for that sends llama.cpp into a loop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flowreason_dsl.export.canonical import NAME
from flowreason_dsl.export.parts import Either, Grammar, Letters, Many, Named, Part, Row, Text
from flowreason_dsl.export.spacing import BLANK
from flowreason_dsl.export.words import LATER, REST, letters, other_words

_QUANTIFIERS = {(0, None): "*", (1, None): "+", (0, 1): "?"}
_ESCAPED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\"}


def to_gbnf(grammar: Grammar, reserved: Collection[str]) -> str:
    """The productions for llama.cpp: names have hyphens, the first is called `root`."""
    named = _productions(grammar, reserved)
    return _written(named, {name: name.strip("_").replace("_", "-") for name in named}, grammar.start)


def to_ebnf(grammar: Grammar, reserved: Collection[str]) -> str:
    """The productions for people and for SGLang, each part of the language under a heading."""
    named = _productions(grammar, reserved)
    return _written(named, {name: name.strip("_") for name in named}, grammar.start, headings=True)


def _productions(grammar: Grammar, reserved: Collection[str]) -> dict[str, Part]:
    rules = {grammar.start: grammar.rules[grammar.start], **grammar.rules}
    return {**rules, **grammar.terminals, NAME: other_words(reserved), REST: letters(LATER)}


def _written(parts: Mapping[str, Part], called: dict[str, str], start: str, headings: bool = False) -> str:
    called[start] = "root"
    lines: list[str] = []
    for name, part in parts.items():
        if headings and name in _HEADINGS:
            lines += ["", f"# {_HEADINGS[name]}"]
        lines.append(f"{called[name]} ::= {_part(part, called)}")
    return "\n".join(lines).lstrip() + "\n"


_HEADINGS = {
    "start": "A file of flows. GAP is blanks and comments; where it has no `?`, two words would else run together.",
    "type": "Types",
    "statement": "Statements",
    "expression": "Expressions",
    NAME: "Words and numbers. NAME is any word that is not reserved: it branches where a reserved word does.",
    "_UNICODE": "Texts, and templates, in which a name between braces puts a value in",
    "CODE": "Python: a line between backticks, or lines between fences",
    BLANK: "What stands between",
}


def _part(part: Part, called: Mapping[str, str], inside: bool = False) -> str:
    match part:
        case Text(value):
            return '"' + "".join('\\"' if letter == '"' else _letter(letter) for letter in value) + '"'
        case Letters(ranges, negated):
            return f"[{'^' if negated else ''}{''.join(_range(first, last) for first, last in ranges)}]"
        case Named(name):
            return called[name]
        case Row(parts):
            return _grouped(" ".join(_part(each, called, True) for each in parts), inside)
        case Either(options):
            return _grouped(" | ".join(_part(each, called) for each in options), inside)
        case Many(inner, least, most):
            body = _part(inner, called, isinstance(inner, Row | Either))
            return f"{f'({body})' if isinstance(inner, Many) else body}{_times(least, most)}"


def _grouped(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _times(least: int, most: int | None) -> str:
    if (least, most) in _QUANTIFIERS:
        return _QUANTIFIERS[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _range(first: int, last: int) -> str:
    return _class_letter(first) if first == last else f"{_class_letter(first)}-{_class_letter(last)}"


def _class_letter(code: int) -> str:
    letter = chr(code)
    return f"\\x{code:02X}" if letter in "]^-[" else _letter(letter)


def _letter(letter: str) -> str:
    return _ESCAPED.get(letter) or (letter if letter.isprintable() else f"\\x{ord(letter):02X}")
