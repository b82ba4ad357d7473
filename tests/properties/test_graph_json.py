"""Text and JSON graph say the same: to the letter, comments included; and what is refused is what the schema refuses."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason_dsl import FlowError, FlowSyntaxError, format_flow, format_text, parse
from flowreason_dsl.grammar import grammar
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.plain import DocumentError, document_of, program_of, schema_text, shape_faults
from tests.strategies import flows

ROOT = Path(__file__).parents[2]
FOLDERS = ("tests/corpus", "examples", "flowreason")
VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema_text()))
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.flow"))


@cache  # when first needed, and not where tests are only collected
def readable() -> list[Path]:
    found = []
    for path in FILES:
        try:
            parse(path.read_text("utf-8"))
            found.append(path)
        except FlowSyntaxError:
            pass
    return found


@cache
def documents() -> list[Any]:
    return [document_of(path.read_text("utf-8"), path.name) for path in readable()]


def as_sent(document: Any) -> Any:
    return json.loads(json.dumps(document))


# --- there and back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_flow_of_the_repository_comes_back_to_the_letter(path: Path) -> None:
    text = path.read_text("utf-8")
    if path not in readable():
        with pytest.raises(FlowSyntaxError):
            document_of(text, path.name)
        return
    document = as_sent(document_of(text, path.name))
    VALIDATOR.validate(document)
    assert program_of(document).text == format_text(text)


def test_enough_flows_were_tried() -> None:
    assert len(readable()) > 150


@given(flows, st.randoms(use_true_random=False))
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_flow_comes_back_to_the_letter_with_its_comments(tree: Any, draw: random.Random) -> None:
    text = commented(format_flow(tree), draw)
    document = as_sent(document_of(text))
    VALIDATOR.validate(document)
    again = program_of(document).text
    assert again == format_text(text)
    assert as_sent(document_of(again)) == document


def commented(text: str, draw: random.Random) -> str:
    """A text with comments and blank lines between its words."""
    pieces, at = [], 0
    for number, token in enumerate(tokenize(text).tokens):
        if token.start > at:
            pieces.append(text[at : token.start])
            at = token.start
        if draw.random() < 0.15:
            pieces.append(
                draw.choice([f"\n# note {number}\n", f"  # behind {number}\n", "\n\n", f"\n\n# apart {number}\n\n"])
            )
    return "".join([*pieces, text[at:], draw.choice(["", "\n\n# the end"])])


def checked() -> Iterator[fr.Flow]:
    for path in readable():
        try:
            yield fr.load(path)
        except FlowError:
            pass


def test_the_graph_of_every_flow_that_can_run_is_valid_and_comes_back_the_same() -> None:
    count = 0
    for flow in checked():
        document = json.loads(flow.draw("json"))
        VALIDATOR.validate(document)
        ids = set(program_of(document).ids)
        nodes = [node for each in document["flows"] for node in each["nodes"]]
        assert {node["statement"] for node in nodes if "statement" in node} <= ids
        root = Path(flow.checked.flow.source.name).parent
        assert json.loads(fr.loads_graph(document, root=root).draw("json")) == document
        count += 1
    assert count > 100


# --- what is refused -----------------------------------------------------------------------------------------

_STRANGE = [
    None,
    True,
    3,
    -1.5,
    "",
    "ask",
    "for",
    "x y",
    "# a",
    "{",
    "{a",
    [],
    ["a"],
    {},
    {"kind": "ask"},
    {"kind": "comment", "text": "a"},
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every list or object in a document, with each of its keys."""
    found: list[tuple[Any, Any]] = []
    inside = [value]
    while inside:
        each = inside.pop()
        parts = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        for key, inner in parts:
            found.append((each, key))
            inside.append(inner)
    return found


def mutated(document: Any, draw: random.Random) -> Any:
    """A document with one thing taken out, put in, renamed or replaced."""
    changed = copy.deepcopy(document)
    all_places = places(changed)
    holder, key = draw.choice(all_places)
    other, there = draw.choice(all_places)
    match draw.randrange(5):
        case 0:
            del holder[key]
        case 1:
            holder[key] = draw.choice(_STRANGE)
        case 2:
            holder[key] = copy.deepcopy(other[there])
        case 3 if isinstance(holder, dict):
            holder[draw.choice(["name", "type", "extra", "kind", "else", "given", "comments", "value"])] = draw.choice(
                _STRANGE
            )
        case _ if isinstance(holder, dict):
            holder[f"{key}s"] = holder.pop(key)
        case _:
            holder.insert(key, draw.choice(_STRANGE))
    return changed


