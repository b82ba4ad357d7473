"""A text that is there already, handed over as if it were still being written.

Invariant: the pieces, joined, are the text; none is empty.
"""

from __future__ import annotations

from collections.abc import Iterator

PIECE = 6


def in_pieces(text: str, size: int = PIECE) -> Iterator[str]:
    """The text in pieces of a few characters, about as long as a model's tokens."""
    return (text[start : start + size] for start in range(0, len(text), size))
