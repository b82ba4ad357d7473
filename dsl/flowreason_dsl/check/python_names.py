"""The names in a piece of Python: variables of the flow, flows and tools that it calls, modules, what is not there.

Invariant: what is reported here points inside the backticks, and would fail in every sandbox.
"""

from __future__ import annotations

import ast
import importlib
from dataclasses import replace

from flowreason_dsl.check.arguments import fill
from flowreason_dsl.check.kinds import classes_of, listed
from flowreason_dsl.check.reads import Reads
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.names import did_you_mean, nearest
from flowreason_dsl.python import KNOWN, MODULES, NameUse, PythonFacts, Taken, facts, locate
from flowreason_dsl.python_faults import no_attribute
from flowreason_dsl.python_nodes import walk
from flowreason_dsl.python_world import instead_of_module
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Assign, Code, FlowDef, ToolDef
from flowreason_dsl.types import ANY, ListOf, Record, Type

_SPELLED = {"true": "True", "false": "False", "null": "None", "none": "None", "undefined": "None", "nil": "None"}
_ASKS = frozenset({"ask", "llm", "ask_llm", "ask_model", "call_llm", "query_llm", "gpt", "model", "solve", "emulate"})
_MODULES = (
    "collections",
    "math",
    "datetime",
    "itertools",
    "statistics",
    "functools",
    "fractions",
    "decimal",
    "heapq",
    "re",
    "random",
    "copy",
    "textwrap",
    "dataclasses",
    "bisect",
)
"""The modules whose functions are called without their module most often."""
_ENDS = frozenset({"exit", "quit"})


