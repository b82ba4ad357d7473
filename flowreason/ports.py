"""The narrow seams: what the engine asks of the outside world, and nothing about how it is done.

Invariant: adapters (providers, sandboxes) know this module and the values in it; the engine knows only this
module, never an adapter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with a model."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """A grammar that a server may force a reply to follow; `syntax` is `lark`, `gbnf` or `ebnf`."""

    syntax: Literal["lark", "gbnf", "ebnf"]
    definition: str


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that can change a reply.

    `model` None means the provider's default. `schema` is a JSON Schema object that the reply must follow where the
    server can force it; the prompt says the same in words, so an adapter may leave it out. `seed` fixes the draw where
    a server takes one. `sample` numbers independent draws for the same request: it is not sent, and keeps them apart in
    caches and recordings. `room` is the most tokens that the reply may have for the limits of the run, and no part of
    what is asked: a reply that it cut off is no answer.

    `embed` wants no words: the reply's text is JSON, where the one message stands among meanings, as a list of numbers
    (`one`), or such a list for each message, in order (`each`). A provider that makes no embeddings raises.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    grammar: Grammar | None = None
    seed: int | None = None
    sample: int = 0
    room: int | None = None
    embed: Literal["", "one", "each"] = ""

    @property
    def reply_tokens(self) -> int | None:
        """The most tokens that the reply may have; None: as many as it takes."""
        return self.room if self.max_tokens is None else self.max_tokens

    def as_json(self) -> dict[str, Any]:
        """The request as plain data, without what is not set."""
        out: dict[str, Any] = {"messages": [{"role": m.role, "content": m.content} for m in self.messages]}
        for name in ("model", "temperature", "max_tokens", "seed"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        if self.stop:
            out["stop"] = list(self.stop)
        if self.schema is not None:
            out["schema"] = dict(self.schema)
        if self.grammar is not None:
            out["grammar"] = {"syntax": self.grammar.syntax, "definition": self.grammar.definition}
        if self.sample:
            out["sample"] = self.sample
        if self.embed:
            out["embed"] = self.embed
        return out

    def key(self) -> str:
        """A hash of everything above: equal keys, equal requests."""
        raw = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: calls that were answered, tokens in and out, and money in US dollars (None: price unknown)."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float | None = 0.0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        money = None if self.money is None or other.money is None else self.money + other.money
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            money,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered. `finish` is `length` when it was cut off."""

    text: str
    usage: Usage = Usage(calls=1)
    model: str = ""
    finish: Literal["stop", "length"] = "stop"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model. Prices are US dollars per million tokens; None: unknown.

    `reasons`: the model reasons by itself, so it is not told to. `grammar`: the syntax of a grammar that the server
    can force, None where it cannot. `output_tokens`: the most it may write in one reply, where known.
    """

    name: str
    prompt_price: float | None = None
    completion_price: float | None = None
    reasons: bool = False
    grammar: Literal["lark", "gbnf", "ebnf"] | None = None
    output_tokens: int | None = None


Notify: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Told of what happens while a request is under way.

- `("retry", {"kind", "wait": seconds, "attempt"})`: it is tried again.
- `("wait", {"for": rate | retry-after | breaker | place, "seconds": about})`: it waits before it is sent.
- `("fallback", {"from", "to", "why"})`: another model is asked.
"""


@runtime_checkable
class Provider(Protocol):
    """Answers requests. One object serves many requests at once, all from one event loop.

    It may have an `origin`, the server that it asks: equal requests to one origin that leave nothing to chance may
    share a reply, also across runs and days. Without one, replies belong to the run that asked.
    """

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        """The reply to a request. Raises `ProviderError`; retries what is worth it by itself; may be cancelled."""
        ...

    def model_info(self, model: str | None) -> ModelInfo:
        """What is known of a model (None: the default one). Never waits, never fails."""
        ...

    async def close(self) -> None:
        """Give back connections. May be called more than once."""
        ...


OnText: TypeAlias = Callable[[str], None]
"""Told each piece of a reply's text as it arrives."""


