"""Python that shares a process with later pieces leaves nothing in it; what might has a process of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import random
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.errors import PythonError
from flowreason.ports import PythonTask, SandboxLimits, SandboxSession
from flowreason.sandbox import jail, workers
from flowreason.sandbox.inside import tame, tame_names
from flowreason_dsl.parser import parse_lenient
from flowreason_dsl.syntax import Code
from tests.outliving import Process

ROOT = Path(__file__).parents[2]
jailed = pytest.mark.skipif(jail.available() is not None, reason=str(jail.available()))

MEAN = [
    # attributes are set
    "math.sqrt = len", "del math.sqrt", "majority.x = 1", "x = math\nx.sqrt = 1", "for math.sqrt in [1]: pass", "math.pi += 1", "(math.pi, x) = 1, 2", "[math.pi := 1]",
    "p.name = 'Elbe'", "class A:\n    def f(self): self.x = 1\nA.f(math)", "import math as m\nm.sqrt = 1", "with open('x') as math.pi: pass",
    # by name
    "setattr(math, 'sqrt', 1)", "f = setattr", "list(map(setattr, [math], ['sqrt'], [1]))", "delattr(math, 'sqrt')", "vars(math)['sqrt'] = 1", "globals()", "locals()", "dir()", "eval('1')", "exec('1')",
    "compile('1', '', 'eval')", "execute('1')", "open('x')", "input()", "getattr(math, '__dict__')", "getattr(math, name)", "getattr(*[math, '__dict__'], 'x')", "g = getattr", "getattr(copy, 'dispatch_table')",
    "__import__('os')", "__builtins__", "math.__dict__", "majority.__globals__", "(lambda: 0).__code__", "f'{majority.__globals__}'", "''.__class__", "().__class__.__base__", "type(1)", "type('A', (), {})", "map(type, ['A'])",
    "operator.attrgetter('__dict__')(math)", "operator.methodcaller('clear')", "operator.setitem(x, 0, 1)", "'{0.__globals__}'.format(majority)", "x.format(majority)", "'{x}'.format_map(p)", "string.Formatter().get_field('0.__dict__', [math], {})",
    "functools.update_wrapper(majority, len)", "functools.wraps(majority)(len)", "functools.singledispatch(len)", "typing.get_type_hints(len)", "typing.get_origin(typing.Type[int])('A', (), {})", "type[int]('A', (), {})",
    "dataclasses.make_dataclass('A', [], namespace={})", "dataclasses.dataclass(collections.Counter)", "from dataclasses import dataclass\ndataclass(collections.Counter)", "from dataclasses import dataclass as d\nd(len)",
    "functools.total_ordering(statistics.NormalDist)", "from functools import *\nwraps", "from operator import *\nattrgetter", "from re import compile\ncompile", "import time\ntime.tzset()", "import sys", "import abc",
    # what modules keep
    "decimal.getcontext().prec = 3", "decimal.getcontext()", "decimal.setcontext(decimal.Context())", "decimal.localcontext()", "decimal.DefaultContext", "decimal.BasicContext", "calendar.setfirstweekday(3)", "calendar.c.setfirstweekday(3)",
    "calendar.mdays[2] = 31", "calendar.mdays", "copy.dispatch_table", "textwrap.TextWrapper.unicode_whitespace_trans.clear()", "typing.sys", "statistics.sys", "random._os", "random._inst", "re._cache.clear()", "re.purge()", "json.decoder",
    "unicodedata.ucd_3_2_0", "copy.deepcopy([1], {}, [])", "from copy import deepcopy\nmap(deepcopy, [1])", "enum.Enum('A', {'__getitem__': len, 'B': 'x'}, type=str)", "collections.abc.Mapping.register(int)", "int.mro()",
    # classes that pass for something else
    "class A(collections.abc.Mapping):\n    @classmethod\n    def __subclasshook__(cls, c): return True\nisinstance(5, collections.abc.Mapping)", "class A(str): pass", "class A(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__",
    "class A:\n    def __eq__(self, o): return True\n    def __hash__(self): return 0\nre.compile('b', A())", "class A:\n    __hash__ = str.__hash__", "class A(metaclass=M): pass", "class A(B, x=1): pass", "class A(B()): pass",
    "class int(int): pass", "class Exception(dict): pass\nclass A(Exception): pass", "A = dict\nclass B(A): pass", "Exception = dict\nclass A(Exception): pass", "from collections.abc import Mapping as Enum\nclass A(Enum): pass",
    "def f(enum):\n    class A(enum.Enum): pass", "class A(enum.StrEnum): pass", "class A(enum.IntEnum):\n    X = 0\n    def __and__(self, o): return 2", "class A(enum.IntEnum): pass\nclass B(A):\n    def __and__(self, o): return 2", "class A(str, enum.Enum): X = 'b'",
    "class A(typing.NamedTuple):\n    x: int\n    def __iter__(self): return iter([1])", "@dataclasses.dataclass(unsafe_hash=True)\nclass A:\n    x: int", "@dataclasses.dataclass(frozen=True)\nclass A:\n    x: int\n    def __eq__(self, o): return True",
    "@dataclasses.dataclass\n@(lambda c: collections.Counter)\nclass A: pass", "@other\nclass A: pass", "class A:\n    def __getattr__(self, n): return 1", "class A:\n    def __setattr__(self, n, v): pass", "class A:\n    __class__ = int",
    "class A:\n    @property\n    def __len__(self): return 1", "class A:\n    def __init_subclass__(cls): pass", "class A:\n    def __set_name__(self, o, n): o.x = 1", "class A:\n    def __get__(self, o, t): return 1", "class A:\n    __slots__ = ('a',)",
    "class A:\n    def __eq__(self, o): o('B', (), {})\ntype(int) == A()", "type(int) in [A()]", "type(1) == Other", "class A:\n    __match_args__ = ('__globals__',)", "match x:\n    case A(__globals__=g): g", "isinstance(x, type)",
    # what runs later
    "class A:\n    def __del__(self): print('late')\na = A()\na", "def f():\n    try:\n        yield 1\n    finally:\n        print('late')\nf()", "def f():\n    try:\n        yield 1\n    except GeneratorExit:\n        print('late')", "def f():\n    with x: yield 1",
    "class A:\n    def __iter__(self): return self\n    def __next__(self): return 1\n    def close(self): print('late')\ndef f(): yield from A()", "@dataclasses.dataclass\nclass A:\n    throw: object = print", "async def f(): pass", "[x async for x in y]",
    # frames
    "(x for x in [1]).gi_frame", "g.gi_frame.f_back.f_globals", "e.__traceback__.tb_frame", "f.cell_contents", "e.with_traceback(None)", "g.gi_code", "c.co_consts", "f.f_locals", "property(len).fget",
    # classes that are written in Python
    "collections.Counter.copy(int)", "c = collections.Counter\nc.copy(c)", "from collections import Counter as K\nK.copy(str)", "map(collections.Counter.copy, [int])", "map(collections.Counter, [1])", "from fractions import *\nFraction", "fractions.Fraction.from_float", "x = random.Random",
    "match x:\n    case X(h): h", "match x:\n    case collections.Counter(): 1", "[collections.Counter]", "isinstance(x, (collections.Counter, X))[0] or collections.Counter",
    # what is no piece, or too much of one
    "x = (", "\0", "1" + " + 1" * 20_000, "(" * 500 + ")" * 500, "try:\n    pass\nexcept* ValueError:\n    pass",
]  # fmt: skip
"""Ways to change what outlives a piece, or to come to them."""


@pytest.mark.parametrize("code", MEAN)
def test_what_might_outlive_a_piece_is_not_tame(code: str) -> None:
    assert not tame.look(code).tame


TAME = [
    "x = {}\nx['a'] = 1\ndel x['a']\nx", "sorted(xs, key=lambda n: -n)[:2]", "from collections import Counter\nCounter('aab').most_common(1)", "import json\njson.loads('[1]')", "p.name, p.items(), p['a'], p.close, p.value", "random.Random(3).sample(xs, 1)", "getattr(p, 'name', None)", "type(x) is int or type(x) in (int, float)",
    "type(x).__name__", "'{} and {n:>5}'.format(1, n=2)", "try:\n    int('x')\nexcept ValueError as e:\n    str(e), e.args", "import random\nrandom.seed(3)\nrandom.shuffle(xs)\nxs", "datetime.datetime.strptime('2024', '%Y').date().isoformat()",
    "from itertools import *\nlist(chain([1], [2]))", "match xs:\n    case [a, *b] if a: b\n    case {'x': y}: y\n    case int(): 1", "@functools.lru_cache(maxsize=None)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nf(30)", "copy.deepcopy(xs)", "from copy import deepcopy\ndeepcopy(xs)", "unique = set(xs)\nunique", "collections.Counter(xs).copy()", "from fractions import Fraction\nFraction(1, 3).limit_denominator(9), isinstance(p, (Fraction, int))",
    "calendar.month_name[3], calendar.monthrange(2024, 2)", "decimal.Decimal('1.1').quantize(decimal.Decimal('1'), rounding=decimal.ROUND_HALF_UP)", "best(xs, by=len) or majority(xs)", "import re as r\nr.sub('a', lambda m: m.group().upper(), 'aab')", "import math\ndef area(r: float) -> float: return math.pi * r ** 2\narea(2)",
    "def walk(n, seen):\n    nonlocal_ = n\n    return [walk(m, seen | {n}) for m in xs if m not in seen]\nlen(xs)", "total = 0\ndef add(n):\n    global total\n    total += n\nadd(1)\ntotal", "top(p, 2, by='size') if p else majority(xs)",
]  # fmt: skip
ALONE = [
    "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nA(1).x", "import enum\nclass A(enum.Enum):\n    X = 1\nA.X.value", "class Wrong(Exception): pass\nstr(Wrong(1))", "from typing import List\ndef f(xs: List[int]) -> int: return len(xs)\nf([1])",
    "def f(n):\n    for i in range(n):\n        yield i\nlist(f(3))", "collections.namedtuple('P', 'x y')(1, 2).x", "random.SystemRandom().random()", "isinstance(xs, collections.abc.Sequence)", "class A:\n    def area(self): return 3\nA().area()", "string = 'abc'\nstring.upper()",
]  # fmt: skip
"""What models write as well, and what nobody looks at: it works, in a process of its own."""


@pytest.mark.parametrize("code", TAME)
def test_what_models_write_is_tame(code: str) -> None:
    assert tame.look(code).tame


@pytest.mark.parametrize("code", ALONE)
def test_what_has_a_mind_of_its_own_is_alone(code: str) -> None:
    assert not tame.look(code).tame


def _written() -> Iterator[str]:
    """The Python of the flows that this repository holds, but for programs that a model writes at run time."""
    for pattern in ("examples/**/*.flow", "flowreason/compiler/examples/*.flow", "flowreason/library/*.flow", "tests/corpus/valid/*.flow"):  # fmt: skip
        for path in sorted(ROOT.glob(pattern)):
            yield from _codes(parse_lenient(path.read_text(encoding="utf-8"))[0])


def _codes(node: Any) -> Iterator[str]:
    if isinstance(node, Code):
        yield node.text
    elif dataclasses.is_dataclass(node):
        yield from (code for each in dataclasses.fields(node) for code in _codes(getattr(node, each.name)))
    elif isinstance(node, tuple | list):
        yield from (code for each in node for code in _codes(each))


def test_nearly_all_python_of_flows_is_tame() -> None:
    codes = list(_written())
    assert len(codes) > 300
    assert sum(tame.look(code).tame for code in codes) > 0.95 * len(codes)


def test_what_is_allowed_of_modules_is_code_or_constant() -> None:
    """Of whatever version of Python: nothing of the list holds an object that can be changed, or is a module."""
    for name in tame_names.MODULES:
        module = importlib.import_module(name)
        for attribute in tame_names.tame_names(name):
            value = getattr(module, attribute)
            assert not isinstance(value, list | dict | set | bytearray | random.Random | type(random)), (
                f"{name}.{attribute}"
            )
    assert {"setattr", "getattr", "exec", "vars", "open", "type", "property", "execute"}.isdisjoint(tame_names.BUILTINS)
    assert all(
        not tame_names.tame_attribute(name)
        for name in (
            "format",
            "setstate",
            "gi_frame",
            "f_globals",
            "mro",
            "fget",
            "tb_frame",
            "cell_contents",
            "_inst",
            "__globals__",
        )
    )


# --- whatever tame Python does, nothing is left ---

CHANGES = [
    "setattr(math, 'sqrt', 5)", "calendar.mdays[2] = 31", "majority.x = 1", "decimal.getcontext().prec = 3", "textwrap.TextWrapper.break_on_hyphens = False", "copy.deepcopy.__defaults__[1].append(1)",
    "random._os.environ['X'] = 'y'", "best.__wrapped__.__globals__['islice'] = 5", "try:\n    dataclasses.dataclass(collections.Counter)\nexcept TypeError:\n    1",
]  # fmt: skip
REGISTERED = "class A(collections.abc.Mapping):\n    @classmethod\n    def __subclasshook__(cls, c): return True\nisinstance(5, collections.abc.Mapping)"
OUTRIGHT = ["random._os._exit(0)", "sys = random._os.sys\nsys.modules.clear()", "random._os.write(3, b'x' * 99)"]


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    made = Process()
    yield made
    made.close()


def test_the_comparison_sees_what_is_changed() -> None:
    for code in CHANGES:
        made = Process()
        try:
            outcomes, changed = made([f"# wild\n{code}"])
        finally:
            made.close()
        assert outcomes == ["done"] and changed, code


@pytest.mark.parametrize("code", TAME)
def test_tame_python_leaves_nothing(code: str, process: Process) -> None:
    assert process([code])[1] == []


SPOIL = """
turn = []
def spoil(*things, **named):
    for each in [*things, *named.values()]:
        for do in (lambda: each.clear(), lambda: each.append(1), lambda: each.add(1), lambda: each.update({"x": 1}), lambda: each.insert(0, 1), lambda: each.pop(), lambda: each.sort()):
            try:
                do()
            except Exception:
                pass
        for key in ("spoilt", 0):
            try:
                each[key] = spoil
            except Exception:
                pass
    turn.append(1)
    return GIVES[len(turn) % len(GIVES)]
