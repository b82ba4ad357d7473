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


class Unsaid(int):
    """A limit that nobody named: it holds for a run, and not where many share what is named."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a run may use; None: no limit.

    `calls` to the model, `tokens` in and out, `money` in US dollars, `seconds` of time on the wall, `depth` of
    sub-flows within sub-flows, `rounds` of one loop.
    """

    calls: int | None = Unsaid(200)
    tokens: int | None = None
    money: float | None = None
    seconds: float | None = None
    depth: int = 16
    rounds: int = 10_000

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if value is None and name not in _NEVER_LIFTED:
                continue
            amount = not isinstance(value, bool) and isinstance(value, int | float) and 0 <= value < float("inf")
            if not amount or (name in _WHOLE and value != int(value)):
                kind = "a whole number" if name in _WHOLE else "a number"
                lifted = "" if name in _NEVER_LIFTED else " (None: no limit)"
                raise UsageError(f"the limit {name} must be {kind} that is not negative{lifted}, and this is {value!r}")

    @classmethod
    def parse(cls, texts: Iterable[str], base: Limits | None = None) -> Limits:
        """Limits from texts such as `calls=20` or `money=0.50`; `none` lifts one. Raises `UsageError`."""
        found: Any = base or cls()
        for text in texts:
            name, _, number = text.partition("=")
            found = replace(found, **{_known(name.strip(), text): _number(name.strip(), number.strip())})
        return cast(Limits, found)


_WHOLE = frozenset({"calls", "tokens", "depth", "rounds"})
_NEVER_LIFTED = frozenset({"depth", "rounds"})


def _known(name: str, text: str) -> str:
    names = [field.name for field in fields(Limits)]
    if name not in names:
        raise UsageError(f"there is no limit {text!r}; use NAME=NUMBER with one of: {', '.join(names)}")
    return name


def _number(name: str, text: str) -> float | None:
    if text.lower() == "none" and name not in _NEVER_LIFTED:
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


class Account:
    """What was used and what is reserved, held against limits. `over_all`: they are those of many runs together."""

    over_all = False

    def __init__(self, limits: Limits, used: Usage = NOTHING) -> None:
        self.limits = limits
        self.used = used
        self.calls = 0
        self.waiting: list[asyncio.Future[None]] = []
        self._tokens = 0
        self._money = 0.0
        self._spent = used.money or 0.0

    def left(self) -> tuple[float | None, float | None]:
        """The tokens and the money that the limits leave for one call alone; None: there is no such limit."""
        limits = self.limits
        tokens = None if limits.tokens is None else limits.tokens - self.used.tokens
        money = None if limits.money is None else limits.money - self._spent
        return tokens, money

    def exceeded(self, call: Reserved, beside: int) -> LimitExceeded | None:
        """The limit that one more call would break, calls under way counted (`beside` 1) or not (0)."""
        limits = self.limits
        needed: tuple[tuple[str, float | None, float], ...] = (
            ("calls", limits.calls, self.used.calls + self.calls * beside + call.sent.calls),
            ("tokens", limits.tokens, self.used.tokens + self._tokens * beside + call.tokens),
            ("money", limits.money, (self._spent + self._money * beside + call.money) * (1 - 1e-9)),
        )
        for name, limit, most in needed:
            if limit is not None and most > limit:
                unit = name.removesuffix("s") if limit == 1 else name
                word = f"${limit:g}" if name == "money" else f"{limit:g} {unit}"
                return self.reached(name, limit, f"the limit of {word}{self._of_what()} is reached")
        return None

    def reached(self, name: str, limit: float, what: str) -> LimitExceeded:
        """The error that says what is reached, and how it is raised."""
        option, word = ("--total-limit", "total=") if self.over_all else ("--limit", "")
        told = f"{what}; raise it with {option} {name}=… ({word}Limits({name}=…) in Python)"
        return LimitExceeded(name, limit, told, over_all=self.over_all)

    def _of_what(self) -> str:
        return " over all questions" if self.over_all else ""

    def take(self, call: Reserved) -> None:
        """A call is about to be sent."""
        self.calls += 1
        self._tokens += call.tokens
        self._money += call.money

    def give_back(self, call: Reserved) -> None:
        """It is over; what it used is told by `add`."""
        self.calls -= 1
        self._tokens -= call.tokens
        self._money -= call.money

    def add(self, usage: Usage) -> None:
        """Something was paid for."""
        self.used = self.used + usage
        self._spent += usage.money or 0.0

    def wake(self) -> None:
        """Room may have come: all who wait look again."""
        waiting, self.waiting = self.waiting, []
        for place in waiting:
            if not place.done():
                place.set_result(None)


