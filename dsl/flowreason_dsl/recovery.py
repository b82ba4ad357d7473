"""After a fault: where reading goes on.

Invariant: nothing that can be read is passed over; every fault is got past, with at least one token taken in the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import messages, misspelt, repair
from flowreason_dsl.cut import CLOSERS, OPENERS, Cut, cut, feed, leave
from flowreason_dsl.grammar import END, grammar
from flowreason_dsl.habits import ARROWS, colon_for_brace, headless
from flowreason_dsl.source import Span
from flowreason_dsl.stand_in import CONSTANTS, enter, read_parameters, reopen, stand_in_flow
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

DEFINERS = frozenset({"FLOW", "TOOL", "PURE", "USE"})
_MOST_PASSED = 1000
_SURE_STARTERS = frozenset({"ANSWER", "BREAK", "IF", "MATCH", "WHILE", "REPEAT"})
_LINE_STARTERS = (
    _SURE_STARTERS
    | {"YIELD", "FOR", "SAMPLE", "ASK", "EMULATE", "SOLVE", "RUN"}
    | {*("RETURN", "PASS", "DEF", "CLASS", "ASSERT", "IMPORT", "TRY", "RAISE", "CONTINUE")}
)
_AFTER_NAME = frozenset({"EQUAL", "COLON", "LPAR", "ARROW", "COMMA", "DOT", "LSQB", "STRANGE"})


def recover(at: Reading) -> bool:
    """Brings automaton and tokens to a place where they fit; False where there is none."""
    if at.missing == (repair.SURPLUS,):
        at.surplus += at.kind(at.at) == "LBRACE"
        at.at += 1
        return True
    if _replaced(at):
        return True
    if at.missing and put_in(at, at.missing):
        _doubt_marks(at, at.missing)
        return True
    before, opened = (at.at, len(at.machine.states)), len(at.opens)
    given_up = cut(at)
    if given_up.level == "file" and read_parameters(at, given_up):
        return True
    _pass_brackets(at, opened - len(at.opens))
    if given_up.level == "block" and messages.begins_before(at):
        at.at -= 1
    while not _fits(at, given_up):
        if at.kind(at.at) == END or at.defines(at.at):
            return close_all(at, given_up)
        at.at += 1
    leave(at, given_up)
    if before == at.stuck and (at.at, len(at.machine.states)) == before:
        at.at += 1
    at.stuck = (at.at, len(at.machine.states))
    return True


def _replaced(at: Reading) -> bool:
    """Takes what was meant in place of the token at hand, where that is certain."""
    token, machine, words = at.tokens[at.at], at.machine, grammar().keywords.values()
    top = machine.values[-1] if machine.values and type(machine.values[-1]) is Token else None
    if token.type == "EQUAL" and top is not None and top.type in words and at.begins_line(at.at - 1):
        machine.cut(len(machine.states) - 1)
        return at.feed(Token("NAME", top.start, top.end, top.value))
    if headless(at):
        return put_in(at, ("FLOW",))
    if token.type in words and _names(at) and machine.admits("NAME"):
        kind = "NAME"
    elif token.value == "<-" and at.kind(at.at + 1) != "NAME" and machine.admits("EQUAL"):
        kind = "EQUAL"
    elif (token.value in ARROWS or (token.type == "COLON" and not at.opens)) and machine.admits("ARROW"):
        kind = "ARROW"
    elif token.value in ("None", "null", "void") and machine.admits("SCALAR"):
        kind = "SCALAR"
    elif colon_for_brace(at):
        kind = "LBRACE"
    else:
        return False
    if kind == "LBRACE":
        at.surplus -= 1
    at.feed(Token(kind, token.start, token.end, "any" if kind == "SCALAR" else token.value))
    at.at += 1
    return True


def _names(at: Reading) -> bool:
    """Whether the word at hand is meant as a name, and does not begin the next statement (`given`, `answer: …`)."""
    cut_short = at.kind(at.at) == "ANSWER" and at.begins_line(at.at) and at.kind(at.at - 1) in messages.OPEN_ENDED
    return at.kind(at.at + 1) in ("EQUAL", "COLON") and not cut_short


def give_up(at: Reading) -> None:
    """Closes everything, with the rest of the text unread."""
    rest = Span(at.tokens[min(at.at, len(at.tokens) - 1)].start, len(at.source.text))
    at.doubts += [Doubt("gap", rest), Doubt("end", rest)]
    at.at = len(at.tokens) - 1
    if close_all(at, cut(at)):
        at.machine.feed(at.tokens[at.at])


def _fits(at: Reading, given_up: Cut) -> bool:
    """Whether reading can go on with the token at hand; puts in a header where only that is missing."""
    kind = at.kind(at.at)
    if kind == "LBRACE":
        return enter(at, given_up)
    if given_up.level == "cases":
        return _fits_cases(at, kind)
    if given_up.level == "block":
        return kind == "RBRACE" or starts(at, at.at)
    if kind in DEFINERS:
        return True
    if kind == "ELSE":
        return reopen(at, given_up)
    if at.begins_line(at.at) and starts(at, at.at):
        return reopen(at, given_up) or stand_in_flow(at, given_up)
    return False


def _fits_cases(at: Reading, kind: str) -> bool:
    if kind in CONSTANTS:
        return at.kind(at.at + 1) in ("COMMA", "LBRACE")
    if kind == "ELSE":
        return at.kind(at.at + 1) == "LBRACE"
    return kind == "RBRACE"


def starts(at: Reading, place: int) -> bool:
    """Whether a statement surely begins here."""
    kind, following = at.kind(place), at.kind(place + 1)
    if kind in _SURE_STARTERS:
        return True
    if not at.begins_line(place):
        return False
    if kind == "NAME":
        if following in _AFTER_NAME or following == END or at.begins_line(place + 1):
            return True
        return following in misspelt.AFTER and misspelt.looks_meant(str(at.tokens[place].value))
    if kind in ("LPAR", "LSQB"):
        return following == "NAME" and at.kind(place + 2) == "COMMA"
    return kind in _LINE_STARTERS


def _pass_brackets(at: Reading, depth: int) -> None:
    """Moves behind the brackets that the unfinished statement had opened, where they are closed."""
    place, last = at.at, at.at + _MOST_PASSED
    while depth > 0 and place < last and at.kind(place) != END and not at.defines(place):
        if at.kind(place) in _SURE_STARTERS and at.begins_line(place):
            return
        depth += (at.kind(place) in OPENERS) - (at.kind(place) in CLOSERS)
        place += 1
    if depth == 0:
        at.at = place


def close_all(at: Reading, given_up: Cut) -> bool:
    """Closes what is open, so that the next definition, or the end, can be taken."""
    leave(at, given_up)
    place = at.tokens[at.at - 1].end if at.at else 0
    if any(not brace.stand_in for brace in at.opens):
        at.doubts.append(Doubt("shape", Span(place, place)))
        if at.lexed.cut or given_up.values or at.kind(at.statement) != "ANSWER":
            at.doubts.append(Doubt("end", Span(place, place)))
    while at.opens:
        if not at.feed(Token("RBRACE", place, place, "}")):
            return False
    return at.machine.admits(at.kind(at.at))


def put_in(at: Reading, kinds: tuple[str, ...]) -> bool:
    """Takes marks that are not there, as if they stood before the token at hand."""
    place = at.tokens[at.at].start
    if not at.machine.admits(kinds[0]):
        return False
    for kind in kinds:
        feed(at, kind, place, "any" if kind == "SCALAR" else "_")
    return True


def _doubt_marks(at: Reading, kinds: tuple[str, ...]) -> None:
    """What is not known for sure where marks were put in."""
    place = at.tokens[at.at - 1].end if at.at else 0
    if "LBRACE" in kinds or "RBRACE" in kinds:
        at.doubts.append(Doubt("shape", Span(place, place)))
        if at.kind(at.at) == END and (at.lexed.cut or at.kind(at.statement) != "ANSWER"):
            at.doubts.append(Doubt("end", Span(place, place)))
    if kinds[0] == "NAME":
        at.doubts.append(Doubt("name" if at.kind(at.at) in ("EQUAL", "COLON") else "value", Span(place, place)))
    if not at.opens and ("NAME" in kinds or "SCALAR" in kinds):
        at.doubts += [Doubt("header", Span(place, place)), Doubt("returns", Span(place, place))]
