"""`python -m flowreason_dsl.editors` writes `dsl/editors`; `--check` only says whether the files are up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from flowreason_dsl.editors import FILES

FOLDER = Path(__file__).parents[2] / "editors"


def main(arguments: list[str]) -> int:
    """Write or check the files; 1 where one is out of date."""
    for name, make in FILES.items():
        path = FOLDER / name
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != make():
                return 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
