"""`price`: what a run of a flow can take, before anything is asked.

Invariant: nothing is paid for, and no key is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flowreason import reading
from flowreason.cli import failures, flow_files, output
from flowreason.graph.bounds import ZERO

if TYPE_CHECKING:
    from flowreason.graph.price import Price


def price_file(file: Path, given: Sequence[str], model: str | None, tools: Path | None, *, as_data: bool) -> int:
    """Say what a flow can take; gives the exit code."""
    flow = flow_files.load(file, tools)
    inputs = reading.typed_inputs(given, {p.name: p.type for p in flow.parameters})
    price = flow.price(inputs, prices=_prices(model))
    output.emit(json.dumps(price.as_json(), ensure_ascii=False) if as_data else "\n".join(price_lines(price)))
    return failures.ANSWERED


def price_lines(price: Price) -> Iterator[str]:
    """The price as people read it: the summary, then what it does not say."""
    yield price.summary()
    if price.most == ZERO:
        return
    yield f"  one after the other: at most {_calls(str(price.critical_path))}"
    if price.depth or price.recursive:
        deep = f"up to {price.levels}, the limit" if price.recursive else str(price.depth)
        yield f"  flows within flows: {deep}"
    for name, meaning in price.symbols.items():
        yield f"  {name}: {meaning}"


def _calls(count: str) -> str:
    return f"{count} call" if count == "1" else f"{count} calls"


def _prices(model: str | None) -> tuple[float, float] | None:
    """What the model takes for a million tokens, where that is known; no key is needed for it."""
    from flowreason.config import load_settings
    from flowreason.providers.choose import DEFAULT_MODEL
    from flowreason.providers.prices import price_of

    settings = load_settings(model=model)
    name = settings.model or (DEFAULT_MODEL if settings.base_url is None else None)
    return None if name is None else price_of(name, settings.prices)
