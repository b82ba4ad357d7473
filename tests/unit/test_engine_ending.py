"""How runs end: an answer stops what nobody needs, cancelling stops everything, and nothing is left behind or told by half."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

import flowreason as fr
from flowreason import values
from flowreason.engine.environment import Environment
from flowreason.engine.journal import Journal
from flowreason.engine.scheduler import Run
from flowreason.graph import ops
from flowreason.graph.model import FlowGraph, Graph, Node, Read, Region
from flowreason.ports import Usage
from flowreason.sandbox.choose import choose
from tests.virtual import Work, echo, now, virtual

ENDS = ("node.done", "node.failed", "node.cancelled", "node.skipped")


def unended(events: Any) -> set[tuple[str, str]]:
    """Nodes that began and whose end was never told."""
    begun = {(e.frame, e.node) for e in events if e.kind == "node.started"}
    return begun - {(e.frame, e.node) for e in events if e.kind in ENDS}


# --- an answer ends a flow ---


def test_an_early_answer_stops_what_still_runs() -> None:
    work = Work()
    result = work.run(
        'flow f() { x = work("slow", 9)\n y = work("quick", 1)\n if `y == "quick"` { answer y }\n answer x }'
    )
    assert (result.value, work.took, work.cancelled) == ("quick", 1, {"slow": 1})
    assert not unended(result.events)
    assert [e.node for e in result.events if e.kind == "node.cancelled"] == ["x"]


def test_an_early_answer_of_a_sub_flow_stops_its_own_work_and_no_other() -> None:
    work = Work()
    text = """
      flow main() {
        a = inner()
        b = work("other", 3)
        answer "{a} {b}"
      }
      flow inner() -> text {
        xs = for n in `[7, 8]` yield deeper(n)
        if `1 > 0` { answer "early" }
        answer "{xs}"
      }
      flow deeper(n: int) -> text { answer work("{n}", n) }
    """
    result = work.run(text)
    assert (result.value, work.took) == ("early other", 3)
    assert work.ended.keys() == {"other"}
    assert not unended(result.events)


def test_calls_that_wait_for_a_place_are_not_sent_after_the_answer() -> None:
    """64 calls go at once; the answer comes with the first reply, and the rest is never paid for."""
    provider = fr.ScriptedProvider(default="yes", latency=lambda request: 1 if "first" in str(request) else 9)
    text = """
      flow f(ns: list[int]) {
        first = ask "The first?"
        xs = for n in ns yield ask "Number {n}?"
        if `first == "yes"` { answer "enough" }
        answer "{xs}"
      }
    """
    result = Work().run(text, provider=provider, inputs={"ns": list(range(200))}, limits=fr.Limits(calls=None))
    assert result.value == "enough"
    assert len(provider.requests) == 64
    assert not unended(result.events)


def test_effects_written_before_the_answer_happen_before_it() -> None:
    work = Work()
    result = work.run('flow f() { act("pack", 5)\n answer "done" }')
    assert (result.value, work.ended, work.took) == ("done", {"pack": 5}, 5)


def test_calls_that_were_sent_and_not_waited_for_count_as_used() -> None:
    provider = fr.ScriptedProvider(default="yes", latency=lambda request: 1 if "first" in str(request) else 9)
    text = 'flow f() { a = ask "The first?"\n b = ask "Not needed?"\n if `a == "yes"` { answer a }\n answer b }'
    result = Work().run(text, provider=provider)
    assert (result.value, result.usage.calls, len(provider.requests)) == ("yes", 2, 2)
    [unanswered] = [event for event in result.events if event.kind == "node.unanswered"]
    assert unanswered.node == "b"
    assert result.usage.prompt_tokens > unanswered.data["prompt_tokens"] > 0


# --- cancelling ---


NESTED = """
  flow main() {
    a = work("a", 50)
    b = inner()
    c = ask "A long question?"
    d = ask "Another?" ensure checked(d), "no"
    e = ask "Which?" with vote=3
    answer "{a}{b}{c}{d}{e}"
  }
  flow inner() -> text {
    xs = for n in `[1, 2]` { first = work("i{n}", 50)  yield first }
    answer "{xs}"
  }
  flow checked(x: text) -> bool { answer `x == "y"` }
