"""A limit ends what a run may begin: the best answer so far, what it is made of, and what was left undone."""

from __future__ import annotations

from typing import Any

import pytest

import flowreason as fr
from tests.virtual import Work, echo


def limited(text: str, *, provider: Any = None, work: Work | None = None, **limits: Any) -> fr.Result:
    work = work or Work()
    limits = {"calls": None, **limits}
    return work.run(text, provider=provider or echo(), limits=fr.Limits(**limits), confirm=lambda *_: True)


def slowly() -> fr.ScriptedProvider:
    """Number n of the questions takes n seconds."""
    waits = iter(range(1, 1000))
    return fr.ScriptedProvider(default="yes", latency=lambda request: next(waits))


def of_kind(result: fr.Result, kind: str) -> list[fr.Event]:
    return [event for event in result.events if event.kind == kind]


ITEMS = 'flow f() { xs = for n in `[0, 1, 2, 3, 4]` yield ask "Is {n} prime?"\n answer xs }'


@pytest.mark.parametrize(("limit", "most"), [("calls", 3), ("seconds", 3.5)])
def test_items_that_the_limit_kept_from_being_asked_are_null_and_the_rest_is_the_best_answer(
    limit: str, most: float
) -> None:
    result = limited(ITEMS, provider=slowly(), **{limit: most})
    assert (result.status, result.ok, result.partial) == ("limit", False, True)
    assert result.value == ["yes"] * 3 + [None] * 2
    assert isinstance(result.error, fr.LimitExceeded)
    assert result.error.limit == limit
    [undone] = result.undone
    assert (undone.node, undone.count, undone.line) == ("ask#1", 2, 1)
    assert str(undone) == '2 × ask "Is {n} prime?" (line 1)'
    [told] = of_kind(result, "run.exhausted")
    assert dict(told.data) == {"limit": limit, "allowed": most}
    assert {event.data["error_kind"] for event in of_kind(result, "node.failed")} == {"limit"}
    data = result.as_json()
    assert (data["partial"], data["value"]) == (True, result.value)
    assert data["undone"] == [{"frame": "f/xs", "node": "ask#1", "line": 1, "about": 'ask "Is {n} prime?"', "count": 2}]


def test_a_typed_list_may_lack_items_for_the_limit_and_for_nothing_else() -> None:
    text = """
      flow main() -> {found: list[int], all: list[list[int]]} {
        xs: list[int] = for n in `[1, 2, 3]` yield ask "How many of {n}?"
        ys = counted(xs)
        answer `{"found": ys, "all": [ys]}`
      }
      flow counted(xs: list[int]) -> list[int] { answer xs }
    """
    result = limited(text, provider=echo(reply="5"), calls=2)
    assert result.value == {"found": [5, 5, None], "all": [[5, 5, None]]}
    assert limited(text, provider=fr.ScriptedProvider(default="many"), calls=2).value is None


@pytest.mark.parametrize("limit", ["calls", "seconds"])
def test_a_loop_of_which_no_item_was_asked_gives_no_answer(limit: str) -> None:
    result = limited(ITEMS, provider=slowly(), **{limit: 0})
    assert (result.status, result.value, result.partial) == ("limit", None, False)
    assert result.undone


REFINED = """
  flow f() {
    draft = "nothing"
    repeat 5 {
      draft = ask "Improve: {draft}"
      score = ask "Rate: {draft}"
    }
    answer draft
  }
"""


def numbered() -> fr.ScriptedProvider:
    numbers = iter(range(1, 1000))
    return fr.ScriptedProvider(lambda request: f"reply {next(numbers)}", latency=1)


