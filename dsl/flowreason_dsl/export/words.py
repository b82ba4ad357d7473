"""Names that are no reserved words, as a part: for notations that cannot say "this but not that".

Invariant: `other_words` takes exactly the words of the shape of names that are not among those left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_letters, digits

from flowreason_dsl.export.parts import Letters, Many, Named, Part, Text, either, optional, row

FIRST = ascii_letters + "_"
LATER = FIRST + digits
REST = "LETTER"
"""The name of the terminal for a letter inside of a word."""


def letters(characters: Iterable[str]) -> Letters:
    """One of some characters, in as few ranges as there can be."""
    ranges: list[tuple[int, int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return Letters(tuple(ranges))


def other_words(reserved: Iterable[str]) -> Part:
    """The words that are not reserved: those that leave each reserved one at some letter, or go on behind it."""
    return _after("", sorted(reserved), FIRST)


def _after(begun: str, reserved: list[str], possible: str) -> Part:
    """What may follow the letters of a word that reserved words begin with, too."""
    nexts = sorted({word[len(begun)] for word in reserved if len(word) > len(begun)})
    rest = Many(Named(REST))
    options = [row(letters(set(possible) - set(nexts)), rest)]
    for letter in nexts:
        longer = begun + letter
        beginning = [word for word in reserved if word.startswith(longer)]
        follows = _after(longer, beginning, LATER)
        options.append(row(Text(letter), follows if longer in reserved else optional(follows)))
    return either(*options)
