"""What is known of the values of one flow before it runs, and what the unknown counts in it are called.

Invariant: every symbol stands for one count and is explained; what a symbol about a parameter of a sub-flow stands
for, its callers say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

from flowreason.graph import ops
from flowreason.graph.bounds import ONE, ZERO, Bound, lowest, symbol, total
from flowreason.graph.model import FlowGraph, Node, Read
from flowreason.graph.peek import NOTHING, Known, Range, declared, either_of, exactly, of_value, python_value
from flowreason.values import show
from flowreason_dsl.syntax import Path
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type

Characters = tuple[float, float]
"""About how long a value is as text: at least, at most."""

SCALAR_CHARACTERS: dict[str, Characters] = {
    "text": (1, 800), "int": (1, 6), "number": (1, 10), "bool": (2, 5), "graph": (24, 1200), "any": (1, 800),
}  # fmt: skip
_SHORT = (Scalar("int"), Scalar("number"), Scalar("bool"))
ITEMS = (0, 12)
"""How many items a list has where nothing is known: an estimate, for lengths of texts alone."""


class Rounds(NamedTuple):
    """How many rounds a loop has. `full`: when nothing leaves it in the middle."""

    low: Bound
    full: Range


class KnownValues:
    """What is known of every node of a flow. `inputs`: the values given for its parameters, None where unknown;
    `given`: how long the values are, as texts, that its callers give."""

    def __init__(
        self,
        flow: FlowGraph,
        order: Iterable[str],
        inputs: Mapping[str, Any] | None,
        suffix: str = "",
        given: Mapping[str, Characters] | None = None,
    ) -> None:
        self.flow = flow
        self.inputs = inputs
        self.suffix = suffix
        self._given = given or {}
        self.explained: dict[str, str] = {}
        self._names = {f"{form} {name}": id for name, id in _inputs(flow) for form in ("len({})", "{}")}
        self._known: dict[str, Known] = {}
        self._rounds: dict[str, Rounds] = {}
        self._characters: dict[str, Characters] = {}
        self._widths: dict[int, tuple[float, Any]] = {}
        self._items: dict[str, str] = {n.op.body: n.id for n in flow.nodes.values() if isinstance(n.op, ops.Loop)}
        self._left_early = {flow.body_of(n.region) for n in flow.nodes.values() if isinstance(n.op, ops.Leave)}
        for id in order:
            node = flow.nodes[id]
            self._known[id] = declared(self._of(node), node.type)
            self._characters[id] = self._length_of_text(node)

    # --- what others ask ---

    def of(self, id: str) -> Known:
        return self._known[id]

    def length(self, id: str) -> Range:
        """How many items a node's list has."""
        found = self._known[id].length
        return found or exactly(self._symbol(self._origin(id), "len({})", "the number of items in {}"))

    def count(self, id: str) -> Range:
        """Which number a node gives, where a number of rounds or samples is read from it."""
        found = self._known[id].number
        return found or exactly(self._symbol(self._origin(id), "{}", "the number {}"))

    def _origin(self, id: str) -> str:
        """The node whose value a node hands on as it is."""
        node = self.flow.nodes[id]
        while (isinstance(node.op, ops.Pick) and not node.op.steps) or isinstance(node.op, ops.Pass):
            node = self.flow.nodes[node.reads[0].source]
        return node.id

    def rounds(self, id: str) -> Rounds:
        """How many rounds a loop has."""
        return self._rounds[id]

    def characters(self, id: str) -> Characters:
        return self._characters[id]

    def calls_of(self, node: Node, word: str, meaning: str) -> Bound:
        """A symbol for calls that nobody can count beforehand."""
        return self._symbol(node.id, f"calls({word} {{}})" if word and node.name else "calls({})", meaning)

    def length_symbol(self, parameter: str) -> str:
        """What the length of a parameter is called, where its value is not known."""
        return f"len({parameter}{self.suffix})"

    def count_symbol(self, parameter: str) -> str:
        """What a parameter that is read as a number is called, where its value is not known."""
        return f"{parameter}{self.suffix}"

    # --- symbols ---

    def _symbol(self, id: str, form: str, meaning: str) -> Bound:
        shown = next(name for name in self._ways_to_call(id) if self._names.setdefault(f"{form} {name}", id) == id)
        text = form.format(shown + self.suffix)
        line = self.flow.source.position(self.flow.nodes[id].span.start)[0]
        place = f" (line {line})" if self.flow.source.text else ""
        self.explained[text] = meaning.format(shown + self.suffix) + place
        return symbol(text)

    def _ways_to_call(self, id: str) -> Iterator[str]:
        """What a node may be called, the best first, until one is found that no other is called."""
        node = self.flow.nodes[id]
        shown = self._shown(node)
        yield shown
        if isinstance(node.op, ops.Out):
            yield f"{shown} after the loop"
        yield id
        yield from (f"{id}#{number}" for number in count(2))

    def _shown(self, node: Node) -> str:
        """What people call a node: its name, or how it is written where that is short."""
        match node.op:
            case _ if node.name:
                return node.name
            case ops.Pick(steps=steps):
                return node.reads[0].name + "".join(f".{s}" if isinstance(s, str) else f"[{s}]" for s in steps)
            case ops.Python(code=code) if len(code.text) <= 32 and "\n" not in code.text.strip():
                return code.text.strip()
            case ops.Head(name=name) | ops.Out(name=name):
                return name
        return node.id

    # --- facts ---

    def _of(self, node: Node) -> Known:
        match node.op:
            case ops.Input():
                return self._input(node.op)
            case ops.Constant(value=value):
                return of_value(value)
            case ops.Pick(steps=steps):
                return self._picked(node.reads[0], steps)
            case ops.Pass():
                return self._known.get(node.reads[0].source, NOTHING)
            case ops.Join():
                return either_of(self._known[read.source] for read in node.reads)
            case ops.Python(code=code):
                return python_value(code.text, {r.name: self._read(r) for r in node.reads if r.role == "value"})
            case ops.Ask(settings=settings) if "samples" in dict(settings) and "vote" not in dict(settings):
                number = of_value(dict(settings)["samples"]).number
                return Known(length=number)
            case ops.Loop():
                return self._loop(node, node.op)
            case ops.Item(part=None):
                return self._item(node)
        return NOTHING

    def _read(self, read: Read) -> Known:
        """What is known of a value that Python reads; a list of unknown length gets its symbol here."""
        known = self._known[read.source]
        if known is NOTHING or known == NOTHING:
            return Known(length=self.length(read.source), number=self.count(read.source))
        return known

    def _input(self, op: ops.Input) -> Known:
        if self.inputs is None:
            return NOTHING
        if op.name in self.inputs:
            return of_value(self.inputs[op.name])
        return NOTHING if op.required else of_value(op.default)

    def _picked(self, read: Read, steps: tuple[str | int, ...]) -> Known:
        known = self._known.get(read.source, NOTHING)
        if not steps:
            return known
        value = known.value
        for step in steps:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return NOTHING
        return of_value(value)

    def _loop(self, node: Node, op: ops.Loop) -> Known:
        """A loop's rounds, and the length of the list that it gives."""
        source = node.reads[0].source
        full = self.length(source) if op.kind == "for" else self.count(source)
        early = op.body in self._left_early
        rounds = self._rounds[node.id] = Rounds(lowest(1, full.low) if early else full.low, full)
        if not op.yields:
            return NOTHING
        parts = [self._yielded(id) for id in op.yields]
        high = rounds.full.high * total(part.high for part in parts)
        low = rounds.low * total(part.low for part in parts)
        return Known(length=Range(ZERO if early else low, high))

    def _yielded(self, id: str) -> Range:
        """How many items one yield adds in a round."""
        node = self.flow.nodes[id]
        inner = self._known[id].length if isinstance(node.op, ops.Loop) else exactly(ONE)
        inner = inner or Range(ZERO, ZERO)
        return Range(ZERO, inner.high) if node.guard else inner

    def _item(self, node: Node) -> Known:
        """One item of a list: what all of its items have in common."""
        loop = self.flow.nodes[self._items[self.flow.body_of(node.region)]]
        items = self._known.get(loop.reads[0].source, NOTHING).value
        if isinstance(items, list | tuple | set) and 0 < len(items) <= 1000:
            return either_of(of_value(item) for item in items)
        return NOTHING

    # --- lengths of texts ---

    def _length_of_text(self, node: Node) -> Characters:
        known = self._known[node.id]
        if isinstance(known.value, str | int | float | list | tuple | dict | bool):
            length = self._width(known.value)
            return length, length
        match node.op:
            case ops.Input(name=name) if name in self._given:
                return self._given[name]
            case ops.Python():
                return self._computed_text(node)
            case ops.Pick(steps=()) | ops.Pass():
                return self._characters.get(node.reads[0].source, SCALAR_CHARACTERS["any"])
            case ops.Join() if node.reads:
                found = [self._characters[read.source] for read in node.reads]
                return min(low for low, _ in found), max(high for _, high in found)
            case ops.Fill(template=template):
                return self.filled(template.parts, node)
            case ops.Loop(yields=yields) if yields:
                low, high = ITEMS
                each = [self._characters[id] for id in yields]
                return low * sum(a for a, _ in each), high * sum(b for _, b in each)
            case ops.Item():
                return self._item_text(node)
        return of_type(node.type)

    def _computed_text(self, node: Node) -> Characters:
        """What Python makes of a long text may be as long."""
        low, high = of_type(node.type)
        if isinstance(node.type, Choice) or node.type in _SHORT:
            return low, high
        return low, max(high, *(self._characters[read.source][1] for read in node.reads if read.role == "value"), 0)

    def _width(self, value: Any) -> float:
        """How long a value is as text; each is written out once, however many nodes hold it."""
        if isinstance(value, str):
            return float(len(value))
        if id(value) not in self._widths:
            try:
                length = float(len(show(value)))
            except ValueError:  # a number of more digits than Python writes out
                length = SCALAR_CHARACTERS["any"][1]
            self._widths[id(value)] = length, value
        return self._widths[id(value)][0]

    def _item_text(self, node: Node) -> Characters:
        loop = self.flow.nodes[self._items[self.flow.body_of(node.region)]]
        items = self._known.get(loop.reads[0].source, NOTHING).value if loop.reads else None
        if isinstance(items, list | tuple) and items:
            lengths = [self._width(item) for item in items[:1000]]
            return min(lengths), max(lengths)
        return of_type(node.type)

    def filled(self, parts: Iterable[str | Path], node: Node) -> Characters:
        """A template with its values in it."""
        sources = {read.name: read.source for read in node.reads if read.role == "value"}
        low = high = 0.0
        for part in parts:
            if isinstance(part, str):
                least, most = float(len(part)), float(len(part))
            else:
                least, most = self._characters.get(sources.get(part.name.text, ""), SCALAR_CHARACTERS["any"])
                least = 1.0 if part.steps else least
            low, high = low + least, high + most
        return low, high


def _inputs(flow: FlowGraph) -> Iterator[tuple[str, str]]:
    """The parameters: what a caller says of one must not be said of another value that has its name later."""
    for node in flow.nodes.values():
        if isinstance(node.op, ops.Input):
            yield node.op.name, node.id


def of_type(type: Type) -> Characters:
    """About how long a value of a type is."""
    match type:
        case Scalar(name=name):
            return SCALAR_CHARACTERS[name]
        case Choice(options=options):
            lengths = [len(option) for option in options] or [0]
            return min(lengths), max(lengths)
        case ListOf(item=item) | DictOf(value=item):
            low, high = of_type(item)
            return ITEMS[0] * (low + 4), ITEMS[1] * (min(high, 200) + 4)
        case Record(fields=fields):
            parts = [(len(name) + 4 + of_type(t)[0], len(name) + 4 + min(of_type(t)[1], 300)) for name, t in fields]
            return sum(low for low, _ in parts), sum(high for _, high in parts)