@pytest.mark.parametrize(
    ("calls", "value"), [(0, "nothing"), (1, "nothing"), (2, "reply 1"), (3, "reply 1"), (4, "reply 3")]
)
def test_a_loop_ends_with_what_its_last_whole_round_left(calls: int, value: str) -> None:
    judged = REFINED.replace("repeat 5 {", "repeat 5 until `score == 'good'` {").replace("draft = \"", "score = \"\"\n draft = \"")  # fmt: skip
    result = limited(judged, provider=numbered(), calls=calls)
    assert (result.status, result.value) == ("limit", value)
    [cut] = of_kind(result, "loop.cut")
    assert (cut.data["rounds"], cut.data["of"]) == (calls // 2, 5)


def test_rounds_that_hand_on_but_do_not_decide_are_cut_as_well() -> None:
    text = 'flow f(parts: list[text]) { sum = ""\n for part in parts { sum = ask "{sum} and {part}" }\n answer sum }'
    work = Work()
    result = work.run(
        text, provider=numbered(), inputs={"parts": ["a", "b", "c", "d"]}, limits=fr.Limits(calls=2),
        confirm=lambda *_: True,
    )  # fmt: skip
    assert (result.status, result.value) == ("limit", "reply 2")


def test_a_question_whether_to_go_on_that_could_not_be_asked_ends_the_loop_after_its_round() -> None:
    text = """
      flow f() {
        draft = "nothing"
        repeat 5 until ask "Is it good? {draft}" { draft = ask "Improve: {draft}" }
        answer draft
      }
    """
    replies = iter(["first", "no", "second", "no"])
    result = limited(text, provider=fr.ScriptedProvider(lambda request: next(replies)), calls=3)
    assert (result.value, result.partial) == ("second", True)


def test_a_while_whose_condition_could_not_be_asked_leaves_what_the_round_before_made() -> None:
    text = """
      flow f() {
        draft = "nothing"
        while ask "Is it bad? {draft}" max 5 { draft = ask "Improve: {draft}" }
        answer draft
      }
    """
    replies = iter(["yes", "first", "yes", "second"])
    result = limited(text, provider=fr.ScriptedProvider(lambda request: next(replies)), calls=3)
    assert (result.value, result.partial) == ("first", True)


def test_what_was_never_decided_is_not_answered() -> None:
    """A search that the limit ends has not found nothing."""
    text = """
      flow f() {
        for n in `[0, 1, 2, 3]` { if ask "Is it {n}?" { answer n } }
        answer "none of them"
      }
    """
    result = limited(text, provider=echo(reply="no"), calls=2)
    assert (result.status, result.value, result.partial) == ("limit", None, False)


def test_a_vote_takes_the_draws_that_are_there() -> None:
    result = limited('flow f() { answer ask "Which?" with vote=5 }', provider=slowly(), calls=2)
    assert (result.value, result.partial) == ("yes", True)
    assert of_kind(result, "node.vote")[0].data["refused"] == 3
    assert [undone.count for undone in result.undone] == [3]


def test_a_vote_that_no_further_draw_could_change_is_the_whole_answer() -> None:
    result = limited('flow f() { answer ask "Which?" with vote=5 }', provider=slowly(), calls=3)
    assert (result.status, result.value) == ("answered", "yes")


@pytest.mark.parametrize(("limit", "most"), [("calls", 2), ("seconds", 2.5)])
def test_samples_that_were_not_drawn_are_null(limit: str, most: float) -> None:
    text = 'flow f() { answer ask "Which?" with samples=4 }'
    result = limited(text, provider=slowly(), **{limit: most})
    assert (result.value, result.partial) == (["yes", "yes", None, None], True)
    assert [undone.count for undone in result.undone] == [2]


def test_an_answer_that_needs_nothing_of_what_was_refused_is_the_whole_answer() -> None:
    text = 'flow f() { a = ask "a"\n b = ask "b {a}"\n c = ask "c {b}"\n answer a }'
    result = limited(text, calls=1)
    assert (result.status, result.value) == ("answered", "yes")


@pytest.mark.parametrize("fallback", ["`0`", '"none"', 'ask "And now?"'])
def test_else_is_for_what_was_tried_and_not_for_what_the_limit_refused(fallback: str) -> None:
    result = limited(f'flow f() {{ a = ask "a"\n x = ask "b {{a}}" else {fallback}\n answer x }}', calls=1)
    assert (result.status, result.value) == ("limit", None)


@pytest.mark.parametrize(("limit", "most"), [("calls", 1), ("seconds", 1.5)])
def test_nothing_is_done_after_the_limit_that_changes_anything(limit: str, most: float) -> None:
    text = """
      flow f() {
        xs = for n in `[0, 1, 2]` yield ask "Is {n} prime?"
        act("before", 0)
        act("after {xs}", 1)
        answer "all is done"
      }
    """
    work = Work()
    result = limited(text, provider=slowly(), work=work, **{limit: most})
    assert work.order == ["before"]
    assert (result.status, result.value) == ("limit", None), "an answer may say what was to happen before it"
    assert "act" in {undone.about[:3] for undone in result.undone}


def test_an_answer_before_which_effects_of_items_are_missing_is_not_the_whole_answer() -> None:
    text = """
      flow f() {
        xs = for n in `[1, 2]` { where = ask "Where does {n} go?"  yield act("{where} {n}", 0) }
        answer "done"
      }
    """
    for calls, done in ((0, []), (1, ["yes 1"])):
        work = Work()
        result = limited(text, work=work, calls=calls)
        assert (result.status, result.partial, work.order) == ("limit", True, done)


def test_an_effect_in_an_item_is_left_undone_with_it_and_nothing_claims_it() -> None:
    text = """
      flow f() {
        n = ask "How many?"
        for k in `[0, 1, 2]` { bin = ask "Where does {k} go, {n}?"  act("{bin} {k}", 0) }
        answer "all is tidy"
      }
    """
    work = Work()
    result = limited(text, work=work, provider=slowly(), calls=2)
    assert (result.status, result.value) == ("limit", None)
    assert len(work.order) <= 3


def test_the_person_is_not_asked_after_the_limit() -> None:
    asked: list[str] = []
    text = 'flow f() { a = ask "a"\n b = ask "b {a}"\n x = ask user "Go on? {a}" given b\n answer "{x}" }'

    def person(text: str, kind: str) -> str:
        asked.append(text)
        return "yes"

    result = Work().run(text, provider=echo(), ask_user=person, limits=fr.Limits(calls=1), confirm=lambda *_: True)
    assert (result.status, asked) == ("limit", [])


def test_calls_under_way_are_waited_for_and_no_other_is_sent() -> None:
    text = 'flow f() { xs = for n in `[0, 1, 2, 3, 4, 5]` { a = ask "a {n}"  yield ask "b {a} {n}" }\n answer xs }'
    provider = slowly()
    result = limited(text, provider=provider, calls=8)
    assert len(provider.requests) == result.usage.calls == 8
    assert sum(value is not None for value in result.value) == 4


def test_a_sub_flow_gives_its_best_answer_so_far() -> None:
    text = """
      flow main() { a = inner("x")
        b = inner("y")
        answer "{a} {b}" }
      flow inner(name: text) -> list[any] {
        xs = for n in `[0, 1, 2]` yield ask "{name} {n}"
        answer xs
      }
    """
    result = limited(text, provider=slowly(), calls=4)
    assert result.value == '["yes", "yes", "yes"] ["yes", null, null]'


INNER = 'flow inner() -> list[text] {\n  xs = for n in `[0, 1, 2]` yield ask "{n}?"\n  answer xs\n}'


@pytest.mark.parametrize(("limit", "most"), [("calls", 3), ("seconds", 4.5)])
def test_a_flow_written_at_run_time_gives_its_best_answer_so_far(limit: str, most: float) -> None:
    waits = iter(range(1, 9))
    provider = fr.ScriptedProvider(
        lambda request: INNER if "flow" in request.messages[0].content else "yes", latency=lambda request: next(waits)
    )
    result = limited('flow f() { x: list[text] = solve "Which?"\n answer x }', provider=provider, **{limit: most})
    assert (result.status, result.value) == ("limit", ["yes", "yes", None])


def test_a_check_that_could_not_be_asked_fails_its_step_and_no_value_goes_unchecked() -> None:
    text = 'flow f() { x = ask "a" ensure ask "Is {x} fine?"\n answer x }'
    result = limited(text, calls=1)
    assert (result.status, result.value) == ("limit", None)


def test_python_on_what_is_missing_ends_as_the_limit() -> None:
    text = 'flow f() { xs: list[int] = for n in `[0, 1, 2]` yield ask "{n}?"\n answer `sum(xs)` }'
    result = limited(text, provider=echo(reply="5"), calls=2)
    assert (result.status, result.value) == ("limit", None)
    known = fr.loads(text.replace("sum(xs)", "sum(present(xs))"))  # the sandbox lives in real time
    best = known.run(provider=echo(reply="5"), limits=fr.Limits(calls=2), confirm=lambda *_: True, unsafe_python=True)
    assert best.value == 10


def test_a_run_whose_time_is_over_ends_within_its_grace_though_python_hangs() -> None:
    class Hanging:
        name = "hanging"

        async def session(self, limits: Any) -> Any:
            return self

        async def run(self, task: Any, call: Any = None) -> Any:
            import asyncio

            await asyncio.sleep(1000)

        async def close(self) -> None:
            return None

    work = Work()
    text = """
      flow f() {
        xs = for n in `[0, 1]` yield ask "{n}?"
        total = ```
          import math
          math.floor(len(xs))
        ```
        answer total
      }
    """
    result = work.run(text, provider=slowly(), sandbox=Hanging(), limits=fr.Limits(calls=None, seconds=1.5))  # type: ignore[arg-type]
    assert result.status == "limit"
    assert 1.4 < work.took <= 2.6


def test_time_is_over_in_the_middle_of_steps_that_do_not_wait() -> None:
    text = "flow f() { x = 0\n for a in `range(1000)` { for b in `range(1000)` { x = `a + b + x % 7` } }\n answer x }"
    import time

    began = time.monotonic()
    result = fr.loads(text).run({}, provider=echo(), limits=fr.Limits(seconds=0.2))
    assert result.status == "limit"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("limit", ["calls", "seconds"])
def test_every_step_that_began_has_its_end_among_the_events(limit: str) -> None:
    from tests.unit.test_engine_ending import unended

    text = """
      flow f() {
        a = work("a", 9)
        xs = for n in `[0, 1, 2, 3, 4, 5, 6, 7, 8]` { q = ask "a {n}" with vote=3  yield ask "b {q} {n}" ensure ask "Is {n}?" }
        answer "{xs} {a}"
      }
    """
    result = limited(text, provider=slowly(), **{limit: 9})
    assert not unended(result.events)


def test_code_that_the_model_emulates_ends_at_the_limit_and_cannot_catch_it() -> None:
    text = """
      flow f(words_in: list[text]) {
        xs = for word in words_in yield shown(word)
        answer xs
      }
      flow shown(word: text) -> any {
        n = emulate ```
          try:
              n = is_funny(word, ret_type=bool)
          except Exception:
              n = "made up"
          n
        ```
        answer n
      }
    """
    provider = fr.ScriptedProvider(default="true")
    result = fr.loads(text).run(
        words_in=["a", "b", "c"],
        provider=provider,
        unsafe_python=True,
        limits=fr.Limits(calls=2),
        confirm=lambda *_: True,
    )
    assert (result.status, result.partial, len(provider.requests)) == ("limit", True, 2), result.error
    assert sorted(map(str, result.value)) == ["None", "True", "True"]
