"""The table of faults names every test of this folder, and no test that there is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \| \[(test_\w+\.py)\]\((test_\w+\.py)\) `(test_\w+)` \|$", re.MULTILINE)


def named() -> set[tuple[str, str]]:
    """File and test of each row."""
    rows = ROW.findall((HERE / "README.md").read_text(encoding="utf-8"))
    assert all(shown == target for *_, shown, target, _ in rows)
    return {(file, test) for *_, file, _, test in rows}


def there() -> set[tuple[str, str]]:
    """File and name of each test."""
    found = set()
    for path in HERE.glob("test_*.py"):
        if path.name != Path(__file__).name:
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {(path.name, each.name) for each in functions if each.name.startswith("test_")}
    return found


def test_every_test_that_the_table_names_exists() -> None:
    assert named() - there() == set()


def test_every_test_of_this_folder_stands_in_the_table() -> None:
    assert there() - named() == set(), "add a row to tests/faults/README.md"


def test_the_table_has_a_row_for_each_of_many_faults() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "| fault |" not in line]
    assert len(rows) == len(ROW.findall(text)) >= 60