"""
"""A function that changes whatever comes into its hands, as far as plain Python can."""
GIVES = ["spoil", "1", "'a b'", "[1, 2]", "{}", "True", "None", "(1, 'a')", "-2.5"]
ARGUMENTS = ["spoil", "spoil", "1", "'a b'", "[3, 1, 2]", "{'a': 1}", "(1, 2)", "None", "[spoil]", "xs", "int", "str.upper", "(spoil(n) for n in xs)", "iter(xs)", "Decimal(1)", "majority", "2.5", "b'ab'", "date(2024, 1, 2)"]  # fmt: skip
KEYWORDS = ["key=spoil", "default=spoil", "by=spoil", "by='gi_frame'", "cls=spoil", "initial=1", "count=2", "object_hook=spoil", "repl=spoil", "rounding='ROUND_UP'", "flags=2", "fillvalue=spoil"]  # fmt: skip
ENDLESS = ("itertools.repeat", "itertools.cycle", "itertools.count")


ATTRIBUTES = sorted({name for kind in (str, bytes, list, dict, set, tuple, int, float, Decimal, Fraction, Counter, deque, defaultdict, date, random.Random, re.Match, re.Pattern) for name in dir(kind) if tame_names.tame_attribute(name)})  # fmt: skip


def called() -> list[str]:
    """All functions and classes that tame Python may call, and all methods of values."""
    found = sorted(tame_names.BUILTINS - {name for name in tame_names.BUILTINS if name[0].isupper()})
    for name in tame_names.MODULES:
        module = importlib.import_module(name)
        paths = [f"{name}.{each}" for each in sorted(tame_names.tame_names(name)) if callable(getattr(module, each))]
        found += [path for path in paths if path not in ENDLESS and not path.startswith("copy.")]
    holders = ["'a b'", "b'ab'", "[3, 1, 2]", "{'a': 1}", "{1, 2}", "(1, 2)", "5", "2.5", "date(2024, 1, 2)", "Decimal(7)", "Fraction(1, 3)", "Counter('aab')", "deque([1, 2])", "re.match('(?P<x>a)', 'ab')", "re.compile('a')", "defaultdict(spoil)"]  # fmt: skip
    return found + [f"{holder}.{each}" for holder in holders for each in ATTRIBUTES]


def mean(draw: random.Random, functions: list[str]) -> str:
    """A piece that calls a few of them with whatever spoils what it gets."""
    lines = []
    while len(lines) < 40:
        given = [draw.choice(ARGUMENTS) for _ in range(draw.choice((0, 1, 1, 2, 2, 3)))] + draw.choices(
            KEYWORDS, k=draw.choice((0, 0, 1))
        )
        made = f"{draw.choice(functions)}({', '.join(given)})"
        made = draw.choice((made, f"list(itertools.islice(iter({made}), 5))", f"{made}[{draw.choice(ARGUMENTS)}]", f"[{made} + {draw.choice(ARGUMENTS)}]", f"spoil({made})", f"{made} == spoil"))  # fmt: skip
        if tame.look(made).tame:
            lines.append(f"try:\n    {made}\nexcept Exception:\n    pass\n")
    head = "from collections import Counter, defaultdict, deque\nfrom datetime import date\nfrom decimal import Decimal\nfrom fractions import Fraction\n"
    return f"{head}{SPOIL}\nGIVES = [{', '.join(draw.sample(GIVES, len(GIVES)))}]\n{''.join(lines)}1"


@pytest.mark.parametrize("seed", range(2))
def test_python_that_spoils_all_that_it_gets_leaves_nothing(seed: int, process: Process) -> None:
    draw, functions = random.Random(seed), called()
    pieces = [mean(draw, functions) for _ in range(12)]
    assert all(tame.look(piece).tame for piece in pieces)
    for _ in range(4):
        outcomes, changed = process(pieces)
        assert "wild" not in outcomes and changed == []


SLY = [
    "top([(n for n in xs)], 1, by='gi_frame')", "best([math.sqrt, len], by='__globals__')", "nearest([majority], 'x', 1, by='__globals__')", "copy.deepcopy(spoil)", "functools.lru_cache(spoil)(1)", "json.dumps({1: majority}, default=spoil)", "json.loads('[1]', cls=spoil)",
    "statistics.mean(map(spoil, xs))", "re.sub('a', spoil, 'aaa')", "functools.reduce(spoil, [xs, xs, xs])", "sorted([majority, spoil], key=spoil)", "functools.partial(spoil, majority)(top)", "collections.OrderedDict.fromkeys('ab', spoil).popitem(spoil)",
    "calendar.month_name[slice(None)].append(1)", "dict.update(spoil, {'x': 1})", "list.append(majority, 1)", "textwrap.fill('a b', 3, tabsize=spoil)",
]  # fmt: skip
"""Calls by which something of the standard library comes, or once came, into the hands of a piece."""


@pytest.mark.parametrize("made", SLY)
def test_what_the_standard_library_hands_to_a_piece_cannot_be_changed(made: str, process: Process) -> None:
    code = f"{SPOIL}\nGIVES = [spoil]\ntry:\n    {made}\nexcept Exception:\n    pass\n1"
    if tame.look(code).tame:
        assert process([code]) == (["done"], [])


# --- in a session ---


def within(work: Callable[[SandboxSession], Awaitable[Any]], limits: SandboxLimits | None = None) -> Any:
    async def main() -> Any:
        sandbox = jail.JailSandbox()
        session = await sandbox.session(limits or SandboxLimits(seconds=2.0, memory=256 * 2**20))
        try:
            return await work(session)
        finally:
            await sandbox.close()

    return asyncio.run(main())


PROBE = """
[math.sqrt(9), calendar.monthrange(2023, 2), str(decimal.Decimal(1) / 7), majority(["a", "b", "a"]), isinstance(5, collections.abc.Mapping), textwrap.fill("a-b " * 9, 10),
 re.sub("(?P<a>.)(?P<b>.)", r"\\g<b>\\g<a>", "xy"), str(collections.Counter("aab")), best([1, 3, 2]), json.dumps({"a": [1]}), copy.deepcopy([1]), random.random(), calendar.firstweekday(), len(xs)]
