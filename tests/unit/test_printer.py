"""How a flow is printed: the one style, the escapes, the places of comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowreason_dsl import FlowSyntaxError, decode, format_flow, format_text, parse
from flowreason_dsl import syntax as s

CORPUS = sorted((Path(__file__).parent.parent / "corpus" / "valid").glob("**/*.flow"))


def statement(text: str) -> str:
    """How one statement is printed."""
    lines = format_text(f"flow main() {{\n{text}\n}}").split("\n")
    return "\n".join(line[2:] for line in lines[1:-2])


def expression(value: s.Value, **more: object) -> str:
    """How a tree that was made by hand is printed."""
    tree = s.Expression(value, **more)  # type: ignore[arg-type]
    flow = s.Flow((s.FlowDef(s.Name("main"), (), None, None, s.Block((s.Assign(s.Name("x"), tree),))),))
    text = format_flow(flow)
    assert format_text(text) == text
    return text.removeprefix("flow main() {\n  ").removesuffix("\n}\n")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_formatting_keeps_the_flow_and_its_comments_and_is_done_at_once(path: Path) -> None:
    flow = parse(decode(path.read_bytes()))
    once = format_flow(flow)
    assert parse(once) == flow
    assert [c.text for c in parse(once).comments] == [c.text for c in flow.comments]
    assert format_text(once) == once


def test_the_style() -> None:
    written = """use"a.flow"
tool  t( x:text )->int "what it does"
pure tool u()
flow f(a:int,b:text="x",)->text{"What it does" answer=g(a,key=`b`)given a with seed=1}
# about g


flow g(x: any) { if `x`{break}else if x.y{}else{yield 3}

  match x{"a",1{}else{a,b->c->d}}
  while `x`max 3{x=ask user"?"}
  repeat 3 until `x`{}
  n:list[{a:"p"|"q"}]=for i,j in x{yield i}given x ensure `n`,"m" else sample 2{yield emulate`f(x)`}else -1.50
  for i in x yield run p.q given x
  answer:int=solve"?" # done
  }"""
    assert (
        format_text(written)
        == """use "a.flow"
tool t(x: text) -> int "what it does"
pure tool u()

flow f(a: int, b: text = "x") -> text {
  "What it does"
  answer g(a, key=`b`) given a with seed=1
}

# about g

flow g(x: any) {
  if `x` {
    break
  } else if x.y {
  } else {
    yield 3
  }

  match x {
    "a", 1 {
    }
    else {
      a, b -> c -> d
    }
  }
  while `x` max 3 {
    x = ask user "?"
  }
  repeat 3 until `x` {
  }
  n: list[{a: "p" | "q"}] = for i, j in x {
    yield i
  } given x ensure `n`, "m" else sample 2 {
    yield emulate `f(x)`
  } else -1.5
  for i in x yield run p.q given x
  answer: int = solve "?"  # done
}
"""
    )


def test_long_lines_are_broken_before_what_belongs_to_the_value() -> None:
    text = 'score: int = ask "Score this text about the longest rivers of the world from 1 to 10" given draft, task with seed=1 ensure `score`, "1 to 10" else 3'
    assert statement(text).split("\n") == [
        'score: int = ask "Score this text about the longest rivers of the world from 1 to 10"',
        "  given draft, task",
        "  with seed=1",
        '  ensure `score`, "1 to 10"',
        "  else 3",
    ]


def test_long_headers_have_one_parameter_a_line() -> None:
    names = [f"parameter_number_{i}: text" for i in range(5)]
    printed = format_text(f"flow main({', '.join(names)}) -> text {{ }}")
    assert printed.split("\n") == ["flow main(", *[f"  {name}," for name in names], ") -> text {", "}", ""]


def test_strings_of_several_lines_stand_between_three_quotes_at_the_depth_of_their_statement() -> None:
    assert statement('x = ask "one\ntwo {a}\n\n  three \\"so\\"" given a').split("\n") == [
        'x = ask """',
        "  one",
        "  two {a}",
        "",
        '    three "so"',
        '""" given a',
    ]
    assert statement('x = "one\\n"') == 'x = "one\\n"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "a\nb",
        " a\n b",
        "\n\na\n\n",
        "a \n b\t\n\tc",
        '"""\n"',
        '\\\n\\"',
        "{\n}",
        "\r\n",
        "\u2028\n\x00",
        "\\u0041\n",
    ],
)
def test_every_text_comes_back(text: str) -> None:
    for parts in ((text,) if text else (), (text + "x", s.Path(s.Name("y")), text) if text else (s.Path(s.Name("y")),)):
        template = s.Template(parts)
        (node,) = parse(f"flow main() {{\n{expression(template)}\n}}").main.body.statements
        assert isinstance(node, s.Assign)
        assert node.value.value == template


