"""Where questions come from, brought into one form: an asynchronous iterator of items that is never read ahead.

Invariant: nothing is taken from a source before it is asked for. What may wait (an iterator of the caller's, a pipe) is
read in one thread of its own, so that it holds up nobody; lists, frames and files are read in place.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from flowreason.batch import files, frames
from flowreason.batch.item import Item, item_of
from flowreason.errors import UsageError

Questions: TypeAlias = "Iterable[Any] | AsyncIterator[Any] | str | os.PathLike[str]"
"""Texts or records; a JSONL or CSV file by its path; a data frame."""

_END = object()


class Source:
    """Items, one at a time. `total` is how many there are and `columns` what each has, where that is known."""

    def __init__(
        self,
        take: Callable[[], Awaitable[Item | None] | Item | None],
        close: Callable[[], Any],
        *,
        total: int | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> None:
        self._take = take
        self._close = close
        self.total = total
        self.columns = columns

    def next(self) -> Awaitable[Item | None] | Item | None:
        """The next item, at once or awaited; None at the end. Raises what the caller's own iterator raises."""
        return self._take()

    async def close(self) -> None:
        """Nothing more is taken."""
        closed = self._close()
        if asyncio.iscoroutine(closed):
            await closed


def source_of(questions: Any, question: str) -> Source:
    """The source that is meant; `question` is the column of the question. Raises `UsageError` for what is none."""
    if isinstance(questions, str | os.PathLike):
        return _file(questions, question)
    if frames.is_frame(questions):
        columns = frames.columns_of(questions)
        return _in_place(frames.rows_of(questions), total=len(questions), columns=columns)
    if isinstance(questions, Mapping | bytes):
        raise UsageError(f"questions are a list, an iterator, a file or a frame, and this is {_named(questions)}")
    if hasattr(questions, "__aiter__"):
        return _asynchronous(questions, question)
    if isinstance(questions, Sequence):
        return _in_place(_numbered(iter(questions), question), total=len(questions))
    try:
        return threaded(_numbered(iter(questions), question))
    except TypeError:
        told = f"questions are a list, an iterator, a file or a frame, and this is {_named(questions)}"
        raise UsageError(told) from None


def _named(value: Any) -> str:
    return "one record; put it into a list" if isinstance(value, Mapping) else f"of the type {type(value).__name__}"


def _file(given: str | os.PathLike[str], question: str) -> Source:
    path = Path(given)
    if isinstance(given, str) and path.suffix.lower() not in files.ENDINGS:
        raise UsageError(
            f"questions are a list, an iterator, a file or a frame, and {given[:60]!r} is one text;\n"
            f"put it into a list, or name a file that ends in one of: {', '.join(files.ENDINGS)}"
        )
    rows = files.rows_of(path, question)
    make = _in_place if path.is_file() else threaded
    return make(rows.items, columns=rows.columns)


def _numbered(given: Iterator[Any], question: str) -> Iterator[Item]:
    for number, each in enumerate(given, 1):
        yield item_of(each, f"question {number}", question)


def _in_place(items: Iterator[Item], total: int | None = None, columns: tuple[str, ...] | None = None) -> Source:
    return Source(lambda: next(items, None), getattr(items, "close", lambda: None), total=total, columns=columns)


def _asynchronous(given: Any, question: str) -> Source:
    items = aiter(given)
    count = 0

    async def take() -> Item | None:
        nonlocal count
        each = await anext(items, _END)
        count += 1
        return None if each is _END else item_of(each, f"question {count}", question)

    async def close() -> None:
        if hasattr(items, "aclose"):
            await items.aclose()

    return Source(take, close)


def threaded(items: Iterator[Item], columns: tuple[str, ...] | None = None) -> Source:
    """Items whose next may have to be waited for: taken in a thread, which ends with the source."""
    wanted: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[Item | None]] | None] = (
        queue.SimpleQueue()
    )

    def work() -> None:
        while (order := wanted.get()) is not None:
            loop, place = order
            try:
                found: Any = next(items, None)
            except BaseException as error:  # noqa: BLE001 - raised where it was asked for
                found = error
            if not _handed(loop, place, found):
                break
        close = getattr(items, "close", None)
        if close is not None:
            close()

    thread = threading.Thread(target=work, name="flowreason-source", daemon=True)

    def take() -> asyncio.Future[Item | None]:
        if not thread.ident:
            thread.start()
        loop = asyncio.get_running_loop()
        place: asyncio.Future[Item | None] = loop.create_future()
        wanted.put((loop, place))
        return place

    return Source(take, lambda: wanted.put(None), columns=columns)


def _handed(loop: asyncio.AbstractEventLoop, place: asyncio.Future[Item | None], found: Any) -> bool:
    """Hand over what was found; false where nobody is there any more."""

    def settle() -> None:
        if place.done():
            return
        if isinstance(found, BaseException):
            place.set_exception(_raisable(found))
        else:
            place.set_result(found)

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:  # the loop is closed
        return False
    return True


def _raisable(error: BaseException) -> BaseException:
    """A future takes no StopIteration."""
    return RuntimeError("the iterator of questions raised StopIteration") if isinstance(error, StopIteration) else error
