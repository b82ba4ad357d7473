"""Edges drawn by hand: both ends must be there, and no circle may come of them.

Invariant: an edge that is let through can be put into the graph of the flow without making it wait for itself.
"""

from __future__ import annotations

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.state import State, Variable
from flowreason_dsl.check.steps import Steps
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.syntax import Edge, Name

MOST_LINES = 10_000
"""How many lines from one name to another the edges of a block may draw."""

Known = dict[str, Variable]


class Edges:
    """The edges of one block, kept until its end, when both ends of all of them are known."""

    def __init__(self, steps: Steps, findings: Findings) -> None:
        self.steps = steps
        self.findings = findings
        self.drawn: list[tuple[Edge, Known]] = []
        self.lines = 0

    def draw(self, edge: Edge, state: State) -> None:
        """Keep an edge, with what its names hold where it stands."""
        names = {name.text for group in edge.groups for name in group}
        found = {name: state.names.get(name) for name in names}
        self.drawn.append((edge, {name: variable for name, variable in found.items() if variable is not None}))

    def finish(self, state: State) -> list[Name]:
        """Check all edges; the names that are not there are given back."""
        missing: list[Name] = []
        for edge, known in self.drawn:
            self.lines += sum(len(a) * len(b) for a, b in zip(edge.groups, edge.groups[1:], strict=False))
            if self.lines > MOST_LINES or self.steps.exhausted:
                message = f"the edges here draw more than {MOST_LINES:,} lines, or too many backwards"
                self.findings.add("limit-edges", message, edge.span, help="let a step in between bring them together")
                return missing
            missing += self._edge(edge, known, state)
        return missing

    def _edge(self, edge: Edge, known: Known, state: State) -> list[Name]:
        wrong = []
        for name in (name for group in edge.groups for name in group):
            variable = known.get(name.text) or state.names.get(name.text)
            if variable is None:
                wrong.append(name)
            else:
                known[name.text] = variable
        if wrong:  # the other ends are meant to be used
            for variable in known.values():
                self.steps.read(variable.step, None)
        for group, following in zip(edge.groups, edge.groups[1:], strict=False):
            for start in group:
                for end in following:
                    self._one(start, end, known)
        return wrong

    def _one(self, start: Name, end: Name, known: Known) -> None:
        if start.text == end.text:
            hint = "to use the value of the round before, assign the name again inside of `repeat`"
            self.findings.add("edge-self", f"`{start}` cannot wait for itself", start.span.cover(end.span), help=hint)
            return
        earlier, later = known.get(start.text), known.get(end.text)
        if earlier is None or later is None:
            return
        if later.given:
            label = Label(later.span, "it comes from outside")
            message = f"`{end}` is given, and cannot wait for `{start}`"
            hint = f"draw the edge to what uses `{end}`"
            self.findings.add("edge-to-given", message, end.span, labels=[label], help=hint)
        elif later.region[: len(earlier.region)] != earlier.region:
            labels = [
                Label(earlier.span, f"`{start}` is set in a block"),
                Label(later.span, f"`{end}` is set outside of it"),
            ]
            message = f"`{end}` stands outside of the block of `{start}`, and cannot wait for it"
            self.findings.add("edge-out-of-block", message, start.span.cover(end.span), labels=labels)
        elif not self.steps.draw(earlier.step, later.step):
            self._circle(start, end, earlier, later)
            return
        self.steps.read(earlier.step, None)

    def _circle(self, start: Name, end: Name, earlier: Variable, later: Variable) -> None:
        labels = [Label(later.span, f"`{end}` is set here"), Label(earlier.span, f"`{start}` needs it here")]
        hint = "to go round several times, put both into `repeat 3 until … { … }` and assign the names again"
        message = f"this edge closes a circle: `{start}` needs `{end}` already"
        self.findings.add("edge-circle", message, start.span.cover(end.span), labels=labels, help=hint)
