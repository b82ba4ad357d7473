"""What is known of Python before it runs: free names with Python's own scoping, values, faults and their places."""

from __future__ import annotations

import pytest

from flowreason_dsl.python import facts, reads
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Code


def piece(text: str, start: int = 0) -> Code:
    """A piece of Python that stands at an offset of a text."""
    offsets, position = [], start
    for row in text.split("\n"):
        offsets.append(position)
        position += len(row) + 1
    return Code(text, block="\n" in text, span=Span(start, start + len(text)), lines=tuple(offsets))


def free(text: str) -> set[str]:
    return {use.name for use in facts(piece(text)).uses}


def sure(text: str) -> set[str]:
    return {use.name for use in facts(piece(text)).uses if not use.maybe}


FREE = [
    ("a + b", {"a", "b"}),
    ("len(lines) + math.pi", {"lines"}),
    ("[x * k for x in xs]", {"k", "xs"}),
    ("[x for x in x]", {"x"}),
    ("[y for x in xs for y in x if y > low]", {"xs", "low"}),
    ("{k: v for k, v in pairs}", {"pairs"}),
    ("lambda a, b=c: a + b + d", {"c", "d"}),
    ("sorted(rows, key=lambda r: r[column])", {"rows", "column"}),
    ("x = 1\nx", set()),
    ("x = x + 1\nx", {"x"}),
    ("x += 1", {"x"}),
    ("x[0] += y", {"x", "y"}),
    ("def f(a):\n  b = a\n  return b + c\nf(d)", {"c", "d"}),
    ("def f(n):\n  return 1 if n < 2 else n * f(n - 1)\nf(5)", set()),
    ("class A(B):\n  k = v\n  def m(self):\n    return k\nA()", {"B", "v", "k"}),
    ("import math as m\nm.pi", set()),
    ("from math import *\nsqrt(x)", {"x"}),
    ("import collections.abc\ncollections.abc.Sized", set()),
    ("if (n := len(xs)) > 3:\n  n", {"xs"}),
    ("[m := x for x in xs]\nm", {"xs"}),
    ("try:\n  1 / d\nexcept ZeroDivisionError as e:\n  str(e)", {"d"}),
    ("with lock as l:\n  l", {"lock"}),
    ("for a, (b, *c) in rows:\n  a, b, c", {"rows"}),
    ("for i in xs:\n  pass\ni", {"xs", "i"}),
    ("match v:\n  case {'a': x, **rest}:\n    x, rest\n  case [p, *q] if p > z:\n    q", {"v", "z"}),
    ("def f():\n  global total\n  total = 1\nf()\ntotal", {"total"}),
    ("def f():\n  x = 1\n  def g():\n    nonlocal x\n    x += 1\n  g()\n  return x\nf()", set()),
    ("f'{name!r:>{width}}'", {"name", "width"}),
    ("del x", {"x"}),
    ("a: int = b\na", {"b"}),
    ("(i for i in range(n))", {"n"}),
    ("person['name'] + person.city", {"person"}),
    ("return total", {"total"}),
    ("eval(formula)", {"formula"}),
]


@pytest.mark.parametrize(("text", "names"), FREE, ids=[text.split("\n")[0] for text, _ in FREE])
def test_free_names_follow_the_scoping_of_python(text: str, names: set[str]) -> None:
    assert free(text) == names


SURE = [
    ("if c:\n  y = 1\ny", {"c"}),
    ("if c:\n  y = 1\nelse:\n  y = 2\ny", {"c"}),
    ("if c:\n  raise ValueError(m)\nelse:\n  y = 2\ny", {"c", "m"}),
    ("for x in xs:\n  if x:\n    print(last)\n  last = x", {"xs"}),
    ("for x in xs:\n  total = total + x\ntotal", {"xs", "total"}),
    ("def f():\n  return y\ny = 3\nf()", set()),
    ("def f():\n  return z\nf()", {"z"}),
    ("for i in xs:\n  if i == 0:\n    p = i\n    continue\n  print(i - p)\n  p = i", {"xs"}),
    ("for i in xs:\n  ok = i == 0 or i > p\n  p = i", {"xs"}),
    ("try:\n  y\nexcept NameError:\n  y = 0\ny", set()),
    ("try:\n  y = int(t)\nexcept ValueError:\n  y = 0\ny", {"t"}),
    ("while n:\n  n, r = divmod(n, 10)\nr", {"n"}),
    ("y\ny = 1", {"y"}),
]


