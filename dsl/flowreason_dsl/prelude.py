"""The few functions that Python in a flow finds beside the standard library: votes, rankings, likeness, reading.

Invariant: every function is pure, uses the standard library alone (the sandbox loads this very file), leaves its
arguments as they are, and ignores `None` among items, because a failed item of a `for` is null in its list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from types import ModuleType
from typing import Any

from flowreason_dsl.likeness import closeness, groups, groups_of_places, likeness

__all__ = [
    "best",
    "clusters",
    "execute",
    "letter",
    "majority",
    "nearest",
    "numbers",
    "options",
    "parse_graph",
    "present",
    "top",
    "weighted_vote",
    "words",
]


def present(items: Iterable[Any]) -> list[Any]:
    """The items that are there.

    >>> present(["Danube", None, "Rhine"])
    ['Danube', 'Rhine']
    """
    return [item for item in items if item is not None]


def majority(items: Iterable[Any], default: Any = None) -> Any:
    """The item that occurs most often; the earliest of equals.

    Texts that differ by case, blanks or a last full stop only are the same.

    >>> majority(["Rhine", "Danube", "rhine.", None])
    'Rhine'
    >>> majority([])
    """
    found = present(items)
    return weighted_vote(found, [1] * len(found), default)


def weighted_vote(items: Iterable[Any], weights: Iterable[float | None] | None = None, default: Any = None) -> Any:
    """The item whose votes weigh most. Without `weights`, `items` are pairs of item and weight, or a dict of weights.

    >>> weighted_vote(["yes", "no", "no"], [0.9, 0.3, 0.4])
    'yes'
    >>> weighted_vote([("yes", 1), ("no", 2)])
    'no'
    """
    totals: dict[str, float] = {}
    first: dict[str, Any] = {}
    for item, weight in _weighed(items, weights):
        if item is not None and weight is not None:
            key = _vote(item)
            first.setdefault(key, item)
            totals[key] = totals.get(key, 0) + weight
    return first[max(totals, key=lambda key: totals[key])] if totals else default


def _weighed(items: Iterable[Any], weights: Iterable[float | None] | None) -> list[tuple[Any, float | None]]:
    if weights is not None:
        return list(zip(list(items), list(weights), strict=True))
    return list(items.items()) if isinstance(items, Mapping) else [(item, weight) for item, weight in present(items)]


def _vote(item: Any) -> str:
    """What two items share when they vote for the same."""
    if isinstance(item, str):
        text = " ".join(unicodedata.normalize("NFC", item).split()).casefold()
        return repr(text.removesuffix(".").rstrip())
    if isinstance(item, float) and item.is_integer():
        return repr(int(item))
    if isinstance(item, list | tuple):
        return f"[{', '.join(map(_vote, item))}]"
    if isinstance(item, Mapping):
        return f"{{{', '.join(sorted(f'{key!r}: {_vote(value)}' for key, value in item.items()))}}}"
    if isinstance(item, set | frozenset):
        return f"set{sorted(map(_vote, item))}"
    return repr(item)


By = Callable[[Any], Any] | Sequence[Any] | str | None
"""What to rank by: a function of an item, a list of scores, the name of a field; None: the items themselves."""


def best(items: Iterable[Any], by: By = None) -> Any:
    """The item that ranks highest, the earliest of equals; None where there is none.

    `by` is a function, a list of scores, or the name of a field. Items without a score (None) are left out.

    >>> best(["tea", "coffee"], len)
    'coffee'
    >>> best(["soup", "stew"], [7, 9])
    'stew'
    >>> best([{"name": "Oder", "km": 840}, {"name": "Elbe", "km": 1094}], "km")["name"]
    'Elbe'
    """
    ranked = top(items, 1, by)
    return ranked[0] if ranked else None


def top(items: Iterable[Any], count: int, by: By = None) -> list[Any]:
    """The `count` items that rank highest, best first; equals keep their order. `by` as in `best`.

    >>> top([3, 1, None, 2], 2)
    [3, 2]
    """
    every = list(items)
    scored = [(item, score) for item, score in zip(every, _scores(every, by), strict=True) if score is not None]
    scored.sort(key=lambda pair: pair[1], reverse=True)
    return [item for item, _ in scored[: max(0, count)]]


def _scores(items: list[Any], by: By) -> list[Any]:
    if by is None:
        return items
    if isinstance(by, str):
        return [None if item is None else _field(item, by) for item in items]
    if callable(by):
        return [None if item is None else by(item) for item in items]
    scores = list(by)
    if len(scores) != len(items):
        raise ValueError(f"{len(items)} items, but {len(scores)} scores")
    return [None if item is None else score for item, score in zip(items, scores, strict=True)]


def _field(item: Any, name: str) -> Any:
    if isinstance(item, Mapping):
        return item.get(name)
    own = getattr(item, "__dict__", None)
    fields = getattr(type(item), "_fields", getattr(type(item), "__slots__", ()))
    held = (isinstance(own, dict) and name in own) or name in fields
    if not held or name.startswith("_") or callable(item) or isinstance(item, ModuleType):
        raise AttributeError(f"{type(item).__name__} has no field {name!r} to rank by")
    return getattr(item, name)


def nearest(
    items: Iterable[Any],
    text: str | Sequence[float],
    count: int,
    by: Callable[[Any], Any] | Sequence[Sequence[float] | None] | str | None = "question",
) -> list[Any]:
    """The `count` items that are most like a text, by their words and letters, the most alike first.

    `by` is the name of the field that is compared, or a function of an item; items that are texts are compared
    themselves. Where `text` is an embedding, `by` is a list of them, one for each item.

    >>> nearest(["How deep is the Rhine?", "Who wrote Faust?"], "How deep is the Elbe?", 1)
    ['How deep is the Rhine?']
    >>> nearest([{"question": "Who wrote Emma?"}, {"question": "What is 2 + 2?"}], "What is 3 + 3?", 1)
    [{'question': 'What is 2 + 2?'}]
    """
    if not isinstance(text, str):
        return _nearest_places(list(items), text, count, by)
    every = present(items)
    if not (by is None or isinstance(by, str) or callable(by)):
        raise TypeError("a text is compared by a field or a function; with embeddings as `by`, give that of the text")
    alike = likeness([_compared(item, by) for item in every], text)
    return top(every, count, alike)


def _nearest_places(items: list[Any], place: Sequence[float], count: int, by: Any) -> list[Any]:
    if by is None or isinstance(by, str) or callable(by):
        raise TypeError("an embedding is compared with embeddings: give `by` a list of them, one for each item")
    places = list(by)
    if len(places) != len(items):
        raise ValueError(f"{len(items)} items, but {len(places)} embeddings")
    there = [(item, at) for item, at in zip(items, places, strict=True) if item is not None and at is not None]
    return top([item for item, _ in there], count, closeness([at for _, at in there], place))


def _compared(item: Any, by: Callable[[Any], Any] | str | None) -> str:
    if callable(by):
        return str(by(item))
    if by is None or isinstance(item, str):
        return str(item)
    if isinstance(item, Mapping) and by not in item:
        raise KeyError(f"an item has no field {by!r} to be compared by; it has {', '.join(map(str, item))}")
    return str(_field(item, by))


def clusters(texts: Iterable[Any], count: int) -> list[list[int]]:
    """Groups of texts that are alike, at most `count`: the indices of each, the one nearest to its centre first.

    In place of texts, there may be embeddings of them.

    >>> clusters(["How deep is the Rhine?", "Who wrote Faust?", "How deep is the Elbe?", "Who wrote Emma?"], 2)
    [[0, 2], [1, 3]]
    """
    every = list(texts)
    there = [at for at, text in enumerate(every) if text is not None]
    if there and all(isinstance(every[at], list | tuple) for at in there):
        found = groups_of_places([every[at] for at in there], count)
    else:
        found = groups([str(every[at]) for at in there], count)
    return [[there[at] for at in group] for group in found]


def execute(program: str, /, **names: Any) -> dict[str, Any]:
    """Runs the text of a program with these names, and says what came of it: `value`, `output` and `error`.

    `value` is that of its last expression, else what its function `solution` gives, else its variable `answer`, `ans`
    or `result`. `output` is what it printed. `error` is "", or one line such as `ZeroDivisionError: division by zero
    (line 3: x = 1 / 0)`. A fence around the program is taken off. Each sandbox provides it: nothing runs here.

    >>> execute("6 * 7")
    Traceback (most recent call last):
    RuntimeError: a program's text is executed in a sandbox only
    """
    raise RuntimeError("a program's text is executed in a sandbox only")


_WORD = re.compile(r"\w+(?:['’‑-]\w+)*")


def words(text: str) -> list[str]:
    """The words of a text, without what stands between them.

    >>> words("It's a well-known river: the Rhine!")
    ["It's", 'a', 'well-known', 'river', 'the', 'Rhine']
    """
    return _WORD.findall(text)


_NUMBER = re.compile(
    r"(?<![\w.])[-+−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?!\w))?|(?<![\w.])[-+−]?\.\d+"
)


def numbers(text: Any) -> list[int | float]:
    """The numbers in a text, in order; commas may part thousands. A number is itself.

    >>> numbers("1,200 eggs at 0.25 each, and -3 more")
    [1200, 0.25, -3]
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return [text]
    return [_number(found.replace(",", "").replace("−", "-")) for found in _NUMBER.findall(str(text))]


