"""Values: what an expression reads, what it gives, and whether that fits where it stands.

Invariant: the type that is returned is what is known of the value on every run that does not fail.
"""

from __future__ import annotations

from abc import abstractmethod

from flowreason_dsl.check.arguments import after_named, fill
from flowreason_dsl.check.embedding import check_embedding, only_value
from flowreason_dsl.check.kinds import fits, join, loosened, says_yes_or_no, show
from flowreason_dsl.check.options import OPTIONS, check_settings, meant
from flowreason_dsl.check.pieces import Pieces
from flowreason_dsl.check.program import literal_type
from flowreason_dsl.check.reach import parts
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.check.wanted import CONDITION, CONDITION_OF_ANY, NOTHING, NOTHING_NEEDED, Wanted
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.expected import ask_type, checked_type, sample_type
from flowreason_dsl.names import nearest
from flowreason_dsl.python import BUILTINS, PRELUDE, facts
from flowreason_dsl.source import NOWHERE, Span
from flowreason_dsl.syntax import (
    Ask,
    Call,
    Code,
    Emulate,
    Ensure,
    Expression,
    FlowDef,
    For,
    Literal,
    Parameter,
    Path,
    Run,
    Sample,
    Setting,
    Solve,
    Template,
    ToolDef,
    Value,
)
from flowreason_dsl.types import ANY, TEXT, Choice, ListOf, Type
from flowreason_dsl.unread import Unread


