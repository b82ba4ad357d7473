"""The app: how soon its first page can be used, whether its memory stays, and how soon a long run is there.

The first page is measured in a browser; without one there is no line for it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Row, alone
from tests.end_to_end.browser import CHROMIUM, browsing, served

_RUNS = """
import gc, os, sys, tempfile, time
from pathlib import Path
from flowreason_ui.orders import RunFlow
from flowreason_ui.stream import Viewer
from flowreason_ui.works import Works

FLOW = '''flow f(n: int = 0) -> int {{
  found: list[int] = for i in `range(200)` {{ yield `i * i + n` }}
  answer `sum(found)`
}}'''

def megabytes():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

def one(works, n):
    live = works.start(RunFlow(FLOW, inputs={{"n": n}}))
    viewer = Viewer(live)
    while not live.over:
        viewer.news()
        time.sleep(0.005)
    viewer.news()
    assert live.result is not None, live.error

with tempfile.TemporaryDirectory() as folder:
    works = Works(str(Path(folder) / "runs.db"))
    for n in range({before}):
        one(works, n)
    early = megabytes()
    for n in range({runs}):
        one(works, n)
    print(megabytes(), early)
    works.close()
"""
_OPENING = """
import json, sqlite3, tempfile, time
from pathlib import Path
import flowreason as fr
from flowreason_ui.orders import RunFlow
from flowreason_ui.stream import Viewer
from flowreason_ui.works import Works

FLOW = '''flow f(n: int = {items}) -> int {{
  found: list[int] = for i in `range(n)` {{ a = `i * i`  b = `a + 1`  yield `b % 7` }}
  answer `sum(found)`
}}'''

with tempfile.TemporaryDirectory() as folder:
    place = str(Path(folder) / "runs.db")
    works = Works(place)
    live = works.start(RunFlow(FLOW))
    while not live.over:
        time.sleep(0.05)
    assert live.result is not None, live.error
    run = live.run
    works.close()
    works = Works(place)
    began = time.process_time()
    again = works.find(run)
    while not again.over:
        time.sleep(0.002)
    read = time.process_time() - began
    viewer = Viewer(again)
    began = time.process_time()
    told = len(json.dumps([viewer.news() for _ in range(3)], ensure_ascii=False))
    shown = time.process_time() - began
    print(len(again.events), read * 1e3, shown * 1e3, told / 1e3)
    works.close()
"""


def first_page(turns: int = 3) -> Iterator[Row]:
    """From an address that is entered in a browser without a cache to the buttons of the first page."""
    if CHROMIUM is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with served(Path(folder)) as app, browsing() as browser:
            yield Row("the app answers, from its start", "s", time.perf_counter() - began, None, "≤ 3")
            taken, again = [], []
            for _ in range(turns):
                page = browser.page(apart=True)
                for times in (taken, again):
                    began = time.perf_counter()
                    page.goto(app.url)
                    page.locator(".st-key-question-text textarea").wait_for()
                    times.append(time.perf_counter() - began)
                page.context.close()
            yield Row("its first page, then once more in the same browser", "s", taken[0], min(again), "≤ 3")


def runs(before: int = 20, count: int = 50) -> Row:
    """As many runs as an app keeps at hand, then many more, each with somebody who looks on."""
    late, early = map(float, alone(_RUNS.format(before=before, runs=count)).split())
    return Row(f"memory of the app after {count} runs more, and before them", "MB", late, early, "≤ 1.1×")


def opening(items: int = 3200) -> Iterator[Row]:
    """A kept run of many events: read from the store, and told to who opens it, in time of the processor."""
    events, read, shown, size = map(float, alone(_OPENING.format(items=items)).split())
    name = f"a kept run of {events:,.0f} events"
    yield Row(f"{name}: read", "ms", read, None, "≤ 2,000")
    yield Row(f"{name}: told to a viewer ({size:,.0f} kB)", "ms", shown, None, "≤ 1,000")
