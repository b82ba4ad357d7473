"""An asynchronous iterator as a plain one: its loop runs in a thread, so that it goes on while its rows are looked at.

Invariant: at most one row waits to be taken; closing the iterator closes the asynchronous one and ends the thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_END = object()


def iterated(make: Callable[[], AsyncGenerator[T, None]]) -> Generator[T, None, None]:
    """The items, one at a time. Nothing begins before the first is asked for."""
    feed: _Feed[T] = _Feed(make)
    try:
        feed.start()
        while (item := feed.next()) is not _END:
            yield item
    finally:
        feed.close()


class _Feed(Generic[T]):
    """The thread, and what it hands over."""

    def __init__(self, make: Callable[[], AsyncGenerator[T, None]]) -> None:
        self._make = make
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._wanted: asyncio.Event | None = None
        self._ready = threading.Event()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._work,), name="flowreason-batch", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def next(self) -> Any:
        """The next item, or `_END`. Raises what the iterator raised."""
        kind, found = self._items.get()
        if kind == "raised":
            raise found
        self._call(self._want)
        return found

    def close(self) -> None:
        """Cancel what is under way, and wait until it has ended."""
        if self._thread.ident is None:
            return
        self._call(self._cancel)
        self._thread.join()

    def _call(self, function: Callable[[], Any]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # it has ended
            return

    # --- in the thread ---

    def _work(self) -> None:
        try:
            asyncio.run(self._hand_over())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
            self._items.put(("raised", error))
        finally:
            self._ready.set()

    async def _hand_over(self) -> None:
        self._loop, self._task, self._wanted = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
        self._ready.set()
        async with aclosing(self._make()) as items:
            async for item in items:
                self._items.put(("item", item))
                await self._wanted.wait()
                self._wanted.clear()
        self._items.put(("item", _END))

    def _want(self) -> None:
        assert self._wanted is not None
        self._wanted.set()

    def _cancel(self) -> None:
        assert self._task is not None
        self._task.cancel()
