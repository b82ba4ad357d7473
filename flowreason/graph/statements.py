"""Lowering of statements: where names change, where the way parts and where it comes together again."""

from __future__ import annotations

from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS, Builder, Way
from flowreason.graph.env import Env
from flowreason.graph.expressions import Expressions, ProgramLike, asks_model, item_of
from flowreason.graph.loops import Loops
from flowreason.graph.model import Read
from flowreason_dsl.expected import covers, match_type
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import (
    Answer,
    Assign,
    Block,
    Break,
    Do,
    Edge,
    Expression,
    For,
    If,
    Match,
    Name,
    Repeat,
    Sample,
    Statement,
    While,
    Yield,
)
from flowreason_dsl.types import ANY, Type


class Statements(Expressions, Loops):
    """Lowers blocks into a builder, keeping in `Way` which node holds each name."""

    def __init__(self, builder: Builder, program: ProgramLike, returns: Type) -> None:
        super().__init__(builder, program, returns)
        self._yield_types: list[Type] = []

    def block(self, block: Block, way: Way) -> None:
        """All statements of a block, in order; edges drawn by hand are put in last, when both ends are known."""
        edges: list[tuple[Edge, dict[str, str]]] = []
        for statement in block.statements:
            if way.dead:
                break
            if isinstance(statement, Edge):
                edges.append((statement, self._ends(statement, way)))
            else:
                self.statement(statement, way)
        for edge, known in edges:
            self._draw(edge, known, way)

    def statement(self, statement: Statement, way: Way) -> None:
        match statement:
            case Assign(name=name, value=value, type=declared):
                expected = declared.type if declared else ANY
                way.env[name.text] = self.expression(value, way, expected=expected, name=name.text)
            case Do(value=value):
                self.do(value, way)
            case If():
                self._if(statement, way)
            case Match():
                self._match(statement, way)
            case While():
                self.while_loop(statement, way)
            case Repeat():
                self.repeat_loop(statement, way)
            case Break():
                way.loops[-1].leaves.append((way.guard, way.env.picked(way.loops[-1].names)))
                way.dead = way.escaped = True
            case Yield(value=value, span=span):
                self._yield(value, way, span)
            case Answer(value=value, type=declared, span=span):
                kind = declared.type if declared else self.returns
                self.answer(self.expression(value, way, expected=kind), way, span=span)
            case Edge():
                self._draw(statement, self._ends(statement, way), way)

    def do(self, value: Expression, way: Way) -> None:
        """An expression for what it does."""
        if isinstance(value.value, For) and not (value.ensures or value.otherwise):
            waits = [way.env[path.name.text] for path in value.given]
            self.for_loop(value.value, way, collects=False, waits=waits)
        else:
            self.expression(value, way)

    def answer(self, value: str, way: Way, *, op: ops.Answer | None = None, span: Span | None = None) -> None:
        """The flow ends here, once the effects before have happened."""
        effects = [way.env[EFFECTS]] if EFFECTS in way.env else []
        self.builder.add(
            op or ops.Answer(),
            way,
            base="answer#",
            reads=[Read("value", value)],
            after=effects,
            type=self.returns,
            span=span or self.builder.nodes[value].span,
        )
        for loop in way.loops:
            loop.answers = True
        way.dead = way.escaped = True

    def _yield(self, value: Expression, way: Way, span: Span) -> None:
        kind = self._yield_types[-1] if self._yield_types else ANY
        held = self.expression(value, way, expected=kind)
        made = self.builder.add(ops.YieldValue(), way, base="yield#", reads=[Read("value", held)], type=kind, span=span)
        for loop in reversed(way.loops):
            loop.yields[made] = None
            if loop.collects:
                return
            made = loop.id

    # --- branches ---

    def _if(self, whole: If, way: Way) -> None:
        """Each `else if` stands where the condition before it does not hold."""
        branches: list[tuple[Way, Way, Way]] = []
        for arm in whole.arms:
            condition = self.condition(arm.condition, way)
            decision = self.builder.add(
                ops.Decide("if"), way, base="if#", reads=[Read("condition", condition)], span=arm.condition.span
            )
            yes = self._arm(decision, "true", way, arm.body)
            no = self._arm_way(decision, "false", way, whole.otherwise.span if whole.otherwise else arm.span)
            branches.append((yes, no, way))
            way = no
        if whole.otherwise is not None:
            self.block(whole.otherwise, way)
        for yes, no, way in reversed(branches):
            self._come_together([yes, no], way)

    def _match(self, match: Match, way: Way) -> None:
        cases = tuple(tuple(literal.value for literal in case.values) for case in match.cases)
        expected = match_type([case.values for case in match.cases], match.otherwise is not None)
        subject = self.expression(match.subject, way, expected=expected if asks_model(match.subject) else ANY)
        decision = self.builder.add(
            ops.Decide("match", cases), way, base="match#", reads=[Read("subject", subject)], span=match.subject.span
        )
        ways = [self._arm(decision, str(i), way, case.body) for i, case in enumerate(match.cases)]
        if match.otherwise is not None:
            ways.append(self._arm_way(decision, "else", way, match.otherwise.span))
            self.block(match.otherwise, ways[-1])
        elif not covers([case.values for case in match.cases], self.builder.nodes[subject].type):
            ways.append(self._no_case(self._arm_way(decision, "else", way, match.span), ways))
        self._come_together(ways, way)

    def _no_case(self, other: Way, cases: list[Way]) -> Way:
        """The way on which no case fits. A name that every case sets is null there: where the checker lets it be read
        afterwards, it knows that this way is never taken."""
        live = [each.env for each in cases if not each.dead]
        for name in live[0].own if live else ():
            if name not in other.env and name != EFFECTS and all(name in env for env in live):
                other.env[name] = self.builder.add(ops.Constant(None), other, base="nothing#")
        return other

    def _arm_way(self, decision: str, label: str, way: Way, span: Span) -> Way:
        region = self.builder.region(
            f"{decision}.{label}", kind="arm", parent=way.region, owner=decision, label=label, span=span
        )
        return way.branch(region, (decision, label))

    def _arm(self, decision: str, label: str, way: Way, body: Block) -> Way:
        arm = self._arm_way(decision, label, way, body.span)
        self.block(body, arm)
        return arm

    def _come_together(self, ways: list[Way], way: Way) -> None:
        """After a branch: control goes on where it can, and names that differ are joined."""
        live = [each for each in ways if not each.dead]
        way.escaped |= any(each.escaped for each in ways)
        if not live:
            way.dead = True
            return
        if len(live) == 1 and len(ways) > 1 and all(each.dead for each in ways if each is not live[0]):
            way.env.take(live[0].env)
            way.guard = live[0].guard
            return
        joined = self._joined([each.env for each in live], live, way)
        if any(each.escaped for each in ways):
            guards = tuple(each.guard for each in live if each.guard is not None)
            way.guard = (self.builder.add(ops.Meet(guards), way.free(), base="meet#"), "met")
        for name, holder in joined.items():
            way.env[name] = holder

    def _joined(self, envs: list[Env], live: list[Way], way: Way) -> dict[str, str]:
        """The names that the arms of a branch changed and all of them have, as join nodes."""
        first, *others = envs
        changed = {name for each in envs for name in each.own}
        there = [n for n in changed if n in first and (n == EFFECTS or all(n in each for each in others))]
        names = first.in_order(there)
        names += [EFFECTS] if EFFECTS in changed and EFFECTS not in names else []
        out = {}
        for name in names:
            holders = [each.get(name) for each in envs]
            if holders[0] is not None and all(holder == holders[0] for holder in holders):
                out[name] = holders[0]
            else:
                out[name] = self._join(name, live, way)
        return out

    def _join(self, name: str, live: list[Way], way: Way) -> str:
        sources = [self.held_in(each.env.get(name), name, each) for each in live]
        shown = "effects" if name == EFFECTS else name
        return self.builder.add(
            ops.Join(),
            way.free(),
            base=f"{shown}.join",
            name=None if name == EFFECTS else name,
            reads=[Read(f"way{i}", source) for i, source in enumerate(sources)],
            type=self.kind_of(name, sources),
        )

    def held_in(self, holder: str | None, name: str, way: Way) -> str:
        """The node that holds a name at the end of a way, alive only when that way was taken."""
        if holder is None:
            return self.builder.add(ops.Constant(None), way, base="nothing#")
        if way.guard is not None and self.builder.nodes[holder].guard == way.guard:
            return holder
        return self.builder.add(
            ops.Pass(), way, base="pass#", reads=[Read("value", holder)], type=self.kind_of(name, [holder])
        )

    # --- edges drawn by hand ---

    @staticmethod
    def _ends(edge: Edge, way: Way) -> dict[str, str]:
        """The nodes that hold the names of an edge where it stands."""
        return way.env.picked(name.text for group in edge.groups for name in group)

    def _draw(self, edge: Edge, known: dict[str, str], way: Way) -> None:
        """`a -> b`: b waits for a, and where b asks, it is shown a's value."""
        for group, following in zip(edge.groups, edge.groups[1:], strict=False):
            for start in group:
                for end in following:
                    self._draw_one(start, end, known, way)

    def _draw_one(self, start: Name, end: Name, known: dict[str, str], way: Way) -> None:
        earlier = known.get(start.text) or way.env.get(start.text)
        later = known.get(end.text) or way.env.get(end.text)
        if earlier is None or later is None:
            return
        for target in self.askers(later):
            if isinstance(self.builder.nodes[target].op, ops.Ask | ops.Solve):
                self.builder.show(target, Read(start.text, earlier, "context"))
            else:
                self.builder.wait(target, earlier)

    # --- loops as values ---

    def loop_value(self, loop: For | Sample, way: Way, expected: Type, name: str | None, waits: list[str]) -> str:
        self._yield_types.append(item_of(expected))
        try:
            if isinstance(loop, For):
                return self.for_loop(loop, way, collects=True, name=name, waits=waits)
            return self.sample_loop(loop, way, name=name, waits=waits)
        finally:
            self._yield_types.pop()
