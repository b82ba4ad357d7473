"""Where calls are scarce, items that were begun are finished before others begin; where they are not, nobody waits."""

from __future__ import annotations

import asyncio
import itertools
import random
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.keeping import Counting, events_of
from tests.virtual import Work, echo, now, virtual


def limited(text: str, calls: int, *, provider: Any = None, work: Work | None = None, **options: Any) -> fr.Result:
    work = work or Work()
    result = work.run(
        text, provider=provider or echo(latency=1), limits=fr.Limits(calls=calls), confirm=lambda *_: True, **options
    )
    assert result.usage.calls <= calls
    return result


def whole(result: fr.Result) -> int:
    """How many items have a value."""
    return sum(value is not None and None not in [*value] for value in result.value or [])


def at_random(seed: int) -> fr.ScriptedProvider:
    chance, count = random.Random(seed), itertools.count()
    return fr.ScriptedProvider(
        lambda r: "yes" if "fine" in r.messages[-1].content else f"r{next(count)}", latency=lambda _: chance.random()
    )


TWO = 'a = ask "a {n}"  yield ask "b {a} {n}"'
BODIES = {
    "two": (2, TWO),
    "three": (3, 'a = ask "a {n}"  b = ask "b {a} {n}"  yield ask "c {b} {n}"'),
    "two at once": (3, 'a = ask "a {n}"  b = ask "b {n}"  yield ask "c {a} {b}"'),
    "a sub-flow": (2, "yield sub(n)"),
    "a check": (2, 'yield ask "a {n}" ensure ask "Is {answer} fine for {n}?"'),
    "samples": (4, 'a = ask "a {n}" with samples=3  yield ask "b {a}"'),
    "a tool between": (2, 'a = ask "a {n}"  t = work("t {n}", 5, a)  yield ask "b {t} {n}"'),
    "a tool before": (2, 't = work("t {n}", n)  a = ask "a {t}"  yield ask "b {a} {n}"'),
    "Python between": (2, 'a = ask "a {n}"  t = `a + str(len(a))`  yield ask "b {t} {n}"'),
    "a loop in it": (4, 'a = ask "a {n}"  cs = for c in `[1, 2, 3]` yield ask "c {c} {a} {n}"  yield cs'),
    "rounds in it": (4, 'a = ask "a {n}"  repeat 2 { a = ask "again {a} {n}" }  yield ask "last {a} {n}"'),
    "effects in it": (2, 'a = ask "a {n}"  act("{a} {n}", 1)  yield ask "b {a} {n}"'),
}


