"""Every method on a task of its paper, with the replies that a model gave: it comes to the same answer again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import flowreason as fr
from flowreason.library.table import SCENARIOS, Table
from flowreason.values import plain

RECORDED = Path(__file__).parents[1] / "recorded" / "library"
NAMES = sorted(each.name for each in RECORDED.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_run_comes_to_its_answer_again(name: str) -> None:
    about = json.loads((RECORDED / name / "run.json").read_text(encoding="utf-8"))
    table = Table(about["table"]) if about["table"] else None
    flow = fr.library.load(about["method"], tools=table.tools if table else ())
    provider = fr.Recorded(RECORDED / name / "replies.jsonl")
    result = flow.run(about["inputs"], provider=provider, store=None, confirm=lambda *_: True)
    assert result.ok, result.error
    assert (plain(result.value), result.usage.calls) == (about["value"], about["calls"])
    if table is not None:
        assert table.fault == ""


def test_every_method_has_a_recorded_run_and_the_robot_one_for_each_instruction() -> None:
    methods = {json.loads((RECORDED / name / "run.json").read_text(encoding="utf-8"))["method"] for name in NAMES}
    inside = {"auto_cot_build", "most_alike"}  # run as parts of auto_cot and few_shot
    assert methods | inside == set(fr.library.names()) - {"graph"}  # whose recorded runs are the examples
    assert {f"robot-{name.replace(' ', '_')}" for name in SCENARIOS} <= set(NAMES)
