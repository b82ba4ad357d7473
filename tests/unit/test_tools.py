"""Python functions as tools: their signatures in the words of the language, and what calling them means."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import pytest

import flowreason as fr
from flowreason.tools import bind, definition_of, type_of_hint
from flowreason_dsl.types import ANY, BOOL, INT, NUMBER, TEXT, Choice, DictOf, ListOf, Record
from tests.virtual import echo, virtual


@dataclass
class Stop:
    name: str
    minutes: int


class Train(TypedDict):
    number: int
    late: bool


@pytest.mark.parametrize(
    ("hint", "type"),
    [
        (str, TEXT),
        (int, INT),
        (float, NUMBER),
        (bool, BOOL),
        (Any, ANY),
        (None, ANY),
        (list[str], ListOf(TEXT)),
        (list, ListOf(ANY)),
        (tuple[int, ...], ListOf(INT)),
        (dict[str, float], DictOf(NUMBER)),
        (Literal["a", "b"], Choice(("a", "b"))),
        (int | None, ANY),
        (Stop, Record((("name", TEXT), ("minutes", INT)))),
        (Train, Record((("number", INT), ("late", BOOL)))),
        (bytes, ANY),
    ],
)
def test_hints_become_types(hint: Any, type: Any) -> None:
    assert type_of_hint(hint) == type


def test_a_signature_is_the_functions_own() -> None:
    @fr.tool(pure=True)
    def departures(station: str, count: int = 3) -> list[str]:
        """The next trains.

        Taken from the board.
        """
        return [station] * count

    definition = departures.definition
    assert [(p.name.text, p.type.type) for p in definition.parameters] == [("station", TEXT), ("count", INT)]
    assert (definition.pure, definition.doc, definition.returns.type) == (True, "The next trains.", ListOf(TEXT))
    assert departures("Basel", count=1) == ["Basel"]


@pytest.mark.parametrize(("function", "says"), [(lambda *args: 1, "no name to call it by"), (3, "must be a function")])
def test_what_cannot_be_a_tool_is_refused(function: Any, says: str) -> None:
    with pytest.raises(fr.UsageError, match=says):
        definition_of(function)


def test_two_tools_of_one_name_are_refused() -> None:
    def lamp() -> int:
        return 1

    with pytest.raises(fr.UsageError, match="two tools are called 'lamp'"):
        bind([lamp, fr.tool(lamp)])


# --- calling them ---


def run(text: str, *tools: Any, **options: Any) -> fr.Result:
    return virtual(fr.loads(text, tools=tools).run_async(provider=echo(), **options))


@fr.tool(pure=True)
def doubled(x: int) -> int:
    return 2 * x


@fr.tool
async def halved(x: int) -> float:
    return x / 2


def in_a_thread(x: int) -> str:
    return str(x) + ("" if threading.current_thread() is threading.main_thread() else " in a thread")


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("doubled(4)", 8),
        ("doubled(x=`2 + 2`)", 8),
        ('doubled("4")', 8),
        ("halved(5)", 2.5),
        ("in_a_thread(5)", "5 in a thread"),
        ("`doubled(4) + doubled(5)`", 18),
    ],
)
def test_tools_of_every_kind_are_called_with_their_types(call: str, value: Any) -> None:
    flow = fr.loads(f"flow f() {{ answer {call} }}", tools=[doubled, halved, in_a_thread])
    assert flow.run(provider=echo(), unsafe_python=True).value == value


@pytest.mark.parametrize("waits", [False, True])
def test_a_wrong_argument_and_a_wrong_result_fail_the_node(waits: bool) -> None:
    @fr.tool(pure=True, waits=waits)
    def measured(x: int) -> int:
        return "far" if x else "near"  # type: ignore[return-value]

    text = "flow f(v: any) {{ answer measured(v) }}".replace("{{", "{").replace("}}", "}")
    argument = run(text, measured, inputs={"v": "soon"})
    assert "measured(x=…)" in str(argument.error)
    result = run(text, measured, inputs={"v": 1})
    assert "measured gave a wrong value" in str(result.error)


@pytest.mark.parametrize("waits", [False, True])
def test_what_a_tool_raises_is_the_nodes_failure(waits: bool) -> None:
    @fr.tool(pure=True, waits=waits)
    def bridge() -> int:
        raise OSError("flooded")

    result = run("flow f() {\n  answer bridge()\n}", bridge)
    assert str(result.error) == "line 2: the tool bridge failed: OSError: flooded"
    assert run("flow f() { answer bridge() else 3 }", bridge).value == 3


def test_what_a_plain_function_returns_may_be_awaitable() -> None:
    async def later() -> int:
        return 5

    @fr.tool(pure=True, waits=True)
    def promise() -> Any:
        return later()

    assert run("flow f() { answer promise() }", promise).value == 5


def test_a_tool_that_the_flow_names_and_nobody_gave_is_told_before_anything_runs() -> None:
    with pytest.raises(fr.FlowError, match="lamp"):
        fr.loads("flow f() { answer lamp(1) }")


def test_a_declared_tool_that_nobody_gave_fails_its_node() -> None:
    result = run('tool lamp(x: int) -> int "a lamp"\nflow f() { answer lamp(1) else 2 }')
    assert result.value == 2


def test_defaults_of_a_tool_stand_in() -> None:
    @fr.tool
    def fare(town: str, children: int = 2) -> str:
        return f"{town} {children}"

    assert run('flow f() { answer fare("Basel") }', fare).value == "Basel 2"
