"""Whether a document has the shape that `graph.schema.json` says, told in plain words, each fault with its place.

Invariant: what is refused here is what the schema refuses. The words of JSON Schema that the file uses are understood,
and no others, in three forms: `oneOf` for things that differ in type or `kind`; `allOf` of `if`s that ask for the
`kind` of an object; and a place for values, which has the kinds that may stand there, what may stand beside them, and a
`$ref` to such an `allOf`. So a fault is told for the one that was meant, and whoever validates with the file looks at
no part of a document twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from flowreason_dsl.names import nearest

Schema: TypeAlias = Mapping[str, Any]

MOST_FAULTS = 50
MOST_LEVELS = 320
MOST_PARTS = 5_000_000

_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a document, and where: `pointer` is a JSON pointer such as `/flows/0/statements/3/type`."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message}"


@cache
def schema_text() -> str:
    """The published schema, as it is shipped."""
    return Path(__file__).with_name("graph.schema.json").read_text("utf-8")


@cache
def schema() -> Schema:
    """The published schema, as data."""
    made: Schema = json.loads(schema_text())
    return made


def shape_faults(document: Any) -> list[Fault]:
    """Everything in which a document departs from the schema; the first of very many."""
    if too_large := _too_large(document):
        return [too_large]
    found: list[Fault] = []
    for fault in _Shape(schema()).check(document, schema(), ""):
        found.append(fault)
        if len(found) >= MOST_FAULTS:
            break
    return found


def step(pointer: str, key: str | int) -> str:
    """The pointer to a part of what a pointer leads to."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def walk(document: Any) -> Iterator[tuple[Sequence[str | int], Any]]:
    """Every value in a document, in order, and the way to it, which is good until the next one is taken.

    It keeps no more than one way at a time: a document may be as long as 64 million characters.
    """
    way: list[str | int] = []
    yield way, document
    inside = [_parts(document)]
    while inside:
        found = next(inside[-1], None)
        if found is None:
            inside.pop()
            del way[-1:]
            continue
        way.append(found[0])
        yield way, found[1]
        inside.append(_parts(found[1]))


def pointer_to(way: Iterable[str | int]) -> str:
    """The pointer that leads a way."""
    return "".join(step("", key) for key in way)


def _too_large(document: Any) -> Fault | None:
    for count, (way, _) in enumerate(walk(document)):
        if len(way) > MOST_LEVELS:
            return Fault(pointer_to(way)[:200] + "…", f"the document nests deeper than {MOST_LEVELS} levels")
        if count > MOST_PARTS:
            return Fault("", f"the document has more than {MOST_PARTS:,} parts")
    return None


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return iter(value.items())
    return enumerate(value if isinstance(value, list) else ())


