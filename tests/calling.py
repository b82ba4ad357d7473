"""Programs drawn at random in which one step does several things at one place, and the world that they run in.

Draws whose checks call flows, flows that Python, emulated code and comprehensions call again and again, flows written
at run time, persons. Invariant: what a program answers, and which effects it has, how often, follows from its text and
its inputs alone, whatever order things finish in.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections import Counter
from typing import Any

import flowreason as fr
from flowreason.engine.ledger import Ledger
from flowreason.ports import ModelInfo
from flowreason.records import Claim, Outcome

CALLEES = ("one", "two", "three")
CHECKS = ("fair", "sound")
MODEL = ModelInfo("scripted")


class Writer:
    """Draws a program: `main`, flows that it calls, and flows that check."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0

    def pick(self, *options: str) -> str:
        return self.chance.choice(options)

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def program(self) -> str:
        flows = [self.flow("main", "n: int", CALLEES, self.chance.randint(2, 4))]
        flows += [self.flow(name, "k: int", CALLEES[i + 1 :], self.chance.randint(1, 2)) for i, name in enumerate(CALLEES)]  # fmt: skip
        flows += [self.check(name) for name in CHECKS]
        tools = 'tool note(x: int) -> int "writes down"\ntool mark(x: int) -> int "marks"\n'
        return tools + "\n".join(flows) + "\nflow twice(k: int) -> int { answer `k * 2 + 1` }\n"

    def flow(self, name: str, parameter: str, callees: tuple[str, ...], most: int) -> str:
        known, lines = [parameter.partition(":")[0]], []
        for _ in range(most):
            lines.append("  " + self.step(known, callees))
        total = " + ".join(known)
        return f"flow {name}({parameter}) -> int {{\n" + "\n".join(lines) + f"\n  answer `({total}) % 50`\n}}"

    def check(self, name: str) -> str:
        body = ['b: bool = ask "is {k} fair"']
        if name == "sound":  # its effects are looked for where nothing of it can be cancelled
            body.append(self.pick("note(`k % 4`)", "mark(`k % 3`)", 'c: int = ask "how many {k} s"  note(c)'))
        self.chance.shuffle(body)
        return f"flow {name}(k: any) -> bool {{ {'  '.join(body)}  answer `b or True` }}"

    def ensure(self, value: str, *checks: str) -> str:
        check = self.pick(*checks)
        return self.pick(
            f" ensure {check}({value})", f' ensure ask "is {{{value}}} fair" else `4`', f" ensure `twice({value}) >= 0`"
        )

    # --- steps ---

    def step(self, known: list[str], callees: tuple[str, ...]) -> str:
        value, name = self.chance.choice(known), self.name()
        kinds = [self.ask, self.drawn, self.voted, self.emulated, self.called, self.mapped, self.person, self.effect]
        kinds += [self.python, self.written, self.repeated, self.sampled]
        text = self.chance.choice(kinds)(name, value, callees)
        known.append(name)
        return text

    def callee(self, callees: tuple[str, ...]) -> str:
        return self.pick(*callees) if callees else "twice"

    def ask(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        return f'{name}: int = ask "how many {{{value}}} {name}" with tries=2' + self.ensure(name, *CHECKS)

    def drawn(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        check = self.pick(f" ensure sound({name})", f" ensure fair({name})", f' ensure ask "is {{{name}}} fair"')
        drawn = f'd{name}: list[int] = ask "how many {{{value}}} {name}" with samples=3, tries=2{check} else `[1]`'
        return f"{drawn.replace(f'({name})', f'(d{name})').replace(f'is {{{name}}}', f'is {{d{name}}}')}\n  {name}: int = `sum(present(d{name}))`"

    def voted(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        return f'{name}: int = ask "how many {{{value}}} {name}" with vote=3 ensure fair({name})'

    def emulated(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        flow = self.callee(callees)
        code = self.pick(
            f"sum([{flow}(k + {value} % 2) for k in range(3)])",
            f"sorted([3, 1, 2], key=lambda k: {flow}(k))[0] + mark({value} % 3)",
            "sum(note(k % 2) + guess(k, ret_type=int) for k in range(3))",
            f"max({flow}(1), {flow}(2), {flow}(1))",
        )
        return f"{name}: int = emulate `{code}`" + self.pick("", f" ensure sound({name})")

    def called(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        return f"{name}: int = {self.callee(callees)}({value})" + self.pick("", self.ensure(name, *CHECKS))

    def mapped(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        flow = self.callee(callees)
        inner = self.pick(
            f"yield {flow}(`j + {value} % 2`)",
            f'a: int = ask "how many {{j}} {{{value}}}" with samples=1 else `1`\n    yield `j`'.replace(
                " with samples=1", ""
            ),
            f"for i in `range(2)` {{ yield {flow}(`i + j`) }}",
            f"c = {flow}(j)  yield mark(`c % 3`)",
        )
        return f"l{name} = for j in `range(1 + {value} % 3)` {{ {inner} }}\n  {name}: int = `sum(present(l{name}))`"

    def sampled(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        inner = f"yield {self.callee(callees)}({value})"
        return f"l{name} = sample 2 {{ {inner} }}\n  {name}: int = `sum(present(l{name}))`"

    def repeated(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        flow = self.callee(callees)
        return f"{name} = {value}\n  repeat 2 {{ {name} = {flow}({name})  {self.pick('note', 'mark')}(`{name} % 3`) }}"

    def person(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        return f'{name}: int = ask user "Which {{{value}}} {name}?"' + self.ensure(name, *CHECKS)

    def effect(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        return f"{name}: int = {self.pick('note', 'mark')}(`{value} % 4`)" + self.pick("", f" ensure sound({name})")

    def python(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        return f"{name}: int = `sum(twice(k) for k in range({value} % 3)) + len(str({value}))`"

    def written(self, name: str, value: str, callees: tuple[str, ...]) -> str:
        checks = self.pick("", f" ensure fair({name})", f" ensure sound({name})")
        if self.pick("solve", "run") == "solve":
            return f'{name}: int = solve "plan {name}" given {value}{checks}'
        return f't{name} = ask "write {name}"\n  {name}: int = run t{name} given {value}{checks}'


WRITTEN = """flow fair(PARAMETER: int = 3) -> int {
  xs: list[int] = for i in `range(2)` { yield ask "how many {i} {PARAMETER} w" }
  note(`xs[0] % 3`)
  answer `sum(xs)`
}"""
"""What the model writes; its flow has the name of one that checks."""


def said(request: fr.Request) -> str:
    """What the model answers: decided by the request alone."""
    last, all_of_it = request.messages[-1].content, request.key()
    number = zlib.crc32(all_of_it.encode())
    if "write v" in last or any("plan v" in m.content for m in request.messages):
        return WRITTEN.replace("PARAMETER", "k")
    if "is " in last and "fair" in last:
        return "yes" if number % 4 else "no"
    return str(number % 9)


def kept_key(request: fr.Request) -> str:
    """Under which key the answer to a request is kept."""
    return Ledger(None, Claim("", "", 1)).key(request, MODEL)  # type: ignore[arg-type]


class World:
    """A model that counts, tools that act once, and a person who knows what happened."""

    def __init__(self, seed: int, before: tuple[Counter[Any], Counter[str]] | None = None) -> None:
        self.noted: Counter[Any] = Counter(before[0] if before else {})
        self.marked: Counter[str] = Counter(before[1] if before else {})
        self.paid: list[str] = []
        self.asked: list[str] = []
        chance = random.Random(seed)

        @fr.tool
        async def note(x: int) -> int:
            await asyncio.sleep(chance.random() * 0.002)
            self.noted[x] += 1
            await asyncio.sleep(chance.random() * 0.002)
            return x * 2 + 101

        @fr.tool
        async def mark(x: int, idempotency_key: str) -> int:
            await asyncio.sleep(chance.random() * 0.001)
            self.marked[f"{x} {idempotency_key.partition('/')[2]}"] += 1
            await asyncio.sleep(chance.random() * 0.002)
            return x + 3

        def reply(request: fr.Request) -> str:
            self.paid.append(kept_key(request))
            return said(request)

        self.tools = [note, mark]
        self.provider = fr.ScriptedProvider(reply, latency=lambda _: chance.random() * 0.003)

    def effects(self) -> tuple[Counter[Any], Counter[Any]]:
        """How often what happened. A mark that is made again with the same key is the same mark."""
        return self.noted, Counter(int(mark.split()[0]) for mark in self.marked)

    def seen(self) -> tuple[Counter[Any], Counter[str]]:
        return Counter(self.noted), Counter(self.marked)

    def granted(self, store: Any) -> dict[str, Any]:
        return {"provider": self.provider, "store": store, "unsafe_python": True}

    def answers(self, pending: list[dict[str, Any]], outcomes: list[Outcome]) -> dict[str, str]:
        """What the person says to all that is asked."""
        found, told = {}, Counter(o.value["is"] for o in outcomes if o.kind == "tool" and "is" in o.value)
        for each in pending:
            place = f"{each['frame']}/{each['node']}"
            self.asked.append(f"{each['kind']} {place}#{each['part']} {each['question']}")
            if each["kind"] == "consent":
                found[place] = "yes"
            elif each["kind"] == "person":
                found[place] = str(zlib.crc32(each["question"].encode()) % 9)
            else:
                x = int(each["question"].partition("x=")[2].partition(")")[0])
                happened = self.noted[x] > told[x * 2 + 101]
                told[x * 2 + 101] += happened
                found[place] = str(x * 2 + 101) if happened else "repeat"
        return found
