"""Where runs of the app live: one thread with one event loop, for the whole process.

Invariant: a run belongs to no page and to no viewer. It goes on when its page is reloaded, its tab is closed, or
several look at it; and it is stopped only when it is cancelled, or the app ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import flowreason as fr
from flowreason.errors import FlowreasonError
from flowreason.keeping import default_place
from flowreason.tool_files import tools_from
from flowreason.tools import bind
from flowreason_dsl.syntax import ToolDef
from flowreason_ui.live import Live
from flowreason_ui.orders import Hooks, Order, Replay
from flowreason_ui.pausing import Pausing
from flowreason_ui.writing import Writing

T = TypeVar("T")

MOST_KEPT = 16
"""Runs that have ended and whose events stay in memory; others are read from the store again."""
SECONDS = 30.0
"""How long the app waits, at its end, for runs to be put down."""


class Works:
    """All runs of this process. `store` is where they are kept."""

    def __init__(self, store: str | None = None) -> None:
        self.store = store or default_place()
        self.runs: dict[str, Live] = {}
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
            tasks = [live.task for live in self.runs.values() if live.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=SECONDS) if tasks else None

        asyncio.run_coroutine_threadsafe(stop(), loop).result(SECONDS + 5)
        loop.call_soon_threadsafe(loop.stop)

    # --- runs ---

    def start(self, order: Order) -> Live:
        """Begin; what becomes of it is told by the `Live`. Raises `FlowreasonError` where it cannot begin."""
        provider: Pausing | None = None
        tools: tuple[ToolDef, ...] = ()
        if order.terms is not None:
            provider = Pausing(order.terms.provider())
            tools = tuple(tool.definition for tool in bind(tools_from(order.terms.tools)).values())
        live = Live(order.title, order)
        live.writing = Writing(tools)
        live.kept_only = isinstance(order, Replay)
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

        async def confirm(price: Any, _limits: fr.Limits) -> bool:
            return await live.ask("price", price.summary(), "bool") == "yes"

        def on_run(run: str) -> None:
            live.run = run
            live.changed()

        hooks = Hooks(provider, self.store, live.take, live.written, on_run, ask_user, confirm)
        try:
            result = await order.carry_out(hooks)
        except asyncio.CancelledError:
            live.end("cancelled")
        except FlowreasonError as error:
            live.end("failed", error=str(error), kind=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - shown to the person; the app goes on
            live.end("failed", error=f"this is a fault of flowreason: {type(error).__name__}: {error}", kind="fault")
        else:
            error_ = "" if result.error is None else str(result.error)
            live.end(result.status, result=result, error=error_, kind=type(result.error).__name__)
        finally:
            if provider is not None:
                await provider.close()

    # --- what a person does with one ---

    def cancel(self, live: Live) -> None:
        """Stop a run; what it has done stays, and it can be gone on with."""
        self.soon(lambda: live.task.cancel() if live.task is not None and not live.over else None)

    def pause(self, live: Live, paused: bool) -> None:
        """Send nothing more to the model, or go on."""
        brake = self._brakes.get(live.id)

        def act() -> None:
            if brake is not None and not live.over:
                live.paused = paused
                brake.pause() if paused else brake.go_on()
                live.changed()

        self.soon(act)

    def say(self, live: Live, number: int, text: str) -> None:
        """Answer a question of the run; one that was answered already stays as it is."""

        def act() -> None:
            asked = next((each for each in live.asked if each.number == number), None)
            if asked is not None and not asked.said.done():
                asked.said.set_result(text)

        self.soon(act)

    def open(self, run: str, title: str) -> Live:
        """A run that was kept, to look at; the live one where it is at work here."""
        for live in self.runs.values():
            if live.run == run and not live.kept_only:
                return live
        for live in self.runs.values():
            if isinstance(live.origin, Replay) and live.origin.run == run:
                return live
        return self.start(Replay(run, title))


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