class _Shape:
    """Looks at values with the definitions of one schema at hand."""

    def __init__(self, whole: Schema) -> None:
        self.definitions: Mapping[str, Schema] = whole["$defs"]

    def check(self, value: Any, wanted: Schema, at: str) -> Iterator[Fault]:
        """The faults of a value that stands at a pointer."""
        wanted = self._meant(wanted)
        if "type" in wanted and not any(_is(value, name) for name in _listed(wanted["type"])):
            yield Fault(at, f"must be {_either(wanted['type'])}, and is {_word(value)}")
        elif "const" in wanted or "enum" in wanted:
            yield from _single(value, wanted, at)
        elif "oneOf" in wanted:
            yield from self._alternative(value, wanted["oneOf"], at)
        elif "allOf" in wanted:
            yield from self._statement(value, wanted, at)
        elif isinstance(value, dict):
            yield from self._object(value, wanted, at)
        elif isinstance(value, list):
            yield from self._list(value, wanted, at)
        else:
            yield from _single(value, wanted, at)

    def _meant(self, wanted: Schema) -> Schema:
        while "$ref" in wanted and "properties" not in wanted:
            wanted = self._referred(wanted)
        return wanted

    def _referred(self, wanted: Schema) -> Schema:
        named: Schema = self.definitions[wanted["$ref"].removeprefix("#/$defs/")]
        return named

    # --- one of several

    def _alternative(self, value: Any, branches: Sequence[Schema], at: str) -> Iterator[Fault]:
        chosen = self._chosen(value, branches)
        if chosen is None:
            yield self._no_kind(value, branches, at)
        else:
            yield from self.check(value, chosen, at)

    def _chosen(self, value: Any, branches: Sequence[Schema]) -> Schema | None:
        """The branch that a value is meant for: by its type, and by its kind where it is an object."""
        meant = [self._meant(branch) for branch in branches]
        fitting = [each for each in meant if any(_is(value, name) for name in _listed(each.get("type", ())))]
        if not isinstance(value, dict):
            return fitting[0] if fitting else None
        kind = value.get("kind")
        for each in fitting:
            kinds = self._kinds_of(each)
            if kinds is not None and isinstance(kind, str) and kind in kinds:
                return each
        return next((each for each in fitting if self._kinds_of(each) is None), None)

    def _kinds_of(self, wanted: Schema) -> frozenset[str] | None:
        """The kind that a branch stands for; None where it has none."""
        kind = self._meant(wanted).get("properties", {}).get("kind")
        return None if kind is None else frozenset(_named(kind))

    def _no_kind(self, value: Any, branches: Sequence[Schema], at: str) -> Fault:
        kinds = sorted(kind for branch in branches for kind in self._kinds_of(branch) or ())
        types = [name for branch in branches for name in _listed(self._meant(branch).get("type", ()))]
        if isinstance(value, dict) and kinds:
            return _other_kind(value, kinds, at)
        return Fault(at, f"must be {_either(list(dict.fromkeys(types)))}, and is {_word(value)}")

    # --- objects of a kind

    def _statement(self, value: Mapping[str, Any], wanted: Schema, at: str) -> Iterator[Fault]:
        chosen = self._of_kind(value, wanted["allOf"], wanted)
        if chosen is None:
            yield _other_kind(value, sorted(wanted["properties"]["kind"]["enum"]), at)
        else:
            yield from self.check(value, chosen, at)

    def _of_kind(self, value: Mapping[str, Any], branches: Sequence[Schema], place: Schema) -> Schema | None:
        """What a value of its kind holds; None where no such kind stands in a place."""
        kind = value.get("kind")
        if not isinstance(kind, str) or kind not in place["properties"]["kind"]["enum"]:
            return None
        held: Schema = next(each["then"] for each in branches if kind in _named(each["if"]["properties"]["kind"]))
        return held

    # --- objects and lists

    def _object(self, value: Mapping[Any, Any], wanted: Schema, at: str) -> Iterator[Fault]:
        known, required = dict(wanted.get("properties", {})), list(wanted.get("required", ()))
        if "$ref" in wanted:
            chosen = self._of_kind(value, self._referred(wanted)["allOf"], wanted)
            if chosen is None:
                yield _other_kind(value, sorted(known["kind"]["enum"]), at)
                return
            branch = self._meant(chosen)
            known |= branch["properties"]
            required += branch["required"]
        for name in dict.fromkeys(required):
            if name not in value:
                yield Fault(at, f"`{name}` is missing")
        closed = wanted.get("additionalProperties") is False or "propertyNames" in wanted
        for name, inner in value.items():
            if name in known:
                yield from self.check(inner, known[name], step(at, name))
            elif not isinstance(name, str):
                yield Fault(at, f"the key {_shown(name)} is no text")
            elif closed:
                near = nearest(name, known)
                meant = f"did you mean `{near}`?" if near else f"what may stand here: {', '.join(known)}"
                yield Fault(step(at, name), f"`{name[:60]}` has no meaning here; {meant}")

    def _list(self, value: list[Any], wanted: Schema, at: str) -> Iterator[Fault]:
        if len(value) < wanted.get("minItems", 0):
            yield Fault(at, "must not be empty" if not value else f"must hold at least {wanted['minItems']} things")
        for number, inner in enumerate(value):
            if "items" in wanted:
                yield from self.check(inner, wanted["items"], step(at, number))
        needed = wanted.get("contains", {}).get("properties", {}).get("kind", {}).get("const")
        if needed and not any(isinstance(inner, dict) and inner.get("kind") == needed for inner in value):
            yield Fault(at, f"must hold at least one {needed}")


def _single(value: Any, wanted: Schema, at: str) -> Iterator[Fault]:
    """A text, a number, a truth value, null."""
    if "const" in wanted and not _same(value, wanted["const"]):
        yield Fault(at, f"must be {_shown(wanted['const'])}, and is {_shown(value)}")
    elif "enum" in wanted and not any(_same(value, each) for each in wanted["enum"]):
        yield Fault(at, f"must be one of {', '.join(map(_shown, wanted['enum']))}, and is {_shown(value)}")
    elif "pattern" in wanted and isinstance(value, str) and not re.search(wanted["pattern"], value):
        yield Fault(at, f"{_shown(value)} does not fit. {wanted['description']}")
    elif any(_same(value, each) for each in wanted.get("not", {}).get("enum", ())):
        yield Fault(at, f"{_shown(value)} is a word of the language or of Python, and cannot be a name")


def _other_kind(value: Mapping[str, Any], kinds: Sequence[str], at: str) -> Fault:
    """What is said of an object whose kind is missing, or is none of those that may stand in its place."""
    if "kind" not in value:
        return Fault(at, f"`kind` is missing; it is one of: {', '.join(kinds)}")
    kind = value["kind"]
    near = nearest(kind, kinds) if isinstance(kind, str) else None
    meant = f"did you mean {json.dumps(near)}?" if near else f"there are: {', '.join(kinds)}"
    return Fault(step(at, "kind"), f"there is no kind {_shown(kind)} here; {meant}")


def _named(kind: Schema) -> Sequence[str]:
    """The kinds that a schema of a `kind` lets through."""
    names: Sequence[str] = (kind["const"],) if "const" in kind else kind["enum"]
    return names


def _is(value: Any, name: str) -> bool:
    match name:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer":
            return _is(value, "number") and (isinstance(value, int) or value.is_integer())
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return value is None


def _same(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def _either(names: str | Sequence[str]) -> str:
    return " or ".join(_WORDS[name] for name in _listed(names))


def _word(value: Any) -> str:
    return next((word for name, word in _WORDS.items() if _is(value, name)), f"a Python {type(value).__name__}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 60 else text[:59] + "…"
