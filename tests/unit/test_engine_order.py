"""What starts when: a node the moment its inputs are there, effects in written order, and nothing waits without need."""

from __future__ import annotations

import asyncio

import pytest

import flowreason as fr
from tests.virtual import Work, echo


def ran(text: str, **options: object) -> Work:
    work = Work()
    result = work.run(text, **options)
    assert result.ok, result.error
    return work


def test_two_chains_take_as_long_as_the_longer_one() -> None:
    work = ran(
        """
        flow river() {
          a = work("a", 1)
          b = work("b", 0.1)
          c = work("c", 0.1, a)
          d = work("d", 1, b)
          answer "{c} {d}"
        }
        """
    )
    assert work.took == pytest.approx(1.1)
    assert (work.started["c"], work.started["d"]) == (1, 0.1)


def test_an_arm_starts_when_its_condition_is_known_whatever_else_still_runs() -> None:
    work = ran(
        """
        flow river() {
          slow = work("slow", 5)
          wet = work("wet", 1)
          if `wet == "wet"` { x = work("x", 1)  y = work("y", 3) } else { x = work("never", 1)  y = x }
          z = work("z", 1, x)
          answer "{slow} {y} {z}"
        }
        """
    )
    assert "never" not in work.started
    assert (work.started["x"], work.started["z"], work.took) == (1, 2, 5)


def test_a_step_of_an_item_waits_for_its_own_item_only() -> None:
    work = ran(
        """
        flow river() {
          xs = for n in `[3, 1, 2]` {
            first = work("first {n}", n)
            yield work("second {n}", 1, first)
          }
          answer xs
        }
        """
    )
    assert [work.started[f"second {n}"] for n in (1, 2, 3)] == [1, 2, 3]
    assert work.took == 4


def test_results_of_items_keep_the_order_of_the_list() -> None:
    work = Work()
    result = work.run('flow f() { xs = for n in `[3, 1, 2]` yield work("{n}", n)\n answer xs }')
    assert result.value == ["3", "1", "2"]


def test_only_what_uses_what_the_round_before_assigned_waits_for_it() -> None:
    work = ran(
        """
        flow river() {
          total = "0"
          for n in `[1, 2, 3]` {
            free = work("free {n}", 1)
            total = work("chained {n}", 1, `[total, free]`)
          }
          answer total
        }
        """
    )
    assert [work.started[f"free {n}"] for n in (1, 2, 3)] == [0, 0, 0]
    assert [work.started[f"chained {n}"] for n in (1, 2, 3)] == [1, 2, 3]


def test_a_round_starts_when_what_it_carries_is_there_though_the_round_before_is_not_over() -> None:
    work = ran(
        """
        flow river() {
          fast = "0"
          repeat 3 {
            slow = work("slow {fast}", 5)
            fast = work("{fast}.", 1)
          }
          answer "{fast} {slow}"
        }
        """
    )
    assert [work.started[f"slow 0{dots}"] for dots in ("", ".", "..")] == [0, 1, 2]
    assert work.took == 7


def test_what_follows_a_loop_needs_its_values_not_its_end() -> None:
    work = ran(
        """
        flow river() {
          place = "0"
          repeat 2 { slow = work("slow {place}", 5)  place = work("{place}.", 1) }
          next = work("next", 1, place)
          answer "{next} {slow}"
        }
        """
    )
    assert work.started["next"] == 2


def test_a_sub_flow_starts_with_the_inputs_that_are_there() -> None:
    work = ran(
        """
        flow main() {
          early = work("early", 1)
          late = work("late", 4)
          answer both(early, late)
        }
        flow both(a: text, b: text) {
          x = work("x", 2, a)
          answer work("y", 1, `[x, b]`)
        }
        """
    )
    assert (work.started["x"], work.started["y"], work.took) == (1, 4, 5)


def test_calls_of_sub_flows_overlap() -> None:
    work = ran(
        """
        flow main() {
          xs = for n in `[2, 1]` yield step(n)
          answer xs
        }
        flow step(n: int) { answer work("{n}", n) }
        """
    )
    assert work.took == 2


