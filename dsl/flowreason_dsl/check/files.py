"""The files that a flow uses: their flows and tools, and the data of those that `use … as name` names.

Invariant: a file is read once, however often and in whatever circle it is used; over all files a name stands for one
flow, tool or data file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from flowreason_dsl.check.data import Data, DataError, data_read, is_data, misfit, read_data
from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import show
from flowreason_dsl.check.program import LIBRARY, Program, give, of_library, take
from flowreason_dsl.diagnostics import Diagnostic, Fix, FlowError, Label, errors
from flowreason_dsl.names import did_you_mean, nearest
from flowreason_dsl.parser import parse
from flowreason_dsl.source import NOWHERE, Source, Span
from flowreason_dsl.syntax import Flow, Name, ToolDef, Use
from flowreason_dsl.types import ANY

Load = Callable[[str], str]
"""The text of a file that a `use` names. Raises FlowError (it is no text), OSError or ValueError (it cannot be had)."""


class Nowhere(ValueError):
    """A file is used by a flow that has no folder."""


def gather(flow: Flow, tools: Mapping[str, ToolDef], load: Load | None, findings: Findings) -> Program:
    """Everything that the flow's text, the files that it uses, and its caller provide."""
    program = Program()
    take(flow, program, findings)
    _Files(program, load, findings, flow).read()
    findings.source = flow.source
    for name, tool in tools.items():
        give(name, tool, program, findings)
    _clashes(program, findings)
    _defaults(program, findings)
    findings.source = flow.source
    return program


class _Files:
    """Reads the files of one program, breadth last, and takes what they hold."""

    def __init__(self, program: Program, load: Load | None, findings: Findings, main: Flow) -> None:
        self.program = program
        self.load = load
        self.findings = findings
        self.todo = [(use, main.source) for use in reversed(main.uses)]
        self.seen = {_place(main.source.name)}
        self.texts = {main.source.text}

    def read(self) -> None:
        while self.todo:
            use, self.findings.source = self.todo.pop()
            if use.name is not None:
                self._data(use, use.name)
            elif _place(use.path) not in self.seen:
                self._flows(use)

    # --- flows ---

    def _flows(self, use: Use) -> None:
        if is_data(use.path):
            self._unnamed(use)
            return
        text = self._text(use)
        if text is None or text in self.texts:
            self.program.lacking |= text is None
            return
        try:
            used = parse(text, use.path)
        except FlowError as error:
            self._broken(use, error)
            return
        self.seen.add(_place(use.path))
        self.texts.add(text)
        self.findings.source = used.source
        take(used, self.program, self.findings)
        self.todo += [(inner, used.source) for inner in reversed(used.uses)]

    def _unnamed(self, use: Use) -> None:
        self.program.lacking = True
        end = Span(use.span.end, use.span.end)
        name = _name_for(use.path)
        message = f"`{use.path}` holds data and no flows: its data needs a name"
        fix = Fix(f"call it `{name}`", end, f" as {name}")
        self.findings.add("use-unnamed", message, use.span, help=f'write `use "{use.path}" as {name}`', fix=fix)

    def _broken(self, use: Use, error: FlowError) -> None:
        self.program.lacking = True
        self.findings.add("use-broken", f"the file `{use.path}` has mistakes of its own", use.span)
        for each in errors(error.diagnostics):
            self.findings.put(_of(each, error.source))

    # --- data ---

    def _data(self, use: Use, name: Name) -> None:
        earlier = self.program.data.get(name.text)
        if earlier is not None:
            if _place(earlier.path) != _place(use.path):
                self._twice(use, name, earlier)
            return
        made = Data(name.text, use.path, None, ANY, self.findings.source, name.span)
        self.program.data[name.text] = made  # the name is there, whatever becomes of its file
        try:
            text = self._text(use)
            if text is not None:
                value, rows, kind = read_data(use.path, text)
                found = Data(name.text, use.path, value, kind, self.findings.source, name.span, rows)
                self.program.data[name.text] = found
                return
        except DataError as error:
            self.findings.add("data-broken", f"the file `{use.path}` cannot be used: {error}", use.span)
        self.program.unread.add(name.text)

    def _twice(self, use: Use, name: Name, earlier: Data) -> None:
        """Two files have one name; told where it can be changed: the library's own names stay."""
        source, path, span = self.findings.source, earlier.path, name.span
        labels = [Label(earlier.span, "it is named here")] if earlier.source is source else []
        if of_library(source) and not of_library(earlier.source):
            self.findings.source, path, span = earlier.source, use.path, earlier.span
        message = f"`{name}` is what `{path}` holds already"
        self.findings.add("data-twice", message, span, labels=labels, help="give this one another name")
        self.findings.source = source

    # --- both ---

    def _text(self, use: Use) -> str | None:
        """The text of a file; None after a report that it cannot be had."""
        try:
            if self.load is None:
                raise Nowhere
            if of_library(self.findings.source) and not use.path.startswith(LIBRARY):
                raise ValueError(f"files of the library name one another as `{LIBRARY}…`")
            return self.load(use.path)
        except Nowhere:
            hint = "put the sub-flows into this text, or load the flow from its file"
            message = "a flow without a file of its own cannot use other files"
            self.findings.add("use-impossible", message, use.span, help=hint)
        except FlowError as error:
            if use.name is None:
                self._broken(use, error)
            else:
                raise DataError(next(iter(error.diagnostics)).message) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.findings.add("use-missing", f"the file `{use.path}` cannot be read: {reason}", use.span)
        return None