def test_python_is_indented_with_its_statement_and_fenced_as_far_as_needed() -> None:
    assert expression(s.Code("a + b")) == "x = `a + b`"
    assert expression(s.Code("a\n  b", block=True)) == "x = ```\n    a\n      b\n  ```"
    assert expression(s.Code("a\nb")) == "x = ```\n    a\n    b\n  ```"
    assert expression(s.Code("'`'")) == "x = ```\n    '`'\n  ```"
    assert expression(s.Code("s = '''\n```\n'''", block=True)).count("````") == 2
    with pytest.raises(ValueError, match="five backticks"):
        expression(s.Code("s = '''\n`````\n'''", block=True))


def test_comments_keep_their_place() -> None:
    written = """# top

flow f(
  a: text, # the a
  # own
  b: int
) { # header

  # before x
  x = ask "q" # the ask
      # own, inside
      given a # the given
      else 3 # the else

  # before if
  if a { # the if
    # alone in a block
  } # the end
  # before else? no, at the end of the block
  y = g(a, # inside an argument
        b)
  # last
} # after f
# bottom
"""
    assert (
        format_text(written)
        == """# top

flow f(
  a: text,  # the a
  # own
  b: int,
) {  # header
  # before x
  x = ask "q"  # the ask
    # own, inside
    given a  # the given
    else 3  # the else

  # before if
  if a {  # the if
    # alone in a block
  }  # the end
  # before else? no, at the end of the block
  y = g(a, b)  # inside an argument
  # last
}  # after f

# bottom
"""
    )


def test_definitions_keep_their_order_and_flows_stand_apart() -> None:
    written = 'flow f() { }\ntool t()\ntool u()\nflow g() { }\nuse "a"'
    assert format_text(written) == 'flow f() {\n}\n\ntool t()\ntool u()\n\nflow g() {\n}\n\nuse "a"\n'


def test_a_tree_without_a_text_is_printed_use_before_tool_before_flow() -> None:
    flow = s.Flow(
        (s.FlowDef(s.Name("f"), (), None, None, s.Block(())),),
        (s.ToolDef(s.Name("t"), (), None, "does", pure=True),),
        (s.Use("a.flow"),),
    )
    assert format_flow(flow) == 'use "a.flow"\npure tool t() "does"\n\nflow f() {\n}\n'


def test_what_has_no_form_is_refused_rather_than_printed_wrongly() -> None:
    loop = s.For((s.Name("i"),), s.Expression(s.Path(s.Name("xs"))), s.Block(()))
    with pytest.raises(ValueError, match="loop"):
        expression(s.Call(s.Name("f"), (s.Argument(s.Expression(loop)),)))
    with pytest.raises(ValueError, match="else"):
        expression(s.Call(s.Name("f"), (s.Argument(s.Expression(loop.items.value, otherwise=loop.items)),)))


def test_a_loop_on_one_line_that_is_followed_by_more_gets_a_block() -> None:
    items = s.Expression(s.Path(s.Name("xs")))
    loop = s.For((s.Name("i"),), items, s.Block((s.Yield(items),)), line=True)
    assert expression(loop) == "x = for i in xs yield xs"
    assert expression(loop, otherwise=items) == "x = for i in xs {\n    yield xs\n  } else xs"


def test_text_that_is_no_flow_is_refused() -> None:
    with pytest.raises(FlowSyntaxError):
        format_text("flow f() { x = a + b }")