@pytest.mark.parametrize("calls", [1, 4, 7, 9, 12, 13])
@pytest.mark.parametrize("body", BODIES)
def test_as_many_items_are_whole_as_the_calls_suffice_for(body: str, calls: int) -> None:
    need, steps = BODIES[body]
    text = f"flow f() {{ xs = for n in `[0, 1, 2, 3, 4, 5, 6, 7]` {{ {steps} }}\n answer xs }}\n{SUB}"
    for seed in range(3):
        result = limited(text, calls, provider=at_random(seed))
        assert (whole(result), result.usage.calls) == (min(8, calls // need), calls), result.value


SUB = 'flow sub(n: int) -> text { a = ask "a {n}"  answer ask "b {a} {n}" }'


def test_items_within_items_are_finished_from_the_outside_in() -> None:
    text = """
      flow f() {
        all = for n in `[0, 1, 2, 3]` {
          a = ask "a {n}"
          yield for m in `[0, 1, 2]` { b = ask "b {m} {a}"  yield ask "c {b} {n}" }
        }
        answer all
      }
    """
    for calls, items in ((7, 1), (14, 2), (20, 2), (21, 3)):
        result = limited(text, calls, provider=at_random(calls))
        complete = [item for item in result.value if item and None not in item]
        assert (len(complete), result.usage.calls) == (items, calls), result.value


def test_where_the_limit_covers_everything_nobody_waits() -> None:
    text = f"flow f(ns: list[int]) {{ xs = for n in ns {{ {TWO} }}\n answer xs }}"
    for calls, took in ((100, 2), (101, 2), (10_000, 2), (99, 3)):
        work = Work()
        result = limited(text, calls, work=work, inputs={"ns": list(range(50))})
        assert (work.took, whole(result)) == (took, min(50, calls // 2)), calls


def test_an_item_that_fails_hands_on_what_was_set_aside_for_it() -> None:
    text = 'flow f() { xs = for n in `[0, 1, 2, 3, 4, 5, 6, 7]` { a: int = ask "a {n}" with tries=1  yield ask "b {a} {n}" }\n answer xs }'
    provider = fr.ScriptedProvider(lambda r: "many" if "a 0" in r.messages[-1].content or "a 1" in r.messages[-1].content else "5", latency=1)  # fmt: skip
    result = limited(text, 8, provider=provider)
    assert (result.usage.calls, whole(result)) == (8, 3)


def test_calls_that_are_set_aside_for_those_who_wait_for_others_are_given_to_others() -> None:
    """The items of the second loop wait for the first one's, for which no calls are left beside theirs."""
    text = """
      flow f() {
        xs = for n in `[0, 1, 2]` { t = work("{n}", 1)  a = ask "c {t}"  yield ask "d {a} {n}" }
        ys = for n in `[0, 1, 2]` { a = ask "a {n}"  yield ask "b {a} {n}" given xs }
        answer ys
      }
    """
    for calls in range(1, 12):
        result = limited(text, calls, provider=at_random(calls))
        assert result.usage.calls == calls
        assert result.status == "limit"
    assert limited(text, 12, provider=at_random(0)).ok


def test_a_run_in_which_items_wait_for_a_person_waits_and_begins_no_others(tmp_path: Path) -> None:
    text = 'flow f() { xs = for n in `[0, 1, 2, 3, 4, 5]` { a = ask "a {n}"  u = ask user "And {a} {n}?"  yield ask "b {u} {n}" }\n answer xs }'
    provider, store = Counting(lambda asked: "yes"), str(tmp_path / "runs.db")
    more: dict[str, Any] = {"provider": provider, "store": store}
    begun = fr.loads(text).run(limits=fr.Limits(calls=4), confirm=lambda *_: True, **more)
    assert (begun.status, provider.count) == ("waiting", 2)
    answers = {f"{each.frame}/{each.node}": "so" for each in begun.pending}
    ended = fr.resume(begun.run_id, answers=answers, **more)
    while ended.status == "waiting":
        answers = {f"{each.frame}/{each.node}": "so" for each in ended.pending}
        ended = fr.resume(begun.run_id, answers=answers, **more)
    assert (ended.status, whole(ended), provider.count) == ("limit", 2, 4)
    assert events_of(fr.replay(begun.run_id, store=store)) == events_of(ended)


def test_what_is_known_of_a_run_that_goes_on_waits_for_no_calls(tmp_path: Path) -> None:
    text = f"flow f() {{ xs = for n in `[0, 1, 2, 3, 4, 5, 6, 7]` {{ {TWO} }}\n answer xs }}"
    provider, store = Counting(lambda asked: "yes"), str(tmp_path / "runs.db")
    cut = fr.loads(text).run(provider=provider, store=store, limits=fr.Limits(calls=7), confirm=lambda *_: True)
    assert whole(cut) == 3
    for calls, items in ((8, 4), (11, 5), (12, 6), (16, 8)):
        again = fr.resume(cut.run_id, provider=provider, store=store, limits=fr.Limits(calls=calls))
        assert (whole(again), provider.count) == (items, calls)


@pytest.mark.parametrize(
    "step", ["emulate `is_it(n, ret_type=str)`", "emulate `sub(n)`", "emulate `sub(n) + sub(n + 100)`"]
)
def test_items_that_wait_in_emulated_code_hold_up_nobody_for_ever(step: str) -> None:
    text = f"flow f() {{ xs = for n in `[0, 1, 2, 3]` {{ yield {step} }}\n answer xs }}\n{SUB}"
    flow, need = fr.loads(text), step.count("sub") * 2 or 1
    for calls in range(1, 6):
        provider = fr.ScriptedProvider(lambda r: '"yes"' if "is_it" in r.messages[-1].content else "yes")
        result = flow.run(
            provider=provider, unsafe_python=True, limits=fr.Limits(calls=calls, seconds=50), confirm=lambda *_: True
        )
        assert result.usage.calls == min(calls, 4 * need)
        assert result.ok == (calls >= 4 * need) and whole(result) >= (need == 1) * min(calls, 4)


def test_a_run_that_is_cancelled_while_items_wait_leaves_nothing_behind() -> None:
    text = f"flow f() {{ xs = for n in `[0, 1, 2, 3, 4, 5, 6, 7]` {{ {TWO} }}\n answer xs }}"

    async def main() -> None:
        flow = fr.loads(text)
        running = asyncio.ensure_future(
            flow.run_async(provider=echo(latency=1), limits=fr.Limits(calls=5), confirm=lambda *_: True)
        )
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert now() == 0.5

    virtual(main())