def test_a_hand_drawn_edge_is_waited_for() -> None:
    work = ran('flow f() { a = work("a", 2)\n b = work("b", 1)\n a -> b\n answer "{a} {b}" }')
    assert work.started["b"] == 2


def test_the_answer_waits_for_no_pure_work_that_nobody_reads() -> None:
    work = ran('flow f() { a = work("a", 9)\n answer "done" }')
    assert work.took == 0
    assert work.cancelled.keys() <= {"a"}


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ('act("a", 3)  act("b", 1)', "ab"),
        ('for n in `["a", "b", "c"]` { act(n, 1) }  act("d", 0)', "abcd"),
        ('xs = for n in `["a", "b"]` { yield act(n, 1) }  act("c", 0)', "abc"),
        ('act("a", 2)  if `1 > 0` { act("b", 1) } else { act("x", 1) }  act("c", 0)', "abc"),
        ('act("a", 2)  if `1 < 0` { act("x", 1) }  act("b", 0)', "ab"),
        ('two("a")  act("c", 0)', "abc"),
        ('repeat 2 { act("a", 1)  two("a") }', "aabaab"),
        ('xs = sample 2 { yield act("a", 1) }  act("b", 0)', "aab"),
        ('x = `1 // 0` else act("a", 1)  act("b", 0)', "ab"),
        ('match "low" { "low" { act("a", 3) } else { act("x", 0) } }  act("b", 0)', "ab"),
        ('while `1 > 0` max 2 { act("a", 1) }  act("b", 0)', "aab"),
        ('for n in `[1]` { for m in `["a", "b"]` { act(m, 2) }  act("c", 0) }  act("d", 0)', "abcd"),
    ],
)  # fmt: skip
def test_effects_keep_their_written_order(body: str, order: str) -> None:
    work = ran(f'flow main() {{ {body}\n answer "done" }}\nflow two(n: text) {{ act(n, 2)\n act("b", 1)\n answer n }}')
    assert "".join(work.order) == order
    begun = [work.started[name] for name in dict.fromkeys(work.order)]
    assert begun == sorted(begun)


def test_effects_keep_their_order_around_a_flow_written_at_run_time() -> None:
    provider = fr.ScriptedProvider(default='flow inner() -> text {\n  act("b", 2)\n  answer "solved"\n}', latency=1)
    work = ran('flow f() { act("a", 3)\n x = solve "Do b."\n act("c", 0)\n answer x }', provider=provider)
    assert work.order == ["a", "b", "c"]


def test_effects_keep_their_order_around_emulated_code() -> None:
    order: list[str] = []

    @fr.tool
    async def act(name: str, seconds: float) -> str:
        order.append(name)
        await asyncio.sleep(seconds)
        return name

    text = """
        flow f() {
          act("a", 0.02)
          x = emulate ```
            act("b", 0.01)
            act("c", 0.01)
          ```
          act("d", 0)
          answer "done"
        }
    """
    result = fr.loads(text, tools=[act]).run(provider=echo(), unsafe_python=True)
    assert result.ok, result.error
    assert order == ["a", "b", "c", "d"]


def test_pure_work_does_not_wait_for_effects() -> None:
    work = ran('flow f() { act("a", 5)\n b = work("b", 1)\n act("c", 1)\n answer b }')
    assert (work.started["b"], work.started["c"], work.took) == (0, 5, 6)


def test_asks_of_one_moment_are_one_wave() -> None:
    provider = echo(latency=1)
    work = Work()
    text = 'flow f(ns: list[int]) { xs = for n in ns yield ask "Number {n}?"\n answer xs }'
    result = work.run(text, provider=provider, inputs={"ns": list(range(50))})
    assert (len(result.value), work.took, len(provider.requests)) == (50, 1, 50)


def test_the_gate_lets_the_longest_way_go_first() -> None:
    """With 64 places and 65 asks, the one that others wait for is not the last."""
    text = "flow f() {\n" + "\n".join(f'x{n} = ask "side {n}"' for n in range(64))
    text += '\na = ask "head"\n b = ask "then {a}"\n answer "' + "".join(f"{{x{n}}}" for n in range(64)) + '{b}"\n}'
    work = Work()
    work.run(text, provider=echo(latency=1))
    assert work.took == 2
