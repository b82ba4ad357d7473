"""Statements: where names are set, where the way parts and comes together, where it ends.

Invariant: after a statement the state holds on every path that gets there; a state that is dead is got to by none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flowreason_dsl.check.cases import Subject
from flowreason_dsl.check.constants import constant
from flowreason_dsl.check.edges import Edges
from flowreason_dsl.check.ends import (
    Made,
    head,
    last_assigned,
    no_answer,
    nothing_comes_of_it,
    unused_parameters,
    unused_values,
)
from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import fits, show
from flowreason_dsl.check.loops import Scope
from flowreason_dsl.check.program import Program, check_type
from flowreason_dsl.check.state import State, Variable, merge
from flowreason_dsl.check.unreadable import Unreadable
from flowreason_dsl.check.wanted import NOTHING, Wanted
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.expected import match_type
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import (
    Answer,
    Ask,
    Assign,
    Block,
    Break,
    Do,
    Edge,
    Emulate,
    Expression,
    FlowDef,
    If,
    Match,
    Name,
    Path,
    Repeat,
    Run,
    Solve,
    Statement,
    TypeRef,
    While,
    Yield,
)
from flowreason_dsl.types import ANY, Type
from flowreason_dsl.unread import Unread

MOST_ELSE_IFS = 200
"""How many branches, each in the `else` of the one before, are followed."""
MOST_MET = 50_000
"""How many values one flow may bring together behind its branches and carry around its loops."""
MOST_BREAKS = 200
"""How many ways out of a loop are followed."""


@dataclass(slots=True)
class Ways:
    """The ways of a branch: what decides between them, where each ends, and what decides whether it gets there."""

    outer: int | None
    conditions: list[int] = field(default_factory=list)
    ends: list[tuple[State, Label]] = field(default_factory=list)
    gates: list[int | None] = field(default_factory=list)


class Statements(Unreadable):
    """The walk over one flow."""

    def __init__(self, flow: FlowDef, program: Program, findings: Findings) -> None:
        super().__init__(flow, program, findings)
        self.scopes: list[Scope] = []
        self.made: list[Made] = []
        self.types: dict[str, Type] = {}
        self.answers = False
        self.else_ifs = 0

    def run(self) -> dict[str, Type]:
        """Check the flow; the types of its names."""
        state = State()
        parameters: list[tuple[Name, int]] = []
        for parameter in self.flow.parameters:
            name, type, step = parameter.name, parameter.type.type, self.steps.new()
            state.set(Variable(name.text, type, name.span, step, given=True, declared=type))
            parameters.append((name, step))
            self.types[name.text] = type
        self.take_data(state)
        self.block(self.flow.body, state)
        if self.flow.returns is not None and state.alive and not state.spent:
            self.outline.spared |= last_assigned(self.flow)
            no_answer(self.flow, self.findings)
        elif not (self.answers or self.unknown_calls or self.has_effects(self.flow.body)):
            nothing_comes_of_it(self.flow, self.findings)
        if self.steps.met > MOST_MET:
            message = f"the branches and loops of this flow bring together more than {MOST_MET:,} values"
            self.findings.add("limit-branches", message, self.flow.name.span, help="set fewer names in them")
        spared = self.outline.reported | self.outline.spared
        used = self.steps.used
        unused_parameters(parameters, spared, used, self.findings)
        unused_values(self.made, spared, used, self.findings)
        return self.types

    # --- blocks ---

    def block(self, block: Block, state: State) -> None:
        edges = Edges(self.steps, self.findings)
        spent = state.spent
        statements = self.without_words(block.statements, state)
        for index, statement in enumerate(statements):
            if index and (not state.alive or (state.spent and not spent)):
                self._dead(statements[index - 1], statement)
            if not state.alive:
                break
            spent = state.spent
            if isinstance(statement, Edge):
                edges.draw(statement, state)
            else:
                self.statement(statement, state)
        if statements and isinstance(last := statements[-1], Unread) and last.ends:
            state.alive = False
        for name in edges.finish(state):
            self.unknown(name.text, name.span, state, always=True)

    def statement(self, statement: Statement, state: State) -> None:
        match statement:
            case Assign():
                self._assign(statement, state)
            case Do(value=value):
                self.do(value, state)
            case If():
                self._if(statement, state)
            case Match():
                self._match(statement, state)
            case While():
                self.while_loop(statement, state)
            case Repeat():
                self.repeat_loop(statement, state)
            case Break(span=span):
                self._break(span, state)
            case Yield(value=value, span=span):
                self._yield(value, span, state)
            case Answer():
                self._answer(statement, state)
            case Unread():
                self.unread(statement, state)
            case Edge():
                raise TypeError("edges are checked with their block")

    def _dead(self, before: Statement, statement: Statement) -> None:
        if statement.span in self.findings.told:
            return
        label = Label(before.span, "nothing goes on after this")
        message = "this never runs"
        self.findings.add("code-dead", message, statement.span, labels=[label], help="leave it out, or put it before")

    # --- setting names ---

    def _assign(self, assign: Assign, state: State) -> None:
        name, declared = assign.name.text, assign.type.type if assign.type else None
        if assign.type is not None:
            check_type(assign.type.type, assign.type.span, self.findings)
        step = self.steps.new()
        wanted = self._declared(name, assign.type)
        with self.doing(step):
            found = self.expression(assign.value, state, wanted, name)
            effects = self.effects(assign.value, state, step)
        type = declared if declared is not None else found
        self._changes_type(assign, type, state)
        raw = assign.name.span if declared is None and _is_plain_ask(assign.value) else None
        state.set(Variable(name, type, assign.name.span, step, state.region, raw=raw, declared=declared))
        self.types[name] = type
        self.made.append(Made(assign, step, effects))

    def _declared(self, name: str, ref: TypeRef | None) -> Wanted:
        return Wanted(ref.type, f"`{name}`", Label(ref.span, "it is declared here")) if ref else NOTHING

    def _changes_type(self, assign: Assign, type: Type, state: State) -> None:
        """`score: int` before, and text now because the type was not written again."""
        before = state.names.get(assign.name.text)
        if before is None or before.declared is None or assign.type is not None or fits(before.declared, type):
            return
        end = Span(assign.name.span.end, assign.name.span.end)
        fix = Fix("write the type again", end, f": {before.declared}") if _is_plain_ask(assign.value) else None
        message = f"`{assign.name}` was {show(before.declared)} and becomes {show(type)} here"
        labels = [Label(before.span, f"here it is {show(before.declared)}")]
        hint = f"write `{assign.name}: {show(before.declared)} = …` again" if fix else None
        self.findings.add("type-changes", message, assign.name.span, labels=labels, help=hint, fix=fix)

    # --- where the way parts ---

    def _if(self, whole: If, state: State) -> None:
        outer = self.steps.gate
        ways = Ways(self.steps.gate)
        self.else_ifs += len(whole.arms) - 1
        if self.else_ifs > MOST_ELSE_IFS:
            message = f"more than {MOST_ELSE_IFS} branches stand here, each in the `else` of the one before"
            self.findings.add("limit-branches", message, head(whole.span), help="use `match`, or a table in Python")
        for arm in whole.arms if self.else_ifs <= MOST_ELSE_IFS else whole.arms[:1]:
            step = self.steps.new()
            with self.doing(step):
                self.condition(arm.condition, state)
                self.effects(arm.condition, state, step)
            self._constant_arm(arm.condition)
            ways.conditions.append(step)
            self._arm(arm.body, state, step, Label(arm.condition.span, "not set when this holds"), ways)
            self.steps.gate = step
        label = Label(whole.arms[-1].condition.span, "not set when this does not hold")
        if whole.otherwise is not None:
            label = Label(head(whole.otherwise.span, 1), "not set in this `else`")
        self._arm(whole.otherwise, state, ways.conditions[-1], label, ways)
        self.else_ifs -= len(whole.arms) - 1
        self._together(state, ways, outer)

    def _arm(self, body: Block | None, state: State, step: int, label: Label, ways: Ways) -> None:
        """One of the ways of a branch, taken when a step says so; without a body, the way past all others."""
        way = state.branch((*state.region, self.region()) if body is not None else None)
        self.steps.gate = step
        if body is not None:
            self.block(body, way)
        ways.ends.append((way, label))
        ways.gates.append(self.steps.gate)

    def _together(self, state: State, ways: Ways, outer: int | None) -> None:
        gates = ways.gates
        if not all(way.alive for way, _ in ways.ends):
            last = self.steps.new()  # what follows waits for the conditions that decide whether it runs
            self.steps.needs[last].update(ways.conditions)
            gates = [*gates, last]
        self.steps.come_together(ways.conditions, gates, outer)
        merge(state, ways.ends, self.steps)

    def _constant_arm(self, condition: Expression) -> None:
        known = constant(condition)
        if known is not None:
            outcome = "always holds, so what is not under it never runs" if known else "never holds, so this never runs"
            message = f"this condition {outcome}"
            self.findings.add("condition-constant", message, condition.span)

    def _match(self, whole: Match, state: State) -> None:
        outer, step = self.steps.gate, self.steps.new()
        asks = isinstance(whole.subject.value, Ask | Solve | Emulate | Run)
        cases = [case.values for case in whole.cases]
        kind = match_type(cases, whole.otherwise is not None)
        with self.doing(step):
            found = self.expression(whole.subject, state, Wanted(kind, "the subject of `match`") if asks else NOTHING)
            self.effects(whole.subject, state, step)
        subject = Subject(whole, kind if asks else found, self._raw(whole.subject, state), asks)
        covered = subject.check(self.findings)
        ways = Ways(outer, [step])
        for case in whole.cases:
            place = case.values[0].span if case.values else head(case.body.span, 1)
            self._arm(case.body, state, step, Label(place, "not set in this case"), ways)
        if whole.otherwise is not None:
            label = Label(head(whole.otherwise.span, 1), "not set in this `else`")
            self._arm(whole.otherwise, state, step, label, ways)
        elif not (covered or self._lost(whole.subject, state)) and all(cases):
            self._arm(None, state, step, Label(whole.subject.span, "not set when no case fits"), ways)
        self._together(state, ways, outer)

    def _raw(self, subject: Expression, state: State) -> Variable | None:
        if isinstance(subject.value, Path) and not subject.value.steps:
            return state.names.get(subject.value.name.text)
        return None

    def _lost(self, subject: Expression, state: State) -> bool:
        """Whether what is matched is at fault itself, so that nobody can say what its cases leave open."""
        value = subject.value
        return isinstance(value, Unread) or (isinstance(value, Path) and value.name.text not in state.names)

    # --- leaving ---

    def _break(self, span: Span, state: State) -> None:
        state.alive = False
        if not self.scopes:
            hint = "`answer` ends the flow"
            self.findings.add("break-outside", "`break` stands outside of any loop", span, help=hint)
            return
        scope = self.scopes[-1]
        if len(scope.breaks) >= MOST_BREAKS:
            message = f"this loop has more than {MOST_BREAKS} ways out"
            self.findings.add("limit-breaks", message, span, help="leave it in one place, when a name says so")
            return
        left = state.snapshot(scope.outer)
        left.alive = True
        scope.breaks.append((left, Label(span, "not set when the loop is left here")))

    def _yield(self, value: Expression, span: Span, state: State) -> None:
        scope = next((scope for scope in reversed(self.scopes) if scope.collects), None)
        step = self.steps.new()
        with self.doing(step):
            found = self.expression(value, state, scope.item if scope else NOTHING)
            self.effects(value, state, step)
        if scope is not None:
            scope.yields.append(found if scope.item.type == ANY else scope.item.type)
            return
        hint = "give the loop a name: `results = for … { … yield … }`" if self.scopes else "`answer` gives a value back"
        self.findings.add("yield-outside", "nothing collects what this yields", head(span, 5), help=hint)

    def _answer(self, answer: Answer, state: State) -> None:
        self.answers = True
        for scope in self.scopes:
            scope.answers = True
        returns = None if self.flow.name.text in self.program.unreturned else self.flow.returns
        wanted = (
            Wanted(returns.type, f"the answer of `{self.flow.name}`", Label(returns.span, "so it is declared"))
            if returns
            else NOTHING
        )
        if answer.type is not None:
            check_type(answer.type.type, answer.type.span, self.findings)
            if returns is not None and not fits(returns.type, answer.type.type):
                message = (
                    f"`{self.flow.name}` answers {show(returns.type)}, and this is declared {show(answer.type.type)}"
                )
                label = Label(returns.span, "so it is declared")
                self.findings.add("type-mismatch", message, answer.type.span, labels=[label])
            wanted = Wanted(answer.type.type, "this answer", Label(answer.type.span, "it is declared here"))
        step = self.steps.new()
        with self.doing(step):
            self.expression(answer.value, state, wanted)
        state.alive = False


def _is_plain_ask(value: Expression) -> bool:
    """One reply of the model, as text, because no type is written."""
    return isinstance(value.value, Ask) and all(setting.name.text != "samples" for setting in value.settings)
