"""One contract for every sandbox: what pieces of Python may do, what they give, and how they fail."""

from __future__ import annotations

import asyncio
import datetime
import importlib.util
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from flowreason.errors import LimitExceeded, NodeError, PythonError, SandboxError
from flowreason.ports import (
    EmulateResult,
    FailedLine,
    PythonResult,
    PythonTask,
    Sandbox,
    SandboxLimits,
    SandboxSession,
    UnknownCall,
)
from flowreason.sandbox.jail import JailSandbox, available
from flowreason.sandbox.unsafe import UnsafeSandbox
from flowreason_dsl.python_world import IMPORTABLE, MODULES, PRELUDE

LIMITS = SandboxLimits(seconds=5.0, memory=256 * 1024 * 1024, output=100_000, value=1_000_000)


def _monty() -> Sandbox:
    from flowreason.sandbox.monty import MontySandbox

    return MontySandbox()


MAKERS: dict[str, Callable[[], Sandbox]] = {
    "jail": JailSandbox,
    "nested": lambda: JailSandbox(most_workers=1),  # pieces that wait are nested in one process
    "unsafe": UnsafeSandbox,
    "monty": _monty,
}
CPYTHON = ("jail", "nested", "unsafe")


@pytest.fixture(params=list(MAKERS))
def kind(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name in ("jail", "nested") and available():
        pytest.skip(str(available()))
    if name == "monty" and importlib.util.find_spec("pydantic_monty") is None:
        pytest.skip("pydantic-monty is not installed")
    return name


def only(kind: str, *kinds: str) -> None:
    if kind not in kinds:
        pytest.skip(f"{kind} cannot do this, see GAPS")


def within(kind: str, work: Callable[[SandboxSession], Awaitable[Any]], limits: SandboxLimits = LIMITS) -> Any:
    """The outcome of some work with a session."""

    async def main() -> Any:
        sandbox = MAKERS[kind]()
        session = await sandbox.session(limits)
        try:
            return await work(session)
        finally:
            await session.close()
            await sandbox.close()

    return asyncio.run(main())


def result(
    kind: str, code: str, names: Mapping[str, Any] | None = None, limits: SandboxLimits = LIMITS
) -> PythonResult:
    return within(kind, lambda session: session.run(PythonTask(code, names or {})), limits)


def value(kind: str, code: str, **names: Any) -> Any:
    return result(kind, code, names).value


def error(kind: str, code: str, limits: SandboxLimits = LIMITS, **names: Any) -> PythonError:
    with pytest.raises(PythonError) as caught:
        result(kind, code, names, limits)
    return caught.value


PIECES: list[tuple[str, Any]] = [
    ("1 + 1", 2),
    ("x = 2\ny = x * 3", None),
    ("total = 0\nfor n in [1, 2, 3]:\n    total += n\ntotal", 6),
    ("if 2 > 1:\n    return 'up'\nreturn 'down'", "up"),
    ("for n in range(10):\n    if n * n > 20:\n        return n", 5),
    ("def double(n):\n    return n * factor\nfactor = 3\n[double(n) for n in range(3)]", [0, 3, 6]),
    ("import re\nre.findall(r'\\d+', 'a1b22')", ["1", "22"]),
    ("math.floor(2.7), json.loads('[1]')", (2, [1])),
    ("from collections import Counter\nCounter('aab').most_common(1)", [("a", 2)]),
    ("sorted(['pear', 'fig'], key=len)", ["fig", "pear"]),
    ("map(str, [1, 2])", ["1", "2"]),
    ("{n: n * n for n in range(3)}", {0: 0, 1: 1, 2: 4}),
    ("{3, 1, 2}", {1, 2, 3}),
    ("majority(['a', 'b', 'a']), words('to be')", ("a", ["to", "be"])),
    ("numbers('6 eggs')", [6]),
    ("datetime.date(2024, 2, 29)", datetime.date(2024, 2, 29)),
    ("'ä€😀' * 2", "ä€😀ä€😀"),
    ("2 ** 200", 2**200),
    ("float('inf')", float("inf")),
    ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    seen = True\nseen", True),
    ("answer: int = 5\nanswer", 5),
]
"""Pieces that every sandbox runs alike."""

GAPS: list[tuple[str, Any]] = [
    ("from fractions import Fraction\nFraction(1, 3)", Fraction(1, 3)),
    ("Fraction = fractions.Fraction\nFraction('2/6')", Fraction(1, 3)),
    ("statistics.median([3, 1, 2])", 2),
    ("heapq.nsmallest(2, [3, 1, 2])", [1, 2]),
    ("x = {'a': 1}\ndel x['a']\nx", {}),
    ("def count(n):\n    for i in range(n):\n        yield i\ncount(3)", [0, 1, 2]),
    ("string.ascii_lowercase[:3]", "abc"),
    ("scores = {'a': 2, 'b': 5}\nmax(scores, key=scores.get)", "b"),
    ("eval('2 * (3 + 4)')", 14),
    ("space = {}\nexec('y = 5', space)\nspace['y']", 5),
    ("import enum\nclass Size(enum.Enum):\n    SMALL = 1\nSize.SMALL", 1),
    ("from dataclasses import dataclass\n@dataclass\nclass Cup:\n    size: int\nCup(3)", {"size": 3}),
    ("best(['tea', 'coffee'], by=len)", "coffee"),
    ("datetime.datetime.strptime('2024-02-29', '%Y-%m-%d').date()", datetime.date(2024, 2, 29)),
    ("parse_graph('rain -> flood').edges", [["rain", "", "flood"]]),
    ("'%s' % Decimal('1.10') if (Decimal := decimal.Decimal) else ''", "1.10"),
    ("collections.deque([1, 2])", [1, 2]),
    ("'déjà'.encode('latin-1').decode('latin-1')", "déjà"),
    ("from itertools import *\nlist(chain([1], [2]))", [1, 2]),
]
"""Pieces that CPython runs, and monty only in part; where it does not, it must fail, not differ."""


@pytest.mark.parametrize(("code", "expected"), PIECES)
def test_a_piece_gives_its_last_expression_or_what_it_returns(kind: str, code: str, expected: Any) -> None:
    found = value(kind, code)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("code", "expected"), GAPS)
