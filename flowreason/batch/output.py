"""A file of rows that is written while they come, and gone on with where it was interrupted.

Invariant: a row is in the file as a whole or not at all, whenever the process dies; of two rows with the same place the
later one counts, and when the batch is over each place has one. Beside the file stands another (`NAME.batch`), which
says what it was made of, so that rows of different batches never come together, and is locked while it is written.
"""

from __future__ import annotations

import os
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flowreason.batch.beside import Beside, Made
from flowreason.batch.columns import ROW, Cells, Form, Lines
from flowreason.batch.files import TABLES, is_table
from flowreason.batch.item import Item
from flowreason.batch.row import REASONS, Row
from flowreason.batch.torn import whole_records
from flowreason.errors import StoreError, UsageError
from flowreason.ports import Usage

SYNC_SECONDS = 1.0
"""How often what was written is made durable; what is lost with a machine is taken from the store again."""
NONE, ANSWERED, OPEN, FAILED = range(4)
"""How a row stands: not there, answered, never begun because a limit over all was reached, or failed: from `FAILED` on,
for one of the `REASONS`."""


class Output:
    """A file that is being written. `name` is that of the batch in the store; `used` what its rows have used.

    `columns` are those that are given, for a table; `retry`: rows that failed are made again.
    """

    def __init__(self, path: Path, made: Made, columns: tuple[str, ...], *, in_order: bool, retry: bool) -> None:
        self.path = path
        self.used = Usage()
        self._in_order = in_order
        self._retry = retry
        self._tidy = True
        self._synced = time.monotonic()
        self._states = bytearray()
        self._digests, self._offsets, self._lengths = array("Q"), array("q"), array("L")
        self._beside = Beside(path, made)
        try:
            self.name = self._beside.name
            self._form = self._form_of(columns)
            self._file = path.open("ab+")
            self._take_in()
        except BaseException:
            self._beside.close()
            raise

    def _form_of(self, columns: tuple[str, ...]) -> Form:
        if not is_table(self.path):
            return Lines()
        cells = Cells(columns, TABLES[self.path.suffix.lower()])
        if self.path.exists():
            with self.path.open("rb") as file:
                header = file.readline()
            if header.endswith(b"\n") and header != cells.header:
                raise UsageError(f"{self.path} has other columns than would be written now;\n{self._beside.anew()}")
        return cells

    def _take_in(self) -> None:
        """Read the rows that are there; a line that was cut off is taken away."""
        end = 0
        for begin, end, raw in whole_records(self.path, self._form):
            if begin == 0 and self._form.header:
                continue
            try:
                record, digest = self._form.read(raw)
            except (ValueError, KeyError, TypeError, RecursionError):
                told = f"{self.path} has a line that is no row of this batch (at byte {begin:,})"
                raise UsageError(f"{told};\n{self._beside.anew()}") from None
            state = _state(record["status"], record["reason"], record["run"], record["calls"])
            if not (state >= FAILED and self._retry and record["run"]):  # that is counted when the run goes on
                self.used += Usage(record["calls"], 0, record["tokens"], record["money"])
            self._note(record[ROW] - 1, state, digest, begin, end - begin)
        self._file.truncate(end)
        if end == 0:
            self._file.write(self._form.header)
            self._file.flush()

    def _note(self, index: int, state: int, digest: int, offset: int, length: int) -> None:
        more = index + 1 - len(self._states)
        if more > 0:
            self._states.extend(bytes(more))
            for numbers in (self._digests, self._offsets, self._lengths):
                numbers.extend([0] * more)
        if self._states[index] or (self._in_order and more <= 0):
            self._tidy = False
        self._states[index], self._digests[index] = state, digest
        self._offsets[index], self._lengths[index] = offset, length

    # --- going on ---

    def state(self, index: int) -> int:
        """How a row stands, by its place from 0."""
        return self._states[index] if index < len(self._states) else NONE

    def skip(self, index: int) -> bool:
        """Whether a row is done."""
        state = self.state(index)
        return state == ANSWERED or (state >= FAILED and not self._retry)

    @property
    def places(self) -> int:
        """The rows up to the last one that is there."""
        return len(self._states)

    @property
    def answered(self) -> int:
        return self._states.count(ANSWERED)

    @property
    def unbegun(self) -> int:
        """Rows that were never begun because a limit over all was reached."""
        return self._states.count(OPEN)

    def reasons(self) -> Counter[str]:
        """Why rows failed, and how many for each reason."""
        counts = {reason: self._states.count(FAILED + n) for n, reason in enumerate(REASONS)}
        return Counter({reason: count for reason, count in counts.items() if count})

    def check(self, index: int, item: Item) -> None:
        """Raises `UsageError` where a row that has its answer is not the one that was asked."""
        if self.state(index) == ANSWERED and self._digests[index] != self._form.digest(item.given):
            raise UsageError(
                f"{item.place} is not what row {index + 1} of {self.path} answers: the questions have changed;\n"
                f"{self._beside.anew()}"
            )

    def check_end(self, count: int) -> None:
        """Raises `UsageError` where rows that have their answer are no longer among the questions."""
        if any(state == ANSWERED for state in self._states[count:]):
            told = f"{self.path} answers {len(self._states):,} questions, and there are {count:,} now"
            raise UsageError(f"{told};\n{self._beside.anew()}")

    def write(self, row: Row) -> None:
        """Add a row. Raises `StoreError` where that cannot be done."""
        line = self._form.line(row)
        try:
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(line)
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_SECONDS:
                self._sync()
        except OSError as error:
            raise self._unwritten(error) from error
        state = _state(row.status, row.reason, row.run_id, row.usage.calls)
        self._note(row.index, state, self._form.digest(row.given), offset, len(line))

    def _unwritten(self, error: OSError) -> StoreError:
        reason = (error.strerror or str(error)).lower()
        return StoreError(
            f"{self.path} cannot be written: {reason}\nNothing is lost: the same command goes on afterwards"
        )

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    # --- the end ---

    def close(self) -> None:
        """Make what was written durable, and tidy: one row for each place. Raises `StoreError`."""
        try:
            self._file.flush()
            self._sync()
            if not self._tidy:
                self._compact()
        except OSError as error:
            raise self._unwritten(error) from error
        finally:
            with suppress(OSError):
                self._file.close()
            self._beside.close()

    def _compact(self) -> None:
        """Write the file anew, in the order of the rows, with the latest of each."""
        fresh = self.path.with_name(f"{self.path.name}.new")
        with self.path.open("rb") as old, fresh.open("wb") as new:
            new.write(self._form.header)
            for index in self._there():
                old.seek(self._offsets[index])
                new.write(old.read(self._lengths[index]))
            new.flush()
            os.fsync(new.fileno())
        fresh.chmod(self.path.stat().st_mode & 0o777)
        fresh.replace(self.path)

    def _there(self) -> Iterator[int]:
        return (index for index, state in enumerate(self._states) if state != NONE)


def _state(status: Any, reason: Any, run: Any, calls: Any) -> int:
    if status == "answered":
        return ANSWERED
    if reason == "limit" and not run and not calls:
        return OPEN
    return FAILED + (REASONS.index(reason) if reason in REASONS else 0)
