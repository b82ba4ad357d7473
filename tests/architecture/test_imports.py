"""Imports run one way, and every third-party library is met in one place."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"flowreason": ROOT, "flowreason_dsl": ROOT / "dsl", "flowreason_ui": ROOT / "ui"}

HOMES = {
    "lark": ("flowreason_dsl",),
    "networkx": ("flowreason.graph",),
    "openai": ("flowreason.providers",),
    "aiohttp": ("flowreason.providers",),
    "httpx2": ("flowreason.providers",),
    "stamina": ("flowreason.providers",),
    "pydot": ("flowreason.view",),
    "rich": ("flowreason.view", "flowreason.cli"),
    "typer": ("flowreason.cli",),
    "platformdirs": ("flowreason.config",),
    "pydantic_monty": ("flowreason.sandbox",),
    "sqlalchemy": ("flowreason.store",),
    "opentelemetry": ("flowreason.tracing",),
    "streamlit": ("flowreason_ui",),
    "starlette": ("flowreason_ui",),
    "uvicorn": ("flowreason_ui.serving",),
    "matplotlib": ("flowreason.evaluate.plots",),
    "pygls": ("flowreason.editor.server",),
    "lsprotocol": ("flowreason.editor.server", "flowreason.editor.wire"),
}
"""Where each third-party library may be imported; one that is not listed is met nowhere."""


def modules() -> Iterator[tuple[str, Path]]:
    for package, base in PACKAGES.items():
        for path in sorted((base / package).rglob("*.py")):
            yield ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"), path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def is_within(module: str, homes: tuple[str, ...]) -> bool:
    return any(module == home or module.startswith(home + ".") for home in homes)


def strangers(module: str, path: Path) -> list[str]:
    """The third-party libraries that a module imports and that do not live there."""
    found = {name.partition(".")[0] for name in imported(path)}
    foreign = found - set(sys.stdlib_module_names) - set(PACKAGES)
    return [f"{module} imports {name}" for name in sorted(foreign) if not is_within(module, HOMES.get(name, ()))]


def test_each_third_party_library_is_met_in_one_place() -> None:
    scanned = list(modules())
    assert len(scanned) > 10
    assert [fault for module, path in scanned for fault in strangers(module, path)] == []


def test_lark_is_met_in_at_most_three_modules_of_the_language() -> None:
    users = [module for module, path in modules() if "lark" in {name.partition(".")[0] for name in imported(path)}]
    assert len(users) <= 3, users


def test_the_import_contracts_hold() -> None:
    pytest.importorskip("importlinter")
    paths = os.pathsep.join(str(base) for base in PACKAGES.values())
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that are loaded after a statement in a fresh process."""
    code = f"{statement}\nimport sys, json; print(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))"
    paths = os.pathsep.join(str(base) for base in PACKAGES.values())
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.stdout))


HEAVY = {
    "aiohttp",
    "httpx2",
    "lark",
    "networkx",
    "numpy",
    "openai",
    "opentelemetry",
    "pydantic",
    "pydot",
    "pygls",
    "rich",
    "streamlit",
}


@pytest.mark.parametrize(
    "statement", ["import flowreason", "import flowreason; flowreason.Limits", "import flowreason.cli.app"]
)
def test_a_heavy_library_is_loaded_by_what_needs_it_only(statement: str) -> None:
    assert loaded_by(statement) & HEAVY == set()


def test_importing_flowreason_does_not_load_the_command_line() -> None:
    assert "typer" not in loaded_by("import flowreason; flowreason.solve")
