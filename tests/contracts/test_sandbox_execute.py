"""`execute`: a program's text is run in a namespace of its own, and every outcome is a record."""

from __future__ import annotations

from typing import Any

import pytest

from flowreason.ports import PythonTask, SandboxLimits, SandboxSession
from tests.contracts.test_sandbox import CPYTHON, LIMITS, error, kind, only, value, within

__all__ = ["kind"]


def executed(kind: str, program: str, **names: Any) -> tuple[Any, str, str]:
    """Value, output and error of a program that finds these names."""
    given = "".join(f", {name}={name}" for name in names)
    found = value(kind, f"execute(program{given})", program=program, **names)
    assert sorted(found) == ["error", "output", "value"]
    return found["value"], found["output"], found["error"]


@pytest.fixture(autouse=True)
def runs_programs(request: pytest.FixtureRequest) -> None:
    if "refused" not in request.node.name and "kind" in request.fixturenames:
        only(request.getfixturevalue("kind"), *CPYTHON)


SOLVED = "def solution():\n    eggs = 12\n    return eggs * 2\n"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("6 * 7", 42),
        ("x = 6\nx * 7", 42),
        (SOLVED, 24),
        (f"{SOLVED}solution()", 24),
        (f"{SOLVED}print(solution())", 24),
        ("answer = 5", 5),
        ("ans = 6\nresult = 7", 6),
        ("result = 7\nprint(result)", 7),
        ("answer = 0", 0),
        ("if 2 > 1:\n    return 'up'\nreturn 'down'", "up"),
        ("import math\nmath.floor(math.pi)", 3),
        ("majority(words('to be to'))", "to"),
        ("total = 0\ndef add(n):\n    global total\n    total += n\nadd(3)\ntotal", 3),
        ("x = 5", None),
        ("", None),
        ("map(str, [1, 2])", ["1", "2"]),
        ("if __name__ == '__main__':\n    ans = 'main'", "main"),
        ("execute('1 + 1').value", 2),
    ],
)
def test_the_value_is_the_last_expression_else_the_solution_else_the_answer(
    kind: str, program: str, expected: Any
) -> None:
    assert executed(kind, program)[::2] == (expected, "")


@pytest.mark.parametrize(
    "program",
    [
        "```python\n6 * 7\n```",
        "```\n6 * 7\n```",
        "Here it is:\n\n```python\n6 * 7\n```\nIt gives 42.",
        "~~~py\n6 * 7\n~~~",
        "python\n6 * 7",
        "```python\n6 * 7",
        "    x = 6\n    x * 7",
        "1. Run it:\n   ```python\n   6 * 7\n   ```\n",
        "```python\nx = 6\n```\nand then\n```python\nx * 7\n```\nwhich prints\n```\n42 or so\n```",
        "x = 6\r\nx * 7\r\n",
    ],
)
def test_fences_around_a_program_are_taken_off(kind: str, program: str) -> None:
    assert executed(kind, program) == (42, "", "")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("y = 1\nx = 1 / 0", "ZeroDivisionError: division by zero (line 2: x = 1 / 0)"),
        ("def half(n):\n    return n / 0\nhalf(3)", "ZeroDivisionError: division by zero (line 2: return n / 0)"),
        ("a\nb = = 2", "SyntaxError: invalid syntax (line 2: b = = 2)"),
        ("missing + 1", "NameError: name 'missing' is not defined (line 1: missing + 1)"),
        ("raise SystemExit('done')", "SystemExit: done (line 1: raise SystemExit('done'))"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (line 1: raise KeyboardInterrupt)"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines (line 1: raise ValueError('two\\nlines'))"),
        ("def solution():\n    return [][1]", "IndexError: list index out of range (line 2: return [][1])"),
        ("```python\nx = 1\n1 / 0\n```", "ZeroDivisionError: division by zero (line 2: 1 / 0)"),
    ],
)
def test_an_error_is_one_line_that_names_the_line_of_the_program(kind: str, program: str, expected: str) -> None:
    assert executed(kind, program) == (None, "", expected)


