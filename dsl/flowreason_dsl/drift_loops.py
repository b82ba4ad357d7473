"""Loops as other languages write them: `continue`, `do { … } while (…)`, `vote 5 { … }`.

Invariant: as in `drift`: each rule answers None where something else may be meant, and its fix, made alone, gives what
was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowreason_dsl.diagnostics import Diagnostic, Fix
from flowreason_dsl.drift import STRINGS, Change, Rule, closing, code_token, fixed, here, kinds, made, text_of, token
from flowreason_dsl.drift_foreign import python_of
from flowreason_dsl.source import Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.words import SETTINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_LOOPS = frozenset({"FOR", "WHILE", "REPEAT", "SAMPLE"})
_HEADS = _LOOPS | {"IF", "ELSE", "MATCH", "FLOW"}
_AT_MOST = frozenset({"at", "most", "up", "to", "max", "maximum", "no", "not", "more", "than", "limit"})
_FARTHEST = 200
_ROUNDS = "10"


# --- the rest of a round -------------------------------------------------------------------------------------


def continued(at: Reading, expected: set[str]) -> Change | None:
    """`if c { continue } rest` in a loop: the rest of the round stands in the other branch."""
    word = here(at)
    if word.type != "CONTINUE" or "ANSWER" not in expected or at.kind(at.at + 1) != "RBRACE" or not at.opens:
        return None
    if at.source.slice(token(at, at.at + 1).span) != "}":
        return None  # blocks by indentation, which are told of first
    branch, head = at.opens[-1].at, _head(at, at.opens[-1].at)
    found = Diagnostic(
        "syntax-python-word", "there is no `continue`; put the rest of the round into an `if`", word.span
    )
    if _ends_round(at):
        return Change(at.at, at.at + 1, [], fixed(found, "take it out", word.span, ""))
    if at.kind(head) != "IF" or at.kind(head - 1) == "ELSE" or at.kind(at.at + 2) == "ELSE" or len(at.opens) < 2:
        return None
    loop = at.opens[-2].at
    end = closing(at, loop) if _is_round(at, loop) else None
    if end is None:
        return None
    return _other_way(at, head, branch, end, found)


def _ends_round(at: Reading) -> bool:
    """Whether nothing of the round follows, once the blocks around are left."""
    place = at.at + 1
    for opened in reversed(at.opens):
        while at.kind(place + 1) == "ELSE":
            brace = place + 2
            while at.kind(brace) not in ("LBRACE", "$END"):
                brace += 1
            place = closing(at, brace) or len(at.tokens)
        if at.kind(place) != "RBRACE" or at.kind(_head(at, opened.at)) in _LOOPS:
            return at.kind(place) == "RBRACE"
        place += 1
    return False


def _other_way(at: Reading, head: int, branch: int, end: int, found: Diagnostic) -> Change:
    """The rest of a round, up to the brace that ends it, in a branch of its own."""
    first, brace, rest = token(at, head), token(at, at.at + 1), at.tokens[at.at + 2 : end]
    at.rests.add(first.start)
    close = made("RBRACE", token(at, end), "}")
    behind = (Span(rest[-1].end, rest[-1].end), _closing_brace(at, first, rest[-1]))
    if at.at == branch + 1 and kinds(at, head + 1, 1) == ["CODE"] and branch == head + 2:
        code = f"not ({text_of(at, head + 1, branch).strip('`')})"
        new = [first, code_token(token(at, head + 1), code), token(at, branch), *rest, close]
        fix = Fix(f"write if `{code}`", Span(first.start, brace.end), f"if `{code}` {{", (behind,))
    else:
        other = made("ELSE", brace, "else")
        new = [*at.tokens[head : at.at], brace, other, made("LBRACE", brace, "{"), *rest, close]
        at.rests.add(brace.start)
        fix = Fix("put the rest into `else`", Span(here(at).start, brace.end), "} else {", (behind,))
    return Change(head, end, new, Diagnostic(found.code, found.message, found.span, fix=fix))


def _closing_brace(at: Reading, first: Token, last: Token) -> str:
    alone = "\n" in at.source.text[first.start : last.end]
    return f"\n{' ' * at.indent(first)}}}" if alone else " }"


def _head(at: Reading, brace: int) -> int:
    """The word that a block belongs to."""
    for place in range(brace - 1, max(-1, brace - _FARTHEST), -1):
        if at.kind(place) in _HEADS:
            return place
        if at.kind(place) in ("LBRACE", "RBRACE"):
            break
    return -1


def _is_round(at: Reading, brace: int) -> bool:
    """Whether a block is that of a loop, or was made around the rest of a round."""
    head = _head(at, brace)
    return at.kind(head) in _LOOPS or (head >= 0 and token(at, head).start in at.rests)


# --- loops that look afterwards ------------------------------------------------------------------------------


class _Condition(NamedTuple):
    tokens: list[Token]
    written: str
    last: int


def done_while(at: Reading, _expected: set[str]) -> Change | None:
    """`do { … } while (c)`."""
    word, end = token(at, at.at - 1), closing(at, at.at) if here(at).type == "LBRACE" else None
    if end is None or word.value != "do" or at.at - 1 != at.statement or at.kind(end + 1) not in ("WHILE", "UNTIL"):
        return None
    condition = _condition(at, end + 2, at.kind(end + 1) == "WHILE")
    if condition is None:
        return None
    rounds, last = _ROUNDS, condition.last
    if kinds(at, last, 2) == ["MAX", "INT"]:
        rounds, last = str(token(at, last + 1).value), last + 2
    head = f"repeat {rounds} until {condition.written}"
    new = [made("REPEAT", word, "repeat"), made("INT", word, int(rounds)), made("UNTIL", word, "until")]
    new += [*condition.tokens, *at.tokens[at.at : end + 1]]
    also = (Span(token(at, end).end, token(at, last - 1).end), "")
    message = "a loop that looks afterwards is written `repeat n until … { … }`"
    fix = Fix(f"write `{head}`", word.span, head, (also,))
    return Change(at.at - 1, last, new, Diagnostic("syntax-word", message, word.span, fix=fix))


def _condition(at: Reading, first: int, negated: bool) -> _Condition | None:
    """What stands behind `while` or `until`, as what stands behind `until`."""
    last = first + 1
    if at.kind(first) == "LPAR" and (end := closing(at, first)) is not None:
        code, last = python_of(at, first + 1, end), end + 1
    elif at.kind(first) in ("CODE", "NAME"):
        code = text_of(at, first, last).strip("`")
    elif at.kind(first) == "ASK" and at.kind(first + 1) in STRINGS and not negated:
        return _Condition(at.tokens[first : first + 2], text_of(at, first, first + 2), first + 2)
    else:
        return None
    if code is None:
        return None
    code = f"not ({code})" if negated else code
    return _Condition([code_token(token(at, first), code)], f"`{code}`", last)


# --- votes ---------------------------------------------------------------------------------------------------


def voted(at: Reading, _expected: set[str]) -> Change | None:
    """`x = vote 5 { yield ask "…" }`."""
    count, word = here(at), token(at, at.at - 1)
    end = closing(at, at.at + 1) if at.kind(at.at + 1) == "LBRACE" else None
    if word.value != "vote" or count.type not in ("INT", "CODE") or end is None:
        return None
    if at.kind(at.at - 2) not in ("EQUAL", "ANSWER") or at.kind(at.statement) not in ("NAME", "ANSWER"):
        return None
    first = at.at + 2 + (at.kind(at.at + 2) == "YIELD")
    message = "what most of several replies agree on is asked for `with vote=n`, or taken from a `sample`"
    found = Diagnostic("syntax-word", message, word.span)
    return _one_asked(at, first, end, found) or _sampled(at, end, found)


def _one_asked(at: Reading, first: int, end: int, found: Diagnostic) -> Change | None:
    """`ask "…" with vote=5`, where one question is all that the block holds."""
    inner = at.tokens[first:end]
    if [each.type for each in inner[:1]] != ["ASK"] or any(
        each.type in ("LBRACE", "YIELD", "WITH", "EQUAL", "ELSE", "ANSWER") for each in inner
    ):
        return None
    if sum(each.type == "ASK" for each in inner) > 1:
        return None
    word, count = token(at, at.at - 1), here(at)
    written = at.source.slice(count.span)
    new = [*inner, made("WITH", word, "with"), made("NAME", word, SETTINGS[3]), made("EQUAL", word, "="), count]
    right, span = f"{text_of(at, first, end)} with vote={written}", at.span_between(at.at - 1, end)
    return Change(at.at - 1, end + 1, new, fixed(found, f"write `… with vote={written}`", span, right))


def _sampled(at: Reading, end: int, found: Diagnostic) -> Change | None:
    """A `sample` in a step before, and what most of it agree on."""
    start, word = token(at, at.statement), token(at, at.at - 1)
    name = f"{start.value}_votes" if start.type == "NAME" else "votes"
    if name in at.bound or at.kind(at.at + 2) == "RBRACE":
        return None
    head, written = at.tokens[at.statement : at.at - 1], text_of(at, at.statement, at.at - 1)
    code = f"majority({name})"
    new = [made("NAME", start, name), made("EQUAL", start, "="), made("SAMPLE", word, "sample")]
    new += [*at.tokens[at.at : end + 1], *head, code_token(token(at, end), code)]
    behind = Span(token(at, end).end, token(at, end).end)
    also = ((behind, f"\n{' ' * at.indent(start)}{written} `{code}`"),)
    fix = Fix(f"write `{name} = sample …`", Span(start.start, word.end), f"{name} = sample", also)
    return Change(at.statement, end + 1, new, Diagnostic(found.code, found.message, found.span, fix=fix))


# --- rounds --------------------------------------------------------------------------------------------------


def number_in_words(at: Reading, _expected: set[str]) -> Change | None:
    """`repeat at most 3 { … }`, `repeat up to n times { … }`, `while c at most 5 { … }`."""
    first, last = at.at, at.at
    while token(at, first - 1).value in _AT_MOST and not at.begins_line(first):
        first -= 1
    while token(at, last).value in _AT_MOST and not at.begins_line(last):
        last += 1
    if first == last or at.kind(last) not in ("INT", "CODE", "NAME") or at.begins_line(last):
        return None
    said, count = text_of(at, first, last), text_of(at, last, last + 1)
    span, away = at.span_between(first, last - 1), Span(token(at, first).start, token(at, last).start)
    if at.kind(first - 1) == "REPEAT":
        found = Diagnostic("syntax-word", f"how often at most is written `repeat {count}`", span)
        return Change(first - 1, last, [token(at, first - 1)], fixed(found, f"take `{said}` out", away, ""))
    if first == at.at and at.machine.admits("MAX"):
        found = Diagnostic("syntax-word", f"how often at most is written `max {count}`", span)
        return Change(first, last, [made("MAX", token(at, first), "max")], fixed(found, "write `max`", away, "max "))
    return None


AT_FAULT: tuple[Rule, ...] = (continued, done_while, voted, number_in_words)