def test_python_that_models_write_runs_or_is_refused(kind: str, code: str, expected: Any) -> None:
    try:
        assert value(kind, code) == expected
    except PythonError:
        assert kind == "monty"


VALUES: list[Any] = [
    None, True, 0, -7, 2.5, "text", [1, [2, "x"]], (1, (2, 3)), {1, 2}, {"a": {"b": [1]}}, {1: "one"}, {"$": "odd"}, Decimal("1.50"),
    datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 30), datetime.timedelta(days=1, seconds=5), "line\nline\u2028x\0", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("sent", VALUES, ids=repr)
def test_values_go_in_and_come_out_as_they_are(kind: str, sent: Any) -> None:
    if kind == "monty" and sent == "\ud800":
        pytest.skip("monty's texts are Unicode, without lone surrogates")
    found = value(kind, "x", x=sent)
    assert found == sent
    assert type(found) is type(sent)


def test_a_fraction_goes_in_and_comes_out(kind: str) -> None:
    only(kind, *CPYTHON)
    assert value(kind, "x + 1", x=Fraction(1, 3)) == Fraction(4, 3)


RECORD = {"name": "Oder", "items": [1], "count": 2, "inner": {"get": 3}}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("p.name, p['name']", ("Oder", "Oder")), ("p.count, p['count']", (2, 2)), ("p.items, p['items']", ([1], [1])),
        ("[key for key, value in p.items()]", ["name", "items", "count", "inner"]), ("p.inner.get, p.inner['get']", (3, 3)),
        ("p.get('name'), p.get('nothing', 7)", ("Oder", 7)), ("[q.name for q in ps if q.count > 1]", ["Oder"]),
        ("p", RECORD), ("list(p.keys())[0]", "name"), ("len(p)", 4),
    ],
)  # fmt: skip
def test_fields_are_read_by_attribute_and_by_key(kind: str, code: str, expected: Any) -> None:
    assert value(kind, code, p=RECORD, ps=[RECORD]) == expected


