"""The assignments that reach a place, as the editor finds them, against the edges of the lowered graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowreason.editor.analysis import Analysis
from flowreason.graph.model import FlowGraph, Node
from flowreason.graph.ops import Head, Input, Item, Join, Out, Pass
from flowreason_dsl.source import Span

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("examples/*/flow.flow"), *ROOT.glob("tests/corpus/valid/*.flow"), *ROOT.glob("tests/corpus/clean/*.flow")])  # fmt: skip


def values_before(flow: FlowGraph) -> dict[str, list[str]]:
    """For every joined or carried value the nodes that it may come from."""
    found: dict[str, list[str]] = defaultdict(list)
    for start, end, kind, _ in flow.edges():
        carries = kind in ("data", "back") or (kind == "exit" and type(flow.nodes[start].op).__name__ != "Loop")
        if carries and isinstance(flow.nodes[end].op, Join | Pass | Head | Out):
            found[end].append(start)
    return found


def sources(flow: FlowGraph, source: str, before: dict[str, list[str]]) -> Iterator[Node]:
    """The nodes that set the value that a node reads."""
    seen, todo = {source}, [source]
    while todo:
        node = flow.nodes[todo.pop()]
        if isinstance(node.op, Join | Pass | Head | Out):
            fresh = [each for each in before[node.id] if each not in seen]
            seen.update(fresh)
            todo += fresh
        else:
            yield node


def named(span: Span, name: str, text: str) -> set[Span]:
    """Where a name stands in what a node's span covers, or just before it, as the name that is set."""
    line = text.rfind("\n", 0, span.start) + 1
    return {Span(at, at + len(name)) for at in range(line, span.end) if text.startswith(name, at)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_the_graph_reads_from_is_among_the_definitions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    analysis = Analysis(text)
    if analysis.graph is None:
        pytest.skip("needs tools or files of its own")
    for flow in analysis.graph.flows.values():
        before = values_before(flow)
        for node in flow.nodes.values():
            for read in node.reads:
                here = [
                    each
                    for each in analysis.names.all
                    if each.owner == flow.name and each.name == read.name and each.role == "read"
                    and node.span.start <= each.span.start < node.span.end
                ]  # fmt: skip
                for source in sources(flow, read.source, before):
                    if source.name != read.name and not isinstance(source.op, Input | Item):
                        continue  # another name for the same value
                    places = named(source.span, read.name, text)
                    for each in here:
                        told = set(each.origins)
                        if node.name == each.name and told <= named(node.span, each.name, text):
                            continue  # an `ensure` of the step means the step itself
                        assert places & told, f"{each.name} at {analysis.source.position(each.span.start)}: {told}"
