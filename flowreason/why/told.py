"""What is told of why a run came to its answer: frozen values, the same for the terminal, JSON and Python.

Invariant: everything here was kept with the run or came of a probe that is named; shares and counts are of what
happened, and nothing is judged that was not tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeAlias

from flowreason.ports import Usage
from flowreason.values import plain

StepKind: TypeAlias = Literal[
    "ask", "person", "python", "emulate", "tool", "call", "solve", "run", "decision", "loop", "value", "answer",
    "input", "written",
]  # fmt: skip
"""What a step is; `written`: the writing of the flow itself."""
_SHOWN = 32
"""Characters of the rounds and calls that a step stands in."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the run. `frame` and `node` are by what it is forked; `name` is empty where the text gives it none.

    `line` is that of the flow's text (of the file that it stands in), 0 where there is none; `about` its first words.
    """

    frame: str
    node: str
    kind: StepKind
    name: str = ""
    line: int = 0
    about: str = ""
    flow: str = ""

    @property
    def inside(self) -> str:
        """The rounds and calls that it stands in, empty in the flow itself: `flags[3]`."""
        return self.frame.partition("/")[2]

    def __str__(self) -> str:
        called = f"`{self.name}`" if self.name else f"`{self.node}`" if self.node else self.about
        parts = [f"line {self.line}"] if self.line else []
        parts += [f"in {_tail(self.inside)}"] if self.inside else []
        return f"{called} ({', '.join(parts)})" if parts else called


def _tail(place: str) -> str:
    """The end of a long place, which tells it from its neighbours."""
    if len(place) <= _SHOWN:
        return place
    return "…/" + (place[-_SHOWN:].partition("/")[2] or place[-_SHOWN:])


# --- time and money ---


@dataclass(frozen=True, slots=True)
class Segment:
    """A step on the way that decided when the answer came, or what it cost.

    Seconds are told apart: `model` (a request was under way), `limits` (all that was under way waited to be sent: for a
    rate limit, a server that recovers, another try), `python`, `tool`, `person`, and `other`. `waited` is how long
    before it began it waited for what it reads, since its flow or round began. `share` is of the whole.
    """

    step: Step
    share: float
    start: float = 0.0
    seconds: float = 0.0
    model: float = 0.0
    limits: float = 0.0
    python: float = 0.0
    tool: float = 0.0
    person: float = 0.0
    other: float = 0.0
    waited: float = 0.0
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Path:
    """The chain of steps that decides when the answer came (`total` in seconds), or the one that cost most.

    `unit` is `seconds`, `money`, or `tokens` where no price is known; `total` is that of the whole run, and `rest` what
    of it no step of the chain took.
    """

    unit: Literal["seconds", "money", "tokens"]
    total: float
    steps: tuple[Segment, ...]
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step of the text took, over all rounds and calls of it (`times`), in all sessions of the run."""

    step: Step
    times: int
    usage: Usage
    seconds: float
    share: float


# --- agreement ---


@dataclass(frozen=True, slots=True)
class Group:
    """Equal values, and how many of them."""

    value: Any
    count: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How sure a step was, where the run knows it already.

    `how`: `vote`, `samples`, `rounds` (of a `sample` loop), or `retries` (one value, after replies that were sent
    back). `agreed` of `of` said what counts; `groups` are all that was said, most first; `cancelled` draws could change
    nothing any more. `rejected` says why replies did not fit, in their order.
    """

    step: Step
    how: Literal["vote", "samples", "rounds", "retries"]
    agreed: int
    of: int
    groups: tuple[Group, ...] = ()
    cancelled: int = 0
    rejected: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return self.agreed / self.of if self.of else 1.0


# --- loops and branches ---


@dataclass(frozen=True, slots=True)
class Change:
    """A name that a round changed. `diff` is short: what went and what came."""

    name: str
    before: Any
    after: Any
    diff: str

    @property
    def changed(self) -> bool:
        return bool(self.diff)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a loop: its item, where it has one, and the names that it carries on."""

    index: int
    item: Any
    changes: tuple[Change, ...]
    error: str = ""


