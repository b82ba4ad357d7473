"""What is kept of one run, or of one time, is not taken for another: of runs made from others, used files, persons."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.keeping import Counting, events_of
from tests.unit.test_kept_runs import tools


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def replays(run: fr.Result, store: str) -> None:
    assert events_of(fr.replay(run.run_id, store=store)) == events_of(run)


def test_an_effect_of_the_run_before_counts_once_however_often_the_new_run_is_gone_on_with(store: str) -> None:
    done, given = tools()
    more: dict[str, Any] = {"provider": Counting(), "tools": given, "store": store}
    first = fr.loads('flow f() -> any { put("x") answer "once" }', tools=given).run(provider=Counting(), store=store)
    text = 'flow f() -> any { put("x") a = ask user "A?" put("x") b = ask user "B?" put("x") answer "{a} {b}" }'
    again = fr.rerun(first.run_id, flow=text, **more)
    assert (again.status, done) == ("waiting", ["x"])
    again = fr.resume(again.run_id, answers="a", **more)
    assert (again.status, done) == ("waiting", ["x", "x"])
    again = fr.resume(again.run_id, answers="b", **more)
    assert (again.value, done) == ("a b", ["x", "x", "x"])
    replays(again, store)


def test_python_that_calls_a_flow_of_another_file_depends_on_that_file(tmp_path: Path, store: str) -> None:
    (tmp_path / "doubles.flow").write_text("flow double(n: int) -> int { answer `n * 2` }")
    text = 'use "doubles.flow"\nflow f() -> any { a = `double(4) + 1` b = ask "B {a}" answer "{a}" }'
    first = fr.loads(text, root=tmp_path).run(provider=Counting(), store=store)
    (tmp_path / "doubles.flow").write_text("flow double(n: int) -> int { answer `n * 200` }")
    again = fr.rerun(first.run_id, flow=fr.loads(text, root=tmp_path), provider=Counting(), store=store)
    assert (first.value, again.value) == ("9", "801")
    replays(again, store)


ASKS_AGAIN = """
flow f() -> any {
  m: int = inner(3) else `0`
  a: int = ask user "How many, after {m}?"
  b = ask user "And then, {a}?"
  answer "{m} {a} {b}"
}
flow inner(d: int) -> int {
  if `d < 1` { answer 5 }
  answer inner(`d - 1`)
}
"""


def test_of_several_things_a_person_said_the_one_that_was_taken_is_replayed(store: str) -> None:
    """With other limits the question is another one, and what was said to the first stays where it is."""
    more: dict[str, Any] = {"provider": Counting(), "store": store}
    shallow, deep = fr.Limits(depth=2), fr.Limits(depth=9)
    run = fr.loads(ASKS_AGAIN).run(limits=shallow, **more).run_id
    said = [
        ("many", shallow, "after 0"),
        ("2", shallow, "And then, 2"),
        (None, deep, "after 5"),
        ("7", deep, "And then, 7"),
    ]
    made = []
    for answers, limits, asks in said:
        made.append(fr.resume(run, answers=answers, limits=limits, **more))
        assert asks in made[-1].pending[0].question
    made.append(fr.resume(run, answers="x", limits=deep, **more))
    assert made[-1].value == "5 7 x"
    for number, live in enumerate(made, 2):
        assert events_of(fr.replay(run, session=number, store=store)) == events_of(live)


WITHOUT = """
tool note(x: int) -> int "notes"
flow f() {
  a = helper()
  b = ask "slow {a}"
  c = again(b)
  answer c
}
flow helper() -> text {
  ys = for j in `range(2)` { k = note(j) yield ask "odd {j}" }
  answer "nothing of it"
}
flow again(b: text) -> list[text] { xs = for j in `range(2)` { yield ask "odd {j}" given b } answer xs }
"""


def test_replies_that_come_when_nobody_waits_for_them_any_more_are_told_kept_and_replayed(store: str) -> None:
    @fr.tool
    def note(x: int) -> int:
        """notes"""
        return x

    class Slow(fr.ScriptedProvider):
        origin = "here"

    model = Slow(default="so", latency=lambda request: 0.3 if "slow" in str(request) else 0.05)
    run = fr.loads(WITHOUT, tools=[note]).run(provider=model, store=store)
    assert run.ok, run.error
    late = [e.kind for e in run.events if e.frame.startswith("f/a/helper/ys") and e.node == "ask#1"][-4:]
    assert late == ["node.cancelled", "node.cancelled", "node.reply", "node.reply"]
    assert run.usage.calls == len(model.requests) == 5
    replays(run, store)


def test_a_draw_that_was_sent_and_is_not_needed_counts_in_a_run_that_is_kept_as_in_any(store: str) -> None:
    class Drawn(fr.ScriptedProvider):
        origin = "here"

    def run(place: str | None) -> fr.Usage:
        delays = iter([0.0, 0.01, 0.02, 5, 5])
        model = Drawn(default="blue", latency=lambda _: next(delays))
        return fr.loads('flow f() { answer ask "Which?" with vote=5 }').run(provider=model, store=place).usage

    assert run(store) == run(None)
    kept = fr.run_info("last", store=store).standing.usage
    assert kept.calls == 5 and kept == fr.replay("last", store=store).usage


def test_what_was_under_way_when_the_process_was_killed_counts_as_used(store: str) -> None:
    from flowreason.kept_events import used_in
    from flowreason.store import open_store

    class Killed(BaseException):
        """As if the process ended here: nothing more is written."""

    class Hangs(Counting):
        async def complete(self, request: fr.Request, notify: Any = None) -> fr.Reply:
            if "third" in request.messages[-1].content:
                await kept.commit(claims[0])
                held.set()
                await asyncio.sleep(3600)
            return await super().complete(request, notify)

    async def main() -> tuple[int, int]:
        model = Hangs()
        run = asyncio.ensure_future(
            fr.loads('flow f() { a = ask "first" b = ask "second {a}" c = ask "third {b}" answer c }').run_async(
                provider=model, store=kept, on_run=lambda id: claims.append(next(c for c in living() if c.run == id))
            )
        )
        await held.wait()
        info = await kept.run("last")
        used = await used_in(kept, info, 1)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        return used.calls, used.completion_tokens

    def living() -> list[Any]:
        return list(kept._writer._living.values())

    claims: list[Any] = []
    held = asyncio.Event()
    kept = open_store(store)
    assert asyncio.run(main()) == (2, 5), "one that is told as answered, and one that is told as sent"
