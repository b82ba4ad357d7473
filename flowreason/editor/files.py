"""The files that a flow uses: from the folder of its own file and from the library, and as they stand in the editor
where they are open.

Invariant: no file outside of that folder and the library is read, whatever a path says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flowreason.used_files import place_of, read_used

Opened = Callable[[Path], str | None]
"""The text of a file that is open in the editor; None where it is not."""


def nothing_open(path: Path) -> str | None:
    """No file is open."""
    return None


class Files:
    """Gives the texts of the files of `use`, by their real paths."""

    def __init__(self, folder: Path, opened: Opened = nothing_open) -> None:
        self.folder = folder.resolve()
        self.opened = opened

    def __call__(self, path: str) -> str:
        place = place_of(path, self.folder)
        text = self.opened(place)
        return read_used(place) if text is None else text

    def place(self, path: str) -> Path | None:
        """Where a used file lies; None where it may not be read."""
        try:
            return place_of(path, self.folder)
        except (ValueError, OSError):
            return None
