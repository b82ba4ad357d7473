"""Whether an answer is right, by the type of the one that is known.

Invariant: every method is read by the same rules, those by which replies are read elsewhere: one reading or none, and
what cannot be read is wrong. A judgement is a function of the two answers and the question alone.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flowreason.asking import scalars
from flowreason.asking.convert import fit
from flowreason.asking.misfit import Misfit
from flowreason.asking.reply import parse_input
from flowreason.evaluate.explanation import structure
from flowreason.evaluate.items import Item
from flowreason.values import show
from flowreason_dsl.prelude import letter, options
from flowreason_dsl.types import ListOf, Scalar

NEAR = 1e-3
"""How far a number that is not whole may be from the known one, relative to it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an answer is `right`, what was `read` of it, `why` it is wrong or unread.

    `score` is 1 or 0, and of a graph what its edges share with the known ones, from 0 to 1.
    """

    right: bool
    read: Any = None
    why: str = ""
    score: float = 0.0


def judge(item: Item, answer: str, value: Any = None, *, vocabulary: Sequence[str] = ()) -> Judgement:
    """An answer, as text and as a value, against the known one. `vocabulary`: the words that a choice is among."""
    if not answer.strip() and value in (None, ""):
        return Judgement(False, why="there is no answer")
    given = answer if value is None or isinstance(value, str) else value
    try:
        if item.answer_type == "graph":
            return _graph(item, given)
        read = _READERS[item.answer_type](item, given, vocabulary)
    except Misfit as misfit:
        return Judgement(False, None, f"unread: {misfit.reason}")
    right, why = _same(item, read)
    return Judgement(right, read, why, 1.0 if right else 0.0)


def _same(item: Item, read: Any) -> tuple[bool, str]:
    match item.answer_type:
        case "number":
            return equal_numbers(read, item.answer), ""
        case "list":
            return equal_lists(read, item.answer, ordered=item.order == "same"), ""
        case "text" if is_game24(item):
            why = fault_of_24(read, given_numbers(item.answer))
            return not why, why
        case "text":
            return squeezed(read, item.task) == squeezed(item.answer, item.task), ""
        case "choice":
            return bare(read) == bare(item.answer), ""
    return bool(read == item.answer), ""


# --- numbers, truth values, choices ---


def _number(_item: Item, given: Any, _vocabulary: Sequence[str]) -> Any:
    return fit(given, Scalar("number")) if not isinstance(given, str) else parse_input(given, Scalar("number"))


def _bool(_item: Item, given: Any, _vocabulary: Sequence[str]) -> Any:
    return given if isinstance(given, bool) else parse_input(show(given), Scalar("bool"))


def equal_numbers(one: Any, other: Any) -> bool:
    """Equal; numbers that are not whole within one in a thousand."""
    if one == other:
        return True
    if isinstance(one, int) and isinstance(other, int):
        return False
    try:
        if float(one).is_integer() and float(other).is_integer():
            return False
        return math.isclose(one, other, rel_tol=NEAR)
    except (OverflowError, TypeError):
        return False


def _choice(item: Item, given: Any, vocabulary: Sequence[str]) -> str:
    """A letter in brackets, where the known answer is one, else one of the words that stand for choice."""
    said = show(given).strip()
    if isinstance(given, bool):
        said = "True" if given else "False"
    if re.fullmatch(r"\([A-Za-z]\)", item.answer.strip()):
        named = letter(said, options(item.question) or {})
        if named is None:
            raise Misfit(f"it names no single option: {said[:80]!r}")
        return f"({named})"
    words = list(dict.fromkeys(map(bare, [*vocabulary, item.answer])))
    if bare(said) in words:
        return bare(said)
    return scalars.read_choice(said, words) if len(words) > 1 else bare(said)


def bare(text: Any) -> str:
    """A text without case, blanks at its ends, and marks around it."""
    return " ".join(str(text).split()).casefold().strip(" .\"'`*")


# --- lists and texts ---


def _list(item: Item, given: Any, _vocabulary: Sequence[str]) -> list[Any]:
    if isinstance(given, Mapping):  # `{"Peru": 2}` for `["Peru: 2"]`
        given = [f"{key}: {show(value)}" for key, value in given.items()]
    numbers = bool(item.answer) and all(isinstance(each, int | float) for each in item.answer)
    kind = ListOf(Scalar("number" if numbers else "text"))
    read = parse_input(given, kind) if isinstance(given, str) else fit(given, kind)
    return list(read)


def equal_lists(one: Sequence[Any], other: Sequence[Any], *, ordered: bool) -> bool:
    """The same items, as often, and where it matters in the same order."""
    first, second = [*map(_entry, one)], [*map(_entry, other)]
    return first == second if ordered else Counter(first) == Counter(second)


def _entry(item: Any) -> Any:
    if isinstance(item, str):
        return bare(re.sub(r"\s*:\s*", ": ", item))
    return int(item) if isinstance(item, float) and item.is_integer() else item


def _text(item: Item, given: Any, _vocabulary: Sequence[str]) -> str:
    if isinstance(given, list | tuple):
        return " ".join(map(show, given))
    return show(given)


def squeezed(text: str, task: str = "") -> str:
    """A text in lower case with single blanks; in Dyck words blanks do not matter at all."""
    if task == "dyck_languages":
        return "".join(text.split())
    return " ".join(text.split()).casefold()


# --- Game of 24 ---


def is_game24(item: Item) -> bool:
    return item.task == "game24" or item.set == "game24"


def given_numbers(expression: str) -> list[int]:
    """The numbers of a known solution: those that every other must use."""
    return sorted(int(digits) for digits in re.findall(r"\d+", expression))


_OPERATIONS: Mapping[type[ast.operator], Any] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_SIGNS = str.maketrans({"×": "*", "x": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")"})
MOST_EXPRESSION = 200


def fault_of_24(answer: str, numbers: Sequence[int]) -> str:
    """What is wrong with an expression that should be worth 24 and use each number once; empty where nothing is."""
    text = answer.strip().strip("`*$ .").translate(_SIGNS)
    left, equals, right = text.partition("=")
    if equals and right.strip(" .") != "24":
        return f"it says {text!r}"
    if len(left) > MOST_EXPRESSION:
        return "it is no single expression"
    try:
        used: list[int] = []
        worth = _worth(ast.parse(left.strip(), mode="eval").body, used)
    except ZeroDivisionError:
        return "it divides by zero"
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"it is no expression of + - * / and brackets: {answer[:80]!r}"
    if sorted(used) != sorted(numbers):
        return f"it uses {used}, and should use {list(numbers)}"
    return "" if worth == 24 else f"it is worth {worth}"


def _worth(node: ast.expr, used: list[int]) -> Fraction:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            used.append(number)
            return Fraction(number)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return Fraction(_OPERATIONS[type(op)](_worth(left, used), _worth(right, used)))
    raise ValueError


# --- graphs ---


def _graph(item: Item, given: Any) -> Judgement:
    """Right is a graph of the right structure; the score is what its edges share with the known ones."""
    graph = fit(given, Scalar("graph")) if not isinstance(given, str) else parse_input(given, Scalar("graph"))
    faults = structure(graph, item.question)
    share = shared_edges(graph["edges"], item.answer["edges"])
    return Judgement(not faults, graph, "; ".join(faults), share)


def shared_edges(found: Sequence[Sequence[str]], known: Sequence[Sequence[str]]) -> float:
    """The F1 of two sets of edges, relations included."""
    one, other = ({tuple(map(bare, edge)) for edge in edges} for edges in (found, known))
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


_READERS = {"number": _number, "bool": _bool, "choice": _choice, "list": _list, "text": _text}
