"""What is kept of runs, and the port to where it is kept.

Invariant: everything here is plain data, written as JSON. A record says which run, frame and node it belongs to, and
never where in the order of calls it stood: what finishes in another order on the next day is found all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias, runtime_checkable

from flowreason.ports import Reply, Usage

RunStatus: TypeAlias = Literal["running", "waiting", "answered", "failed", "limit", "cancelled"]
"""How a run stands. `waiting`: for a person. One that is `running` and has no living owner was interrupted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one step of a run, or of one part of it.

    `kind`: `ask`, `python`, `tool`, `emulate`, `person` (what a person answered), `consent` (whether they agreed to an
    effect), `begun` (an effect was about to happen). `key` is a hash of everything that the outcome depends on; `value`
    is JSON data.
    """

    frame: str
    node: str
    kind: str
    part: int = 0
    key: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events of a run in their short form (see `engine.recorder`); `seq` is the number of the first."""

    seq: int
    events: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is kept once, however often it occurs; found by its hash."""

    hash: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands now, or ended. `answer` is JSON data."""

    status: RunStatus
    answer: Any = None
    error: str = ""
    error_kind: str = ""
    usage: Usage = Usage()


Note: TypeAlias = Outcome | Batch | Text | Standing


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run was started with, enough to start it again.

    `kind` is `solve` or `run`; `question` is the user's; `flow` the text of the flow, empty while it is being written;
    `inputs` are encoded values; `settings` whatever else changes what the run does: model, limits, tools by name.
    """

    kind: Literal["solve", "run"]
    question: str = ""
    flow: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run as it stands. Times are seconds since 1970.

    `family` is the run that this one was first made from (itself, mostly): runs of one family share their draws.
    `session` counts how often it was started or resumed; `alive` says whether its owner is at work.
    """

    id: str
    family: str
    parent: str
    plan: Plan
    standing: Standing
    session: int
    created: float
    updated: float
    alive: bool = False

    @property
    def status(self) -> str:
        """How it stands: as in `Standing`, or `interrupted` where its owner went away."""
        interrupted = self.standing.status == "running" and not self.alive
        return "interrupted" if interrupted else self.standing.status

    @property
    def title(self) -> str:
        """A line that a person knows it by."""
        return " ".join((self.plan.question or self.plan.flow).split())


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run with all that it depends on. `batches` are its events, each with its session; `answers` are by key."""

    info: RunInfo
    outcomes: Sequence[Outcome]
    batches: Sequence[tuple[int, Batch]]
    texts: Sequence[Text]
    answers: Mapping[str, Reply]


@dataclass(slots=True)
class Claim:
    """The right to write to a run. Whoever takes the run over gets a higher session, and this one's writes fail."""

    run: str
    family: str
    session: int
    error: Exception | None = None
    """Why nothing more is written by it: it was taken over, or something of it could not be written."""
    used: set[int] = field(default_factory=set, repr=False, compare=False)
    """What the store has noted already that it refers to."""


class Store(Protocol):
    """Keeps answers and runs. Writes become durable in the order in which they were made.

    So whatever is found again after a crash, what it depends on is found as well. All raise `StoreError`; what writes
    to a run raises `ClaimLost` where another owner has taken it over.
    """

    async def answer(self, key: str, scopes: Sequence[str]) -> Reply | None:
        """The reply that is kept for a request, of the first scope that has one; the empty one is everybody's."""
        ...

    async def keep(self, key: str, scope: str, reply: Reply, run: str = "") -> None:
        """Keep a reply. Durable when this returns; an earlier one stays as it is."""
        ...

    async def begin(self, plan: Plan, *, parent: str = "") -> Claim:
        """A new run, durable when this returns."""
        ...

    async def claim(self, run: str) -> Claim:
        """Take over a run whose owner is gone. Raises `RunBusy` while it is at work."""
        ...

    def note(self, claim: Claim, *notes: Note) -> None:
        """Write soon; what is written later is never durable before it."""
        ...

    async def commit(self, claim: Claim, *notes: Note) -> None:
        """Write, and return when it is durable."""
        ...

    async def replan(self, claim: Claim, plan: Plan) -> None:
        """What the run is to do has become known: its flow was written."""
        ...

    async def release(self, claim: Claim) -> None:
        """The owner is done with it; all that was written is durable then."""
        ...

    async def run(self, id: str) -> RunInfo:
        """A run by its id, by as much of its beginning as is unique, or `last`. Raises `UsageError`."""
        ...

    async def runs(self, *, search: str = "", status: str = "", most: int = 100) -> list[RunInfo]:
        """The latest runs, newest first; `search` in what was asked."""
        ...

    async def outcomes(self, run: str) -> list[Outcome]: ...

    async def answers(self, keys: Iterable[str], scopes: Sequence[str]) -> dict[str, Reply]:
        """The replies to many requests, by key; those that are not there are left out."""
        ...

    async def events(self, run: str, session: int) -> list[Any]:
        """The events of one session in their short form."""
        ...

    async def texts(self, hashes: Iterable[str]) -> dict[str, str]: ...

    async def put(self, run: WholeRun) -> str:
        """Take in a run from elsewhere, all of it or nothing; gives its id, a new one where its own is taken.

        It belongs to nobody and begins a family of its own; its answers are that family's and never everybody's.
        """
        ...

    async def delete(self, runs: Iterable[str]) -> None:
        """Forget runs, and the answers that only they made use of."""
        ...

    async def close(self) -> None:
        """All is durable, and nothing is open. May be called more than once."""
        ...


BATCH: Final = "batch"
"""The setting that says which row of which batch of questions a run is about: `name`, `row`, and what it `is`."""


@runtime_checkable
class OfBatches(Protocol):
    """What a store can also do: find the runs of a batch of questions, so that it goes on where it was interrupted."""

    async def of_batch(self, name: str, wanted: Callable[[Any], bool]) -> list[tuple[str, Mapping[str, Any]]]:
        """The runs of a batch whose rows are wanted: their ids, oldest first, each with what `BATCH` says of it."""
        ...
