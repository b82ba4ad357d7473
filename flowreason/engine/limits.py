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

from flowreason.engine.reserving import Reserved, worst
from flowreason.errors import LimitExceeded, UsageError
from flowreason.ports import ModelInfo, Request, Usage


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


NOTHING = Usage()
NO_CALL = Reserved(0, 0.0, NOTHING)


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

    async def room(self, request: Request, info: ModelInfo, room: int) -> Reserved:
        """Room for a call, or `LimitExceeded`. It waits where only calls under way are in its way: most use less.

        `room`: the tokens that are wanted for its reply, where the request does not say.
        """
        while True:
            try:
                return self.reserve(request, info, room)
            except LimitExceeded:
                alone = self._exceeded(self._worst(request, info, room), beside=0)
                if self.over or not self._calls or alone is not None:
                    raise
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            await place

    def reserve(self, request: Request, info: ModelInfo, room: int) -> Reserved:
        """Room for a call now, or `LimitExceeded` that names the limit it would break."""
        if self.over is not None:
            raise self.refusal()
        reserved = self._worst(request, info, room)
        error = self._exceeded(reserved, beside=1)
        if error is not None:
            raise error
        self._calls += 1
        self._tokens += reserved.tokens
        self._money += reserved.money
        return reserved

    def _worst(self, request: Request, info: ModelInfo, room: int) -> Reserved:
        limits = self.limits
        tokens = None if limits.tokens is None else limits.tokens - self.used.tokens
        money = None if limits.money is None else limits.money - self._spent
        return worst(request, info, room, tokens, money)

    def _exceeded(self, call: Reserved, beside: int) -> LimitExceeded | None:
        """The limit that one more call would break, calls under way counted (`beside` 1) or not (0)."""
        limits = self.limits
        needed: tuple[tuple[str, float | None, float], ...] = (
            ("calls", limits.calls, self.used.calls + self._calls * beside + call.sent.calls),
            ("tokens", limits.tokens, self.used.tokens + self._tokens * beside + call.tokens),
            ("money", limits.money, (self._spent + self._money * beside + call.money) * (1 - 1e-9)),
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

    def overdrawn(self) -> LimitExceeded | None:
        """The limit that what was used breaks together with what is reserved, once more was used than was reserved."""
        return self._exceeded(NO_CALL, beside=1)

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

    def cut_off(self) -> LimitExceeded:
        """The limit that left a reply too little room."""
        name = "tokens" if self.limits.tokens is not None else "money"
        allowed = float(getattr(self.limits, name) or 0)
        message = f"a reply was cut off: the limit of {name} leaves it no more room; raise it with --limit {name}=…"
        return LimitExceeded(name, allowed, message)

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
