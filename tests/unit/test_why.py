"""What is known of why a run came to its answer, without a call: from runs of which the right analysis is known."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.store import open_store
from flowreason.why.told import Why
from tests.asked import Asked


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def ran(text: str, model: Asked, store: str, **more: Any) -> fr.Result:
    flow = fr.loads(text, tools=more.pop("tools", ()))
    return flow.run(provider=model, store=store, confirm=lambda *_: True, **more)


def looked_at(text: str, model: Asked, store: str, **more: Any) -> Why:
    """Why a run of a flow came to its answer, as far as that needs no call."""
    result, before = ran(text, model, store, **more), model.count
    found = fr.why(result.run_id, store=store, provider=model, calls=0)
    assert model.count == before
    return found


def names(steps: Any) -> list[str]:
    return [step.name or step.node for step in steps]


# --- what the answer depends on ---

LETTER = """
flow f() -> text {
  mood: "glad" | "cross" = ask "the mood?"
  idle = ask "the weather?"
  if `mood == "cross"` { tone = ask "a soft tone?" } else { tone = ask "a merry tone?" }
  remark = ask "a remark on {idle}?"
  answer ask "write it {tone}"
}
"""


def test_the_answer_depends_on_the_ways_that_were_taken_and_on_nothing_else(store: str) -> None:
    model = Asked(
        {"mood": "cross", "weather": "mild", "soft": "soft", "merry": "merry", "remark": "so", "write": "Dear"}
    )
    found = looked_at(LETTER, model, store)
    assert names(found.depends) == ["ask#1", "tone", "mood"]
    assert set(names(found.without)) == {"idle", "remark"}
    (branch,) = found.branches
    assert (branch.condition, branch.way, branch.seen) == ('mood == "cross"', "yes", (("mood", "cross"),))
    assert any("`idle` (line 4), `remark` (line 6) have no influence" in each for each in found.summary)


def test_an_item_of_a_list_came_from_its_own_round_alone(store: str) -> None:
    text = """
    flow f() -> any {
      xs = for x in `[1, 2, 3]` { y = ask "first {x}?" yield y }
      zs = for x in xs { z = ask "then {x}?" yield z }
      answer `zs[1]`
    }"""
    found = looked_at(text, Asked({"first": "a", "then": "b"}), store)
    assert len(found.depends) == 6  # the list is one value
    run = ran(text, model := Asked({"first": ["a"], "then": "b"}), store)
    before = model.count
    why = fr.why(run.run_id, store=store, provider=model, calls=20, node="y")
    assert [probe.outcome for probe in why.probes] == ["stable"] * 3
    assert model.count - before == 3


def test_a_flow_of_python_alone_rests_on_no_question(store: str) -> None:
    found = looked_at("flow f() -> int { a = `1 + 1` answer `a * 2` }", Asked({}), store)
    assert (found.depends, found.probes, found.untried) == ((), (), ())
    assert "no question to a model" in " ".join(found.summary)


def test_an_answer_inside_of_a_loop_rests_on_the_rounds_before_it(store: str) -> None:
    text = """
    flow f() -> text {
      for x in `["a", "b", "c"]` {
        good: bool = ask "is {x} good?"
        if good { answer x }
      }
      answer "none"
    }"""
    found = looked_at(text, Asked({"is a": "no", "is b": "yes", "is c": "no"}), store)
    assert [step.frame for step in found.depends] == ["f/for#1[1]", "f/for#1[0]"]
    assert found.loops[0].ended == "answer"


def test_what_was_done_to_the_world_has_influence_on_what_is_seen_of_it(store: str) -> None:
    table: list[str] = []

    @fr.tool
    def put(thing: str) -> bool:
        table.append(thing)
        return True

    @fr.tool
    def look() -> list[str]:
        return list(table)

    text = """
    flow f() -> text {
      first = ask "what first?"
      place(first)
      seen = look()
      last = ask "what last?"
      put(last)
      answer "{seen}"
    }
    flow place(thing: text) -> bool { done = put(thing) answer true }
    """
    found = looked_at(text, Asked({"first": "cup", "last": "jug"}), store, tools=[put, look])
    assert (names(found.depends), names(found.without)) == (["first"], ["last"])


# --- how sure steps were ---


def test_votes_samples_and_replies_that_were_sent_back_are_told(store: str) -> None:
    text = """
    flow f() -> any {
      v: bool = ask "vote?" with vote=5
      s: list[int] = ask "samples?" with samples=3
      r: int = ask "retry?" ensure `r < 10`, "less than ten"
      w = sample 4 { yield ask "round?" }
      answer `[v, s, r, w]`
    }"""
    replies = {"vote": ["yes", "no", "yes", "no", "yes"], "samples": ["4", "5", "4"], "round": ["x", "y", "y", "y"]}
    model = Asked({**replies, "does not do": "3", "retry": "30"})
    found = {each.step.name: each for each in looked_at(text, model, store).agreement}
    vote, samples, retry, rounds = found["v"], found["s"], found["r"], found["w"]
    assert (vote.how, vote.agreed, vote.of) == ("vote", 3, 5)
    assert [(g.value, g.count) for g in vote.groups] == [(True, 3), (False, 2)]
    assert (samples.how, samples.agreed, samples.of) == ("samples", 2, 3)
    assert (rounds.how, rounds.agreed, rounds.of) == ("rounds", 3, 4)
    assert (retry.how, retry.rejected) == ("retries", ("less than ten",))


# --- loops ---

REFINED = """
flow f() -> text {
  draft = "the cat sat on the mat and looked at the moon all night long without a word"
  score = 0
  repeat 5 until `score >= 8` {
    draft = ask "better {draft}"
    score: int = ask "score {draft}"
  }
  answer draft
}
"""


def test_each_round_tells_what_it_changed_and_why_there_was_no_other(store: str) -> None:
    first = "the cat sat on the mat and looked at the stars all night long without a word"
    second = "the cat sat on the mat and looked at the stars"
    replies = {"score the cat sat on the mat and looked at the stars all": "5", "score": "9", "moon": first}
    model = Asked({**replies, "better": second})
    (loop,) = looked_at(REFINED, model, store).loops
    assert (loop.count, loop.of, loop.ended) == (2, 5, "until")
    assert "score >= 8 held" in loop.because
    changes = [{change.name: change for change in each.changes} for each in loop.rounds]
    assert changes[0]["draft"].diff == "… looked at the [-moon-]{+stars+} all night long without a word"
    assert (changes[0]["score"].before, changes[0]["score"].after, changes[1]["score"].diff) == (0, 5, "5 → 9")
    assert changes[1]["draft"].after == second


@pytest.mark.parametrize(
    ("loop", "ended", "rounds"),
    [
        ("for x in `[1, 2]` { n = `n + x` }", "items", 2),
        ("repeat 3 { n = `n + 1` }", "count", 3),
        ("repeat 9 until `n > 3` { n = `n + 2` }", "until", 2),
        ("while `n < 100` max 4 { n = `n + 1` }", "max", 4),
        ("while `n < 3` max 9 { n = `n + 1` }", "while", 3),
        ("for x in `[1, 2, 3]` { n = `n + x` if `n > 2` { break } }", "break", 2),
        ("for x in `[]` { n = `n + x` }", "items", 0),
    ],
)  # fmt: skip
def test_every_way_in_which_a_loop_ends_is_told_apart(loop: str, ended: str, rounds: int, store: str) -> None:
    (told,) = looked_at(f"flow f() -> any {{ n = 0 {loop} answer n }}", Asked({}), store).loops
    assert (told.ended, told.count) == (ended, rounds)


# --- time and money ---


def test_the_chain_that_decided_when_is_found_with_waiting_told_apart(store: str) -> None:
    text = """
    flow f() -> text {
      quick = ask "quick?"
      slow = ask "slow?"
      held = ask "held {slow}?"
      answer "{quick} {held}"
    }"""
    replies = {"quick": "a", "slow": "b", "held": "c"}
    model = Asked(replies, pauses={"quick": 0.05, "slow": 0.25, "held": 0.05}, waits={"held": 0.2})
    path = looked_at(text, model, store).time
    assert path is not None
    assert names(each.step for each in path.steps) == ["slow", "held"]
    slow, held = path.steps
    assert slow.model == pytest.approx(0.25, abs=0.12)
    assert held.limits == pytest.approx(0.2, abs=0.05)
    assert held.model == pytest.approx(0.05, abs=0.05)
    assert held.waited >= 0.24
    assert slow.limits == 0.0
    assert slow.share + held.share > 0.6


def test_draws_at_once_wait_for_a_limit_only_while_all_of_them_do(store: str) -> None:
    model = Asked({"both": ["a", "a"]}, pauses={"both": 0.2})
    plain = model.complete

    async def complete(request: fr.Request, notify: Any = None) -> fr.Reply:
        if request.sample == 1:
            notify("wait", {"for": "rate", "seconds": 0.15})
        return await plain(request, notify)

    model.complete = complete  # type: ignore[method-assign]
    path = looked_at('flow f() -> any { s = ask "both?" with samples=2 answer s }', model, store).time
    assert path is not None
    assert path.steps[0].limits == pytest.approx(0.0, abs=0.03)


def test_python_is_told_from_the_model_and_calls_are_gone_into(store: str) -> None:
    text = """
    flow f() -> text {
      t = `sum(i * i for i in range(1_000_000))`
      answer g(`str(t)[:1]`)
    }
    flow g(a: text) -> text { b = ask "in {a}?" answer b }
    """
    model = Asked({"in": "x"}, pauses={"in": 0.2})
    path = looked_at(text, model, store).time
    assert path is not None
    python, asked = path.steps
    assert (python.step.name, python.model, asked.step.name, asked.step.flow) == ("t", 0.0, "b", "g")
    assert python.python > 0.02
    assert asked.model == pytest.approx(0.2, abs=0.1)


def test_the_costliest_way_is_the_one_with_the_most_money_on_it(store: str) -> None:
    text = """
    flow f() -> text {
      many = ask "many?" with samples=4
      one = ask "one?"
      two = ask "two {one}?"
      answer "{many} {two}"
    }"""
    found = looked_at(text, Asked({"many": "a", "one": "b", "two": "c"}), store)
    assert found.money is not None
    assert (found.money.unit, names(each.step for each in found.money.steps)) == ("money", ["many"])
    assert found.money.total == pytest.approx(0.006)
    assert found.money.rest == pytest.approx(0.002)
    costs = [(each.step.name, each.usage.calls) for each in found.costs]
    assert (costs[0], sorted(costs[1:])) == (("many", 4), [("one", 1), ("two", 1)])


# --- runs that did not answer ---


def test_a_failure_is_followed_from_where_it_began_to_the_answer(store: str) -> None:
    text = """
    flow f() -> text {
      n: int = ask "how many?" with tries=2
      m = `n + 1`
      word = ask "word for {m}?"
      idle = ask "idle?"
      answer word
    }"""
    found = looked_at(text, Asked({"how many": "plenty", "does not do": "lots", "idle": "x"}), store)
    failing = found.failing
    assert failing is not None and failing.origin is not None
    assert (failing.kind, failing.origin.name, failing.origin.line) == ("reply", "n", 3)
    assert names(failing.chain) == ["n", "m", "word", "answer#1"]
    assert "sent back because" in failing.change
    assert names(found.without) == ["idle"]
    assert found.summary[0].startswith("It failed at `n` (line 3)")


def test_an_answer_that_does_not_fit_its_type_is_the_origin(store: str) -> None:
    found = looked_at('flow f() -> int { a = ask "a?" b = `[a]` answer `b[0]` }', Asked({"a": "soon"}), store)
    assert found.failing is not None and found.failing.origin is not None
    assert found.failing.origin.line == 1
    assert names(found.depends) == ["a"]


def test_a_limit_says_what_was_left_undone_and_nothing_is_tried(store: str) -> None:
    text = 'flow f() -> any { xs = for x in `range(5)` yield ask "{x}?" answer xs }'
    found = looked_at(text, Asked({"?": "a"}), store, limits=fr.Limits(calls=2))
    assert found.failing is not None
    assert (found.status, found.failing.kind) == ("limit", "limit")
    assert "left undone" in found.failing.error
    assert "higher limit" in found.notes[-1]


def test_a_run_that_waits_says_for_what(store: str) -> None:
    found = looked_at('flow f() -> text { a = ask user "Your name?" answer "Dear {a}" }', Asked({}), store)
    assert found.failing is not None and found.failing.origin is not None
    assert (found.status, found.failing.origin.name) == ("waiting", "a")
    assert "Your name?" in found.summary[0] and "--answer" in found.summary[0]


def test_a_run_that_was_cancelled_tells_how_far_it_came(store: str) -> None:
    model = Asked({"first": "a", "second": "b"}, pauses={"second": 30})

    async def cut_short() -> str:
        ids: list[str] = []
        flow = fr.loads('flow f() -> text { a = ask "first?" b = ask "second {a}?" answer b }')
        task = asyncio.ensure_future(flow.run_async(provider=model, store=store, on_run=ids.append))
        while model.count < 2:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return ids[0]

    found = fr.why(asyncio.run(cut_short()), store=store, provider=model)
    assert (found.status, found.probes) == ("cancelled", ())
    assert found.time is not None
    assert names(each.step for each in found.time.steps)[-1] == "b"
    assert "runs resume" in found.summary[0]


def test_a_server_that_refuses_is_named_as_the_reason(store: str) -> None:
    refused = fr.ProviderError("the key is wrong", kind="key")
    found = looked_at('flow f() -> text { a = ask "a?" answer a }', Asked({"a?": refused}), store)
    assert found.failing is not None and found.failing.origin is not None
    assert (found.failing.origin.name, found.failing.kind) == ("a", "key")


# --- flows within flows ---


def test_flows_that_call_one_another_are_gone_through(store: str) -> None:
    text = """
    flow f() -> int { answer deep(3) }
    flow deep(n: int) -> int {
      if `n < 1` { answer 0 }
      more: int = ask "at {n}?"
      rest = deep(`n - 1`)
      answer `rest + more`
    }"""
    found = looked_at(text, Asked({"at": "2"}), store)
    assert found.answer == 6
    assert len(found.depends) == 3
    assert sorted(step.inside.count("/deep") for step in found.depends) == [1, 2, 3]


def test_flows_written_on_the_way_are_gone_through(store: str) -> None:
    written = 'flow g(town: text) -> text { r = ask "the river of {town}?" answer r }'
    text = """
    flow f() -> text {
      town = ask "a town?"
      river = solve "Which river?" given town
      program = ask "a program?"
      other = run program given town
      answer "{river} {other}"
    }"""
    model = Asked({"a town?": "Bonn", "a program?": written, "the river of": "Rhine", "Which river?": written})
    found = looked_at(text, model, store)
    assert found.answer == "Rhine Rhine"
    assert sorted(names(found.depends)) == ["program", "r", "r", "town"]
    (compiled,) = found.written
    assert compiled.step is not None and (compiled.step.name, compiled.first_valid) == ("river", True)


def test_a_question_that_was_solved_tells_how_its_flow_was_written(store: str) -> None:
    wrong, right = "flow f() -> int { answer ask }", 'flow f() -> int { a: int = ask "how many?" answer a }'
    model = Asked({"how many?": "7", "Widths?": wrong})

    async def complete(request: fr.Request, notify: Any = None) -> fr.Reply:
        if len(request.messages) > 2 and model.count:
            model.requests.append(request)
            return fr.Reply(right, fr.Usage(1, 10, 5, 0.001))
        return await Asked.complete(model, request, notify)

    model.complete = complete  # type: ignore[method-assign]
    result = fr.solve("Widths?", provider=model, store=store)
    found = fr.why(result.run_id, store=store, provider=model, calls=0)
    (written,) = found.written
    assert (written.step, written.first_valid, written.repairs) == (None, False, 1)
    assert written.drafts[0].faults
    assert any("after 1 repair" in each for each in found.summary)
    assert found.costs[0].step.kind == "written" and found.costs[0].usage.calls == 2


# --- what is kept elsewhere, and how it is shown ---


def test_a_run_that_was_taken_in_is_looked_at_as_its_own(store: str, tmp_path: Path) -> None:
    text = 'flow f() -> any { v: bool = ask "vote?" with vote=3 answer v }'
    first = ran(text, Asked({"vote": ["yes", "no", "yes"]}), store)
    fr.export_run(first.run_id, tmp_path / "run.jsonl", store=store)
    theirs = str(tmp_path / "theirs.db")
    taken = fr.import_run(tmp_path / "run.jsonl", store=theirs)
    model = Asked({})
    found = fr.why(taken, store=theirs, provider=model, calls=0)
    assert (found.agreement[0].agreed, found.agreement[0].of) == (2, 3)
    assert (found.answer, names(found.depends)) == (True, ["v"])


def test_what_a_run_took_is_added_up_over_its_sessions(store: str) -> None:
    text = 'flow f() -> text { a = ask "first?" n = ask user "who?" answer ask "last {a} {n}?" }'
    model = Asked({"first": "a", "last": "b"})
    run = ran(text, model, store).run_id
    fr.resume(run, answers="Ada", provider=model, store=store)
    found = fr.why(run, store=store, provider=model, calls=0)
    assert found.sessions == 2
    assert {each.step.name: each.usage.calls for each in found.costs if each.usage.calls} == {"a": 1, "": 1}


def test_what_a_model_said_moves_no_cursor(store: str) -> None:
    text = 'flow f() -> text { a: list[text] = ask "a?" with vote=2 answer "{a}" }'
    found = looked_at(text, Asked({"a?": ['["\x1b[2J\u202eevil\\n\\u0007"]', '["b"]']}), store)
    shown = str(found)
    assert "evil" in shown
    assert not [c for c in shown if c != "\n" and (ord(c) < 32 or c in "\x7f\u202e\x9b")]


def test_it_is_plain_data_as_well(store: str) -> None:
    import json

    text = 'flow f() -> any { a: int = ask "a?" b = `{1, 2}` answer `{"a": a, "b": b}` }'
    data = looked_at(text, Asked({"a?": "5"}), store).as_json()
    again = json.loads(json.dumps(data))
    assert (again["answer"], again["depends"][0]["name"]) == ({"a": 5, "b": [1, 2]}, "a")
    assert again["summary"]


def test_the_package_may_be_called_by_the_name_of_its_function(store: str) -> None:
    run = ran("flow f() -> int { answer `1` }", Asked({}), store).run_id
    package = importlib.import_module("flowreason.why")
    assert package(run, store=store, calls=0).answer == 1


@pytest.mark.parametrize("calls", [-1, 2.5, True, None])
def test_a_number_of_calls_that_is_none_is_told(calls: Any, store: str) -> None:
    with pytest.raises(fr.UsageError, match="calls"):
        fr.why("last", calls=calls, store=store)


def test_nothing_of_a_store_is_changed_by_looking(store: str) -> None:
    run = ran('flow f() -> any { a: bool = ask "a?" answer a }', model := Asked({"a?": "yes"}), store).run_id

    async def everything() -> tuple[Any, ...]:
        kept = open_store(store)
        return await kept.runs(), await kept.outcomes(run), await kept.events(run, 1)

    before = asyncio.run(everything())
    fr.why(run, store=store, provider=model, calls=5)
    assert asyncio.run(everything()) == before