def test_fields_may_be_assigned_and_records_stay_plain(kind: str) -> None:
    only(kind, *CPYTHON)
    assert value(kind, "p.name = 'Elbe'\ndel p.count\np.size = 1\np", p={"name": "x", "count": 1}) == {
        "name": "Elbe",
        "size": 1,
    }
    assert value(kind, "type(p).__name__, isinstance(p, dict), json.dumps(p), repr(p.copy())", p={"a": 1}) == (
        "dict",
        True,
        '{"a": 1}',
        "{'a': 1}",
    )


def test_a_field_that_is_missing_is_told_with_those_there_are(kind: str) -> None:
    found = error(kind, "p.nmae", p={"name": "x", "year": 1})
    assert found.kind == "AttributeError"
    if kind in CPYTHON:
        assert "nmae" in str(found) and "name, year" in str(found)


def test_what_is_printed_comes_back(kind: str) -> None:
    found = result(kind, "print('a', 1)\nprint('b', end='')\n5")
    assert (found.value, found.printed) == (5, "a 1\nb")


def test_pieces_see_nothing_of_one_another(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        await session.run(PythonTask("x = 5\ndef f(): return 6\n"))
        return await session.run(PythonTask("try:\n    y = x\nexcept NameError:\n    y = 'nothing'\ny"))

    assert within(kind, work).value == "nothing"


@pytest.mark.parametrize(
    ("code", "name", "line"),
    [
        ("x = 1\n\ny = 1 / 0\n", "ZeroDivisionError", 3),
        ("def f(n):\n    return [][n]\n\nf(3)", "IndexError", 2),
        ("x = 1\ny = = 2", "SyntaxError", 2),
        ("x = 1\nnothing + x", "NameError", 2),
        ("if True:\n    raise ValueError('no river')", "ValueError", 2),
        ("int('twelve')", "ValueError", 1),
        ("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError", 2),
    ],
)
def test_an_error_names_its_kind_and_its_line(kind: str, code: str, name: str, line: int) -> None:
    found = error(kind, code)
    assert (found.kind, found.line) == (name, line)
    assert str(found).startswith(f"{name}: ")
    assert len(str(found)) < 600 and "\n" not in str(found)


def test_lines_are_the_authors_where_code_is_rewritten(kind: str) -> None:
    code = "a = (1,\n     2)\n\nb = p.items\nc = p.name + 1"
    assert error(kind, code, p={"items": [1], "name": "x"}).line == 5
    assert error(kind, "if p.items:\n\n    return 1 / 0", p={"items": [1]}).line == 3


@pytest.mark.parametrize(
    "code",
    ["import os", "import socket", "import requests", "import sys", "from subprocess import run", "import numpy"],
)
def test_other_modules_are_not_there(kind: str, code: str) -> None:
    found = (
        error(kind, f"{code}\nos.environ if 'os' in dir() else sys.exit(1)") if kind == "monty" else error(kind, code)
    )
    if kind in CPYTHON:
        assert found.kind == "ModuleNotFoundError"
        assert "is not here" in str(found)


@pytest.mark.parametrize("code", ["open('/etc/passwd')", "input('?')", "exit()", "quit()", "breakpoint()"])
def test_what_a_flow_has_not_is_said_clearly(kind: str, code: str) -> None:
    only(kind, *CPYTHON)
    assert len(str(error(kind, code))) > 30


@pytest.mark.parametrize("code", ["len", "lambda: 1", "re.compile('a')", "object()", "[print]"])
def test_what_is_not_plain_is_not_handed_on(kind: str, code: str) -> None:
    if kind == "monty" and code in ("re.compile('a')", "object()"):
        pytest.skip("monty hands these on as texts, or lacks them")
    assert error(kind, code).kind == "NotPlain"


def test_random_is_fixed_by_the_seed(kind: str) -> None:
    async def work(session: SandboxSession) -> list[Any]:
        tasks = [PythonTask("import random\nrandom.randint(0, 10**9)", seed=seed) for seed in (1, 1, 2)]
        return [(await session.run(task)).value for task in tasks]

    first, again, other = within(kind, work)
    assert first == again != other


def test_sets_iterate_alike_on_every_run() -> None:
    if available():
        pytest.skip(str(available()))
    code = "list({'rain', 'flood', 'drought', 'storm', 'hail'})"
    assert value("jail", code) == value("unsafe", code)


# --- limits ---

SHORT = SandboxLimits(seconds=0.5, memory=128 * 1024 * 1024, output=1000, value=1000)


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("while True: pass", "timeout"), ("x = 'a' * 10**9", "memory"), ("print('a' * 2000)", "output"), ("'a' * 5000", "size"),
        ("while True: print('x' * 100)", "output"), ("x = []\nwhile True: x.append([0] * 100000)", "memory"),
        ("x = []\nfor _ in range(100000): x = [x]\nx", "size"), ("10 ** 5000", "size"), ("list(range(10**9))", "memory"),
        ("try:\n    while True: pass\nexcept BaseException:\n    pass", "timeout"),
    ],
)  # fmt: skip
def test_each_limit_is_named_and_the_session_goes_on(kind: str, code: str, limit: str) -> None:
    async def work(session: SandboxSession) -> Any:
        with pytest.raises(PythonError) as caught:
            await session.run(PythonTask(code))
        return caught.value.kind, (await session.run(PythonTask("1 + 1"))).value

    found, after = within(kind, work, SHORT)
    assert after == 2
    assert found == limit or (kind == "monty" and found in ("memory", "timeout", "size", "crash"))


