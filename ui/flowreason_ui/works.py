"""Where runs of the app live: one thread with one event loop, for the whole process.

Invariant: a run belongs to no page and to no viewer. It goes on when its page is reloaded, its tab is closed, or
several look at it; and it is stopped only when it is cancelled, or the app ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.engine.limits import error_kind
from flowreason.errors import FlowreasonError
from flowreason.keeping import default_place
from flowreason.ports import Usage
from flowreason.records import RunInfo
from flowreason.resuming import the_store
from flowreason.tool_files import tools_from
from flowreason.tools import bind
from flowreason_dsl.diagnostics import FlowError
from flowreason_dsl.syntax import ToolDef
from flowreason_ui.connection import Connection
from flowreason_ui.earlier import tell_earlier
from flowreason_ui.live import Live
from flowreason_ui.orders import Hooks, Order, Replay, Resume, Solve
from flowreason_ui.pausing import Pausing
from flowreason_ui.telling import title_of
from flowreason_ui.writing import Writing

T = TypeVar("T")

MOST_KEPT = 16
"""Runs that have ended and whose events stay in memory; others are read from the store again."""
SLACK = 5.0
"""Seconds for which a run may be written to after it has ended here."""
PATIENCE = 60.0
"""Seconds that a page waits for the store."""
SECONDS = 30.0
"""How long the app waits, at its end, for runs to be put down."""


class Task(Protocol):
    """Something beside runs that is at work here, such as a batch. `put_down` ends it in good order."""

    async def put_down(self) -> None: ...


def has_begun(events: Iterable[Event]) -> bool:
    """Whether a step of the flow itself had begun, and not only what was asked while the flow was written."""
    return any(e.node and not e.frame.startswith(("early/", "compile")) for e in events)


class Consent:
    """Asks the person whether a run may begin at its price: where it may go over its limits, or `always`. One that goes
    on, and of which steps had begun, was agreed to."""

    def __init__(self, live: Live, *, always: bool = False, goes_on: bool = False) -> None:
        self._live = live
        self._agreed = goes_on and has_begun(live.events[:])
        self.always = always and not self._agreed

    async def __call__(self, price: Any, limits: fr.Limits) -> bool:
        if self._agreed:
            return True
        agreed = await self._live.ask("price", price.summary(), "bool") == "yes"
        if not agreed and price.over(limits) is None:
            raise asyncio.CancelledError
        return agreed


class Works:
    """All runs of this process. `store` is where they are kept, `connection` the model that was entered in the app."""

    def __init__(self, store: str | None = None) -> None:
        self.store = store or default_place()
        self.connection = Connection()
        self.runs: dict[str, Live] = {}
        self.tasks: dict[str, Task] = {}
        self._brakes: dict[str, Pausing] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- the thread ---

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._work, args=(self._loop,), name="flowreason-runs", daemon=True).start()
            return self._loop

    @staticmethod
    def _work(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the thread of the runs."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, waited for; for what takes a moment, such as a look into the store."""
        return self.submit(coroutine).result(PATIENCE)

    def settle(self) -> None:
        """Wait until what the thread of the runs was told before has been done."""

        async def nothing() -> None:
            await asyncio.sleep(0)

        self.ask(nothing())

    def soon(self, action: Callable[[], object]) -> None:
        """Do something in the thread of the runs."""
        self.loop.call_soon_threadsafe(action)

    def close(self) -> None:
        """Stop every run in good order: what is kept of each can be gone on with."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None:
            return

        async def stop() -> None:
            ending = [live.task for live in self.runs.values() if live.task is not None]
            for each in ending:
                each.cancel()
            ending += [asyncio.ensure_future(each.put_down()) for each in self.tasks.values()]
            await asyncio.wait(ending, timeout=SECONDS) if ending else None

        try:
            asyncio.run_coroutine_threadsafe(stop(), loop).result(SECONDS + 5)
        finally:
            loop.call_soon_threadsafe(loop.stop)

    # --- runs ---

    def start(self, order: Order) -> Live:
        """Begin; what becomes of it is told by the `Live`. Raises `FlowreasonError` where it cannot begin."""
        provider: Pausing | None = None
        tools: tuple[ToolDef, ...] = ()
        live = Live(order.title, order)

        def under_way(calls: int) -> None:
            live.under_way = calls
            if live.paused:
                live.changed()

        if order.terms is not None:
            terms = order.terms
            provider = Pausing(terms.provider() if isinstance(order, Solve) else terms.provider_if_any(), under_way)
            tools = tuple(tool.definition for tool in bind(tools_from(terms.tools)).values())
        live.writing = Writing(tools)
        if isinstance(order, Replay):
            live.kept_only, live.run = True, order.run
        elif isinstance(order, Resume):
            live.run = order.run
        with self._lock:
            self._forget()
            self.runs[live.id] = live
            if provider is not None:
                self._brakes[live.id] = provider
        self.submit(self._carry_out(live, order, provider))
        return live

    def _forget(self) -> None:
        """Drop those that ended first, of which the store has all there is."""
        over = [live for live in self.runs.values() if live.over and not live.followed]
        for live in over[: max(0, len(over) - MOST_KEPT + 1)]:
            del self.runs[live.id]
            self._brakes.pop(live.id, None)

    async def _carry_out(self, live: Live, order: Order, provider: Pausing | None) -> None:
        live.task = asyncio.current_task()

        async def ask_user(text: str, type: str) -> str:
            return await live.ask("person", text, type)

        def on_run(run: str) -> None:
            live.run = run
            live.changed()

        try:
            if isinstance(order, Replay | Resume):
                await tell_earlier(live, order.run, self.store, last=isinstance(order, Replay))
            always = order.terms is not None and order.terms.ask_price
            consent = Consent(live, always=always, goes_on=isinstance(order, Resume))
            hooks = Hooks(provider, self.store, live.take, live.written, on_run, ask_user, consent)
            result = await order.carry_out(hooks)
        except asyncio.CancelledError:
            live.end("cancelled")
        except (FlowreasonError, FlowError) as error:
            live.end("failed", error=str(error), kind=error_kind(error))
        except Exception as error:  # noqa: BLE001 - shown to the person; the app goes on
            live.end("failed", error=f"this is a fault of flowreason: {type(error).__name__}: {error}", kind="fault")
        else:
            told = ("", "") if result.error is None else (str(result.error), error_kind(result.error))
            live.run = live.run or result.run_id
            live.used = await self._used(live.run)
            live.end(result.status, result=result, error=told[0], kind=told[1])
        finally:
            if provider is not None:
                await provider.close()

    async def _used(self, run: str) -> Usage | None:
        """What a kept run has used in all, also before it was resumed; None where that is not known."""
        try:
            return (await self.kept(run)).standing.usage if run else None
        except FlowreasonError:
            return None

    # --- what a person does with one ---

    def cancel(self, live: Live) -> None:
        """Stop a run; what it has done stays, and it can be gone on with."""
        self.soon(lambda: live.task.cancel() if live.task is not None and not live.over else None)

    def pause(self, live: Live, paused: bool) -> None:
        """Send nothing more to the model, or go on."""
        brake = self._brakes.get(live.id)

        def act() -> None:
            if brake is not None and not live.over:
                brake.pause() if paused else brake.go_on()
                live.hold(paused)

        self.soon(act)

    @staticmethod
    def is_stopping(live: Live) -> bool:
        """Whether a run was cancelled, and has not come to its end."""
        return live.task is not None and not live.over and live.task.cancelling() > 0

    def say(self, live: Live, number: int, text: str) -> None:
        """Answer a question of the run; one that was answered already stays as it is."""

        def act() -> None:
            asked = next((each for each in live.asked if each.number == number), None)
            if asked is not None and not asked.said.done():
                asked.said.set_result(text)

        self.soon(act)

    def open(self, info: RunInfo) -> Live:
        """A run that was kept, to look at; the live one where it is, or was last, at work here."""
        stamp = (info.session, info.status, info.updated)
        found = self.latest(info.id)
        if found is not None and (not found.over or self._is_current(found, stamp)):
            return found
        return self.start(Replay(info.id, title_of(info), stamp, info.alive))

    def latest(self, run: str) -> Live | None:
        """What is in memory of a kept run, the latest first; what was at work here before what was looked at."""
        same = [live for live in reversed(list(self.runs.values())) if live.run == run]
        return next((live for live in same if not live.kept_only), same[0] if same else None)

    def _is_current(self, live: Live, stamp: tuple[int, str, float]) -> bool:
        """Whether what is in memory of a run is what the store has: somebody may have gone on with it elsewhere."""
        if isinstance(live.origin, Replay):
            return bool(live.origin.stamp == stamp)
        return stamp[2] <= live.ended_at + SLACK

    def find(self, id: str) -> Live | None:
        """A run by its id, as an address has it: that of a live run, or that under which it is kept.

        Raises `UsageError` where there is none of that name any more.
        """
        live = self.runs.get(id)
        if live is not None or not id:
            return live
        return self.open(self.ask(self.kept(id)))

    async def kept(self, run: str) -> RunInfo:
        """What the store says of a run."""
        return await the_store(self.store).run(run)


_the_works: Works | None = None
_making = threading.Lock()


def works() -> Works:
    """Those of this process."""
    global _the_works  # noqa: PLW0603 - there is one, whoever asks first
    with _making:
        if _the_works is None:
            _the_works = Works()
        return _the_works


def set_works(made: Works) -> None:
    """Use these in this process: for the command that starts the app, and for tests."""
    global _the_works  # noqa: PLW0603
    with _making:
        _the_works = made
