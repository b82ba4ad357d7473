"""`python -m tests.benchmarks [name …]`: the table, or the lines named."""

from __future__ import annotations

import asyncio
import inspect
import platform
import sys
import time

from tests.benchmarks import app, arriving, batch, chart, keeping, language, measure

ALL = (
    measure.importing, measure.chain, measure.fan, measure.memory, measure.loop, measure.decisions, measure.expressions,
    measure.asks, measure.distinct, measure.many_flows, measure.layered, measure.layered_narrow, measure.sandboxed,
    arriving.arriving, keeping.durable, batch.questions, language.parsing, language.lowering, chart.chart,
    app.first_page, app.runs, app.opening,
)  # fmt: skip


def main(names: list[str]) -> int:
    chosen = [each for each in ALL if not names or each.__name__ in names]
    if not chosen:
        print(f"there is nothing called {', '.join(names)}; there are: {', '.join(each.__name__ for each in ALL)}")
        return 2
    began = time.perf_counter()
    print(f"Python {platform.python_version()}. `by hand` is asyncio written for that one shape, in the same run;")
    print("for texts of 2,000 statements it is half of them.\n")
    print(f"{'what':58}{'unit':>11}{'ours':>10}{'by hand':>10}{'ratio':>8}  wanted")
    for each in chosen:
        made = each()
        for row in made if inspect.isgenerator(made) else [asyncio.run(made) if inspect.iscoroutine(made) else made]:
            print(line(row), flush=True)
    print(f"\n{time.perf_counter() - began:.0f} seconds, {measure.peak():.0f} MB")
    return 0


def line(row: measure.Row) -> str:
    """A line of the table."""
    digits = 3 if row.unit == "×" else 0 if row.unit == "calls" else 1
    bound = "" if row.bound is None else f"{row.bound:.{digits}f}"
    ratio = "" if not row.bound or row.unit in ("×", "calls") else f"{row.ours / row.bound:.1f}"
    return f"{row.what:58}{row.unit:>11}{row.ours:>10.{digits}f}{bound:>10}{ratio:>8}  {row.wanted}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
