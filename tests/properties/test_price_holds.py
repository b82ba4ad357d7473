"""What a run does stays inside the price that was named before it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr

NAMES = ("a", "b", "c")
INPUTS: Mapping[str, Any] = {"a": "bread", "xs": ["rye", "oats", "maize"], "n": 2}


class Writer:
    """Draws flows that ask a lot, in branches, loops and sub-flows."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.left = 14
        self.asked = 0

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def ask(self, known: list[str]) -> str:
        """A question that nobody asked before, so that no answer is shared."""
        self.asked += 1
        return f'ask "Question {self.asked} about {{{self.pick(*known)}}}?"'

    def test(self, known: list[str]) -> str:
        return self.pick(self.ask(known), self.ask(known), f"`len(str({self.pick(*known)})) % 2 == 0`")

    def value(self, known: list[str], calls: bool) -> str:
        kind = self.pick("ask", "ask", "ask", "vote", "given", "else", "text", "call", "ensure", "tries")
        asked = self.ask(known)
        match kind:
            case "vote":
                return f"{asked} with vote={self.pick(2, 3)}"
            case "given":
                return f"{asked} given {self.pick(*known)}"
            case "else":
                return f"{asked} else {self.pick(self.ask(known), chr(34) + 'none' + chr(34))}"
            case "text":
                return f'"a note on {{{self.pick(*known)}}}"'
            case "ensure":
                return f"{asked} ensure {self.pick(f'`len(str({self.pick(*known)})) > 0`', self.ask(known))}"
            case "tries":
                return f"{asked} with tries={self.pick(1, 2)}"
            case "call" if calls:
                return f"{self.pick('helper', 'digger')}({self.pick(*known)}, xs)"
        return asked

    def block(self, known: list[str], loop: str, calls: bool, depth: int) -> str:
        known, lines = list(known), []
        for _ in range(self.draw(st.integers(1, 3))):
            self.left -= 1
            if self.left < 0:
                break
            lines.append(self.statement(known, loop, calls, depth))
        return "\n".join(lines)

    def statement(self, known: list[str], loop: str, calls: bool, depth: int) -> str:
        kinds = ["set", "set", "set", "list"]
        kinds += ["if", "if", "match", "for", "map", "repeat", "while", "sample"] if depth < 3 else []
        kinds += ["leave"] if "sample" not in loop else []
        kind = self.pick(*kinds)
        inner = (known, loop, calls, depth + 1)
        match kind:
            case "set" | "list":
                name = self.pick(*NAMES)
                value = self.value(known, calls)
                if kind == "list" and "list" not in loop:
                    value = f"for x in xs yield {self.ask([*known, 'x'])}"
                if name not in known:
                    known.append(name)
                return f"{name} = {value}"
            case "if":
                more = f" else {{\n{self.block(*inner)}\n}}" if self.pick(True, False) else ""
                return f"if {self.test(known)} {{\n{self.block(*inner)}\n}}{more}"
            case "match":
                cases = f'"yes" {{\n{self.block(*inner)}\n}} "no" {{\n{self.block(*inner)}\n}}'
                return f"match {self.ask(known)} {{ {cases} }}"
            case "for":
                return f"for x in xs {{\n{self.block([*known, 'x'], loop or 'loop', calls, depth + 1)}\n}}"
            case "map" | "sample":
                mine = "sample list" if kind == "sample" else "loop list"
                body = self.block([*known, "x"] if kind == "map" else known, mine, calls, depth + 1)
                head = "for x in xs" if kind == "map" else f"sample {self.pick(1, 3)}"
                name = self.pick(*NAMES)
                text = f"{name} = {head} {{\n{body}\nyield {self.value(known, calls)}\n}}"
                if name not in known:
                    known.append(name)
                return text
            case "repeat":
                until = f" until {self.test(known)}" if self.pick(True, False) else ""
                body = self.block(known, (loop or "loop").replace("sample", ""), calls, depth + 1)
                return f"repeat {self.pick('2', '3', '`n`')}{until} {{\n{body}\n}}"
            case "while":
                body = self.block(known, (loop or "loop").replace("sample", ""), calls, depth + 1)
                return f"while {self.test(known)} max {self.pick(1, 3)} {{\n{body}\n}}"
        out = "break" if loop and self.pick(True, False) else f"answer {self.value(known, False)}"
        return f"if {self.test(known)} {{ {out} }}"


@st.composite
def programs(draw: Any) -> str:
    writer = Writer(draw)
    main = writer.block(["a"], "", True, 0)
    last = writer.value(["a"], True)
    writer.left = 3
    helper = writer.block(["a"], "", False, 1)
    return f"""
flow main(a: any, xs: list[text], n: int) {{
{main}
answer {last}
}}

flow helper(a: any, xs: list[text], n: int = 2) {{
{helper}
answer {writer.value(["a"], False)}
}}

flow digger(a: any, xs: list[text]) {{
  if {writer.ask(["a"])} {{ answer {writer.ask(["a"])} }}
  deeper = digger(a, `xs[1:]`)
  answer {writer.ask(["deeper"])}
}}
"""


def moody(seed: int, misfits: float) -> fr.ScriptedProvider:
    """Answers yes and no at random, now and then what does not fit, in no order that can be foreseen."""
    dice = random.Random(seed)

    async def answer(request: Any) -> str:
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)
        if dice.random() < misfits:
            return "perhaps"
        return dice.choice(["yes", "no"])

    return fr.ScriptedProvider(answer)


def replies(result: fr.Result) -> int:
    return sum(event.kind == "node.reply" for event in result.events)


def failures(result: fr.Result) -> bool:
    return any(event.kind in ("node.failed", "item.failed") for event in result.events)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.integers(0, 2**32), st.sampled_from([0.0, 0.0, 0.3]))
def test_a_run_stays_inside_its_price(text: str, seed: int, misfits: float) -> None:
    flow = fr.loads(text)
    price, before = flow.price(INPUTS), flow.price()
    result = flow.run(INPUTS, provider=moody(seed, misfits), limits=fr.Limits(calls=None), confirm=lambda *_: True)
    made, lengths = replies(result), {"len(xs)": len(INPUTS["xs"]), "n": INPUTS["n"]}
    assert made <= price.most.at({})
    assert made <= before.most.at(lengths)
    if result.ok and not failures(result):
        assert made >= price.fewest.at({}), f"{made} < {price.fewest}\n{text}"
        assert made >= before.fewest.at(lengths)
