"""What a reader of pieces hands over, when, and what it knows of what is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowreason_dsl import parse, parse_lenient
from flowreason_dsl import syntax as s
from flowreason_dsl.diagnostics import Diagnostic, errors
from flowreason_dsl.lexer import tokenize
from flowreason_dsl.stream import Block, Finished, Reader
from tests.growth import within

CORPUS = Path(__file__).parent.parent / "corpus"
SOUND = sorted([*(CORPUS / "valid").glob("*.flow"), *(CORPUS / "clean").glob("*.flow")])


def spans(text: str) -> list[str]:
    """What is handed over of a text, as it is written."""
    return [text[item.span.start : item.span.end] for item in Reader().feed(text) if isinstance(item, Finished)]


def reader_of(text: str) -> Reader:
    reader = Reader()
    for letter in text:
        reader.feed(letter)
    return reader


def open_at(text: str) -> list[tuple[str, str]]:
    """The blocks that are open at the end of a text: their kind, and what leads them in."""
    return [(block.kind, text[block.span.start : block.span.end]) for block in reader_of(text).blocks]


# --- when a statement is handed over


@pytest.mark.parametrize(
    ("before", "last"),
    [
        ("x = 3\ny", " "),
        ("x = 3 ", "}"),
        ('x = ask "How deep is the Rhine?"\nif', " "),
        ("x = y\nz", ","),
        ("a -> b\nc", "("),
        ("x = y else 3\nanswer", " "),
        ("brea", "k "),
        ('x = ask "Which?"\n', "`"),
        ("x = emulate ```\nlong\n```\n", "`"),
        ("x = `1`\n# a note", "\ny "),
        ("if `x` { } else { ", "}"),
        ("while `x` max 3 { ", "}"),
        ("x: text = f(1)\nfor", " "),
    ],
)
def test_a_statement_is_handed_over_when_what_follows_is_told(before: str, last: str) -> None:
    reader = Reader()
    assert reader.feed(f"flow f() {{ {before}") == []
    items = reader.feed(last)
    assert [(item.depth, item.flow) for item in items if isinstance(item, Finished)][:1] == [(1, "f")]


@pytest.mark.parametrize("more", ["else", "given", "with", "ensure", "els", "e", "f", "# note\n", " \n ", ""])
def test_what_may_belong_to_a_statement_is_waited_for(more: str) -> None:
    assert Reader().feed(f'flow f() {{ x = ask "How deep?" {more}') == []


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_the_token_behind_a_statement_is_enough(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    tokens = tokenize(text).tokens
    for item in Reader().feed(text):
        assert isinstance(item, Finished)
        behind = next((token for token in tokens if token.start >= item.span.end), None)
        end = text[: behind.end] if behind else text
        enough = end if not behind or behind.type == "RBRACE" else end + "\n"
        assert item.span in [each.span for each in Reader().feed(enough) if isinstance(each, Finished)]


def test_what_stands_in_a_block_comes_before_the_block_is_closed() -> None:
    text = 'flow f(xs: list[text]) {\n  for x in xs {\n    y = ask "What of {x}?"\n    say(y)\n  }\n}\n'
    reader = Reader()
    first = reader.feed(text[: text.index("say(y)") + 4])
    assert [type(item.node) for item in first if isinstance(item, Finished)] == [s.Assign]
    assert [block.kind for block in reader.blocks] == ["flow", "for"]
    rest = [item for item in reader.feed(text[len(reader.text) :]) if isinstance(item, Finished)]
    assert [(type(item.node), item.depth, item.flow) for item in rest] == [
        (s.Do, 2, "f"),
        (s.Do, 1, "f"),
        (s.FlowDef, 0, ""),
    ]


def test_definitions_are_handed_over_too() -> None:
    text = 'use "more.flow"\nuse "w.jsonl" as w\npure tool t(a: text = w) -> int "counts"\nflow f() { answer t("a") }'
    assert spans(text) == [
        'use "more.flow"',
        'use "w.jsonl" as w',
        'pure tool t(a: text = w) -> int "counts"',
        'answer t("a")',
        text[text.index("flow f") :],
    ]


# --- what is open


def test_blocks_tell_what_leads_them_in() -> None:
    assert open_at('flow f(x: {a: int}) -> text { "doc" x = `1` if x {') == [
        ("flow", "flow f(x: {a: int}) -> text {"),
        ("if", "if x {"),
    ]
    assert open_at("flow f() { if x { } else if y { } else if z {")[1:] == [("if", "if z {")]
    assert open_at("flow f() { if x { } else {")[1:] == [("else", "else {")]
    assert open_at('flow f() { match x { "a", 3 {')[1:] == [("match", "match x {"), ("case", '"a", 3 {')]
    assert open_at('flow f() { match x { "a" { } else {')[1:] == [("match", "match x {"), ("else", "else {")]
    assert open_at("flow f() { while x max 3 {")[1:] == [("while", "while x max 3 {")]
    assert open_at("flow f() { a = b else for x, y in z {")[1:] == [("for", "a = b else for x, y in z {")]
    assert open_at("flow f() { x: {") == [("flow", "flow f() {")], "the brace of a type opens no block"


def test_blocks_tell_what_is_known_of_their_statement() -> None:
    def last(text: str) -> Block:
        return reader_of(f"flow river() {{ {text}").blocks[-1]

    assert reader_of("flow river() {").blocks[0].name == "river"
    assert not last("for x in y {").as_value and not last("sample 3 {").as_value
    assert last("a = for x in y {").as_value and last("answer sample 3 {").as_value
    assert last("for x in y yield for z in x {").as_value
    assert last('match ask "Which?" given x {').asks and not last("match x {").asks
    until = last("repeat 3 until `x > 2` {").until
    assert until is not None and "flow river() { repeat 3 until `x > 2` {"[until.start : until.end] == "until `x > 2`"
    assert last("repeat 3 {").until is None


def test_a_yield_is_known_to_the_loop_that_it_belongs_to() -> None:
    reader = reader_of("flow f() { a = for x in y { for z in x { if z { yield z }")
    assert [(block.kind, block.yields) for block in reader.blocks] == [("flow", False), ("for", True), ("for", False)]
    assert reader_of("flow f() { a = for x in y { yield").blocks[1].yields is False
    assert [b.yields for b in reader_of("flow f() { a = for x in y { sample 3 { yield x }").blocks] == [False, False]


def test_what_is_settled_is_well_formed_with_its_blocks_closed() -> None:
    for path in SOUND:
        text = path.read_bytes().decode("utf-8")
        reader, seen = Reader(), set()
        for letter in text:
            before = reader.settled
            reader.feed(letter)
            assert reader.settled >= before
            if reader.blocks and reader.settled not in seen:
                seen.add(reader.settled)
                closed = text[: reader.settled] + "\n}" * len(reader.blocks)
                assert parse_lenient(closed)[0] is not None, closed


def test_what_follows_is_known_as_far_as_it_is_certain() -> None:
    def following(text: str) -> tuple[str, str]:
        reader = reader_of(f"flow f() {{ a = 3 {text}")
        return reader.next, reader.next2

    assert following("b") == ("NAME", "EQUAL"), "nothing is settled behind the brace yet"
    assert following("b ") == ("NAME", "")
    assert following("b -") == ("NAME", "")
    assert following("b -> ") == ("NAME", "ARROW")
    assert following("b,") == ("NAME", "COMMA")
    assert following("answer ") == ("ANSWER", "")


# --- errors


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        ("flow f() { x = 3 ", "=> ", "syntax-unexpected"),
        ("flow f() { x = ", "} ", "syntax-missing-value"),
        ("flow f() { x = 3x", " ", "syntax-number"),
        ("flow f() { else", " ", "syntax-else"),
        ("flow f() { x: txt", " =", "type-unknown"),
        ("flow f() { x = `1 + 2", "\n", "syntax-unclosed-code"),
        ("flow f() { x = 3 } ", "}", "syntax-extra-brace"),
        ("flow f() { x = 3\n", "\ud800", "encoding-utf8"),
        ("flow f() { " + "if x { " * 59, "if x {", "limit-depth"),
    ],
)
def test_an_error_is_told_as_soon_as_it_is_certain(good: str, bad: str, code: str) -> None:
    reader = reader_of(good)
    assert reader.ok
    items = [item for letter in bad for item in reader.feed(letter)]
    assert not reader.ok
    told = [item for item in items if isinstance(item, Diagnostic)]
    assert [item.code for item in told] == [code] and told[0] in reader.finish()[1]
    assert reader.feed("x = 3 }") == [] and reader.finish() == parse_lenient(reader.text)


@pytest.mark.parametrize(
    "text",
    [
        "flow f(",
        "flow f() { x =",
        'flow f() { x = ask "What',
        "flow f() { x = ```\n1",
        "flow f() { x: dict[text",
        "Here is",
        "<thi",
    ],
)
def test_what_has_not_arrived_is_no_error(text: str) -> None:
    reader = reader_of(text)
    assert reader.ok and (reader.finish()[0] is None)


def test_a_text_may_be_so_long_and_no_longer() -> None:
    reader = Reader()
    reader.feed("flow f() { answer 1 }\n")
    assert reader.feed("# " + "a" * 999_976) == [] and reader.ok
    items = reader.feed("bc")
    assert [item.code for item in items if isinstance(item, Diagnostic)] == ["limit-size"] and not reader.ok


# --- what stands around


FLOW = "flow f() -> int {\n  x = 3\n  answer x\n}"


@pytest.mark.parametrize(
    "reply",
    [
        f"Here is the flow:\n\n```flow\n{FLOW}\n```\nIt counts: nothing else.",
        f"It is simple.\n{FLOW}\n\nThat is all.",
        f"<think>\nflow g() {{ answer 1 }}? No:\n```\nx = 3\n```\n</think>\n\n```\n{FLOW}\n```",
        f"  <THINK>One</think>{FLOW}",
        f"{FLOW}\n\nAnd a second one:\n\nflow g() {{ y = 4 }}",
    ],
)
def test_what_stands_around_a_flow_is_passed_over(reply: str) -> None:
    for reader in (reader_of(reply), Reader()):
        items = reader.feed(reply) if not reader.text else []
        assert not any(isinstance(item, Diagnostic) for item in items)
        assert reader.ok and reader.text == reply
        flow, found = reader.finish()
        assert flow is not None and flow.main == parse(FLOW).main and not errors(found)
        assert flow.source.text == reply and reply[flow.main.span.start : flow.main.span.end] == FLOW


def test_thoughts_that_do_not_end_hold_no_flow() -> None:
    reader = reader_of(f"<think>{FLOW}")
    assert reader.ok and not reader.blocks
    assert [each.code for each in reader.finish()[1]] == ["syntax-no-flow"]


def test_harmless_spellings_are_mended() -> None:
    text = 'flow f() { x = f"{y}"; b = True; if c { } elif d { } k = “a b”; z = ask F"q" }'
    assert [type(item.node) for item in Reader().feed(text) if isinstance(item, Finished)] == [
        *(s.Assign, s.Assign, s.If, s.Assign, s.Assign, s.FlowDef)
    ]


# --- cost


def read(text: str, size: int) -> None:
    reader = Reader()
    for at in range(0, len(text), size):
        reader.feed(text[at : at + size])
    assert reader.ok


def test_small_pieces_cost_little_more_than_a_whole() -> None:
    lines = (
        '  note = ask "What of {x["a"]} and \\"{y}\\"?" given x\n  if `x > 3` { z = f(a, 3) else 3 } else { q = 1 }\n'
    ) * 500
    text = f"flow f(x: text) {{\n{lines}}}\n"
    assert len(text) > 50_000
    assert within(8, lambda: read(text, len(text)), lambda: read(text, 1))


@pytest.mark.parametrize(
    "text",
    [
        'flow f() {{ x = ask "{} {{x["k"]}} \\""',
        'flow f() {{ x = ask """{} {{x["k"]}} ""\n',
        'flow f() {{ x = ask "{{x["{}',
        "flow f() {{ x = ```\n{} = `` 3 ",
        "flow f() {{ x = ```\n{}",
        "flow f() {{ x = 3 # {}",
        "flow f() {{ x = 3 }}\nHere {} is\n",
        "Here {} is\n",
        "<think>{}</thin",
        "flow f() {{ x{}",
        "flow f() {{ x = “{} \\”",
    ],
)
def test_what_is_long_is_not_looked_at_again_and_again(text: str) -> None:
    short, long = text.format("a" * 2000), text.format("a" * 32_000)
    assert within(16 * 4, lambda: read(short, 1), lambda: read(long, 1), room=0.2)


def test_many_small_parts_of_a_string_are_looked_at_once() -> None:
    def long(count: int) -> str:
        return 'flow f() { x = ask "' + 'a \\" {x["k"]} \\u0041 ' * count + '" }'

    assert within(8 * 4, lambda: read(long(300), 1), lambda: read(long(2400), 1))
