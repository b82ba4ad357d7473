"""A library method run against a model that is written beforehand: what it asks, when, how often, and what comes out.

Invariant: time is virtual, and a turn is what a reply of the model takes, so the turns of the asks say which of them
went at once. Python runs in the real sandbox and takes its real time, which is nothing beside a turn.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flowreason as fr
from flowreason.library import load
from flowreason.ports import EmulateHost, SandboxLimits, SandboxSession
from flowreason.sandbox.choose import choose
from tests.virtual import now

TURN = 10_000.0
"""Seconds that each reply takes."""

Says = Any
"""What a model says to one kind of ask: the same each time, a list to be used in order, or a function of the prompt and
of how many of the kind came before. An exception is raised, and what is no text is sent as JSON."""


class Prompt(str):
    """What the model is shown, with the number of the draw."""

    sample: int


@dataclass(frozen=True)
class Asked:
    """One request: the kind of ask, the turn at which it came, the prompt, and the whole request."""

    kind: str
    at: int
    prompt: Prompt
    request: fr.Request


class Model:
    """Replies by kinds of asks. A kind is a piece of text that stands in its prompts; the first that fits counts.

    `stubborn`: so many replies are empty before each one that is any good. `takes`: how many turns a reply takes.
    """

    def __init__(
        self, script: Mapping[str, Says], stubborn: int = 0, takes: Callable[[Asked], float] = lambda asked: 1
    ) -> None:
        self.asked: list[Asked] = []
        self._script = script
        self._stubborn = stubborn
        self._said: Counter[str] = Counter()
        self.provider = fr.ScriptedProvider(self._reply, latency=lambda _: TURN * takes(self.asked[-1]))

    def _reply(self, request: fr.Request) -> Any:
        prompt = Prompt(request.messages[1].content)
        prompt.sample = request.sample
        kind = next((each for each in self._script if each in prompt), None)
        assert kind is not None, f"the script has no reply for this: {prompt}"
        self.asked.append(Asked(kind, round(now() / TURN), prompt, request))
        if len(request.messages) < 2 * (self._stubborn + 1):
            return ""
        says, number = self._script[kind], self._said[kind]
        self._said[kind] += 1
        if isinstance(says, list):
            assert number < len(says), f"asked once more than the script has replies for: {kind}"
            says = says[number]
        return written(says(prompt, number) if callable(says) and not isinstance(says, type) else says)


def written(value: Any) -> Any:
    """A reply as a model sends it."""
    if isinstance(value, str | BaseException):
        return value
    return json.dumps({"answer": value}, ensure_ascii=False)


class Ran:
    """What came out of a run, and what was asked for it."""

    def __init__(self, result: fr.Result, asked: Sequence[Asked], took: int) -> None:
        self.result = result
        self.asked = asked
        self.took = took
        self.value = result.value

    @property
    def turns(self) -> dict[str, list[int]]:
        """At which turns each kind was asked; kinds in the order in which they came first."""
        found: dict[str, list[int]] = {}
        for each in self.asked:
            found.setdefault(each.kind, []).append(each.at)
        return found

    def prompts(self, kind: str) -> list[Prompt]:
        return [each.prompt for each in self.asked if each.kind == kind]


def run(method: str, script: Mapping[str, Says], *, limits: Any = None, model: Any = None, **inputs: Any) -> Ran:
    """Run a method of the library; its question is about rivers where none is given. `model`: options of `Model`."""
    said = Model(script, **(model or {}))
    flow = load(method)
    given = {"question": QUESTION, **inputs} if any(each.name == "question" for each in flow.parameters) else inputs
    took = 0

    async def main(clock: Clock) -> fr.Result:
        nonlocal took
        options: dict[str, Any] = {"provider": said.provider, "sandbox": Patient(clock), "store": None}
        result = await flow.run_async(given, limits=limits or fr.Limits(calls=None), **options)
        took = round(now() / TURN)
        return result

    result = _patient(main)
    return Ran(result, said.asked, took)


# --- time that goes on as usual while Python computes ---


class _Selector(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock there, unless Python computes: then it waits a moment."""

    clock: Clock

    def select(self, timeout: float | None = None) -> Any:
        if self.clock.computing and timeout != 0:
            began = time.monotonic()
            ready = super().select(0.05 if timeout is None else min(timeout, 0.05))
            self.clock.now += time.monotonic() - began
            return ready
        self.clock.now += timeout or 0
        return super().select(None if timeout is None else 0)


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time begins at 0, and does not jump while `computing` pieces of Python are under way."""

    def __init__(self) -> None:
        self.now, self.computing = 0.0, 0
        selector = _Selector()
        selector.clock = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def _patient(main: Callable[[Clock], Coroutine[Any, Any, fr.Result]]) -> fr.Result:
    with asyncio.Runner(loop_factory=Clock) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Clock)
        return runner.run(main(loop))


class Patient:
    """The sandbox that flows get, under a clock that does not jump while it computes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._inner = choose("auto")
        self.name = self._inner.name

    async def session(self, limits: SandboxLimits) -> SandboxSession:
        return PatientSession(self._clock, await _steadily(self._clock, self._inner.session(limits)))

    async def close(self) -> None:
        await _steadily(self._clock, self._inner.close())


class PatientSession:
    def __init__(self, clock: Clock, inner: SandboxSession) -> None:
        self._clock = clock
        self._inner = inner

    async def run(self, task: Any, call: Any = None) -> Any:
        async def asked(*args: Any) -> Any:
            return await _on(self._clock, call(*args))

        return await _steadily(self._clock, self._inner.run(task, None if call is None else asked))

    async def emulate(self, task: Any, host: EmulateHost) -> Any:
        return await _steadily(self._clock, self._inner.emulate(task, PatientHost(self._clock, host)))

    async def close(self) -> None:
        await _steadily(self._clock, self._inner.close())


class PatientHost:
    """Time goes on while the model answers for emulated Python."""

    def __init__(self, clock: Clock, inner: EmulateHost) -> None:
        self._clock = clock
        self._inner = inner

    async def call(self, request: Any) -> Any:
        return await _on(self._clock, self._inner.call(request))

    async def state(self, request: Any) -> Any:
        return await _on(self._clock, self._inner.state(request))


async def _steadily(clock: Clock, work: Coroutine[Any, Any, Any]) -> Any:
    clock.computing += 1
    try:
        return await work
    finally:
        clock.computing -= 1


async def _on(clock: Clock, work: Coroutine[Any, Any, Any]) -> Any:
    clock.computing -= 1
    try:
        return await work
    finally:
        clock.computing += 1


QUESTION = "Which is the longest of these rivers? (A) Po (B) Danube (C) Rhine"
FAILS = fr.ProviderError("the server gave no usable reply", kind="reply")


def worked(answer: str, reasoning: str = "Because.") -> dict[str, str]:
    """An answer with its reasoning."""
    return {"reasoning": reasoning, "answer": answer}