@given(st.deferred(lambda: st.sampled_from(documents())), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_what_the_schema_refuses_is_refused_and_nothing_is_raised_but_that(document: Any, draw: random.Random) -> None:
    changed = as_sent(mutated(document, draw))
    refused = shape_faults(changed)
    valid = VALIDATOR.is_valid(changed)
    assert bool(refused) != valid, (refused, [error.message for error in VALIDATOR.iter_errors(changed)][:2])
    try:
        text = program_of(changed).text
    except DocumentError as error:
        assert error.faults
        for fault in error.faults:
            assert leads_somewhere(changed, fault.pointer), fault
            assert len(fault.message) < 1000
    else:
        assert valid
        assert format_text(text) == text


def leads_somewhere(document: Any, pointer: str) -> bool:
    """Whether a pointer names a part of the document."""
    for escaped in pointer.split("/")[1:]:
        key = escaped.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            document = document[int(key)]
        elif key in document:
            document = document[key]
        else:
            return key in ("order", "version", "format", "type")
    return True


# --- the schema as others use it -----------------------------------------------------------------------------

DEFINITIONS = json.loads(schema_text())["$defs"]
PLACES = [name for name, each in DEFINITIONS.items() if each.get("$ref") == "#/$defs/by_kind"]
KINDS = [each["then"]["$ref"].removeprefix("#/$defs/") for each in DEFINITIONS["by_kind"]["allOf"]]


def test_a_place_and_a_kind_name_what_may_stand_in_them_once_as_properties_and_once_as_names() -> None:
    beside = set(DEFINITIONS["beside"]["enum"])
    for kind in KINDS:
        each = DEFINITIONS[kind]
        assert set(each["propertyNames"]["anyOf"][0]["enum"]) == each["properties"].keys() - {"kind"}
        assert not beside & (each["properties"].keys() - {"kind"})
    for place in PLACES:
        each = DEFINITIONS[place]
        assert set(each["propertyNames"]["not"]["enum"]) == beside - each["properties"].keys()
        assert each["properties"].keys() <= beside
    assert (len(PLACES), len(KINDS)) == (8, 13)


NAME = {"kind": "name", "path": "a"}
STOP = {"kind": "break"}
NESTS: dict[str, Any] = {
    "sample": lambda inner: {"kind": "sample", "count": NAME, "statements": [inner]},
    "for": lambda inner: {"kind": "for", "targets": ["a"], "items": NAME, "statements": [inner]},
    "loops as values": lambda inner: {
        "kind": "answer",
        "value": {"kind": "sample", "count": NAME, "statements": [inner]},
    },
    "each": lambda inner: {
        "kind": "each",
        "targets": ["a"],
        "items": NAME,
        "yields": {"kind": "for", "targets": ["a"], "items": NAME, "statements": [inner]},
    },
    "if": lambda inner: {"kind": "if", "arms": [{"kind": "arm", "condition": NAME, "statements": [inner]}]},
    "else": lambda inner: {
        "kind": "if",
        "arms": [{"kind": "arm", "condition": NAME, "statements": []}],
        "else": [inner],
    },
    "match": lambda inner: {
        "kind": "match",
        "subject": NAME,
        "cases": [{"kind": "case", "values": [1], "statements": [inner]}],
    },
    "fallback": lambda inner: {**NAME, "else": [{"kind": "sample", "count": NAME, "statements": [inner]}]},
    "while": lambda inner: {"kind": "while", "condition": NAME, "statements": [inner]},
    "repeat": lambda inner: {"kind": "repeat", "count": NAME, "statements": [inner]},
}
CALLS: dict[str, Any] = {
    "argument": lambda inner: {"kind": "call", "call": "f", "arguments": [inner]},
    "ensure": lambda inner: {**NAME, "ensure": [{"condition": {"kind": "call", "call": "f", "arguments": [inner]}}]},
}


def nested(wrap: Any, depth: int, inmost: Any) -> Any:
    for _ in range(depth):
        inmost = wrap(inmost)
    return {"format": "flowreason-graph", "version": 1, "flows": [{"name": "f", "statements": [inmost]}]}


def looks(document: Any) -> tuple[int, bool]:
    """How many schemas `jsonschema` goes into for a document, and whether the document is valid."""
    count = 0
    follow = jsonschema.Draft202012Validator.VALIDATORS["$ref"]

    def counted(*parts: Any) -> Any:
        nonlocal count
        count += 1
        return follow(*parts)

    counting = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"$ref": counted})
    faults = list(counting(json.loads(schema_text())).iter_errors(document))
    return count, not faults


@pytest.mark.parametrize("inmost", [STOP, NAME, {"kind": "brake"}, {}, None], ids=str)
@pytest.mark.parametrize("form", [*NESTS, *CALLS])
def test_validating_a_document_takes_work_in_proportion_to_its_depth(form: str, inmost: Any) -> None:
    wrap = (NESTS | CALLS)[form]
    shallow, deep, deeper = (looks(nested(wrap, depth, inmost)) for depth in (2, 6, 10))
    assert deeper[0] - deep[0] == deep[0] - shallow[0]
    assert deeper[1] == (inmost == NAME or (inmost == STOP and form in NESTS))
    assert deeper[1] != bool(shape_faults(nested(wrap, 10, inmost)))


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


def test_the_schema_knows_the_words_that_are_no_names() -> None:
    words = json.loads(schema_text())["$defs"]["word"]["not"]["enum"]
    assert set(words) == set(grammar().keywords)