class Values(Pieces):
    """The part of the walk that knows expressions. Loops are known to the part that knows statements.

    `unknown_calls`: something is called that is not there, and might have done anything.
    """

    unknown_calls = False
    _told = NOWHERE

    @abstractmethod
    def loop_value(self, loop: For | Sample, state: State, wanted: Wanted) -> Type:
        """Check a loop that stands as a value; the list of what it yields."""

    @abstractmethod
    def unread(self, unread: Unread, state: State) -> None:
        """Check the parts of what could not be read."""

    def expression(self, expr: Expression, state: State, wanted: Wanted = NOTHING, own: str | None = None) -> Type:
        """Check an expression with all that hangs on it. `own` is the name that it is assigned to."""
        found = self._alone(expr, state, wanted, own)
        while expr.otherwise is not None:
            expr = expr.otherwise
            found = join(found, self._alone(expr, state, wanted, own))
        return found

    def _alone(self, expr: Expression, state: State, wanted: Wanted, own: str | None) -> Type:
        found = self._value(expr, state, wanted)
        self.paths(expr.given, state)
        self._given(expr)
        self._not_asked(expr)
        check_settings(expr, self.findings)
        for setting in expr.settings:
            self._setting(setting, state)
        given = loosened(found) if isinstance(expr.value, Code) else found
        if wanted.type != ANY and not fits(wanted.type, given):
            self._misfit(expr, found, wanted, state)
        known = found if wanted.type == ANY else wanted.type
        for ensure in expr.ensures:
            self._ensure(ensure, expr, state, checked_type(expr, known), own)
        return found

    def _value(self, expr: Expression, state: State, wanted: Wanted) -> Type:
        value = expr.value
        match value:
            case Path():
                return self.path(value, state)
            case Template():
                self.template(value, state)
                return literal_type("".join(map(str, value.parts))) if not value.paths else TEXT
            case Literal():
                return literal_type(value.value)
            case Code():
                return self.code(value, state, needs_value=wanted is not NOTHING_NEEDED)
            case Ask():
                return self._ask(value, expr, state, wanted)
            case Emulate(code=inner):
                if isinstance(inner, Path):
                    return self._text_of("emulate", "a program", inner, state, wanted)
                self.code(inner, state, emulated=True)
                return wanted.type
            case Call():
                return self._call(value, state)
            case Solve():
                self._question(value.question, value.span, state)
                return wanted.type
            case Run(flow=flow):
                return self._text_of("run", "a flow", flow, state, wanted)
            case For() | Sample():
                return self.loop_value(value, state, wanted)
            case Unread():
                self.unread(value, state)
                return ANY

    # --- asking ---

    def _ask(self, ask: Ask, expr: Expression, state: State, wanted: Wanted) -> Type:
        self._question(ask.question, ask.span, state)
        if any(setting.name.text == "samples" for setting in expr.settings):
            votes = any(setting.name.text == "vote" for setting in expr.settings)
            if wanted.type != ANY and not isinstance(wanted.type, ListOf) and not votes:
                hint = f"declare `list[{wanted.type}]`, or take the majority with `vote=…`"
                message = f"`samples` gives a list, and {wanted.what} is {show(wanted.type)}"
                labels = [wanted.label] if wanted.label else []
                self.findings.add("samples-not-list", message, expr.span, labels=labels, help=hint)
                return wanted.type
            return wanted.type if votes else ListOf(sample_type(wanted.type))
        if any(setting.name.text == "embed" for setting in expr.settings):
            return self._embed(ask, expr, state, wanted)
        return ask_type(wanted.type)

    def _embed(self, ask: Ask, expr: Expression, state: State, wanted: Wanted) -> Type:
        """Where a text stands among meanings, or each text of a list."""
        only, found = only_value(ask.question), ask_type(wanted.type, embeds=True)
        given = self.path(only, state) if only is not None else TEXT
        check_embedding(ask.question, expr.span, given, found, wanted, self.findings)
        return found

    def _question(self, question: Template, span: Span, state: State) -> None:
        self.template(question, state)
        if not question.paths and not "".join(map(str, question.parts)).strip():
            self.findings.add("ask-empty", "the question is empty", span)

    def _text_of(self, word: str, what: str, path: Path, state: State, wanted: Wanted) -> Type:
        """The text of a flow or program that another step produced."""
        given = self.path(path, state)
        if not fits(TEXT, given):
            message = f"`{word}` takes the text of {what}, and this is {show(given)}"
            self.findings.add("type-mismatch", message, path.span)
        return wanted.type

    def _given(self, expr: Expression) -> None:
        if not isinstance(expr.value, Ask | Solve):
            return
        for path in expr.given:
            if path in expr.value.question.paths:
                message = f"the question holds `{path.name}` already"
                self.findings.add("given-needless", message, path.span)

    def _not_asked(self, expr: Expression) -> None:
        """`"Which is milder?" given first`: only what is asked looks at what it is given."""
        if not isinstance(expr.value, Template) or not expr.given or expr.settings:
            return
        start = expr.value.span.start
        fix = Fix("ask the model", Span(start, start), "ask ")
        message = "this is a text, and no question to the model: it does not see what it is given"
        self.findings.add("text-not-asked", message, expr.value.span, help='write `ask "…"`', fix=fix)

    def _setting(self, setting: Setting, state: State) -> None:
        option = OPTIONS.get(setting.name.text)
        match setting.value:
            case Path() as path:
                self._unquoted(setting, path, state)
                found = self.path(path, state)
            case Code() as code:
                found = self.code(code, state)
            case Literal():
                return
        if option is not None and not fits(option.type, found):
            message = f"`{setting.name}` takes {option.type}, and this is {show(found)}"
            self.findings.add("setting-type", message, setting.value.span)

    def _unquoted(self, setting: Setting, path: Path, state: State) -> None:
        """`model=large`, where nothing is called `large`."""
        name = path.name.text
        option = OPTIONS.get(setting.name.text)
        known = name in state.names or name in self.outline.assigned or name in self.outline.reported
        if option is None or path.steps or known:
            return
        self.outline.reported.add(name)
        message = f"`{setting.name}` takes {option.wanted}, and there is no name `{name}`"
        if right := f'"{name}"' if option.type == TEXT else meant(setting.name.text, name):
            fix = Fix(f"write `{setting.name}={right}`", path.span, right)
            self.findings.add("name-unknown", message, path.span, fix=fix)
        else:
            self.findings.add("name-unknown", message, path.span)

    # --- calls ---

    def _call(self, call: Call, state: State) -> Type:
        target = self.program.callable(call.name.text)
        if target is None:
            self._no_such_call(call, state)
            for argument in call.arguments:
                self.expression(argument.value, state)
            return ANY
        if call.name.text in self.program.unsure:
            for argument in call.arguments:
                self.expression(argument.value, state)
        else:
            self._arguments(call, target, state)
        unknown = target.returns is None or call.name.text in self.program.unreturned
        return ANY if unknown or target.returns is None else target.returns.type

    def _arguments(self, call: Call, target: FlowDef | ToolDef, state: State) -> None:
        order = sorted(call.arguments, key=lambda argument: argument.name is not None)
        plain = [argument for argument in order if argument.name is None]
        named = [argument.name.text for argument in order if argument.name is not None]
        if late := after_named(call):
            message = "an argument without a name stands after one with a name"
            self.findings.add("argument-order", message, late.span)
            return
        filled = fill(target.parameters, len(plain), named)
        last = {argument.name.text: argument.span for argument in order if argument.name is not None}
        for problem in filled.problems(call.name.text):
            span = call.span if problem.name is None else last[problem.name]
            if problem.code == "argument-extra":
                span = order[len(target.parameters)].span
            labels, fix = self._signature(target), problem.fix(span, self.findings.source)
            self.findings.add(problem.code, problem.message, span, labels=labels, fix=fix)
        for argument, slot in zip(order, filled.slots, strict=True):
            self.expression(argument.value, state, self._argument_wanted(call, slot, target))

    def _signature(self, target: FlowDef | ToolDef) -> list[Label]:
        source = self.program.sources.get(target.name.text)
        if target.span.end == 0 or (isinstance(target, FlowDef) and source is not self.findings.source):
            return []
        return [Label(target.name.span, "it is declared here")] if self._in_this_file(target) else []

    def _in_this_file(self, target: FlowDef | ToolDef) -> bool:
        return self.findings.source.slice(target.name.span) == target.name.text

    def _argument_wanted(self, call: Call, slot: Parameter | None, target: FlowDef | ToolDef) -> Wanted:
        if slot is None:
            return NOTHING
        label = Label(slot.span, "it is declared here") if self._signature(target) else None
        return Wanted(slot.type.type, f"the argument `{slot.name}` of `{call.name}`", label)

    def _no_such_call(self, call: Call, state: State) -> None:
        self.unknown_calls = True
        name, doubts = call.name.text, self.findings.doubts
        if name in self.outline.reported or doubts.may_exist(name) or self.program.lacking:
            return
        text = self.findings.source.slice(call.span)
        if name in BUILTINS and self._told.cover(call.span) == self._told:
            return  # in a call of Python that is told already
        if name in state.names or name in self.program.data:
            message = f"`{name}` is a value, and only flows and tools are called"
            self.findings.spared.add(name)
            labels = [Label(state.names[name].span, "here")] if name in state.names else []
            self.findings.add("call-of-value", message, call.name.span, labels=labels)
        elif name in BUILTINS | PRELUDE:
            simple = "`" not in text and '"' not in text and "\n" not in text and name != "print"
            fix = Fix("put it between backticks", call.span, f"`{text}`") if simple and text else None
            if name == "print" and self.findings.source.stands_alone(call.span):
                fix = Fix("take it out", call.span, "")
            hint = "leave it out: `answer` gives a value" if name == "print" else "Python stands between backticks"
            self.findings.add("call-python", f"`{name}` is a function of Python", call.span, help=hint, fix=fix)
            self._told = call.span
        else:
            near = nearest(name, [*self.program.flows, *self.program.tools])
            self.findings.spared |= {near} if near else set()
            hint = f"did you mean `{near}`?" if near else self._callables()
            fix = Fix(f"write `{near}`", call.name.span, near) if near else None
            self.findings.add("call-unknown", f"there is no flow or tool `{name}`", call.name.span, help=hint, fix=fix)

    def _callables(self) -> str:
        names = [name for name in [*self.program.flows, *self.program.tools] if name != self.flow.name.text][:8]
        if names:
            return f"there are {', '.join(f'`{name}`' for name in names)}"
        return "define it as a flow of its own, ask the model, or compute it in Python"

    # --- checks ---

    def _ensure(self, ensure: Ensure, expr: Expression, state: State, type: Type, own: str | None) -> None:
        word = own or "answer"
        inner = state.branch()
        step = self.steps.new() if self.by is None else self.by
        inner.set(Variable(word, type, expr.span, step, state.region))
        elsewhere = not self._mentions(ensure.condition, word) and not self._mentions(ensure.condition, "answer")
        told, outer = len(self.outline.reported), (self.own, self.own_unread)
        self.own, self.own_unread = word, elsewhere
        self.condition(ensure.condition, inner)
        elsewhere = elsewhere and told == len(self.outline.reported)
        if ensure.message is not None:
            self.template(ensure.message, inner)
        self.own, self.own_unread = outer
        if elsewhere:
            hint = f"the value is called `{word}` here"
            message = "this check does not look at the value that it stands with"
            self.findings.add("ensure-elsewhere", message, ensure.condition.span, help=hint)

    def _mentions(self, condition: Expression, word: str) -> bool:
        for each in parts(condition):
            if isinstance(each, Path) and each.name.text == word:
                return True
            if isinstance(each, Code):
                known = facts(each)
                if known.error is not None or word in known.all_names:
                    return True
        return False

    # --- conditions ---

    def condition(self, expr: Expression, state: State) -> None:
        """Check what decides which way is taken."""
        asks = isinstance(expr.value, Ask | Solve | Emulate | Run)
        found = self.expression(expr, state, CONDITION if asks else CONDITION_OF_ANY)
        if isinstance(expr.value, Code) and expr.otherwise is None:
            self.settled(expr.value)
        if isinstance(expr.value, Template):
            self._text_condition(expr, expr.value)
        elif isinstance(expr.value, Path) and not expr.value.steps:
            variable = state.names.get(expr.value.name.text)
            if variable is not None and found == TEXT:
                self._worded_condition(expr, variable)
            elif isinstance(found, Choice) and not any(says_yes_or_no(option) for option in found.options):
                message = f"a condition is yes or no, and `{expr.value.name}` is {show(found)}"
                self.findings.add("condition-type", message, expr.span, help="use `match`, or compare it in Python")

    def _text_condition(self, expr: Expression, text: Template) -> None:
        fix = Fix("ask the model", Span(text.span.start, text.span.start), "ask ")
        message = "a text is no condition"
        hint = 'write `ask "…"` to let the model say yes or no'
        self.findings.add("condition-type", message, expr.span, help=hint, fix=fix)

    def _worded_condition(self, expr: Expression, variable: Variable) -> None:
        message = f"`{variable.name}` is text, and a condition is yes or no"
        fix = None
        if variable.raw is not None:
            end = Span(variable.raw.end, variable.raw.end)
            fix = Fix(f"declare `{variable.name}: bool`", end, ": bool")
        labels = [Label(variable.span, "it is set here, as text")]
        hint = "let the ask give a `bool`, or compare the text in Python"
        self.findings.add("condition-text", message, expr.span, labels=labels, help=hint, fix=fix)

    # --- what does not fit ---

    def _misfit(self, expr: Expression, found: Type, wanted: Wanted, state: State) -> None:
        hint, fix = self._misfit_help(expr.value, found, wanted, state)
        labels = [wanted.label] if wanted.label else []
        message = f"{wanted.what} is {show(wanted.type)}, and this is {show(_plain(found))}"
        self.findings.add("type-mismatch", message, _value_span(expr), labels=labels, help=hint, fix=fix)

    def _misfit_help(self, value: Value, found: Type, wanted: Wanted, state: State) -> tuple[str | None, Fix | None]:
        if isinstance(value, Template):
            text = "".join(part for part in value.parts if isinstance(part, str)).strip()
            if text.endswith("?") or len(text.split()) > 4:
                start = Span(value.span.start, value.span.start)
                return 'a text alone is not asked: write `ask "…"`', Fix("ask the model", start, "ask ")
            if isinstance(wanted.type, Choice):
                near = nearest(text, wanted.type.options)
                return (f'did you mean "{near}"?' if near else None), None
        if isinstance(value, Path) and not value.steps:
            return _path_help(value.name.text, found, wanted, state.names.get(value.name.text))
        return None, None


def _path_help(name: str, found: Type, wanted: Wanted, variable: Variable | None) -> tuple[str | None, Fix | None]:
    """What to do about a name whose value does not fit."""
    if variable is not None and variable.raw is not None:
        end = Span(variable.raw.end, variable.raw.end)
        fix = Fix("declare the type where it is asked", end, f": {wanted.type}")
        return f"declare the type where it is asked: `{name}: {show(wanted.type)} = ask …`", fix
    if found == TEXT and wanted.type == ListOf(TEXT):
        return f"split it: `{name}.splitlines()` as Python", None
    if wanted.type == TEXT and isinstance(found, ListOf):
        return f'put it into a text (`"{{{name}}}"`), or join it in Python (`", ".join({name})`)', None
    return None, None


def _plain(type: Type) -> Type:
    """A text that stands in the flow is called text, not a choice of one."""
    return TEXT if isinstance(type, Choice) and len(type.options) == 1 and len(type.options[0]) > 30 else type


def _value_span(expr: Expression) -> Span:
    return expr.value.span if expr.value.span.end else expr.span
