"""Where output goes: the answer on stdout, plain; everything else on stderr.

Invariant: stdout holds nothing but what a program would read; colours only where a person looks and `NO_COLOR` is
unset. What others wrote moves no cursor and turns no line around: where a person looks, control characters are shown as
what they are, marks without a meaning.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


_CONTROLS = "\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_CONTROL = re.compile(f"[{_CONTROLS}\x1b]")
_BUT_COLOURS = re.compile(rf"[{_CONTROLS}]|\x1b(?!\[[0-9;]*m)")


def visible(text: str, *, coloured: bool = False) -> str:
    """Text for a terminal: lines and tabs stay, and where we have coloured it ourselves, colours; no other control."""
    return (_BUT_COLOURS if coloured else _CONTROL).sub("\ufffd", text)


def make_sure_of_streams() -> None:
    """Where whoever started us closed a stream (`>&-`), nothing goes there; no file that is opened takes its place."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115


def use_utf8() -> None:
    """Write UTF-8 whatever the locale says, and never fail on half a surrogate pair."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def emit(text: str, *, coloured: bool = False) -> None:
    """Write a text to stdout, ending with one newline; as it is where a program reads it."""
    text = visible(text, coloured=coloured) if sys.stdout.isatty() else text
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def note(text: str, *, coloured: bool = False) -> None:
    """Write a line to stderr."""
    print(visible(text, coloured=coloured), file=sys.stderr, flush=True)


def complain(text: str, prefix: str = "error: ") -> None:
    """Say on stderr what is wrong."""
    note(prefix + text)


def console(*, no_color: bool = False) -> Console:
    """The terminal that the person looks at."""
    from rich.console import Console

    return Console(stderr=True, no_color=True if no_color or os.environ.get("NO_COLOR") else None, highlight=False)


def page(*, no_color: bool = False) -> Console:
    """Stdout for what people read: as wide as the terminal, plain where it goes elsewhere."""
    from rich.console import Console

    plain = no_color or not may_colour(sys.stdout)
    return Console(
        width=width(), no_color=True if plain else None, color_system=None if plain else "auto", highlight=False
    )


def width() -> int:
    """The columns that there are; many where nobody looks, so that little is cut off."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 160


def may_colour(stream: TextIO) -> bool:
    """Whether a person looks at the stream and wants colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def reader_has_gone(error: BaseException) -> bool:
    """Whether typer left because nobody reads our output any more: it makes an exit of that."""
    return isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)


def settle() -> None:
    """What could not be written is given up, so that it does not fail once more when the process ends."""
    try:
        sys.stdout.flush()
    except OSError:
        leave_quietly()


def leave_quietly() -> None:
    """The reader of our output has gone, as in `flowreason examples | head -1`: nobody is there to be told."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
