"""The robot perceives, judges and acts: what it asks, what it moves, when it stops, and that it moves nothing twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.library.table import SCENARIOS, Table
from tests.end_to_end.command import asked_of, flowreason
from tests.server import Server


def wise(table: Table) -> Any:
    """A model that knows what the scenario wants."""
    home = {thing: place for place, wanted in table.scenario.goal.items() for thing in wanted}
    order = {thing: number for number, thing in enumerate(table.scenario.order)}

    def says(text: str) -> str:
        if found := re.search(r"among other things: (.*?) Into which", text, re.DOTALL):
            return home.get(re.sub(r"</?\w+>", "", found[1]).strip(" ."), "stay")
        if "In which order" in text:
            things = re.findall(r'"thing": "(.*?)"', text)
            ranked = sorted(range(len(things)), key=lambda n: order.get(things[n], n))
            return str([n + 1 for n in ranked])
        return "It is done."

    return says


def go(name: str, says: Any = None, **options: Any) -> tuple[fr.Result, Table, fr.ScriptedProvider]:
    table = Table(name)
    said = says or wise(table)
    provider = fr.ScriptedProvider(lambda request: said(request.messages[1].content))
    flow = fr.library.load("robot", tools=table.tools)
    return flow.run(question=table.instruction, provider=provider, store=None, **options), table, provider


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_of_the_seven_instructions_is_followed_by_a_model_that_knows_what_it_wants(name: str) -> None:
    result, table, provider = go(name)
    assert (result.ok, table.fault) == (True, "")
    assert len(table.moves) == sum(len(wanted) for wanted in table.scenario.goal.values())
    # a judgement of each thing, the order, the report; what is judged again in the second round was asked already
    assert len(provider.requests) == len(table.scenario.things) + 2


def test_a_thing_that_is_put_wrong_is_a_fault_that_is_named() -> None:
    table = Table("steak")
    assert "salt shaker should be in the plate" in table.fault
    table.put("salt shaker", "plate")
    table.put("pepper mill", "plate")
    assert table.fault == ""
    table.put("glue stick", "plate")
    assert "glue stick should have stayed" in table.fault
    other = Table("sandwich")
    for thing in reversed(other.scenario.goal["plate"]):
        other.put(thing, "plate")
    assert "the order should be" in other.fault


def test_a_model_that_never_has_enough_ends_after_three_rounds() -> None:
    result, table, _ = go(
        "paper", lambda text: "red container" if "Into which" in text else str([*range(1, 1 + text.count('"thing"'))])
    )
    assert result.ok
    assert len(table.moves) == len(table.scenario.things)


def test_a_place_that_there_is_not_goes_back_and_then_counts_as_a_judgement_that_failed() -> None:
    knows = wise(Table("lunch"))
    says = lambda text: "the moon" if "Into which" in text and "apple" in text else knows(text)  # noqa: E731
    result, table, _ = go("lunch", says)
    assert result.ok
    assert table.where["apple"] == "table"
    assert table.where["hummus"] == "lunch box"


def test_what_was_done_is_not_done_again_when_the_run_goes_on(tmp_path: Path) -> None:
    """The server fails at the report; the run goes on, and nothing moves a second time."""
    table = Table("sorting")
    knows, down = wise(table), [True]

    def says(request: fr.Request) -> Any:
        text = request.messages[1].content
        if "Say in one sentence" in text and down[0]:
            return fr.ProviderError("the server is down", kind="server")
        return knows(text)

    store = str(tmp_path / "runs.db")
    flow = fr.library.load("robot", tools=table.tools)
    first = flow.run(question=table.instruction, provider=fr.ScriptedProvider(says), store=store)
    assert not first.ok
    moves = list(table.moves)
    assert len(moves) == 6
    down[0] = False
    again = fr.resume(first.run_id, provider=fr.ScriptedProvider(says), tools=table.tools, store=store)
    assert (again.ok, table.moves, table.fault) == (True, moves, "")


def test_a_table_that_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(fr.UsageError, match="did you mean 'lunch'"):
        Table("lunsh")


def test_the_command_gives_the_robot_a_table(tmp_path: Path) -> None:
    knows = wise(Table("lunch"))
    with Server(lambda body: knows(body["messages"][-1]["content"])) as server:
        ran = flowreason(
            "run", "library:robot", "question=Pack the lunch box.", "--tools", "library:table/lunch", folder=tmp_path,
            **asked_of(server.url),
        )  # fmt: skip
    assert (ran.code, ran.out) == (0, "It is done.\n"), ran.err
