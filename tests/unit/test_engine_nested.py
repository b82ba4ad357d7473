"""Flows inside flows: sub-flows with defaults, flows written or produced at run time, and files that flows use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.virtual import Work, echo, virtual


def run(text: str, provider: Any = None, *, inputs: Any = None, **options: Any) -> fr.Result:
    return virtual(fr.loads(text).run_async(inputs, provider=provider or echo(), **options))


# --- inputs ---


FLOW = 'flow f(name: text, age: int, tags: list[text], note: text = "none") { answer "{name} {age} {tags} {note}" }'


def test_inputs_are_brought_into_their_types_and_defaults_stand_in() -> None:
    result = run(FLOW, inputs={"name": 5, "age": "36", "tags": ("a", "b")})
    assert result.value == '5 36 ["a", "b"] none'


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"name": "Ada"}, "needs the inputs age: int, tags"),
        ({"name": "Ada", "age": 3, "tags": [], "nmae": 1}, "has no input 'nmae'"),
        ({"name": "Ada", "age": "soon", "tags": []}, "the input age must be int"),
        ({"name": "Ada", "age": 3, "tags": "x"}, "the input tags must be list"),
        ({"two words": 1}, "must be a word"),
    ],
)
def test_missing_unknown_and_wrong_inputs_are_named_before_anything_runs(inputs: Any, says: str) -> None:
    provider = echo()
    with pytest.raises(fr.InputError, match=says):
        run(FLOW, provider, inputs=inputs)
    assert provider.requests == []


# --- recursion ---


def test_a_flow_may_call_itself() -> None:
    text = "flow fact(n: int) -> int { if `n < 2` { answer 1 }\n rest = fact(`n - 1`)\n answer `n * rest` }"
    result = run(text, inputs={"n": 6})
    assert result.value == 720
    assert max(e.frame.count("/") for e in result.events) == 10


# --- solve ---


INNER = "flow inner(lines: list[text]) -> int {\n  answer `len(lines)`\n}"


def test_solve_writes_a_flow_and_runs_it_with_what_is_given() -> None:
    provider = echo(reply=INNER)
    result = run(
        'flow f(lines: list[text]) { n: int = solve "How many lines?" given lines\n answer `n + 1` }',
        provider,
        inputs={"lines": ["a", "b"]},
    )
    assert result.value == 3, result.error
    assert "How many lines?" in str(provider.requests[0].messages)
    frames = [e.frame for e in result.events if e.kind == "frame.opened"]
    assert any(frame.endswith("/inner") for frame in frames)


def test_solve_within_solve_ends_at_the_depth() -> None:
    provider = echo(reply='flow inner() -> text {\n  x = solve "Deeper."\n  answer x\n}')
    result = run('flow f() { x = solve "Start."\n answer x }', provider, limits=fr.Limits(depth=3, calls=None))
    assert result.status == "failed"
    assert "3 deep" in str(result.error)


def test_a_flow_that_solve_cannot_write_falls_back_to_reasoning() -> None:
    provider = fr.ScriptedProvider(lambda request: "this is no flow" if "flow" in request.messages[0].content else "42")
    result = run('flow f() { x = solve "What is six by seven?" else "given up"\n answer x }', provider)
    assert result.ok


# --- run ---


def test_run_runs_a_text_that_a_node_produced() -> None:
    provider = echo(reply="flow made(n: int) -> int { answer `n * 2` }")
    result = run(
        'flow f(n: int) { text = ask "Write a flow."\n x = run text given n\n answer x }', provider, inputs={"n": 21}
    )
    assert result.value == 42


def test_a_produced_text_that_is_no_flow_fails_with_its_diagnostics() -> None:
    result = run('flow f() { text = "flow made() {{ answer nobody }}"\n x = run text else "no flow"\n answer x }')
    assert result.value == "no flow"
    [failed] = [e for e in result.events if e.kind == "node.failed"]
    assert "nobody" in failed.data["error"]


def test_a_produced_text_that_runs_itself_ends_at_the_depth() -> None:
    text = 'flow f() { t = "flow g(t: text) {{ x = run t given t  answer x }}"\n x = run t given t\n answer x }'
    result = run(text, limits=fr.Limits(depth=4))
    assert "4 deep" in str(result.error)


def test_a_produced_flow_has_only_the_tools_of_the_run() -> None:
    work = Work()
    result = work.run(
        'flow f() { t = "flow g() {{ act(\\"a\\", 1)  answer 1 }}"\n x = run t\n act("b", 0)\n answer x }'
    )
    assert (result.value, work.order) == (1, ["a", "b"])
    alone = run('flow f() { t = "flow g() {{ act(\\"a\\", 1)  answer 1 }}"\n x = run t\n answer x }')
    assert "act" in str(alone.error)


# --- files ---


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.flow").write_text(text)


def test_a_file_uses_the_flows_of_another(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='use "units.flow"\nflow main(x: int) -> int { answer double(x) }',
        units="flow double(x: int) -> int { answer `2 * x` }",
    )
    assert fr.load(tmp_path / "main.flow").run(x=4, provider=echo()).value == 8


@pytest.mark.parametrize(
    "path", ["../outside.flow", "/etc/hostname", "link.flow", "linked/outside.flow", "sub/../../outside.flow"]
)
def test_a_flow_reads_no_file_outside_its_folder(tmp_path: Path, path: str) -> None:
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    write(tmp_path, outside="flow stolen() -> int { answer 1 }")
    (home / "link.flow").symlink_to(tmp_path / "outside.flow")
    (home / "linked").symlink_to(tmp_path)
    write(home, main=f'use "{path}"\nflow main() -> int {{ answer stolen() }}')
    with pytest.raises((fr.FlowError, fr.UsageError), match="leads out of|outside"):
        fr.load(home / "main.flow")


def test_a_text_without_a_folder_uses_no_file() -> None:
    with pytest.raises((fr.FlowError, fr.UsageError)):
        fr.loads('use "units.flow"\nflow main() -> int { answer 1 }')
