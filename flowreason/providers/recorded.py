"""Record what a model answers into one file, and answer from that file later, exactly and without a model.

Invariant: a replayed reply is the recorded one, text and usage; a request that was not recorded is an error, never a
guess. What counts as the same request is `Request.key()`, in which the recording's own model has no name: a run that
was recorded with model X replays without saying X. Equal requests with different `sample` are different requests. The
same request recorded several times replays in the order of recording, the last answer repeating.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import IO

from flowreason.errors import ProviderError, RecordingError
from flowreason.ports import ModelInfo, Notify, OnText, Provider, Reply, Request, streamed
from flowreason.providers.difference import closest, shorten
from flowreason.providers.pieces import in_pieces
from flowreason.providers.recording import Entry, entry_line, header_line, plain_key, read
from flowreason.providers.scripted import last_user_text
from flowreason.wanted import FLAG, PATH, PROVIDER, checked, number

FilePath = str | PathLike[str]


class Recorder:
    """Answers by another provider, and writes every answered request to a file, a line each, at once.

    A refusal, and any other error that a run may survive, is an answer too. The file is begun anew with the first
    answer, or continued with `append=True`. Raises `RecordingError` at once where the file cannot be written.
    """

    @checked(provider=PROVIDER, path=PATH, append=FLAG)
    def __init__(self, provider: Provider, path: FilePath, *, append: bool = False) -> None:
        self.path = Path(path)
        self._provider = provider
        self._append = append
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        self._default = provider.model_info(None)
        _try_to_write(self.path)

    @property
    def origin(self) -> str:
        """The server that the other provider asks, if it asks one."""
        return str(getattr(self._provider, "origin", ""))

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        """The other provider's reply, written down before it is handed on."""
        return await self._written_down(request, self._provider.complete(request, notify))

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        """The same, in the pieces in which the other provider hands it over."""
        return await self._written_down(request, streamed(self._provider, request, on_text, notify))

    async def _written_down(self, request: Request, asked: Awaitable[Reply]) -> Reply:
        begin = time.monotonic()
        try:
            reply = await asked
        except ProviderError as error:
            if not error.hopeless:
                self._write(request, error, time.monotonic() - begin)
            raise
        self._write(request, reply, time.monotonic() - begin)
        return reply

    def _write(self, request: Request, answer: Reply | ProviderError, seconds: float) -> None:
        as_sent = replace(request, model=request.model or self._default.name)
        line = entry_line(Entry(as_sent, answer, seconds))
        with self._lock:
            try:
                file = self._file or self._begin()
                file.write(line)
                file.flush()
            except OSError as error:
                raise RecordingError(f"the recording {self.path} cannot be written: {error.strerror}") from error

    def _begin(self) -> IO[str]:
        fresh = not self._append or self.path.stat().st_size == 0
        mode = "w" if fresh else "a"
        # Half a surrogate pair, which UTF-8 lacks, becomes the escape that JSON has for it. The file stays open.
        self._file = open(self.path, mode, encoding="utf-8", errors="backslashreplace", newline="\n")  # noqa: SIM115
        if fresh:
            self._file.write(header_line(self._default))
        return self._file

    def model_info(self, model: str | None) -> ModelInfo:
        return self._provider.model_info(model)

    async def close(self) -> None:
        """Close the file and the other provider. A later answer continues the file.

        A run that asked nothing leaves a recording of nothing, but none that was there before is lost for it.
        """
        with self._lock:
            if self._file is None and self.path.stat().st_size == 0:
                self._begin()
            if self._file is not None:
                self._file.close()
                self._file, self._append = None, True
        await self._provider.close()


def _try_to_write(path: Path) -> None:
    try:
        with open(path, "ab"):
            pass
    except OSError as error:
        raise RecordingError(f"the recording {path} cannot be written: {error.strerror}") from error


class Recorded:
    """Answers from a recording, and from nothing else.

    `pace` 1.0 answers as slowly as the model did, 0.0 at once. `model_info` gives the recorded model's name and prices,
    so that money is shown as it was paid.
    """

    @checked(path=PATH, pace=number(0))
    def __init__(self, path: FilePath, *, pace: float = 0.0) -> None:
        self.path = Path(path)
        self._pace = pace
        self._info, self._entries = read(self.path)
        self._answers: dict[str, list[Entry]] = {}
        for entry in self._entries:
            self._answers.setdefault(plain_key(entry.request, self._info.name), []).append(entry)
        self._next: dict[str, int] = {}

    @property
    def requests(self) -> Sequence[Request]:
        """All recorded requests, in the order of recording."""
        return tuple(entry.request for entry in self._entries)

    async def complete(self, request: Request, notify: Notify | None = None) -> Reply:
        """The recorded reply. Raises `RecordingError` that shows the closest recorded request where there is none."""
        return await self._answered(self._take(request), None)

    async def stream(self, request: Request, on_text: OnText, notify: Notify | None = None) -> Reply:
        """The recorded reply, a few characters at a time, spread evenly over the time that it takes."""
        return await self._answered(self._take(request), on_text)

    async def _answered(self, entry: Entry, on_text: OnText | None) -> Reply:
        seconds = entry.seconds * self._pace
        if on_text is not None and isinstance(entry.answer, Reply) and entry.answer.text:
            await _hand_over(list(in_pieces(entry.answer.text)), on_text, seconds)
        elif seconds:
            await asyncio.sleep(seconds)
        if isinstance(entry.answer, Reply):
            return entry.answer
        raise ProviderError(str(entry.answer), kind=entry.answer.kind, status=entry.answer.status)

    def _take(self, request: Request) -> Entry:
        key = plain_key(request, self._info.name)
        entries = self._answers.get(key)
        if entries is None:
            raise self._missing(request)
        position = self._next.get(key, 0)
        self._next[key] = min(position + 1, len(entries) - 1)
        return entries[position]

    def _missing(self, request: Request) -> RecordingError:
        asked = replace(request, model=request.model or self._info.name)
        return RecordingError(
            f"this request is not in the recording {self.path}: {shorten(last_user_text(request), 200)}\n"
            f"{closest(asked, self.requests)}\n"
            "Replay the same flow with the same inputs, or record the run again with a model."
        )

    def model_info(self, model: str | None) -> ModelInfo:
        """What was recorded of the model; of any other only its name is known."""
        return self._info if model in (None, self._info.name) else ModelInfo(str(model))

    async def close(self) -> None:
        """There is nothing to give back."""


async def _hand_over(pieces: Sequence[str], on_text: OnText, seconds: float) -> None:
    """Hand over the pieces, the last one after so many seconds."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for count, piece in enumerate(pieces, start=1):
        if seconds:
            await asyncio.sleep(begin + seconds * count / len(pieces) - loop.time())
        on_text(piece)