"""


def test_cancelling_the_task_stops_everything_at_once_and_leaves_nothing() -> None:
    work, events = Work(), []

    async def main() -> None:
        flow = fr.loads(NESTED, tools=work.tools)
        run = asyncio.create_task(flow.run_async({}, provider=echo(latency=50), on_event=events.append))
        await asyncio.sleep(2)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert now() == 2

    virtual(main())
    assert work.cancelled == {"a": 2, "i1": 2, "i2": 2}
    assert [e.kind for e in events if e.kind.startswith("run.")] == ["run.started", "run.cancelled"]
    assert events[-1].kind == "run.cancelled"
    assert not unended(events)


def test_cancelling_reaches_a_flow_that_a_check_runs() -> None:
    work = Work()
    text = """
      flow main() { x = ask "Which?" ensure slowly(x), "no"  answer x }
      flow slowly(x: text) -> bool { y = work("check", 50)  answer `len(y) > 0` }
    """

    async def main() -> None:
        flow = fr.loads(text, tools=work.tools)
        run = asyncio.create_task(flow.run_async({}, provider=echo()))
        await asyncio.sleep(3)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    virtual(main())
    assert work.cancelled == {"check": 3}


def test_cancelling_solve_while_the_flow_is_being_written_leaves_nothing() -> None:
    async def main() -> None:
        run = asyncio.create_task(fr.solve_async("How wide is the Rhine?", provider=echo(latency=9)))
        await asyncio.sleep(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    virtual(main())


def test_a_tool_that_will_not_be_cancelled_changes_nothing_any_more() -> None:
    @fr.tool(pure=True, waits=True)
    async def stubborn() -> str:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            return "too late"
        return "never"

    provider = echo()
    text = (
        'flow f() { x = stubborn()\n y = ask "About {x}?"\n z = work("w", 1)\n if `z == "w"` { answer z }\n answer y }'
    )
    work = Work()
    work.tools.append(stubborn)
    result = work.run(text, provider=provider)
    assert (result.value, provider.requests) == ("w", [])
    assert not unended(result.events)


class Session:
    """A sandbox that says whether it was given back."""

    def __init__(self) -> None:
        self.open = 0

    name = "counting"

    async def session(self, limits: Any) -> Any:
        self.open += 1
        return self

    async def run(self, task: Any, call: Any = None) -> Any:
        await asyncio.sleep(9)

    async def emulate(self, task: Any, host: Any) -> Any:
        await asyncio.sleep(9)

    async def close(self) -> None:
        self.open -= 1


@pytest.mark.parametrize("end", ["cancel", "answer", "limit"])
def test_the_sandbox_session_is_given_back_however_the_run_ends(end: str) -> None:
    sandbox = Session()

    async def main() -> None:
        text = "flow f(end: text) { x = ```\nimport math\nmath.pi\n```\n if `end == 'answer'` { answer 1 }\n answer x }"
        limits = fr.Limits(seconds=2 if end == "limit" else None)
        run = asyncio.create_task(
            fr.loads(text).run_async({"end": end}, provider=echo(), sandbox=sandbox, limits=limits)  # type: ignore[arg-type]
        )
        await asyncio.sleep(1)
        if end == "cancel":
            run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    virtual(main())
    assert sandbox.open == 0


# --- limits end a run ---


def test_the_limit_of_seconds_stops_everything() -> None:
    work = Work()
    result = work.run('flow f() { a = work("a", 50)\n answer a }', limits=fr.Limits(seconds=3))
    assert (result.status, work.cancelled["a"]) == ("limit", pytest.approx(3, abs=0.1))
    assert result.error is not None
    assert result.error.limit == "seconds"
    assert not unended(result.events)
    assert result.events[-1].kind == "run.failed"


# --- votes ---


def test_a_vote_stops_when_it_is_decided() -> None:
    delays = iter([1, 2, 3, 50, 50])
    provider = fr.ScriptedProvider(default="blue", latency=lambda request: next(delays))
    work = Work()
    result = work.run('flow f() { answer ask "Which colour?" with vote=5 }', provider=provider)
    assert (result.value, work.took) == ("blue", 3)
    [vote] = [e for e in result.events if e.kind == "node.vote"]
    assert dict(vote.data) == {"count": 3, "of": 3, "cancelled": 2}
    assert result.usage.calls == len(provider.requests) == 5, "those that were sent and cancelled may be paid for"


def test_a_vote_that_replies_from_before_decide_sends_nothing() -> None:
    text = """
