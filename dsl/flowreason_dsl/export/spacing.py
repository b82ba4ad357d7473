"""Writes the blanks between tokens into the rules: where they may stand, must stand, and do not stand.

Model servers that have no lexer, or one that splits where two tokens could be told apart, would else accept
`answerx` or `4until`. Invariant: of two tokens that would run together (two words, two strings), a gap stands between;
so a text of the spaced rules falls into the very tokens that the rules say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import ascii_letters, digits

from flowreason_dsl.export.parts import (
    Either,
    Grammar,
    Letters,
    Many,
    Named,
    Part,
    Row,
    Text,
    either,
    optional,
    row,
)

GAP, BLANK = "GAP", "BLANK"
_EMPTY = "empty"
_WORD, _HEAD, _QUOTE, _TICK, _TIGHT, _MARK = "word", "head", "quote", "tick", "tight", "mark"
_KINDS = ((_WORD, ascii_letters + digits + "_"), (_QUOTE, '"'), (_TICK, "`"))
_APART = frozenset({(_WORD, _WORD), (_WORD, _QUOTE), (_WORD, _TICK), (_QUOTE, _QUOTE), (_TICK, _TICK)})
"""Ends and beginnings between which a gap must stand. Behind a word this is style; the rest would be read otherwise."""
_TIGHT_BEFORE = frozenset({".", "(", "["})
_TIGHT_AFTER = frozenset({"."})
_HEADS = frozenset({"flow", "tool", "pure", "use"})
"""Words that begin a definition: its head stands on one line, for there the reader looks for it among prose."""
_BLANK = Many(Letters(((ord(" "), ord(" ")), (ord("\t"), ord("\t")))), 1, 8)

Kinds = frozenset[str]


def spaced(grammar: Grammar, gap: Part) -> Grammar:
    """The grammar with a gap wherever one may or must stand; nothing is ignored any more."""
    spacer = _Spacer(grammar)
    rules = {name: spacer.part(part) for name, part in grammar.rules.items()}
    around = optional(Named(GAP))
    rules[grammar.start] = row(around, rules[grammar.start], around)
    terminals = {name: part for name, part in grammar.terminals.items() if name not in grammar.ignored}
    return Grammar(rules, {**terminals, BLANK: _BLANK, GAP: gap}, (), grammar.start)


class _Spacer:
    def __init__(self, grammar: Grammar) -> None:
        self.first = _Ends(grammar.all, last=False)
        self.last = _Ends(grammar.all, last=True)

    def part(self, part: Part) -> Part:
        match part:
            case Either(options):
                return either(*map(self.part, options))
            case Row(parts):
                return self._row(parts)
            case Many(inner, least, most):
                if most != 1:
                    raise ValueError("a repetition needs a part beside it that is always there")
                return Many(self.part(inner), least, most)
            case _:
                return part

    def _row(self, parts: tuple[Part, ...]) -> Part:
        """Parts before the first that is always there bring the gap behind them, all others that before them."""
        pivot = next((i for i, each in enumerate(parts) if _EMPTY not in self.first.of(each)), None)
        if pivot is None:
            raise ValueError("one part of a row must always be there")
        out = [self._leading(parts[i : pivot + 1]) for i in range(pivot)]
        out.append(self.part(parts[pivot]))
        out += [self._trailing(parts[pivot : i + 1]) for i in range(pivot + 1, len(parts))]
        return row(*out)

    def _leading(self, parts: tuple[Part, ...]) -> Part:
        """The first of some parts, with the gap between it and what follows."""
        first = parts[0]
        if not isinstance(first, Many):
            raise ValueError("a part that may be nothing must say so itself")
        following = self._of(self.first, parts if _repeats(first) else parts[1:])
        return Many(row(self.part(first.part), *self._gap(self.last.of(first), following)), first.least, first.most)

    def _trailing(self, parts: tuple[Part, ...]) -> Part:
        """The last of some parts, with the gap between it and what is before."""
        last = parts[-1]
        first = self._gap(self._of(self.last, reversed(parts[:-1])), self.first.of(last))
        if not isinstance(last, Many):
            return row(*first, self.part(last))
        inner = self.part(last.part)
        again = self._gap(self.last.of(last), self.first.of(last))
        if first == again or not _repeats(last):
            return Many(row(*first, inner), last.least, last.most)
        whole = row(*first, inner, Many(row(*again, inner)))
        return whole if last.least else optional(whole)

    @staticmethod
    def _of(ends: _Ends, parts: Iterable[Part]) -> Kinds:
        """What parts in a row, taken from the near end, can begin or end with."""
        found: set[str] = set()
        for each in parts:
            kinds = ends.of(each)
            found |= kinds
            if _EMPTY not in kinds:
                break
        return frozenset(found)

    @staticmethod
    def _gap(before: Kinds, after: Kinds) -> tuple[Part, ...]:
        before, after = before - {_EMPTY}, after - {_EMPTY}
        if _TIGHT in before | after:
            if before != {_TIGHT} and after != {_TIGHT}:
                raise ValueError(f"no gap or some gap between {sorted(before)} and {sorted(after)}: no telling which")
            return ()
        if before == {_HEAD}:
            return (Named(BLANK),)
        apart = any((one, other) in _APART for one in before for other in after)
        return (Named(GAP) if apart else optional(Named(GAP)),)


def _repeats(part: Part) -> bool:
    return isinstance(part, Many) and part.most != 1


class _Ends:
    """What each part can begin with, or end with where `last`: kinds of character, and `_EMPTY` for nothing at all."""

    def __init__(self, parts: Mapping[str, Part], last: bool) -> None:
        self._last = last
        self._found: dict[str, Kinds] = dict.fromkeys(parts, frozenset())
        changed = True
        while changed:
            changed = False
            for name, part in parts.items():
                kinds = self.of(part)
                changed = changed or kinds != self._found[name]
                self._found[name] = kinds

    def of(self, part: Part) -> Kinds:
        match part:
            case Text(value):
                return frozenset({self._mark(value)})
            case Letters():
                kinds = {kind for kind, letters in _KINDS if any(part.holds(letter) for letter in letters)}
                return frozenset(kinds) or frozenset({_MARK})
            case Named(name):
                return self._found[name]
            case Either(options):
                return frozenset[str]().union(*map(self.of, options))
            case Many(inner, least, _):
                return self.of(inner) | (frozenset() if least else {_EMPTY})
            case Row(parts):
                return self._row(parts)

    def _row(self, parts: tuple[Part, ...]) -> Kinds:
        found: Kinds = frozenset()
        for each in reversed(parts) if self._last else parts:
            kinds = self.of(each)
            found |= kinds - {_EMPTY}
            if _EMPTY not in kinds:
                return found
        return found | {_EMPTY}

    def _mark(self, value: str) -> str:
        if value in (_TIGHT_AFTER if self._last else _TIGHT_BEFORE):
            return _TIGHT
        if self._last and value in _HEADS:
            return _HEAD
        letter = value[-1] if self._last else value[0]
        if letter.isalnum() or letter == "_":
            return _WORD
        return {'"': _QUOTE, "`": _TICK}.get(letter, _MARK)