@pytest.mark.parametrize(
    ("program", "part"),
    [
        ("open('/etc/passwd').read()", "PermissionError: Python in a flow has no files"),
        ("input()", "nobody types here"),
        ("import os", "ModuleNotFoundError: the module os is not here"),
        ("def f(): return f()\nf()", "RecursionError"),
        ("lambda: 1", "TypeError: its value is none that can be handed on"),
        ("x" * 70_000 + " +", "SyntaxError"),
        ("(" * 5_000, "SyntaxError"),
        ("class Odd(Exception):\n    def __str__(self): raise KeyError\nraise Odd", "Odd: its text cannot be read"),
        ("x = '\0'", "null bytes"),
        ("'a' * (1 << 40)", "MemoryError"),
        ("yield 1", "outside function"),
    ],
)
def test_what_a_program_may_not_do_is_its_error_in_one_line(kind: str, program: str, part: str) -> None:
    found = executed(kind, program)[2]
    assert part in found and "\n" not in found and len(found) < 700


def test_what_a_program_prints_is_its_output_and_not_that_of_the_step(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        return await session.run(PythonTask("print('outer')\nexecute('print(1)\\nprint(2)\\n1 / 0')"))

    done = within(kind, work)
    assert done.printed == "outer\n"
    assert done.value["output"] == "1\n2\n" and done.value["error"].startswith("ZeroDivisionError")


def test_a_program_finds_the_names_that_it_is_given_and_none_of_its_caller(kind: str) -> None:
    assert executed(kind, "sum(prices)", prices=[1, 2])[0] == 3
    found = value(kind, "hidden = 5\nexecute('hidden')")
    assert found["error"].startswith("NameError")
    assert value(kind, "execute('seen', seen=6).value") == 6


def test_a_program_changes_nothing_of_its_caller(kind: str) -> None:
    code = "got = execute('rows.append(4)\\nrows[0].x = 9\\nmath = 1\\nrows', rows=rows)\n[rows, got.value, math.floor(2.5)]"
    assert value(kind, code, rows=[{"x": 1}]) == [[{"x": 1}], [{"x": 9}, 4], 2]
    assert value(kind, "execute('len = 5')\nlen('abc')") == 3
    assert value(kind, "execute('import builtins')\nexecute('__builtins__[\"len\"] = 5')\nlen('abc')") == 3


def test_chance_in_a_program_repeats(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        task = PythonTask("execute(program).value", {"program": "import random\nrandom.random()"}, seed=7)
        return [(await session.run(task)).value for _ in range(2)]

    first, second = within(kind, work)
    assert first == second


@pytest.mark.parametrize(
    ("program", "kind_"), [("while True: pass", "timeout"), ("while True: print('x' * 1000)", "output")]
)
def test_a_program_without_end_fails_the_step_with_its_limit(kind: str, program: str, kind_: str) -> None:
    limits = SandboxLimits(seconds=0.5, memory=LIMITS.memory, output=10_000, value=LIMITS.value)
    assert error(kind, "try:\n    execute(program)\nexcept Exception:\n    1", limits, program=program).kind == kind_


def test_after_a_program_the_sandbox_goes_on(kind: str) -> None:
    async def work(session: SandboxSession) -> Any:
        for program in ("raise SystemExit", "'a' * (1 << 40)", "def f(): return f()\nf()"):
            await session.run(PythonTask("execute(program)", {"program": program}))
        return await session.run(PythonTask("print('here')\n6"))

    done = within(kind, work)
    assert (done.value, done.printed) == (6, "here\n")


def test_where_text_cannot_be_executed_it_is_refused(kind: str) -> None:
    only(kind, "monty")
    found = error(kind, "execute('1 + 1')")
    assert "the sandbox for Linux" in str(found) and found.kind == "unsupported"
    assert value(kind, "nearest(['a river', 'a hill'], 'rivers', 1)") == ["a river"]