class PythonNames(Reads):
    """The part of the walk that knows names in Python."""

    def name_in_code(self, code: Code, use: NameUse, state: State, emulated: bool) -> None:
        if use.name in state.names:
            self._variable(use, state, emulated)
        elif use.name in self.program.flows or use.name in self.program.tools:
            if not use.maybe:
                self._called(code, use, emulated)
        elif use.maybe or emulated:
            return
        elif use.name in MODULES:
            for taken in use.taken:
                self._module_field(use.name, taken)
        elif use.name in KNOWN:
            self._builtin(use)
        elif state.alive:
            self._no_such(use, state)

    def _variable(self, use: NameUse, state: State, emulated: bool) -> None:
        if use.maybe:
            self.steps.read(state.names[use.name].step, self.by)
            return
        found = self.read(use.name, use.span, state)
        if found is None or emulated:
            return
        if use.called:
            self._not_callable(use, found)
        type = first_type(found, state)
        if type is not None and found.type == ANY:
            found = replace(found, type=type)
        for taken in use.taken:
            self._field(found, taken)

    def _not_callable(self, use: NameUse, found: Variable) -> None:
        if any(each.name.text == use.name and _gives_function(each) for each in self.outline.assignments):
            return
        if use.name in KNOWN:
            hint = f"`{use.name}` is a function of Python: give the value another name"
        elif use.name in self.program.flows:
            hint = "the flow of this name is hidden by the value: give the value another name"
        else:
            hint = f"write `{use.name}` without brackets"
        label = Label(found.span, "it is set here")
        message = f"`{use.name}` is a value of the flow and cannot be called"
        self.findings.add("python-calls-value", message, use.span, labels=[label], help=hint)

    def _module_field(self, module: str, taken: Taken) -> None:
        if not taken.key and not hasattr(importlib.import_module(module), taken.name):
            found = no_attribute(module, taken.name, taken.span)
            inner = getattr(importlib.import_module(module), module, None)
            if hasattr(inner, taken.name) and self.findings.source.slice(taken.span) == f"{module}.{taken.name}":
                right = f"{module}.{module}.{taken.name}"
                found = replace(found, fix=Fix(f"write `{right}`", taken.span, right))
            self.findings.take(found)

    def _builtin(self, use: NameUse) -> None:
        if use.called and use.name == "input":
            hint = '`name = ask user "…"` asks the person'
            self.findings.add("python-input", "Python in a flow cannot talk to a person", use.span, help=hint)
        elif use.called and use.name == "open":
            instead = instead_of_module("os")
            self.findings.add("python-no-files", "Python in a flow has no files", use.span, help=instead)

    def _no_such(self, use: NameUse, state: State) -> None:
        if use.called and (self.findings.doubts.may_exist(use.name) or self.program.lacking):
            return
        right = _SPELLED.get(use.name)
        if right is not None:
            fix = self._respell(use, right)
            self.findings.add(
                "name-unknown", f"Python has no name `{use.name}`", use.span, help=f"write `{right}`", fix=fix
            )
        elif use.called and use.name in _ASKS:
            hint = 'ask outside of the backticks: `reply = ask "…"`; for a list, `replies = for x in xs yield ask "…"`'
            self.findings.add("python-asks", "Python cannot ask the model", use.span, help=hint)
        elif use.called and use.name in _ENDS:
            self.findings.add("name-unknown", f"there is no `{use.name}` here", use.span, help="`answer` ends a flow")
        elif (instead := instead_of_module(use.name)) is not None and not use.called:
            message = f"Python in a flow has no module `{use.name}`"
            self.findings.add("python-import", message, use.span, help=instead)
        elif use.called and (module := _module_of(use.name)) and use.name not in self.outline.reported:
            self.outline.reported.add(use.name)
            right = f"{module}.{use.name}"
            fix = self._respell(use, right) if len(use.calls) == 1 else None
            message = f"Python has no name `{use.name}`"
            self.findings.add("name-unknown", message, use.span, help=f"write `{right}`", fix=fix)
        else:
            self.unknown(use.name, use.span, state, python=use.called)

    def _respell(self, use: NameUse, right: str) -> Fix | None:
        return Fix(f"write `{right}`", use.span, right) if self.findings.source.slice(use.span) == use.name else None

    # --- flows and tools called from Python ---

    def _called(self, code: Code, use: NameUse, emulated: bool) -> None:
        target = self.program.callable(use.name)
        assert target is not None
        if not emulated:
            self._may_call(use, target)
        for call in use.calls if use.name not in self.program.unsure else ():
            if not any(isinstance(each, ast.Starred) for each in call.args) and all(word.arg for word in call.keywords):
                names = [word.arg for word in call.keywords if word.arg]
                self.arguments_fit(target, len(call.args), names, locate(code, call))

    def _may_call(self, use: NameUse, target: FlowDef | ToolDef) -> None:
        hint = f"call it as a step, outside of the backticks: `result = {use.name}(…)`"
        if isinstance(target, ToolDef):
            if not target.pure:
                message = (
                    f"Python cannot call the tool `{use.name}`: it has side effects, which keep their written order"
                )
                self.findings.add("python-calls-tool", message, use.span, help=hint)
            return
        asking = self.program.asking.get(use.name)
        if asking is not None:
            same = self.program.sources[use.name] is self.findings.source
            labels = [Label(asking, "it is more than Python here")] if same else []
            message = f"Python cannot call `{use.name}`: it asks"
            self.findings.add("python-calls-ask", message, use.span, labels=labels, help=hint)

    def arguments_fit(self, target: FlowDef | ToolDef, positional: int, names: list[str], span: Span) -> None:
        """Whether arguments without types can be handed over at all."""
        filled = fill(target.parameters, positional, names)
        for problem in filled.problems(target.name.text):
            self.findings.add(problem.code, problem.message, span)

    # --- fields ---

    def _field(self, found: Variable, taken: Taken) -> None:
        """`value.name` or `value["name"]` of a value whose type is known."""
        if isinstance(found.type, Record):
            names = tuple(name for name, _ in found.type.fields)
            if taken.name not in names and (taken.key or not hasattr(dict, taken.name)):
                message = f"`{found.name}` has no field `{taken.name}`; it has {listed(names)}"
                self._no_field("field-unknown", message, found, taken, names)
            return
        classes = classes_of(found.type)
        if not classes:
            return
        if taken.key:
            message = f'`{found.name}` is {_noun(found.type)} and has no field "{taken.name}"'
            self._no_field("python-attribute", message, found, taken, ())
        elif not any(hasattr(each, taken.name) for each in classes):
            names = tuple(name for name in dir(classes[0]) if not name.startswith("_"))
            message = f"`{found.name}` is {_noun(found.type)}, which has no `{taken.name}` in Python"
            self._no_field("python-attribute", message, found, taken, names)

    def _no_field(self, code: str, message: str, found: Variable, taken: Taken, names: tuple[str, ...]) -> None:
        hint = did_you_mean(taken.name, names)
        if taken.name in ("length", "size"):
            hint = f"write `len({found.name})`"
        elif taken.key and found.raw:
            hint = f"declare a record where it is asked: `{found.name}: {{{taken.name}: text}} = ask …`"
        near, fix = nearest(taken.name, names), None
        if near is not None and hint is not None and near in hint and self._written(taken).endswith(taken.name):
            fix = Fix(f"write `{near}`", Span(taken.span.end - len(taken.name), taken.span.end), near)
        labels = [Label(found.span, "it is set here")]
        self.findings.add(code, message, taken.span, labels=labels, help=hint, fix=fix)

    def _written(self, taken: Taken) -> str:
        return self.findings.source.slice(taken.span)


def _module_of(name: str) -> str | None:
    """The module that a function belongs to which is called by its name alone."""
    for module in _MODULES:
        found = importlib.import_module(module)
        if callable(getattr(found, name, None)) and not name.startswith("_"):
            return module
    return None


def function_of(known: PythonFacts) -> ast.expr | None:
    """The last expression of a piece, where that is a function or class that the piece defines."""
    tree = known.tree
    if tree is None or not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return None
    last = tree.body[-1].value
    if isinstance(last, ast.Lambda):
        return last
    if not isinstance(last, ast.Name):
        return None
    makers = [each for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef) and each.name == last.id]
    stored = any(
        isinstance(node, ast.Name) and node.id == last.id and not isinstance(node.ctx, ast.Load) for node in walk(tree)
    )
    return last if makers and not stored and not any(each.decorator_list for each in makers) else None


def _gives_function(assign: Assign) -> bool:
    return isinstance(assign.value.value, Code) and function_of(facts(assign.value.value)) is not None


def first_type(found: Variable | None, state: State) -> Type | None:
    """What a name surely is at this place in the first round of the loop around it."""
    first = found.first if found is not None else None
    return first[1] if first is not None and first[0] == state.region else None


def _noun(type: Type) -> str:
    if isinstance(type, ListOf):
        return "a list"
    return {"int": "a whole number", "number": "a number", "bool": "true or false"}.get(str(type), "text")
