"""The editor's colours, which the browser finds, against the words that the lexer finds; and the browser's offsets."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flowreason import library
from flowreason.examples_catalog import catalog
from flowreason_ui.editing import setup
from flowreason_ui.view.words import words

FRONTEND = Path(__file__).parents[2] / "ui" / "frontend"
OWN = (
    'flow f(a: list[text], ask_it: int = -2) -> {x: int, y: text} {  # ask "not" a `word`\n'
    '  x = ask "owls 🦉 {a[0]} and {{braces}}, \\"quoted\\" {a}" with samples=3, temperature=0.5\n'
    "  y = `'🦉' + str(a[0])  # Python` ensure `x > 0`\n"
    '  z = """a\n  long "text" with {a}\n  """\n'
    '  block = ```python\n    if a: # ask\n        b = """doc\n    more"""\n    \'`\'\n  ```\n'
    '  sure = ask user "Is it so?"\n'
    "  answer {x: x.answer, y: true}\n}\n"
)
TEXTS = [OWN, *(each.flow for each in catalog()), *(library.describe(name).text for name in library.names())]
OF = {
    "keyword": {"e-defining", "e-acting", "e-deciding", "e-adding", "e-constant", "e-field"},
    "type": {"e-type"},
    "text": {"e-string", "e-escape", "e-hole"},
    "number": {"e-number"},
    "comment": {"e-comment"},
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the browser's code makes of the texts."""
    node, esbuild = shutil.which("node"), FRONTEND / "node_modules" / ".bin" / "esbuild"
    if node is None or not esbuild.exists():
        pytest.skip("there is no Node with the editor's packages here: cd ui/frontend && npm install")
    made = tmp_path_factory.mktemp("check") / "colours.mjs"
    options = ["--bundle", "--format=esm", "--platform=neutral", "--main-fields=module,main", f"--outfile={made}"]
    subprocess.run([esbuild, "check/colours.ts", *options, "--log-level=error"], cwd=FRONTEND, check=True)  # noqa: S603
    given = json.dumps({"words": setup()["words"], "texts": TEXTS}).encode()
    said = subprocess.run([node, made], input=given, capture_output=True, check=True)  # noqa: S603
    return list(json.loads(said.stdout))


def painted(text: str, found: list[list[Any]]) -> list[str]:
    """The class of each character."""
    out = [""] * len(text)
    for start, end, style in found:
        out[start:end] = [style] * (end - start)
    return out


def test_colours_are_those_of_the_lexer(seen: list[dict[str, Any]]) -> None:
    for text, each in zip(TEXTS, seen, strict=True):
        classes = painted(text, each["found"])
        for start, end, kind in words(text):
            if kind == "code" or (kind == "type" and text[:start].rstrip().endswith(("|", ","))):
                continue  # the browser tells the words of Python apart, and no types behind those
            for at in range(start, end):
                place = f"{text[max(0, start - 30) : end + 10]!r} at {at - start}"
                assert classes[at] in OF[kind] or text[at].isspace(), (kind, classes[at], place)


def test_a_name_that_is_also_that_of_a_type_is_a_type_only_where_one_stands() -> None:
    text = (
        "flow f(table: table, graph: list[{a: text, int: dict[int]}]) -> {x: text, list: any} {\n"
        '  y: text | any = ask "hi" given table, graph\n'
        "  for text in graph { z = call(table, x=graph) }\n"
        "  w = {a: table, b: {c: graph}}\n"
        "  v: {a: table} = {a: table}\n  answer {x: text, list: table}\n}\n"
        "flow g(a: int) -> text {\n  b = call(a, text)\n  answer b\n}\n"
    )
    types = [text[max(0, start - 3) : end] for start, end, kind in words(text) if kind == "type"]
    assert types == [
        "e: table", "h: list", "a: text", "t: dict", "ct[int", "x: text", "t: any", "y: text", " | any", "a: table",
        "a: int", "-> text",
    ]  # fmt: skip


def test_python_cannot_get_out_of_its_backticks(seen: list[dict[str, Any]]) -> None:
    for text, each in zip(TEXTS, seen, strict=True):
        classes = painted(text, each["found"])
        for start, end, kind in words(text):
            if kind == "code":
                assert classes[start] == classes[end - 1] == "e-fence", text[start:end]
                assert not {"e-acting", "e-hole", "e-type"} & set(classes[start:end]), text[start:end]


def test_offsets_lead_to_the_browser_and_back(seen: list[dict[str, Any]]) -> None:
    for text, each in zip(TEXTS, seen, strict=True):
        assert each["places"] == list(range(len(text) + 1))
