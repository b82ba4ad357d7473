"""`python -m flowreason_dsl.codes` writes `dsl/DIAGNOSTICS.md`; `--check` only says whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from flowreason_dsl.codes.document import document

PAGE = Path(__file__).parents[2] / "DIAGNOSTICS.md"


def main(arguments: list[str]) -> int:
    """Write or check the page; 1 where it is out of date."""
    if "--check" in arguments:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        return 0 if current == document() else 1
    PAGE.write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
