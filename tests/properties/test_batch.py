"""Whatever the questions, the order in which they finish, what fails and when somebody leaves: every row comes once, as
it would have come alone, and no more is paid than the limits allow."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
import zlib
from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.batch.window import Window
from flowreason.ports import Notify
from tests.virtual import virtual

FLOW = fr.loads(
    """\
flow f(question: text, n: int = 2) -> list[text] {
  a = ask "first {question}" with temperature=1
  xs = for i in `list(range(5))[:n]` { yield ask "{i} of {a} {question}" with temperature=1 }
  answer xs
}
""".replace("`list(range(5))[:n]`", "`[1, 2, 3, 4, 5][:n]`")
)


class Market:
    """Answers after a while, by what is asked; refuses some; counts what it is paid and how many wait at once."""

    def __init__(self, seed: int, refuses: int) -> None:
        self._dice = random.Random(seed)
        self._refuses = refuses
        self.paid = self.inside = self.most_inside = 0

    async def complete(self, request: fr.Request, notify: Notify | None = None) -> fr.Reply:
        text = request.messages[-1].content
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await asyncio.sleep(self._dice.random())
        finally:
            self.inside -= 1
        self.paid += 1
        if self._refuses and zlib.crc32(text.encode()) % 7 < self._refuses:
            raise fr.ProviderError("not this", kind="refused")
        return fr.Reply(f"r{zlib.crc32(text.encode()) % 1000}", fr.Usage(1, 10, 5, 0.001))

    def model_info(self, model: str | None) -> fr.ModelInfo:
        return fr.ModelInfo("market", 1.0, 1.0)

    async def close(self) -> None:
        """Nothing is open."""


ROWS = st.lists(
    st.one_of(
        st.text("abc", min_size=1, max_size=3),
        st.fixed_dictionaries({"question": st.text("abc", max_size=2)}, optional={"n": st.integers(0, 4), "id": st.just("x")}),
        st.sampled_from([{"n": 1}, {"question": "q", "n": "many"}, 17, None]),
    ),
    max_size=25,
)  # fmt: skip


async def gathered(questions: Any, market: Market, leave: int | None = None, **options: Any) -> list[fr.Row]:
    found: list[fr.Row] = []
    rows = fr.batch_async(questions, flow=FLOW, provider=market, store=None, **options)
    async with aclosing(rows):
        async for row in rows:
            found.append(row)
            if len(found) == leave:
                break
    return found


def what(row: fr.Row) -> tuple[Any, ...]:
    used = replace(row.usage, money=round(row.usage.money or 0.0, 9))
    return row.status, row.value, row.error, row.reason, used, dict(row.given)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROWS, st.integers(0, 1000), st.integers(1, 9), st.booleans(), st.integers(0, 2))
def test_every_row_comes_once_and_as_it_would_alone(
    questions: list[Any], seed: int, concurrency: int, in_order: bool, refuses: int
) -> None:
    rows = virtual(gathered(questions, Market(seed, refuses), concurrency=concurrency, in_order=in_order))
    assert sorted(row.index for row in rows) == list(range(len(questions)))
    if in_order:
        assert [row.index for row in rows] == list(range(len(questions)))
    for row in rows:
        (alone,) = virtual(gathered([questions[row.index]], Market(seed + 1, refuses)))
        same = what(alone)[2].replace("question 1:", f"question {row.index + 1}:")
        assert what(row) == (*what(alone)[:2], same, *what(alone)[3:])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(1, 30), st.integers(0, 1000), st.integers(1, 9), st.integers(0, 60), st.booleans(), st.integers(0, 2)
)
def test_the_limit_over_all_is_never_exceeded_and_every_question_has_its_row(
    count: int, seed: int, concurrency: int, limit: int, in_order: bool, refuses: int
) -> None:
    market, questions = Market(seed, refuses), [f"q{n}" for n in range(count)]
    rows = virtual(gathered(questions, market, concurrency=concurrency, in_order=in_order, total={"calls": limit}))
    assert market.paid <= limit
    assert sorted(row.index for row in rows) == list(range(count))
    assert sum(row.usage.calls for row in rows) == market.paid
    needed = 3 * count if not refuses else None
    if needed is not None:
        assert all(row.ok for row in rows) == (limit >= needed) and (limit >= needed or market.paid == limit)
    assert all(row.reason in ("", "limit", "model", "flow") for row in rows)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 40), st.integers(0, 1000), st.integers(1, 9), st.booleans(), st.integers(1, 40))
def test_whoever_leaves_leaves_nothing_running(
    count: int, seed: int, concurrency: int, in_order: bool, leave: int
) -> None:
    market = Market(seed, 0)
    rows = virtual(gathered([f"q{n}" for n in range(count)], market, leave, concurrency=concurrency, in_order=in_order))
    assert len(rows) == min(count, leave) and market.inside == 0  # `virtual` finds tasks that are left


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 60), st.integers(0, 1000), st.integers(1, 9), st.integers(1, 30), st.booleans(),
    st.one_of(st.none(), st.integers(0, 60)), st.one_of(st.none(), st.integers(0, 60)), st.booleans(),
)  # fmt: skip
def test_a_window_takes_no_more_than_it_can_give_out(
    count: int, seed: int, width: int, most: int, in_order: bool, breaks: int | None, stops: int | None, waits: bool
) -> None:
    """The window alone: of items that take any time, some of which fail, and which may be stopped."""
    dice, taken, inside, given_out = random.Random(seed), 0, 0, 0

    def take() -> Any:
        nonlocal taken
        if taken == count:
            return None
        taken += 1
        assert taken - given_out <= max(width, most) + 1
        return waiting(taken) if waits else taken

    async def waiting(number: int) -> int:
        await asyncio.sleep(dice.random() / 10)
        return number

    async def work(number: int, item: int) -> int:
        nonlocal inside
        inside += 1
        assert inside <= width and item == number + 1
        try:
            await asyncio.sleep(dice.random())
        finally:
            inside -= 1
        if number == breaks:
            raise ValueError(f"{number}")
        return number

    async def main() -> list[int]:
        nonlocal given_out
        window, found = Window(take, work, width=width, most=most, in_order=in_order), []
        try:
            async for each in window.rows():
                found.append(each)
                given_out += 1
                if given_out == stops:
                    window.stop()
                if dice.random() < 0.2:
                    await asyncio.sleep(dice.random() * 3)
        except ValueError as error:
            assert breaks is not None and str(error) == str(breaks)
        else:
            assert breaks is None or breaks >= len(found)
        assert inside == 0
        return found

    found = virtual(main())
    assert len(found) == len(set(found)) and set(found) <= set(range(count)) - {breaks}
    if in_order:
        assert found == sorted(found)
    if breaks is None and stops is None:
        assert sorted(found) == list(range(count))
    if stops is not None and breaks is None and stops <= count:
        assert len(found) >= min(stops, count) and len(found) == taken - (waits and len(found) < taken)


PYTHON = fr.loads("flow f(n: int) -> int { a = `n * 3 + 1`  answer `a % 7` }")
ASKS = fr.loads('flow f(n: int) -> text { a = ask "how many {n}"  answer a }')


class Instant:
    """Answers at once and remembers nothing."""

    async def complete(self, request: fr.Request, notify: Notify | None = None) -> fr.Reply:
        await asyncio.sleep(0)
        return fr.Reply("many", fr.Usage(1, 10, 5, 0.0))

    def model_info(self, model: str | None) -> fr.ModelInfo:
        return fr.ModelInfo("instant")

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("kind", ["python", "asks", "asks, kept", "failing"])
def test_memory_does_not_grow_with_the_number_of_questions(kind: str, tmp_path: Any) -> None:
    """What is put by once (a module that is loaded late, a cache) comes once; what grows, grows each time."""
    assert any(stays_of_each(kind, tmp_path / f"{number}.db") < 150 for number in range(2))


def stays_of_each(kind: str, kept: Any) -> float:
    """How many bytes stay of each question of a batch, from its second fifth on."""
    flow = PYTHON if kind == "python" else ASKS
    store = str(kept) if "kept" in kind else None
    counts = {"python": 1500, "asks": 1200, "asks, kept": 600, "failing": 1000}
    count = counts[kind]

    def questions() -> Any:
        for n in range(count):
            yield {"n": "none" if kind == "failing" else n, "text": f"{n}" * 50}

    async def main() -> list[int]:
        seen, sizes = Counter[str](), [2**62] * 5
        async for row in fr.batch_async(questions(), flow=flow, provider=Instant(), store=store, concurrency=8):
            seen[row.status] += 1
            fifth, into = divmod(seen.total() - 1, count // 5)
            if into % (count // 40) == 0:  # the least of a few: what is under way at one moment is not what stays
                gc.collect()
                sizes[fifth] = min(sizes[fifth], tracemalloc.get_traced_memory()[0])
        assert seen.total() == count and len(seen) == 1
        return sizes

    gc.freeze()  # what other tests have left is not looked through each time, nor afterwards
    tracemalloc.start()
    try:
        sizes = asyncio.run(main())
    finally:
        tracemalloc.stop()
    return (sizes[-1] - sizes[1]) / (count * 3 / 5)