class Budget(Account):
    """The account of a run. `over` is the limit that was reached, `late` whether its time is over as well.

    `whole`: the account of all runs that this one is one of; whatever is reserved here is reserved there as well.
    """

    def __init__(self, limits: Limits, used: Usage = NOTHING, whole: Account | None = None) -> None:
        super().__init__(limits, used)
        self.over: LimitExceeded | None = None
        self.late = False
        self.on_over: Callable[[LimitExceeded], None] | None = None
        self._accounts: tuple[Account, ...] = (self,) if whole is None else (self, whole)

    @property
    def weighs(self) -> bool:
        """Whether tokens or money are limited, so that it matters what a call under way has reserved."""
        return any(a.limits.tokens is not None or a.limits.money is not None for a in self._accounts)

    async def room(self, request: Request, info: ModelInfo, room: int) -> Reserved:
        """Room for a call, or `LimitExceeded`. It waits where only calls under way are in its way: most use less.

        `room`: the tokens that are wanted for its reply, where the request does not say.
        """
        while True:
            try:
                return self.reserve(request, info, room)
            except LimitExceeded:
                full = self._full(self._worst(request, info, room))
                if self.over is not None or full is None:
                    raise
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            full.waiting.append(place)
            await place

    def reserve(self, request: Request, info: ModelInfo, room: int) -> Reserved:
        """Room for a call now, or `LimitExceeded` that names the limit it would break."""
        if self.over is not None:
            raise self.refusal()
        reserved = self._worst(request, info, room)
        for account in self._accounts:
            error = account.exceeded(reserved, beside=1)
            if error is not None:
                raise error
        for account in self._accounts:
            account.take(reserved)
        return reserved

    def _worst(self, request: Request, info: ModelInfo, room: int) -> Reserved:
        left = [account.left() for account in self._accounts]
        tokens, money = ([most for most in each if most is not None] for each in zip(*left, strict=True))
        return worst(request, info, room, min(tokens, default=None), min(money, default=None))

    def _full(self, call: Reserved) -> Account | None:
        """The account that has no room for a call only because of calls under way; None where waiting is in vain."""
        full = next((account for account in self._accounts if account.exceeded(call, beside=1) is not None), None)
        hopeless = full is None or not full.calls or full.exceeded(call, beside=0) is not None
        return None if hopeless else full

    def settle(self, reserved: Reserved, usage: Usage | None) -> None:
        """The call is over; `usage` is None where nothing was paid for."""
        for account in self._accounts:
            account.give_back(reserved)
            if usage is not None:
                Account.add(account, usage)
            account.wake()

    def add(self, usage: Usage) -> None:
        """Something was paid for that was not reserved."""
        for account in self._accounts:
            Account.add(account, usage)

    def overdrawn(self) -> LimitExceeded | None:
        """The limit that what was used breaks together with what is reserved, once more was used than was reserved."""
        found = (account.exceeded(NO_CALL, beside=1) for account in self._accounts)
        return next((error for error in found if error is not None), None)

    # --- exhausted ---

    def stop(self, error: LimitExceeded) -> None:
        """A limit of the run is reached: nothing more is begun that costs, or that changes something."""
        if self.over is None:
            self.over = error
            if self.on_over is not None:
                self.on_over(error)
            for account in self._accounts:
                account.wake()

    def permit(self, *, pure: bool = False) -> None:
        """Raises the limit that was reached where something may not begin any more; `pure`: it changes nothing."""
        if self.over is not None and (self.late or not pure):
            raise self.refusal()

    def cut_off(self) -> LimitExceeded:
        """The limit that left a reply too little room."""
        for name, at in (("tokens", 0), ("money", 1)):
            limited = [(left, account) for account in self._accounts if (left := account.left()[at]) is not None]
            if limited:
                account = min(limited, key=lambda pair: pair[0])[1]
                allowed = float(getattr(account.limits, name))
                what = f"a reply was cut off: the limit of {name} leaves it no more room"
                return account.reached(name, allowed, what)
        raise AssertionError("a reply was cut off, and nothing is limited")

    def refusal(self) -> LimitExceeded:
        """The limit that was reached, once more. Each who meets it has an error of their own: one that is raised a
        thousand times carries a thousand tracebacks."""
        assert self.over is not None
        return LimitExceeded(self.over.limit, self.over.allowed, str(self.over), over_all=self.over.over_all)


def out_of_time(seconds: float) -> LimitExceeded:
    """The error of a run whose time is over."""
    return LimitExceeded(
        "seconds", seconds, f"the limit of {seconds:g} seconds is reached; raise it with --limit seconds=…"
    )
