"""What the parser takes, mends and refuses, and how it says so."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from lark import Lark

from flowreason_dsl import FlowSyntaxError, decode, parse, parse_lenient, render
from flowreason_dsl import syntax as s
from flowreason_dsl.diagnostics import Diagnostic, errors
from flowreason_dsl.fixing import apply_fixes
from flowreason_dsl.grammar import grammar, grammar_text
from flowreason_dsl.source import Source
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, Choice, DictOf, ListOf, Record
from tests.growth import within

CORPUS = sorted((Path(__file__).parent.parent / "corpus" / "valid").glob("**/*.flow"))


def body(text: str) -> tuple[s.Statement, ...]:
    return parse(f"flow main() {{\n{text}\n}}").main.body.statements


def value(text: str) -> s.Expression:
    (statement,) = body(f"x = {text}")
    assert isinstance(statement, s.Assign)
    return statement.value


def found(text: str) -> list[Diagnostic]:
    return parse_lenient(text)[1]


def codes(text: str) -> list[str]:
    return [d.code for d in found(text)]


def in_flow(statement: str) -> str:
    return f"flow main(a: text, b: int) -> text {{\n  {statement}\n  z = 5\n}}\n"


# --- the corpus ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_flow_of_the_corpus_parses_without_a_word(path: Path) -> None:
    assert found(decode(path.read_bytes(), path.name)) == []


def test_the_corpus_is_large_and_uses_every_rule_of_the_grammar() -> None:
    assert len(CORPUS) >= 40
    met: set[str] = set()
    lark = Lark(grammar_text(), parser="lalr", lexer="contextual", keep_all_tokens=True)
    for path in CORPUS:
        met |= {str(tree.data) for tree in lark.parse(decode(path.read_bytes())).iter_subtrees()}
    rules = {rule.alias or rule.options.template_source or rule.origin.name for rule in lark.rules}
    assert {rule for rule in rules if not rule.startswith("_")} - met <= {
        "value",
        "simple",
        "act",
        "action",
        "loop",
        "type",
        "statement",
        "expression",
    }


def test_the_grammar_file_alone_reads_what_our_lexer_reads() -> None:
    lark = Lark(grammar_text(), parser="lalr", lexer="contextual")
    for path in CORPUS:
        lark.parse(decode(path.read_bytes()))
    assert not [
        name for name, pattern in grammar().patterns.items() if "(?=" in pattern or "(?!" in pattern or "(?<" in pattern
    ]


# --- meaning of forms ----------------------------------------------------------------------------------------


def test_suffixes_come_in_any_order_and_belong_to_the_innermost_expression() -> None:
    one = value('ask "q" given a ensure `x`, "m" with seed=1 given b.c else f(a) ensure `x`')
    assert [path.name.text for path in one.given] == ["a", "b"]
    assert [setting.name.text for setting in one.settings] == ["seed"]
    assert len(one.ensures) == 1
    assert one.otherwise is not None
    assert len(one.otherwise.ensures) == 1
    line = value('for i in xs yield ask "q" given a else 3')
    assert line.given == () and line.otherwise is None
    assert isinstance(line.value, s.For) and line.value.line
    (inner,) = line.value.body.statements
    assert isinstance(inner, s.Yield) and inner.value.given and inner.value.otherwise
    assert value("for i in xs { yield i } given a").given


def test_else_belongs_to_the_right() -> None:
    one = value("a else b else c")
    assert one.otherwise and one.otherwise.otherwise and one.otherwise.otherwise.value == s.Path(s.Name("c"))


def test_answer_with_a_colon_or_an_equals_sign_is_an_answer() -> None:
    assert body("answer = 3") == body("answer 3")
    (typed,) = body("answer: int = 3")
    assert isinstance(typed, s.Answer) and typed.type == s.TypeRef(INT)


def test_types_of_every_kind() -> None:
    text = (
        'flow f(a: list[dict[{x: int, for: "p" | "q"}]], b: any = "t", c: number = -1.5e3, d: bool = true) -> text { }'
    )
    parameters = parse(text).main.parameters
    assert parameters[0].type.type == ListOf(DictOf(Record((("x", INT), ("for", Choice(("p", "q")))))))
    assert [p.type.type for p in parameters[1:]] == [ANY, NUMBER, BOOL]
    assert [p.default.value for p in parameters[1:] if p.default] == ["t", -1500.0, True]


def test_names_of_types_and_user_are_ordinary_names_elsewhere() -> None:
    (statement,) = body('text = ask user "{list.user}" given user, any')
    assert isinstance(statement, s.Assign) and statement.name.text == "text"
    assert isinstance(statement.value.value, s.Ask) and statement.value.value.user


def test_a_field_may_have_any_name() -> None:
    path = value('order.for.answer[-1].class.True["two words"]').value
    assert path == s.Path(s.Name("order"), ("for", "answer", -1, "class", "True", "two words"))


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ('""', ()),
        (r'"a\n\t\"\\ \q \u00e9 \ud834\udd1e"', ('a\n\t"\\ \\q é 𝄞',)),
        ('"{{x}} {x}"', ("{x} ", s.Path(s.Name("x")))),
        ('"{ p.q[0]["a}b"][\'c\'] }"', (s.Path(s.Name("p"), ("q", 0, "a}b", "c")),)),
        ('"two\r\nlines"', ("two\nlines",)),
        ('"""say "hi" to {x}"""', ('say "hi" to ', s.Path(s.Name("x")))),
        ('"""\n      first\n        second\n\n      third\n  """', ("first\n  second\n\nthird",)),
        ('"""\n  ends here"""', ("ends here",)),
        ('"""\n  a\n\n  """', ("a\n",)),
    ],
)
def test_strings_hold_what_they_say(written: str, parts: tuple[object, ...]) -> None:
    template = value(written).value
    assert isinstance(template, s.Template)
    assert template.parts == parts


@pytest.mark.parametrize(
    ("written", "text", "block"),
    [
        ("` a + b `", "a + b", False),
        ("```a + b```", "a + b", True),
        ("```python a```", "a", True),
        ("```py\n    a\n      b\n  ```", "a\n  b", True),
        ("```\n\n  x = '''\n ```y\n'''```\n  ```", None, True),
        ("````\n  x\n  ```\n````", "x\n```", True),
        ("`````\n````\n`````", "````", True),
        ("```\n  x = '''\nout'''\n  x\n```", "x = '''\nout'''\nx", True),
        ("```first\n  second```\n```", "first\n  second```", True),
    ],
)
def test_python_pieces_are_dedented_and_fences_close_where_a_line_begins(
    written: str, text: str | None, block: bool
) -> None:
    flow, _ = parse_lenient(f"flow main() {{ x = {written} }}")
    if text is None:
        assert flow is None
        return
    assert flow is not None
    (statement,) = flow.main.body.statements
    assert isinstance(statement, s.Assign)
    assert statement.value.value == s.Code(text, block)


def test_lines_of_python_point_into_the_source_also_with_carriage_returns() -> None:
    text = "flow main() {\r\n  x = ```\r\n    a = 1\r\n      b\r\n  ```\r\n}"
    (statement,) = parse(text).main.body.statements
    assert isinstance(statement, s.Assign) and isinstance(statement.value.value, s.Code)
    code = statement.value.value
    assert code.text == "a = 1\n  b"
    assert [text[offset : offset + 5] for offset in code.lines] == ["a = 1", "  b\r\n"]


def test_spans_cover_what_was_written() -> None:
    text = 'flow main(a: text) -> text {\n  x: int = ask "How {a.b}?" given a\n  answer x\n}\n'
    flow = parse(text)
    assign = flow.main.body.statements[0]
    assert isinstance(assign, s.Assign) and isinstance(assign.value.value, s.Ask)
    (path,) = assign.value.value.question.paths
    pieces = [
        assign,
        assign.value,
        assign.value.value,
        path,
        path.name,
        assign.value.given[0],
        flow.main.body,
        flow.main,
    ]
    shown = [flow.source.slice(piece.span) for piece in pieces]
    assert shown[0] == 'x: int = ask "How {a.b}?" given a'
    assert shown[1:6] == ['ask "How {a.b}?" given a', 'ask "How {a.b}?"', "a.b", "a", "a"]
    assert shown[6].startswith("{\n") and shown[6].endswith("\n}")
    assert shown[7] == text.strip()


def test_comments_are_kept_with_their_place() -> None:
    text = '# one\nflow main() { # two\n  x = "# not this" # three\n  ```\n  # nor this\n  ```\n  # four'
    comments = parse(text + "\n}").comments
    assert [(c.text, c.own_line) for c in comments] == [
        ("# one", True),
        ("# two", False),
        ("# three", False),
        ("# four", True),
    ]
    assert all(text[c.span.start : c.span.end] == c.text for c in comments)


# --- what is mended ------------------------------------------------------------------------------------------

PLAIN = 'flow main(a: text) -> list[text] {\n  x: dict[int] = ask "Why {a}?"\n  answer x\n}\n'


@pytest.mark.parametrize(
    ("written", "hints"),
    [
        (f"```flow\n{PLAIN}```", ["mended-fence", "mended-fence"]),
        (f"Here is the flow:\n\n```\n{PLAIN}```\nIt's short. Enjoy!\n", ["mended-fence", "mended-fence"]),
        (f"Sure! Here it is.\n{PLAIN}\nNote that it asks once (and only once).", ["mended-prose", "mended-prose"]),
        (f"{PLAIN}```\n", ["mended-fence"]),
        (f"flow:\n\n```\n{PLAIN}", ["mended-fence"]),
        (f"<flow>\n{PLAIN}</flow>\n", ["mended-prose", "mended-prose"]),
        (PLAIN.replace('"', "“", 1).replace('"', "”", 1), ["mended-quotes"]),
        (PLAIN.replace('"', "'"), ["mended-quotes"]),
        (PLAIN.replace("answer x", "answer x;").replace('?"', '?";'), ["mended-semicolon"] * 2),
        (PLAIN.replace("text]", "str]").replace(": text", ": string"), ["mended-type"] * 2),
        (PLAIN.replace("list[text]", "List[text]"), ["mended-type"]),
        (PLAIN.replace("dict[int]", "dict[str, int]"), ["mended-type"]),
        (PLAIN.replace("dict[int]", "Dict[text, integer]"), ["mended-type"] * 3),
        (PLAIN.replace('ask "', 'ask f"'), ["mended-prefix"]),
        ("\ufeff" + PLAIN, []),
        (PLAIN.replace("\n", "\r\n"), []),
        (PLAIN.replace("  x", "\u00a0\u200bx"), []),
    ],
)
def test_harmless_deviations_give_the_same_tree_and_a_hint_each(written: str, hints: list[str]) -> None:
    flow, diagnostics = parse_lenient(written)
    assert flow == parse(PLAIN), render(diagnostics, Source(written))
    assert [d.code for d in diagnostics] == hints
    assert all(d.severity == "hint" and d.fix for d in diagnostics)


def test_other_words_for_literals_and_branches_are_mended() -> None:
    flow, diagnostics = parse_lenient("flow f() { x: list = True if `x` { } elif False { } }")
    assert flow == parse("flow f() { x: list[any] = true if `x` { } else if false { } }")
    assert [d.code for d in diagnostics] == ["mended-type", "mended-word", "mended-word", "mended-word"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('c = ask("q")', 'c = ask "q"'),
        ('c = ask: "q"', 'c = ask "q"'),
        ('c = ask "q" given [a, b.name]', 'c = ask "q" given a, b.name'),
        ('c = ask "q" given: a', 'c = ask "q" given a'),
        ('c = ask "q" with vote=3, ensure `a`, if a { }', 'c = ask "q" with vote=3 ensure `a` if a { }'),
        ("answer(a)", "answer a"),
        ('answer: "{a}"', 'answer "{a}"'),
        ("answer: a", "answer a"),
        ('answer: ask user: "q"', 'answer ask user "q"'),
        ("if (a) { b = 3 }", "if a { b = 3 }"),
        ("if (`a`): { b = 3 } else: { }", "if `a` { b = 3 } else { }"),
        ("while (a.left) then { }", "while a.left { }"),
        ("repeat (3) times { b = 3 }", "repeat 3 { b = 3 }"),
        ('match a { case "x" | "y" => { } case "z": { } _ -> { } }', 'match a { "x", "y" { } "z" { } else { } }'),
        ('match a { "x", { } default { } }', 'match a { "x" { } else { } }'),
        ("a --> b", "a -> b"),
        ("a → b ⇒ a", "a -> b -> a"),
        ("c := 3", "c = 3"),
        ("c: int := 3", "c: int = 3"),
    ],
)
def test_a_slip_that_can_be_read_in_one_way_is_read_so(written: str, meant: str) -> None:
    text = f"flow f(a: any, b: any) {{ {written} }}"
    flow, hints = parse_lenient(text)
    assert flow == parse(f"flow f(a: any, b: any) {{ {meant} }}"), render(hints, Source(text))
    assert {d.code for d in hints} == {"mended-mark"}
    assert parse_lenient(apply_fixes(text, hints)) == (flow, [])


@pytest.mark.parametrize(
    "written",
    ['c = ask("q").upper()', "if (a) and b { }", "a --> b[Text]", "a -->|yes| b", "answer: a = 3 4", "c = ask(a, b)"],
)
def test_what_only_looks_like_a_slip_is_refused(written: str) -> None:
    assert parse_lenient(f"flow f(a: any, b: any) {{ {written} }}")[0] is None


def test_text_that_could_belong_to_the_flow_is_never_passed_over() -> None:
    assert codes(PLAIN + "  answer x\n}\n") == ["syntax-outside-flow"]
    assert "syntax-outside-flow" in codes("x = 3\n" + PLAIN)
    assert codes(PLAIN + "\nflw other(a: text) { answer a }") == ["syntax-word"]


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("c = a + b", ["syntax-python"]),
        ("if b > 3 { answer a }", ["syntax-python"]),
        ("c = [1, 2,\n   3]", ["syntax-python"]),
        ("c = a if b else z", ["syntax-python"]),
        ("c = a.upper()", ["syntax-python"]),
        ("c = `a` + `b`", ["syntax-python"]),
        ("b += 1", ["syntax-python"]),
        ("answer not a", ["syntax-python"]),
        ('c = ask "q" ensure b > 3, "more"', ["syntax-python"]),
        ("return a", ["syntax-python-word"]),
        ("try { b = 3 } except { b = 4 }", ["syntax-python-word"]),
        ("c = ask a", ["syntax-question"]),
        ("c = ask `a`", ["syntax-question"]),
        ("c = ask(a)", ["syntax-brackets"]),
        ("if `a`:\n    b = 3", ["syntax-block"]),
        ("repeat until `a` { b = 3 }", ["syntax-bound"]),
        ('ask "q" -> a', ["syntax-edge"]),
        ("a, b = `f`", ["syntax-targets"]),
        ("in = 3", ["syntax-reserved-name"]),
        ("class = 3", ["syntax-reserved-name"]),
        ("c =", ["syntax-missing-value"]),
        ("c = a else", ["syntax-missing-value"]),
        ("else { b = 3 }", ["syntax-else"]),
        ("given a", ["syntax-suffix"]),
        ('"just a text"', []),  # the docstring
        ('b = 3\n  "just a text"', ["syntax-bare-text"]),
        ('c = ask "say "hi" to me"', ["syntax-bare-text"]),
        ("// a comment", ["syntax-comment"]),
        ("größe = 3", ["syntax-unexpected"]),
        ("c = 1_000", ["syntax-number"]),
        ("c = 5x", ["syntax-number"]),
        ("c = ``", ["syntax-empty-code"]),
        ("c = `a + b", ["syntax-unclosed-code"]),
        ("c = ```\n  a```", ["syntax-unclosed-code"]),
        ('c = ask "why?\n  d = ask "what?"', ["syntax-unclosed-string"]),
        ('c = ask """why?', ["syntax-unclosed-string"]),
        ('c = ask "{a + 1} and {{ok}}"', ["template-brace"]),
        ('c = ask "{b["k"] + 1}"', ["template-brace"]),
        ('c = ask "a } b"', ["template-brace"]),
        ('c = "\\u12"', ["syntax-bad-escape"]),
        ('c = "\\ud800"', ["syntax-bad-escape"]),
        ("c: strng = a", ["type-unknown"]),
        ("c: dict[int, text] = a", ["type-key"]),
        ("c: text[] = a", ["type-form"]),
        ("c: text | int = a", ["type-form"]),
        ('c: {"a": int} = a', ["type-form"]),
        ("c = 1e999", ["limit-number"]),
    ],
)
def test_each_mistake_is_told_once_and_by_its_name(statement: str, expected: list[str]) -> None:
    assert codes(in_flow(statement)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["syntax-no-flow"]),
        ("What is the capital of France?", ["syntax-no-flow"]),
        ("graph TD\n  A[Start] --> B[End]\n", ["syntax-no-flow"]),
        ("flow f { }", ["syntax-parameters"]),
        ("flow f(a, b) { }", ["syntax-parameter-type", "syntax-parameter-type"]),
        ("flow f(max: int) { }", ["syntax-reserved-name"]),
        ("flow f() {\n  flow g() {\n  x = 3\n  }\n  answer 3\n}", ["syntax-nested-flow"]),
        ("flow f() {\n  x = 3\n}\n}\n", ["syntax-extra-brace"]),
        ("flow f() {\n  for a in b {\n    x = 3\n", ["syntax-unclosed-brace"]),
        ("flow f() {\n  for a in b {\n    x = f(a,\n", ["syntax-unexpected-end"]),
        ('flow f() {\n  for a in b {\n    x = ask "Why', ["syntax-unclosed-string"]),
        ("flow f() {\n  for a in b {\n    x = ```\n  3", ["syntax-unclosed-code"]),
        ("flow", ["syntax-unexpected-end"]),
        ("flow f(a: text) {\n  x = \x00\n}", ["syntax-unexpected"]),
        ("flow f() { \ud800 }", ["encoding-utf8"]),
    ],
)
def test_whole_texts_that_are_no_flows(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_five_faults_in_five_statements_are_five_reports() -> None:
    text = """
flow first(a: text) -> text {
  x = ask "What?" given
  if a > 3 {
    y = = 3
    for q r in a {
      z = ask a
    }
  }
  answer x
}

flow second(a: text) -> text {
  match a {
    "x" { answer ask }
    else { answer "ok" }
  }
}
"""
    reports = found(text)
    assert [Source(text).position(d.span.start)[0] for d in reports] == [3, 4, 5, 6, 7, 15]
    assert all(d.severity == "error" for d in reports)


def test_an_unclosed_brace_is_told_at_the_brace_whose_lines_do_not_match() -> None:
    text = "flow f(a: text) {\n  for x in a {\n    if x {\n      y = 3\n    z = 4\n  }\n  answer z\n}\n"
    (report,) = found(text)
    assert report.code == "syntax-unclosed-brace"
    assert [Source(text).position(label.span.start)[0] for label in report.labels] == [3]
    text = "flow f() {\n  if `a` {\n    x = 3\n  answer x\n}\n\nflow g() {\n  answer oops!\n}\n"
    assert codes(text) == ["syntax-unclosed-brace", "syntax-unexpected"]


def test_a_fix_applied_mends_what_it_reports() -> None:
    for statement in ("c = a + b", "c = ask a", 'c = ask("q")', "b += 1", "a --> b", "c := 3", "answer {a}", "in = 3"):
        text = in_flow(statement)
        (report,) = found(text)
        assert report.fix, statement
        fixed = text[: report.fix.span.start] + report.fix.replacement + text[report.fix.span.end :]
        assert codes(fixed) == [], fixed


def test_messages_show_no_names_of_the_grammars_own_making() -> None:
    for statement in ("c = )", "for x y", "c: = 3", "match a { 3 4 { } }", "c = f(a b)", "p.", "use x", "c = run 3"):
        for report in found(in_flow(statement)):
            assert not set(report.message.split()) & {
                "NAME",
                "TEXT",
                "TEMPLATE",
                "CODE",
                "BLOCK",
                "RBRACE",
                "SCALAR",
                "$END",
            }


def test_parse_raises_what_parse_lenient_returns() -> None:
    with pytest.raises(FlowSyntaxError) as caught:
        parse(in_flow("c = a + b"), "town.flow")
    assert caught.value.diagnostics == tuple(found(in_flow("c = a + b")))
    assert "town.flow:2:7" in str(caught.value)


# --- bytes, limits, speed ------------------------------------------------------------------------------------


def test_bytes_that_are_not_utf8_are_told_with_their_line() -> None:
    with pytest.raises(FlowSyntaxError) as caught:
        decode(b'flow f() {\n  x = "caf\xe9"\n}\n', "cafe.flow")
    (report,) = caught.value.diagnostics
    assert report.code == "encoding-utf8"
    assert "cafe.flow:2:11" in str(caught.value)
    assert decode(b"\xef\xbb\xbfflow") == "flow"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 1_000_001, "limit-size"),
        ("{" * 100_000, "limit-depth"),
        ("flow f() { " + "if a {" * 100_000, "limit-depth"),
        ("flow f(a: " + "list[" * 100_000, "limit-depth"),
        ("flow f() { x = " + "f(" * 100_000, "limit-depth"),
        ("flow f() { x = a " + "else a " * 5_000 + "}", "limit-depth"),
        ("flow f() { x = " + "for a in b yield " * 5_000 + "a }", "limit-depth"),
        ("flow f() { " + "a " * 400_000 + "}", "limit-size"),
        ('flow f() { x = "' + "{a}" * 300_000 + '" }', "limit-size"),
        ('"' * 90_001, "syntax-unclosed-string"),
        ("flow f() { x = " + '"\\' * 400_000, "syntax-unclosed-string"),
        ('flow f() { x = ask "' + '{"a"}' * 150_000, "limit-size"),
        ("`a" * 400_000, "limit-size"),
        ("}\nfoo(x)\n" * 100_000, "limit-size"),
        ("Hello\n" + ")" * 900_000 + "\nflow f() { }", "mended-prose"),
        ("‘" * 300_000, "syntax-no-flow"),
        (";" * 900_000, "syntax-no-flow"),
        ("flow f() {" + "x = a + + b\n" * 80_000, "limit-size"),
        ("flow f() {" + "x = a + + b\n" * 12_000, "syntax-python"),
    ],
    ids=range(19),
)
def test_a_megabyte_of_anything_is_answered_quickly(text: str, code: str) -> None:
    begin = time.process_time()
    flow, diagnostics = parse_lenient(text)
    assert time.process_time() - begin < 4
    assert code in {d.code for d in diagnostics}
    assert len(diagnostics) <= 300
    assert (flow is None) == bool(errors(diagnostics))


