"""Which sub-answer decides the answer: found by forks that cost few calls, repeat nothing and change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.why.told import Probe, Why
from tests.asked import Asked, Said
from tests.keeping import events_of


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "runs.db")


def run_of(text: str, model: Asked, store: str, **more: Any) -> str:
    flow = fr.loads(text, tools=more.pop("tools", ()))
    return flow.run(provider=model, store=store, confirm=lambda *_: True, **more).run_id


def why(text: str, replies: dict[str, Said], store: str, calls: int = 20, **more: Any) -> tuple[Why, int]:
    """Why a run came to its answer, and how many calls finding that out took."""
    model = Asked(replies)
    run, before = run_of(text, model, store, **more), model.count
    tools = {"tools": more["tools"]} if "tools" in more else {}
    found = fr.why(run, store=store, provider=model, calls=calls, **tools)
    assert model.count - before == found.usage.calls <= calls
    return found, found.usage.calls


def of(found: Why, name: str) -> list[Probe]:
    return [probe for probe in found.probes if name in (probe.step.name, probe.step.node)]


# --- which step decides ---

OLDER = """
flow older() -> text {
  born: int = ask "the first born?"
  other: int = ask "the second born?"
  fame: bool = ask "famous?"
  if fame { note = "of fame" } else { note = "unknown" }
  place = ask "born where?"
  if `born < other` { who = "Ada" } else { who = "Charles" }
  answer `who if len(note) < 99 and place else note`
}
"""
BORN: dict[str, Said] = {"first born": "1880", "second born": "1881", "famous": "yes", "born where": "London"}


def test_the_step_on_which_the_answer_hangs_is_named_and_others_are_not_blamed(store: str) -> None:
    found, calls = why(OLDER, BORN, store)
    born, other, (fame,), (place,) = (of(found, name) for name in ("born", "other", "fame", "place"))
    assert (born[0].was, born[0].tried, born[0].outcome, born[0].answer) == (1880, 1881, "changed", "Charles")
    assert [(probe.tried, probe.outcome) for probe in other] == [(1882, "same"), (1880, "changed")]
    assert (fame.tried, fame.outcome, place.outcome) == (False, "same", "stable")
    assert calls == 5  # a draw of the text, and two more of each step that decides
    assert {each.step.name: (each.agree, each.of) for each in found.draws} == {
        "born": (3, 3), "other": (3, 3), "place": (2, 2),
    }  # fmt: skip
    told = "The answer hangs on `born` (line 3): had it been 1881, the answer would be “Charles”; 3 of 3 draws agree."
    assert told in found.summary
    assert "It does not hang on `fame` (line 5), `place` (line 7)." in found.summary


def test_looking_again_costs_nothing_and_neither_does_the_fork(store: str) -> None:
    model = Asked({**BORN, "born where": ["London", "Paris"]})
    text = OLDER.replace("answer `who", 'answer ask "sum up {who} of {place}" # `who')
    model._replies["sum up"] = "done"
    run = run_of(text, model, store)
    first = fr.why(run, store=store, provider=model)
    before = model.count
    assert first.usage.calls > 2
    again = fr.why(run, store=store, provider=model)
    assert ([p.outcome for p in again.probes], again.usage.calls) == ([p.outcome for p in first.probes], 0)
    fr.fork(run, "place", "Paris", store=store, provider=model)
    assert model.count == before


def test_probes_are_no_runs_and_the_run_stays_as_it_was(store: str) -> None:
    model = Asked(BORN)
    run = run_of(OLDER, model, store)
    events = events_of(fr.replay(run, store=store))
    assert fr.why("last", store=store, provider=model).probes
    assert [info.id for info in fr.runs(store=store)] == [run]
    assert fr.run_info("last", store=store).id == run
    assert events_of(fr.replay(run, store=store)) == events


def test_probes_write_nothing_into_the_log(store: str, caplog: pytest.LogCaptureFixture) -> None:
    text = 'flow f() -> text { n: int = ask "n?" answer `"a" if 10 // (6 - n) else "b"` }'
    run = run_of(text, model := Asked({"n?": "5"}), store)
    caplog.clear()
    found = fr.why(run, store=store, provider=model, calls=0)
    assert (of(found, "n")[0].outcome, caplog.records) == ("fails", [])


def test_a_fork_gives_an_ask_with_samples_its_list(store: str) -> None:
    text = 'flow f() -> int { s: list[int] = ask "s?" with samples=3 answer `sum(s)` }'
    run = run_of(text, model := Asked({"s?": "5"}), store)
    forked = fr.fork(run, "s", [1, "2", 3], store=store, provider=model)
    assert (forked.value, model.count) == (6, 3)
    assert events_of(fr.replay(forked.run_id, store=store)) == events_of(forked)
    with pytest.raises(fr.UsageError, match=r"must be list\[int\]"):
        fr.fork(run, "s", 7, store=store, provider=model)


def test_a_draw_that_comes_to_something_else_is_followed(store: str) -> None:
    text = 'flow f() -> text { town = ask "a town?" size: "big" | "small" = ask "how big is {town}?" answer size }'
    replies: dict[str, Said] = {"a town": ["Ulm", "Rome"], "is Ulm": "small", "is Rome": "big"}
    found, calls = why(text, replies, store)
    (town,), (size,) = of(found, "town"), of(found, "size")
    assert (town.how, town.tried, town.outcome, town.answer) == ("draw", "Rome", "changed", "big")
    assert (size.direct, size.how, size.outcome) == (True, "draw", "stable")
    assert calls == 3
    assert (
        "`town` (line 1): drawn once more it is “Rome”, and the answer would be “big”; 1 of 2 draws agree."
        in " ".join(found.summary)
    )
    assert any("gives the answer itself, and drawn once more it says the same" in each for each in found.summary)


def test_a_fresh_draw_is_one_that_was_not_used_and_is_drawn_freely(store: str) -> None:
    model = Asked({"a town": ["Ulm", "Ulm", "Rome"], "size of Ulm": "3", "size of Rome": "9"})
    text = 'flow f() -> any { xs = sample 2 { t = ask "a town?" yield t } n: int = ask "size of {xs[0]}?" answer n }'
    run, before = run_of(text, model, store), model.count
    found = fr.why(run, store=store, provider=model, node="t")
    fresh = model.requests[before]
    assert (fresh.sample, fresh.temperature) == (2, 0.7)
    assert [(probe.tried, probe.outcome) for probe in found.probes] == [("Rome", "changed"), ("Rome", "same")]
    assert model.count - before == 2  # both rounds ask the same, so that one draw serves both


def test_what_a_vote_outvoted_is_tried_first_and_needs_no_draw(store: str) -> None:
    text = """
    flow f() -> text {
      v: "rye" | "oats" | "maize" = ask "vote?" with vote=5
      b: bool = ask "sure?"
      answer `f"{v}!" if b or not b else "none"`
    }"""
    replies: dict[str, Said] = {"vote": ["rye", "maize", "rye", "maize", "rye"], "sure": "yes"}
    found, calls = why(text, replies, store)
    first = found.probes[0]
    assert (first.step.name, first.tried, first.how, first.answer) == ("v", "maize", "minority", "maize!")
    assert (calls, of(found, "b")[0].outcome) == (0, "same")
    assert any("3 of 5 agreed" in each for each in found.summary)


def test_values_that_break_what_is_ensured_are_not_tried(store: str) -> None:
    text = """
    flow f() -> text {
      n: int = ask "n?" ensure `n % 10 == 0` ensure `n >= 0`
      m: int = ask "m?" ensure `len([i for i in range(m)]) < 3`
      answer `"low" if n < 50 and m else "high"`
    }"""
    found, _ = why(text, {"n?": "10", "m?": "2"}, store)
    assert [(probe.tried, probe.outcome) for probe in of(found, "n")] == [(50, "changed")]
    assert [probe.tried for probe in of(found, "m")] == [1]


def test_a_number_is_tried_on_the_other_side_of_what_it_is_compared_with(store: str) -> None:
    text = 'flow f() -> text { age: int = ask "age?" answer `"old" if age > 64 else "young"` }'
    found, _ = why(text, {"age": "30"}, store)
    assert [(probe.tried, probe.outcome) for probe in of(found, "age")] == [(31, "same"), (29, "same"), (65, "changed")]


def test_one_sample_of_several_is_another(store: str) -> None:
    text = 'flow f() -> text { s: list[text] = ask "s?" with samples=3 answer `majority(s) + str(len(s))` }'
    found, calls = why(text, {"s?": ["a", "a", "a", "b"]}, store)
    (probe,) = found.probes
    assert (probe.tried, probe.outcome, calls) == (["b", "a", "a"], "same", 1)


# --- loops and maps ---

MAPPED = """
flow f() -> int {
  flags: list[bool] = for x in `range(6)` { flag: bool = ask "flag {x}?" yield flag }
  answer `sum(flags)`
}
"""


def test_of_the_items_of_a_map_the_first_few_are_tried_and_that_is_told(store: str) -> None:
    model = Asked({"flag": "yes"})
    run = run_of(MAPPED, model, store)
    found = fr.why(run, store=store, provider=model, calls=0)
    assert [(probe.step.inside, probe.answer) for probe in found.probes] == [(f"flags[{i}]", 5) for i in range(3)]
    (rest,) = found.untried
    assert (rest.count, "--node" in rest.because) == (3, True)
    assert len(fr.why(run, store=store, provider=model, calls=0, node="flag").probes) == 6
    (one,) = fr.why(run, store=store, provider=model, calls=0, node="flags[4]/flag").probes
    assert one.step.frame == "f/flags[4]"


def test_only_the_item_that_is_another_is_worked_at_again(store: str) -> None:
    text = """
    flow f() -> any {
      xs: list[bool] = for x in `range(4)` { b: bool = ask "is {x}?" yield b }
      zs = for b in xs { z = ask "because {b}?" with temperature=1 yield z }
      answer zs
    }"""
    found, _ = why(text, {"is": "yes", "because": "so"}, store, calls=4)
    tried = of(found, "b")
    assert [probe.usage.calls for probe in tried] == [1, 0, 0]


def test_the_last_rounds_of_a_loop_come_first(store: str) -> None:
    text = """
    flow f() -> int {
      n = 0
      repeat 5 { up: bool = ask "up from {n}?" n = `n + 1 if up else n` }
      answer n
    }"""
    found, _ = why(text, {"up from": "yes"}, store, calls=0)
    assert [probe.step.inside for probe in found.probes] == ["repeat#1[4]"]
    assert sum(each.count for each in found.untried) == 4


# --- what may not happen ---


def test_a_probe_stops_before_an_effect_and_says_so(store: str) -> None:
    done: list[int] = []

    @fr.tool
    def pay(amount: int) -> str:
        done.append(amount)
        return "paid"

    text = """
    flow f() -> text {
      amount: int = ask "how much?"
      idle: bool = ask "idle?"
      said = pay(amount)
      answer `said if idle or not idle else "none"`
    }"""
    found, _ = why(text, {"how much": "5", "idle": "yes"}, store, tools=[pay])
    assert done == [5]
    amount = of(found, "amount")
    assert [(probe.outcome, probe.error) for probe in amount[:1]] == [("stopped", "it would call pay(amount=6)")]
    assert [probe.outcome for probe in of(found, "idle")] == ["same"]


def test_an_effect_that_an_else_would_catch_stops_the_probe_all_the_same(store: str) -> None:
    done: list[int] = []

    @fr.tool
    def pay(amount: int) -> str:
        done.append(amount)
        return "paid"

    text = 'flow f() -> text { n: int = ask "n?" p = emulate `pay(n) + "!"` else "caught" answer p }'
    found, _ = why(text, {"n?": "5"}, store, tools=[pay])
    assert done == [5]
    assert {probe.outcome for probe in of(found, "n")} <= {"stopped"}


def test_nobody_is_asked_by_a_probe(store: str) -> None:
    text = """
    flow f() -> text {
      deep: bool = ask "deep?"
      if deep { name = "x" } else { name = ask user "your name?" }
      kind: "red" | "blue" = ask user "red or blue?"
      answer "{name} {kind}"
    }"""
    model = Asked({"deep": "yes"})
    flow = fr.loads(text)
    run = flow.run(provider=model, store=store, ask_user=lambda *_: "red").run_id
    found = fr.why(run, store=store, provider=model)
    assert [(p.outcome, p.error) for p in of(found, "deep")] == [("stopped", "it would ask you: your name?")]
    assert [(p.tried, p.answer) for p in of(found, "kind")] == [("blue", "x blue")]


def test_without_the_tools_a_probe_stops_where_it_would_call_one(store: str) -> None:
    @fr.tool(pure=True)
    def weigh(x: int) -> int:
        return x * 2

    text = 'flow f() -> int { n: int = ask "n?" free: bool = ask "free?" w = weigh(n) answer `w if free else w` }'
    model = Asked({"n?": "5", "free": "yes"})
    run = run_of(text, model, store, tools=[weigh])
    without = fr.why(run, store=store, provider=model, calls=0)
    assert [p.outcome for p in of(without, "n")] == ["stopped", "stopped"]
    assert "weigh(x=6), which was not given" in of(without, "n")[0].error
    assert [p.outcome for p in of(without, "free")] == ["same"]
    given = fr.why(run, store=store, provider=model, calls=0, tools=[weigh])
    assert [(p.tried, p.answer) for p in of(given, "n")] == [(6, 12)]


# --- calls ---

CHAIN = """
flow f() -> text {
  a: bool = ask "a?"
  b = ask "b {a}?"
  c = ask "c {b}?"
  d = ask "d {c}?"
  answer d
}
"""


@pytest.mark.parametrize("calls", range(10))
def test_the_calls_that_are_allowed_are_never_exceeded_and_what_was_not_tried_is_told(calls: int, store: str) -> None:
    replies: dict[str, Said] = {"a?": "yes", "b ": ["b", "b2"], "c ": ["c", "c2"], "d ": ["d", "d2"]}
    found, used = why(CHAIN, replies, store, calls=calls)
    assert used <= calls
    told = {probe.step.name for probe in found.probes} | {each.step.name for each in found.untried}
    assert told == {"a", "b", "c", "d"}
    assert bool(found.untried) == (calls < 8)


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        (fr.Limits(calls=2), 2),
        (fr.Limits(money=0.0035), 4),
        (fr.Limits(tokens=40), 3),
        (fr.Limits(seconds=0.0), 0),
    ],
    ids=["calls", "money", "tokens", "seconds"],
)
def test_other_limits_hold_for_all_probes_together(limits: fr.Limits, most: int, store: str) -> None:
    model = Asked({"a?": "yes", "b ": ["b", "b2"], "c ": ["c", "c2"], "d ": ["d", "d2"]})
    run = run_of(CHAIN, model, store)
    before = model.count
    found = fr.why(run, store=store, provider=model, calls=20, limits=limits)
    assert model.count - before == found.usage.calls <= most
    assert found.untried or any(probe.outcome == "cut" for probe in found.probes)


def test_a_fork_that_runs_out_of_calls_is_cut_and_told(store: str) -> None:
    text = """
    flow f() -> any {
      many: bool = ask "many?"
      n = `9 if many else 1`
      xs = for x in `range(10 - n)` { y = ask "item {x}?" yield y }
      answer xs
    }"""
    found, used = why(text, {"many": "yes", "item": "x"}, store, calls=4)
    assert [probe.outcome for probe in of(found, "many")] == ["cut"]
    assert used <= 4


def test_what_it_may_cost_is_said_before(store: str) -> None:
    model = Asked(BORN)
    run = run_of(OLDER, model, store)
    told: list[tuple[str, int]] = []
    before = model.count
    fr.why(run, store=store, provider=model, calls=7, tell=lambda line: told.append((line, model.count)))
    assert told[0] == ("tries other values of 4 steps; at most 7 calls to m", before)


def test_a_model_that_cannot_be_asked_leaves_what_needs_no_call(store: str) -> None:
    model = Asked(BORN)
    run = run_of(OLDER, model, store)
    model._replies = {"": fr.ProviderError("the key is wrong", kind="key")}
    found = fr.why(run, store=store, provider=model)
    assert of(found, "born")[0].outcome == "changed"
    assert [each.step.name for each in found.untried] == ["place"]
    assert any("the key is wrong" in note for note in found.notes)


def test_without_a_model_what_is_known_is_told(store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "FLOWREASON_API_KEY", "FLOWREASON_MODEL", "FLOWREASON_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    run = run_of(OLDER, Asked(BORN, origin=""), store)
    found = fr.why(run, store=store)
    assert (found.probes, len(found.depends)) == ((), 4)
    assert any("no other sub-answer was tried" in note for note in found.notes)


def test_another_model_answers_only_what_depends_on_the_change(store: str) -> None:
    run = run_of(CHAIN, Asked({"a?": "yes", "b ": "b", "c ": "c", "d ": "d"}), store)
    other = Asked({"c b": "new", "d new": "other"}, origin="there", model="n")
    found = fr.why(run, store=store, provider=other, node="c")
    assert [(p.tried, p.answer) for p in found.probes] == [("new", "other")]
    assert other.count == 2
    assert any("another model" in note for note in found.notes)


def test_a_run_that_was_taken_in_is_probed_without_asking_all_of_it_again(store: str, tmp_path: Path) -> None:
    run = run_of(CHAIN, Asked({"a?": "yes", "b ": "b", "c ": "c", "d ": "d"}), store)
    fr.export_run(run, tmp_path / "run.jsonl", store=store)
    theirs = str(tmp_path / "theirs.db")
    taken = fr.import_run(tmp_path / "run.jsonl", store=theirs)
    model = Asked({"c b": "new", "d new": "other"})
    found = fr.why(taken, store=theirs, provider=model, node="c")
    assert [(p.tried, p.answer) for p in found.probes] == [("new", "other")]
    assert model.count == 2


# --- runs without an answer, and others ---


def test_a_failed_run_is_told_what_would_have_answered_it(store: str) -> None:
    text = """
    flow f() -> text {
      base = ask "base?"
      n: int = ask "how many of {base}?" with tries=1
      answer `"yes" if n > 2 else "no"`
    }"""
    replies: dict[str, Said] = {"base": "x", "how many": ["plenty", "4"]}
    found, _ = why(text, replies, store)
    (n,) = of(found, "n")
    assert (n.how, n.tried, n.outcome, n.answer) == ("draw", 4, "answers", "yes")
    assert "With `n` (line 4) = 4 the run has an answer: “yes”." in found.summary


def test_a_run_that_waits_is_told_what_each_choice_would_come_to(store: str) -> None:
    text = """
    flow f() -> text {
      sure: bool = ask user "are you sure?"
      if sure { answer "done" } else { answer ask "why not?" }
    }"""
    found, calls = why(text, {"why not": "no time"}, store)
    assert [(p.tried, p.outcome, p.answer) for p in found.probes] == [(True, "answers", "done")]
    assert calls == 0


def test_a_step_in_a_flow_that_was_written_on_the_way_is_tried_there(store: str) -> None:
    written = 'flow g(town: text) -> text { big: bool = ask "is {town} big?" answer `"city" if big else "village"` }'
    text = 'flow f() -> text { town = ask "a town?" kind = solve "What is it?" given town answer kind }'
    found, _ = why(text, {"a town": "Ulm", "is Ulm big": "no", "What is it": written}, store)
    (big,) = of(found, "big")
    assert (big.step.frame.partition("/")[2], big.outcome, big.answer) == ("kind/g", "changed", "city")


def test_a_step_in_a_flow_that_calls_itself_is_tried_there(store: str) -> None:
    text = """
    flow f() -> int { answer deep(2) }
    flow deep(n: int) -> int {
      if `n < 1` { answer 0 }
      more: bool = ask "at {n}?"
      rest = deep(`n - 1`)
      answer `rest + (10 ** n if more else 0)`
    }"""
    found, _ = why(text, {"at": "yes"}, store, calls=0)
    assert sorted(probe.answer for probe in of(found, "more")) == [10, 100]


def test_what_emulated_code_came_to_is_tried_with_other_numbers(store: str) -> None:
    text = 'flow f() -> text { n: int = emulate `how_many("x", ret_type=int)` answer `"many" if n > 3 else "few"` }'
    model = Asked({"how_many": "3"})
    run = run_of(text, model, store)
    found = fr.why(run, store=store, provider=model, calls=0)
    assert [(p.tried, p.outcome) for p in of(found, "n")] == [(4, "changed")]


def test_the_step_that_is_named_must_be_one_on_which_the_answer_depends(store: str) -> None:
    model = Asked({**BORN, "idle": "x"})
    run = run_of(OLDER.replace("place = ask", 'idle = ask "idle?" place = ask'), model, store)
    with pytest.raises(fr.UsageError, match="no influence on the answer; these have: .*born"):
        fr.why(run, store=store, provider=model, node="idle")
    with pytest.raises(fr.UsageError, match="there is no step 'nothing'"):
        fr.why(run, store=store, provider=model, node="nothing")
