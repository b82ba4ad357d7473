"""Small pieces: a file or a function that outgrows its measure hides a concept without a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("flowreason", "dsl", "ui") for path in sorted((ROOT / folder).rglob("*.py"))]
MOST_LINES, MOST_IN_FUNCTION = 400, 60


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_file_is_longer_than_400_lines() -> None:
    assert FILES
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    found = [pair for path in FILES for pair in functions(path)]
    assert found
    assert [pair for pair in found if pair[1] > MOST_IN_FUNCTION] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        p for p in FILES if p.stat().st_size and ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) is None
    ]
    assert [str(path.relative_to(ROOT)) for path in silent] == []
