"""`methods`: the ways to answer a question that the library has, each with what it takes.

Invariant: nothing is asked and no key is needed.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowreason.cli import failures, options, output
from flowreason.errors import UsageError

if TYPE_CHECKING:
    from flowreason.library import Description

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="The one that is to be shown.", show_default=False)]
Flow = Annotated[bool, typer.Option("--flow", help="Its flow's text alone.")]
AUTO = "chosen for each question by its words and the limits; it says why"


def methods(name: Name = None, flow: Flow = False, json: options.Json = False) -> int:
    """Name the methods of the library, or show one."""
    if name is None and flow:
        raise UsageError("name the method whose flow is to be printed: flowreason methods NAME --flow")
    return _list(json) if name is None else _show(name, flow, json)


def _list(as_data: bool) -> int:
    from flowreason import library

    found = [library.describe(each) for each in library.names()]
    if as_data:
        output.emit(json_module.dumps([_data(each) for each in found], ensure_ascii=False))
        return failures.ANSWERED
    width = max(len(each.name) for each in found)
    output.emit(f"{'auto':<{width}}  {AUTO}")
    for each in found:
        output.emit(f"{each.name:<{width}}  {_called(each.name)}{each.summary}")
        if taken := [str(parameter) for parameter in each.parameters if str(parameter) != "question: text"]:
            output.emit(f"{'':<{width}}  takes {', '.join(taken)}")
    output.note('\nAnswer with one: flowreason solve --method NAME "…"; more about it: flowreason methods NAME')
    return failures.ANSWERED


def _called(name: str) -> str:
    """What a method is called by those who know it, where its name does not say so already."""
    from flowreason.library.titles import title

    told = title(name)
    plain = told.replace("-", "_").replace(" ", "_").lower()
    return "" if name in {"graph", plain} else f"{told}: "


def _show(name: str, flow: bool, as_data: bool) -> int:
    from flowreason import library

    if library.plainly(name) == "auto":
        return _auto(flow, as_data)
    found = library.describe(name)
    if flow:
        output.emit(found.text)
    elif as_data:
        output.emit(json_module.dumps(_data(found), ensure_ascii=False))
    else:
        output.emit("\n\n".join(_page(found)))
    return failures.ANSWERED


def _auto(flow: bool, as_data: bool) -> int:
    """The rules by which a method is chosen, in their order."""
    from flowreason.methods.rules import INPUTS, RULES, TOOLS

    if flow:
        raise UsageError("auto has no flow of its own; `flowreason methods auto` tells its rules")
    rules = [TOOLS, INPUTS, *RULES]
    if as_data:
        rows = [{"because": rule.because, "methods": rule.methods, "evidence": rule.evidence} for rule in rules]
        output.emit(json_module.dumps(rows, ensure_ascii=False))
        return failures.ANSWERED
    output.emit(
        f"auto: {AUTO}.\n\nThe first rule that holds counts, and of its methods the first that the limits allow.\n"
    )
    for rule in rules:
        output.emit(f"- {rule.because}: {', '.join(rule.methods)}\n  ({rule.evidence})")
    return failures.ANSWERED


def _page(found: Description) -> list[str]:
    """What a method says of itself, what it takes, and its text."""
    taken = "\n".join(f"  {parameter}" for parameter in found.parameters) or "  nothing"
    return [
        " · ".join(filter(None, [found.name, _called(found.name).removesuffix(": ")])),
        found.about or "It says nothing of itself.",
        f"It takes:\n{taken}\nand gives {found.returns}.",
        "\n".join(_ways(found)),
        found.text.rstrip(),
    ]


def _ways(found: Description) -> Iterator[str]:
    """How it is made use of."""
    if any(parameter.name == "question" for parameter in found.parameters):
        yield f'To answer a question:  flowreason solve --method {found.name} "…"'
    yield f"By its own inputs:     flowreason run library:{found.name} NAME=VALUE …"
    yield f'In a flow:             use "library:{found.name}"'


def _data(found: Description) -> dict[str, Any]:
    return {**asdict(found), "parameters": [asdict(each) for each in found.parameters]}