@pytest.mark.parametrize(("text", "names"), SURE, ids=[repr(text) for text, _ in SURE])
def test_a_read_is_sure_only_where_the_piece_cannot_have_bound_the_name(text: str, names: set[str]) -> None:
    assert sure(text) == names


def test_a_variable_hides_a_builtin_only_where_it_is_in_scope() -> None:
    code = piece("sum(words) + total")
    assert [use.name for use in reads(code, {"total"})] == ["total"]
    assert [use.name for use in reads(code, {"total", "words"})] == ["words", "total"]
    assert facts(code).all_names == ("sum", "words", "total")


def test_calls_and_fields_of_a_name_are_known() -> None:
    (first, second) = facts(piece("older(p), p['start'], p.x and p.year", start=10)).uses
    assert (first.name, first.called, second.called) == ("older", True, False)
    assert second.fields == ("start", "x")
    assert [(t.name, t.key, t.span) for t in second.taken] == [
        ("start", True, Span(20, 30)),
        ("x", False, Span(32, 35)),
    ]


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("1 + 1", True),
        ("x = 1", False),
        ("x = 1\nx", True),
        ("if a:\n  return 1\nreturn 2", True),
        ("def f():\n  return 1", False),
    ],
)
def test_whether_a_piece_gives_a_value(text: str, gives: bool) -> None:
    assert facts(piece(text)).gives_value is gives


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a +", "python-syntax", 1, 3),
        ("a && b", "python-syntax", 1, 4),
        ("x = 1\nif x\n  2", "python-syntax", 2, 4),
        ("", "python-empty", 1, 1),
        ("# nothing", "python-empty", 1, 1),
        ("break", "python-syntax", 1, 1),
        ("for x in y:\n  yield x", "python-yield", 2, 3),
        ("await f()", "python-async", 1, 1),
        ("'é' + await_ +", "python-syntax", 1, 14),
        ("f(" * 500, "python-syntax", 1, 402),
        ("\0", "python-syntax", 1, 1),
    ],
)
def test_python_that_cannot_be_read_is_reported_inside_the_backticks(
    text: str, code: str, line: int, column: int
) -> None:
    found = facts(piece(text)).error
    assert found is not None
    assert found.code == code
    rows = text.split("\n")
    assert found.span.start == sum(len(row) + 1 for row in rows[: line - 1]) + column - 1


def test_a_deeply_nested_piece_is_an_error_and_no_crash() -> None:
    for text in ("-" * 100_000 + "1", "+".join(["1"] * 100_000), "x" + "[0]" * 50_000, "not " * 100_000 + "x"):
        found = facts(piece(text)).error
        assert found is not None
        assert found.code in ("python-too-deep", "python-syntax")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("import os", ["python-import"]),
        ("import math, re", []),
        ("import numpy as np, json", ["python-import"]),
        ("from datetime import datetime, tomorrow", ["python-attribute"]),
        ("import datetime.datetime", ["python-import"]),
        ("try:\n  import numpy\nexcept ImportError:\n  pass", []),
        ("def f(x):\n  total += x\nf(1)", ["python-local-unset"]),
        ("def f(x):\n  total = 0\n  total += x\nf(1)", []),
        ("def f(x):\n  x += 1\n  global y\n  y += 1", []),
        ("def f():\n  for i in range(3):\n    i += 1", []),
    ],
)
def test_what_the_sandbox_lacks_is_found_before_it_runs(text: str, codes: list[str]) -> None:
    assert [fault.code for fault in facts(piece(text)).faults] == codes


def test_columns_count_characters_and_not_bytes() -> None:
    (use,) = facts(piece("'größe' + wort", start=5)).uses
    assert use.span == Span(15, 19)
