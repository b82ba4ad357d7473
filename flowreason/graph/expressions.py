"""Lowering of what gives a value: every expression becomes a node, whose id stands for its value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from flowreason.graph import ops
from flowreason.graph.builder import EFFECTS, Builder, Way
from flowreason.graph.env import Env
from flowreason.graph.model import FlowGraph, Read
from flowreason.graph.scan import Effects, Names, parts
from flowreason_dsl.expected import ask_type
from flowreason_dsl.python import facts
from flowreason_dsl.source import Source, Span
from flowreason_dsl.syntax import (
    Answer,
    Ask,
    Block,
    Call,
    Code,
    Emulate,
    Ensure,
    Expression,
    FlowDef,
    For,
    Literal,
    Path,
    Run,
    Sample,
    Solve,
    Template,
    ToolDef,
    Value,
)
from flowreason_dsl.types import ANY, BOOL, ListOf, Type

if TYPE_CHECKING:
    from collections.abc import Mapping


class ProgramLike(Protocol):
    """What is known of the whole program (see `lower.Program`)."""

    flows: Mapping[str, FlowDef]
    tools: Mapping[str, ToolDef]
    sources: Mapping[str, Source]
    effects: Effects
    assigned: Names
    callable: frozenset[str]
    handed_on: tuple[str, ...]
    made: dict[str, FlowGraph]


@dataclass(frozen=True, slots=True)
class About:
    """What the node of an expression is called, what it must be, and where it stands."""

    name: str | None
    type: Type
    checks: tuple[ops.Check, ...]
    span: Span


class Expressions:
    """Lowers expressions into a builder. Loops are lowered by the subclass that knows statements."""

    def __init__(self, builder: Builder, program: ProgramLike, returns: Type) -> None:
        self.builder = builder
        self.program = program
        self.returns = returns

    # --- an expression with all that hangs on it ---

    def expression(
        self, expr: Expression, way: Way, *, expected: Type = ANY, name: str | None = None, word: str = "answer"
    ) -> str:
        """The node that holds the expression's value. `word` is what `ensure` calls the value."""
        if expr.otherwise is None:
            return self._tried(expr, way, expected, name, word)
        effects = way.env.get(EFFECTS)
        first = self._tried(expr, way, expected, None, name or word)
        return self._rescue(expr.otherwise, first, way, expected, name, name or word, effects)

    def condition(self, expr: Expression, way: Way) -> str:
        """What decides between two ways: a model says yes or no, anything else counts as it does in Python."""
        return self.expression(expr, way, expected=BOOL if asks_model(expr) else ANY)

    def _rescue(
        self, second: Expression, first: str, way: Way, expected: Type, name: str | None, word: str, effects: str | None
    ) -> str:
        """`first else second`: a decision on whether the first failed. `effects` is the last effect before both."""
        build = self.builder
        decision = build.add(
            ops.Decide("rescue"), way, base="else#", reads=[Read("first", first)], span=second.span, label="failed?"
        )
        arm = build.region(
            f"{decision}.failed", kind="arm", parent=way.region, owner=decision, label="failed", span=second.span
        )
        tried = way.branch(arm, (decision, "failed"))
        fallback = self.expression(second, tried, expected=expected, word=word)
        if build.nodes[fallback].region != arm:
            fallback = build.add(ops.Pass(), tried, base="pass#", reads=[Read("value", fallback)])
        fine = way.branch(way.region, (decision, "fine"))
        kept = build.add(ops.Pass(), fine, base="pass#", reads=[Read("value", first)])
        joined = build.add(
            ops.Join(),
            way.free(),
            base=name or "join#",
            name=name,
            type=expected,
            reads=[Read("value", kept), Read("value", fallback)],
            span=build.nodes[first].span,
        )
        build.asking[joined] = self.askers(first) + self.askers(fallback)
        if {way.env.get(EFFECTS), tried.env.get(EFFECTS)} != {effects}:
            way.env[EFFECTS] = joined
        return joined

    def askers(self, id: str) -> tuple[str, ...]:
        """The nodes that an edge drawn to `id` means."""
        return self.builder.asking.get(id, (id,))

    def _tried(self, expr: Expression, way: Way, expected: Type, name: str | None, word: str) -> str:
        checks: list[ops.Check] = []
        reads: list[Read] = []
        for ensure in expr.ensures:
            check, more = self._check(ensure, way, name or word, expected)
            checks.append(check)
            reads += more
        context = [Read(_written(path), way.env[path.name.text], "context", path.steps) for path in expr.given]
        return self._value(expr, way, About(name, expected, tuple(checks), expr.span), reads, context)

    def _value(self, expr: Expression, way: Way, about: About, reads: list[Read], context: list[Read]) -> str:
        value = expr.value
        waits = [read.source for read in context]
        match value:
            case Ask():
                return self._ask(value, expr, way, about, reads + context)
            case Solve():
                op: ops.Op = ops.Solve(value.question)
                more = self.reads(value.question.paths, way)
                return self._work(op, way, "solve#", [*more, *reads, *context], value, about)
            case Run():
                more = [Read("flow", way.env[value.flow.name.text], "value", value.flow.steps)]
                return self._work(ops.RunText(), way, "run#", [*more, *reads, *context], value, about)
            case Code():
                op = ops.Python(value, self.functions(value))
                return self._work(op, way, "python#", [*self.code_reads(value, way), *reads], value, about, waits)
            case Emulate(code=Path() as program):
                more = [Read("program", way.env[program.name.text], "value", program.steps)]
                op = ops.Emulate(None, self.program.handed_on)
                return self._work(op, way, "emulate#", [*more, *reads, *context], value, about)
            case Emulate(code=Code() as code):
                op = ops.Emulate(code, self.functions(code))
                return self._work(op, way, "emulate#", [*self.code_reads(code, way), *reads], value, about, waits)
            case Call():
                return self._call(value, way, about, reads, waits)
            case For() | Sample():
                made = self.loop_value(value, way, about.type, None if about.checks else about.name, waits)
            case Path():
                if not (about.checks or about.name or value.steps or waits):
                    return way.env[value.name.text]
                made = ""
            case Template() | Literal():
                made = ""
        return self._plain(value, made, way, about, reads, waits)

    def _plain(
        self, value: Value | None, made: str, way: Way, about: About, reads: list[Read], waits: list[str]
    ) -> str:
        """A value that nobody answers: a text, a literal, a path; or a loop's value with checks on it."""
        own: list[Read] = []
        match value:
            case Path(name=root, steps=steps):
                op: ops.Op = ops.Pick(steps)
                own, base = [Read(root.text, way.env[root.text])], "value#"
            case Template(paths=paths) if paths:
                op, own, base = ops.Fill(value), self.reads(paths, way), "text#"
            case Template(parts=parts):
                op, base = ops.Constant("".join(str(part) for part in parts)), "text#"
            case Literal(value=constant):
                op, base = ops.Constant(constant), "value#"
            case _:
                if not about.checks:
                    return made
                op, own, base = ops.Pick(()), [Read("value", made)], "value#"
        return self._add(op, way, base, [*own, *reads], about, waits)

    def _add(
        self, op: ops.Op, way: Way, base: str, reads: Iterable[Read], about: About, after: Iterable[str] = ()
    ) -> str:
        return self.builder.add(
            op,
            way,
            base=about.name or base,
            reads=reads,
            after=after,
            name=about.name,
            type=about.type,
            checks=about.checks,
            span=about.span,
        )

    def _work(
        self,
        op: ops.Op,
        way: Way,
        base: str,
        reads: Iterable[Read],
        value: Value,
        about: About,
        after: Iterable[str] = (),
    ) -> str:
        """A node that may wait; chained to the effects before it if it has any."""
        effects = self.program.effects(value)
        before = [way.env[EFFECTS]] if effects and EFFECTS in way.env else []
        made = self._add(op, way, base, reads, about, [*after, *before])
        if effects:
            way.env[EFFECTS] = made
        return made

    # --- asks ---

    def _ask(self, ask: Ask, expr: Expression, way: Way, about: About, reads: list[Read]) -> str:
        fixed: list[tuple[str, object]] = []
        computed: list[Read] = []
        for setting in expr.settings:
            match setting.value:
                case Literal(value=value):
                    fixed.append((setting.name.text, value))
                case Path() | Code() as source:
                    holder = self.expression(Expression(source, span=setting.span), way)
                    computed.append(Read(setting.name.text, holder, "setting"))
        samples = any(setting.name.text == "samples" for setting in expr.settings)
        embeds = any(setting.name.text == "embed" for setting in expr.settings)
        kind = ask_type(item_of(about.type) if samples else about.type, embeds=embeds)
        op = ops.Ask(ask.question, ask.user, tuple(fixed))
        reads = [*self.reads(ask.question.paths, way), *reads, *computed]
        return self._work(op, way, "ask#", reads, ask, replace(about, type=kind))

    # --- calls ---

    def _call(self, call: Call, way: Way, about: About, reads: list[Read], waits: list[str]) -> str:
        target = call.name.text
        flow = self.program.flows.get(target)
        definition = flow or self.program.tools[target]
        arguments = self._arguments(call, definition, way)
        if flow is None:
            op: ops.Op = ops.CallTool(target, self.program.tools[target].pure)
            return self._work(op, way, f"{target}#", [*reads, *arguments], call, about, waits)
        inner = replace(about, checks=(), name=None) if about.checks else about
        made = self._work(ops.CallFlow(target), way, f"{target}#", arguments, call, inner, waits)
        return self._plain(None, made, way, about, reads, [])

    def _arguments(self, call: Call, definition: FlowDef | ToolDef, way: Way) -> list[Read]:
        parameters = {p.name.text: p for p in definition.parameters}
        order = list(parameters)
        found = []
        for position, argument in enumerate(call.arguments):
            name = argument.name.text if argument.name else order[position]
            expected = parameters[name].type.type if name in parameters else ANY
            found.append(Read(name, self.expression(argument.value, way, expected=expected), "argument"))
        return found

    # --- names ---

    def reads(self, paths: Iterable[Path], way: Way) -> list[Read]:
        return [Read(path.name.text, way.env[path.name.text]) for path in paths]

    def code_reads(self, code: Code, way: Way) -> list[Read]:
        """The flow's variables that a piece of Python reads; they win over built-in names."""
        return [Read(name, way.env[name]) for name in facts(code).all_names if name in way.env]

    def functions(self, code: Code) -> tuple[str, ...]:
        """The flows and tools that a piece of Python may call."""
        return tuple(name for name in facts(code).all_names if name in self.program.callable)

    # --- checks ---

    def _check(self, ensure: Ensure, way: Way, word: str, expected: Type) -> tuple[ops.Check, list[Read]]:
        """An `ensure`, and what it reads beside the node's own value."""
        names = [] if ensure.message is None else [path.name.text for path in ensure.message.paths]
        condition = ensure.condition
        plain = not (condition.given or condition.settings or condition.ensures or condition.otherwise)
        if isinstance(condition.value, Code) and plain:
            code = condition.value
            names += facts(code).all_names
            check = ops.Check(word, code=code, message=ensure.message)
        else:
            used = [n for n in _names_in(condition) if n == word or n in way.env]
            names += used
            flow = self._hidden_flow(condition, used, word, expected, way)
            arguments = tuple((n, Code(n, span=ensure.span)) for n in used)
            check = ops.Check(word, flow=flow, arguments=arguments, message=ensure.message)
        reads = [Read(n, way.env[n]) for n in dict.fromkeys(names) if n in way.env and n != word]
        return check, reads

    def _hidden_flow(self, condition: Expression, used: list[str], word: str, expected: Type, way: Way) -> str:
        """A condition that is more than Python, as a flow of its own with the names that it uses as parameters."""
        outer = self.builder
        name = f"{outer.flow}.{outer.fresh('ensure#')}"
        body = Block((Answer(condition, span=condition.span),), condition.span)
        inner = type(self)(Builder(name), self.program, BOOL if asks_model(condition) else ANY)
        self.program.made[name] = inner.hidden(name, used, body)
        return name

    def hidden(self, name: str, parameters: list[str], body: Block) -> FlowGraph:
        """The graph of a flow without a definition in the text; its parameters take any value."""
        build = self.builder
        way = Way(build.region(name, kind="flow", span=body.span, label=name), None, Env())
        for parameter in parameters:
            op = ops.Input(parameter, ANY)
            way.env[parameter] = build.add(op, way, base=parameter, name=parameter)
        self.block(body, way)
        return FlowGraph(
            name=name,
            nodes=build.nodes,
            regions=build.regions,
            parameters=tuple(parameters),
            returns=self.returns,
            source=self.program.sources.get(name.split(".", maxsplit=1)[0], Source("")),
            effects=self.program.effects(body),
        )

    # --- what statements add ---

    def block(self, block: Block, way: Way) -> None:
        raise TypeError("blocks are lowered by Statements")

    def loop_value(self, loop: For | Sample, way: Way, expected: Type, name: str | None, waits: list[str]) -> str:
        raise TypeError("loops are lowered by Statements")


def _written(path: Path) -> str:
    return path.name.text + "".join(f".{s}" if isinstance(s, str) else f"[{s}]" for s in path.steps)


def asks_model(expr: Expression) -> bool:
    """Whether a value comes from a model (or a person), whose reply is parsed into what its place wants."""
    return isinstance(expr.value, Ask | Solve | Emulate | Run)


def _names_in(expr: Expression) -> list[str]:
    """The names that an expression uses, in written order."""
    found: list[str] = []
    for part in parts(expr):
        if isinstance(part, Path):
            found.append(part.name.text)
        elif isinstance(part, Code):
            found += facts(part).all_names
    return list(dict.fromkeys(found))


def item_of(expected: Type) -> Type:
    return expected.item if isinstance(expected, ListOf) else ANY
