"""Which type an `ask` has: what stands around it decides. One rule, shared by the checker and the lowering.

A type is handed down from the place where a value is wanted to the value itself:

| place | the value is wanted as |
|---|---|
| `name: T = …`, `answer: T = …` | `T` |
| `answer …` | the return type of the flow |
| an argument | the type of the parameter |
| the condition of `if`, `while`, `until`, `ensure` | `bool` |
| the items of `for` | `list[text]`, where a model is asked |
| the count of `repeat` and `sample`, the bound of `while` | `int` |
| the subject of `match` | one of its cases; with an `else`, `"other"` is one more choice |
| `yield …` in a loop that is wanted as `list[T]` | `T` |
| the second of `first else second` | the same as the first |
| anywhere else | nothing is known |

An ask of which nothing is known, or of which `any` is wanted, gives text, or with `embed` an embedding. With
`samples`, each sample is an item of the list that is wanted.

Invariant: an ask has exactly one type, and it is never `any`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowreason_dsl.syntax import Ask, Expression, Literal
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, Choice, ListOf, Type

OTHER = "other"
EMBEDDING = ListOf(NUMBER)
"""Where a text stands among meanings: what `ask … with embed=…` gives."""
EMBEDDINGS = ListOf(EMBEDDING)
"""The same for each text of a list."""


def ask_type(wanted: Type | None, *, embeds: bool = False) -> Type:
    """What a reply is parsed into. `embeds`: `embed` stands with the ask."""
    unsaid = EMBEDDING if embeds else TEXT
    return unsaid if wanted is None or wanted == ANY else wanted


def sample_type(wanted: Type | None) -> Type:
    """What each reply of `ask … with samples=n` is parsed into."""
    return ask_type(item_type(wanted))


def checked_type(expr: Expression, known: Type) -> Type:
    """What the `ensure`s of an expression look at: its value; where `samples` are asked for, each reply by itself."""
    drawn = isinstance(expr.value, Ask) and any(setting.name.text == "samples" for setting in expr.settings)
    return known.item if drawn and isinstance(known, ListOf) else known


def item_type(wanted: Type | None) -> Type:
    """What each `yield` gives in a loop of which `wanted` is asked."""
    return wanted.item if isinstance(wanted, ListOf) else ANY


def items_type(targets: int = 1) -> Type:
    """What an ask gives that stands as the items of a `for` with so many targets."""
    return ListOf(TEXT) if targets == 1 else ListOf(ListOf(TEXT))


def covers(cases: Iterable[Sequence[Literal]], subject: Type) -> bool:
    """Whether the cases of a `match` leave nothing over of a subject of this type, so that it needs no `else`."""
    values = [literal.value for case in cases for literal in case]
    if isinstance(subject, Choice):
        return {_plain(option) for option in subject.options} <= {_plain(value) for value in values}
    return subject == BOOL and {True, False} <= {value for value in values if isinstance(value, bool)}


def _plain(value: object) -> object:
    """Texts are compared without regard to case and to blanks around them."""
    return value.strip().casefold() if isinstance(value, str) else value


def match_type(cases: Iterable[Sequence[Literal]], has_else: bool) -> Type:
    """What an ask gives that is the subject of a `match`."""
    values = [literal.value for case in cases for literal in case]
    texts = [value for value in values if isinstance(value, str)]
    if values and len(texts) == len(values):
        named = dict.fromkeys(texts)
        return Choice((*named, OTHER) if has_else and OTHER not in named else tuple(named))
    if values and all(isinstance(value, bool) for value in values):
        return BOOL
    if values and all(type(value) is int for value in values):
        return INT
    if values and all(type(value) in (int, float) for value in values):
        return NUMBER
    return TEXT