def _number(digits: str) -> int | float:
    return int(digits) if digits.lstrip("+-").isdecimal() and len(digits) < 4000 else float(digits)


MOST_MARKS = 500
_MARK = re.compile(r"(?:^|(?<=\s))(?:\(([A-Za-z])\)|\[([A-Za-z])\]|([A-Z])[).:])\s+|^\s*([a-z])[).]\s+", re.MULTILINE)


def options(text: str) -> dict[str, str]:
    """The choices of a multiple choice question, by letter.

    >>> options("Which is a river? (A) Everest (B) Rhine (C) Sahara")
    {'A': 'Everest', 'B': 'Rhine', 'C': 'Sahara'}
    >>> options("Which floats?" + chr(10) + "A. a stone" + chr(10) + "B. a cork")
    {'A': 'a stone', 'B': 'a cork'}
    """
    marks = _in_row(list(islice(_MARK.finditer(text), MOST_MARKS)))
    if not marks:
        return {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return {_letter_of(mark): _choice(text[mark.end() : end]) for mark, end in zip(marks, ends, strict=True)}


def _letter_of(mark: re.Match[str]) -> str:
    return next(group for group in mark.groups() if group).upper()


def _in_row(marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """The longest row of marks that counts from A on, so that `I. ` or a name's initial is none."""
    best_row: list[re.Match[str]] = []
    for start, mark in enumerate(marks):
        if _letter_of(mark) != "A":
            continue
        row = [mark]
        for other in marks[start + 1 :]:
            if ord(_letter_of(other)) == ord("A") + len(row):
                row.append(other)
        if len(row) > len(best_row):
            best_row = row
    return best_row if len(best_row) > 1 else []


def _choice(text: str) -> str:
    """A choice ends at a blank line, and loses the comma or the like that parts it from the next."""
    return " ".join(re.split(r"\n\s*\n", text.strip(), maxsplit=1)[0].split()).rstrip(",;").rstrip()


_SAID = re.compile(
    r"(?:answer|option|choice|letter)\b[^A-Za-z0-9(\[]*(?:is|:|=)?[^A-Za-z0-9(\[]*[(\[*]*([A-Z])\b(?!['’])",
    re.IGNORECASE,
)
_ALONE = re.compile(r"^\W*([A-Za-z])(?:\W*$|[).:\]]\s*)")
_BRACKETED = re.compile(r"\(([A-Z])\)")


def letter(value: Any, choices: Mapping[str, Any] | str) -> str | None:
    """The letter of the choice that a value names, by its letter or its text; None where it names none or several.

    `choices` is what `options` gives, or the question's text itself.

    >>> letter("The answer is (B).", {"A": "Everest", "B": "Rhine"})
    'B'
    >>> letter("rhine", "Which is a river? (A) Everest (B) Rhine")
    'B'
    """
    listed = options(choices) if isinstance(choices, str) else choices
    known = {str(key).upper(): str(text) for key, text in listed.items()}
    said = "" if value is None else str(value).strip()
    wanted = _vote(value if not isinstance(value, str) else said)
    same = [key for key, text in known.items() if _vote(text) == wanted or _vote(text) == _vote(said)]
    if len(same) == 1:
        return same[0]
    return _named_letter(said, known) or _only([key for key, text in known.items() if _holds(said, text)])


def _named_letter(said: str, known: Mapping[str, str]) -> str | None:
    alone = _ALONE.match(said)
    if alone and alone[1].upper() in known:
        return alone[1].upper()
    for pattern in (_SAID, _BRACKETED):
        named = list(dict.fromkeys(found.upper() for found in pattern.findall(said) if found.upper() in known))
        if named:
            return named[-1] if pattern is _SAID else _only(named)
    return None


def _only(found: list[str]) -> str | None:
    return found[0] if len(found) == 1 else None


def _holds(said: str, text: str) -> bool:
    """Whether the words of a choice stand in what was said."""
    return bool(text) and re.search(rf"(?<!\w){re.escape(text.casefold())}(?!\w)", said.casefold()) is not None


_ARROW = re.compile(
    r"\s{0,9}(?:-{1,9}\s{0,9}\[([^\]]{0,200})\]\s{0,9}-{0,9}>|-{1,3}>\s{0,9}\|([^|]{0,200})\|"
    r"|--\s{0,9}([^->|\s][^>|]{0,200}?)\s{0,9}-{2,9}>|-{1,3}>|={1,9}>|→)"
)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")


def parse_graph(text: str) -> dict[str, list[Any]]:
    """A graph from lines such as `rain -> flood`, `rain -[causes]-> flood` or `(rain; causes; flood)`.

    Gives `nodes`, the names in order of mention, and `edges`, each a list of from, relation ("" where none is given)
    and to.

    >>> parse_graph("rain -> flood")
    {'nodes': ['rain', 'flood'], 'edges': [['rain', '', 'flood']]}
    """
    edges: dict[tuple[str, str, str], None] = {}
    for line in text.splitlines():
        edges |= dict.fromkeys(_edges(_BULLET.sub("", line).strip().rstrip(";")))
    names = dict.fromkeys(end for first, _, last in edges for end in (first, last))
    return {"nodes": list(names), "edges": [list(edge) for edge in edges]}


def _edges(line: str) -> list[tuple[str, str, str]]:
    arrows = list(_ARROW.finditer(line))
    if not arrows:
        return _triples(line)
    starts = [0, *(arrow.end() for arrow in arrows)]
    ends = [*(arrow.start() for arrow in arrows), len(line)]
    names = [_clean(line[start:end]) for start, end in zip(starts, ends, strict=True)]
    relations = [_clean(next((word for word in arrow.groups() if word), "")) for arrow in arrows]
    found = zip(names, relations, names[1:], strict=False)
    return [(first, relation, last) for first, relation, last in found if first and last]


def _triples(line: str) -> list[tuple[str, str, str]]:
    """Edges written as `(from; relation; to)`, or with `|` or commas between."""
    pieces = re.findall(r"\(([^()]*)\)", line) or [line]
    for mark in ";|,":
        parts = [tuple(_clean(part) for part in piece.split(mark)) for piece in pieces]
        if all(len(each) == 3 and each[0] and each[2] for each in parts):
            return [(each[0], each[1], each[2]) for each in parts]
    return []


def _clean(name: str) -> str:
    return " ".join(name.split()).strip("\"'`* ;")
