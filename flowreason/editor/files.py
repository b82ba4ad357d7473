"""The files that a flow uses: from the folder of its own file, and as they stand in the editor where they are open.

Invariant: no file outside of that folder is read, whatever a path says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flowreason_dsl import decode, parse
from flowreason_dsl.parser import MOST_BYTES
from flowreason_dsl.syntax import Flow

Opened = Callable[[Path], str | None]
"""The text of a file that is open in the editor; None where it is not."""


def nothing_open(path: Path) -> str | None:
    """No file is open."""
    return None


class Files:
    """Reads the files of `use`, inside one folder, by their real paths."""

    def __init__(self, folder: Path, opened: Opened = nothing_open) -> None:
        self.folder = folder.resolve()
        self.opened = opened

    def __call__(self, path: str) -> Flow:
        place = self.place(path)
        if place is None:
            raise ValueError(f"it leads out of {self.folder}; put the file inside that folder")
        text = self.opened(place)
        return parse(self._read(place) if text is None else text, path)

    def place(self, path: str) -> Path | None:
        """Where a used file lies; None where the path leads out of the folder."""
        place = (self.folder / path).resolve()
        return place if place.is_relative_to(self.folder) else None

    def _read(self, place: Path) -> str:
        if place.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
        return decode(place.read_bytes(), place.name)
