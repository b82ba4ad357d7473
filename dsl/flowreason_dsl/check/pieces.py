"""Python between backticks: what it reads, whether it can run, the value it gives.

Invariant: a piece that does not parse is reported for that alone; of a value only what is plain to see is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from flowreason_dsl.check.clash import Clash
from flowreason_dsl.check.inferred import infer
from flowreason_dsl.check.never import settled
from flowreason_dsl.check.operands import Operands
from flowreason_dsl.check.python_names import PythonNames, first_type, function_of
from flowreason_dsl.check.state import State
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.names import did_you_mean
from flowreason_dsl.python import PythonFacts, facts, locate
from flowreason_dsl.python_nodes import walk
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code
from flowreason_dsl.types import ANY, Type

_WORD = re.compile(r"[A-Za-z_]\w*")
_BRACED = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}(?!\})")
_MAKERS = frozenset({"exec", "globals", "locals", "vars"})
"""With these, a piece may make names that nobody sees in its text."""
_USES_OF_BRACES = ("format", "replace", "re.", "Template")
_CHANGERS = {
    "append": "`{0} + [item]` gives the longer list",
    "extend": "`{0} + more` gives the longer list",
    "insert": "`{0}[:i] + [item] + {0}[i:]` gives the longer list",
    "remove": "`[each for each in {0} if each != item]` gives the shorter list",
    "sort": "`sorted({0})` gives the sorted list",
    "reverse": "`{0}[::-1]` gives it the other way round",
    "update": "`{{**{0}, **more}}` gives the larger record",
    "add": "`{0} | {{item}}` gives the larger set",
    "clear": "`[]` is the empty list",
}


class Pieces(PythonNames):
    """The part of the walk that knows Python. `_whole` is the expression that is all of a piece."""

    _whole: ast.expr | None = None

    def code(self, code: Code, state: State, *, emulated: bool = False, needs_value: bool = True) -> Type:
        """Check a piece and give the type of its value."""
        known = facts(code)
        if known.error is not None or known.tree is None:
            self.outline.spared.update(_WORD.findall(code.text))
            if known.error is not None:
                self.findings.take(known.error)
            return ANY
        unforeseen = emulated or not _MAKERS.isdisjoint(known.all_names)
        for use in known.all_uses:
            self.name_in_code(code, use, state, unforeseen)
        if emulated:
            return ANY
        for fault in known.faults:
            self.findings.take(fault)
        return self._value_of(code, known, known.tree, state, needs_value)

    def _value_of(self, code: Code, known: PythonFacts, tree: ast.Module, state: State, needs_value: bool) -> Type:
        if needs_value and not known.gives_value:
            self._no_value(code, known, tree.body[-1])
            return ANY
        last = tree.body[-1]
        if needs_value and (function := function_of(known)) is not None:
            hint = "define it in the piece that uses it, or let the piece give what it computes"
            self.findings.add(
                "python-function", "a function cannot leave its Python", locate(code, function), help=hint
            )
            return ANY

        def lookup(name: str) -> Type:
            found = state.names.get(name)
            return ANY if name in known.bound or found is None else found.type

        def shadowed(name: str) -> bool:
            return name in known.bound or name in state.names or self.program.callable(name) is not None

        self._whole = last.value if isinstance(last, ast.Expr) and len(tree.body) == 1 else None
        for clash in Operands(lookup, shadowed).clashes(tree):
            self._clash(code, clash, state)
        self._first_round(code, known, tree, state, shadowed)
        self._braces(code, known, tree, state)
        if not isinstance(last, ast.Expr):
            return ANY
        if needs_value:
            self._changes(code, known, last.value, state)
        return ANY if len(tree.body) > 1 and _has_return(tree) else infer(last.value, lookup, shadowed)

    def _first_round(
        self, code: Code, known: PythonFacts, tree: ast.Module, state: State, shadowed: Callable[[str], bool]
    ) -> None:
        """What cannot work in the first round of a loop, whatever a later one brings."""
        if all(first_type(state.names.get(name), state) is None for name in known.all_names):
            return

        def lookup(name: str) -> Type:
            found = state.names.get(name)
            return ANY if name in known.bound or found is None else first_type(found, state) or found.type

        for clash in Operands(lookup, shadowed).clashes(tree):
            if clash.code == "python-type":
                self._clash(code, clash, state)

    def settled(self, code: Code) -> None:
        """A condition whose comparisons leave room for no value, or for every one."""
        tree = facts(code).tree
        if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
            return
        known = settled(tree.body[0].value)
        if known is not None:
            outcome = "always holds: one of these is true of every value" if known else "can never hold"
            hint = "did you mean `and`?" if known else "no value fits all of it: did you mean `or`, or other numbers?"
            self.findings.add("condition-settled", f"this {outcome}", locate(code, tree.body[0].value), help=hint)

    # --- no value ---

    def _no_value(self, code: Code, known: PythonFacts, last: ast.stmt) -> None:
        self.outline.spared |= known.bound
        hint = "let the last line be the value"
        match last:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)) if code.block:
                hint = f"add a last line: `{name}`"
            case ast.Assign(targets=[ast.Name(id=name)]):
                hint = f"between backticks stands the value alone; compare with `==`, name the step with `{name} = …`"
            case ast.FunctionDef(name=name):
                self.outline.spared |= {parameter.name.text for parameter in self.flow.parameters}
                hint = f"add a last line that calls `{name}`"
            case ast.Assert(test=test):
                hint = f"write the condition itself: `{ast.unparse(test)}`"
        message = "this Python gives no value: its last line is no expression"
        self.findings.add("python-no-value", message, locate(code, last), help=hint)

    def _changes(self, code: Code, known: PythonFacts, value: ast.expr, state: State) -> None:
        """`items.append(x)` and `print(x)` give nothing."""
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _CHANGERS:
                if name in state.names and name not in known.bound and not _is_text(state.names[name].type):
                    message = f"`{attr}` changes a value in place and gives nothing"
                    hint = _CHANGERS[attr].format(name)
                    self.findings.add("python-no-value", message, locate(code, value), help=hint)
            case ast.Call(func=ast.Name(id="print")) if "print" not in state.names and "print" not in known.bound:
                hint = "let the last line be the value itself"
                self.findings.add("python-no-value", "`print` gives no value", locate(code, value), help=hint)

    # --- what cannot work ---

    def _clash(self, code: Code, clash: Clash, state: State) -> None:
        variable = state.names.get(clash.text) if clash.text else None
        labels = [Label(variable.span, "it is set here")] if variable else []
        hint, fix = clash.help, None
        if clash.change is not None:
            fix = self._changed(code, *clash.change)
        if hint is not None:
            pass
        elif clash.options:
            hint = did_you_mean(clash.meant, clash.options)
        elif clash.code == "python-type" and "text" in clash.message:
            hint = "a reply of which no type is written is text: declare it where it is asked, or convert it here"
            if variable is not None and variable.raw is None:
                hint = f"convert it first, as in `int({variable.name})`, or let it be a number from the beginning"
        if variable is not None and variable.raw is not None:
            hint = f"declare what is asked for: `{variable.name}: int = ask …`"
            end = Span(variable.raw.end, variable.raw.end)
            fix = Fix(f"declare `{variable.name}: int`", end, ": int")
        asked = variable is not None and variable.raw is not None and clash.node is self._whole
        wrong = "python-type" if clash.code == "python-never-equal" and asked else clash.code
        self.findings.add(wrong, clash.message, locate(code, clash.node), labels=labels, help=hint, fix=fix)

    def _changed(self, code: Code, node: ast.expr, right: str) -> Fix | None:
        """The fix that writes something else in place of a part of a piece, where that part stands as it is read."""
        span = locate(code, node)
        same = self.findings.source.slice(span) == ast.get_source_segment(code.text, node)
        return Fix(f"write `{right}`", span, right) if same else None

    def _braces(self, code: Code, known: PythonFacts, tree: ast.Module, state: State) -> None:
        """`"Hello {name}"` in Python, where braces mean nothing without an `f`."""
        if "{" not in code.text or any(word in code.text for word in _USES_OF_BRACES):
            return
        formatted = {id(part) for node in walk(tree) if isinstance(node, ast.JoinedStr) for part in walk(node)}
        for node in walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in formatted:
                names = {each for each in _BRACED.findall(node.value) if each in state.names or each in known.bound}
                if names:
                    self.outline.spared |= names
                    message = f"in Python `{{{min(names)}}}` stays as it is in a text without `f`"
                    hint = 'write `f"…"`, or leave out the backticks: values are put into any text of a flow'
                    self.findings.add("python-braces", message, locate(code, node), help=hint)
                    return


def _is_text(type: Type) -> bool:
    return str(type) == "text"


def _has_return(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Return) for node in walk(tree))
