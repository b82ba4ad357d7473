"""Edges drawn by hand: both ends must be there, and no circle may come of them.

Invariant: an edge that is let through can be put into the graph of the flow without making it wait for itself.
"""

from __future__ import annotations

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.state import State, Steps, Variable
from flowreason_dsl.diagnostics import Label
from flowreason_dsl.syntax import Edge, Name


class Edges:
    """The edges of one block, kept until its end, when both ends of all of them are known."""

    def __init__(self, steps: Steps, findings: Findings) -> None:
        self.steps = steps
        self.findings = findings
        self.drawn: list[tuple[Edge, dict[str, Variable]]] = []

    def draw(self, edge: Edge, state: State) -> None:
        self.drawn.append((edge, dict(state.names)))

    def finish(self, state: State) -> list[tuple[Name, State]]:
        """Check all edges; the names that are not there are given back."""
        missing: list[tuple[Name, State]] = []
        for edge, known in self.drawn:
            names = {**state.names, **known}
            wrong = [name for group in edge.groups for name in group if name.text not in names]
            missing += [(name, state) for name in wrong]
            if wrong:
                self._spare(edge, names)
            for group, following in zip(edge.groups, edge.groups[1:], strict=False):
                for start in group:
                    for end in following:
                        self._one(start, end, names)
        return missing

    def _spare(self, edge: Edge, names: dict[str, Variable]) -> None:
        """The ends of an edge that is at fault are meant to be used."""
        for variable in (names[name.text] for group in edge.groups for name in group if name.text in names):
            self.steps.used |= variable.steps

    def _one(self, start: Name, end: Name, names: dict[str, Variable]) -> None:
        if start.text == end.text:
            hint = "to use the value of the round before, assign the name again inside of `repeat`"
            self.findings.add("edge-self", f"`{start}` cannot wait for itself", start.span.cover(end.span), help=hint)
            return
        earlier, later = names.get(start.text), names.get(end.text)
        if earlier is None or later is None:
            return
        self.steps.used |= earlier.steps
        self.steps.used_later |= earlier.later
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
        elif self.steps.leads_to(later.steps, earlier.steps):
            self._circle(start, end, earlier, later)
        else:
            for step in later.steps:
                self.steps.needs[step] |= earlier.steps

    def _circle(self, start: Name, end: Name, earlier: Variable, later: Variable) -> None:
        labels = [Label(later.span, f"`{end}` is set here"), Label(earlier.span, f"`{start}` needs it here")]
        hint = "to go round several times, put both into `repeat 3 until … { … }` and assign the names again"
        message = f"this edge closes a circle: `{start}` needs `{end}` already"
        self.findings.add("edge-circle", message, start.span.cover(end.span), labels=labels, help=hint)
