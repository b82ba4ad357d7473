"""The card: the language on one page for models, as the last section of the reference says it.

`python -m flowreason_dsl.card` writes `card.md`; `--check` only says whether it is up to date. Invariant: the card
holds nothing that does not stand in the reference.
"""

from __future__ import annotations

import sys
from pathlib import Path

REFERENCE = Path(__file__).parents[1] / "REFERENCE.md"
CARD = Path(__file__).with_name("card.md")

_BEGIN = "<!-- the card -->\n"
_END = "<!-- the end of the card -->\n"


def card(reference: str) -> str:
    """The card as it stands in the text of the reference, where its title is one of several."""
    page = reference.partition(_BEGIN)[2].partition(_END)[0]
    if not page.startswith("### "):
        raise ValueError("the reference holds no card: its last section stands between two marks, and has a title")
    return page.removeprefix("##")


def main(arguments: list[str]) -> int:
    """Write or check the card; 1 where it is out of date."""
    made = card(REFERENCE.read_text(encoding="utf-8"))
    if "--check" in arguments:
        return 0 if CARD.read_text(encoding="utf-8") == made else 1
    CARD.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
