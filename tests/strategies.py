"""Whole syntax trees of every shape that the parser can make, for property tests.

Invariant: a tree from here prints to a text that parses back to it. Names are few, so that they meet; the trees
follow the grammar, not the checker: a name may be unset, a type may not fit.
"""

from __future__ import annotations

import string
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from flowreason_dsl import syntax as s
from flowreason_dsl import types as t
from flowreason_dsl.grammar import grammar

_NAMES = ("river", "town", "year", "recipe", "train", "count", "items", "note", "x", "user", "text", "_rest", "dict")
_FIELDS = (*_NAMES, "answer", "for", "class", "true", "a b", 'say "hi"', "k}ey", "tab\t", "line\nend", "", "é")
_LETTERS = string.ascii_letters + string.digits + " .,:;?!'()[]<>=+-*/%&$#@^_|~\t\n\"\\{}`éß“”→𝄞\u2028\ufeff\x00\x07"
_PYTHON = (
    "1",
    "river",
    "len(items) + 1",
    "[n * n for n in range(10) if n % 2]",
    "f'{town!r} of {year:>4}'",
    "year == 1815 and not note",
    "{'a': {'b': 1}}['a']",
    "'it\\'s' + \"\\n\"",
    "lambda x: x # odd",
)
_BLOCKS = (
    "total = 0\nfor item in items:\n    total += len(item)\ntotal",
    "def area(a, b):\n\n    return a * b\n\narea(2, 3)",
    'note = """\n  ```\nkept as it is\n"""\nnote',
    'x = """\n````\n"""\n\tx',
    "  ".join("ab") + "\n   \nb",
    "one",
    "# just a remark",
    "`",
)


T = TypeVar("T")


def _is_word(name: str) -> bool:
    return name in grammar().keywords


def _few(items: SearchStrategy[T]) -> SearchStrategy[tuple[T, ...]]:
    return st.just(()) | st.lists(items, max_size=2).map(tuple)


names: SearchStrategy[s.Name] = st.one_of(
    st.sampled_from(_NAMES),
    st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,6}\Z").filter(lambda name: not _is_word(name)),
).map(s.Name)

texts: SearchStrategy[str] = st.text(_LETTERS, max_size=24) | st.sampled_from(
    ["two\nlines", "  all\n  deep", 'quote"""\nin it', "ends\n\n", "\n", " \n ", "\\u0041\n{x}", "a\n \t\nb", 'a"\nb"']
)

paths: SearchStrategy[s.Path] = st.builds(
    s.Path, names, st.lists(st.sampled_from(_FIELDS) | st.integers(-3, 99), max_size=2).map(tuple)
)


def _parts(parts: list[str | s.Path]) -> tuple[str | s.Path, ...]:
    """No text empty, no two side by side: the one way to write them."""
    out: list[str | s.Path] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part != "":
            out.append(part)
    return tuple(out)


templates: SearchStrategy[s.Template] = st.lists(texts | paths, max_size=4).map(_parts).map(s.Template)

numbers: SearchStrategy[s.Literal] = st.one_of(
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
).map(s.Literal)
constants: SearchStrategy[s.Literal] = numbers | texts.map(s.Literal)

lines_of_code: SearchStrategy[s.Code] = st.sampled_from(_PYTHON).map(s.Code)
blocks_of_code: SearchStrategy[s.Code] = st.sampled_from(_BLOCKS).map(lambda text: s.Code(text, block=True))
codes = lines_of_code | blocks_of_code

types: SearchStrategy[t.Type] = st.recursive(
    st.sampled_from(list(t.SCALARS.values()))
    | st.lists(texts, min_size=1, max_size=3).map(lambda options: t.Choice(tuple(options))),
    lambda inner: st.one_of(
        inner.map(t.ListOf),
        inner.map(t.DictOf),
        st.lists(st.tuples(st.sampled_from(_NAMES + ("answer", "in", "class")), inner), min_size=1, max_size=3).map(
            lambda fields: t.Record(tuple(fields))
        ),
    ),
    max_leaves=4,
)
type_refs: SearchStrategy[s.TypeRef] = types.map(s.TypeRef)


# --- expressions ---------------------------------------------------------------------------------------------

_asks = st.builds(s.Ask, templates, st.booleans())
_plain_acts: SearchStrategy[s.Value] = st.one_of(
    paths, codes, _asks, (codes | paths).map(s.Emulate), templates.map(s.Solve), paths.map(s.Run)
)
_plain: SearchStrategy[s.Value] = _plain_acts | templates | numbers
_settings = st.builds(s.Setting, names, constants | paths | codes)