flow f() { a = ask "Which?" with vote=3
    answer again(a) }
flow again(a: text) { if `a == "blue"` { c = ask "Which?" with vote=3
        answer c }
    answer "" }
"""
    delays = iter([1, 2, 50])
    provider = fr.ScriptedProvider(default="blue", latency=lambda request: next(delays))
    result = Work().run(text, provider=provider)
    assert (result.value, len(provider.requests)) == ("blue", 3), "the draw that was cancelled is not paid for again"


def test_samples_are_independent_and_one_that_fails_is_null() -> None:
    replies = iter(["4", "many", "6", "many", "many"])
    provider = fr.ScriptedProvider(lambda request: next(replies))
    result = Work().run(
        'flow f() { xs: list[int] = ask "How many?" with samples=3\n answer `len(xs)` }', provider=provider
    )
    assert result.value == 3
    assert [item.index for item in result.failed_items] == [1]
    assert [request.sample for request in provider.requests[:3]] == [0, 1, 2]


# --- a fault of ours must not hang ---


def graph_that_stands_still() -> Graph:
    """`answer` reads a node that nothing ever gives a value: two that wait for each other."""
    about = {"region": "f"}
    nodes = {
        "a": Node("a", ops.Pick(()), reads=(Read("b", "b"),), **about),
        "b": Node("b", ops.Pick(()), reads=(Read("a", "a"),), **about),
        "answer": Node("answer", ops.Answer(), reads=(Read("value", "a"),), **about),
    }
    return Graph("f", {"f": FlowGraph("f", nodes, {"f": Region("f", "flow")})})


def environment(**more: Any) -> Environment:
    return Environment(provider=echo(), sandbox=choose("auto", unsafe=True), **more)


def test_a_run_that_stands_still_is_a_bug_that_is_raised() -> None:
    with pytest.raises(AssertionError, match="standstill"):
        virtual(Run(graph_that_stands_still(), environment(), Journal()).run({}))


def test_a_flow_called_from_work_that_stands_still_is_raised_while_other_work_goes_on() -> None:
    class Compiler:
        async def solve(self, *_: Any) -> Graph:
            await asyncio.sleep(1)
            return graph_that_stands_still()

    work = Work()
    flow = fr.loads('flow f() { x = work("slow", 50)\n y = solve "What now?"\n answer "{x}{y}" }', tools=work.tools)
    made = environment(compiler=Compiler(), tools=flow.tools)
    with pytest.raises(AssertionError, match="standstill"):
        virtual(Run(flow.graph, made, Journal()).run({}))
    assert work.cancelled == {"slow": 1}


# --- events ---


def test_events_are_numbered_plain_data_without_keys() -> None:
    heard: list[fr.Event] = []
    key = "sk-secret-of-the-harbour"
    work = Work()
    result = work.run(
        NESTED.replace("50", "1"), provider=echo(latency=1, reply="y"), on_event=heard.append, api_key=key
    )
    assert result.ok, result.error
    assert list(result.events) == heard
    assert [event.seq for event in heard] == list(range(len(heard)))
    assert all(a.time <= b.time for a, b in pairwise(heard))
    for event in heard:
        assert key not in str(values.encode(dict(event.data)))
    assert not unended(heard)
    opened = [e.frame for e in heard if e.kind == "frame.opened"]
    assert set(opened) >= {"main", "main/b/inner", "main/b/inner/xs[0]"}
    assert any(frame.startswith("main/d/") and frame.endswith("/checked") for frame in opened)
    assert sorted(opened) == sorted(e.frame for e in heard if e.kind == "frame.closed")


def test_usage_is_the_sum_of_the_replies() -> None:
    reply = fr.Reply("yes", Usage(1, 10, 2, 0.5))
    text = 'flow f() { a = ask "a"\n b = ask "b"\n c = ask "a"\n answer "{a}{b}{c}" }'
    result = Work().run(text, provider=fr.ScriptedProvider(default=reply))
    assert result.usage == Usage(2, 20, 4, 1.0)
