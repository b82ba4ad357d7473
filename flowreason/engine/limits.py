"""What a run may use at most, and the account that keeps it there.

Invariant: what was used and what is reserved never exceed a limit together; a call is reserved before it is sent and
settled after, so that calls under way at the same time cannot overdraw it. Once a run is `over`, nothing is reserved
any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from flowreason.errors import LimitExceeded, UsageError
from flowreason.ports import ModelInfo, Request, Usage

CHARACTERS_PER_TOKEN = 4
ASSUMED_REPLY = 1024
"""Tokens reserved for a reply whose length nothing limits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a run may use; None: no limit.

    `calls` to the model, `tokens` in and out, `money` in US dollars, `seconds` of time on the wall, `depth` of
    sub-flows within sub-flows, `rounds` of one loop.
    """

    calls: int | None = 200
    tokens: int | None = None
    money: float | None = None
    seconds: float | None = None
    depth: int = 16
    rounds: int = 10_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
                raise UsageError(f"the limit {field.name} must be a number that is not negative, and this is {value!r}")

    @classmethod
    def parse(cls, texts: Iterable[str], base: Limits | None = None) -> Limits:
        """Limits from texts such as `calls=20` or `money=0.50`; `none` lifts one. Raises `UsageError`."""
        found: Any = base or cls()
        for text in texts:
            name, _, number = text.partition("=")
            found = replace(found, **{_known(name.strip(), text): _number(name.strip(), number.strip())})
        return cast(Limits, found)


_WHOLE = frozenset({"calls", "tokens", "depth", "rounds"})


def _known(name: str, text: str) -> str:
    names = [field.name for field in fields(Limits)]
    if name not in names:
        raise UsageError(f"there is no limit {text!r}; use NAME=NUMBER with one of: {', '.join(names)}")
    return name


def _number(name: str, text: str) -> float | None:
    if text.lower() == "none" and name not in ("depth", "rounds"):
        return None
    try:
        value = int(text.replace("_", "")) if name in _WHOLE else float(text.lstrip("$"))
    except ValueError:
        value = -1.0
    if value < 0 or value != value:
        kind = "a whole number" if name in _WHOLE else "a number"
        raise UsageError(f"the limit {name} needs {kind} that is not negative, as in {name}=50, and this is {text!r}")
    return value


OF_A_RUN = frozenset({"calls", "tokens", "money", "seconds"})
"""The limits that no further step could escape; the others fail the step that meets them."""


def exhausts(error: BaseException | None) -> bool:
    """Whether an error says that a limit of the whole run is reached."""
    return isinstance(error, LimitExceeded) and error.limit in OF_A_RUN


def error_kind(error: BaseException) -> str:
    """The kind of an error in one word."""
    return "limit" if exhausts(error) else str(getattr(error, "kind", None) or type(error).__name__)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What one call under way may use at worst, and what it has used if it is sent and never answered."""

    tokens: int
    money: float
    sent: Usage


NOTHING = Usage()


class Budget:
    """The account of a run. `over` is the limit that was reached, `late` whether its time is over as well."""

    def __init__(self, limits: Limits, used: Usage = NOTHING) -> None:
        self.limits = limits
        self.used = used
        self.over: LimitExceeded | None = None
        self.late = False
        self.on_over: Callable[[LimitExceeded], None] | None = None
        self._calls = 0
        self._tokens = 0
        self._money = 0.0
        self._spent = used.money or 0.0
        self._waiting: list[asyncio.Future[None]] = []

    async def room(self, request: Request, info: ModelInfo) -> Reserved:
        """Room for a call, or `LimitExceeded`. It waits where only calls under way are in its way: most use less."""
        while True:
            try:
                return self.reserve(request, info)
            except LimitExceeded:
                if self.over or not self._calls or self._exceeded(_worst(request, info), beside=0) is not None:
                    raise
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            await place

    def reserve(self, request: Request, info: ModelInfo) -> Reserved:
        """Room for a call now, or `LimitExceeded` that names the limit it would break."""
        if self.over is not None:
            raise self.refusal()
        worst = _worst(request, info)
        error = self._exceeded(worst, beside=1)
        if error is not None:
            raise error
        self._calls += 1
        self._tokens += worst.tokens
        self._money += worst.money
        return worst

    def _exceeded(self, worst: Reserved, beside: int) -> LimitExceeded | None:
        """The limit that one more call would break, calls under way counted (`beside` 1) or not (0)."""
        limits = self.limits
        needed: tuple[tuple[str, float | None, float], ...] = (
            ("calls", limits.calls, self.used.calls + self._calls * beside + 1),
            ("tokens", limits.tokens, self.used.tokens + self._tokens * beside + worst.tokens),
            ("money", limits.money, (self._spent + self._money * beside + worst.money) * (1 - 1e-9)),
        )
        for name, limit, most in needed:
            if limit is not None and most > limit:
                word = f"${limit:g}" if name == "money" else f"{limit:g} {name}"
                message = f"the limit of {word} is reached; raise it with --limit {name}=… (Limits({name}=…) in Python)"
                return LimitExceeded(name, limit, message)
        return None

    def settle(self, reserved: Reserved, usage: Usage | None) -> None:
        """The call is over; `usage` is None where nothing was paid for."""
        self._calls -= 1
        self._tokens -= reserved.tokens
        self._money -= reserved.money
        if usage is not None:
            self.used = self.used + usage
            self._spent += usage.money or 0.0
        self._wake()

    def add(self, usage: Usage) -> None:
        """Something was paid for that was not reserved."""
        self.used = self.used + usage
        self._spent += usage.money or 0.0

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for place in waiting:
            if not place.done():
                place.set_result(None)

    # --- exhausted ---

    def stop(self, error: LimitExceeded) -> None:
        """A limit of the run is reached: nothing more is begun that costs, or that changes something."""
        if self.over is None:
            self.over = error
            if self.on_over is not None:
                self.on_over(error)
            self._wake()

    def permit(self, *, pure: bool = False) -> None:
        """Raises the limit that was reached where something may not begin any more; `pure`: it changes nothing."""
        if self.over is not None and (self.late or not pure):
            raise self.refusal()

    def refusal(self) -> LimitExceeded:
        """The limit that was reached, once more. Each who meets it has an error of their own: one that is raised a
        thousand times carries a thousand tracebacks."""
        assert self.over is not None
        return LimitExceeded(self.over.limit, self.over.allowed, str(self.over))


def out_of_time(seconds: float) -> LimitExceeded:
    """The error of a run whose time is over."""
    return LimitExceeded(
        "seconds", seconds, f"the limit of {seconds:g} seconds is reached; raise it with --limit seconds=…"
    )


def _worst(request: Request, info: ModelInfo) -> Reserved:
    """The most that a call is reckoned to use."""
    prompt = sum(len(m.content) for m in request.messages) // CHARACTERS_PER_TOKEN + 1
    reply = request.max_tokens or ASSUMED_REPLY
    asked = prompt * (info.prompt_price or 0) / 1e6
    money = asked + reply * (info.completion_price or 0) / 1e6
    return Reserved(prompt + reply, money, Usage(1, prompt, 0, asked))