@pytest.mark.parametrize(
    "code", ["import re\nre.match(r'(a|aa)+$', 'a' * 60 + 'b')", "10 ** 10 ** 9", "sum(range(10**12))"]
)
def test_work_in_c_is_stopped_as_well(kind: str, code: str) -> None:
    only(kind, *CPYTHON)
    assert error(kind, code, SHORT).kind == "timeout"


def test_values_that_are_too_big_are_not_sent(kind: str) -> None:
    assert error(kind, "len(x)", SHORT, x="a" * 100_000).kind == "size"


def test_waiting_for_the_host_takes_no_time_of_the_piece(kind: str) -> None:
    async def slow(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        await asyncio.sleep(0.8)
        return args[0]

    task = PythonTask("f(1) + f(2)", functions=("f",))
    assert within(kind, lambda session: session.run(task, slow), SHORT).value == 3


# --- calls of functions outside ---


async def doubled(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    return [name, *args, dict(kwargs)]


def test_functions_outside_are_called_with_plain_values(kind: str) -> None:
    task = PythonTask("f((1, 2), where={'a': {3}})", functions=("f",))
    assert within(kind, lambda session: session.run(task, doubled)).value == ["f", (1, 2), {"where": {"a": {3}}}]


@pytest.mark.parametrize(
    "code",
    [
        "[f(n) for n in range(3)]",
        "def g(n):\n    return f(n)\n[g(n) for n in range(3)]",
        "list(map(f, range(3)))",
        "sorted([0, 1, 2], key=f) and [10, 11, 12]",
    ],
)
def test_functions_outside_are_called_from_anywhere(kind: str, code: str) -> None:
    only(kind, *CPYTHON)

    async def plus(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return args[0] + 10

    assert within(kind, lambda session: session.run(PythonTask(code, functions=("f",)), plus)).value == [10, 11, 12]


def test_pieces_run_while_another_waits_however_deep(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        async def fact(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            return (await session.run(task(args[0]), fact)).value

        def task(n: int) -> PythonTask:
            return PythonTask("1 if n == 0 else n * fact(n - 1)", {"n": n}, ("fact",))

        return (await session.run(task(25), fact)).value

    assert within(kind, work) == 15511210043330985984000000


def test_many_pieces_at_once_all_get_their_own_answers(kind: str) -> None:
    async def work(session: SandboxSession) -> list[Any]:
        async def later(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            await asyncio.sleep(0.001 * (args[0] % 7))
            inner = await session.run(PythonTask("n * 2", {"n": args[0]}))
            return inner.value

        tasks = [PythonTask("f(n) + f(n)", {"n": n}, ("f",)) for n in range(40)]
        return [r.value for r in await asyncio.gather(*(session.run(task, later) for task in tasks))]

    assert within(kind, work) == [4 * n for n in range(40)]


def test_many_sessions_at_once(kind: str) -> None:
    only(kind, "jail")

    async def main() -> list[Any]:
        sandbox = MAKERS[kind]()
        sessions = await asyncio.gather(*(sandbox.session(LIMITS) for _ in range(64)))
        found = await asyncio.gather(*(s.run(PythonTask("n + 1", {"n": n})) for n, s in enumerate(sessions)))
        await sandbox.close()
        return [each.value for each in found]

    assert asyncio.run(main()) == list(range(1, 65))


def test_an_error_of_a_function_outside_comes_back_as_it_was(kind: str) -> None:
    failed = NodeError("the sub-flow failed", node="n1", line=3)

    async def fails(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        raise failed

    with pytest.raises(NodeError) as caught:
        within(kind, lambda session: session.run(PythonTask("x = 1\nf()", functions=("f",)), fails))
    assert caught.value is failed
    kept = PythonTask("try:\n    f()\nexcept RuntimeError as e:\n    said = str(e)\nsaid", functions=("f",))
    assert within(kind, lambda session: session.run(kept, fails)).value == "the sub-flow failed"


def test_an_error_that_ends_the_run_cannot_be_caught_inside(kind: str) -> None:
    async def fails(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        raise LimitExceeded("calls", 3)

    async def work(session: SandboxSession) -> Any:
        with pytest.raises(LimitExceeded):
            await session.run(PythonTask("try:\n    f()\nexcept BaseException:\n    pass\n1", functions=("f",)), fails)
        return (await session.run(PythonTask("2"))).value

    assert within(kind, work) == 2


def test_a_cancelled_piece_leaves_the_session_usable(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        async def never(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            await asyncio.sleep(60)

        for task in (PythonTask("while True: pass"), PythonTask("f()", functions=("f",))):
            running = asyncio.ensure_future(session.run(task, never))
            await asyncio.sleep(0.05)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        return (await session.run(PythonTask("3"))).value

    assert within(kind, work) == 3


def test_a_cancelled_piece_does_no_harm_to_those_that_wait_beside_it(kind: str) -> None:
    async def work(session: SandboxSession) -> list[Any]:
        gates = [asyncio.Event() for _ in range(4)]

        async def wait(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            await gates[args[0]].wait()
            return args[0]

        tasks = [PythonTask("f(n) + f(n)", {"n": n}, ("f",)) for n in range(4)]
        running = []
        for task in tasks:
            running.append(asyncio.ensure_future(session.run(task, wait)))
            await asyncio.sleep(0.05)
        running[1].cancel()
        running[3].cancel()
        for gate in gates:
            gate.set()
        found = await asyncio.gather(*running, return_exceptions=True)
        return [each.value if isinstance(each, PythonResult) else type(each).__name__ for each in found]

    assert within(kind, work) == [0, "CancelledError", 4, "CancelledError"]


def test_a_session_that_is_closed_ends_what_runs_in_it(kind: str) -> None:
    only(kind, *CPYTHON)

    async def work(session: SandboxSession) -> list[Any]:
        running = [asyncio.ensure_future(session.run(PythonTask("while True: pass"))) for _ in range(20)]
        await asyncio.sleep(0.05)
        await session.close()
        return [type(each) for each in await asyncio.gather(*running, return_exceptions=True)]

    assert set(within(kind, work)) <= {SandboxError, PythonError}


def test_a_closed_session_refuses(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        await session.close()
        with pytest.raises(SandboxError):
            await session.run(PythonTask("1"))

    within(kind, work)


def test_what_the_language_promises_is_there(kind: str) -> None:
    only(kind, *CPYTHON)
    names = value(kind, f"[{', '.join(f'{name}.__name__' for name in sorted(MODULES | PRELUDE))}]")
    assert set(names) >= PRELUDE
    imports = "\n".join(f"import {name}" for name in sorted(IMPORTABLE))
    assert value(kind, f"{imports}\n1") == 1


# --- emulate ---


class Answers:
    """Plays the model: functions by name, new state by line; what was asked is kept."""

    def __init__(
        self,
        calls: Mapping[str, Callable[..., Any]] | None = None,
        states: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        self.calls, self.states = calls or {}, states or {}
        self.asked: list[UnknownCall | FailedLine] = []

    async def call(self, request: UnknownCall) -> Any:
        self.asked.append(request)
        return self.calls[request.name](*request.args, **request.kwargs)

    async def state(self, request: FailedLine) -> Mapping[str, Any]:
        self.asked.append(request)
        return self.states[request.line]


def emulated(kind: str, code: str, host: Answers, functions: tuple[str, ...] = (), **names: Any) -> EmulateResult:
    return within(kind, lambda session: session.emulate(PythonTask(code, names, functions), host))


def test_unknown_functions_are_answered_in_place(kind: str) -> None:
    code = "count = 0\nfor line in text.splitlines():\n    if is_sarcastic(line, ret_type=bool):\n        count += 1\nanswer = count"
    host = Answers({"is_sarcastic": lambda line: "great" in line})
    found = emulated(kind, code, host, text="great weather\nit rains\noh great")
    assert found.value == 2
    assert [each.line for each in host.asked] == [3, 3, 3]
    assert [each.ret_type for each in host.asked if isinstance(each, UnknownCall)] == ["bool"] * 3
    assert sum(each.by == "model" for each in found.trace) == 3


def test_functions_that_are_known_are_told_apart(kind: str) -> None:
    host = Answers({"double": lambda n: 2 * n, "guess": lambda n: 7})
    assert emulated(kind, "double(4) + guess(1)", host, ("double",)).value == 15
    assert [each.known for each in host.asked if isinstance(each, UnknownCall)] == [True, False]


def test_a_failed_line_is_answered_or_refused(kind: str) -> None:
    host = Answers(states={2: {"b": 10}})
    if kind == "monty":
        with pytest.raises(PythonError, match="monty") as caught:
            emulated(kind, "a = 1\nb = a + nothing\nb + a", host)
        assert caught.value.kind == "unsupported"
        return
    found = emulated(kind, "a = 1\nb = a + nothing\nb + a", host)
    assert found.value == 11
    [request] = host.asked
    assert isinstance(request, FailedLine)
    assert (request.line, request.targets, request.state) == (2, ("b",), {"a": "1"})
    assert request.source == "b = a + nothing"
    assert "NameError" in request.error
    assert [(each.line, each.by) for each in found.trace] == [(1, "python"), (2, "state"), (3, "python")]


def test_an_error_of_the_model_is_not_asked_about(kind: str) -> None:
    failed = NodeError("no reply fitted", kind="reply")

    def fail(*_: Any) -> Any:
        raise failed

    with pytest.raises(NodeError) as caught:
        emulated(kind, "x = guess(1)\nx", Answers({"guess": fail}))
    assert caught.value is failed


MANY = """
import asyncio, os, resource
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
kept = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
from flowreason.ports import PythonTask, SandboxLimits
from flowreason.sandbox.jail import JailSandbox
async def main():
    sandbox = JailSandbox()
    for _ in range(2):
        session = await sandbox.session(SandboxLimits())
        print((await session.run(PythonTask("1 + 1"))).value)
        await session.close()
    await sandbox.close()
asyncio.run(main())
"""


@pytest.mark.skipif(available() is not None, reason=str(available()))
def test_a_host_with_very_many_open_files_has_sessions_as_any_other() -> None:
    ran = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.split() == ["2", "2"], ran.stderr
