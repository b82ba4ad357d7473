"""Loops: what is known in the first round, in every round, and after the last.

Invariant: what a body assigns is of any type at the start of a round unless every assignment says otherwise, and is set
after the loop only where the loop surely runs or the name was set before it.
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from flowreason_dsl.check.constants import constant
from flowreason_dsl.check.ends import head
from flowreason_dsl.check.kinds import item_of, join, show
from flowreason_dsl.check.pairs import parts_of
from flowreason_dsl.check.state import Names, State, Variable, merge
from flowreason_dsl.check.values import Values
from flowreason_dsl.check.wanted import NOTHING, Wanted
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.expected import item_type, items_type
from flowreason_dsl.python import facts
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import (
    Ask,
    Assign,
    Block,
    Code,
    Do,
    Emulate,
    Expression,
    For,
    Path,
    Repeat,
    Run,
    Sample,
    Solve,
    While,
)
from flowreason_dsl.types import ANY, INT, TEXT, Choice, DictOf, ListOf, Record, Type
from flowreason_dsl.unread import Unread

Loop: TypeAlias = For | While | Repeat
COUNT = Wanted(INT, "the number of rounds")


@dataclass(slots=True)
class Scope:
    """A loop that is being checked. `collects`: its yields make up a list, each wanted as `item`."""

    kind: str
    collects: bool
    item: Wanted = NOTHING
    yields: list[Type] = field(default_factory=list)
    breaks: list[tuple[State, Label]] = field(default_factory=list)
    answers: bool = False
    outer: Names = field(default_factory=Names)
    heads: dict[str, int] = field(default_factory=dict)
    gate: int | None = None


class Loops(Values):
    """The part of the walk that knows loops."""

    scopes: list[Scope]

    @abstractmethod
    def block(self, block: Block, state: State) -> None:
        """Check all statements of a block, in order."""

    # --- loops as values ---

    def _yield_of_last(self, body: Block) -> Fix | None:
        """The last step of a round as what it yields."""
        last = body.statements[-1] if body.statements else None
        if isinstance(last, Do) and isinstance(last.value.value, Ask | Path | Code | Solve):
            return Fix("yield it", Span(last.span.start, last.span.start), "yield ")
        if not isinstance(last, Assign) or not last.span.end:
            return None
        line, column = self.findings.source.position(last.span.start)
        alone = not self.findings.source.line(line)[: column - 1].strip()
        apart = "\n" + " " * (column - 1) if alone else " "
        return Fix(f"yield `{last.name}`", Span(last.span.end, last.span.end), f"{apart}yield {last.name}")

    def loop_value(self, loop: For | Sample, state: State, wanted: Wanted) -> Type:
        item = (
            replace(wanted, type=item_type(wanted.type), what=f"each item of {wanted.what}") if wanted.type else NOTHING
        )
        kind = "for" if isinstance(loop, For) else "sample"
        scope = Scope(kind, True, item)
        if isinstance(loop, For):
            self.for_loop(loop, state, scope)
        else:
            self.sample_loop(loop, state, scope)
        if not scope.yields and state.alive:
            message = f"this `{kind}` is used as a value and yields nothing"
            hint = "end a round with `yield …`, which puts a value into the list"
            self.outline.spared |= self.outline.assigned_in(loop.body).keys()
            fix = self._yield_of_last(loop.body)
            self.findings.add("yield-missing", message, head(loop.span), help=hint, fix=fix)
        if isinstance(wanted.type, ListOf):
            return wanted.type
        found = scope.yields[0] if scope.yields else ANY
        for other in scope.yields[1:]:
            found = join(found, other)
        return ListOf(found)

    # --- the four kinds ---

    def for_loop(self, loop: For, state: State, scope: Scope) -> None:
        """`for x in xs`: no round at all where there are no items."""
        step = self.steps.new()
        kind = self._items(loop, state, step)
        surely = _never_empty(loop.items)
        none = Label(loop.items.span, "not set when there is nothing in this list")
        body = self._open(step, loop.body, state, scope, loop.span)
        for target in loop.targets:
            type = kind if len(loop.targets) == 1 else _part_of(kind)
            body.set(Variable(target.text, type, target.span, self.steps.new(), body.region, given=True))
        self.block(loop.body, body)
        for end in [body, *(each for each, _ in scope.breaks)]:
            for target in loop.targets:
                end.names.own.pop(target.text, None)
        self._close(state, body, scope, loop, None if surely else (state.branch(), none))

    def sample_loop(self, loop: Sample, state: State, scope: Scope) -> None:
        """`sample n`: what it assigns stays in it."""
        step = self.steps.new()
        self._count(loop.count, state, step)
        body = self._open(step, loop.body, state, scope, loop.span, carries=False)
        self.block(loop.body, body)
        self._end(body, scope)
        state.effect = self.steps.join({each for each in (state.effect, body.effect) if each is not None})
        for name, made in self.outline.assigned_in(loop.body).items():
            if name in state.names:
                state.names[name] = replace(state.names[name], kept=made[0].name.span)

    def repeat_loop(self, loop: Repeat, state: State) -> None:
        """`repeat n until c`: at least one round, and the condition is looked at after each."""
        step = self.steps.new()
        self._count(loop.count, state, step)
        number, count = constant(loop.count), loop.count.value
        lost = isinstance(count, Unread) or (isinstance(count, Path) and count.name.text not in state.names)
        surely = lost or (number is not None and number != 0)
        scope = Scope("repeat", False)
        none = Label(loop.count.span, "not set when this is 0")
        body = self._open(step, loop.body, state, scope, loop.span)
        self.block(loop.body, body)
        if loop.until is not None and body.alive:
            self.condition(loop.until, body)
            self._unchanging(loop.until, loop.body, body)
        self._close(state, body, scope, loop, None if surely else (state.branch(), none))

    def while_loop(self, loop: While, state: State) -> None:
        """`while c max n`: the condition is looked at before each round."""
        step = self.steps.new()
        if isinstance(loop.condition.value, Unread):
            pass  # its bound may stand where it could not be read
        elif loop.bound is None:
            end = loop.condition.span.end
            fix = Fix("allow ten rounds", Span(end, end), " max 10")
            hint = "every loop is bounded: `while … max 10 { … }`"
            self.findings.add("while-unbounded", "this `while` has no bound", loop.condition.span, help=hint, fix=fix)
        else:
            self._count(loop.bound, state, step)
        scope = Scope("while", False)
        body = self._open(step, loop.body, state, scope, loop.span)
        self.condition(loop.condition, body)
        always = constant(loop.condition) is True
        none = Label(loop.condition.span, "not set when this does not hold at first")
        first = None if always else (body.snapshot(state.names), none)
        self.block(loop.body, body)
        self._unchanging(loop.condition, loop.body, body)
        self._close(state, body, scope, loop, first)

    # --- what goes in ---

    def _items(self, loop: For, state: State, step: int) -> Type:
        asks = isinstance(loop.items.value, Ask | Solve | Emulate | Run)
        wanted = Wanted(items_type(len(loop.targets)), "a `for`") if asks else NOTHING
        with self.doing(step):
            kind = self.expression(loop.items, state, wanted)
        if kind == TEXT or isinstance(kind, Choice):
            self._text_items(loop.items, state)
        elif kind != ANY and not isinstance(kind, ListOf | DictOf | Record):
            message = f"`for` goes through a list, and this is {show(kind)}"
            hint = (
                f"to count, write `range({loop.items.value.name})` as Python"
                if isinstance(loop.items.value, Path)
                else None
            )
            self.findings.add("for-not-list", message, loop.items.span, help=hint)
        item = item_of(kind)
        if len(loop.targets) > 1 and item != ANY and not isinstance(item, ListOf | DictOf):
            message = f"each item is {show(item)} and cannot be taken apart into {len(loop.targets)} names"
            self.findings.add("for-targets", message, loop.targets[0].span.cover(loop.targets[-1].span))
        elif len(loop.targets) > 1 and isinstance(loop.items.value, Code):
            self._parts(loop, loop.items.value)
        return item

    def _parts(self, loop: For, items: Code) -> None:
        """Items that stand in the text, and have more or fewer parts than there are names for them."""
        parts = parts_of(facts(items))
        if parts is not None and parts != len(loop.targets):
            has = "1 part" if parts == 1 else f"{parts} parts"
            message = f"each item has {has}, and is taken apart into {len(loop.targets)} names"
            self.findings.add("for-targets", message, loop.targets[0].span.cover(loop.targets[-1].span))

    def _text_items(self, items: Expression, state: State) -> None:
        hint, fix = "split it first: `text.splitlines()` as Python", None
        if isinstance(items.value, Path) and not items.value.steps:
            name = items.value.name.text
            raw = state.names[name].raw if name in state.names else None
            hint = f"go through its lines with `{name}.splitlines()` as Python, or its words with `words({name})`"
            fix = Fix("go through its lines", items.value.span, f"`{name}.splitlines()`")
            if raw is not None:
                hint = f"ask for a list: `{name}: list[text] = ask …`"
                fix = Fix("ask for a list", Span(raw.end, raw.end), ": list[text]")
        message = "`for` goes through a list, and this is text"
        self.findings.add("for-not-list", message, items.span, help=hint, fix=fix)

    def _count(self, count: Expression, state: State, step: int) -> None:
        with self.doing(step):
            self.expression(count, state, COUNT)
        number = constant(count)
        if isinstance(number, int | float) and not isinstance(number, bool) and number < 1:
            message = f"a loop of {number:g} rounds never runs"
            self.findings.add("bound-impossible", message, count.span, help="allow at least 1 round")

    # --- a round ---

    def _open(self, step: int, block: Block, state: State, scope: Scope, span: Span, *, carries: bool = True) -> State:
        """The state at the start of a round: what the body assigns may come from an earlier round."""
        if self.by is not None:
            self.steps.needs[self.by].add(step)
        body = state.branch((*state.region, self.region()))
        scope.gate, self.steps.gate = self.steps.gate, step
        scope.outer = state.names
        self.steps.loops.append(step)
        self.scopes.append(scope)
        self.outline.open_loops.append(span)
        for name, made in self.outline.assigned_in(block).items() if carries else ():
            before = body.names.get(name)
            if before is not None:
                scope.heads[name] = self.steps.head(before.step)
                carried = _carried(before, made, scope.heads[name])
                first = (body.region, before.type) if before.definite and before.type != ANY else None
                body.set(replace(carried, first=first))
        return body

    def _end(self, body: State, scope: Scope) -> None:
        """Leave the loop: a round hands its names to the next; where it may answer, what follows waits for it."""
        self.scopes.pop()
        step = self.steps.loops.pop()
        self.outline.open_loops.pop()
        self.steps.gate = step if scope.answers or not body.alive else scope.gate
        for name, first in scope.heads.items():
            last = body.names.get(name) if body.alive else None
            if last is not None:
                self.steps.joined[first].add(last.step)

    def _close(self, state: State, body: State, scope: Scope, loop: Loop, none: tuple[State, Label] | None) -> None:
        """What is known after a loop: after no round (`none`), after its last round, after a `break`."""
        self._end(body, scope)
        last = Label(head(loop.span), "not set when this loop runs to its end")
        ends = [*([none] if none else []), (body, last), *scope.breaks]
        if any(end.alive for end, _ in ends):
            merge(state, ends, self.steps)
            return
        state.spent = True
        for name in self.outline.assigned_in(loop.body):
            state.names.drop(name)

    # --- conditions that never change ---

    def _unchanging(self, condition: Expression, block: Block, body: State) -> None:
        """A condition of which the body changes nothing is the same in every round."""
        if not isinstance(condition.value, Code | Path) or constant(condition) is not None:
            return
        names, assigned = _names_read(condition), self.outline.assigned_in(block).keys()
        if names is None or names & assigned or not any(name in body.names for name in names):
            return
        if names & (self.program.flows.keys() | self.program.tools.keys() | {"random", "datetime"}):
            return
        self.outline.spared |= assigned
        message = "nothing in this loop changes what the condition reads"
        hint = "assign one of its names in the loop, or leave the loop with `break`"
        self.findings.add("condition-unchanging", message, condition.span, help=hint)


def _carried(before: Variable, made: list[Assign], step: int) -> Variable:
    """A name at the start of a round, when the body assigns it."""
    type = before.type
    for assign in made:
        type = join(type, _plain_type(assign))
    raw = before.raw if all(each.type is None for each in made) else None
    return replace(before, type=type, step=step, raw=raw)


def _names_read(condition: Expression) -> set[str] | None:
    match condition.value:
        case Path(name=name):
            return {name.text}
        case Code() as code if facts(code).error is None:
            return set(facts(code).all_names)
    return None


def _plain_type(assign: Assign) -> Type:
    """The type of an assignment as far as it can be seen without its surroundings."""
    if assign.type is not None:
        return assign.type.type
    if assign.value.otherwise is None:
        match assign.value.value:
            case Ask() if not assign.value.settings:
                return TEXT
    return ANY


def _part_of(type: Type) -> Type:
    return type.item if isinstance(type, ListOf) else ANY


def _never_empty(items: Expression) -> bool:
    """Whether a list surely has items: it stands there, or it is a `range` of a number above 0."""
    if not isinstance(items.value, Code) or items.otherwise is not None:
        return False
    tree = facts(items.value).tree
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return False
    match tree.body[0].value:
        case ast.List(elts=[ast.expr(), *_] as found) | ast.Tuple(elts=[ast.expr(), *_] as found):
            return not isinstance(found[0], ast.Starred)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(last))]):
            return last > 0
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(first)), ast.Constant(value=int(last))]):
            return first < last
    return False
