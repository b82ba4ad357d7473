"""Whether a graph explains how an argument supports or counters a belief, by its structure.

Rule (ExplaGraphs, Saha et al. 2021, arXiv:2104.07644): at least three edges, connected, without a circle, and at least
two of its concepts stand in the belief and two in the argument.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LEAST_EDGES = 3
LEAST_CONCEPTS = 2
_PART = re.compile(r"^(belief|argument)\s*:\s*(.*)$", re.IGNORECASE | re.MULTILINE)


def structure(graph: Mapping[str, Any], question: str) -> list[str]:
    """What is wrong with the structure of a graph; nothing where it is right."""
    edges = [(_bare(first), _bare(last)) for first, _, last in graph["edges"]]
    nodes = {end for edge in edges for end in edge} | {_bare(node) for node in graph.get("nodes", ())}
    faults = []
    if len(edges) < LEAST_EDGES:
        faults.append(f"it has {len(edges)} edges, and at least {LEAST_EDGES} are needed")
    if not _connected(nodes, edges):
        faults.append("it is not connected")
    if _has_circle(nodes, edges):
        faults.append("it has a circle")
    parts = {name.lower(): _bare(text) for name, text in _PART.findall(question)}
    for name in ("belief", "argument"):
        held = [node for node in nodes if name in parts and _stands_in(node, parts[name])]
        if name in parts and len(held) < LEAST_CONCEPTS:
            faults.append(f"{len(held)} of its concepts stand in the {name}, and at least {LEAST_CONCEPTS} are needed")
    return faults


def _bare(text: Any) -> str:
    return " ".join(re.findall(r"\w+", str(text).casefold()))


def _stands_in(node: str, text: str) -> bool:
    return bool(node) and f" {node} " in f" {text} "


def _connected(nodes: set[str], edges: list[tuple[str, str]]) -> bool:
    if not nodes:
        return False
    beside: dict[str, set[str]] = {node: set() for node in nodes}
    for first, last in edges:
        beside[first].add(last)
        beside[last].add(first)
    seen: set[str] = set()
    open_ = [next(iter(nodes))]
    while open_:
        node = open_.pop()
        if node not in seen:
            seen.add(node)
            open_ += beside[node] - seen
    return seen == nodes


def _has_circle(nodes: set[str], edges: list[tuple[str, str]]) -> bool:
    """Whether some node cannot be taken away by taking away nodes that nothing leads to, again and again."""
    left, ways = set(nodes), set(edges)
    while free := {node for node in left if not any(last == node for _, last in ways)}:
        left -= free
        ways = {edge for edge in ways if edge[0] not in free}
    return bool(left)
