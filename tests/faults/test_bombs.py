"""Files, data and flows that are made to exhaust or to climb: of depth, of width, of loops, of recursion, of files that use files."""

from __future__ import annotations

import json
import os
import time
from itertools import count
from pathlib import Path

import pytest

import flowreason as fr
from flowreason.cli.app import run_command
from tests.growth import quick

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


# --- data ---

DATA = {
    "deep.json": "[" * 500_000 + "]" * 500_000, "deep_records.json": '{"a":' * 200_000 + "1" + "}" * 200_000, "unclosed.json": "[" * 1_000_000, "wide.json": "{" + ",".join(f'"k{n}":{n}' for n in range(200_000)) + "}",
    "short.jsonl": "1\n" * 1_900_000, "empty.jsonl": "\n" * 3_900_000, "unlike.jsonl": "\n".join(f'{{"k{n}": {{"k{n}": [{n}, "{n}"]}}}}' for n in range(60_000)), "same.jsonl": '{"question": "q", "answer": "a"}\n' * 110_000,
    "digits.json": "9" * 3_000_000, "floats.json": "[" + "1e99999," * 300_000 + "1]", "text.txt": "x" * 3_900_000, "line.json": '"' + "x" * 3_900_000 + '"', "escapes.json": '"' + "\\ud800" * 600_000 + '"',
    "fields.json": '{"a":' + ",".join("[" * 30 + f'{{"b{n}":1}}' + "]" * 30 for n in range(1)) + "}", "nested.jsonl": ("[" * 59 + "1" + "]" * 59 + "\n") * 30_000, "words.md": "`" * 3_900_000,
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_data_that_is_made_to_exhaust_is_data_or_told(name: str, tmp_path: Path) -> None:
    text = f'use "{name}" as held\nflow f(a: any = held) -> any {{ xs = for one in held yield `len(a)` answer xs }}'
    tries = count()

    def used() -> None:
        (tmp_path / name).write_text(DATA[name] + "\n" * next(tries))  # another text each time: nothing is remembered
        try:
            flow = fr.loads(text, root=tmp_path)
            assert flow.price() is not None and len(str(flow.draw("svg"))) < 100_000
        except fr.FlowError as error:
            assert len(str(error)) < 3_000, str(error)[:300]

    assert quick(used, SECONDS)


def test_a_data_file_that_is_endless_or_outside_is_told_and_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "huge.jsonl", "wb") as file:
        file.truncate(10**12)
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "out.txt").symlink_to("/etc/hostname")
    said = {"huge.jsonl": "larger than", "pipe.json": "a device or a pipe", "zero.txt": "leads out of", "out.txt": "leads out of", "../x.txt": "leads out of", "/etc/hostname": "leads out of"}  # fmt: skip
    for path, why in said.items():
        with pytest.raises(fr.FlowError, match=why):
            fr.loads(f'use "{path}" as held\nflow f() -> any {{ answer held }}', root=tmp_path)


def test_very_many_uses_of_one_file_read_it_once(tmp_path: Path) -> None:
    (tmp_path / "held.jsonl").write_text('{"a": 1}\n' * 100_000)
    uses = "".join(f'use "held.jsonl" as held\nuse "f{n % 30}.flow"\n' for n in range(120))
    for number in range(30):
        (tmp_path / f"f{number}.flow").write_text(
            f'{uses}use "library:direct"\nflow f{number}() -> any {{ answer held[{number}] }}'
        )
    began = time.process_time()
    flow = fr.loads(f"{uses}flow main() -> any {{ answer f7() }}", root=tmp_path)
    assert flow.run(provider=fr.ScriptedProvider(), store=None).value == {"a": 1}
    assert time.process_time() - began < SECONDS