"""


@jailed
@pytest.mark.parametrize("code", [*CHANGES, REGISTERED, *OUTRIGHT])
def test_what_a_piece_changes_ends_with_it(code: str) -> None:
    probe = PythonTask(PROBE, {"xs": [1]}, seed=3)

    async def work(session: SandboxSession) -> Any:
        for _ in range(2):
            try:
                await session.run(PythonTask(code))
            except PythonError as error:
                assert code in OUTRIGHT, error
        return (await session.run(probe)).value

    assert within(work) == within(lambda session: session.run(probe)).value


@jailed
def test_a_piece_that_is_alone_finds_nothing_of_another() -> None:
    code = "[o for o in random._os.sys.modules['gc'].get_objects() if isinstance(o, list) and 'needle' in o[:1]]"

    async def work(session: SandboxSession) -> Any:
        await session.run(PythonTask("x = ['needle', 1]\ny = [x]\nx.append(y)\n1"))
        return (await session.run(PythonTask(code))).value

    assert within(work) == []


@jailed
def test_chance_is_the_seeds_whatever_draws() -> None:
    codes = ["statistics.NormalDist().samples(2)", "random.Random().random()", "random.SystemRandom().random()", "random.seed()\nrandom.random()", "getattr(statistics, 'random').gauss(0, 1)", "__import__('random').random()"]  # fmt: skip

    async def work(session: SandboxSession) -> Any:
        return [[(await session.run(PythonTask(code, seed=seed))).value for code in codes] for seed in (1, 1, 2)]

    first, again, other = within(work)
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))


@jailed
def test_a_nested_piece_does_not_disturb_the_numbers_of_the_one_that_waits() -> None:
    async def work(session: SandboxSession, nested: bool) -> Any:
        async def inner(name: str, args: Any, kwargs: Any) -> Any:
            return (await session.run(PythonTask("random.random()", seed=9))).value if nested else 0

        task = PythonTask("[random.random(), f(), random.random()]", functions=("f",), seed=1)
        return (await session.run(task, inner)).value[::2]

    async def main() -> list[Any]:
        sandbox = jail.JailSandbox(most_workers=1)
        try:
            return [await work(await sandbox.session(SandboxLimits()), nested) for nested in (False, True)]
        finally:
            await sandbox.close()

    plain, nested = asyncio.run(main())
    assert plain == nested


@jailed
def test_what_a_piece_leaves_in_memory_is_not_missing_later() -> None:
    left = "x = [bytearray(60 * 2**20)]\nx.append(x)\nlen(x)"

    async def work(session: SandboxSession) -> Any:
        for _ in range(6):
            await session.run(PythonTask(left))
        return (await session.run(PythonTask("len('a' * (200 * 2**20))"))).value

    assert within(work) == 200 * 2**20


@jailed
def test_a_process_whose_time_was_over_is_not_used_again() -> None:
    caught = "try:\n    while True: pass\nexcept BaseException:\n    pass\n1"
    count = "x = 0\nfor n in range(20000): x += n\nx"

    async def work(session: SandboxSession) -> Any:
        async def never(name: str, args: Any, kwargs: Any) -> Any:
            await asyncio.sleep(60)

        try:
            await session.run(PythonTask(caught))
        except PythonError as error:
            assert error.kind == "timeout"
        return (await session.run(PythonTask(count))).value, len(session._workers._workers)  # type: ignore[attr-defined]

    assert within(work, SandboxLimits(seconds=0.3)) == (199990000, 1)


@jailed
def test_many_pieces_that_are_alone_take_turns_and_all_end() -> None:
    async def work(session: SandboxSession) -> Any:
        async def slow(name: str, args: Any, kwargs: Any) -> Any:
            await asyncio.sleep(0.02)
            return args[0]

        tasks = [PythonTask("eval('n') + f(n)", {"n": n}, ("f",)) for n in range(90)]
        plain = [PythonTask("eval('n')", {"n": n}) for n in range(90)]
        return [each.value for each in await asyncio.gather(*(session.run(task, slow) for task in tasks + plain))]

    assert within(work) == [2 * n for n in range(90)] + list(range(90))


@jailed
def test_pieces_that_are_alone_and_wait_for_one_another_without_end_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_ALONE", 4)
    monkeypatch.setattr(workers, "LONGEST_WAIT", 0.3)

    async def work(session: SandboxSession) -> Any:
        async def deeper(name: str, args: Any, kwargs: Any) -> Any:
            return (await session.run(PythonTask("eval('f')(n)", {"n": 1}, ("f",)), deeper)).value

        began = time.monotonic()
        with pytest.raises(PythonError, match="each in a process of its own"):
            await session.run(PythonTask("eval('f')(n)", {"n": 1}, ("f",)), deeper)
        assert time.monotonic() - began < 10
        return (await session.run(PythonTask("eval('2')"))).value

    assert within(work) == 2


INNER = """flow inner() -> int {
  answer ```
S = random._os.sys.modules["flowreason.sandbox.inside.pieces"].Pieces
old = S.run
S.run = lambda self, piece: (1000000, {}) if "amount" in piece.names else old(self, piece)
1
```
}"""


@jailed
def test_a_flow_that_is_run_inside_of_another_rules_none_of_its_python() -> None:
    paid: list[int] = []

    @fr.tool
    def pay(amount: int, to: str) -> bool:
        """Pays."""
        paid.append(amount)
        return True

    outer = """flow main(doc: text) -> any {
  x = run doc
  amount: int = `next(iter([5])) if x != 99 else 0`
  checked: int = `(lambda: amount if amount < 100 else 0)()`
  pay(checked, "Ada")
  answer checked
}"""
    result = fr.loads(outer, tools=[pay]).run(doc=INNER, provider=fr.ScriptedProvider(default="1"))
    assert (result.value, paid) == (5, [5]), result.error
