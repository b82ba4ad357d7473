"""What fails, fails alone: an item, a fallback's first try, a branch that nobody took; and a bug is never an answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import flowreason as fr
from tests.virtual import Work, echo, virtual


def run(text: str, *, provider: Any = None, tools: Any = (), **inputs: Any) -> fr.Result:
    flow = fr.loads(text, tools=tools)
    return virtual(flow.run_async(inputs, provider=provider or echo(), limits=fr.Limits(calls=None)))


def kinds(result: fr.Result, kind: str) -> list[Any]:
    return [event for event in result.events if event.kind == kind]


# --- items ---


def test_one_failing_item_is_null_and_reported_by_itself() -> None:
    result = run("flow f(xs: list[int]) -> list[any] { ys = for x in xs yield `12 // x`\n answer ys }", xs=[3, 0, 4])
    assert result.value == [4, None, 3]
    [failed] = result.failed_items
    assert failed.index == 1
    assert "division" in failed.error
    assert len(kinds(result, "item.failed")) == 1


def test_a_failing_item_does_not_stop_the_others() -> None:
    work = Work()
    result = work.run('flow f() { xs = for n in `[3, 0, 1]` { k = `6 // n`  yield work("{k}", n) }\n answer xs }')
    assert result.value == ["2", None, "6"]
    assert work.took == 3


def test_when_all_items_fail_the_loop_fails_and_else_catches_it() -> None:
    text = "flow f(xs: list[int]) { ys = for x in xs yield `1 // x`\n answer ys }"
    assert run(text, xs=[0, 0]).status == "failed"
    rescued = "flow main(xs: list[int]) { answer f(xs) else 7 }\n" + text
    assert run(rescued, xs=[0, 0]).value == 7
    assert run(text, xs=[]).value == []


def test_items_of_a_loop_in_a_loop_count_for_the_loop_that_collects() -> None:
    text = "flow f(xs: list[int]) { ys = for x in xs { for y in xs { yield `1 // (x - y)` } }\n answer ys }"
    result = run(text, xs=[1, 2])
    assert result.value == [None, -1, 1, None]
    assert [item.index for item in result.failed_items] == [0, 1]
    assert run(text, xs=[1]).status == "failed"


def test_a_list_with_a_failed_item_of_its_type_is_still_a_list() -> None:
    @fr.tool
    async def odd(x: int) -> int:
        if x % 2 == 0:
            raise ValueError("even!")
        return x

    text = "flow f(xs: list[int]) { ys: list[int] = for x in xs yield odd(x)\n answer `len(ys)` }"
    assert run(text, xs=[1, 2], tools=[odd]).value == 2


def test_an_effect_that_fails_in_an_item_is_lost_with_it_and_those_after_it_still_happen() -> None:
    done: list[int] = []

    @fr.tool
    async def pack(x: int) -> int:
        if x == 2:
            raise ValueError("it is too heavy")
        done.append(x)
        return x

    text = "flow f(xs: list[int]) { ys = for x in xs { yield pack(x) }\n pack(9)\n answer ys }"
    assert run(text, xs=[1, 2, 3], tools=[pack]).value == [1, None, 3]
    assert done == [1, 3, 9]
    before = "flow f(xs: list[int]) { pack(2)\n ys = for x in xs { yield pack(x) }\n answer ys }"
    assert run(before, xs=[1, 3], tools=[pack]).status == "failed"
    assert done == [1, 3, 9]


def test_an_effect_that_fails_stops_the_effects_after_it() -> None:
    done: list[int] = []

    @fr.tool
    async def pack(x: int) -> int:
        done.append(x)
        return 6 // (x - 2)

    result = run("flow f(xs: list[int]) { for x in xs { pack(x) }\n answer 1 }", xs=[1, 2, 3], tools=[pack])
    assert (result.status, done) == ("failed", [1, 2])


def test_a_name_that_a_loop_without_rounds_never_set_fails_where_it_is_read() -> None:
    text = "flow f(xs: list[int]) { last = 0\n for x in xs { last = x }\n answer last }"
    assert run(text, xs=[]).value == 0


# --- else ---


@pytest.mark.parametrize(
    "first",
    [
        "`1 // 0`",
        "`[][0]`",
        'ask "How many?" with tries=1',
        'ask "How many?" ensure `x > 5`, "more" with tries=2',
        "broken(1)",
        "deeper(1)",
    ],
)
def test_else_catches_what_made_the_first_fail(first: str) -> None:
    @fr.tool
    def broken(x: int) -> int:
        raise RuntimeError("the bridge is out")

    text = f"flow f() {{ x: int = {first} else 5\n answer x }}\nflow deeper(n: int) -> int {{ answer `n // 0` }}"
    assert run(text, provider=echo(reply="many"), tools=[broken]).value == 5


def test_else_goes_on_to_the_next_until_one_holds() -> None:
    assert run("flow f() { answer `1 // 0` else `[][1]` else 3 }").value == 3


def test_else_is_not_tried_when_the_first_holds() -> None:
    provider = echo()
    assert run('flow f() { answer "fine" else ask "What else?" }', provider=provider).value == "fine"
    assert provider.requests == []


def test_else_in_an_arm_whose_condition_failed_does_nothing() -> None:
    work = Work()
    text = """
      flow main() {
        x = shaky() else "given up"
        y = work("later", 5)
        answer "{x} {y}"
      }
      flow shaky() -> text {
        z = "none"
        if `1 // 0 > 1` { z = `2 // 0` else act("rescue", 0) }
        answer z
      }
    """
    result = work.run(text)
    assert result.value == "given up later"
    assert work.order == []


def test_a_failure_says_the_line_and_where_it_began() -> None:
    result = run("flow f() {\n a = `1 // 0`\n b = `a + 1`\n answer b\n}")
    assert result.status == "failed"
    assert "line 2" in str(result.error)
    [failed] = kinds(result, "node.failed")
    assert failed.node == "a"
    assert [event.data["because"] for event in kinds(result, "node.skipped")] == ["a"]


def test_a_failure_that_nobody_reads_does_not_fail_the_flow() -> None:
    assert run("flow f() { a = `1 // 0`\n answer 3 }").value == 3


def test_a_branch_not_taken_is_skipped_and_no_failure() -> None:
    result = run('flow f() { x = 1\n if `x > 1` { x = ask "never" }\n answer x }')
    assert result.value == 1
    assert [event.node for event in kinds(result, "node.skipped")] == ["x#2"]


# --- types, texts and limits of loops ---


@pytest.mark.parametrize(
    ("body", "value", "says"),
    [
        ("z = for x in v yield x", 5, "`for` needs a list"),
        ("z = for x in v yield x", "rye", "`for` needs a list"),
        ("repeat v { z = 1 }", -1, "not negative"),
        ("repeat v { z = 1 }", 1.5, "whole number"),
        ("z = for a, b in v yield `a + b`", [[1, 2, 3]], "2 parts"),
        ("if v { z = 1 }", "maybe", "yes or no"),
        ("z: int = v", "soon", "expected int"),
        ('z = ask "Which?" with tries=v', 0, "tries"),
        ('z = "{v.name}"', {"age": 3}, "name"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_with_its_line(body: str, value: object, says: str) -> None:
    result = run(f"flow f(v: any) {{\n z: any = 0\n {body}\n answer z\n}}", v=value)
    assert result.status == "failed"
    assert says in str(result.error)


def test_a_loop_with_too_many_rounds_is_refused() -> None:
    @fr.tool(pure=True)
    def many() -> list[int]:
        return [1] * 11

    flow = fr.loads("flow f() { xs = many()\n ys = for x in xs yield x\n answer ys }", tools=[many])
    result = virtual(flow.run_async({}, provider=echo(), limits=fr.Limits(rounds=10)))
    assert not result.ok
    assert "more than the limit of 10" in str(result.error)


@pytest.mark.parametrize("call", ["dig(`n + 1`)", "`dig(n + 1)`"])
def test_recursion_ends_at_the_depth(call: str) -> None:
    text = f"flow dig(n: int) -> int {{ if `n > 99` {{ answer n }}\n answer {call} }}"
    flow = fr.loads(text)
    result = flow.run({"n": 0}, provider=echo(), limits=fr.Limits(depth=5), unsafe_python=True)
    assert result.status == "failed"
    assert "5 deep" in str(result.error)
    assert flow.run({"n": 97}, provider=echo(), limits=fr.Limits(depth=5), unsafe_python=True).value == 100


# --- what nobody foresaw ---


class Bug(Exception):
    pass


def test_an_unknown_exception_of_a_provider_is_raised_and_never_an_answer() -> None:
    work = Work()

    def reply(request: fr.Request) -> str:
        raise Bug("the cable was cut")

    text = 'flow f() { y = work("slow", 9)\n z = ask "x" else "k"\n answer "{y}{z}" }'
    with pytest.raises(Bug, match="the cable was cut"):
        work.run(text, provider=fr.ScriptedProvider(reply))
    assert work.cancelled == {"slow": 0}


def test_a_timeout_error_of_a_provider_is_not_taken_for_the_limit_of_seconds() -> None:
    async def reply(request: fr.Request) -> str:
        raise TimeoutError("the far end is asleep")

    with pytest.raises(TimeoutError, match="far end"):
        run('flow f() { answer ask "x" }', provider=fr.ScriptedProvider(reply))


def test_a_hopeless_provider_stops_the_run_though_else_stands_there() -> None:
    error = fr.ProviderError("the key is refused", kind="key")
    provider = fr.ScriptedProvider(default=error)
    result = run('flow f() { x = ask "a" else ask "b"\n answer x }', provider=provider)
    assert (result.status, result.error, len(provider.requests)) == ("failed", error, 1)


def test_a_listener_that_breaks_stops_the_run_and_is_heard() -> None:
    work = Work()
    heard: list[fr.Event] = []

    def listen(event: fr.Event) -> None:
        heard.append(event)
        if event.kind == "node.done" and event.node == "a":
            raise Bug("the screen is gone")

    with pytest.raises(Bug, match="the screen is gone"):
        work.run('flow f() { a = work("a", 1)\n b = work("b", 9)\n answer "{a}{b}" }', on_event=listen)
    assert work.cancelled == {"b": 1}
    assert heard[-1].kind == "node.done"


@pytest.mark.parametrize("kind", ["run.started", "node.started", "run.finished", "frame.opened"])
def test_a_listener_may_break_at_any_event(kind: str) -> None:
    def listen(event: fr.Event) -> None:
        if event.kind == kind:
            raise Bug(kind)

    with pytest.raises(Bug, match=kind):
        Work().run('flow f() { a = work("a", 1)\n answer a }', on_event=listen)


def test_an_interrupt_in_a_tool_ends_the_run() -> None:
    @fr.tool
    async def press() -> int:
        raise KeyboardInterrupt

    async def main() -> None:
        await fr.loads("flow f() { answer press() else 3 }", tools=[press]).run_async({}, provider=echo())

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
