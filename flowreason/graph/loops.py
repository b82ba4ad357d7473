"""Lowering of loops: a loop owns a region, its body is lowered once, and what a round hands to the next is carried.

Invariant: a body reads outer names through its heads where it assigns them, and directly where it does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS, Builder, Guard, LoopScope, Way
from flowreason.graph.env import Env
from flowreason.graph.expressions import ProgramLike
from flowreason.graph.model import Read
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Block, Expression, For, Literal, Name, Repeat, Sample, While
from flowreason_dsl.types import ANY, INT, TEXT, ListOf, Type

Kept = dict[str, str]


class Loops:
    """The part of the lowering that knows loops. Statements and expressions are lowered by what it is mixed into."""

    builder: Builder
    program: ProgramLike

    def expression(self, expr: Expression, way: Way, *, expected: Type = ANY, name: str | None = None) -> str:
        raise TypeError("expressions are lowered by Expressions")

    def condition(self, expr: Expression, way: Way) -> str:
        raise TypeError("conditions are lowered by Expressions")

    def block(self, block: Block, way: Way) -> None:
        raise TypeError("blocks are lowered by Statements")

    def held_in(self, holder: str | None, name: str, way: Way) -> str:
        raise TypeError("joins are made by Statements")

    # --- the four kinds ---

    def for_loop(
        self, loop: For, way: Way, *, collects: bool, name: str | None = None, waits: Iterable[str] = ()
    ) -> str:
        """`for x in xs`; its node holds the list of what was yielded."""
        items = self.expression(loop.items, way, expected=ListOf(TEXT) if _asks(loop.items) else ANY)
        label = f"for {', '.join(map(str, loop.targets))}"
        id, scope, body, heads = self._open("for", loop.body, way, label, collects, name)
        self._items(loop.targets, body, items)
        self.block(loop.body, body)
        if loop.line:
            self.builder.asking[id] = tuple(read.source for y in scope.yields for read in self.builder.nodes[y].reads)
        following = None if body.dead else (body.guard, body.env)
        self._close(
            "for", id, scope, body, heads, way, following, [Read("items", items, "items")], waits, loop.span, name
        )
        return id

    def _items(self, targets: tuple[Name, ...], body: Way, items: str) -> None:
        kind = self.builder.nodes[items].type
        for part, target in enumerate(targets):
            single = len(targets) == 1
            body.env[target.text] = self.builder.add(
                ops.Item(None if single else part),
                body,
                base=target.text,
                name=target.text,
                type=kind.item if single and isinstance(kind, ListOf) else ANY,
                span=target.span,
            )

    def sample_loop(self, loop: Sample, way: Way, *, name: str | None, waits: Iterable[str]) -> str:
        """`sample n`: rounds that know nothing of each other."""
        count = self.expression(loop.count, way, expected=INT)
        id, scope, body, heads = self._open("sample", loop.body, way, "sample", True, name, carry=False)
        self.builder.add(ops.Item(), body, base="round#", type=INT)
        self.block(loop.body, body)
        following = None if body.dead else (body.guard, body.env)
        self._close(
            "sample", id, scope, body, heads, way, following, [Read("count", count, "count")], waits, loop.span, name
        )
        return id

    def repeat_loop(self, loop: Repeat, way: Way) -> str:
        """`repeat n until c`: the condition is looked at after each round."""
        count = self.expression(loop.count, way, expected=INT)
        id, scope, body, heads = self._open("repeat", loop.body, way, "repeat", False, None)
        self.block(loop.body, body)
        following: tuple[Guard, Env] | None = None if body.dead else (body.guard, body.env)
        if loop.until is not None and not body.dead:
            condition = self.condition(loop.until, body)
            decision = self.builder.add(
                ops.Decide("until"), body, base="until#", reads=[Read("condition", condition)], span=loop.until.span
            )
            scope.leaves.append(((decision, "true"), body.env.picked(scope.names)))
            following = ((decision, "false"), body.env)
        self._close(
            "repeat", id, scope, body, heads, way, following, [Read("count", count, "count")], (), loop.span, None
        )
        return id

    def while_loop(self, loop: While, way: Way) -> str:
        """`while c max n`: the condition is looked at before each round."""
        bound = loop.bound or Expression(Literal(0))
        count = self.expression(bound, way, expected=INT)
        id, scope, body, heads = self._open("while", loop.body, way, "while", False, None)
        condition = self.condition(loop.condition, body)
        decision = self.builder.add(
            ops.Decide("while"),
            body,
            base="while.holds",
            reads=[Read("condition", condition)],
            span=loop.condition.span,
        )
        scope.leaves.append(((decision, "false"), body.env.picked(scope.names)))
        body.guard = (decision, "true")
        self.block(loop.body, body)
        following = None if body.dead else (body.guard, body.env)
        self._close(
            "while", id, scope, body, heads, way, following, [Read("count", count, "count")], (), loop.span, None
        )
        return id

    # --- what all have in common ---

    def _open(
        self, kind: str, block: Block, way: Way, label: str, collects: bool, name: str | None, carry: bool = True
    ) -> tuple[str, LoopScope, Way, dict[str, str | None]]:
        """The loop's region and the way into its body. `heads`: names the body assigns → their head nodes."""
        build = self.builder
        id = build.fresh(name or f"{kind}#")
        region = build.region(f"{id}.body", kind="loop", parent=way.region, owner=id, label=label, span=block.span)
        scope = LoopScope(id, collects)
        body = Way(region, None, way.env.branch(), (*way.loops, scope))
        names = list(self.program.assigned(block)) if carry else []
        if self.program.effects(block):
            names.append(EFFECTS)
        scope.names = tuple(names)
        heads: dict[str, str | None] = {}
        for each in names:
            heads[each] = self._head(each, way, body)
        return id, scope, body, heads

    def _head(self, name: str, way: Way, body: Way) -> str | None:
        if name not in way.env and name != EFFECTS:
            return None
        shown = "effects" if name == EFFECTS else name
        kind = self.kind_of(name, [way.env[name]]) if name in way.env else ANY
        body.env[name] = self.builder.add(ops.Head(name), body, base=f"{shown}.head", type=kind)
        return body.env[name]

    def _close(
        self,
        kind: str,
        id: str,
        scope: LoopScope,
        body: Way,
        heads: dict[str, str | None],
        way: Way,
        following: tuple[Guard, Env] | None,
        reads: list[Read],
        waits: Iterable[str],
        span: Span,
        name: str | None,
    ) -> None:
        """The end of a round, the ways out, and the names after the loop."""
        build = self.builder
        in_order = kind in ("repeat", "while") or bool(scope.leaves) or scope.answers
        if in_order and following is not None:
            build.add(ops.Next(), self._at(body, following[0]), base=f"{id}.next")
        last = self._leave(id, scope, body, heads)
        carried = []
        for each, head in heads.items():
            following_holder = following[1].get(each) if following else None
            made = ops.Carried(each, way.env.get(each), head, following_holder, last.get(each), None)
            carried.append(self._without_idle_head(made))
        carried = self._outs(id, carried, way, following, scope)
        op = ops.Loop(
            kind=kind,  # type: ignore[arg-type]
            body=body.region,
            carried=tuple(carried),
            yields=tuple(scope.yields),
            collects=scope.collects,
            in_order=in_order,
        )
        build.add(op, way, base=id, id=id, reads=reads, after=waits, name=name, span=span)
        if scope.answers:
            way.guard, way.escaped = (id, "done"), True
        self._rename(carried, way)

    def _without_idle_head(self, each: ops.Carried) -> ops.Carried:
        """A name that no round reads from the round before is not carried: rounds need not wait for it."""
        if each.head is None or each.head in self.builder.used or each.head in (each.next, each.leave):
            return each
        del self.builder.nodes[each.head]
        return replace(each, head=None)

    def _rename(self, carried: list[ops.Carried], way: Way) -> None:
        for each in carried:
            if each.out:  # without one, what follows is only reached where no round ran
                way.env[each.name] = each.out

    @staticmethod
    def _at(body: Way, guard: Guard) -> Way:
        return Way(body.region, guard, body.env, body.loops)

    def _leave(self, id: str, scope: LoopScope, body: Way, heads: dict[str, str | None]) -> Kept:
        """The node through which the loop is left in the middle, and which node holds each name there."""
        if not scope.leaves:
            return {}
        build = self.builder
        if len(scope.leaves) == 1:
            guard, env = scope.leaves[0]
            build.add(ops.Leave(), self._at(body, guard), base=f"{id}.leave")
            return env
        guards = tuple(guard for guard, _ in scope.leaves if guard is not None)
        free = self._at(body, None)
        met = build.add(ops.Meet(guards), free, base="meet#") if len(guards) == len(scope.leaves) else None
        build.add(ops.Leave(), self._at(body, (met, "met") if met else None), base=f"{id}.leave")
        kept = {}
        for name in heads:
            if all(name in env or name == EFFECTS for _, env in scope.leaves):
                sources = [self.held_in(env.get(name), name, self._at(body, guard)) for guard, env in scope.leaves]
                reads = [Read(f"way{i}", source) for i, source in enumerate(sources)]
                kept[name] = build.add(ops.Join(), free, base=f"{id}.left", reads=reads)
        return kept

    def _outs(
        self,
        id: str,
        carried: list[ops.Carried],
        way: Way,
        following: tuple[Guard, Env] | None,
        scope: LoopScope,
    ) -> list[ops.Carried]:
        """An `Out` node for every name that is there after the loop on every path that the checker allows."""
        made = []
        for each in carried:
            if each.next is None and each.leave is None:
                made.append(each)
                continue
            shown = "effects" if each.name == EFFECTS else each.name
            out = self.builder.add(
                ops.Out(id, each.name),
                self._at(way, None),
                base=f"{shown}.out",
                name=None if each.name == EFFECTS else each.name,
                type=self.kind_of(each.name, [h for h in (each.initial, each.next, each.leave) if h]),
            )
            made.append(replace(each, out=out))
        return made

    def kind_of(self, name: str, holders: Iterable[str]) -> Type:
        """The type that all nodes holding a name share. Effects are no values and have none."""
        kinds = {self.builder.nodes[holder].type for holder in holders}
        return kinds.pop() if len(kinds) == 1 and name != EFFECTS else ANY


def _asks(expr: Expression) -> bool:
    from flowreason_dsl.syntax import Ask

    return isinstance(expr.value, Ask)
