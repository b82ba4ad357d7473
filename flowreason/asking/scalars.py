"""Numbers, yes and no, and choices, read from what people and models write.

Invariant: one reading or none. Where a text could mean two values, `Misfit` says so; nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from flowreason.asking.misfit import Misfit, shorten

Number = int | float

_RUN = re.compile(
    r"(?P<minus>(?<![\w.)\]])[-−–](?=[\d.$€£¥])|\b(?:minus|negative)\s+)?"
    r"(?P<money>[$€£¥]\s?)?(?P<late>[-−](?=[\d.]))?"
    r"(?<![\w])(?P<run>\.?\d(?:[\d.,_'’\u00a0\u202f]*\d)?(?:[eE][-+]?\d+)?)"
    r"(?P<after>\s?(?:thousand|million|billion|trillion)\b|[A-Za-z]+|\s?%)?",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?")
_GROUPED = re.compile(r"\d{1,3}(?:([,_'’\u00a0\u202f])\d{3})(?:\1\d{3})*(?:\.\d+)?")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT_SCALES = {"k", "m", "b", "bn", "mn", "tn", "mio", "mrd"}
_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_LONE_DASH = re.compile(r"[-−–]\s+[\d.]")
_FRACTION = re.compile(r"([-−]?\d{1,15})\s*/\s*(\d{1,15})")


def read_number(text: str, *, lead: bool = False) -> Number:
    """The one number of a text: `42`, `$1,234.50`, `12 %`, `3 million`, `about 7 km`, `five`.

    Units and signs of money are left out; a percentage is its number. Two different numbers are a `Misfit`, unless
    `lead` (the text follows the word "answer") and the text starts with one.
    """
    bare = text.strip().strip("*_`\"'“” ").rstrip(".")
    if bare.casefold() in _SMALL:
        return _SMALL.index(bare.casefold())
    if _LONE_DASH.match(bare):
        raise Misfit(f'"{shorten(text)}" may be a list mark or a minus; write the number alone')
    fraction = _FRACTION.fullmatch(bare)
    if fraction and int(fraction[2]):
        return _tidy(int(fraction[1].replace("−", "-")) / int(fraction[2]))
    found = list(_RUN.finditer(bare))
    if not found:
        raise Misfit(f'no number in "{shorten(text)}"')
    leading = _leading(bare, found[0]) if lead else None
    if leading is not None and leading != bare:
        return read_number(leading)
    values = list(dict.fromkeys(_value(each) for each in found))
    if len(values) > 1:
        raise Misfit(f'more than one number in "{shorten(text)}"; give the one that is asked for, alone')
    return values[0]


def _value(found: re.Match[str]) -> Number:
    run = found["run"]
    grouped = _GROUPED.fullmatch(run)
    if not grouped and not _PLAIN.fullmatch(run):
        raise Misfit(f'"{shorten(run)}" is not one clear number')
    digits = re.sub(r"[,_'’\u00a0\u202f]", "", run)
    try:
        value: Number = int(digits) if digits.isdigit() else float(digits)
    except ValueError as error:
        raise Misfit(f"the number is too long ({len(digits):,} digits)") from error
    if isinstance(value, float) and not math.isfinite(value):
        raise Misfit(f"{shorten(run)} is too large a number")
    signed = -value if found["minus"] or found["late"] else value
    return _scaled(signed, (found["after"] or "").strip().casefold(), found.group())


def _scaled(value: Number, after: str, shown: str) -> Number:
    if after in _SHORT_SCALES:
        raise Misfit(f'"{shorten(shown)}" may mean thousands or millions; write the number in full, in digits')
    return _tidy(round(value * _SCALES[after], 6)) if after in _SCALES else value


def _tidy(value: Number) -> Number:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def whole(value: Number, shown: str) -> int:
    """A number as a whole one. Raises `Misfit` where it is not."""
    if isinstance(value, float) and not value.is_integer():
        raise Misfit(f'expected a whole number, got "{shorten(shown)}"')
    return int(value)


_GOES_ON = re.compile(r"\s*(?:[-+*/×÷^–=]|to\b|or\b|and\b)\s*[-(]?[\d$€£¥]")


def _leading(bare: str, first: re.Match[str]) -> str | None:
    """What a marked answer is read from: its first number, or what stands after the last `=` of a sum, or neither."""
    if bare[: first.start()].strip("*_`:=~≈ ("):
        return None
    if not _GOES_ON.match(bare, first.end()):
        return first.group()
    before, equals, result = bare.rpartition("=")
    return result if equals and _RUN.search(before) and _RUN.search(result) else None


_YES = r"(?:yes|true)"
_NO = r"(?:no|false)"
_FIRST = re.compile(rf"\W*(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_STOP = re.compile(
    r"\W*$|\s*[,.;:!()*_`\"'”’\[\]—–-]|\s*\n|\s+(?:because|since|as|for|it|he|she|they|that|this|there|we|you)\b",
    re.IGNORECASE,
)
_OPPOSITE = re.compile(rf"[\W_]*(?:(?:and|or|but)\W+)?(?:(?P<yes>{_YES})|(?P<no>{_NO}))\b(?!\s+\w)", re.IGNORECASE)


def read_bool(text: str) -> bool:
    """Yes or no, alone or first with reasons after it. `Misfit` where a text says both or neither."""
    first = _FIRST.fullmatch(text.strip())
    if first and _STOP.match(first["rest"]) and not _contradicts(first):
        return bool(first["yes"])
    raise Misfit(f'expected yes or no, got "{shorten(text)}"')


def _contradicts(first: re.Match[str]) -> bool:
    """Whether a text that begins with yes goes on with no, or the other way round: "Yes and no"."""
    second = _OPPOSITE.match(first["rest"])
    return second is not None and bool(second["yes"]) != bool(first["yes"])


_EDGE = " \t\n*_`\"'“”‘’.,;:!"
_LEAD_WORD = re.compile(r"^(?:option|choice|answer|letter|case)\s+(?=\(?\w{1,2}\b)")
_LETTER = re.compile(r"\(?([A-Za-z]|\d{1,2})(?:\)|[.:](?=\s|$))?")


def read_choice(text: str, options: Sequence[str], *, loose: bool = True) -> str:
    """The option that a text names: but for case and quotes, by its letter, or, when `loose`, as the only one in it."""
    if text.strip() in options:
        return text.strip()
    found = _contained(text, options) if loose else []
    wanted = _LEAD_WORD.sub("", _bare(text))
    tests = (_same_words, _same_inside, _same_label, _same_letter)
    for same in tests if len(found) < 2 else tests[:1]:
        fitting = [option for option in options if same(wanted, _bare(option))]
        if len(fitting) == 1:
            return fitting[0]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f'"{option}"' for option in options)
    several = "it names several of them: " if len(found) > 1 else ""
    raise Misfit(f'expected one of {listed}; {several}got "{shorten(text)}"')


def _bare(text: str) -> str:
    return " ".join(text.split()).casefold().strip(_EDGE)


def _same_words(wanted: str, option: str) -> bool:
    return wanted == option


def _same_inside(wanted: str, option: str) -> bool:
    """Whether two texts are the same but for brackets around them: `(A)` and `a`."""
    inside = wanted.strip("()[] ").strip(_EDGE)
    return bool(inside) and inside == option.strip("()[] ").strip(_EDGE)


def _same_label(wanted: str, option: str) -> bool:
    """Whether a text is an option without the letter it begins with: `river` for `(B) river`."""
    letter = _LETTER.match(option)
    return letter is not None and len(letter.group()) > 1 and wanted == option[letter.end() :].strip()


def _same_letter(wanted: str, option: str) -> bool:
    """Whether one is the letter that the other begins with: `b` and `(B) river`, or `(b) river` and `(B)`."""
    first, second = _LETTER.match(wanted), _LETTER.match(option)
    if not first or not second or first[1] != second[1]:
        return False
    alone = [len(text) == len(found.group()) for found, text in ((first, wanted), (second, option))]
    marked = [len(found.group()) > 1 for found in (first, second)]
    return any(alone) and all(a or m for a, m in zip(alone, marked, strict=True))


_DENIAL = re.compile(r"(?:\bnot|n[’']t|\bnever|\bneither|\bnor|\bno)\s+(?:\w+\s+)?[\"'“(*]*$", re.IGNORECASE)


def _contained(text: str, options: Sequence[str]) -> list[str]:
    """The options that stand in a text as whole words, longer ones first, so that "invalid" is not also "valid"."""
    rest, found = text, []
    for option in sorted(options, key=len, reverse=True):
        if len(option.strip("()[]. ")) < 2 and not re.search(r"\W", option):
            continue
        pattern = re.compile(rf"(?<!\w){re.escape(option)}(?!\w)", re.IGNORECASE)
        matches = list(pattern.finditer(rest))
        if any(_DENIAL.search(rest[max(0, m.start() - 30) : m.start()]) for m in matches):
            raise Misfit(f'"{shorten(text)}" says what the answer is not; name the one that it is')
        if matches:
            found.append(option)
            rest = pattern.sub("\n", rest)
    return found
