"""The words of the language by what they do, as the grammar file has them.

Invariant: the groups hold every reserved word of the grammar that is not Python's, each once; a word that the grammar
gets and that is in none of them is an error here, before any file is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flowreason_dsl.export.parts import Either, Text
from flowreason_dsl.export.reading import read_grammar
from flowreason_dsl.grammar import grammar, grammar_text

_DEFINING = ("flow", "tool", "pure", "use")
_ACTING = ("ask", "emulate", "solve", "run")
_ADDING = ("given", "with", "ensure")
_LEAVING = ("answer", "yield", "break")
_CONSTANTS = ("true", "false")


@dataclass(frozen=True, slots=True)
class Groups:
    """Words by what they do. `types` and `person` are words in their places only, and names elsewhere."""

    defining: tuple[str, ...]
    acting: tuple[str, ...]
    adding: tuple[str, ...]
    leaving: tuple[str, ...]
    constants: tuple[str, ...]
    deciding: tuple[str, ...]
    types: tuple[str, ...]
    person: str


@cache
def groups() -> Groups:
    """The words of the grammar file."""
    found = grammar()
    own = {text for text, kind in found.keywords.items() if kind not in found.python}
    named = {*_DEFINING, *_ACTING, *_ADDING, *_LEAVING, *_CONSTANTS}
    if not named <= own:
        raise ValueError(f"the grammar has no such word: {', '.join(sorted(named - own))}")
    terminals = read_grammar(grammar_text()).terminals
    types = [*_texts(terminals["SCALAR"]), *_texts(terminals["LIST"]), *_texts(terminals["DICT"])]
    (person,) = _texts(terminals["USER"])
    return Groups(_DEFINING, _ACTING, _ADDING, _LEAVING, _CONSTANTS, tuple(sorted(own - named)), tuple(types), person)


def _texts(part: object) -> list[str]:
    match part:
        case Text(value=value):
            return [value]
        case Either(options=options):
            return [text for option in options for text in _texts(option)]
    raise ValueError("a terminal of words holds something else")
