"""What is kept of a run is not paid for again: by resuming, running again after a change, forking, and replaying."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.keeping import Counting, events_of

EVERYTHING = """
tool put(x: text) -> text "puts"
pure tool weigh(x: text) -> int "weighs"
flow f(n: int) -> any {
  a = ask "Say A{n}" with temperature=0.9
  xs = for x in `range(n)` {
    y = ask "Item {x} after {a}"
    z = ask "again {y}" with temperature=0.5 ensure `len(z) > 1`
    yield z
  }
  v = ask "vote" given xs with vote=5
  s = ask "samples" with samples=3
  put(v)
  w = for y in xs yield weigh(y)
  repeat 3 { a = ask "more {a}" put(a) }
  b: int = ask "a number please" given xs, a ensure `b > 3`, "more than three"
  c = ```
    import math
    [math.sqrt(b)] * 500
  ```
  if ask "yes? {b}" { d = g(a) } else { d = "none" }
  e = ask "refuse this" else "fallback"
  answer "{a} {b} {v} {s} {c[3]} {d} {e} {w}"
}
flow g(q: text) -> text {
  x = ask "inner {q}" ensure ask "yes, is it good? {x}"
  answer ask "deep {x}"
}
"""
EMULATED = """
flow f(n: int) -> any {
  t = emulate ```
    total = 0
    for i in range(n):
        if is_good(i, ret_type=bool):
            total += 1
    total
  ```
  k = double(`n + 1`)
  m = `double(n) + 1`
  u = ask user "what now?"
  answer "{t} {k} {m} {u}"
}
flow double(n: int) -> int { answer `n * 2` }
"""
CUT = """
flow f(n: int) -> any {
  v = ask "vote" with vote=5
  s = ask "samples" with samples=6
  xs: list[text] = for x in `range(n)` { y = ask "Item {x}" z = ask "again {y}" yield z }
  d = ask "draft"
  repeat 5 until `score > 100` { d = ask "better {d}" score: int = ask "a number {d}" }
  answer "{v} {s} {xs} {d}"
}
"""
EARLY = 'flow f(n: int) -> any { for x in `range(n)` { y: int = ask "a number {x}" if `y > 5` { answer x } } answer "late" }'


def said(text: str) -> str:
    number = sum(text.encode())
    if "refuse" in text:
        return "REFUSED"
    if "number" in text or "whole" in text:
        return str(number % 10)
    if "yes" in text.lower():
        return "yes" if number % 3 else "no"
    return f"R{number % 100}"


def tools() -> tuple[list[str], list[Any]]:
    done: list[str] = []

    @fr.tool
    def put(x: str) -> str:
        done.append(x)
        return "ok"

    @fr.tool(pure=True)
    def weigh(x: str) -> int:
        return len(x)

    return done, [put, weigh]


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


# --- replaying ---


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("calls", [5, 11, 18, 200])
@pytest.mark.parametrize("text", [EVERYTHING, EMULATED, CUT, EARLY], ids=["everything", "emulated", "cut", "early"])
def test_a_run_is_replayed_event_for_event_without_a_call(text: str, calls: int, seed: int, store: str) -> None:
    done, given = tools()
    flow = fr.loads(text, tools=given if "tool" in text else [])
    live = flow.run(
        n=4, provider=Counting(said, seed=seed), store=store, limits=fr.Limits(calls=calls),
        confirm=lambda *_: True, ask_user=lambda *_: "fine",
    )  # fmt: skip
    before = list(done)
    again = fr.replay(live.run_id, store=store)
    assert events_of(again) == events_of(live)
    assert (again.status, again.value, again.partial) == (live.status, live.value, live.partial)
    assert done == before


def test_a_replay_of_something_else_is_told(store: str) -> None:
    flow = fr.loads('flow f() -> text { a = ask "one" b = ask "two {a}" answer b }')
    live = flow.run(provider=Counting(), store=store)
    asyncio.run(_drop_answers(store))
    with pytest.raises(fr.JournalMismatch, match="no longer in the store"):
        fr.replay(live.run_id, store=store)


async def _drop_answers(place: str) -> None:
    from sqlalchemy import delete

    from flowreason.store import open_store
    from flowreason.store.tables import ANSWERS

    with open_store(place)._engines[1].begin() as connection:
        connection.execute(delete(ANSWERS))


# --- running again ---


def test_running_again_without_a_change_asks_nothing_and_repeats_no_effect(store: str) -> None:
    done, given = tools()
    text = EVERYTHING.replace('ask "refuse this" else "fallback"', '"x"')
    provider = Counting(said)
    first = fr.loads(text, tools=given).run(n=4, provider=provider, store=store)
    count, effects = provider.count, list(done)
    again = fr.rerun(first.run_id, provider=provider, tools=given, store=store)
    assert (again.value, provider.count, done) == (first.value, count, effects)


def test_only_what_an_edit_changes_runs_again(store: str) -> None:
    text = 'flow f() -> text { a = ask "A" b = ask "B {a}" with temperature=1 c = ask "C" answer ask "D {b} {c}" }'
    provider = Counting()
    first = fr.loads(text).run(provider=provider, store=store)
    again = fr.rerun(first.run_id, flow=text.replace('"C"', '"C, please"'), provider=provider, store=store)
    asked = [request.messages[-1].content.split()[0] for request in provider.requests[4:]]
    assert sorted(asked) == ["C,", "D"]
    assert again.ok


def test_a_step_that_comes_to_the_same_value_cuts_off_what_depends_on_it(store: str) -> None:
    text = 'flow f() -> text { a: bool = ask "Is it so?" b = ask "So {a}" with temperature=1 answer b }'
    provider = Counting(lambda asked: "yes" if "it so" in asked else "because")
    first = fr.loads(text).run(provider=provider, store=store)
    again = fr.rerun(first.run_id, flow=text.replace("Is it", "Is it really, is it"), provider=provider, store=store)
    assert (again.value, provider.count) == (first.value, 3)


def test_a_fork_works_again_only_at_what_depends_on_the_changed_step(store: str) -> None:
    text = """
    flow f(n: int) -> text {
      xs = for x in `range(n)` { y = ask "Item {x}" z = ask "After {y}" yield z }
      w = `len(xs)`
      answer ask "All: {xs} {w}"
    }"""
    provider = Counting()
    first = fr.loads(text).run(n=3, provider=provider, store=store)
    count = provider.count
    forked = fr.fork(first.run_id, "y", "other", frame="f/xs[1]", provider=provider, store=store)
    assert forked.ok
    assert [r.messages[-1].content[:5] for r in provider.requests[count:]] == ["After", "All: "]
    assert fr.fork(first.run_id, "w", 7, provider=provider, store=store).ok
    assert provider.count == count + 3
    assert events_of(fr.replay(forked.run_id, store=store)) == events_of(forked)


# --- flows that one step calls several times ---

CALLED = """
flow f() -> any { c = emulate `[h("a"), h("b"), h("c"), h("d")]` answer c }
flow h(k: text) -> text { x = ask "who {k}?" answer x }
"""


def test_every_call_of_a_flow_by_one_step_has_an_outcome_of_its_own(store: str) -> None:
    provider = Counting()
    whole = fr.loads(CALLED).run(provider=provider, store=None)
    cut = fr.loads(CALLED).run(provider=provider, store=store, limits=fr.Limits(calls=2), confirm=lambda *_: True)
    ended = fr.resume(cut.run_id, provider=provider, store=store, limits=fr.Limits(calls=9))
    assert len(set(whole.value)) == 4
    assert (ended.value, provider.count) == (whole.value, 8)
    assert events_of(fr.replay(cut.run_id, store=store)) == events_of(ended)


def test_a_person_is_asked_by_every_call_of_a_flow(store: str) -> None:
    flow = fr.loads(CALLED.replace('ask "who', 'ask user "who'))
    run = flow.run(provider=Counting(), store=store).run_id
    for said in "ABC":
        assert fr.resume(run, answers=said, provider=Counting(), store=store).status == "waiting"
    assert fr.resume(run, answers="D", provider=Counting(), store=store).value == ["A", "B", "C", "D"]


def test_checks_that_ask_are_told_apart_by_resuming_and_replaying(store: str) -> None:
    text = 'flow f() -> text { s: int = ask "a number" with vote=3, tries=2 ensure ask "fair {s}?" answer "{s}" }'
    asked: list[str] = []

    def say(question: str) -> str:
        asked.append(question)
        return ("no" if "1" in question else "yes") if "fair" in question else str(1 + asked.count(question) % 2)

    live = fr.loads(text).run(provider=Counting(say), store=store, limits=fr.Limits(calls=2), confirm=lambda *_: True)
    assert events_of(fr.replay(live.run_id, store=store)) == events_of(live)
    ended = fr.resume(live.run_id, provider=Counting(say), store=store, limits=fr.Limits(calls=50))
    assert events_of(fr.replay(live.run_id, store=store)) == events_of(ended)
    assert ended.ok


# --- answers of other runs ---


def test_an_answer_that_left_nothing_to_chance_is_everybodys_and_free(store: str) -> None:
    flow = fr.loads('flow f() -> text { a = ask "A" answer ask "B {a}" }')
    provider = Counting()
    first, second = (flow.run(provider=provider, store=store) for _ in range(2))
    assert (second.value, provider.count) == (first.value, 2)
    assert second.usage == fr.Usage(0, 0, 0, 0.0)
    assert [e.data["cached"] for e in second.events if e.kind == "node.reply"] == [True, True]


@pytest.mark.parametrize(
    ("setting", "options", "origin"),
    [(" with temperature=0.5", {}, "here"), ("", {"cache": False}, "here"), ("", {}, "")],
    ids=["drawn", "switched off", "no server"],
)
def test_other_answers_are_asked_for_anew_by_every_run(
    setting: str, options: dict[str, Any], origin: str, store: str
) -> None:
    flow = fr.loads(f'flow f() -> text {{ answer ask "A"{setting} }}')
    provider = Counting(origin=origin)
    for _ in range(2):
        flow.run(provider=provider, store=store, **options)
    assert provider.count == 2


def test_another_server_is_asked_anew(store: str) -> None:
    flow = fr.loads('flow f() -> text { answer ask "A" }')
    here, there = Counting(origin="here"), Counting(origin="there")
    flow.run(provider=here, store=store)
    flow.run(provider=there, store=store)
    assert (here.count, there.count) == (1, 1)


def test_what_another_model_answered_instead_is_nobody_elses(store: str) -> None:
    class StandIn(Counting):
        async def complete(self, request: fr.Request, notify: Any = None) -> fr.Reply:
            notify("fallback", {"from": "m", "to": "n", "why": "busy"})
            return await super().complete(request, notify)

    flow = fr.loads('flow f() -> text { answer ask "A" }')
    provider = StandIn()
    for _ in range(2):
        flow.run(provider=provider, store=store)
    assert provider.count == 2


def test_equal_requests_of_runs_at_the_same_time_are_one_call(store: str) -> None:
    flow = fr.loads('flow f() -> text { answer ask "A" }')
    provider = Counting()
    provider.pause = 0.2

    async def both() -> list[fr.Result]:
        return await asyncio.gather(*(flow.run_async(provider=provider, store=store) for _ in range(20)))

    results = asyncio.run(both())
    assert provider.count == 1
    assert {r.value for r in results} == {results[0].value}
    assert sum(r.usage.calls for r in results) == 1


def test_a_run_that_is_cancelled_does_not_lose_the_call_that_another_waits_for(store: str) -> None:
    flow = fr.loads('flow f() -> text { answer ask "A" }')
    provider = Counting()
    provider.pause = 0.3

    async def one_of_two() -> fr.Result:
        first = asyncio.ensure_future(flow.run_async(provider=provider, store=store))
        await asyncio.sleep(0.03)
        second = asyncio.ensure_future(flow.run_async(provider=provider, store=store))
        await asyncio.sleep(0.03)
        first.cancel()
        return await second

    assert asyncio.run(one_of_two()).ok
    assert provider.count == 1


# --- persons ---


def test_a_run_without_a_person_waits_and_goes_on_when_they_have_answered(store: str) -> None:
    text = """
    flow f() -> text {
      first = ask user "Your name?"
      greeting = ask "Greet {first}"
      age: int = ask user "Your age?"
      answer "{greeting} {age}"
    }"""
    provider = Counting()
    begun = fr.loads(text).run(provider=provider, store=store)
    assert (begun.status, [p.question for p in begun.pending], provider.count) == ("waiting", ["Your name?"], 0)
    assert fr.run_info(begun.run_id, store=store).status == "waiting"
    second = fr.resume(begun.run_id, answers="Ada", provider=provider, store=store)
    assert [p.node for p in second.pending] == ["age"]
    third = fr.resume(begun.run_id, answers={"age": "old"}, provider=provider, store=store)
    assert "no number" in third.pending[0].question
    last = fr.resume(begun.run_id, answers={"age": "36"}, provider=provider, store=store)
    assert last.ok
    assert last.answer.endswith(" 36")
    assert provider.count == 1
    with pytest.raises(fr.UsageError, match="has its answer already"):
        fr.resume(begun.run_id, provider=provider, store=store)


def test_what_does_not_need_the_person_is_done_before_the_run_waits(store: str) -> None:
    text = """
    flow f() -> text {
      who = ask user "Who?"
      xs = for x in `range(5)` { y = ask "Item {x}" z = ask "After {y}" yield z }
      answer "{who} {xs}"
    }"""
    provider = Counting()
    assert fr.loads(text).run(provider=provider, store=store).status == "waiting"
    assert provider.count == 10


def test_a_run_that_is_made_from_another_asks_the_person_nothing_anew(store: str) -> None:
    flow = fr.loads('flow f() -> text { a = ask "A" b = ask user "B?" c = ask user "C {a}?" answer "{a} {b} {c}" }')
    provider = Counting()
    run = flow.run(provider=provider, store=store).run_id
    fr.resume(run, answers="x", provider=provider, store=store)
    ended = fr.resume(run, answers="y", provider=provider, store=store)
    again = fr.rerun(ended.run_id, provider=provider, store=store)
    assert (again.answer, provider.count) == (ended.answer, 1)
    assert events_of(fr.replay(again.run_id, store=store)) == events_of(again)
    forked = fr.fork(again.run_id, "a", "other", provider=provider, store=store)
    assert [p.question for p in forked.pending] == ["C other?"]


def test_an_answer_names_a_step_that_asks(store: str) -> None:
    waiting = fr.loads('flow f() -> text { a = ask user "A?" b = ask user "B?" answer "{a}{b}" }')
    run = waiting.run(provider=Counting(), store=store)
    with pytest.raises(fr.UsageError, match="asks nothing"):
        fr.resume(run.run_id, answers={"c": "x"}, provider=Counting(), store=store)
    assert fr.resume(run.run_id, answers={"a": "x"}, provider=Counting(), store=store).pending[0].node == "b"


# --- effects ---


def interrupted(tool: Any, begun: list[str], store: str) -> str:
    """A run that is stopped while its tool is at work; its id."""
    flow = fr.loads('flow f() -> text { a = ask "A" b = act(a) answer "{a} {b}" }', tools=[tool])

    async def stopped() -> None:
        running = asyncio.ensure_future(flow.run_async(provider=Counting(), store=store))
        while not begun:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(stopped())
    return fr.runs(store=store)[0].id


def acting(**options: Any) -> tuple[list[str], Any]:
    done: list[str] = []

    @fr.tool(**options)
    async def act(x: str) -> str:
        done.append(x)
        if len(done) == 1:
            await asyncio.sleep(60)
        return "acted"

    return done, act


def test_an_effect_whose_end_is_not_known_is_asked_about(store: str) -> None:
    done, act = acting()
    run = interrupted(act, done, store)
    waiting = fr.resume(run, provider=Counting(), tools=[act], store=store)
    assert (waiting.status, waiting.pending[0].kind, len(done)) == ("waiting", "became", 1)
    assert "act(x=" in waiting.pending[0].question
    ended = fr.resume(run, answers="it was acted", provider=Counting(), tools=[act], store=store)
    assert (ended.answer.split(" ", 1)[1], len(done)) == ("it was acted", 1)


def test_an_effect_is_repeated_where_the_person_says_so(store: str) -> None:
    done, act = acting()
    run = interrupted(act, done, store)
    ended = fr.resume(run, ask_user=lambda *_: "repeat", provider=Counting(), tools=[act], store=store)
    assert (ended.ok, len(done)) == (True, 2)


def test_a_repeatable_effect_is_repeated_without_a_word(store: str) -> None:
    done, act = acting(repeatable=True)
    assert fr.resume(interrupted(act, done, store), provider=Counting(), tools=[act], store=store).ok
    assert len(done) == 2


def test_a_tool_that_takes_the_key_is_given_the_same_one_again(store: str) -> None:
    keys: list[str] = []

    @fr.tool
    async def act(x: str, idempotency_key: str) -> str:
        keys.append(idempotency_key)
        if len(keys) == 1:
            await asyncio.sleep(60)
        return "acted"

    assert fr.resume(interrupted(act, keys, store), provider=Counting(), tools=[act], store=store).ok
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_an_effect_waits_for_consent_and_is_not_asked_for_twice(store: str) -> None:
    done, given = tools()
    flow = fr.loads('flow f() -> text { put("a") b = ask user "And?" put(b) answer "done" }', tools=given)
    asked: list[str] = []

    def agree(text: str, _type: str) -> str:
        asked.append(text)
        return "yes"

    waiting = flow.run(provider=Counting(), store=store, approve=True)
    assert (waiting.pending[0].kind, done) == ("consent", [])
    ended = fr.resume(waiting.run_id, provider=Counting(), tools=given, store=store, approve=True, ask_user=agree)
    assert (ended.ok, done) == (True, ["a", "yes"])
    assert sum('put(x="a")' in text or "put(x=a)" in text for text in asked) == 1


def test_without_consent_nothing_happens(store: str) -> None:
    done, given = tools()
    flow = fr.loads('flow f() -> text { put("a") answer "done" }', tools=given)
    refused = flow.run(provider=Counting(), store=store, approve=True, ask_user=lambda *_: "no")
    assert (refused.ok, done) == (False, [])
    assert "did not agree" in str(refused.error)


def test_a_resumed_run_is_given_its_tools_again(store: str) -> None:
    done, act = acting()
    run = interrupted(act, done, store)
    with pytest.raises(fr.UsageError, match="give them again"):
        fr.resume(run, provider=Counting(), store=store)
    assert fr.run_info(run, store=store).alive is False


# --- limits ---


def test_limits_count_over_the_whole_run(store: str) -> None:
    flow = fr.loads('flow f() -> any { xs = for x in `range(10)` yield ask "{x}" answer xs }')
    provider = Counting()
    run = flow.run(provider=provider, store=store, limits=fr.Limits(calls=4), confirm=lambda *_: True)
    assert (run.status, provider.count) == ("limit", 4)
    again = fr.resume(run.run_id, provider=provider, store=store)
    assert (again.status, provider.count) == ("limit", 4)
    more = fr.resume(run.run_id, provider=provider, store=store, limits=fr.Limits(calls=40))
    assert (more.ok, provider.count) == (True, 10)
    assert fr.run_info(run.run_id, store=store).standing.usage.calls == 10


def test_a_session_in_which_the_person_had_answered_before_is_replayed_as_well(store: str) -> None:
    flow = fr.loads('flow f() -> any { a = ask user "A?" b: int = ask user "B?" answer "{a} {b}" }')
    run = flow.run(provider=Counting(), store=store).run_id
    for answers in ({"a": "x"}, {"b": "many"}, {"b": "3"}):
        last = fr.resume(run, answers=answers, provider=Counting(), store=store)
    assert last.value == "x 3"
    again = fr.replay(run, store=store)
    assert (again.value, events_of(again)) == (last.value, events_of(last))


def test_what_a_step_hands_to_a_flow_is_kept_where_it_does_not_fit(store: str) -> None:
    text = """
    flow f() -> any { c = `double("x") + 1` else "none" answer c }
    flow double(n: int) -> int { m = `n * 2` answer m }"""
    live = fr.loads(text).run(provider=Counting(), store=store)
    assert live.value == "none"
    assert events_of(fr.replay(live.run_id, store=store)) == events_of(live)
