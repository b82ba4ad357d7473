"""The public API: from a question or a text to a result, inside and outside of an event loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.virtual import echo

WRITTEN = 'flow widths(rivers: list[text]) -> int {\n  xs: list[int] = for r in rivers yield ask "How wide is {r}?"\n  answer `sum(xs)`\n}'


def model() -> fr.ScriptedProvider:
    """Writes the flow above when asked for one, and says 7 to everything else."""
    return fr.ScriptedProvider(lambda request: "7" if "How wide is" in request.messages[-1].content else WRITTEN)


def test_solve_writes_prices_and_runs_a_flow() -> None:
    heard: list[fr.Event] = []
    flows: list[fr.Flow] = []
    result = fr.solve(
        "How wide are the rivers together?",
        inputs={"rivers": ["Rhine", "Aare"]},
        provider=model(),
        on_event=heard.append,
        on_flow=flows.append,
    )
    assert (result.value, result.answer, result.status) == (14, "14", "answered")
    assert result.usage.calls == 3
    kinds = [event.kind for event in heard]
    order = [kinds.index(kind) for kind in ("compile.started", "compile.done", "price", "run.started", "run.finished")]
    assert order == sorted(order)
    assert flows[0].name == "widths"


def test_everything_works_inside_a_running_loop() -> None:
    async def main() -> list[Any]:
        plain = fr.loads(WRITTEN).run(rivers=["Rhine"], provider=model()).value
        solved = fr.solve("How wide?", inputs={"rivers": ["Rhine"]}, provider=model()).value
        compiled = fr.compile("How wide?", inputs={"rivers": ["Rhine"]}, provider=model()).name
        awaited = (await fr.loads(WRITTEN).run_async(rivers=["Rhine"], provider=model())).value
        return [plain, solved, compiled, awaited]

    assert asyncio.run(main()) == [7, 7, "widths", 7]
    assert not [t for t in threading.enumerate() if t.name == "flowreason"]


def test_what_is_raised_inside_a_running_loop_is_raised_to_the_caller() -> None:
    async def main() -> None:
        fr.loads("flow f(x: int) { answer x }").run(provider=echo())

    with pytest.raises(fr.InputError):
        asyncio.run(main())


def test_a_flow_runs_any_number_of_times_and_at_once() -> None:
    flow = fr.loads("flow f(x: int) -> int { y = `x * 2`\n answer y }")

    async def main() -> list[Any]:
        runs = [flow.run_async(x=n, provider=echo()) for n in range(20)]
        return [result.value for result in await asyncio.gather(*runs)]

    assert asyncio.run(main()) == [2 * n for n in range(20)]
    assert flow.run(x=4, provider=echo()).value == 8


def test_a_flow_runs_with_different_tools_one_after_the_other() -> None:
    text = 'pure tool size(x: int) -> int "a size"\nflow f(x: int) -> int { answer size(x) }'

    @fr.tool(pure=True)
    def size(x: int) -> int:
        return x + 1

    quick = size

    @fr.tool(pure=True, waits=True)
    async def size(x: int) -> int:
        return x + 2

    flow = fr.loads(text, tools=[quick])
    assert flow.run(x=1, provider=echo()).value == 2
    flow.tools = fr.loads(text, tools=[size]).tools
    assert flow.run(x=1, provider=echo()).value == 3


@pytest.mark.parametrize("question", ["", "   ", "x" * 200_001, "a\x00b", 5])
def test_a_question_that_cannot_be_worked_on_is_refused_before_any_call(question: Any) -> None:
    provider = echo()
    with pytest.raises(fr.UsageError) as caught:
        fr.solve(question, provider=provider)
    assert provider.requests == []
    assert str(caught.value).count("\n") < 3


def test_over_the_limit_confirm_decides() -> None:
    flow = fr.loads(WRITTEN)
    rivers = ["Rhine", "Aare"]
    refused = flow.run(rivers=rivers, provider=model(), limits=fr.Limits(calls=3))
    assert (refused.status, refused.usage.calls) == ("limit", 0)
    asked: list[Any] = []
    agreed = flow.run(
        rivers=rivers,
        provider=model(),
        limits=fr.Limits(calls=3),
        confirm=lambda price, limits: asked.append((price, limits)) is None,
    )
    assert (agreed.value, len(asked)) == (14, 1)


def test_a_result_is_plain_data() -> None:
    result = fr.loads(WRITTEN).run(rivers=["Rhine"], provider=model())
    data = result.as_json()
    assert (data["status"], data["value"], data["calls"], data["failed_items"]) == ("answered", 7, 1, [])
    assert str(result) == "7"
    assert result.raise_for_status() is result
    assert [row.node for row in result.nodes if row.node == "xs"] == ["xs"]


def test_a_result_that_failed_raises_when_asked_to() -> None:
    result = fr.loads("flow f() { answer `1 // 0` }").run(provider=echo())
    assert not result.ok
    assert result.answer == ""
    with pytest.raises(fr.NodeError, match="line 1"):
        result.raise_for_status()


def test_the_flow_of_solve_can_be_kept(tmp_path: Path) -> None:
    place = tmp_path / "widths.flow"
    fr.solve("How wide?", inputs={"rivers": ["Rhine"]}, provider=model(), flow_out=place)
    assert fr.load(place).run(rivers=["Aare"], provider=model()).value == 7


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "none.flow", "there is no file"),
        (lambda folder: folder, "is a folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, make: Any, says: str) -> None:
    with pytest.raises(fr.UsageError, match=says):
        fr.load(make(tmp_path))


def test_a_file_that_is_not_utf_8_is_a_diagnostic(tmp_path: Path) -> None:
    place = tmp_path / "old.flow"
    place.write_bytes(b'flow f() { answer "\xff" }')
    with pytest.raises(fr.FlowSyntaxError):
        fr.load(place)


def test_importing_loads_no_heavy_library() -> None:
    code = "import flowreason, sys; flowreason.solve; flowreason.loads; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    heavy = {"networkx", "openai", "pydot", "rich", "typer", "streamlit", "seccomp", "pyseccomp", "pydantic_monty"}
    assert not heavy & set(loaded.stdout.split())
