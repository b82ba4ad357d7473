"""The flowchart of a long run in a browser: frames a second while steps begin and end, and what the server does for it.

The number beside ours is that of the same page while nothing happens. Without a browser there is no line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import flowreason as fr
from tests.benchmarks.measure import Row
from tests.end_to_end.browser import CHROMIUM, browsing
from tests.end_to_end.drawn import SCRIPT, hear, live_of, shown

_FRAMES = """(seconds) => new Promise((done) => {
  let frames = 0
  const began = performance.now()
  const step = () => { frames += 1; performance.now() - began < seconds * 1000 ? requestAnimationFrame(step) : done(frames / seconds) }
  requestAnimationFrame(step)
})"""


def long_run(steps: int = 300, side_by_side: int = 10) -> tuple[fr.Flow, list[Any]]:
    """A flow of many steps, each of which waits for two others, and a run of it."""
    lines = []
    for n in range(steps):
        row, column = divmod(n, side_by_side)
        above = [f"s{(row - 1) * side_by_side + (column + by) % side_by_side}" for by in (0, 1)] if row else ["x"]
        lines.append(f'  s{n} = ask "Step {n} {" ".join(f"{{{each}}}" for each in above)}"')
    text = "flow long(x: text) -> text {\n" + "\n".join(lines) + f"\n  answer s{steps - 1}\n}}\n"
    events: list[Any] = []
    flow = fr.loads(text)
    flow.run(
        x="a",
        provider=fr.ScriptedProvider(default="yes"),
        on_event=events.append,
        limits=fr.Limits(calls=2000, tokens=10_000_000),
    )
    assert events[-1].kind == "run.finished"
    return flow, events


def chart(seconds: float = 5.0, a_second: int = 10) -> Iterator[Row]:
    if CHROMIUM is None or not SCRIPT.exists():
        return
    what = f"chart of 300 steps, {a_second} events a second"
    for fit, told in ((True, "all in sight"), (False, "what runs is followed")):
        frames, idle, worked = _watched(fit, seconds, a_second)
        yield Row(f"{what}, {told}", "frames/s", frames, idle, "≥ 30")
    yield Row("the same: what the server does for a viewer", "ms a second", worked / seconds * 1000, None, "≤ 500")


def _watched(fit: bool, seconds: float, a_second: int) -> tuple[float, float, float]:
    """Frames a second while a run goes on and while nothing happens; seconds that the server works."""
    flow, events = long_run()
    middle = len(events) // 2
    live = live_of(flow.graph, events[:middle])
    with browsing() as browser:
        page = browser.page()
        viewer = shown(page, live)
        if fit:
            page.get_by_role("button", name="Fit").click()
        page.wait_for_timeout(500)
        idle = page.evaluate(_FRAMES, seconds)
        messages, worked = _messages(live, viewer, events[middle:], round(seconds * a_second), a_second)
        page.evaluate(
            "(s) => { window.frames_seen = 0; (" + _FRAMES + ")(s).then((n) => { window.frames_seen = n }) }", seconds
        )
        began = time.perf_counter()
        for number, each in enumerate(messages):
            time.sleep(max(0.0, began + number / a_second - time.perf_counter()))
            hear(page, each)
        page.wait_for_function("window.frames_seen > 0")
        return page.evaluate("window.frames_seen"), idle, worked


def _messages(live: Any, viewer: Any, events: list[Any], count: int, a_second: int) -> tuple[list[Any], float]:
    """What a viewer is sent, event by event, while a run goes on; and the seconds that making it takes."""
    made, began = [], time.process_time()
    for number, event in enumerate(events[:count]):
        live.events.append(event)
        news = viewer.news(1.0 + number / a_second)
        json.dumps(news)
        made.append(news)
    return made, time.process_time() - began
