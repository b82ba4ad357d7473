"""What a node does, as a closed union of frozen values. Taken apart with `match` and `assert_never`.

A node that waits (asks a model, a person, a sandbox or a tool) is a *work* node; all others are decided from
their inputs alone and run inline.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from flowreason_dsl.syntax import Code, Template
from flowreason_dsl.types import Type


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter of the flow."""

    name: str
    type: Type
    default: Any = None
    required: bool = True
    data: str = ""
    """The name of the data that is its default."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the text, or in the file that it names: `use "FILE" as name`."""

    value: Any
    file: str = ""

    @property
    def fresh(self) -> Any:
        """The value, for one who may change it: nobody else's."""
        return unshared(self.value)


@dataclass(frozen=True, slots=True)
class Fill:
    """A text with values put in, for nobody to answer."""

    template: Template


@dataclass(frozen=True, slots=True)
class Pick:
    """A field, key or item of the value read as `of`; with no steps, the value itself."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One `ensure`: Python over the node's value and names, or a sub-flow called with `arguments`.

    `value_name` is what the node's own value is called in it. Exactly one of `code` and `flow` is set; the arguments
    of a call are (parameter, code) pairs.
    """

    value_name: str
    code: Code | None = None
    flow: str | None = None
    arguments: tuple[tuple[str, Code], ...] = ()
    message: Template | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the model (or the person). Settings with a fixed value stand in `settings`; those that are
    computed are reads with the role `setting`. `samples` and `vote` are settings too."""

    question: Template
    user: bool = False
    settings: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Python:
    """Python in the sandbox. `functions` are the sub-flows and pure tools that it calls."""

    code: Code
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Emulate:
    """Chain of Code. `functions` are the sub-flows and tools that it may call.

    Without code, the program is the text read as `program`; it sees the reads with the role `context`, by the last
    word of each path.
    """

    code: Code | None
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallFlow:
    """A sub-flow. Its arguments are the reads with the role `argument`, by parameter name."""

    flow: str


@dataclass(frozen=True, slots=True)
class CallTool:
    """A tool. Its arguments are the reads with the role `argument`, by parameter name."""

    tool: str
    pure: bool


@dataclass(frozen=True, slots=True)
class Solve:
    """A sub-question for which a flow is written and run in place."""

    question: Template


@dataclass(frozen=True, slots=True)
class RunText:
    """A flow text (the read `flow`), run in place."""


@dataclass(frozen=True, slots=True)
class Decide:
    """Where the way parts: one of the labels comes true.

    `if`, `while`, `until`: labels `true`, `false`. `match`: the label of a case is its index (`0`, `1`, …), `else`
    where none fits;
    `cases` holds the values of each. `rescue`: `failed` when the read node failed, else `fine`.
    """

    kind: Literal["if", "match", "while", "until", "rescue"]
    cases: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """One name after several ways: the value of the way that was taken."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A value unchanged on one way, for a join."""


@dataclass(frozen=True, slots=True)
class Meet:
    """Control after several ways (its `guards`): alive when one of them is."""

    guards: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """One name that a loop's body assigns.

    `head` is its node at the start of a round (None: never read there), `initial` the node before the loop, `next` the
    node that holds it at the end of a round, `leave` where the loop is left in the middle, `out` its node after the
    loop.
    """

    name: str
    initial: str | None
    head: str | None
    next: str | None
    leave: str | None
    out: str | None


@dataclass(frozen=True, slots=True)
class Loop:
    """A region that runs several times, a frame for each round.

    `for` reads `items`, `sample` and `repeat` read `count`, `while` reads `count` (its bound). `yields` are the
    nodes in the body whose values make up the loop's own value, in written order; a loop among them hands on its list.
    """

    kind: Literal["for", "while", "repeat", "sample"]
    body: str
    carried: tuple[Carried, ...] = ()
    yields: tuple[str, ...] = ()
    collects: bool = False
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A carried value at the start of a round."""

    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """The item of a round of a `for` (`part` picks one of several targets), or the number of a round of others."""

    part: int | None = None


@dataclass(frozen=True, slots=True)
class Out:
    """A carried value after its loop."""

    loop: str
    name: str


@dataclass(frozen=True, slots=True)
class Next:
    """The end of a round: another one may follow."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The loop ends with this round (`break`, `until`, a `while` that no longer holds)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The read `value` is the flow's answer. `implicit` where the text has none."""

    implicit: bool = False


@dataclass(frozen=True, slots=True)
class YieldValue:
    """The read `value` is one item of the loop around it."""


def unshared(value: Any) -> Any:
    """A value of JSON that shares no list and no record with the one that is given."""
    return json.loads(json.dumps(value)) if isinstance(value, list | dict) else value


Op: TypeAlias = (
    Input | Constant | Fill | Pick | Ask | Python | Emulate | CallFlow | CallTool | Solve | RunText
    | Decide | Join | Pass | Meet | Loop | Head | Item | Out | Next | Leave | Answer | YieldValue
)  # fmt: skip

Work: TypeAlias = Ask | Python | Emulate | CallTool | Solve | RunText
"""The ops that may wait."""

VALUELESS = (Meet, Next, Leave)
"""Where the way goes on; nothing is handed on there."""

HIDDEN = (Pass, Meet, Head, Item, Out, Next, Leave, Join)
"""Bookkeeping: pictures leave these out and draw edges past them."""
