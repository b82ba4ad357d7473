"""What a model is held to where the language allows more: the spellings that a person would choose, and nothing that
the parser reads and then refuses.

Invariant: each rule here makes the language smaller, never larger.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from flowreason_dsl.export.parts import (
    Either,
    Grammar,
    Letters,
    Many,
    Named,
    Part,
    Text,
    change,
    either,
    names,
    optional,
    row,
    walk,
)
from flowreason_dsl.export.words import FIRST, LATER, letters

MOST_DIGITS = 40
MOST_BLANKS = 120
"""How many blanks and comments may stand between two tokens: small models else write blank lines without end."""
NAME, WORD = "NAME", "WORD"
_UNIT, _BEFORE, _AFTER = "_LONG_UNIT", "_BEFORE_BRACE", "_AFTER_BRACE"
DIGIT = Letters(((ord("0"), ord("9")),))


def canonical(grammar: Grammar, reserved: Collection[str]) -> Grammar:
    """The grammar of what a model should write."""
    terminals = {name: change(part, _few_digits) for name, part in grammar.terminals.items()}
    terminals["DECIMAL"] = change(terminals["DECIMAL"], _small_exponent)
    terminals |= {_BEFORE: _without("{", terminals[_UNIT]), _AFTER: _without("[", terminals[_UNIT])}
    terminals["TEXT"] = change(terminals["TEXT"], _no_key)
    terminals[WORD] = row(letters(FIRST), Many(letters(LATER)))
    rules = {name: _any_word(part, grammar, reserved) for name, part in grammar.rules.items()}
    return reachable(without_synonyms(Grammar(rules, terminals, grammar.ignored, grammar.start)))


def gap(grammar: Grammar) -> Part:
    """What may stand between tokens: blanks, and comments, which end with their line."""
    options = [_ended(grammar.terminals[name]) for name in grammar.ignored]
    return Many(either(*options), 1, MOST_BLANKS)


def _ended(part: Part) -> Part:
    """An ignored terminal: one blank of those that people see, or a comment with the end of its line."""
    if isinstance(part, Many) and isinstance(part.part, Letters):
        return letters(filter(part.part.holds, " \t\n"))
    return row(part, Text("\n"))


def _few_digits(part: Part) -> Part:
    """Numbers that can be held: not one of ten thousand digits."""
    return Many(DIGIT, 1, MOST_DIGITS) if part == Many(DIGIT, 1, None) else part


def _small_exponent(part: Part) -> Part:
    """Nor 1e999."""
    return Many(DIGIT, 1, 2) if part == Many(DIGIT, 1, 3) else part


def _no_key(part: Part) -> Part:
    """Texts hold no `[` behind a `{`: the lexer looks for templates first, and would find `{d["` in one text and the
    end of that key in the next."""
    if not isinstance(part, Many) or _UNIT not in names(part.part):
        return part
    before, brace, after = (change(part.part, _instead(each)) for each in (Named(_BEFORE), Text("{"), Named(_AFTER)))
    return row(Many(before), optional(row(brace, Many(after))))


def _instead(other: Part) -> Callable[[Part], Part]:
    return lambda part: other if part == Named(_UNIT) else part


def _without(letter: str, part: Part) -> Part:
    """A unit of texts that is not this letter, unless a backslash stands before it."""
    if isinstance(part, Either):
        return either(*(_without(letter, option) for option in part.options))
    if isinstance(part, Letters) and part.negated:
        return Letters((*part.ranges, (ord(letter), ord(letter))), negated=True)
    return part


def _any_word(part: Part, grammar: Grammar, reserved: Collection[str]) -> Part:
    """A choice of a name and every reserved word is any word."""
    if not isinstance(part, Either) or Named(NAME) not in part.options:
        return part
    return Named(WORD) if set(_spelled(part, grammar.all)) >= set(reserved) else part


def _spelled(part: Part, parts: Mapping[str, Part]) -> Iterator[str]:
    """The words that a part, or what it names, spells out."""
    for each in walk(part):
        if isinstance(each, Text):
            yield each.value
        elif isinstance(each, Named):
            yield from _spelled(parts[each.name], parts)


def without_synonyms(grammar: Grammar) -> Grammar:
    """The grammar without rules that only say another name."""
    same = {name: part.name for name, part in grammar.rules.items() if isinstance(part, Named)}

    def follow(part: Part) -> Part:
        while isinstance(part, Named) and part.name in same:
            part = Named(same[part.name])
        return part

    rules = {name: change(part, follow) for name, part in grammar.rules.items() if name not in same}
    return Grammar(rules, grammar.terminals, grammar.ignored, grammar.start)


def reachable(grammar: Grammar) -> Grammar:
    """The grammar without what the start does not lead to, in the order of the file."""
    seen: set[str] = set(grammar.ignored)
    todo = [grammar.start]
    everything = grammar.all
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += names(everything[name])
    rules = {name: part for name, part in grammar.rules.items() if name in seen}
    terminals = {name: part for name, part in grammar.terminals.items() if name in seen}
    return Grammar(rules, terminals, grammar.ignored, grammar.start)
