"""What a piece prints, kept in memory up to a limit."""

from __future__ import annotations


class Stop(BaseException):
    """What ends a piece from outside of it, whatever it is about."""


class OutputFull(Stop):
    """More was printed than is allowed. No `except Exception` of a piece catches it."""


class Printed:
    """Stands in for standard output."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, most: int) -> None:
        self._parts: list[str] = []
        self.most = most
        self._left = most

    def write(self, text: str) -> int:
        """Keep a text. Raises `OutputFull`."""
        self._left -= len(text)
        if self._left < 0:
            raise OutputFull(f"more than {self.most:,} characters were printed")
        self._parts.append(str(text))
        return len(text)

    def flush(self) -> None:
        """Nothing waits to be written."""

    def isatty(self) -> bool:
        return False

    def text(self) -> str:
        return "".join(self._parts)
