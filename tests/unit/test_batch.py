"""Many questions at once: what each row says, what ends a batch, what leaving it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine.gate import Gate
from flowreason.engine.whole import Whole
from flowreason.ports import Usage
from tests.keeping import Counting
from tests.virtual import now, virtual

ASK = fr.loads('flow ask_it(question: text) -> text { answer ask "{question}" }')
TWO = fr.loads(
    'flow two(question: text) -> text { a = ask "1 {question}"  b = ask "2 {question} {a}"  answer "{a} {b}" }'
)
TWICE = fr.loads("flow twice(n: int) -> int { answer `n * 2` }")


def echo(**options: Any) -> fr.ScriptedProvider:
    return fr.ScriptedProvider(lambda request: f"[{request.messages[-1].content[:9]}]", **options)


async def all_of(questions: Any, **options: Any) -> list[fr.Row]:
    return [row async for row in fr.batch_async(questions, **{"store": None, **options})]


# --- rows ---


def test_a_row_says_everything_of_its_run() -> None:
    provider = echo(prices=(1e6, 0.0))
    (row,) = fr.batch([{"question": "q", "id": "a1"}], flow=ASK, provider=provider, store=None)
    assert row.ok and row.answer == row.value and row.method == "ask_it" and row.reason == row.error == ""
    assert row.usage.calls == 1 and row.usage.tokens > 0 and row.usage.money
    data = row.as_json()
    assert data["id"] == "a1" and data["given"] == {"question": "q", "id": "a1"} and data["calls"] == 1
    with pytest.raises(AttributeError):
        row.answer = "x"  # type: ignore[misc]


def test_in_order_and_as_they_finish() -> None:
    def latency(request: fr.Request) -> float:
        return 9.0 if "slow" in request.messages[-1].content else 1.0

    questions = ["slow", *"abcdefghij"]

    async def indices(in_order: bool) -> tuple[list[int], float]:
        rows = await all_of(questions, flow=ASK, provider=echo(latency=latency), concurrency=3, in_order=in_order)
        return [row.index for row in rows], now()

    finished, seconds = virtual(indices(False))
    assert sorted(finished) == list(range(11)) and finished[-1] == 0 and seconds == 9.0
    ordered, again = virtual(indices(True))
    assert ordered == list(range(11)) and again == 9.0  # those behind the slow one are answered meanwhile


def test_so_many_are_answered_at_once_and_no_more() -> None:
    inside = most = 0

    async def reply(_: fr.Request) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(1)
        inside -= 1
        return "x"

    virtual(all_of(["q"] * 40, flow=ASK, provider=fr.ScriptedProvider(reply), concurrency=7))
    assert most == 7


def test_methods_answer_as_solve_does() -> None:
    provider = echo()
    rows = list(fr.batch(["a", "b"], method="direct", provider=provider, store=None, in_order=True))
    assert [row.ok for row in rows] == [True, True] and {row.method for row in rows} == {"direct"}
    alone = fr.solve("a", method="direct", provider=echo(), store=None)
    assert rows[0].answer == alone.answer
    with pytest.raises(fr.UsageError, match="did you mean direct"):
        fr.batch(["a"], method="drect")


def test_a_flow_may_be_named_by_its_file_or_its_place_in_the_library(tmp_path: Path) -> None:
    (tmp_path / "twice.flow").write_text(TWICE.text)
    for flow, questions in ((tmp_path / "twice.flow", ["21"]), (str(tmp_path / "twice.flow"), [{"n": 21}])):
        assert [row.value for row in fr.batch(questions, flow=flow, provider=echo(), store=None)] == [42]
    (row,) = fr.batch(["q"], flow="library:direct", provider=echo(), store=None)
    assert row.ok and row.method == "direct"
    with pytest.raises(fr.UsageError, match="there is no file no.flow"):
        fr.batch(["q"], flow="no.flow")


def test_a_question_without_a_method_has_a_flow_written_for_it() -> None:
    flows = fr.ScriptedProvider(lambda request: "```flow\nflow main() -> int { answer `6 * 7` }\n```")
    (row,) = fr.batch(["What is six times seven?"], provider=flows, store=None)
    assert row.value == 42 and row.method == "graph" and row.usage.calls == 1


def test_only_what_is_named_goes_to_the_model() -> None:
    provider = echo()
    row = {"question": "q", "answer": "secret gold", "page": "page text", "inputs": {"map": "map text"}}
    list(fr.batch([row], method="direct", inputs=["page"], provider=provider, store=None))
    prompt = provider.requests[0].messages[-1].content
    assert "page text" in prompt and "map text" in prompt and "secret gold" not in prompt


# --- limits ---


def test_at_the_limit_over_all_what_is_under_way_ends_with_its_best_and_the_rest_does_not_begin() -> None:
    provider = echo(latency=1.0)
    flow = fr.loads(
        'flow f(question: text) -> list[text] { xs = for i in `[1, 2, 3]` { yield ask "{i} {question}" } answer xs }'
    )
    rows = virtual(
        all_of([f"q{n}" for n in range(10)], flow=flow, provider=provider, concurrency=4, total={"calls": 8})
    )
    assert len(provider.requests) == 8 and sum(row.usage.calls for row in rows) == 8
    assert {row.status for row in rows} == {"answered", "limit"} or {row.status for row in rows} == {"limit"}
    assert any(row.partial and row.value for row in rows)
    unbegun = [row for row in rows if not row.usage.calls]
    assert unbegun and all(row.reason == "limit" and "over all questions" in row.error for row in unbegun)


@pytest.mark.parametrize(
    ("total", "asked"),
    [
        (fr.Limits(money=5.0), 230),
        ({"money": 5.0}, 230),
        (fr.Limits(calls=200), 200),
        (fr.Limits.parse(["money=5", "calls=200"]), 200),
    ],
    ids=str,
)
def test_over_all_nothing_is_limited_that_was_not_named(total: Any, asked: int) -> None:
    provider = echo()
    rows = list(fr.batch((f"q{n}" for n in range(230)), method="direct", provider=provider, store=None, total=total))
    assert (len(provider.requests), sum(row.ok for row in rows)) == (asked, asked)


def test_at_the_limit_over_all_every_run_under_way_has_reached_it_at_once() -> None:
    async def main() -> None:
        whole = Whole(fr.Limits(calls=1), width=1)
        first, second = whole.join(fr.Limits(), Usage(), 0), whole.join(fr.Limits(), Usage(), 1)
        told: list[str] = []
        second.on_over = lambda error: told.append(error.limit)
        await first.gate.enter()
        waiting = asyncio.ensure_future(second.gate.enter())
        await asyncio.sleep(0)
        request = fr.Request((fr.Message("user", "q"),))
        await first.room(request, fr.ModelInfo("m"), 5)
        with pytest.raises(fr.LimitExceeded) as raised:
            first.reserve(request, fr.ModelInfo("m"), 5)
        first.stop(raised.value)
        await waiting  # it is let in, and finds out
        assert told == ["calls"] and second.over is not None and second.over.over_all
        late = whole.join(fr.Limits(), Usage(), 2)
        with pytest.raises(fr.LimitExceeded, match="over all questions"):
            late.reserve(request, fr.ModelInfo("m"), 5)

    asyncio.run(main())


def test_questions_that_began_first_are_served_first_however_long_the_way_of_later_ones() -> None:
    async def main() -> None:
        whole, order = Gate(1), []
        await whole.enter()

        async def enter(rank: int, priority: float) -> None:
            gate = Gate(0, whole, rank)
            await gate.enter(priority)
            order.append((rank, priority))
            gate.leave()

        asked = [(2, 9.0), (0, 1.0), (1, 5.0), (0, 3.0), (1, 8.0)]
        tasks = [asyncio.ensure_future(enter(*each)) for each in asked]
        await asyncio.sleep(0)
        whole.leave()
        await asyncio.gather(*tasks)
        assert order == [(0, 3.0), (0, 1.0), (1, 8.0), (1, 5.0), (2, 9.0)]

    asyncio.run(main())


def test_the_time_over_all_ends_what_is_under_way() -> None:
    list(fr.batch(["a"], flow=ASK, provider=echo(), store=None))  # whatever is loaded at first is
    began = time.monotonic()
    provider = echo(latency=1.5)
    rows = list(fr.batch(["a"] * 30, flow=ASK, provider=provider, store=None, concurrency=2, total={"seconds": 2.5}))
    assert time.monotonic() - began < 10
    assert Counter(row.status for row in rows) == {"answered": 2, "limit": 28} and len(provider.requests) == 4
    assert all("2.5 seconds over all questions" in row.error for row in rows if not row.ok)


def test_the_limit_of_one_question_stops_no_other() -> None:
    rows = virtual(
        all_of(["a", "b", "c"], flow=TWO, provider=echo(), limits=fr.Limits(calls=1), confirm=lambda *_: True)
    )
    assert [(row.status, row.usage.calls) for row in rows] == [("limit", 1)] * 3
    assert all("--limit calls" in row.error for row in rows)


def test_wrong_options_are_told_at_once() -> None:
    for options, words in [
        ({"concurency": 4}, "did you mean 'concurrency'"),
        ({"concurrency": 0}, "a whole number from 1"),
        ({"total": {"depth": 3}}, "there are: calls, tokens, money, seconds"),
        ({"total": {"money": -1}}, "money must be a number"),
        ({"flow": ASK, "method": "direct"}, "exclude each other"),
        ({"retry_failed": True}, "needs the name"),
        ({"on_run": print}, "has no option 'on_run'"),
        ({"flow": ASK, "tools": [len]}, "has its tools already"),
    ]:
        with pytest.raises(fr.UsageError, match=words):
            fr.batch(["a"], **options)
    with pytest.raises(fr.UsageError, match="has a name is kept"):
        list(fr.batch(["1"], flow=TWICE, name="x", store=None, provider=echo()))


# --- what ends a batch, and what does not ---


def failing(kind: str, on: str = "bad") -> fr.ScriptedProvider:
    def reply(request: fr.Request) -> Any:
        if on in request.messages[-1].content:
            return fr.ProviderError(f"the {kind} is at fault", kind=kind)
        return "fine"

    return fr.ScriptedProvider(reply, latency=0.01)


@pytest.mark.parametrize("kind", ["key", "quota", "url"])
def test_what_no_question_could_escape_ends_the_batch_at_once(kind: str) -> None:
    provider, rows, questions = failing(kind), [], [*"abc", "bad", *"defghijklmnop"] * 50
    with pytest.raises(fr.ProviderError, match=f"the {kind} is at fault"):
        rows.extend(fr.batch(questions, flow=ASK, provider=provider, store=None, concurrency=4))
    assert len(provider.requests) < 20 and all(row.ok for row in rows)


@pytest.mark.parametrize("kind", ["model", "request", "refused", "context", "reply", "server"])
def test_one_odd_question_fails_alone(kind: str) -> None:
    rows = list(fr.batch([*"abc", "bad", *"def"], flow=ASK, provider=failing(kind), store=None, in_order=True))
    assert [row.ok for row in rows] == [True] * 3 + [False] + [True] * 3
    assert (rows[3].reason, rows[3].error_kind) == ("model", kind)


@pytest.mark.parametrize(("kind", "most"), [("model", 3), ("request", 3), ("server", 20), ("network", 20)])
def test_what_fails_again_and_again_ends_the_batch(kind: str, most: int) -> None:
    rows = []
    with pytest.raises(fr.ProviderError):
        rows.extend(fr.batch(["bad"] * 500, flow=ASK, provider=failing(kind), store=None, concurrency=2))
    assert len(rows) <= most + 2


def test_failures_between_answers_do_not_end_a_batch() -> None:
    rows = list(fr.batch(["bad", "good"] * 40, flow=ASK, provider=failing("request"), store=None, concurrency=1))
    assert Counter(row.ok for row in rows) == {True: 40, False: 40}


def test_a_refused_question_never_ends_a_batch_however_many_there_are() -> None:
    rows = list(fr.batch(["bad"] * 100, flow=ASK, provider=failing("refused"), store=None))
    assert Counter(row.error_kind for row in rows) == {"refused": 100}


class Burst(Exception):
    pass


def test_what_callbacks_raise_is_raised_here() -> None:
    def on_event(index: int, event: fr.Event) -> None:
        if index == 3 and event.kind == "run.started":
            raise Burst("in a listener")

    with pytest.raises(Burst, match="in a listener"):
        list(fr.batch(["q"] * 10, flow=ASK, provider=echo(), store=None, on_event=on_event))

    async def ask_user(question: str, type: str) -> str:
        raise Burst("nobody types")

    asking = fr.loads('flow f(question: text) -> text { answer ask user "{question}" }')
    with pytest.raises(Burst, match="nobody types"):
        list(fr.batch(["q"] * 10, flow=asking, provider=echo(), store=None, ask_user=ask_user))


def test_events_say_of_which_row_they_are() -> None:
    seen: Counter[int] = Counter()

    def on_event(index: int, event: fr.Event) -> None:
        seen[index] += event.kind == "node.reply"

    list(fr.batch(["q"] * 5, flow=TWO, provider=echo(), store=None, on_event=on_event))
    assert seen == dict.fromkeys(range(5), 2)


def test_a_bug_of_ours_spoils_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    real = fr.Flow.run_async

    async def broken(self: fr.Flow, inputs: Any, **options: Any) -> fr.Result:
        if inputs["n"] == 2:
            raise AssertionError("a bug")
        return await real(self, inputs, **options)

    monkeypatch.setattr(fr.Flow, "run_async", broken)
    rows = list(fr.batch([{"n": n} for n in range(4)], flow=TWICE, provider=echo(), store=None, in_order=True))
    assert [row.reason for row in rows] == ["", "", "bug", ""] and rows[2].error == "AssertionError: a bug"


# --- leaving it ---


def names_of_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("flowreason-")}


def test_leaving_the_loop_cancels_what_is_under_way(tmp_path: Any) -> None:
    provider = Counting()
    provider.pause = 3.0
    for row in fr.batch((f"q{n}" for n in range(1000)), flow=TWO, provider=provider, store=str(tmp_path / "s.db")):
        assert row.ok
        break
    asked = provider.count
    assert asked < 200
    runs = fr.runs(store=str(tmp_path / "s.db"), most=1000)
    statuses = Counter(run.status for run in runs)
    assert set(statuses) <= {"answered", "cancelled", "interrupted"} and statuses["cancelled"]
    time.sleep(0.5)
    provider.pause = 0.0
    assert provider.count == asked
    gone_on = fr.resume(
        next(run.id for run in runs if run.status == "cancelled"), provider=provider, store=str(tmp_path / "s.db")
    )
    assert gone_on.ok


def test_no_thread_is_left_behind() -> None:
    before = names_of_threads()
    rows = fr.batch(iter(["q"] * 100), flow=ASK, provider=echo(), store=None)
    next(rows)
    rows.close()
    unused = fr.batch(iter(["q"]), flow=ASK, provider=echo(), store=None)
    del unused
    gc.collect()
    end = time.monotonic() + 5
    while names_of_threads() - before and time.monotonic() < end:
        time.sleep(0.01)
    assert names_of_threads() - before == set()


def test_it_works_inside_a_running_loop_and_cancelling_that_ends_it() -> None:
    async def main() -> None:
        assert len(list(fr.batch(["q"] * 5, flow=ASK, provider=echo(), store=None))) == 5
        provider = echo(latency=100)
        task = asyncio.create_task(all_of(["q"] * 50, flow=ASK, provider=provider))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with aclosing(fr.batch_async(["q"] * 50, flow=ASK, provider=echo(), store=None)) as rows:
            async for _ in rows:
                break
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_row_given_out_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of rows and runs does not grow with their number."""
    from flowreason.engine.result import RunResult

    def alive() -> int:
        gc.collect()
        return sum(isinstance(each, RunResult | fr.Row | fr.Result) for each in gc.get_objects())

    counts = []
    for row in fr.batch(({"n": n} for n in range(600)), flow=TWICE, provider=echo(), store=None, concurrency=4):
        if row.index % 200 == 199:
            counts.append(alive())
    assert len(counts) == 3 and max(counts) < 40, counts
