"""Plain JSON data → the text of a flow; and whether the picture beside it is the one that the text has.

Invariant: `statements` are the truth. A picture that says otherwise is refused with the first place where it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flowreason.errors import GraphFormatError
from flowreason.graph.model import Graph
from flowreason.view.json_graph import graph_json
from flowreason_dsl.plain import DocumentError, Fault, Program, decoded, program_of
from flowreason_dsl.plain.shape import step

_DERIVED = ("effects", "nodes", "regions", "edges")
_WAY_OUT = "change the statements, and leave `nodes`, `regions` and `edges` out"


def read_graph(document: str | Mapping[str, Any]) -> tuple[Mapping[str, Any], Program]:
    """The data of a document, given as text or as data, and the program that it says. Raises `GraphFormatError`."""
    try:
        data = decoded(document) if isinstance(document, str) else document
        return data, program_of(data)
    except DocumentError as error:
        raise GraphFormatError([(fault.pointer, fault.message) for fault in error.faults]) from None


def compare_picture(data: Mapping[str, Any], program: Program, graph: Graph) -> None:
    """Raises `GraphFormatError` where the picture in a document is not that of its statements."""
    if not any(key in each for each in data["flows"] for key in _DERIVED) and "used" not in data:
        return
    made = graph_json(graph)
    named = {f"s{number}": id or f"s{number}" for number, id in enumerate(program.ids, 1)}
    flows = {each["name"]: each for each in made["flows"]}
    for flow in flows.values():
        for node in flow["nodes"]:
            if "statement" in node:
                node["statement"] = named[node["statement"]]
    for number, each in enumerate(data["flows"]):
        for key in _DERIVED:
            if key in each:
                _refuse(_differences(each[key], flows[each["name"]][key], f"/flows/{number}/{key}"))
    if "used" in data:
        _refuse(_differences(data["used"], made.get("used", {}), "/used"))


def _refuse(found: Iterator[Fault]) -> None:
    first = next(found, None)
    if first is not None:
        raise GraphFormatError([(first.pointer, first.message)])


def _differences(given: Any, made: Any, at: str) -> Iterator[Fault]:
    """Where data that was given says something else than what was made; what it leaves out of an object is left out."""
    if isinstance(given, dict) and isinstance(made, dict):
        for key, inner in given.items():
            if key in made:
                yield from _differences(inner, made[key], step(at, key))
            else:
                yield Fault(step(at, key), f"the statements say nothing of this; {_WAY_OUT}")
    elif isinstance(given, list) and isinstance(made, list):
        for number, (inner, other) in enumerate(zip(given, made, strict=False)):
            yield from _differences(inner, other, f"{at}/{number}")
        if len(given) != len(made):
            yield Fault(at, f"there are {len(given)}, and {len(made)} by the statements; {_WAY_OUT}")
    elif given != made or isinstance(given, bool) != isinstance(made, bool):
        yield Fault(at, f"this is {_shown(given)}, and {_shown(made)} by the statements; {_WAY_OUT}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:59] + "…"
