"""Graphs as values: `{"nodes": [names], "edges": [[from, relation, to], …]}`, read from the ways models write them.

Invariant: `nodes` holds every name once, in the order of first mention, and every end of an edge; a relation that
was not given is "".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from flowreason.asking.misfit import Misfit, named, shorten
from flowreason.values import show
from flowreason_dsl.prelude import parse_graph

GraphValue: TypeAlias = dict[str, list[Any]]

_FROM = ("from", "source", "head", "subject", "start", "a", "u")
_TO = ("to", "target", "tail", "object", "end", "b", "v")
_RELATION = ("relation", "label", "type", "predicate", "edge", "relationship", "kind", "name")
_NAME = ("id", "name", "label", "node", "text")


def graph(edges: Iterable[tuple[str, str, str]], nodes: Iterable[str] = ()) -> GraphValue:
    """A graph value from its edges and further nodes."""
    triples = [list(edge) for edge in dict.fromkeys(edges)]
    names = dict.fromkeys([*nodes, *(end for first, _, last in triples for end in (first, last))])
    return {"nodes": list(names), "edges": triples}


def as_graph(value: Any, path: str = "answer") -> GraphValue:
    """A graph from plain data: `nodes` and `edges`, or a list of edges. An edge is a list of two (from, to) or three
    (from, relation, to) names, a record with such fields, or a text such as `rain -> flood`."""
    if isinstance(value, str):
        return read_graph(value)
    if isinstance(value, Mapping) and "edges" in value:
        nodes = [_node(node, f"{path}.nodes[{i}]") for i, node in enumerate(_listed(value.get("nodes"), path))]
        return graph(_edges(value["edges"], f"{path}.edges"), nodes)
    if isinstance(value, list | tuple | set | frozenset):
        return graph(_edges(value, path))
    raise Misfit(f"{path}: expected a graph with nodes and edges, got {named(value)}")


def _listed(value: Any, path: str) -> Sequence[Any]:
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    raise Misfit(f"{path}.nodes: expected a list of names, got {named(value)}")


def _node(value: Any, path: str) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _NAME if key in value), value)
    return _name(value, path)


def _name(value: Any, path: str) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return show(value)
    raise Misfit(f"{path}: expected a name, got {named(value)}")


def _edges(value: Any, path: str) -> list[tuple[str, str, str]]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise Misfit(f"{path}: expected a list of edges, got {named(value)}")
    return [_edge(each, f"{path}[{i}]") for i, each in enumerate(value)]


def _edge(value: Any, path: str) -> tuple[str, str, str]:
    if isinstance(value, Mapping):
        first, last = (next((value[key] for key in keys if key in value), None) for keys in (_FROM, _TO))
        relation = next((value[key] for key in _RELATION if value.get(key) is not None), "")
        return _name(first, f"{path}.from"), _name(relation, f"{path}.relation"), _name(last, f"{path}.to")
    if isinstance(value, str):
        found = _read_line(value)
        if len(found) == 1:
            return found[0]
    if isinstance(value, list | tuple) and len(value) in (2, 3):
        names = [_name(each, f"{path}[{i}]") for i, each in enumerate(value)]
        return (names[0], "", names[1]) if len(names) == 2 else (names[0], names[1], names[2])
    raise Misfit(f"{path}: expected an edge [from, relation, to], got {named(value)}")


LONGEST_LINE = 2_000
"""Characters of a line, or of one bracket in it, in which edges are looked for."""

_DOT_LABEL = re.compile(r"\[\s*label\s*=\s*\"?([^\"\[\]]*)\"?[^\[\]]*\]\s*;?\s*$", re.IGNORECASE)
_PLAIN_ARROW = re.compile(r"-{1,3}>?|=+>|→")
_FRAME = re.compile(r"\s*(?:(?:strict\s+)?(?:di)?graph\b[^{]*\{?|flowchart\b.*|\}|`{3,}.*|%%.*|//.*)\s*", re.IGNORECASE)
_BOX = re.compile(r"\w+\s*(?:\[+|\(+|\{+)\s*\"?([^\"\[\](){}]*)\"?\s*(?:\]+|\)+|\}+)")


def read_graph(text: str) -> GraphValue:
    """A graph from lines: `a -> b`, `a -[causes]-> b`, `(a; causes; b)`, `a | causes | b`, DOT or Mermaid edges.

    Raises `Misfit` where no line holds an edge.
    """
    found: list[tuple[str, str, str]] = []
    for line in text.splitlines():
        if len(line) > LONGEST_LINE or not _FRAME.fullmatch(line):
            found += _read_line(line)
    if not found:
        raise Misfit(f'no edge in "{shorten(text)}"; write each as from -[relation]-> to')
    return graph(found)


def _read_line(line: str) -> list[tuple[str, str, str]]:
    pieces = [line] if len(line) <= LONGEST_LINE else re.findall(rf"\([^()]{{1,{LONGEST_LINE}}}\)", line)
    edges = [edge for piece in pieces for edge in parse_graph(_without_label(piece))["edges"]]
    return [(_unboxed(first), relation, _unboxed(last)) for first, relation, last in edges]


def _without_label(line: str) -> str:
    """A DOT edge with its label in the arrow: `a -> b [label="causes"]` as `a -[causes]-> b`."""
    label = _DOT_LABEL.search(line)
    if not label:
        return line
    return _PLAIN_ARROW.sub(f"-[{label[1].strip()}]->".replace("\\", "/"), line[: label.start()])


def _unboxed(name: str) -> str:
    """A Mermaid node as its label: `A[Rain]` as `Rain`."""
    boxed = _BOX.fullmatch(name)
    return boxed[1].strip() if boxed else name
