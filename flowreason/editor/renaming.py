"""Renaming: a variable in its flow, a flow or tool in its file.

Invariant: a flow means after a renaming what it meant before. Where a new name would not do that, the renaming is
refused, with the reason.
"""

from __future__ import annotations

import re

from flowreason.editor.analysis import Analysis
from flowreason.editor.names import Occurrence
from flowreason_dsl.grammar import grammar
from flowreason_dsl.python import KNOWN
from flowreason_dsl.source import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Refused(Exception):
    """A renaming that cannot be done; the text says why."""


def renamable(analysis: Analysis, offset: int) -> Occurrence:
    """The name at an offset. Raises `Refused` where there is none that can be renamed."""
    if analysis.tree is None:
        raise Refused("the text does not follow the grammar: mend that first")
    found = analysis.names.at(offset)
    if found is None:
        raise Refused("there is no name here that could be renamed")
    if found.owner is None:
        _defined_here(analysis, found.name)
    elif found.role in ("argument", "parameter"):
        _defined_here(analysis, found.owner)
        _may_lose(analysis, found)
    return found


def _defined_here(analysis: Analysis, name: str) -> None:
    tree = analysis.tree
    assert tree is not None
    if name in (analysis.surroundings.tools or {}):
        raise Refused(f"the tool `{name}` is a function of Python: rename it there, and in the flows that call it")
    here = {each.name.text for each in tree.flows} | {each.name.text for each in tree.tools}
    if name not in here | {each.name.text for each in tree.uses if each.name is not None}:
        raise Refused(f"`{name}` is defined in another file: rename it there")


def _may_lose(analysis: Analysis, found: Occurrence) -> None:
    """A key that the callee does not have names nothing."""
    same = analysis.names.same(found)
    if not any(each.role == "parameter" for each in same):
        raise Refused(f"`{found.owner}` has no parameter `{found.name}`")


def rename(analysis: Analysis, offset: int, new: str) -> list[Span]:
    """The spans to put `new` in. Raises `Refused` where it may not stand there."""
    found = renamable(analysis, offset)
    if new == found.name:
        return []
    _is_a_name(new)
    if found.owner is None and found.name in analysis.seen.data:
        _free_for_data(analysis, found, new)
    elif found.owner is None:
        _free_in_file(analysis, found, new)
    else:
        _free_in_flow(analysis, found.owner, found.name, new)
    _can_be_changed(analysis, found)
    return [each.span for each in analysis.names.same(found)]


def _is_a_name(new: str) -> None:
    if not _NAME.match(new):
        raise Refused(f"`{new}` is no name: a name is made of letters, digits and `_`, and begins with no digit")
    if new in grammar().keywords:
        raise Refused(f"`{new}` is a word of {'Python' if new in _python() else 'the language'}, and no name")


def _python() -> set[str]:
    words = grammar().keywords
    return {word for word, kind in words.items() if kind in grammar().python}


def _free_in_flow(analysis: Analysis, flow: str, old: str, new: str) -> None:
    """A variable's new name may be no other variable's, and nothing that the flow's Python means otherwise."""
    if any(each.name == new and (each.owner == flow or _is_read(each, flow)) for each in analysis.names.all):
        raise Refused(f"there is a `{new}` in this flow already")
    for piece in analysis.names.pieces.get(flow, ()):
        if new in piece.outer or (new in piece.every and old in piece.outer):
            what = "a function or module of Python" if new in KNOWN else "a name of its own"
            raise Refused(f"Python in this flow uses `{new}` as {what}, and would mean something else")


def _is_read(each: Occurrence, flow: str) -> bool:
    """Whether it is data that a flow reads."""
    return each.owner is None and each.role == "read" and each.inside == flow


def _free_for_data(analysis: Analysis, found: Occurrence, new: str) -> None:
    """Data is there in every flow: none may have something else of its new name."""
    if analysis.callable(new) is not None or new in analysis.seen.data:
        raise Refused(f"there is a flow, tool or data called `{new}` already")
    own = {each.owner for each in analysis.names.all if each.name == new}
    for flow, pieces in analysis.names.pieces.items():
        reads = any(each.name == found.name and _is_read(each, flow) for each in analysis.names.all)
        if reads and flow in own:
            raise Refused(f"there is a `{new}` in `{flow}` already")
        for piece in pieces:
            if (new in piece.outer and flow not in own) or (new in piece.every and reads and found.name in piece.outer):
                raise Refused(f"Python in `{flow}` uses `{new}` already, and would mean something else")


def _free_in_file(analysis: Analysis, found: Occurrence, new: str) -> None:
    """A flow's new name may be no other flow's, and hidden by nothing where Python calls it; a step calls no value."""
    if analysis.callable(new) is not None or new in analysis.seen.data:
        raise Refused(f"there is a flow, tool or data called `{new}` already")
    valued = {each.owner for each in analysis.names.all if each.name == new}
    for flow, pieces in analysis.names.pieces.items():
        calling = [piece for piece in pieces if found.name in piece.outer]
        if calling and flow in valued:
            raise Refused(f"Python in `{flow}` calls `{found.name}` and there is a `{new}` in that flow")
        if any(new in piece.every for piece in calling):
            raise Refused(f"Python in `{flow}` uses `{new}` already, and would mean something else")


def _can_be_changed(analysis: Analysis, found: Occurrence) -> None:
    """Python may hold a name where it cannot be told apart from others."""
    flows = [found.owner] if found.owner is not None else list(analysis.names.pieces)
    for flow in flows:
        for piece in analysis.names.pieces.get(flow or "", ()):
            if found.name in piece.fixed and found.name in piece.outer:
                raise Refused(
                    f"Python in `{flow}` both takes `{found.name}` and makes it anew: rename one by hand first"
                )
