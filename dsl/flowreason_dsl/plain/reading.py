"""Plain data as a flow: the document is looked at as a whole, and becomes a text in the one style.

Invariant: a document either becomes a text that says what its statements say, or `DocumentError` names all that is
wrong with it, each with its place; nothing else is raised.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowreason_dsl.parser import MOST_BYTES, parse_lenient
from flowreason_dsl.plain.shape import MOST_FAULTS, MOST_LEVELS, Fault, shape_faults
from flowreason_dsl.plain.tree import tree_of
from flowreason_dsl.plain.writing import FORMAT, VERSION
from flowreason_dsl.printer import format_flow
from flowreason_dsl.syntax import Flow

MOST_DOCUMENT = 64 * MOST_BYTES
"""How long a document may be: its text as data, and the picture."""


class DocumentError(ValueError):
    """A document that is no program, with everything that is wrong with it, in letters that can be written out."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(Fault(_whole(fault.pointer), _whole(fault.message)) for fault in faults)
        super().__init__("\n".join(map(str, faults)))


def _whole(text: str) -> str:
    """A text in which a half of a character, which JSON can name and no file can hold, is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def decoded(text: str) -> Any:
    """A document's text as data. Raises `DocumentError` where it is no JSON."""
    if len(text) > MOST_DOCUMENT:
        raise _wrong(f"the document has {len(text):,} characters; {MOST_DOCUMENT:,} are the most")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _wrong(f"this is no JSON: line {error.lineno}, column {error.colno}: {error.msg.lower()}") from None
    except RecursionError:
        raise _wrong(f"the document nests deeper than {MOST_LEVELS} levels") from None
    except DocumentError:
        raise
    except ValueError:
        raise _wrong("a number in the document has too many digits") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _wrong(f"`{twice[:60]}` stands twice in one object; take one of them out")
    return made


def _no_constant(name: str) -> Any:
    raise _wrong(f"{name} is no number that a flow could hold")


def _wrong(message: str) -> DocumentError:
    return DocumentError([Fault("", message)])


@dataclass(frozen=True, slots=True)
class Program:
    """What a document says: the text, and the ids of its statements in the order of the text."""

    text: str
    ids: tuple[str | None, ...]


def program_of(document: Any) -> Program:
    """The program that a document says. Raises `DocumentError`."""
    if wrong := _other_version(document) or shape_faults(document):
        raise DocumentError(wrong)
    flow, ids, faults = tree_of(document)
    if faults:
        raise DocumentError(faults[:MOST_FAULTS])
    text = format_flow(flow)
    if len(text) > MOST_BYTES:
        raise _wrong(f"the flow would have {len(text):,} characters; {MOST_BYTES:,} bytes are the most")
    again, found = parse_lenient(text)
    if again is None or not _same(flow, again):
        why = found[0].message if found else "its parts read differently where they are put together"
        raise _wrong(f"what the statements say cannot be written as a flow: {why}")
    return Program(text, ids)


def _same(flow: Flow, again: Flow) -> bool:
    return flow == again and [each.text for each in flow.comments] == [each.text for each in again.comments]


def _other_version(document: Any) -> list[Fault]:
    """What is said of a document that this version cannot know, before anything else."""
    if not isinstance(document, dict):
        return []
    if document.get("format", FORMAT) != FORMAT:
        return [Fault("/format", f"must be {json.dumps(FORMAT)}: this is no graph of flowreason")]
    version = document.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        shown = json.dumps(version, default=repr)[:40]
        return [Fault("/version", f"the version {shown} is not known here; there is: {VERSION}")]
    return []
