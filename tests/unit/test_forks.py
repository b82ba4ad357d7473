"""Forks: whatever has a value can be given another, wherever it stands, and only what depends on it is done anew."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.frames import VALUE, Frame
from flowreason.engine.replay import Replay
from flowreason.forking import has_value
from flowreason.graph import ops
from flowreason.graph.model import Node
from flowreason.kept_events import last_session
from flowreason.replaying import gone_through
from flowreason.resuming import kept_flow, the_store
from tests.keeping import Counting, events_of

EVERYTHING = """
tool put(x: text) -> text "puts"
flow main(n: int = 3) -> any {
  d = "x"
  if `n > 2` {
    d = ask "A"
    if `n > 5` { e = "1" } else { e = ask "e" with temperature=0.5 }
    d = `d + e`
  } else { d = "b" }
  repeat n until `len(d) > 99` { d = ask "more {d}" }
  total = 0
  xs = for i in `range(n)` {
    total = `total + i`
    if `i == 1` { yield h("{i}") }
    put("{i}")
    yield ask "q {i}" ensure ask "ok {d}?"
  }
  nested = for a in `range(2)` { for b in `range(2)` { yield "{a}{b}" } }
  c = emulate `[h("a"), h("b")]`
  k = `double(n) + 1`
  for y in xs { if `len(y) > 40` { answer y } }
  v = ask "vote" given xs with vote=3
  z = ask "z" else "none"
  match d { "a" { w = 1 } else { w = 2 } }
  d, xs -> z
  put(z)
  answer "{d} {xs} {nested} {total} {c} {k} {v} {w} {z}"
}
flow h(k: text) -> text { x = ask "who {k}?" answer x }
flow double(n: int) -> int { m = `n * 2` answer m }
"""


def said(text: str) -> str:
    return "yes" if "ok" in text else f"R{sum(text.encode()) % 100}"


def putting() -> tuple[list[str], Any]:
    done: list[str] = []

    @fr.tool
    def put(x: str) -> str:
        done.append(x)
        return "ok"

    return done, put


def question(request: fr.Request) -> str:
    """The word by which the asks of the flow are told apart."""
    lines = "\n".join(message.content for message in request.messages).splitlines()
    return next(line.split()[0] for line in lines if line.split()[:1] and line.split()[0] in WORDS)


WORDS = {"A", "e", "more", "q", "ok", "who", "vote", "z"}


@pytest.fixture
def store(tmp_path: Any) -> str:
    return str(tmp_path / "runs.db")


def replayed(run: str, store: str) -> Replay:
    """A replay of a run, with what every node of every frame came to."""

    async def go() -> Replay:
        kept = the_store(store)
        info = await kept.run(run)
        return await gone_through(kept, info, kept_flow(info.plan), (await last_session(kept, info))[1])

    return asyncio.run(go())


def places(run: str, store: str) -> Iterator[tuple[Frame, Node, Any]]:
    """Every node that came to a value, in every frame of a run, with what a fork would be told of it."""
    for frame in replayed(run, store).frames.values():
        for i, node in enumerate(frame.plan.nodes):
            if node.id in frame.plan.flow.nodes and frame.plan.flow.nodes[node.id] is node and frame.state[i] == VALUE:
                value = frame.values[i]
                if isinstance(node.op, ops.Decide) and node.op.kind == "match":
                    value = frame.values[frame.plan.first[i]]
                elif isinstance(node.op, ops.Decide) and node.op.kind != "rescue":
                    value = value == "true"
                yield frame, node, value


def test_every_node_of_every_frame_can_be_given_what_it_had_and_nothing_is_done_again(store: str) -> None:
    done, put = putting()
    provider = Counting(said)
    first = fr.loads(EVERYTHING, tools=[put]).run(provider=provider, store=store)
    count, effects, seen = provider.count, list(done), set()
    most, tried = (10**6 if os.environ.get("FLOWREASON_FORKS") == "all" else 2), Counter()  # of one kind, equally deep
    for frame, node, value in places(first.run_id, store):
        kind = type(node.op), frame.path.count("/")
        if not has_value(node) or tried[kind] >= most:
            continue
        tried[kind] += 1
        forked = fr.fork(first.run_id, node.id, value, frame=frame.path, provider=provider, tools=[put], store=store)
        where = f"{frame.path} {node.id}"
        given = [(e.frame, e.node) for e in forked.events if e.kind == "node.given"]
        assert (given, forked.value) == ([(frame.path, node.id)], first.value), where
        assert (provider.count, done) == (count, effects), where
        assert events_of(fr.replay(forked.run_id, store=store)) == events_of(forked), where
        seen.add(type(node.op))
    assert seen >= {
        ops.Input, ops.Constant, ops.Ask, ops.Python, ops.Emulate, ops.CallFlow, ops.CallTool, ops.Fill, ops.Loop,
        ops.Join, ops.Out, ops.Head, ops.Item, ops.Decide, ops.Pass, ops.YieldValue, ops.Answer,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "node", "value", "asked"),
    [
        ("main", "d.join", "J", ["more", "more", "more", "ok", "z"]),
        ("main", "d.out", "O", ["ok", "z"]),
        ("main", "xs", ["g"], ["vote", "vote", "vote", "z"]),
        ("main", "nested", ["1"], []),
        ("main/c/h~2", "x", "other", []),
        ("main/c/h", "k", "z", ["who"]),
        ("main/k/double", "m", 100, []),
        ("main/xs[1]/h#1/h", "x", "other", ["vote", "vote", "vote", "z"]),
        ("main/xs[0]/ask#1/main.ensure#1", "ask#1", False, ["q", "vote", "vote", "vote", "z"]),
        ("main/xs[1]", "if#3", False, ["vote", "vote", "vote", "z"]),
        ("main/repeat#1[1]", "d.head", "H", ["more", "more", "ok", "z"]),
        ("main", "if#1", False, ["more", "more", "more", "ok", "z"]),
        ("main", "match#1", "a", []),
        ("main", "answer#2", "done", []),
    ],
)
def test_another_value_asks_for_what_depends_on_it_alone(
    frame: str, node: str, value: Any, asked: list[str], store: str
) -> None:
    _, put = putting()
    provider = Counting(said)
    first = fr.loads(EVERYTHING, tools=[put]).run(provider=provider, store=store)
    count = provider.count
    forked = fr.fork(first.run_id, node, value, frame=frame, provider=provider, tools=[put], store=store)
    new = sorted(map(question, provider.requests[count:]))
    assert (forked.ok, new) == (True, asked), forked.error
    assert forked.value != first.value


FAILING = """
flow f() -> any {
  a = ask "refuse this"
  xs = for x in `range(2)` yield ask "refuse {a} {x}"
  answer ask "All: {xs}"
}
"""


@pytest.mark.parametrize(("node", "value"), [("a", "x"), ("xs", ["y"]), ("answer#1", "z")])
def test_a_value_takes_the_place_of_a_failure_and_of_what_failed_before_it(node: str, value: Any, store: str) -> None:
    refused = Counting(lambda asked: "REFUSED" if "refuse this" in asked else "R")
    first = fr.loads(FAILING).run(provider=refused, store=store)
    assert first.status == "failed"
    forked = fr.fork(first.run_id, node, value, provider=refused, store=store)
    assert forked.ok, forked.error
    assert events_of(fr.replay(forked.run_id, store=store)) == events_of(forked)


def test_what_stands_on_a_way_that_is_not_taken_stays_there(store: str) -> None:
    flow = fr.loads('flow f(n: int = 1) -> any { if `n > 5` { a = ask "A" } else { a = "b" } answer a }')
    first = flow.run(provider=Counting(), store=store)
    forked = fr.fork(first.run_id, "a", "other", provider=Counting(), store=store)
    assert (forked.value, [e for e in forked.events if e.kind == "node.given"]) == ("b", [])


def test_a_loop_that_is_given_its_list_still_leaves_its_names_and_has_its_effects(store: str) -> None:
    done, put = putting()
    text = """
    tool put(x: text) -> text "puts"
    flow f() -> any {
      last = "none"
      xs = for x in `["a", "b"]` { put(x) last = x yield ask "{x}" }
      ys = for x in `["c", "d"]` yield ask "{x}"
      answer "{xs} {ys} {last}"
    }"""
    provider = Counting(lambda asked: "R")
    first = fr.loads(text, tools=[put]).run(provider=provider, store=store)
    one = fr.fork(first.run_id, "xs", [1], provider=provider, tools=[put], store=store)
    assert (one.value, done) == ('[1] ["R", "R"] b', ["a", "b"])
    two = fr.fork(one.run_id, "ys", [2], provider=provider, tools=[put], store=store)
    assert (two.value, provider.count, done) == ("[1] [2] b", 4, ["a", "b"])
    rounds = [e.frame for e in two.events if e.kind == "frame.opened"]
    assert rounds == ["f", "f/xs[0]", "f/xs[1]"]


def test_a_fork_is_resumed_run_again_and_forked_with_its_values(store: str) -> None:
    text = """
    flow f() -> any { c = emulate `[h("a"), h("b")]` w = ask user "Well?" answer "{c} {w}" }
    flow h(k: text) -> text { x = ask "who {k}?" y = ask "then {x}" answer y }"""
    provider = Counting()
    first = fr.loads(text).run(provider=provider, store=store, ask_user=lambda *_: "w")
    count = provider.count
    forked = fr.fork(first.run_id, "x", "me", frame="f/c/h~2", provider=provider, store=store, may_ask=False)
    assert (forked.ok, provider.count) == (True, count + 1)
    again = fr.rerun(forked.run_id, provider=provider, store=store)
    third = fr.fork(again.run_id, "x", "you", frame="f/c/h", provider=provider, store=store)
    assert (again.value, provider.count) == (forked.value, count + 2)
    assert third.value not in (first.value, forked.value)
    for each in (forked, again, third):
        assert events_of(fr.replay(each.run_id, store=store)) == events_of(each)


def test_a_value_is_given_inside_of_a_flow_that_was_written_while_the_run_went_on(store: str) -> None:
    inner = 'flow part() -> text { one = ask "One" answer ask "Two {one}" }'
    text = 'flow f() -> any { a = solve "Do it" t = ask "text" b = run t answer "{a} {b}" }'
    provider = Counting(lambda asked: inner if "Do it" in asked or asked == "text" else f"R{len(asked)}")
    first = fr.loads(text).run(provider=provider, store=store)
    assert first.ok, first.error
    count = provider.count
    for frame, other in ("f/a/part", 1), ("f/b/part", 0):
        forked = fr.fork(first.run_id, "one", "another value", frame=frame, provider=provider, store=store)
        assert forked.value.split()[other] == first.value.split()[other]
        assert forked.value != first.value
        assert events_of(fr.replay(forked.run_id, store=store)) == events_of(forked)
    assert provider.count == count + 1


def test_the_frame_may_be_left_out_where_one_alone_has_the_node(store: str) -> None:
    text = """
    flow f() -> any { xs = for x in `range(2)` { y = ask "{x}" yield y } c = once(1) answer "{xs} {c}" }
    flow once(i: int) -> int { n = `i + 1` answer n }"""
    first = fr.loads(text).run(provider=Counting(), store=store)
    assert fr.fork(first.run_id, "n", 7, provider=Counting(), store=store).value.endswith(" 7")
    with pytest.raises(fr.UsageError, match=r"2 times; name the frame that is meant: f/xs\[0\], f/xs\[1\]"):
        fr.fork(first.run_id, "y", "z", provider=Counting(), store=store)


TOLD = """
tool put(x: text) -> text "puts"
flow f() -> any {
  d = ask "A"
  for x in `["a"]` { put(x) }
  repeat 2 { d = ask "B {d}" }
  while `len(d) > 99` max 3 { d = ask "C" break }
  xs = for x in `range(2)` yield ask "{x}" else "none"
  if `len(xs) > 7` { answer d }
  answer never(xs)
}
flow never(xs: list[text]) -> text { if `len(xs) > 9` { q = again("1") } answer "x" }
flow again(r: text) -> text { s = r answer s }
"""


@pytest.mark.parametrize(
    ("node", "value", "frame", "told"),
    [
        ("nothing", 1, None, "there is no node 'nothing'; these have a value: d, "),
        ("nothing", 1, "f/xs[0]", "no node 'nothing' in that frame; these have a value: ask#"),
        ("d", 1, "f/nope[3]", "there is no frame 'f/nope"),
        ("d", 1, "f/xs[99]", "there is no frame"),
        ("d", 1, "///", "there is no frame"),
        ("s", 1, None, "the run never came to 's'"),
        ("repeat#1", 1, None, "the loop repeat#1 collects nothing, so it has no value; what it leaves can be changed: d.out"),
        ("for#1", 1, None, "the loop for#1 collects nothing, so it has no value; these have a value: d, "),
        ("effects.head", 1, "f/for#1[0]", "only says where the flow goes on"),
        ("repeat#1.next", 1, "f/repeat#1[0]", "only says where the flow goes on, and has no value; these have a value: "),
        ("xs", 5, None, r"the value of xs must be list\[any\]"),
        ("if#1", "perhaps", None, "the value of if#1 must be bool"),
        ("else#1", "perhaps", "f/xs[0]", 'the value of else#1 must be "failed" | "fine"'.replace("|", r"\|")),
        ("d", object(), None, "the value of d must be text"),
        ("python#1", object(), None, "the value of python#1 cannot be kept"),
    ],
)  # fmt: skip
def test_what_cannot_be_forked_says_what_can(node: Any, value: Any, frame: Any, told: str, store: str) -> None:
    _, put = putting()
    provider = Counting(lambda asked: "R")
    first = fr.loads(TOLD, tools=[put]).run(provider=provider, store=store)
    assert first.ok, first.error
    with pytest.raises(fr.UsageError, match=told):
        fr.fork(first.run_id, node, value, frame=frame, provider=provider, tools=[put], store=store)
    assert len(fr.runs(store=store)) == 1
