"""How runs are told of: states, moments, errors without commands."""

from __future__ import annotations

from typing import get_args

import pytest

import flowreason as fr
from flowreason.api import checked_question
from flowreason.config import load_settings
from flowreason.engine.limits import Account, Limits
from flowreason.providers.choose import provider_from
from flowreason.records import RunStatus
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui.live import Status
from flowreason_ui.telling import STATES, count, fault, state, way_out, when

NOON = 1_772_532_000.0


def test_every_state_of_a_run_is_told_with_words_and_a_sign_of_its_own() -> None:
    assert set(STATES) == {*get_args(Status), *get_args(RunStatus), "interrupted"}
    assert len({told.words for told in STATES.values()}) == len(STATES)
    assert all(told.icon.startswith(":material/") for told in STATES.values())
    assert state("something").words == "Something"


def test_a_moment_is_told_by_the_clock_and_farther_away_by_the_day() -> None:
    assert when(NOON, NOON + 60).startswith("today ")
    assert "today" not in when(NOON, NOON + 3 * 86_400)
    assert when(NOON, NOON + 400 * 86_400).endswith("2026")


def test_numbers_agree_with_their_nouns() -> None:
    assert (count(1, "call"), count(1_200, "call")) == ("1 call", "1,200 calls")


def test_an_error_is_told_without_what_is_typed_on_a_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = str(Account(Limits(calls=3)).reached("calls", 3, "the limit of 3 calls is reached"))
    errors = [reached]
    for wrong in (lambda: checked_question(" "), lambda: checked_question("x" * 300_000)):
        with pytest.raises(fr.UsageError) as raised:
            wrong()
        errors.append(str(raised.value))
    for settings in (
        load_settings(environ={}),
        load_settings(environ={"FLOWREASON_BASE_URL": "http://localhost:1/v1"}),
    ):
        with pytest.raises(fr.ConfigError) as unset:
            provider_from(settings)
        errors.append(str(unset.value))
    for error in errors:
        told = fault(error)
        assert "--" not in told, told
        assert "flowreason " not in told, told
        assert told
    assert fault(reached) == "the limit of 3 calls is reached"


def test_a_way_out_is_told_where_there_is_one() -> None:
    assert "Settings" in way_out("key")
    assert "recording" in way_out("request", "this request is not in the recording x")
    assert way_out("something else") == ""


def test_a_finding_is_a_sentence_first_and_its_code_the_last_detail() -> None:
    with pytest.raises(FlowError) as raised:
        fr.loads('flow f(q: text) -> text {\n  a = ask "{z}"\n  answer b\n}')
    told = fault(str(raised.value))
    assert told.startswith("There is no name `z` here (line 2).\n") and "The names here are `q`." in told
    assert "error[" not in told and " --> " not in told and "= help" not in told
    assert told.index("[name-unknown]") > told.index("^")
    assert told.index("There is no name `b`") < told.index("is never used"), "what keeps it from running comes first"
    assert fault("look at this:\n" + str(raised.value)).startswith("look at this:\nThere is no name")