@runtime_checkable
class Streaming(Protocol):
    """A provider that also hands over a reply while it is being written. One that cannot is asked by `complete`."""

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        """Like `complete`, and the same reply.

        The pieces handed to `on_text` since the last retry, joined, are a prefix of the reply's raw text. Before an
        attempt begins anew after pieces were handed over, `notify("retry", …)` or
        `notify("fallback", …)` was called.
        """
        ...


async def streamed(provider: Provider, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
    """The reply, in pieces where the provider hands them over, in one piece at its end where it does not."""
    if isinstance(provider, Streaming):
        return await provider.stream(request, on_text, notify)
    reply = await provider.complete(request, notify)
    if reply.text:
        on_text(reply.text)
    return reply


HostCall: TypeAlias = Callable[[str, tuple[Any, ...], Mapping[str, Any]], Awaitable[Any]]
"""Answers a call that Python in the sandbox makes to a function that lives outside: (name, args, kwargs) → value."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """Seconds of work and bytes of memory, printed output and handed-on values for one piece of Python."""

    seconds: float = 10.0
    memory: int = 512 * 1024 * 1024
    output: int = 1024 * 1024
    value: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PythonTask:
    """A piece of Python to run.

    `names` are the flow's variables it may read (plain values, see `flowreason.values`); `functions` the names that
    are answered by the host; `seed` fixes `random`. The value is that of the last expression, or of a
    `return` at top level; None where there is neither. `written`: a step wrote the program that is emulated; where it
    has no such value, it is that of its variable `answer`, `ans` or `result`, and without one of them it fails.
    """

    code: str
    names: Mapping[str, Any] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    seed: int = 0
    written: bool = False


@dataclass(frozen=True, slots=True)
class PythonResult:
    value: Any
    printed: str = ""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One executed line of an emulated program: who executed it, and what changed.

    `by` is `python`, `model` (a call to an unknown function) or `state` (the model gave the new state). A statement
    that goes on to line `end` is told at its first line; a call in it that the model answered, at its own.
    """

    line: int
    by: Literal["python", "model", "state"]
    changed: Mapping[str, Any] = field(default_factory=dict)
    end: int = 0


@dataclass(frozen=True, slots=True)
class UnknownCall:
    """Emulated code called a function that does not exist; the model is asked for its value.

    `line` is the line in the code (from 1); `state` the variables as shown text by name.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    line: int
    state: Mapping[str, str]
    ret_type: str | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class FailedLine:
    """A statement of emulated code failed otherwise; the model is asked for the state after it."""

    line: int
    end_line: int
    source: str
    error: str
    state: Mapping[str, str]
    targets: tuple[str, ...] = ()


class EmulateHost(Protocol):
    """Answers for what emulated Python cannot do by itself."""

    async def call(self, request: UnknownCall) -> Any:
        """The value of a call to a function that does not exist in the code."""
        ...

    async def state(self, request: FailedLine) -> Mapping[str, Any]:
        """The variables that change by a statement that failed, with their new values."""
        ...


@dataclass(frozen=True, slots=True)
class EmulateResult:
    value: Any
    trace: tuple[TraceLine, ...] = ()
    printed: str = ""


class SandboxSession(Protocol):
    """A warm place to run the Python of one flow run. Pieces of one session run one after the other."""

    async def run(self, task: PythonTask, call: HostCall | None = None) -> PythonResult:
        """Run a piece. Raises `PythonError` (the session stays usable) or `SandboxError`.

        While `call` is being awaited, further `run`s of the same session are served (nested).
        """
        ...

    async def emulate(self, task: PythonTask, host: EmulateHost) -> EmulateResult:
        """Run a piece as Chain of Code: what fails is answered by `host` and execution goes on in place."""
        ...

    async def close(self) -> None: ...


class Sandbox(Protocol):
    """Gives sessions. `name` says which kind: `jail`, `monty`, `unsafe`."""

    name: str

    async def session(self, limits: SandboxLimits) -> SandboxSession:
        """A warm session. Raises `SandboxError` when none can be had."""
        ...

    async def close(self) -> None: ...
