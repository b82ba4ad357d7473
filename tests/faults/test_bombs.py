"""Files and flows that are made to exhaust or to climb: of depth, of width, of loops, of recursion, of files that use files."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

import flowreason as fr
from flowreason.cli.app import run_command

SECONDS = 10.0


@pytest.mark.parametrize(
    "path", ["../secret.flow", "/etc/passwd", "a/../../secret.flow", "link.flow", "..\\secret.flow", "~/x.flow", "a/../link.flow"]
)  # fmt: skip
def test_a_file_that_is_used_cannot_lie_outside_of_the_folder(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    (folder / "a").mkdir(parents=True)
    (tmp_path / "secret.flow").write_text('flow secret() -> text { answer "canary" }')
    os.symlink(tmp_path / "secret.flow", folder / "link.flow")
    main = folder / "main.flow"
    main.write_text(f"use {json.dumps(path)}\nflow main() -> text {{ answer secret() }}")
    with pytest.raises(fr.FlowError) as caught:
        fr.load(main)
    assert "canary" not in str(caught.value)


def test_files_that_use_one_another_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    for number in range(20):
        uses = f'use "f{(number + 1) % 20}.flow"\nuse "f{number}.flow"\n'
        (tmp_path / f"f{number}.flow").write_text(f"{uses}flow f{number}() -> int {{ answer {number} }}")
    (tmp_path / "main.flow").write_text('use "f0.flow"\nflow main() -> int { answer f7() }')
    began = time.process_time()
    assert run_command(["check", str(tmp_path / "main.flow")]) in (0, 1)
    assert time.process_time() - began < SECONDS


def test_files_that_each_use_all_others_are_read_once_each(tmp_path: Path) -> None:
    names = [f"f{number}.flow" for number in range(15)]
    for number, name in enumerate(names):
        uses = "\n".join(f'use "{other}"' for other in names if other != name)
        (tmp_path / name).write_text(f"{uses}\nflow f{number}() -> int {{ answer {number} }}")
    (tmp_path / "main.flow").write_text('use "f0.flow"\nflow main() -> int { answer f0() }')
    began = time.process_time()
    assert run_command(["check", str(tmp_path / "main.flow")]) in (0, 1)
    assert time.process_time() - began < SECONDS


LOOPS = "".join(f"for a{n} in `range(n)` {{ " for n in range(6)) + 'b = ask "x {n}"' + " }" * 6


@pytest.mark.parametrize(
    "text",
    [
        f"flow main(n: int) -> int {{ {LOOPS}\nanswer 1 }}",
        "flow main(n: int) -> int { repeat 1000000 { n: int = `n + 1` }\nanswer n }",
        "flow main(n: int) -> int { while `True` max 1000000 { n: int = `n + 1` }\nanswer n }",
        "flow main(n: int) -> int { x = main(n)\nanswer 1 }",
        "flow main(n: int) -> int { x = main(n)\ny = main(n)\nanswer `x + y` }",
        "flow main(n: int) -> int { answer other(n) }\nflow other(n: int) -> int { answer main(n) }",
        'flow main(n: int) -> int { xs = sample 1000 { yield ask "how {n}" }\nanswer 1 }',
        "flow main(n: int) -> int { xs = for i in `range(n * 10**6)` { yield `i` }\nanswer 1 }",
    ],
    ids=[
        "loops in loops",
        "repeat",
        "while",
        "recursion",
        "recursion twice over",
        "two that call one another",
        "draws",
        "items",
    ],
)
def test_a_flow_without_end_is_ended_by_its_limits_in_words(text: str) -> None:
    began = time.monotonic()
    limits = fr.Limits(calls=20, seconds=3, rounds=1000)
    try:
        result = fr.loads(text).run(n=50, provider=fr.ScriptedProvider(default="1"), limits=limits)
        assert result.status in ("limit", "failed", "answered") and result.usage.calls <= 20
        assert result.ok or str(result.error)
    except fr.FlowError as error:
        assert str(error)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    "content", ["[" * 10**6, '{"a":' * 10**5, "[" * 10**5 + "]" * 10**5, '{"nodes": ' + "[[]," * 10**5, "9" * 10**6]
)
def test_a_document_that_is_made_to_exhaust_is_no_graph_in_words(content: str) -> None:
    began = time.process_time()
    with pytest.raises((fr.GraphFormatError, fr.UsageError, fr.FlowError)):
        fr.loads_graph(content)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "content",
    ["[" * 10**6, '{"a":' * 10**5, "9" * 10**6, "\0" * 1000, "\ud800"],
    ids=["depth", "records", "digits", "NUL", "half"],
)
def test_an_input_that_is_made_to_exhaust_is_a_value_or_told(
    content: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    (tmp_path / "main.flow").write_text("flow main(x: text) -> int { answer `len(x)` }")
    code = run_command(["run", str(tmp_path / "main.flow"), f"x=@{tmp_path / 'in.json'}", "--store", "none"])
    assert code in (0, 1, 2)
    assert "Traceback" not in capfd.readouterr().err
