"""The recorded examples do what their pages say: at a terminal as well, and their pictures are those of their flows."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowreason as fr
from flowreason.tool_files import tools_from
from tests.end_to_end.command import ROOT, Terminal

EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/question.txt"))


def test_there_are_examples_of_eight_shapes() -> None:
    assert len(EXAMPLES) >= 8
    for folder in EXAMPLES:
        assert {"README.md", "flow.flow", "flow.svg", "replies.jsonl"} <= {path.name for path in folder.iterdir()}, (
            folder
        )


def test_an_example_plays_where_a_person_sits_at_the_terminal(tmp_path: Path) -> None:
    terminal = Terminal("examples", "play", "universities", "--pace", "0", folder=tmp_path, env={})
    outcome = terminal.end()
    assert outcome.code == 0, outcome.err
    assert outcome.out.strip() == "298"
    assert "5 calls" in outcome.err


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_picture_of_an_example_is_that_of_its_flow(folder: Path) -> None:
    tools = tools_from(folder / "tools.py") if (folder / "tools.py").exists() else ()
    drawn = fr.load(folder / "flow.flow", tools=tools).draw("svg")
    told = "draw it anew: flowreason draw flow.flow -o flow.svg"
    assert drawn == (folder / "flow.svg").read_text(encoding="utf-8"), told