def _place(path: str) -> str:
    """A path as it is told apart from others: `./a.flow` is `a.flow`."""
    return path if path.startswith(LIBRARY) else posixpath.normpath(path)


def _name_for(path: str) -> str:
    """A name for what a file holds, after its own."""
    word = re.sub(r"\W+", "_", path.rpartition("/")[2].rpartition(".")[0]).strip("_").lower() or "data"
    return word if word.isidentifier() else f"data_{word}"


def _of(finding: Diagnostic, source: Source) -> Diagnostic:
    if finding.source is not None:
        return finding
    return Diagnostic(
        finding.code, finding.message, finding.span, finding.severity, finding.labels, finding.help, finding.fix, source
    )


# --- what can only be said of all files together ---------------------------------------------------------


def _clashes(program: Program, findings: Findings) -> None:
    """Data that is called as a flow or tool is."""
    for name, data in program.data.items():
        other = program.callable(name)
        if other is None:
            continue
        findings.source = data.source
        kind = "flow" if name in program.flows else "tool"
        same = program.sources.get(name) is data.source
        labels = [Label(other.name.span, "it is defined here")] if same else []
        message = f"there is a {kind} called `{name}` already"
        findings.add("data-twice", message, data.span, labels=labels, help="give the data another name")


def _defaults(program: Program, findings: Findings) -> None:
    """Defaults that name data: it must be there, and fit."""
    for parameter, source in program.named:
        name = parameter.default
        assert isinstance(name, Name)
        data = program.data.get(name.text)
        findings.source = source
        if data is None:
            if not program.lacking:
                _no_data(name, program, findings)
        elif name.text not in program.unread and (why := misfit(parameter.type.type, data)) is not None:
            message = f"`{parameter.name}` takes {show(parameter.type.type)}, and {why}"
            findings.add("default-type", message, name.span)


def _no_data(name: Name, program: Program, findings: Findings) -> None:
    message = f"a default is a text, a number, `true`, `false` or the name of data, and there is no data `{name}`"
    near = nearest(name.text, program.data)
    hint = did_you_mean(name.text, program.data) or f'name it: `use "FILE" as {name}`'
    fix = Fix(f"write `{near}`", name.span, near) if near else None
    findings.add("default-unknown", message, name.span, help=hint, fix=fix)


def unused_data(program: Program, main: Source, findings: Findings) -> None:
    """Warn of data of the main file that no flow reads."""
    used = {str(parameter.default) for parameter, _ in program.named} | set(_read(program))
    for name, data in program.data.items():
        if data.source is main and name not in used and not name.startswith("_") and program.callable(name) is None:
            if name in findings.spared or (findings.doubts.there and name in findings.doubts.words):
                continue
            hint = f"leave `as {name}` out to call its flows" if data.path.endswith(".flow") else None
            findings.add("data-unused", f"nothing reads `{name}`", data.span, help=hint)


def _read(program: Program) -> Iterator[str]:
    for flow in program.flows.values():
        yield from (name for name, _ in data_read(flow, program.data))


def place_of(data: Data, source: Source) -> Span:
    """Where data is named, in the file at hand; nowhere for another file's."""
    return data.span if data.source is source else NOWHERE
