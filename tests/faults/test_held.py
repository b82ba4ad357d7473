"""What a run may hold: texts that grow, lists of big texts, values within values; each ends as a failed step in words,
and the process of the run stays small."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

import flowreason as fr
from flowreason.engine import held
from flowreason.values import MOST_DEEP, MOST_TEXT

GROWS = 'flow main(s: text) -> text { repeat 40 { s = "{s}{s}" } answer "done {s}" }'


def run(text: str, **inputs: Any) -> fr.Result:
    return fr.loads(text, tools=[page]).run(inputs, provider=fr.ScriptedProvider(default="1"))


@fr.tool(pure=True)
def page(number: int) -> str:
    """A page of a megabyte."""
    return str(number) + "x" * 2**20


def test_a_text_that_doubles_is_refused_before_it_is_made() -> None:
    tracemalloc.start()
    try:
        result = run(GROWS, s="x" * 32)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert result.status == "failed" and f"a text of more than {MOST_TEXT:,} characters" in str(result.error)
    assert most < 6 * MOST_TEXT


@pytest.mark.parametrize(
    "step", ['ask "{s}{t}"', 'ask "what" given s, t', 'ask user "{s}{s}{s}"', 'solve "{s}{s}{s}"', '"{s}{s}{s}"']
)
def test_a_prompt_is_bounded_as_a_text_is(step: str) -> None:
    result = run(f"flow main(s: text, t: text) -> any {{ y = {step} answer y }}", s="x" * 9_000_000, t="y" * 9_000_000)
    assert result.status == "failed" and "characters" in str(result.error), result.error


MANY = [
    "xs = for i in `range(60)` yield page(i)",
    'xs = for i in `range(60)` yield "{p}{i}"',
    "xs = for i in `range(60)` yield `p + str(i)`",
    'xs = for i in `range(60)` yield ask "{p}{i}"',
]


@pytest.mark.parametrize("loop", MANY)
def test_what_a_run_holds_is_bounded_and_told_in_words(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_HELD", 20 * 2**20)
    text = f"flow main(p: text) -> any {{\n {loop}\n answer `len(xs)`\n}}"
    tracemalloc.start()
    try:
        result = run(text, p="x" * 2**20)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    told = [str(each.data["error"]) for each in result.events if each.kind == "item.failed"]
    assert len(told) >= 30 and all("of this run take" in each for each in told), told[:3]
    assert most < 60 * 2**20, "what was refused is held nevertheless"


def test_the_same_value_counts_once_however_often_it_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_HELD", 20 * 2**20)
    text = "flow main() -> any { p = page(1) xs = for i in `range(100)` yield same(p) answer `len(xs)` }\nflow same(p: text) -> text { answer p }"
    assert run(text).value == 100


NESTED = [
    "x = `[1]`\n repeat 5000 { x = `[x]` }",
    "x = `[1]`\n repeat 5000 { y = for i in `[1]` yield x\n x = y }",
    "x = `{{'a': 1}}`\n repeat 5000 { x = `{'a': x}` }".replace("{{", "{").replace("}}", "}"),
]


@pytest.mark.parametrize("made", NESTED)
def test_values_within_values_end_at_a_depth(made: str) -> None:
    result = run(f'flow main() -> any {{\n {made}\n answer "{{x}}"\n}}')
    assert result.status == "failed" and "nested so deeply" in str(result.error), result.error


SHARED = [
    "x = `[1, 1]`\n repeat 60 { x = `[x, x]` }",
    "x = `[1, 1]`\n repeat 60 { y = for i in `[1, 2]` yield x\n x = y }",
]


@pytest.mark.parametrize("made", SHARED)
def test_a_list_that_holds_itself_twice_again_and_again_is_refused(made: str) -> None:
    result = run(f'flow main() -> any {{\n {made}\n answer "{{x}}"\n}}')
    assert result.status == "failed" and "cannot be handed on" in str(result.error), result.error


def test_as_deep_as_is_allowed_goes_through_every_use() -> None:
    value: Any = 1
    for _ in range(MOST_DEEP - 5):
        value = [value]
    text = 'flow main(x: any) -> any { t = "{x}" y = `x` z = for i in `[1]` yield y answer `len(str(z)) > len(t) - 9` }'
    assert run(text, x=value).value is True


TREE = """
flow main() -> any { answer f(0) }
flow f(n: int) -> int {
  if `n > 14` { answer 1 }
  a = f(`n + 1`)
  b = f(`n + 1`)
  answer `a + b`
}
"""
ROUNDS = "flow main() -> any {\n t: int = 0\n for i in `range(60)` { for j in `range(60)` { t: int = `t + 1` } }\n answer t\n}"


@pytest.mark.parametrize("text", [TREE, ROUNDS], ids=["calls", "rounds"])
def test_rounds_and_calls_without_end_are_bounded_by_what_they_hold(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_HELD", 2000 * held.FRAME)
    result = fr.loads(text).run(provider=fr.ScriptedProvider(default="1"), store=None)
    assert result.status == "failed" and "rounds and calls of this run take" in str(result.error)
    assert sum(event.kind == "frame.opened" for event in result.events) < 2200
