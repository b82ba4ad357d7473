"""Chain of Code in the CPython worker: what is asked, with what, and how the program goes on."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from flowreason.errors import LimitExceeded, PythonError
from flowreason.ports import EmulateResult, FailedLine, PythonTask, SandboxLimits, UnknownCall
from flowreason.sandbox.jail import JailSandbox, available
from flowreason.sandbox.unsafe import UnsafeSandbox

LIMITS = SandboxLimits(seconds=3.0)


class Model:
    """Answers calls by name and failed lines by number, and keeps what it was asked."""

    def __init__(
        self,
        calls: Mapping[str, Callable[..., Any]] | None = None,
        states: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        self.functions, self.states = calls or {}, states or {}
        self.calls: list[UnknownCall] = []
        self.lines: list[FailedLine] = []

    async def call(self, request: UnknownCall) -> Any:
        self.calls.append(request)
        return self.functions[request.name](*request.args, **request.kwargs)

    async def state(self, request: FailedLine) -> Mapping[str, Any]:
        self.lines.append(request)
        return self.states[request.line]


def emulate(code: str, model: Model | None = None, functions: tuple[str, ...] = (), **names: Any) -> EmulateResult:
    async def main() -> EmulateResult:
        sandbox = UnsafeSandbox() if available() else JailSandbox()
        session = await sandbox.session(LIMITS)
        try:
            return await session.emulate(PythonTask(code, names, functions), model or Model())
        finally:
            await sandbox.close()

    return asyncio.run(main())


def traced(found: EmulateResult) -> list[tuple[int, str, dict[str, Any]]]:
    return [(each.line, each.by, dict(each.changed)) for each in found.trace]


# --- what a program without gaps does ---

PLAIN = [
    ("x = 2\ny = x + 1\ny * 2", 6), ("total = 0\nfor n in range(4):\n    total += n\n", 6), ("a, (b, *c) = 1, (2, 3, 4)\nc", [3, 4]),
    ("def fact(n):\n    if n == 0:\n        return 1\n    return n * fact(n - 1)\nfact(5)", 120), ("answer = 5\nx = 6", 5), ("answer = 5\nprint(answer)", 5),
    ("i = 0\nwhile i < 10:\n    i += 1\n    if i == 3:\n        continue\n    if i == 5:\n        break\nelse:\n    i = 99\ni", 5),
    ("i = 0\nwhile i < 2:\n    i += 1\nelse:\n    i = 99\ni", 99), ("for n in range(9):\n    if n == 4:\n        return n\nreturn None", 4),
    ("for a in [1]:\n    while True:\n        break\n    else:\n        a = 5\na", 1), ("match [1, 2]:\n    case [a, b]:\n        c = a + b\nc", 3),
    ("class Cup:\n    def __init__(self, n):\n        self.n = n\n    def __eq__(self, other):\n        return self.n == other.n\nCup(1) == Cup(1)", True),
    ("def g(n):\n    for i in range(n):\n        yield i * 2\nlist(g(3))", [0, 2, 4]), ("x = [n for n in range(5) if n % 2]\nx", [1, 3]), ("def f():\n    global k\n    k = 7\nf()\nk", 7),
    ("def f():\n    n = 1\n    def g():\n        nonlocal n\n        n += 1\n    g()\n    return n\nf()", 2), ("x: int\nx = 3\nx", 3), ("d = {}\nd['a'] = 1\nd", {"a": 1}),
    ("try:\n    x = int('no')\nexcept ValueError as e:\n    x = str(e)[:7]\nx", "invalid"), ("try:\n    x = 1\nfinally:\n    y = 2\nx + y", 3), ("with_ = 1\ndel with_\n'with_' in dir()", False),
    ("try:\n    raise KeyError('k')\nexcept (ValueError, KeyError):\n    x = 'caught'\nelse:\n    x = 'no'\nx", "caught"), ("if (n := 4) > 3:\n    x = n\nx", 4),
    ("p.items, p.name", ([1], "Oder")), ("f = lambda n: n + 1\nf(2)", 3), ("from collections import Counter\nCounter('aab')['a']", 2), ("", None), ("x = 5;y = 6\nreturn x", 5),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value"), PLAIN)
def test_a_program_without_gaps_runs_as_python(code: str, value: Any) -> None:
    model = Model()
    found = emulate(code, model, p={"items": [1], "name": "Oder"})
    assert found.value == value
    assert not model.calls and not model.lines
    assert {each.by for each in found.trace} <= {"python"}


# --- functions that do not exist ---


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("[w for w in ws if is_food(w)]", ["soup", "stew"]), ("sum(is_food(w) for w in ws)", 2), ("list(filter(is_food, ws))", ["soup", "stew"]),
        ("list(map(is_food, ws))", [True, False, True]), ("sorted(ws, key=is_food)", ["stone", "soup", "stew"]), ("max(ws, key=is_food)", "soup"),
        ("def pick(all):\n    return [w for w in all if is_food(w)]\npick(ws)", ["soup", "stew"]), ("(lambda w: is_food(w))('soup')", True),
        ("functools.reduce(lambda n, w: n + is_food(w), ws, 0)", 2), ("{w: is_food(w) for w in ws}", {"soup": True, "stone": False, "stew": True}),
        ("found = []\nfor w in ws:\n    if not is_food(w):\n        continue\n    found.append(w)\nfound", ["soup", "stew"]),
        ("class Cook:\n    def taste(self, w):\n        return is_food(w)\nCook().taste('stone')", False), ("'yes' if is_food(ws[1]) else 'no'", "no"),
    ],
)  # fmt: skip
def test_an_unknown_function_is_asked_for_wherever_it_is_called(code: str, value: Any) -> None:
    model = Model({"is_food": lambda w: w.startswith("s") and w != "stone"})
    found = emulate(code, model, ws=["soup", "stone", "stew"])
    assert found.value == value
    assert model.calls and all(call.name == "is_food" and not call.known for call in model.calls)
    assert "model" in {each.by for each in found.trace}


def test_a_call_comes_with_its_line_and_the_variables_in_sight() -> None:
    code = "n = 3\ndef rate(dish):\n    limit = 5\n    return taste(dish, scale=limit)\nscores = [rate(d) for d in menu]\nscores"
    model = Model({"taste": lambda dish, scale: len(dish)})
    assert emulate(code, model, menu=["soup"]).value == [4]
    [call] = model.calls
    assert (call.args, call.kwargs, call.line) == (("soup",), {"scale": 5}, 4)
    assert call.state == {"menu": "['soup']", "n": "3", "dish": "'soup'", "limit": "5"}


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("x = f(1, ret_type='bool')", "bool"), ("x = f(1, ret_type=int)", "int"), ("x = f(1, ret_type=list[str])", "list[str]"), ("x: float = f(1)", "float"),
        ("import typing\nx: typing.List[str] = f(1)", "typing.List[str]"), ("def g(n) -> str:\n    return f(n)\ng(1)", "str"), ("if f(1):\n    x = 1", "bool"),
        ("while not f(1):\n    break", "bool"), ("x = [n for n in [1] if f(n)]", "bool"), ("x = any(f(n) for n in [1])", "bool"), ("x = int(f(1))", "int"),
        ("x = f(1) == 'a'", "str"), ("x = f(1) >= 7", "float"), ("for n in f(1):\n    pass", "list"), ("x = f(1)", None), ("x = 1 if f(1) else 2", "bool"),
        ("def f(n) -> dict[str, int]:\n    '''Counts.'''\nx = f(1)", "dict[str, int]"), ("x = f(1, ret_type=dict[str, int])", "dict[str, int]"),
    ],
)  # fmt: skip
def test_the_type_wanted_is_read_from_the_code(code: str, hint: str | None) -> None:
    model = Model({"f": lambda n: {"int": 1, "float": 8}.get(hint or "", [1])})
    emulate(code, model)
    assert model.calls[0].ret_type == hint
    assert dict(model.calls[0].kwargs) == {}


@pytest.mark.parametrize(
    "body",
    [
        "...",
        "'''Whether it floats.'''",
        "raise NotImplementedError",
        "'''Doc.'''\n    pass",
        "raise NotImplementedError('ask')",
    ],
)
def test_a_function_that_only_says_what_it_is_for_is_asked_for(body: str) -> None:
    model = Model({"floats": lambda thing: thing == "cork"})
    assert emulate(f"def floats(thing) -> bool:\n    {body}\n[floats(t) for t in ['cork', 'stone']]", model).value == [
        True,
        False,
    ]


def test_functions_of_modules_that_are_not_there_are_asked_for() -> None:
    model = Model({"np.mean": lambda xs: 2, "tag": lambda w: "noun", "os.path.join": lambda *parts: "/".join(parts)})
    code = "import numpy as np\nfrom nltk import tag\nimport os.path\n[np.mean([1, 3]), tag('river'), os.path.join('a', 'b')]"
    assert emulate(code, model).value == [2, "noun", "a/b"]


def test_functions_that_the_flow_has_are_told_as_known() -> None:
    model = Model({"double": lambda n: 2 * n})
    found = emulate("double(4) + 1", model, ("double",))
    assert (found.value, model.calls[0].known, traced(found)[0][1]) == (9, True, "python")


def test_arguments_that_are_not_plain_are_shown_as_text() -> None:
    model = Model({"f": lambda *args: len(args)})
    assert emulate("class Cup:\n    def __init__(self):\n        self.size = 2\nf(Cup(), len, [1])", model).value == 3
    assert model.calls[0].args[0] == "Cup(size=2)"
    assert "0x" not in str(model.calls[0].args)


# --- statements that fail ---

FAILING: list[tuple[str, Mapping[int, Mapping[str, Any]], Any, tuple[str, ...], str]] = [
    ("x = 1\ny = x + nothing\ny", {2: {"y": 5}}, 5, ("y",), "y = x + nothing"),
    ("def f(a):\n    b = a.size\n    return b * 2\nf(4)", {2: {"b": 100}}, 200, ("b",), "b = a.size"),
    ("def f(a):\n    return a.size\nf(4) + 1", {2: {"returned": 7}}, 8, ("returned",), "returned = a.size"),
    ("a, b = nothing\na + b", {1: {"a": 1, "b": 2}}, 3, ("a", "b"), "a, b = nothing"),
    ("n = 1\nn += nothing\nn", {2: {"n": 9}}, 9, ("n",), "n += nothing"),
    ("d = {'a': 1}\nd['b'] = nothing\nd", {2: {"d": {"a": 1, "b": 2}}}, {"a": 1, "b": 2}, ("d",), "d['b'] = nothing"),
    ("xs = [1]\nxs.append(nothing)\nxs", {2: {"xs": [1, 2]}}, [1, 2], ("xs",), "xs.append(nothing)"),
    ("if nothing > 3:\n    x = 'more'\nelse:\n    x = 'less'\nx", {1: {"condition": False}}, "less", ("condition",), "condition = nothing > 3"),
    ("x = 0\nwhile x < nothing:\n    x += 1\nx", {2: {"condition": False}}, 0, ("condition",), "condition = x < nothing"),
    ("t = 0\nfor n in nothing:\n    t += n\nt", {2: {"items": [1, 2]}}, 3, ("items",), "items = nothing"),
    ("t = []\nfor a, b in [[1, 2, 3]]:\n    t.append(a + b)\nt", {2: {"a": 1, "b": 2}}, [3], ("a", "b"), "a, b"),
    ("match nothing:\n    case 1:\n        x = 'one'\nx", {1: {"subject": 1}}, "one", ("subject",), "subject = nothing"),
    ("nothing + 1", {1: {"value": 8}}, 8, ("value",), "value = nothing + 1"),
    ("return nothing", {1: {"returned": 8}}, 8, ("returned",), "returned = nothing"),
    ("class Cup:\n    def grow(self):\n        self.size = nothing\n        return self.size\nCup().grow()", {3: {"self.size": 4}}, 4, ("self.size",), "self.size = nothing"),
    ("def f():\n    xs = []\n    def g():\n        xs.append(nothing)\n    g()\n    return xs\nf()", {4: {"xs": [1]}}, [1], ("xs",), "xs.append(nothing)"),
    ("p.size = nothing\np.size", {1: {"p": {"size": 3}}}, 3, ("p",), "p.size = nothing"),
    ("x = 1\nif x:\n    y = (x +\n         nothing)\ny", {3: {"y": 2}}, 2, ("y",), "y = (x +\n         nothing)"),
    ("x = 5\nx.grow()\nx", {2: {"x": 6}}, 6, (), "x.grow()"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "states", "value", "targets", "source"), FAILING)
def test_a_failed_statement_is_answered_and_the_rest_goes_on(
    code: str, states: Mapping[int, Mapping[str, Any]], value: Any, targets: tuple[str, ...], source: str
) -> None:
    model = Model(states=states)
    found = emulate(code, model, p={"size": 1})
    assert found.value == value
    [line] = model.lines
    assert (line.targets, line.source) == (targets, source)
    assert line.line in states
    assert (line.line, "state") in [(number, by) for number, by, _ in traced(found)]


def test_nothing_runs_twice() -> None:
    model = Model({"guess": lambda n: n}, {4: {"y": 1}})
    code = "print('one')\nx = guess(1)\nprint('two')\ny = nothing + guess(2)\nprint('three')\nx + y"
    found = emulate(code, model)
    assert found.printed == "one\ntwo\nthree\n"
    assert [call.args for call in model.calls] == [(1,)]
    assert found.value == 2


def test_the_trace_says_who_ran_each_line_and_what_changed() -> None:
    model = Model({"guess": lambda: 4}, {3: {"z": 10}})
    found = emulate("x = 5\ny = guess()\nz = x + nothing\nz + y", model)
    assert traced(found) == [
        (1, "python", {"x": 5}),
        (2, "model", {"y": 4}),
        (3, "state", {"z": 10}),
        (4, "python", {"value": 14}),
    ]


def test_a_long_trace_is_cut_and_keeps_what_the_model_did() -> None:
    model = Model({"guess": lambda: 4})
    found = emulate("t = 0\nfor n in range(5000):\n    t += n\nx = guess()\nt", model)
    assert found.value == sum(range(5000))
    assert 2000 <= len(found.trace) <= 2002
    assert [(line, by) for line, by, _ in traced(found)[-2:]] == [(4, "model"), (5, "python")]


Colours = dict[int, set[str]]


def colours(found: EmulateResult) -> dict[int, str]:
    """Who executed each line, as one word: what is told of the line itself wins over what is told of its statement."""
    own: Colours = {}
    for each in found.trace:
        own.setdefault(each.line, set()).add(each.by)
    for each in found.trace:
        for line in range(each.line + 1, each.end + 1):
            own.setdefault(line, {each.by})
    return {line: "+".join(sorted(by)) for line, by in sorted(own.items())}


P, M, S = "python", "model", "state"
COLOURED: list[tuple[str, dict[int, str]]] = [
    ("x = 5\ny = kind(x)\nz = x + nothing\nz", {1: P, 2: M, 3: S, 4: P}),
    ("t = 0\nfor w in ws:\n    if kind(w):\n        t += 1\n    else:\n        t -= 1\nt", {1: P, 2: P, 3: M, 4: P, 6: P, 7: P}),
    ("[w for w in ws if kind(w)]", {1: M}),
    ("found = [\n    w\n    for w in ws\n    if kind(w)\n]\nfound", {1: P, 2: P, 3: P, 4: M, 5: P, 6: P}),
    ("found = sorted(\n    ws,\n    key=lambda w: kind(w),\n)\nlen(found)", {1: P, 2: P, 3: M, 4: P, 5: P}),
    ("key = lambda w: kind(w)\nx = 1\nsorted(ws, key=key)\nx", {1: f"{M}+{P}", 2: P, 3: P, 4: P}),
    ("def key(w):\n    return kind(w)\nfirst = min(ws, key=key)\nfirst", {1: P, 2: M, 3: P, 4: P}),
    ("def outer(ws):\n    def inner(w):\n        n = 1\n        return kind(w) + n\n    return [inner(w) for w in ws]\nouter(ws)", {1: P, 2: P, 3: P, 4: M, 5: P, 6: P}),
    ("def outer(ws):\n    n = nothing\n    return n\nouter(ws)", {1: P, 2: S, 3: P, 4: P}),
    ("later = (kind(w) for w in ws)\nx = 1\nlist(later)", {1: f"{M}+{P}", 2: P, 3: P}),
    ("def walk(ws):\n    for w in ws:\n        yield kind(w)\nlist(walk(ws))", {1: P, 2: P, 3: M, 4: P}),
    ("class Dish:\n    def __init__(self, w):\n        self.w = w\n    def __lt__(self, other):\n        return kind(self.w) < kind(other.w)\nsorted([Dish(w) for w in ws])[0].w", {1: P, 3: P, 5: M, 6: P}),
    ("while kind(ws[0]) and len(ws) > 9:\n    pass\nws[0]", {1: M, 3: P}),
    ("n = 0\nwhile n < 2:\n    n += 1\n    if n == 1:\n        continue\n    break\nn", {1: P, 2: P, 3: P, 4: P, 5: P, 6: P, 7: P}),
    ("match ws:\n    case [a, *b] if kind(a):\n        x = a\n    case _:\n        x = 'none'\nx", {1: P, 2: M, 3: P, 6: P}),
    ("try:\n    n = int(str(kind(ws[0])))\nexcept ValueError:\n    n = 7\nn", {2: M, 3: P, 4: P, 5: P}),
    ("import math\nfrom nltk import tag\nmath.floor(2.5)", {1: P, 2: P, 3: P}),
    ("def f(w, k=kind('a')):\n    return k\nf('b')", {1: M, 2: P, 3: P}),
    ("total = (1 +\n         nothing)\ntotal", {1: S, 2: S, 3: P}),
    ("x = max((w for w in ws), key=lambda w: len(w) + kind(w))\nx", {1: M, 2: P}),
    ("assert kind(ws[0]) is not None\nx = 1\nx", {1: M, 2: P, 3: P}),
    ("x = helper(ws[0])\nx", {1: P, 2: P}),
    ("a, b = ws[0], kind(ws[1])\nfor i, w in enumerate(ws):\n    pass\ndel a\nb", {1: M, 2: P, 3: P, 4: P, 5: P}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), COLOURED)
def test_every_line_tells_who_executed_it(code: str, expected: dict[int, str]) -> None:
    model = Model(
        {"kind": lambda w: len(str(w)) % 2 == 0, "helper": lambda w: w},
        {line: {"z": 1, "n": 4, "total": 9} for line in range(1, 9)},
    )
    assert colours(emulate(code, model, ("helper",), ws=["soup", "stone"])) == expected


def test_a_call_in_a_loop_is_told_once_for_each_time_that_its_line_ends() -> None:
    model = Model({"kind": lambda w: w})
    found = emulate("t = []\nfor w in 'ab':\n    t.append(kind(w))\n''.join(t)", model)
    assert [line for line, by, _ in traced(found) if by == "model"] == [3, 3]
    assert [changed for line, by, changed in traced(found) if line == 2] == [{"items": "ab"}, {"w": "a"}, {"w": "b"}]


# --- programs that a step wrote ---


def _monty() -> Any:
    from flowreason.sandbox.monty import MontySandbox

    return MontySandbox()


@pytest.fixture(params=["cpython", "monty"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "monty" and importlib.util.find_spec("pydantic_monty") is None:
        pytest.skip("pydantic-monty is not installed")
    return str(request.param)


def written(kind: str, code: str, model: Model | None = None) -> Any:
    async def main() -> Any:
        sandbox = _monty() if kind == "monty" else UnsafeSandbox() if available() else JailSandbox()
        session = await sandbox.session(LIMITS)
        try:
            return (await session.emulate(PythonTask(code, written=True), model or Model())).value
        finally:
            await sandbox.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("x = 5\nx * 2", 10), ("answer = 5\nx = 6", 5), ("ans = 4\nprint(ans)", 4), ("x = 1\nresult = x", 1), ("answer = None\nx = 2", None),
        ("answer = guess()\nprint(answer)", 3), ("return 7", 7), ("ans = 1\nanswer = 2", 2),
    ],
)  # fmt: skip
def test_a_written_program_gives_its_last_expression_or_its_answer(kind: str, code: str, value: Any) -> None:
    assert written(kind, code, Model({"guess": lambda: 3})) == value


@pytest.mark.parametrize(
    "code", ["x = 5", "x = 5\nprint(x)", "def solve():\n    return 1", "", "for n in [1]:\n    x = n"]
)
def test_a_written_program_without_a_value_fails_and_says_so(kind: str, code: str) -> None:
    with pytest.raises(PythonError, match="the program gives no value: .* none of answer, ans, result") as caught:
        written(kind, code)
    assert caught.value.kind == "value"


# --- what is not the model's business ---

OWN = [
    ("if n > 2:\n    raise ValueError('too many')\nn", "ValueError", 2), ("assert n == 2, 'not two'", "AssertionError", 1),
    ("def check(n):\n    if n > 2:\n        raise ValueError('too many')\n    return n\nx = check(n)", "ValueError", 3),
    ("def deep(n):\n    return deep(n + 1)\nx = deep(0)", "RecursionError", 2), ("x = 'a' * 10**11", "memory", 1), ("x = 1 +", "SyntaxError", 1),
    ("x = 0\nwhile True: x = 1", "timeout", 2), ("print('x' * 10**7)", "output", 1),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "line"), OWN)
def test_what_the_program_raises_and_what_is_over_a_limit_ends_it(code: str, kind: str, line: int) -> None:
    model = Model()
    with pytest.raises(PythonError) as caught:
        emulate(code, model, n=3)
    assert (caught.value.kind, caught.value.line) == (kind, line)
    assert not model.lines


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    x = int('no')\nexcept ValueError:\n    x = 0\nx", "def f(t):\n    n = int(t)\n    return n\ntry:\n    x = f('no')\nexcept ValueError:\n    x = 0\nx",
        "try:\n    x = {}['a']\nexcept (KeyError, TypeError):\n    x = 0\nx", "try:\n    x = nothing\nexcept:\n    x = 0\nx", "def f():\n    try:\n        return [][0]\n    except Exception:\n        return 0\nf()",
        "class Row:\n    def __getitem__(self, i):\n        return [1, 2][i]\nlen(list(Row())) - 2", "try:\n    try:\n        x = 1 / 0\n    except KeyError:\n        x = 5\nexcept ZeroDivisionError:\n    x = 0\nx",
    ],
)  # fmt: skip
def test_what_the_program_catches_is_its_own_business(code: str) -> None:
    model = Model()
    assert emulate(code, model).value == 0
    assert not model.lines


def test_a_try_that_is_over_catches_nothing() -> None:
    model = Model(states={5: {"y": 3}})
    assert emulate("try:\n    x = 1\nexcept ZeroDivisionError:\n    x = 0\ny = 1 / 0\ny", model).value == 3


def test_a_try_that_catches_something_else_does_not_keep_the_model_away() -> None:
    model = Model(states={2: {"x": 3}})
    assert emulate("try:\n    x = 1 / 0\nexcept KeyError:\n    x = 0\nx", model).value == 3


def test_a_limit_of_the_run_ends_it_at_once() -> None:
    def over() -> Any:
        raise LimitExceeded("calls", 1)

    with pytest.raises(LimitExceeded):
        emulate("try:\n    x = guess()\nexcept BaseException:\n    x = 1\nx", Model({"guess": over}))


def test_waiting_for_the_model_takes_no_time_of_the_program() -> None:
    class Slow(Model):
        async def call(self, request: UnknownCall) -> Any:
            await asyncio.sleep(0.7)
            return 1

    async def main() -> Any:
        sandbox = UnsafeSandbox() if available() else JailSandbox()
        session = await sandbox.session(SandboxLimits(seconds=0.5))
        try:
            return (await session.emulate(PythonTask("guess() + guess()"), Slow())).value
        finally:
            await sandbox.close()

    assert asyncio.run(main()) == 2
