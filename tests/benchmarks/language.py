"""How fast texts become graphs: parsing in KB/s, and parsing, checking and lowering of 2,000 statements of each kind.

Time is that of the processor, the shortest of some turns. `by hand` is half the statements: twice as long is in
proportion.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from flowreason.graph.lower import lower
from flowreason_dsl.check import check
from flowreason_dsl.parser import parse
from flowreason_dsl.python import _facts
from tests.benchmarks.measure import Row
from tests.benchmarks.texts import KINDS

TURNS = 3


def least(act: Callable[[], object], turns: int = TURNS) -> float:
    """The shortest time of an act."""
    return min(_seconds(act) for _ in range(turns))


def _seconds(act: Callable[[], object]) -> float:
    _facts.cache_clear()  # what is known of Python that was read before
    began = time.process_time()
    act()
    return time.process_time() - began


def parsing() -> Row:
    """All kinds together."""
    texts = [kind(500) for kind in KINDS.values()]
    size = sum(len(text.encode()) for text in texts) / 1000
    return Row(
        "parsing, all kinds of flows", "KB/s", size / least(lambda: [parse(text) for text in texts]), None, "≥ 500"
    )


def lowering() -> Iterator[Row]:
    """Each kind, from its text to its graph."""
    for name, kind in KINDS.items():
        whole, half = ((least(lambda text=kind(count): lower(check(parse(text))))) for count in (2000, 1000))  # type: ignore[misc]
        yield Row(f"text to graph, 2,000 statements: {name}", "ms", whole * 1000, half * 1000, "≤ 1000")
