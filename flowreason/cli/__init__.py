"""The command line: a thin layer over the public API.

Invariant: heavy libraries load only in the command that needs them, so that `flowreason --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    try:
        from flowreason.cli.app import run_command
        from flowreason.cli.output import settle

        code = run_command(list(sys.argv[1:] if arguments is None else arguments))
        settle()
    except KeyboardInterrupt:  # before or after a run; during one, it is cancelled in good order
        code = 130
    sys.exit(code)
