"""What the browser runs, as Node's own test runner finds it: `ui/frontend/tests`; and that whose licence goes with it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "ui" / "frontend"


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None or not (FRONTEND / "node_modules" / "esbuild").is_dir():
        pytest.skip("there is no Node with the app's packages here: cd ui/frontend && npm install")
    return found


def test_the_scripts_of_the_app_hold(node: str) -> None:
    said = subprocess.run(  # noqa: S603 - our own program
        [node, "tests/run.mjs"], cwd=FRONTEND, capture_output=True, text=True, timeout=120, check=False
    )
    assert said.returncode == 0, (said.stdout + said.stderr)[-6000:]
    assert "\n# pass 0" not in said.stdout


def test_each_package_that_is_part_of_a_script_has_its_version_and_its_licence_told(node: str, tmp_path: Path) -> None:
    subprocess.run([node, "build.mjs", tmp_path], cwd=FRONTEND, check=True, timeout=120)  # noqa: S603 - our own program
    told = (tmp_path / "THIRD_PARTY.txt").read_text()
    pinned = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    parts = [each.strip() for each in told.split(f"\n{'-' * 72}\n")[1:]]
    assert parts
    for part in parts:
        name, version = part.partition("\n")[0].split(" ")[:2]
        assert pinned.get(name) == version, f"{name} {version} is not named in package.json"
        assert "Copyright" in part and "THE SOFTWARE IS PROVIDED" in part
    assert (tmp_path / "run.js").is_file()
