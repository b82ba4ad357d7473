"""The files that flows use: from one folder and from the library of this package, and as they were kept with a run.

Invariant: no file outside of the folder, or of the library's own, is read, whatever a path says or links lead to; each
is read within a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PureWindowsPath

from flowreason_dsl.check import Nowhere
from flowreason_dsl.check.program import LIBRARY
from flowreason_dsl.parser import decode

MOST_USED = 4_000_000
"""Bytes of a file that `use` names."""
SHELF = Path(__file__).with_name("library")
"""Where the files of the library are."""
ENDING = ".flow"


def place_of(path: str, root: Path | None) -> Path:
    """Where a file that `use` names lies. Raises ValueError for one that may not be read, or has no place."""
    if path.startswith(LIBRARY):
        return _inside(SHELF, _on_shelf(path), "the library")
    if root is None:
        raise Nowhere
    return _inside(root, path, str(root))


def _on_shelf(path: str) -> str:
    """`library:direct` is `direct.flow`; a file in a folder of the library is named in full."""
    name = path.removeprefix(LIBRARY)
    return name if "/" in name or "." in name else f"{name}{ENDING}"


def _inside(root: Path, path: str, what: str) -> Path:
    if Path(path).is_absolute() or PureWindowsPath(path).drive or path.startswith("\\"):
        raise ValueError(f"it leads out of {what}: a path starts at the folder of the file that names it")
    try:
        place = (root / path).resolve()
    except RuntimeError:  # what older Pythons say of links that lead to one another
        raise ValueError("its links lead in a circle") from None
    if not place.is_relative_to(root.resolve()):
        raise ValueError(f"it leads out of {what}; put the file inside that folder")
    return place


def read_used(place: Path) -> str:
    """The text of a file. Raises ValueError or OSError where it cannot be read, `FlowSyntaxError` for no text."""
    if place.is_dir():
        raise ValueError(f"{place} is a folder, and a file is needed")
    if place.exists() and not place.is_file():
        raise ValueError("it is a device or a pipe, and a file is needed")
    if not place.exists():
        raise ValueError(f"there is no file {place}")
    with place.open("rb") as file:
        data = file.read(MOST_USED + 1)
    if len(data) > MOST_USED:
        raise ValueError(f"it is larger than {MOST_USED:,} bytes, which is the most")
    return decode(data, str(place))


class Loader:
    """Reads the files that `use` names, inside one folder and in the library, and keeps what it read in `files`."""

    def __init__(self, root: Path | None) -> None:
        self.root = None if root is None else root.resolve()
        self.files: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        self.files[path] = text = read_used(place_of(path, self.root))
        return text


def kept_in(files: Mapping[str, str]) -> Callable[[str], str]:
    """Gives files as they were kept with a run."""

    def load(path: str) -> str:
        if path not in files:
            raise ValueError("it was not kept with the run")
        return files[path]

    return load
