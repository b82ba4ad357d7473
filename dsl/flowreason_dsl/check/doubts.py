"""What must not be said of a tree in which something could not be read.

Invariant: of a tree without doubts everything is said. Of any other, nothing is said that a fault of its text may be
the reason for; what has nothing to do with a fault is said as ever.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from flowreason_dsl.check.reach import parts
from flowreason_dsl.grammar import grammar
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Answer, Assign, Break, Flow, FlowDef, ToolDef, Yield
from flowreason_dsl.unread import Doubt, Unread, words_of

_SHAPE = frozenset(
    {
        "answer-missing", "answer-none", "code-dead", "name-unset", "name-out-of-loop", "name-too-early",
        "break-outside", "yield-outside", "yield-missing", "sample-keeps", "edge-out-of-block", "edge-circle",
        "condition-unchanging", "name-is-words",
    }
)  # fmt: skip
"""What depends on where blocks begin and end."""
_GAP = frozenset({"condition-unchanging", "answer-none"})
"""What depends on everything that is done in a flow."""
_END = frozenset(
    {"answer-missing", "answer-none", "value-unused", "parameter-unused", "yield-missing", "condition-unchanging"}
)
"""What depends on that nothing follows."""
_VALUE = frozenset({"value-unused", "parameter-unused", "condition-unchanging"})
_NAMELESS = frozenset({"name-unset", "name-unknown", "name-too-early", "name-out-of-loop"})
_HEADER = frozenset({"answer-missing", "answer-none", "parameter-unused", "parameter-twice", "default-type"})
_SILENCED = {
    "shape": _SHAPE,
    "gap": _GAP,
    "text": _GAP,
    "value": _VALUE,
    "name": _NAMELESS,
    "end": _END,
    "header": _HEADER,
}
_FILE_END = frozenset({"call-unknown", "flow-unused", "name-is-words"})
_LEAVING = {"answer": ("answer-missing", "answer-none"), "yield": ("yield-missing",), "break": ("code-dead",)}
_DEFINED = re.compile(r"\b(?:flow|tool|def|function)\s+([A-Za-z_]\w*)")


class Doubts:
    """The doubts of one file. What is asked often is found by search, so that a long text with faults stays quick."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.there = bool(flow.doubts)
        self._quiet = _joined([doubt.span for doubt in flow.doubts if doubt.kind in ("line", "text")])
        self._starts = [span.start for span in self._quiet]

    # --- words ---

    def _words(self, doubts: Iterable[Doubt]) -> set[str]:
        return {word for span in {doubt.span for doubt in doubts} for word in self._in(span)}

    @cached_property
    def words(self) -> set[str]:
        """All words of the file that could not be read: what they name may be used."""
        return self._words(self.flow.doubts)

    def spared(self, flow: FlowDef) -> set[str]:
        """The words of a flow that could not be read."""
        return self._words(self._of(flow)) | self._read_outside if self.there else set()

    def set_by_faults(self, flow: FlowDef) -> set[str]:
        """The names that a flow may get from something that could not be read."""
        if not self.there:
            return set()
        found: set[str] = set()
        for each in parts(flow.body):
            if isinstance(each, Unread):
                found |= {*each.sets}
            elif isinstance(each, Assign) and each.name.text in grammar().keywords:
                found.add(f"{each.name}_")
        return found | self._words(doubt for doubt in self._of(flow) if doubt.kind == "header") | self._outside

    @cached_property
    def _outside(self) -> set[str]:
        """Names that are set outside of any flow."""
        strays = [each for each in self.flow.flows if self.nameless(each)]
        return {"_"} | {each.name.text for stray in strays for each in parts(stray.body) if isinstance(each, Assign)}

    @cached_property
    def _read_outside(self) -> set[str]:
        return {word for each in self.flow.flows if self.nameless(each) for word in self._in(each.body.span)}

    def _in(self, span: Span) -> set[str]:
        return words_of(self.flow.source.slice(span))

    def may_exist(self, name: str) -> bool:
        """Whether a flow or tool of this name may be defined where it could not be read."""
        return self.there and (name in self._defined or self._lacks_names)

    @cached_property
    def _defined(self) -> set[str]:
        text, doubts = self.flow.source.text, self.flow.doubts
        found = {name for doubt in doubts for name in _DEFINED.findall(text[doubt.span.start : doubt.span.end])}
        return found | self._words(doubt for doubt in doubts if doubt.kind == "definition")

    @cached_property
    def _lacks_names(self) -> bool:
        """Whether a `use`, or the name of a flow, may be missing."""
        defined: tuple[FlowDef | ToolDef, ...] = (*self.flow.flows, *self.flow.tools)
        return any(each.name.text == "_" for each in defined) or any(
            d.kind == "definition" and "use" in self._words([d]) for d in self.flow.doubts
        )

    # --- flows ---

    @cached_property
    def _by_definition(self) -> dict[str, list[Doubt]]:
        """The doubts of each flow and tool, by its name."""
        found: dict[str, list[Doubt]] = {}
        defined: tuple[FlowDef | ToolDef, ...] = (*self.flow.flows, *self.flow.tools)
        order = sorted(defined, key=lambda each: each.span)
        ends = [each.span.end for each in order]
        for doubt in self.flow.doubts:
            at = bisect_left(ends, doubt.span.start)
            while at < len(order) and order[at].span.start <= doubt.span.end:
                if _touch(doubt.span, order[at].span):
                    found.setdefault(order[at].name.text, []).append(doubt)
                at += 1
        return found

    def _of(self, definition: FlowDef | ToolDef) -> list[Doubt]:
        return self._by_definition.get(definition.name.text, []) if self.there else []

    def _has(self, definition: FlowDef | ToolDef, kind: str) -> bool:
        return any(doubt.kind == kind for doubt in self._of(definition))

    def signature_unknown(self, definition: FlowDef | ToolDef) -> bool:
        """Whether the parameters of a flow or tool could not be read."""
        return self._has(definition, "header")

    def returns_unknown(self, definition: FlowDef | ToolDef) -> bool:
        """Whether what a flow or tool gives could not be read."""
        return self._has(definition, "returns")

    def nameless(self, flow: FlowDef) -> bool:
        """Whether a flow stands for statements whose first line is missing: any name may be one of its parameters."""
        return flow.name.text.startswith("<")

    def doubtful(self, flow: FlowDef) -> bool:
        """Whether anything in a flow could not be read."""
        return bool(self._of(flow))

    # --- findings ---

    def silences(self, code: str, span: Span) -> bool:
        """Whether a finding may follow from a fault, or stands on a line that has one."""
        if not self.there:
            return False
        at = bisect_right(self._starts, span.start) - 1
        if at >= 0 and span.start < self._quiet[at].end:
            return True
        place = bisect_right(self._flow_starts, span.start) - 1
        return code in self._by_file or (place >= 0 and code in self._by_flow[place][1])

    @cached_property
    def _by_file(self) -> frozenset[str]:
        last = len(self.flow.source.text.rstrip())
        ends = any(doubt.kind == "end" and doubt.span.end >= last for doubt in self.flow.doubts)
        return _FILE_END if ends else frozenset()

    @cached_property
    def _by_flow(self) -> list[tuple[int, set[str]]]:
        return sorted((flow.span.start, self._silenced(flow)) for flow in self.flow.flows)

    @cached_property
    def _flow_starts(self) -> list[int]:
        return [start for start, _ in self._by_flow]

    def _silenced(self, flow: FlowDef) -> set[str]:
        """The codes of which nothing is said in a flow."""
        kinds = {doubt.kind for doubt in self._of(flow)}
        codes = {code for kind, more in _SILENCED.items() if kind in kinds for code in more}
        for each in parts(flow.body) if "gap" in kinds else ():
            if isinstance(each, Unread):
                codes |= {code for leaver in _leaves(each) for code in _LEAVING.get(leaver, ())}
                codes |= _NAMELESS if each.nameless else set()
        return codes | ({"flow-unused", "name-unknown"} if self.nameless(flow) else set())


def _leaves(unread: Unread) -> Iterator[str]:
    yield from unread.leaves
    for each in parts(unread.parts):
        if isinstance(each, Answer | Yield | Break):
            yield type(each).__name__.lower()


def _touch(one: Span, other: Span) -> bool:
    if one.start == one.end:
        return other.start <= one.start <= other.end
    return one.start < other.end and other.start < one.end


def _joined(spans: list[Span]) -> list[Span]:
    """Spans in order, those that overlap made one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = found[-1].cover(span)
        else:
            found.append(span)
    return found
