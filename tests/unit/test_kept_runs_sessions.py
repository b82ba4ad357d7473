"""Each session of a kept run is replayed as it was: with its own limits, whatever the others had."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

import flowreason as fr
from flowreason.store import open_store
from flowreason.store.tables import EVENTS
from tests.keeping import Counting, events_of
from tests.unit.test_kept_runs import CUT, EVERYTHING, said, tools

DEEP = """
flow f() -> any {
  a = down(4) else "too deep"
  b = ask "B {a}"
  c = down(2) else "too deep"
  d = `down(3)` else "too deep"
  answer "{a} {b} {c} {d}"
}
flow down(n: int) -> text { if `n < 1` { answer "down" } rest = down(`n - 1`) answer "{rest}." }
"""
LONG = """
flow f() -> any {
  a = for x in `range(6)` { yield `x * 2` } else "too long"
  b = ask "B {a}"
  c = for x in `range(3)` { yield ask "{x} {b}" } else "too long"
  answer "{a} {b} {c}"
}
"""


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def sessions(text: str, store: str, limits: list[dict[str, int]]) -> list[fr.Result]:
    """A run that is stopped by its calls again and again, and goes on with other limits each time."""
    flow = fr.loads(text)
    made = [flow.run(provider=Counting(), store=store, limits=fr.Limits(**limits[0]), confirm=lambda *_: True)]
    for each in limits[1:]:
        made.append(fr.resume(made[0].run_id, provider=Counting(), store=store, limits=fr.Limits(**each)))
    return made


CASES = [
    (DEEP, [{"calls": 0, "depth": 3}, {"calls": 0, "depth": 16}, {"depth": 2}]),
    (LONG, [{"calls": 0, "rounds": 4}, {"calls": 1, "rounds": 50}, {"rounds": 5}]),
]


@pytest.mark.parametrize(("text", "limits"), CASES, ids=["depth", "rounds"])
def test_every_session_is_replayed_with_the_limits_that_it_had(text: str, limits: Any, store: str) -> None:
    made = sessions(text, store, limits)
    assert made[-1].ok and "too" in made[-1].value
    assert len({json.dumps([e[0] for e in events_of(each)]) for each in made}) == 3, "they evaluate different things"
    for number, live in enumerate(made, 1):
        assert events_of(fr.replay(live.run_id, session=number, store=store)) == events_of(live)


def test_a_session_that_says_no_limits_is_replayed_with_those_of_its_plan(store: str) -> None:
    """Runs that were kept before sessions said them."""
    text, _ = CASES[0]
    [live] = sessions(text, store, [{"depth": 3}])
    asyncio.run(_forget_limits(store))
    again = fr.replay(live.run_id, store=store)
    told = {(e.kind, e.frame, e.node): dict(e.data) for e in live.events}
    began = told["run.started", "", ""]
    assert (began.pop("limits"), began.pop("session")) == ({"depth": 3, "rounds": 10_000}, 1)
    assert {(e.kind, e.frame, e.node): dict(e.data) for e in again.events} == told


LACKING = """
flow f() -> any {
  s = ask "samples" with samples=4
  v = ask "vote" with vote=3
  n = ```
    import math
    [math.sqrt(len(present(s)))] * 3
  ```
  xs = for x in `range(3)` { yield ask "{x} {v}" }
  k = `twice(len(present(xs))) + 1`
  answer "{s} {n} {xs} {k}"
}
flow twice(i: int) -> int { answer `i * 2` }
"""


@pytest.mark.parametrize("text", [EVERYTHING, CUT, LACKING], ids=["everything", "cut", "lacking"])
@pytest.mark.parametrize("calls", [(2, 3, 90), (5, 12, 13, 90), (6, 90), (1, 8, 90)])
def test_earlier_sessions_are_replayed_as_they_were_though_later_ones_found_more(
    text: str, calls: tuple[int, ...], store: str
) -> None:
    _, given = tools()
    flow = fr.loads(text, tools=given if "tool" in text else [])
    inputs: dict[str, Any] = {"n": 4} if "n: int" in text else {}
    more: dict[str, Any] = {"store": store, "unsafe_python": True}
    limits = [fr.Limits(calls=each) for each in calls]
    made = [flow.run(inputs, provider=Counting(said), limits=limits[0], confirm=lambda *_: True, **more)]
    for seed, each in enumerate(limits[1:]):
        if made[-1].ok:
            break
        again = fr.resume(made[0].run_id, provider=Counting(said, seed=seed), limits=each, tools=given if flow.tools else [], **more)  # fmt: skip
        made.append(again)
    assert made[-1].ok and not made[0].ok
    for number, live in enumerate(made, 1):
        replayed = fr.replay(live.run_id, session=number, store=store)
        assert events_of(replayed) == events_of(live)
        assert (replayed.status, replayed.value, replayed.partial) == (live.status, live.value, live.partial)


CUT_INSIDE = """
flow f() -> any {
  c = emulate `sum(h(k) for k in range(2))`
  d = ask "number {c}" with tries=2 ensure few(d) else "all of them"
  answer "{c} {d}"
}
flow h(k: int) -> int { xs: list[int] = ask "number {k}" with samples=3  answer `sum(present(xs))` }
flow few(d: text) -> bool { xs = ask "Is {d} few?" with samples=3  answer `len(present(xs)) < 3` }
"""


@pytest.mark.parametrize("calls", range(1, 14))
def test_what_is_put_together_from_what_a_limit_cut_short_is_put_together_anew(calls: int, store: str) -> None:
    flow, more = fr.loads(CUT_INSIDE), {"store": store, "unsafe_python": True}
    whole = flow.run(provider=Counting(said), store=None, unsafe_python=True, limits=fr.Limits(calls=None))
    assert whole.value.endswith("all of them") and whole.usage.calls == 14
    cut = flow.run(provider=Counting(said), limits=fr.Limits(calls=calls), confirm=lambda *_: True, **more)
    assert cut.status == "limit"
    ended = fr.resume(cut.run_id, provider=Counting(said), limits=fr.Limits(calls=None), **more)
    assert ended.value == whole.value
    for number, live in enumerate((cut, ended), 1):
        assert events_of(fr.replay(cut.run_id, session=number, store=store)) == events_of(live)


async def _forget_limits(place: str) -> None:
    with open_store(place)._engines[1].begin() as connection:
        for (kept,) in connection.execute(select(EVENTS.c.events)).all():
            short = [each[:4] if each[0] == "run.started" else each for each in json.loads(kept)]
            connection.execute(update(EVENTS).where(EVENTS.c.events == kept).values(events=json.dumps(short)))
