"""What can be told of a question by looking at its words, before anybody is asked.

Invariant: `look` is a pure function of the text, gives something for any text, and takes time in proportion to it: of a
long text it looks at the beginning and the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowreason.methods import words as w

BEGINNING, END = 6_000, 2_000
"""Characters that are looked at: what is wanted stands at the beginning of a question or at its end."""
LONG = 150
"""Words of a question that brings material of its own."""
ITEMS = 4
"""Commas of a sentence that enumerates."""
LINES = 8
"""Lines of a question that brings data, options aside."""


@dataclass(frozen=True, slots=True)
class Features:
    """What stands in a question.

    What is wanted: `code`, `writing` (with demands: `demanding`), `rewording`, `open_ended`, `yes_no`, `fact`,
    `quantity`. What it takes: `countdown` (numbers that make another), `guesswork` (a search that no program knows),
    `judgement`, `logic`, `procedure`, `hops` (something has to be found before another can be looked for). These go by
    English words; what stands before them is there in any language.
    """

    words: int
    sentences: int
    numbers: int
    years: int
    expression: bool
    data: bool
    options: bool
    code: bool
    writing: bool
    demanding: bool
    rewording: bool
    open_ended: bool
    yes_no: bool
    fact: bool
    quantity: bool
    countdown: bool
    guesswork: bool
    judgement: bool
    logic: bool
    procedure: bool
    hops: bool

    @property
    def long(self) -> bool:
        return self.words > LONG


def look(question: str) -> Features:
    """What is in a question."""
    cut = len(question) > BEGINNING + END
    text = f"{question[:BEGINNING]}\n{question[-END:]}" if cut else question
    plain = " ".join(text.split())
    digits = w.DIGITS.findall(plain)
    years = sum(w.YEAR.fullmatch(each) is not None for each in digits)
    return Features(
        words=len(w.WORD.findall(plain)) + len(w.IDEOGRAPH.findall(plain)) // 2 + LONG * cut,
        sentences=max(1, len(w.STOP.findall(plain))),
        numbers=len(digits) - years + len(w.NUMBER_WORDS.findall(plain)),
        years=years,
        expression=w.EXPRESSION.search(plain) is not None or len(w.TRUTH.findall(plain)) > 1,
        data=_has_data(text) or _has(w.PROGRAM, text),
        options=len(w.OPTION.findall(text)) > 1,
        code=_has(w.CODE, plain),
        writing=_has(w.WRITING, plain),
        demanding=_has(w.DEMANDING, plain),
        rewording=w.REWORDING.match(plain) is not None,
        open_ended=_has(w.OPEN, plain[:200]),
        yes_no=_asks_yes_or_no(plain),
        fact=w.FACT.match(plain) is not None,
        quantity=_has(w.QUANTITY, plain),
        countdown=_has(w.COUNTDOWN, plain) and len(w.DIGITS.findall(plain)) > 2,
        guesswork=_has(w.GUESSWORK, plain),
        judgement=_has(w.JUDGEMENT, plain),
        logic=_has(w.LOGIC, plain),
        procedure=_has(w.PROCEDURE, plain),
        hops=_has_hops(plain),
    )


def _has(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(text) is not None


def _has_data(text: str) -> bool:
    """Whether a list, a table or a row of many items stands in the text."""
    lines = [line for line in text.splitlines() if line.strip() and not w.OPTION.match(line)]
    sentences = (part for line in lines for part in w.STOP.split(line))
    return _has(w.ROW, text) or len(lines) > LINES or any(part.count(",") >= ITEMS for part in sentences)


def _has_hops(plain: str) -> bool:
    """Whether something has to be found before another can be looked for."""
    several = plain.count("?") > 1 or len(w.GENITIVE.findall(plain)) > 2
    return several or _has(w.HOP, plain) or _has(w.RELATIVE, w.ASKING.sub("", plain))


def _asks_yes_or_no(plain: str) -> bool:
    """Whether the last question wants yes or no."""
    asked = [part.strip(" \"'“”") for part in re.split(r"(?<=[.!?:])\s", plain) if "?" in part]
    return bool(asked) and w.YES_NO.match(asked[-1]) is not None
