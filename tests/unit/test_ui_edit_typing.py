"""What the editor says while somebody types, and the drafts that the browser keeps: the browser's own code, in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FRONTEND = Path(__file__).parents[2] / "ui" / "frontend"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    node, esbuild = shutil.which("node"), FRONTEND / "node_modules" / ".bin" / "esbuild"
    if node is None or not esbuild.exists():
        pytest.skip("there is no Node with the editor's packages here: cd ui/frontend && npm install")
    made = tmp_path_factory.mktemp("check") / "typing.mjs"
    options = ["--bundle", "--format=esm", "--platform=node", f"--outfile={made}", "--log-level=error"]
    subprocess.run([esbuild, "check/typing.ts", *options], cwd=FRONTEND, check=True)  # noqa: S603
    return dict(json.loads(subprocess.run([node, made], capture_output=True, check=True).stdout))  # noqa: S603


def test_new_mistakes_wait_for_a_pause_and_mended_ones_are_gone_at_once(seen: dict[str, Any]) -> None:
    assert seen["quiet"] == {"paused": ["a", "b"], "fresh": ["a"], "twice": ["a"], "mended": ["b"]}


def test_drafts_lie_side_by_side_the_latest_first(seen: dict[str, Any]) -> None:
    assert seen["kept"]["order"] == ["one", "two"]
    assert seen["kept"]["titles"] == ["g", "f"]


def test_a_draft_keeps_the_name_that_it_was_given(seen: dict[str, Any]) -> None:
    assert seen["kept"]["again"] == "<b>mine</b>"


def test_old_drafts_make_room_and_broken_ones_are_passed_over(seen: dict[str, Any]) -> None:
    assert seen["kept"]["room"] == 40
    assert seen["kept"]["broken"] == []
    latest, oldest = seen["kept"]["full"]
    assert latest == "last"
    assert oldest > "n20"


def test_times_are_told_in_words(seen: dict[str, Any]) -> None:
    words = ["just now", "just now", "1 minute ago", "5 minutes ago", "1 hour ago", "5 hours ago"]
    assert seen["times"] == words
