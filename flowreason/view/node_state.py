"""What is known of one step of a run, and how it is told in a few words.

Invariant: a state is told from its counts alone; no word of a model or a person is part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["waiting", "running", "done", "failed", "limit", "skipped", "cancelled"]
Key: TypeAlias = tuple[str, str]

MARKS: dict[Status, str] = {
    "waiting": "·",
    "running": "▶",
    "done": "✓",
    "failed": "✗",
    "limit": "⊘",
    "skipped": "–",
    "cancelled": "■",
}
"""A sign for every state, so that none is told by colour alone."""
BOUND = "!"
"""The sign of a loop that its most rounds ended."""


@dataclass
class NodeState:
    """What is known of one node of one flow, over all frames it ran in.

    `running` frames are under way now; `done`, `failed`, `limited`, `skipped` and `cancelled` have ended; `begun`
    counts those that were ever under way. `limited` are those that a limit of the run did not allow, which is no
    failure; `unasked`: all of them stand for asks that were never sent. Of a loop, `times` is how often it began,
    `rounds` how many rounds ended in all, `of` how many there are the last time (at most, where `up_to`), `bound` how
    often it ended only because it had had its most rounds, `lost` how many items failed, and `cut` whether a limit of
    the run ended it.
    `kept` counts what was known before, and so is free: answers of earlier runs, and outcomes of this one from before
    it was interrupted. `asked` are the frames that wait for a person.
    `draws` says of requests under way, by frame and sample, whether the reply is there; `vote` how many of how many
    replies the last vote was decided by. `waits` says of requests that cannot be sent yet, by frame and sample, why,
    and until when in the time of the run; `stand_in` which other model answered. `seconds` is the time spent, added
    over frames; `latest` what it last said: a value or an error.
    """

    flow: str = ""
    node: str = ""
    running: int = 0
    done: int = 0
    failed: int = 0
    limited: int = 0
    unasked: bool = True
    begun: int = 0
    skipped: int = 0
    cancelled: int = 0
    times: int = 0
    rounds: int = 0
    of: int | None = None
    up_to: bool = False
    bound: int = 0
    lost: int = 0
    cut: bool = False
    calls: int = 0
    shared: int = 0
    kept: int = 0
    rejected: int = 0
    retries: int = 0
    asked: set[str] = field(default_factory=set)
    draws: dict[str, dict[int, bool]] = field(default_factory=dict)
    vote: tuple[int, int] = (0, 0)
    waits: dict[tuple[str, int], tuple[str, float]] = field(default_factory=dict)
    stand_in: str = ""
    tokens: int = 0
    money: float | None = 0.0
    seconds: float = 0.0
    latest: str = ""
    error: str = ""

    @property
    def status(self) -> Status:
        """The one word that says most: running before failed before a limit before done before skipped."""
        if self.running:
            return "running"
        if self.failed:
            return "failed"
        if self.limited or self.cut:
            return "limit"
        if self.done:
            return "done"
        if self.cancelled:
            return "cancelled"
        return "skipped" if self.skipped else "waiting"

    @property
    def at_bound(self) -> bool:
        """Whether it is over, and its most rounds ended it: its condition did not."""
        return self.bound > 0 and self.status == "done"

    @property
    def asks(self) -> bool:
        """Whether nothing goes on here but that a person is waited for."""
        return 0 < self.running <= len(self.asked)

    @property
    def text(self) -> str:
        """`✓ done · 3 of 10 · 1.2 s · 345 tokens`; empty while nothing has happened."""
        status = self.status
        if status == "waiting":
            return ""
        said = "waiting for you" if self.asks else status
        parts = self._at_limit() or self._ended_at_bound() or [f"{MARKS[status]} {said}", self.counted]
        failed = self.lost or (self.failed if self.ended > self.failed else 0)
        parts.append(f"{failed} failed" if failed else "")
        parts.append(self._took())
        parts.append(f"{self.tokens:,} tokens" if self.tokens else "")
        if self.kept:
            parts.append(f"{self.kept:,} reused" if self.calls or self.kept > 1 else "reused")
        return " · ".join(part for part in parts if part)

    @property
    def ended(self) -> int:
        """Frames that came to an end of their own, or to a limit."""
        return self.done + self.failed + self.limited

    def _took(self) -> str:
        """The time spent; of several frames `in all`, since what ran at once adds up to more than passed."""
        never_begun = self.limited and not self.done and not self.tokens and self.of is None
        if self.seconds < 0.0005 or never_begun:
            return ""
        several = max(self.times, self.ended - self.limited + self.cancelled) > 1
        return seconds_text(self.seconds) + (" in all" if several and not self.running else "")

    def _at_limit(self) -> list[str]:
        """That a limit of the run ended or did not allow it, in place of its state; empty where none did."""
        if self.status != "limit":
            return []
        if self.of is not None or self.cut:
            done = "" if self.of is None or self.times > 1 else f"{self.rounds:,} of {self.of:,} done"
            return [f"{MARKS['limit']} stopped at the limit", done or _many(self.rounds, "round")]
        what = f"{'not asked' if self.unasked else 'not done'}: limit reached"
        return [f"{MARKS['limit']} {what}", f"{self.done:,} of {self.ended:,} done" if self.ended > 1 else ""]

    @property
    def counted(self) -> str:
        """How far it is: rounds of a loop, frames of a step in one, replies of a step that is drawn several times."""
        if self.times > 1:
            return f"{self.times} times, {_many(self.rounds, 'round')}"
        if self.rounds or self.of is not None:
            return self._rounds()
        ended = self.ended
        if ended + self.running > 1:
            return f"{ended:,} of {ended + self.running:,}" if self.running else f"{ended:,} times"
        drawn = [there for draws in self.draws.values() for there in draws.values()]
        if len(drawn) > 1:
            return f"{sum(drawn):,} of {len(drawn):,} replies"
        count, of = self.vote
        return f"{count:,} of {of:,} agree" if of > 1 and not self.running else ""

    def _ended_at_bound(self) -> list[str]:
        """That its most rounds ended it, in place of its state; empty where something else did."""
        if not self.at_bound:
            return []
        if self.times > 1:
            return [f"{BOUND} at its limit {self.bound:,} of {self.times:,} times", _many(self.rounds, "round")]
        return [f"{BOUND} stopped at its limit of {_many(self.rounds, 'round')}"]

    def _rounds(self) -> str:
        if self.of is None:
            return _many(self.rounds, "round")
        if self.up_to:
            return f"{self.rounds:,} of at most {_many(self.of, 'round')}"
        return f"{self.rounds:,} of {self.of:,}"


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def seconds_text(seconds: float) -> str:
    """`0.004 s`, `4.2 s`, `2 min 5 s`."""
    if seconds < 0.1:
        return f"{seconds:.3f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def money_text(money: float | None) -> str:
    """`$0.0021`; empty where the price is not known."""
    if money is None:
        return ""
    return f"${money:.2f}" if money == 0 or money >= 1 else f"${money:.4f}" if money >= 0.0001 else f"${money:.2g}"
