"""Reading a name: is it there, is it set on every path, what does it hold, what is taken from it.

Invariant: a name is reported once in a flow; after that it counts as set and of any type, so that one mistake gives
one finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TypedDict

from flowreason_dsl.check.data import data_read
from flowreason_dsl.check.files import place_of
from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import NoStep, step
from flowreason_dsl.check.outline import Outline
from flowreason_dsl.check.program import Program
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.check.steps import Steps
from flowreason_dsl.check.unfilled import unfilled
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.names import did_you_mean, nearest
from flowreason_dsl.python import facts
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code, FlowDef, Path, Template
from flowreason_dsl.types import ANY, Type

MOST_EXPLAINED = 100
"""How many names of a flow are looked for elsewhere; a text with more mistakes is no flow with mistakes."""


class Help(TypedDict, total=False):
    """The help and fix of a finding."""

    help: str
    fix: Fix


class Reads:
    """What every part of the walk over one flow shares."""

    def __init__(self, flow: FlowDef, program: Program, findings: Findings) -> None:
        self.flow = flow
        self.program = program
        self.findings = findings
        self.outline = Outline(flow, findings.doubts)
        self.steps = Steps()
        self.by: int | None = None
        self.own: str | None = None
        self.own_unread = False
        self._regions = count(1)

    def region(self) -> int:
        """A number for a block that is opened."""
        return next(self._regions)

    def take_data(self, state: State) -> None:
        """The names of data that this flow does not set itself are there from the beginning."""
        for name, _ in data_read(self.flow, self.program.data) if self.program.data else ():
            data = self.program.data[name]
            span = place_of(data, self.findings.source)
            state.set(Variable(name, data.type, span, self.steps.new(), given=True, declared=data.type))

    @contextmanager
    def doing(self, step: int) -> Iterator[None]:
        """What is read meanwhile is read by this step."""
        outer, self.by = self.by, step
        yield
        self.by = outer

    # --- names ---

    def read(self, name: str, span: Span, state: State) -> Variable | None:
        """The variable of a name that stands in the text; None after a report that there is none."""
        found = state.names.get(name)
        if found is None:
            self.unknown(name, span, state)
            return None
        self.steps.read(found.step, self.by)
        if not found.definite:
            self._unset(found, span, state)
        if found.kept:
            self._kept(found, span, state)
        return found

    def unknown(self, name: str, span: Span, state: State, *, python: bool = False, always: bool = False) -> None:
        """Report a name that is not there, once in a flow."""
        if (state.alive or always) and name not in self.outline.reported:
            self.outline.reported.add(name)
            self._explain(name, span, state, python)

    def _explain(self, name: str, span: Span, state: State, python: bool) -> None:
        add = self.findings.add
        if len(self.outline.reported) > MOST_EXPLAINED:
            add("name-unknown", f"there is no name `{name}` here", span)
            return
        later = self.outline.first_set_after(name, span)
        if name == "answer" and self.own:
            add("name-unknown", "there is no name `answer` here", span, **self._change(name, span, self.own))
        elif name in self.outline.in_loops and later is None:
            label = Label(self.outline.in_loops[name], "it is set here, for one round at a time")
            message = f"`{name}` is only there inside its loop"
            add("name-out-of-loop", message, span, labels=[label], help="`yield` what is needed afterwards")
        elif later is not None:
            message = f"`{name}` is read before it is set"
            add(
                "name-too-early",
                message,
                span,
                labels=[Label(later, "it is set here")],
                help=self._early_help(name, later),
            )
        elif name in self.outline.assigned and name not in self.outline.in_loops:
            where = self.outline.assigned[name][0]
            add("name-unset", f"`{name}` is not set on this path", span, labels=[Label(where, "it is set on another")])
        elif name in self.outline.in_code:
            self._spare_pieces(name)
            label = Label(self.outline.in_code[name], "it is set in this Python")
            hint = "names of a piece of Python stay in it: let the piece end with the value, and give that a name"
            add(
                "name-in-code",
                f"`{name}` is set inside of Python and not known outside",
                span,
                labels=[label],
                help=hint,
            )
        elif self.program.callable(name) is not None:
            self.findings.spared.add(name)
            kind = "flow" if name in self.program.flows else "tool"
            add("name-is-flow", f"`{name}` is a {kind}, not a value", span, help=f"call it: `{name}(…)`")
        else:
            add("name-unknown", f"there is no name `{name}` here", span, **self._nearest(name, span, state, python))

    def _spare_pieces(self, name: str) -> None:
        """Nodes that hold a piece of Python which sets the name: they are meant to be used."""
        for each in self.outline.assignments:
            if isinstance(each.value.value, Code) and name in facts(each.value.value).bound:
                self.outline.spared.add(each.name.text)

    def _early_help(self, name: str, later: Span) -> str:
        if name in self.program.data:
            self.findings.spared.add(name)
            return "it is data, but a flow that sets the name has one of its own: give the step another name"
        if self.outline.same_loop(later):
            return "in the first round there is nothing in it yet: set it before the loop"
        return "set it first"

    def _nearest(self, name: str, span: Span, state: State, python: bool) -> Help:
        names = [each for each in state.names if each != self.own] + ([self.own] if self.own else [])
        names += [*self.program.data, *(each for each in self.program.flows if python)]
        found = nearest(name, names) or (self.own if self.own_unread else None)
        if found is not None:
            self.outline.spared.add(found)
            self.findings.spared.add(found)
        else:
            known = ", ".join(f"`{each}`" for each in list(state.names)[:8])
            return {"help": f"the names here are {known}" if known else "there are no names yet"}
        return self._change(name, span, found)

    def _change(self, name: str, span: Span, found: str) -> Help:
        help = f"did you mean `{found}`?"
        if self.findings.source.slice(span) == name:
            return {"help": help, "fix": Fix(f"write `{found}`", span, found)}
        return {"help": help}

    def _unset(self, found: Variable, span: Span, state: State) -> None:
        told = (found.name, found.gaps)
        if not state.alive or found.name in self.outline.reported or told in self.outline.told:
            return
        self.outline.told.add(told)
        help = "set it before, or on the other path too"
        message = f"`{found.name}` may not be set here"
        self.findings.add("name-unset", message, span, labels=found.gaps[:4], help=help)
        state.names[found.name] = replace(found, definite=True, gaps=())

    def _kept(self, found: Variable, span: Span, state: State) -> None:
        assert found.kept is not None
        label = Label(found.kept, "this one stays in the sample")
        message = f"`{found.name}` still has the value from before the sample"
        help = "`yield` the value, and read the list of the sample"
        self.outline.spared.add(found.name)
        self.findings.add("sample-keeps", message, span, labels=[label], help=help)
        state.names[found.name] = replace(found, kept=None)

    # --- paths and texts ---

    def path(self, path: Path, state: State) -> Type:
        """The type of what a path leads to."""
        found = self.read(path.name.text, path.name.span, state)
        type = found.type if found else ANY
        shown = path.name.text
        for taken in path.steps:
            try:
                type = step(type, taken, shown)
            except NoStep as reason:
                hint = did_you_mean(str(taken), reason.names) or self._step_help(reason.code, found)
                labels = [Label(found.span, "it is set here")] if found and found.span != path.name.span else []
                fix = self._step_fix(path, str(taken), nearest(str(taken), reason.names))
                self.findings.add(reason.code, reason.message, path.span, labels=labels, help=hint, fix=fix)
                if found is not None and reason.code != "field-unknown":
                    state.names[found.name] = replace(found, type=ANY)
                return ANY
            shown += f"[{taken}]" if isinstance(taken, int) else f".{taken}"
        return type

    def _step_fix(self, path: Path, taken: str, near: str | None) -> Fix | None:
        """The nearest field in place of the last one of a path."""
        if near is None or not self.findings.source.slice(path.span).endswith(f".{taken}"):
            return None
        return Fix(f"write `{near}`", Span(path.span.end - len(taken), path.span.end), near)

    def _step_help(self, code: str, found: Variable | None) -> str | None:
        if code == "field-of-list":
            return "take one item first (`items[0].name`), or go through them with `for`"
        if code == "field-of-scalar" and found is not None and found.raw:
            return f"write its type where it is asked: `{found.name}: {{name: text, …}} = ask …`"
        return None

    def template(self, template: Template, state: State) -> None:
        """Read what stands between the braces of a text."""
        for path in template.paths:
            self.path(path, state)
        self._unfilled(template, state)

    def _unfilled(self, template: Template, state: State) -> None:
        if not any("{" in part or "$" in part for part in template.parts if isinstance(part, str)):
            return

        def type_of(name: str) -> Type | None:
            found = state.names.get(name)
            return found.type if found is not None else None

        raw = self.findings.source.slice(template.span)
        for name, finding in unfilled(raw, template.span.start, type_of):
            self.outline.spared.add(name)
            self.findings.add(finding.code, finding.message, finding.span, help=finding.help, fix=finding.fix)

    def paths(self, paths: Iterable[Path], state: State) -> None:
        for path in paths:
            self.path(path, state)
