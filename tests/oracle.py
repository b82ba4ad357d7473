"""A second, naive meaning of flows: statements run one after the other, as written. The engine must agree with it.

It walks the syntax tree, keeps names in a dictionary and knows nothing of graphs. Tests give it the function that answers asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowreason.values import show
from flowreason_dsl import syntax as s


class Answered(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Broken(Exception):
    """A `break`."""


class Unmet(Exception):
    """An `ensure` that does not hold."""


class Oracle:
    """Runs flows step by step. `effects` is what impure tools did, in order; `data` what files hold, by name."""

    def __init__(self, flow: s.Flow, ask: Callable[[str], Any], data: Mapping[str, Any] | None = None) -> None:
        self.data = data or {}
        self.flows = {f.name.text: f for f in flow.flows}
        self.ask = ask
        self.effects: list[Any] = []
        self.asked = 0

    def run(self, name: str, inputs: dict[str, Any]) -> Any:
        env = {**self.data, **inputs}
        try:
            self.block(self.flows[name].body, env, [])
        except Answered as answered:
            return answered.value
        return None

    def block(self, block: s.Block, env: dict[str, Any], collected: list[Any]) -> None:
        for statement in block.statements:
            self.statement(statement, env, collected)

    def statement(self, statement: s.Statement, env: dict[str, Any], collected: list[Any]) -> None:
        match statement:
            case s.Assign(name=name, value=value):
                env[name.text] = self.value(value, env, collected, name.text)
            case s.Do(value=s.Expression(value=s.For() as loop)):
                self.loop(loop, env, collected)
            case s.Do(value=value):
                self.value(value, env, collected)
            case s.If():
                self.branch(statement, env, collected)
            case s.Match():
                self.match(statement, env, collected)
            case s.While(condition=condition, bound=bound, body=body):
                self.repeat(range(self.value(bound, env, [])), body, env, collected, before=condition)
            case s.Repeat(count=count, until=until, body=body):
                self.repeat(range(self.value(count, env, [])), body, env, collected, after=until)
            case s.Break():
                raise Broken
            case s.Yield(value=value):
                collected.append(self.value(value, env, collected))
            case s.Answer(value=value):
                raise Answered(self.value(value, env, collected))

    def branch(self, whole: s.If, env: dict[str, Any], collected: list[Any]) -> None:
        for arm in whole.arms:
            if self.value(arm.condition, env, collected):
                return self.block(arm.body, env, collected)
        if whole.otherwise is not None:
            self.block(whole.otherwise, env, collected)
        return None

    def match(self, whole: s.Match, env: dict[str, Any], collected: list[Any]) -> None:
        subject = self.value(whole.subject, env, collected)
        for case in whole.cases:
            if any(literal.value == subject for literal in case.values):
                return self.block(case.body, env, collected)
        if whole.otherwise is not None:
            self.block(whole.otherwise, env, collected)
        return None

    def repeat(
        self,
        rounds: range,
        body: s.Block,
        env: dict[str, Any],
        collected: list[Any],
        before: s.Expression | None = None,
        after: s.Expression | None = None,
    ) -> None:
        for _ in rounds:
            if before is not None and not self.value(before, env, collected):
                return
            try:
                self.block(body, env, collected)
            except Broken:
                return
            if after is not None and self.value(after, env, collected):
                return

    def loop(self, loop: s.For, env: dict[str, Any], collected: list[Any]) -> None:
        hidden = {target.text: env[target.text] for target in loop.targets if target.text in env}
        self.rounds(loop, env, collected)
        for target in loop.targets:
            env.pop(target.text, None)
        env.update(hidden)

    def rounds(self, loop: s.For, env: dict[str, Any], collected: list[Any]) -> None:
        for item in self.value(loop.items, env, collected):
            parts = [item] if len(loop.targets) == 1 else list(item)
            for target, part in zip(loop.targets, parts, strict=True):
                env[target.text] = part
            try:
                self.block(loop.body, env, collected)
            except Broken:
                return

    def value(self, expr: s.Expression, env: dict[str, Any], collected: list[Any], own: str = "answer") -> Any:
        """The value of an expression, which its `ensure`s call `own`."""
        try:
            if any(setting.name.text == "samples" for setting in expr.settings):
                return self.samples(expr, env, collected, own)
            return self.held(expr, self.plain(expr.value, env, collected), env, own)
        except (ZeroDivisionError, IndexError, Unmet):
            if expr.otherwise is None:
                raise
            return self.value(expr.otherwise, env, collected, own)

    def samples(self, expr: s.Expression, env: dict[str, Any], collected: list[Any], own: str) -> list[Any]:
        """Each reply checked by itself; one that does not hold is null, and where none holds, the ask fails."""
        found: list[Any] = []
        for _ in range(next(st.value.value for st in expr.settings if st.name.text == "samples")):  # type: ignore[union-attr]
            try:
                found.append(self.held(expr, self.plain(expr.value, env, collected), env, own))
            except Unmet:
                found.append(None)
        if set(found) == {None}:
            raise Unmet
        return found

    def held(self, expr: s.Expression, value: Any, env: dict[str, Any], own: str) -> Any:
        """The value, for which every `ensure` holds."""
        for ensure in expr.ensures:
            if not self.value(ensure.condition, {**env, own: value}, []):
                raise Unmet
        return value

    def plain(self, value: s.Value, env: dict[str, Any], collected: list[Any]) -> Any:
        match value:
            case s.Path(name=name):
                return env[name.text]
            case s.Literal(value=constant):
                return constant
            case s.Code(text=text):
                return eval(text, {}, env)
            case s.Template(parts=parts):
                return "".join(p if isinstance(p, str) else show(env[p.name.text]) for p in parts)
            case s.Ask(question=question):
                self.asked += 1
                return self.ask("".join(p if isinstance(p, str) else show(env[p.name.text]) for p in question.parts))
            case s.Call(name=name, arguments=arguments):
                given = [self.value(a.value, env, collected) for a in arguments]
                return self.call(name.text, given)
            case s.For():
                found: list[Any] = []
                self.loop(value, env, found)
                return found
            case s.Sample(count=count, body=body):
                found = []
                for _ in range(self.value(count, env, collected)):
                    self.block(body, dict(env), found)
                return found
        raise TypeError(value)

    def call(self, name: str, given: list[Any]) -> Any:
        if name in self.flows:
            parameters = self.flows[name].parameters
            found = {p.name.text: self.default(p) for p in parameters if p.default is not None}
            names = [p.name.text for p in parameters]
            return self.run(name, found | dict(zip(names, given, strict=False)))
        self.effects.append(tuple(given))
        return len(self.effects)

    def default(self, parameter: s.Parameter) -> Any:
        default = parameter.default
        return self.data[default.text] if isinstance(default, s.Name) else default and default.value
