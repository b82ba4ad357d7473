"""The syntax tree: what was written, and where. It is made by the parser, read by everything else.

Invariant: a tree holds no meaning that the text does not; two texts that differ in blanks, comments and
the harmless spellings that the parser mends give equal trees (spans do not take part in comparisons).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from flowreason_dsl.source import NOWHERE, Source, Span
from flowreason_dsl.types import Type
from flowreason_dsl.unread import Doubt, Unread


def _span() -> Span:
    return field(default=NOWHERE, compare=False, repr=False)


# --- words -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands in the text."""

    text: str
    span: Span = _span()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Path:
    """A name and what is taken from its value: `person.name`, `lines[0]`, `ages["Ada"]`.

    A step that is a text is a field or key; a step that is a whole number is an index (it may be negative).
    """

    name: Name
    steps: tuple[str | int, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type as it stands in the text."""

    type: Type
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Template:
    """A text with values in it. `parts` are literal texts (escapes and `{{` resolved) and paths, in order."""

    parts: tuple[str | Path, ...]
    span: Span = _span()

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(part for part in self.parts if isinstance(part, Path))


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, `true` or `false` where a value stands; a plain text in `match`, `with` and defaults."""

    value: str | int | float | bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Code:
    """Python as written between backticks.

    `text` is dedented and has no fence; `block` tells the form with fences. `lines[i]` is the offset in the
    source of column 0 of line i of `text` (so line i, column c of `text` stands at `lines[i] + c`).
    """

    text: str
    block: bool = False
    span: Span = _span()
    lines: tuple[int, ...] = field(default=(), compare=False, repr=False)


# --- what gives a value ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the model, or, with `user`, to the person."""

    question: Template
    user: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Emulate:
    """Chain of Code: Python where it runs, the model where it does not; of a path, the program that its value says."""

    code: Code | Path
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Argument:
    """A value handed to a call; `name` is set for `key=value`."""

    value: Expression
    name: Name | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a sub-flow or a tool."""

    name: Name
    arguments: tuple[Argument, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Solve:
    """A sub-question for which a flow is written and run at run time."""

    question: Template
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Run:
    """A flow text that a node produced, run in place."""

    flow: Path
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class For:
    """`for x in xs { … }`. As a value it is the list of what its body yields.

    `for x in xs yield expr` is the same as a body of one `yield`, with `line` set.
    """

    targets: tuple[Name, ...]
    items: Expression
    body: Block
    line: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Sample:
    """The same body several times, independently; the list of what it yields."""

    count: Expression
    body: Block
    span: Span = _span()


Value: TypeAlias = Path | Template | Literal | Code | Ask | Emulate | Call | Solve | Run | For | Sample | Unread


@dataclass(frozen=True, slots=True)
class Setting:
    """`name=value` after `with`."""

    name: Name
    value: Literal | Path | Code
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Ensure:
    """A condition on the node's own value, and what to say when it does not hold.

    In the condition the value has the node's name; where there is none, it is called `answer`.
    """

    condition: Expression
    message: Template | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Expression:
    """A value, its context (`given`), its settings, its checks, and what is tried when it fails."""

    value: Value
    given: tuple[Path, ...] = ()
    settings: tuple[Setting, ...] = ()
    ensures: tuple[Ensure, ...] = ()
    otherwise: Expression | None = None
    span: Span = _span()


# --- statements ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assign:
    """`name: type = expression`."""

    name: Name
    value: Expression
    type: TypeRef | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Do:
    """An expression that stands alone, for what it does: a tool, a loop, a question to the person."""

    value: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Edge:
    """`a -> b -> c`; several names between commas stand on either side of an arrow."""

    groups: tuple[tuple[Name, ...], ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Arm:
    """A condition and what is done when it holds."""

    condition: Expression
    body: Block
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class If:
    arms: tuple[Arm, ...]
    otherwise: Block | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Case:
    """The values that an arm of a `match` stands for; none where they could not be read."""

    values: tuple[Literal, ...]
    body: Block
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Match:
    subject: Expression
    cases: tuple[Case, ...]
    otherwise: Block | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class While:
    """`while condition max bound { … }`; `bound` is missing only where the checker reports it."""

    condition: Expression
    bound: Expression | None
    body: Block
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Repeat:
    """`repeat count until condition { … }`; the condition is looked at after each round."""

    count: Expression
    until: Expression | None
    body: Block
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Break:
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Yield:
    value: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Answer:
    """`answer expression`: ends the flow. `type` is set by the spelling `answer: type = …`."""

    value: Expression
    type: TypeRef | None = None
    span: Span = _span()


Statement: TypeAlias = Assign | Do | Edge | If | Match | While | Repeat | Break | Yield | Answer | Unread


@dataclass(frozen=True, slots=True)
class Block:
    statements: tuple[Statement, ...]
    span: Span = _span()


# --- files -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; its default is a literal, or the name of data that a `use` brings."""

    name: Name
    type: TypeRef
    default: Literal | Name | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class FlowDef:
    """One `flow`: its parameters, what it gives, and its body."""

    name: Name
    parameters: tuple[Parameter, ...]
    returns: TypeRef | None
    doc: str | None
    body: Block
    span: Span = _span()
    doc_span: Span = _span()


@dataclass(frozen=True, slots=True)
class ToolDef:
    """One `tool`: a Python function that the caller gives."""

    name: Name
    parameters: tuple[Parameter, ...]
    returns: TypeRef | None
    doc: str | None
    pure: bool = False
    span: Span = _span()
    doc_span: Span = _span()


@dataclass(frozen=True, slots=True)
class Use:
    """`use "path.flow"`: the flows and tools of a file; with a name, what the file holds, as a value."""

    path: str
    name: Name | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Comment:
    """`# …`, with its mark; `own_line` when nothing but blanks stands before it."""

    text: str
    own_line: bool
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Flow:
    """A file: one or more flows, of which the first is where a run starts.

    Where there are `doubts`, it is what could be read of a text with errors.
    """

    flows: tuple[FlowDef, ...]
    tools: tuple[ToolDef, ...] = ()
    uses: tuple[Use, ...] = ()
    comments: tuple[Comment, ...] = field(default=(), compare=False, repr=False)
    source: Source = field(default=Source(""), compare=False, repr=False)
    doubts: tuple[Doubt, ...] = field(default=(), compare=False, repr=False)

    @property
    def main(self) -> FlowDef:
        return self.flows[0]