def test_the_deepest_flow_that_is_taken_can_be_compared_and_shown() -> None:
    deepest = "flow f() { " + "for x in a { " * 59 + "}" * 60
    assert parse(deepest) == parse(deepest)
    assert repr(parse(deepest))
    chain = "flow f() { x = a" + " else a" * 35 + " }"
    assert parse(chain) == parse(chain)


def test_time_grows_in_proportion() -> None:
    text = "flow f(a: text) {\n" + '  draft = ask "Write about {a}" given a\n' * 2_000
    parse(text + "}")

    def whole(times: int) -> str:
        return "\n".join([text.replace("flow f", f"flow f{i}") + "}" for i in range(times)])

    once, eight = whole(1), whole(8)
    assert within(8 * 3, lambda: parse(once), lambda: parse(eight)), (
        "eight times the text takes far more than eight times as long: growth in squares is 64"
    )


def test_importing_the_language_does_not_load_the_parser_generator() -> None:
    code = "import sys, flowreason_dsl; assert 'lark' not in sys.modules; flowreason_dsl.parse('flow f() { }'); assert 'lark' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(Path(__file__).parents[2] / "dsl")})


FIRST = """
import sys, threading
sys.setswitchinterval(1e-5)
from flowreason_dsl.parser import parse_partial
faults = []
def work():
    try:
        parse_partial('flow f() -> text { x = ask "q" answer "i" + y }', "x")
    except Exception as error:
        faults.append(repr(error))
threads = [threading.Thread(target=work) for _ in range(4)]
[each.start() for each in threads]
[each.join() for each in threads]
work()
print(faults)
"""


def test_threads_that_parse_the_first_flow_together_read_one_grammar() -> None:
    ran = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