def _around(
    values: SearchStrategy[s.Value],
    in_call: bool = False,
    otherwise: SearchStrategy[s.Expression | None] = st.none(),
) -> SearchStrategy[s.Expression]:
    """Expressions around values. Between the brackets of a call an `ensure` has no message."""
    messages = st.none() if in_call else st.none() | templates
    ensures = st.builds(s.Ensure, _plain.map(s.Expression), messages)
    return st.builds(s.Expression, values, _few(paths), _few(_settings), _few(ensures), otherwise)


def _calls(values: SearchStrategy[s.Value]) -> SearchStrategy[s.Value]:
    arguments = st.builds(s.Argument, _around(values, in_call=True), st.none() | names)
    return st.builds(s.Call, names, st.lists(arguments, max_size=3).map(tuple))


calls: SearchStrategy[s.Value] = _calls(_plain | _calls(_plain))
simple_values: SearchStrategy[s.Value] = _plain | calls
acts: SearchStrategy[s.Value] = _plain_acts | calls
subjects: SearchStrategy[s.Expression] = _around(simple_values)


def _for_line(inner: SearchStrategy[s.Expression]) -> SearchStrategy[s.Expression]:
    """`for x in xs yield …`, to which no suffix can belong."""

    def build(targets: list[s.Name], items: s.Expression, value: s.Expression) -> s.Expression:
        return s.Expression(s.For(tuple(targets), items, s.Block((s.Yield(value),)), line=True))

    return st.builds(build, st.lists(names, min_size=1, max_size=2), subjects, inner)


def _loops(bodies: SearchStrategy[s.Block]) -> SearchStrategy[s.Value]:
    targets = st.lists(names, min_size=1, max_size=2).map(tuple)
    return st.builds(s.For, targets, subjects, bodies) | st.builds(s.Sample, subjects, bodies)


def expressions(bodies: SearchStrategy[s.Block], bare: bool = False) -> SearchStrategy[s.Expression]:
    """Any expression, with loops over bodies; only what may stand alone as a statement, if `bare`."""
    loops = _loops(bodies)
    last = _around(simple_values | loops)
    line = _for_line(last)
    chained = _around(simple_values | loops, otherwise=st.none() | last | line)
    values = (acts | loops) if bare else (simple_values | loops)
    return _around(values, otherwise=st.none() | chained | line) | _for_line(chained | line)


# --- statements ----------------------------------------------------------------------------------------------

_groups = st.lists(names, min_size=1, max_size=2).map(tuple)
edges = st.lists(_groups, min_size=2, max_size=3).map(lambda groups: s.Edge(tuple(groups)))


def statements(bodies: SearchStrategy[s.Block]) -> SearchStrategy[s.Statement]:
    """Any statement whose blocks are drawn from `bodies`."""
    values = expressions(bodies)
    arms = st.lists(st.builds(s.Arm, subjects, bodies), min_size=1, max_size=3).map(tuple)
    cases = st.builds(s.Case, st.lists(constants, min_size=1, max_size=2).map(tuple), bodies)
    return st.one_of(
        st.builds(s.Assign, names, values, st.none() | type_refs),
        expressions(bodies, bare=True).map(s.Do),
        edges,
        st.builds(s.If, arms, st.none() | bodies),
        st.builds(s.Match, subjects, st.lists(cases, max_size=2).map(tuple), st.none() | bodies),
        st.builds(s.While, subjects, st.none() | subjects, bodies),
        st.builds(s.Repeat, subjects, st.none() | subjects, bodies),
        st.just(s.Break()),
        values.map(s.Yield),
        st.builds(s.Answer, values, st.none() | type_refs),
    )


def _blocks(inner: SearchStrategy[s.Statement], most: int) -> SearchStrategy[s.Block]:
    return st.lists(inner, max_size=most).map(lambda items: s.Block(tuple(items)))


_shallow = _blocks(statements(st.just(s.Block(()))), 2)
_middle = _blocks(statements(_shallow), 2)
blocks: SearchStrategy[s.Block] = _blocks(statements(_middle), 4)


# --- files ---------------------------------------------------------------------------------------------------

parameters: SearchStrategy[tuple[s.Parameter, ...]] = _few(
    st.builds(s.Parameter, names, type_refs, st.none() | constants | names)
)
flow_definitions = st.builds(s.FlowDef, names, parameters, st.none() | type_refs, st.none() | texts, blocks)
tool_definitions = st.builds(s.ToolDef, names, parameters, st.none() | type_refs, st.none() | texts, st.booleans())

flows: SearchStrategy[s.Flow] = st.builds(
    s.Flow,
    st.lists(flow_definitions, min_size=1, max_size=2).map(tuple),
    _few(tool_definitions),
    _few(st.builds(s.Use, texts, st.none() | names)),
)
"""Whole files."""
