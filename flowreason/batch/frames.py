"""Questions from data frames (pandas, polars), by what they can do: neither library is needed here.

Invariant: cells become plain values; what stands for a missing one is None. Where a frame has labels for its rows, and
they are no plain count, each row is called by its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flowreason.batch.item import Item
from flowreason.errors import UsageError

_MISSING = frozenset({"NAType", "NaTType"})


def is_frame(given: Any) -> bool:
    """Whether something is a table of columns with names and rows."""
    return hasattr(given, "columns") and (hasattr(given, "itertuples") or hasattr(given, "iter_rows"))


def columns_of(frame: Any) -> tuple[str, ...]:
    """The names of the columns."""
    names = [str(each) for each in frame.columns]
    if twice := [each for each in names if names.count(each) > 1]:
        raise UsageError(f"two columns of the frame are called {twice[0]!r}; give one of them another name")
    return tuple(names)


def rows_of(frame: Any) -> Iterator[Item]:
    """The rows of a frame, one at a time."""
    names = columns_of(frame)
    labelled = _is_labelled(getattr(frame, "index", None))
    rows = frame.itertuples(index=labelled, name=None) if hasattr(frame, "itertuples") else frame.iter_rows()
    for number, row in enumerate(rows, 1):
        label, cells = (str(row[0]), row[1:]) if labelled else ("", row)
        given = {name: plain_cell(cell) for name, cell in zip(names, cells, strict=True)}
        yield Item(f"row {number}", given, label=label)


def _is_labelled(index: Any) -> bool:
    """Whether an index says more than how many rows came before."""
    plain = index is None or (type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1))
    return not plain


def plain_cell(cell: Any) -> Any:
    """A cell as a plain value."""
    if cell is None or isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, float):
        return None if cell != cell else float(cell)
    if type(cell).__name__ in _MISSING:
        return None
    if isinstance(cell, Mapping):
        return {str(name): plain_cell(each) for name, each in cell.items()}
    if isinstance(cell, list | tuple):
        return [plain_cell(each) for each in cell]
    for way in ("to_pydatetime", "to_pytimedelta"):
        if hasattr(cell, way):
            return getattr(cell, way)()
    for way in ("tolist", "to_list"):  # arrays, and numbers of numpy
        if hasattr(cell, way):
            return plain_cell(getattr(cell, way)())
    return cell
