"""A walk over one flow that finds its names and the assignments that reach each of them.

Invariant: names come together after branches and loops as they do when the flow runs; where the checker would report
a name, the walk goes on as if it were set somewhere in the flow.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from flowreason.editor.names import Names, Occurrence, Role
from flowreason.editor.origins import Env, Origin, merge
from flowreason.editor.python_words import words_of
from flowreason_dsl.check.constants import constant
from flowreason_dsl.check.data import data_read
from flowreason_dsl.check.reach import parts
from flowreason_dsl.python import KNOWN
from flowreason_dsl.source import Source
from flowreason_dsl.syntax import (
    Answer,
    Ask,
    Assign,
    Block,
    Break,
    Call,
    Code,
    Do,
    Edge,
    Emulate,
    Expression,
    FlowDef,
    For,
    If,
    Match,
    Name,
    Path,
    Repeat,
    Run,
    Sample,
    Solve,
    Statement,
    Template,
    While,
    Yield,
)
from flowreason_dsl.unread import Unread

Own = tuple[str, Origin]
"""The name of a step, and what it sets, for the step's own `ensure`s."""


class Walk:
    """One flow. Statements give back whether anything can follow them."""

    def __init__(
        self, flow: FlowDef, source: Source, callables: Container[str], names: Names, data: Mapping[str, Origin]
    ) -> None:
        self.flow = flow
        self.source = source
        self.callables = callables
        self.names = names
        self.known = {each.name.text for each in parts(flow.body) if isinstance(each, Assign)}
        self.known |= {name.text for each in parts(flow.body) if isinstance(each, For) for name in each.targets}
        self.data = {name: data[name] for name, _ in data_read(flow, data)} if data else {}
        self._assigned: dict[int, set[str]] = {}
        self.breaks: list[list[Env]] = []

    def run(self) -> None:
        env: Env = dict(self.data)
        for each in self.flow.parameters:
            env[each.name.text] = self._set(each.name, "parameter")
        self.known |= env.keys()
        self.names.pieces[self.flow.name.text] = []
        self.block(self.flow.body, env)

    # --- what is found ---

    def _note(self, name: Name, role: Role, origin: Origin | None, code: Code | None = None) -> None:
        if self.source.slice(name.span) == name.text:
            here = self.flow.name.text
            owner = None if role == "call" or name.text in self.data else here
            self.names.all.append(Occurrence(name.text, name.span, role, owner, here, origin, code))

    def _set(self, name: Name, role: Role = "set") -> Origin:
        made = Origin(name.span)
        self._note(name, role, made)
        return made

    def _read(self, name: Name, env: Env) -> None:
        if name.text in env or name.text in self.known:
            self._note(name, "read", env.get(name.text))

    def _call(self, name: Name) -> None:
        self._note(name, "call", None)

    # --- statements ---

    def block(self, block: Block, env: Env) -> bool:
        edges: list[tuple[Edge, Env]] = []
        alive = True
        for statement in block.statements:
            if isinstance(statement, Edge):
                edges.append((statement, dict(env)))
            else:
                alive = self.statement(statement, env) and alive
        for edge, before in edges:
            for name in (name for group in edge.groups for name in group):
                self._read(name, before if name.text in before else env)
        return alive

    def statement(self, statement: Statement, env: Env) -> bool:
        match statement:
            case Assign(name=name, value=value):
                made = Origin(name.span)
                self.expression(value, env, (name.text, made))
                self._note(name, "set", made)
                env[name.text] = made
            case Do(value=value) | Yield(value=value):
                self.expression(value, env)
            case Answer(value=value):
                self.expression(value, env)
                return False
            case If():
                return self._if(statement, env)
            case Match():
                return self._match(statement, env)
            case While():
                self._while(statement, env)
            case Repeat():
                self._repeat(statement, env)
            case Break():
                if self.breaks:
                    self.breaks[-1].append(dict(env))
                return False
            case Unread():
                self._unread(statement, env)
        return True

    def _unread(self, left: Unread, env: Env) -> None:
        """What could be read of something that could not: it may run or not."""
        for part in left.parts:
            match part:
                case Expression():
                    self.expression(part, env)
                case Block():
                    self._ways([part, None], env)

    def _if(self, whole: If, env: Env) -> bool:
        bodies: list[Block | None] = []
        for arm in whole.arms:
            self.expression(arm.condition, env)
            bodies.append(arm.body)
        return self._ways([*bodies, whole.otherwise], env)

    def _match(self, whole: Match, env: Env) -> bool:
        self.expression(whole.subject, env)
        return self._ways([*(case.body for case in whole.cases), whole.otherwise], env)

    def _ways(self, bodies: list[Block | None], env: Env) -> bool:
        """Several ways; None is the one past all others."""
        ends = []
        for body in bodies:
            way = dict(env)
            if body is None or self.block(body, way):
                ends.append(way)
        merge(env, ends)
        return bool(ends)

    # --- loops ---

    def _heads(self, body: Block, env: Env) -> dict[str, Origin]:
        """What the names that a loop carries are at the start of a round."""
        heads = {name: Origin(sources=[env[name]]) for name in self._carried(body) if name in env}
        self.breaks.append([])
        return heads

    def _carried(self, body: Block) -> set[str]:
        """The names that a body sets for what follows it. A `sample` keeps its names to itself."""
        if id(body) not in self._assigned:
            inside = parts(body.statements, without=(Sample,))
            self._assigned[id(body)] = {each.name.text for each in inside if isinstance(each, Assign)}
        return self._assigned[id(body)]

    def _close(self, heads: dict[str, Origin], ends: list[Env], env: Env) -> None:
        """After a loop: `ends` are where it may end, the first of them the end of a round."""
        for name, head in heads.items():
            for end in ends[:1]:
                if end.get(name) is not head and name in end:
                    head.sources.append(end[name])
        merge(env, [*ends, *self.breaks.pop()])

    def _for(self, loop: For, env: Env) -> None:
        self.expression(loop.items, env)
        heads = self._heads(loop.body, env)
        way = env | heads | {target.text: self._set(target) for target in loop.targets}
        alive = self.block(loop.body, way)
        for end in (way, *self.breaks[-1]):
            for target in loop.targets:
                end.pop(target.text, None)
        self._close(heads, [*([way] if alive else []), dict(env)], env)

    def _while(self, loop: While, env: Env) -> None:
        if loop.bound is not None:
            self.expression(loop.bound, env)
        heads = self._heads(loop.body, env)
        way = env | heads
        self.expression(loop.condition, way)
        first = dict(way)
        alive = self.block(loop.body, way)
        self._close(heads, [*([way] if alive else []), first], env)

    def _repeat(self, loop: Repeat, env: Env) -> None:
        self.expression(loop.count, env)
        heads = self._heads(loop.body, env)
        way = env | heads
        alive = self.block(loop.body, way)
        if loop.until is not None:
            self.expression(loop.until, way)
        number = constant(loop.count)
        surely = isinstance(number, int) and number >= 1
        self._close(heads, [*([way] if alive else []), *([] if surely else [dict(env)])], env)

    def _sample(self, loop: Sample, env: Env) -> None:
        self.expression(loop.count, env)
        self.breaks.append([])
        self.block(loop.body, dict(env))
        self.breaks.pop()

    # --- expressions ---

    def expression(self, whole: Expression, env: Env, own: Own | None = None) -> None:
        self._value(whole, env)
        for path in whole.given:
            self._read(path.name, env)
        for setting in whole.settings:
            match setting.value:
                case Path(name=name):
                    self._read(name, env)
                case Code() as code:
                    self._code(code, env)
        inside = env | {own[0]: own[1]} if own else env
        for check in whole.ensures:
            self.expression(check.condition, inside)
            if check.message is not None:
                self._template(check.message, inside)
        if whole.otherwise is not None:
            self.expression(whole.otherwise, env, own)

    def _value(self, whole: Expression, env: Env) -> None:
        match whole.value:
            case Path(name=name) | Run(flow=Path(name=name)) | Emulate(code=Path(name=name)):
                self._read(name, env)
            case Template() as template:
                self._template(template, env)
            case Ask(question=question) | Solve(question=question):
                self._template(question, env)
            case Code() as code:
                self._code(code, env)
            case Emulate(code=Code() as code):
                self._code(code, env)
            case Call() as call:
                self._arguments(call, env)
            case For() as loop:
                self._for(loop, env)
            case Sample() as loop:
                self._sample(loop, env)
            case Unread() as left:
                self._unread(left, env)

    def _arguments(self, call: Call, env: Env) -> None:
        self._call(call.name)
        for argument in call.arguments:
            if argument.name is not None:
                self._key(call.name.text, argument.name)
            self.expression(argument.value, env)

    def _key(self, function: str, name: Name) -> None:
        if self.source.slice(name.span) == name.text:
            here = self.flow.name.text
            self.names.all.append(Occurrence(name.text, name.span, "argument", function, here))

    def _template(self, template: Template, env: Env) -> None:
        for path in template.paths:
            self._read(path.name, env)

    def _code(self, code: Code, env: Env) -> None:
        found = words_of(code, self.source)
        self.names.pieces[self.flow.name.text].append(found)
        for word in found.words:
            if word.name not in found.outer:
                continue
            name = Name(word.name, word.span)
            if word.name in env:
                self._note(name, "read", env[word.name], code)
            elif word.name in self.callables:
                self._note(name, "call", None, code)
            elif word.name in self.known and word.name not in KNOWN:
                self._note(name, "read", None, code)
        for key in found.keywords:
            if key.function in self.callables and key.function not in env:
                self._key(key.function, Name(key.name, key.span))
