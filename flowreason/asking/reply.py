"""What a model wrote, as a value of the type that was asked for.

Invariant: a reply gives one reading or a `Misfit` whose reason tells the model what to mend; of two different
answers none is picked in silence, unless the reply itself says which is its answer.
"""

from __future__ import annotations

import re
from typing import Any

from flowreason.asking import scalars
from flowreason.asking.convert import fit
from flowreason.asking.graphs import read_graph
from flowreason.asking.json_text import MISSING, embedded, loads, unfenced
from flowreason.asking.misfit import Misfit, cut_middle, shorten
from flowreason.asking.prompt import reply_form
from flowreason.ports import Message
from flowreason_dsl.types import Choice, DictOf, ListOf, Record, Scalar, Type

TEXT = Scalar("text")
KEPT_REPLY = 2_000
"""Characters of a reply that are sent back with the reason why it does not fit."""

_THOUGHT = re.compile(r"\A\s*<(think|thinking|reasoning)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"\A\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
_LINE_MARK = re.compile(
    r"^[ \t*_#>`]*(?:(?:the|my)\s+)?(?:final\s+)?answer[*_`]*\s*[:=][*_`]*[ \t]*", re.IGNORECASE | re.MULTILINE
)
_SPOKEN_MARK = re.compile(r"\banswer(?:\s+to\s[^.\n]{1,80}?)?(?:\s+is\s*:?\s|\s*[:=])\s*[*_`]*", re.IGNORECASE)
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_BOLD = re.compile(r"\*\*(.+?)\*\*|__(.+?)__")


def parse_reply(text: str, type: Type, *, think: bool = False, structured: bool = False) -> Any:
    """The value of a reply. `think`: the model was told to reason first; `structured`: to reply as JSON with `answer`.

    Raises `Misfit` with a reason for the model.
    """
    said = without_thoughts(text)
    if not said:
        raise Misfit("the reply is empty")
    if type == TEXT and not structured:
        return _final_text(said) if think else said
    whole = _json(said)
    if isinstance(whole, dict) and "answer" in whole and _wraps(whole, type, structured):
        return fit(whole["answer"], type)
    if type == TEXT:
        return _final_text(said) if think else said
    if whole is not MISSING and (type != Scalar("any") or _plain_json(said)):
        return fit(whole, type)
    return _read(said, type, think)


def parse_input(text: str, type: Type) -> Any:
    """A value that a person typed or that stands in a file: JSON, or as people write it. Raises `Misfit`."""
    if type == TEXT:
        return text
    if type == Scalar("bool") and text.strip().casefold() in _BOOLS:
        return _BOOLS[text.strip().casefold()]
    whole = loads(text)
    if whole is not MISSING and not isinstance(whole, str):
        return fit(whole, type)
    return text if type == Scalar("any") else _read(text.strip(), type, False)


_BOOLS = {"y": True, "n": False, "1": True, "0": False, "on": True, "off": False}


def without_thoughts(text: str) -> str:
    """A reply without the `<think>…</think>` that some models put before it, stripped."""
    rest = _THOUGHT.sub("", text, count=1)
    if _OPEN_THOUGHT.match(rest):
        raise Misfit("the reply ended before its answer; reason more briefly")
    return rest.strip()


def _json(said: str) -> Any:
    """The JSON value that a reply consists of, fences aside. A bare word or a quoted text is no JSON here."""
    value = loads(unfenced(said))
    return MISSING if isinstance(value, str) else value


def _plain_json(said: str) -> bool:
    return loads(said) is not MISSING


def _wraps(whole: dict[str, Any], type: Type, structured: bool) -> bool:
    """Whether an object with `answer` holds the reply, and is not itself the record that was asked for."""
    extra = set(whole) - {"answer", "reasoning"}
    if isinstance(type, Record) and type.field("answer"):
        return set(whole) == {"answer", "reasoning"} or isinstance(whole["answer"], dict)
    if isinstance(type, DictOf) or type in (TEXT, Scalar("any")):
        return structured and not extra
    return True


def _final_text(said: str) -> str:
    marks = list(_LINE_MARK.finditer(said))
    if marks and said[marks[-1].end() :].strip():
        return _unbold(said[marks[-1].end() :].strip())
    if "\n" in said:
        raise Misfit("no line begins with `Answer:`; end with one that does, followed by the answer alone")
    return said


def _unbold(text: str) -> str:
    return text[:-2].rstrip() if text.endswith("**") and text.count("**") == 1 else text


def _read(said: str, type: Type, think: bool) -> Any:
    part, marked = _after_line_mark(said, type) if _has_parts(type) else final_part(said, think)
    match type:
        case Scalar(name="int" | "number"):
            value = scalars.read_number(part, lead=marked)
            return scalars.whole(value, part) if type.name == "int" else value
        case Scalar(name="bool"):
            return scalars.read_bool(part)
        case Choice(options=options):
            return scalars.read_choice(part, options)
        case Scalar(name="graph"):
            return _embedded(part, type, "{[") or read_graph(part)
        case ListOf():
            return _read_list(part, type)
        case Record() | DictOf():
            found = _embedded(part, type, "{")
            return fit(part, type) if found is None else found
        case Scalar():
            return part if marked else said


def _has_parts(type: Type) -> bool:
    return type == Scalar("graph") or isinstance(type, ListOf | DictOf | Record)


def _after_line_mark(said: str, type: Type) -> tuple[str, bool]:
    """What follows the last `Answer:` that begins a line, unless that is a field of the record asked for."""
    marks = [mark for mark in _LINE_MARK.finditer(said) if said[mark.end() :].strip()]
    if not marks or (isinstance(type, Record) and type.field("answer")):
        return said, False
    return said[marks[-1].end() :].strip(), True


def _read_list(part: str, type: ListOf) -> Any:
    found = _embedded(part, type, "[")
    if found is not None:
        return found
    if isinstance(type.item, Scalar | Choice):
        return fit(unfenced(part), type)
    rows = embedded(part, "{")
    if rows:
        return fit(rows, type)
    raise Misfit(f'expected a JSON list, got "{shorten(part)}"')


def _embedded(part: str, type: Type, openers: str) -> Any:
    """The JSON value of the type in a piece of prose; None where there is none. Two different ones are a `Misfit`."""
    found: list[Any] = []
    first: Misfit | None = None
    for value in (value for opener in openers for value in embedded(part, opener)):
        try:
            fitting = fit(_unwrapped(value, type), type)
        except Misfit as misfit:
            first = first or misfit
            continue
        if fitting not in found:
            found.append(fitting)
    if len(found) > 1 and not openers[1:]:
        raise Misfit("the reply holds several different JSON values; give the one that is the answer, alone")
    if not found and first:
        raise first
    return found[0] if found else None


def _unwrapped(value: Any, type: Type) -> Any:
    wrapped = isinstance(value, dict) and "answer" in value and _wraps(value, type, True)
    return value["answer"] if wrapped else value


def final_part(said: str, think: bool = False) -> tuple[str, bool]:
    r"""What a reply marks as its answer, and whether it marks one.

    Marks are the last `Answer:` or "the answer is", \boxed{}, and the only words in bold. After
    reasoning (`think`) the last line counts when nothing else is marked.
    """
    for pattern in (_LINE_MARK, _SPOKEN_MARK):
        marks = [mark for mark in pattern.finditer(said) if said[mark.end() :].strip()]
        if marks:
            return _inside_box(said[marks[-1].end() :].strip()), True
    boxed = _BOXED.findall(said)
    if boxed:
        return boxed[-1].strip(), True
    bold = {first or second for first, second in _BOLD.findall(said)}
    if len(bold) == 1:
        only = bold.pop()
        return (only, True) if re.search(r"\w", only) and not only.rstrip().endswith(":") else (said, False)
    if think:
        return said.rstrip().splitlines()[-1].strip(), False
    return said, False


def _inside_box(part: str) -> str:
    boxed = _BOXED.search(part)
    return boxed[1].strip() if boxed else part


def feedback(
    reply: str, reason: str, type: Type, *, think: bool = False, structured: bool = False
) -> tuple[Message, Message]:
    """The two turns that send a reply back: the reply, shortened, and what is wrong with it and wanted instead."""
    form = reply_form(type, think=think, structured=structured)
    wanted = f"Answer the question again so that this is mended. {form}".strip()
    shown = cut_middle(reply.strip(), KEPT_REPLY) or "(no text)"
    return Message("assistant", shown), Message("user", f"That reply does not do: {reason}\n{wanted}")
