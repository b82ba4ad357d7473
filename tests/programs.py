"""Programs that can be run, drawn at random: every name is set on every path, and every run comes to an end.

Invariant: what a program answers, and which effects it has, follows from its text, its inputs and `reckoned` alone.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "d")
DATA = {"depth": 3, "steps": [2, 0, 5]}
FILES = {"depth.json": "3", "steps.jsonl": "2\n0\n\n5\n"}
"""What programs with data use, and the files beside them."""


class Writer:
    """Draws the text of a flow whose every name is set on every path. `data`: it may read the data of files."""

    def __init__(self, draw: Any, data: bool = False) -> None:
        self.draw = draw
        self.data = data
        self.budget = 14

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, known: list[str]) -> str:
        """Python over known names, always a whole number."""
        left = self.pick(*known, "1", "3")
        right = self.pick(*known, "2", "5")
        return self.pick(
            f"{left} + {right}", f"{left} - {right}", f"({left} * {right}) % 7", f"{left}", f"abs({right}) % 4"
        )

    def test(self, known: list[str]) -> str:
        return f"({self.number(known)}) % {self.pick('2', '3')} == {self.pick('0', '1')}"

    def value(self, known: list[str], calls: bool) -> str:
        kind = self.pick("python", "python", "ask", "ask", "vote", "else", "call", "dig", "tool", "name")
        if kind == "ask":
            return f'ask "how many {{{self.pick(*known)}}} {self.pick("x", "y")}"'
        if kind == "vote":
            return f'ask "how many {{{self.pick(*known)}}}" with vote=3'
        if kind == "dig" and calls:
            return f"dig(`abs({self.pick(*known)}) % 4`, {self.pick(*known)})"
        if kind == "else":
            return f"`{self.number(known)} // ({self.number(known)})` else `{self.number(known)}`"
        if kind == "call" and calls and self.data and self.pick(True, False):
            return f"helper({self.pick(*known)})"
        if kind == "call" and calls:
            return f"helper({self.pick(*known)}, `{self.number(known)}`)"
        if kind == "tool":
            return f"note(`{self.number(known)}`)"
        return self.pick(*known) if kind == "name" else f"`{self.number(known)}`"

    def block(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        """Statements, and whether they surely end (answer or break)."""
        known, lines = list(known), []
        for _ in range(self.draw(st.integers(1, 4))):
            self.budget -= 1
            if self.budget < 0:
                break
            text, ends = self.statement(known, loop, calls, depth)
            lines.append(text)
            if ends:
                return "\n".join(lines), True
        return "\n".join(lines), False

    def statement(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        kinds = ["set", "set", "set"]
        if depth < 3:
            kinds += ["if", "if", "for", "map", "repeat", "while", "sample", "match", "named", "pairs", "drawn"]
        if loop:
            kinds += ["yield"] if "yield" in loop else []
            kinds += ["leave"]
        kind = self.pick(*kinds)
        return getattr(self, kind)(known, loop, calls, depth)

    def set(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        name = self.pick(*NAMES)
        text = f"{name}: int = {self.value(known, calls)}"
        if name not in known:
            known.append(name)
        return text, False

    def leave(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        out = "break" if "sample" not in loop and self.pick(True, False) else f"answer `{self.number(known)}`"
        return f"if `{self.test(known)}` {{ {out} }}", False

    def yielded(self, known: list[str]) -> str:
        return f"yield {self.value(known, False)}"

    def if_(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        yes, yes_ends = self.block(known, loop, calls, depth + 1)
        if self.pick(True, False):
            return f"if `{self.test(known)}` {{\n{yes}\n}}", False
        no, no_ends = self.block(known, loop, calls, depth + 1)
        return f"if `{self.test(known)}` {{\n{yes}\n}} else {{\n{no}\n}}", yes_ends and no_ends

    def match(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        first, _ = self.block(known, loop, calls, depth + 1)
        second, _ = self.block(known, loop, calls, depth + 1)
        return f"match `({self.number(known)}) % 3` {{ 0 {{\n{first}\n}} 1, 2 {{\n{second}\n}} }}", False

    def named(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        """A match on a text; some texts have no case."""
        first, _ = self.block(known, loop, calls, depth + 1)
        other, _ = self.block(known, loop, calls, depth + 1)
        subject = f"`['rye', 'oats', 'maize'][({self.number(known)}) % 3]`"
        otherwise = f" else {{\n{other}\n}}" if self.pick(True, False) else ""
        return f'match {subject} {{ "rye", "wheat" {{\n{first}\n}}{otherwise} }}', False

    def pairs(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        body, _ = self.block([*known, "k", "l"], loop or "loop", calls, depth + 1)
        return f"for k, l in `[[1, {self.number(known)}], [{self.number(known)}, 2]]` {{\n{body}\n}}", False

    def for_(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        body, _ = self.block([*known, "i"], loop or "loop", calls, depth + 1)
        if self.data and self.pick(True, False):
            return f"for i in steps {{\n{body}\n}}", False
        return f"for i in `range(abs({self.number(known)}) % 4)` {{\n{body}\n}}", False

    def map(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        body, _ = self.block([*known, "j"], "loop yield", calls, depth + 1)
        text = f"{{\n{body}\n{self.yielded([*known, 'j'])}\n}}"
        return f"ys: list[int] = for j in `range(abs({self.number(known)}) % 4)` {text}\n" + self._summed(known), False

    def sample(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        return f"ys: list[int] = sample {self.pick(1, 2, 3)} {{ {self.yielded(known)} }}\n" + self._summed(known), False

    def drawn(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        """Several replies, each checked by itself; some that do not hold are null."""
        asked = f'ask "how many {{{self.pick(*known)}}} x" with samples={self.pick(1, 2, 3)}, tries=1'
        check = self.pick("`zs % 2 == 0`", "`zs > 3`", "even(zs)")
        name = self.pick(*NAMES)
        if name not in known:
            known.append(name)
        fallback = f"`[{self.number(known[:2])}]`"
        summed = f"{name}: int = `sum(z for z in zs if z is not None)`"
        return f"zs: list[int] = {asked} ensure {check} else {fallback}\n{summed}", False

    def _summed(self, known: list[str]) -> str:
        name = self.pick(*NAMES)
        if name not in known:
            known.append(name)
        return f"{name}: int = `sum(ys)`"

    def repeat(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        body, _ = self.block(known, (loop or "loop").replace("sample", ""), calls, depth + 1)
        until = f" until `{self.test(known)}`" if self.pick(True, False) else ""
        return f"repeat {self.pick(1, 2, 3)}{until} {{\n{body}\n}}", False

    def while_(self, known: list[str], loop: str, calls: bool, depth: int) -> tuple[str, bool]:
        body, _ = self.block(known, loop or "loop", calls, depth + 1)
        return f"while `{self.test(known)}` max {self.pick(1, 2, 3)} {{\n{body}\n}}", False


Writer.__dict__  # the words of Python get their underscore back
setattr(Writer, "if", Writer.if_)
setattr(Writer, "for", Writer.for_)
setattr(Writer, "while", Writer.while_)
setattr(Writer, "yield", lambda self, known, loop, calls, depth: (self.yielded(known), False))


@st.composite
def programs(draw: Any, data: bool = False) -> str:
    writer, more = Writer(draw, data), ["depth"] if data else []
    body, ends = writer.block(["a", "b", *more], "", True, 0)
    tail = "" if ends else "\nanswer `a * 100 + b`"
    writer.budget = 4
    inner, inner_ends = writer.block(["a", "b", *more], "", False, 1)
    inner_tail = "" if inner_ends else "\nanswer `a - b`"
    head = 'use "depth.json" as depth\nuse "steps.jsonl" as steps\n' if data else ""
    default = " = depth" if data else ""
    return (
        f"{head}"
        'tool note(x: int) -> int "writes a number down"\n'
        f"flow main(a: int, b: int) -> int {{\n{body}{tail}\n}}\n"
        "flow even(k: int) -> bool { answer `k % 2 == 0` }\n"
        f"flow helper(a: int, b: int{default}) -> int {{\n{inner}{inner_tail}\n}}\n"
        "flow dig(a: int, b: int) -> int {\n"
        "  if `a <= 0` { answer b }\n"
        "  note(a)\n"
        '  c: int = ask "how many {b}"\n'
        "  rest: int = dig(`a - 1`, c)\n"
        "  answer `rest + a`\n"
        "}\n"
    )


def reckoned(question: str) -> int:
    """What the model answers: decided by the question alone."""
    return zlib.crc32(question.encode()) % 9


def plain_question(prompt: str) -> str:
    line = next(part for part in prompt.split("\n") if part.startswith("how many"))
    return re.sub(r"</?[\w.-]+>", "", line)