Ending: TypeAlias = Literal["items", "count", "until", "while", "max", "break", "answer", "limit", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class LoopTold:
    """One loop of the run: its rounds and why there were no more.

    `ended`: `items` (nothing was left), `count` (all its rounds), `until` (its condition held), `while` (it held no
    longer), `max`, `break`, `answer`, `limit`, `failed`, or `stopped` (with the run); `because` says it in words.
    `left_out` rounds are not in `rounds`.
    """

    step: Step
    text: str
    count: int
    of: int | None
    ended: Ending
    because: str
    rounds: tuple[Round, ...] = ()
    left_out: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Branch:
    """Which way was taken, and what was looked at: the condition as it is written, and its values by name."""

    step: Step
    condition: str
    way: str
    seen: tuple[tuple[str, Any], ...] = ()


# --- failures and the writing of the flow ---


@dataclass(frozen=True, slots=True)
class Failing:
    """Why a run has no answer: where it began, what it took with it, and what would have to change."""

    error: str
    kind: str
    origin: Step | None
    chain: tuple[Step, ...] = ()
    change: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft of the flow, with what was wrong with it."""

    valid: bool
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """How a flow was written for a question. `step` is the `solve` that had it written, None for that of the run.

    `fallback` says why a plain flow stands in, empty where none does.
    """

    step: Step | None
    drafts: tuple[Draft, ...]
    fallback: str = ""

    @property
    def first_valid(self) -> bool:
        return bool(self.drafts) and self.drafts[0].valid

    @property
    def repairs(self) -> int:
        return max(0, len(self.drafts) - 1)


# --- probes ---

How: TypeAlias = Literal["other", "minority", "draw"]
Outcome: TypeAlias = Literal["changed", "same", "fails", "answers", "stable", "unfit", "stopped", "cut"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One sub-answer that was another, and what came of it.

    `how`: `other` (a value that needs no call), `minority` (drawn by the run itself, and outvoted), `draw` (anew).
    `outcome`: `changed` (the answer is another: `answer`), `same`, `fails` (`error` says why), `answers` (a run that
    had failed has an answer), `stable` (the draw came to the same value), `unfit` (the draw did not fit), `stopped` (it
    would have called an effect or asked a person, as `error` says), `cut` (the calls did not suffice). `direct`: the
    value of the step is the answer.
    """

    step: Step
    was: Any
    tried: Any
    how: How
    outcome: Outcome
    answer: Any = None
    error: str = ""
    usage: Usage = Usage()
    direct: bool = False

    @property
    def decides(self) -> bool:
        """Whether the answer is another with it."""
        return self.outcome in ("changed", "fails", "answers")


@dataclass(frozen=True, slots=True)
class Untried:
    """A step on which the answer may depend, and why no other value of it was tried. `count` of the same kind."""

    step: Step
    because: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Draws:
    """How many draws of a step agree with the value that it had, that value counted; `fresh` were drawn for it now."""

    step: Step
    agree: int
    of: int
    fresh: int


@dataclass(frozen=True, slots=True)
class Why:
    """Why a run came to its answer, or to none.

    `depends` are the steps on which the answer depends at all (asks, persons, emulated code), nearest first; `without`
    those that ran and have no influence. `time` and `money` are the chains that decided when the answer came and what
    it cost; `costs` all steps, the costliest first. `probes` are sub-answers that were changed, with what came of it;
    `untried` those that were not. `allowed` and `usage` are the calls that the probes might make, and what they took.
    `summary` says it in sentences, `notes` what stands in the way of saying more.
    """

    run: str
    status: str
    question: str
    answer: Any
    error: str
    sessions: int = 1
    written: tuple[Written, ...] = ()
    failing: Failing | None = None
    depends: tuple[Step, ...] = ()
    without: tuple[Step, ...] = ()
    time: Path | None = None
    money: Path | None = None
    costs: tuple[Cost, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    loops: tuple[LoopTold, ...] = ()
    branches: tuple[Branch, ...] = ()
    probes: tuple[Probe, ...] = ()
    draws: tuple[Draws, ...] = ()
    untried: tuple[Untried, ...] = ()
    allowed: int = 0
    usage: Usage = Usage()
    notes: tuple[str, ...] = ()
    summary: tuple[str, ...] = field(default=())

    @property
    def decides(self) -> tuple[Probe, ...]:
        """The probes with which the answer was another."""
        return tuple(probe for probe in self.probes if probe.decides)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        found: dict[str, Any] = as_data(self)
        return found

    def __str__(self) -> str:
        from flowreason.view.why_text import as_text

        return as_text(self)


def as_data(value: Any) -> Any:
    """A value as plain data: frozen values by the names of their fields, others as people's JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_data(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [as_data(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): as_data(each) for name, each in plain(value).items()}
    return plain(value)
