"""Who is asked, and how: other models where one cannot answer, those that are granted, so many requests a minute."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import Terminal, asked_of, flowreason, is_short
from tests.server import Exchange, Server, error, ok

BOTH = """flow both(n: int = 2) -> any {
  a = ask "On which river lies Bonn?"
  b = ask "On which river lies Basel?" with model="finch"
  answer `[a, b]`
}
"""
TWO = 'flow two() -> any { answer for x in `["Bonn", "Basel"]` yield ask "On which river lies {x}?" }\n'
ASKING = (["solve"], ["run"], ["runs", "resume"], ["runs", "rerun"], ["runs", "fork"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "both.flow").write_text(BOTH)
    (tmp_path / "two.flow").write_text(TWO)
    return tmp_path


def only(*names: str) -> Any:
    """Answers as these models, and knows no other."""

    def behave(exchange: Exchange) -> None:
        known = exchange.body["model"] in names
        (ok() if known else error(404, f"The model `{exchange.body['model']}` does not exist"))(exchange)

    return behave


def asked(server: Server) -> list[str]:
    return [each.body["model"] for each in server.requests]


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_every_way_of_running_takes_the_same_options(command: list[str], folder: Path) -> None:
    told = flowreason(*command, "--help", folder=folder).out
    for option in (
        "--model", "--base-url", "--requests-per-minute", "--tokens-per-minute", "--fallback", "--only-model", "--limit",
        "--tools", "--unsafe-python", "--store", "--no-cache", "--approve", "--json", "--quiet", "--no-color",
    ):  # fmt: skip
        assert f"{option} " in told or f"{option}\n" in told, option


def test_other_models_stand_in_by_their_order(folder: Path) -> None:
    with Server("Rhine").always(only("wren")) as server:
        ran = flowreason(
            "run", "two.flow", "--fallback", "finch", "--fallback", "wren", folder=folder, **asked_of(server.url)
        )
        assert (ran.code, ran.out) == (0, '["Rhine", "Rhine"]\n'), ran.err
        assert set(asked(server)) == {"heron", "finch", "wren"}
        assert asked(server).index("finch") < asked(server).index("wren")


def test_a_model_that_is_not_granted_is_not_asked(folder: Path) -> None:
    with Server("Rhine") as server:
        env = asked_of(server.url)
        refused = flowreason("run", "both.flow", "--only-model", "wren", folder=folder, **env)
        assert (refused.code, refused.out) == (2, "")
        assert "'finch', which it was not granted" in refused.err
        assert set(asked(server)) <= {"heron"}
        run = flowreason("runs", "--json", folder=folder).data[0]["run"]
        again = flowreason(
            "runs", "resume", run, "--only-model", "finch", folder=folder, OPENAI_API_KEY=env["OPENAI_API_KEY"]
        )
        assert (again.code, again.out) == (0, '["Rhine", "Rhine"]\n'), again.err
        assert set(asked(server)) == {"heron", "finch"}, "the run's own model and server are asked"
        count = len(server.requests)
        rerun = flowreason("runs", "rerun", run, "--only-model", "wren", "--no-cache", folder=folder, **env)
        assert (rerun.code, len(server.requests)) == (0, count), "what is known need not be granted"


@pytest.mark.parametrize("option", ["--requests-per-minute", "--tokens-per-minute"])
def test_no_more_is_sent_in_a_minute_than_is_said(option: str, folder: Path) -> None:
    with Server("Rhine") as server:
        env = asked_of(server.url)
        terminal = Terminal("run", "two.flow", option, "1", folder=folder, env=env)
        terminal.wait_for("waits for the rate limit")
        until = time.monotonic() + 10
        while not server.requests and time.monotonic() < until:
            time.sleep(0.01)  # what may be sent is under way
        assert len(server.requests) == 1
        terminal.interrupt()
        assert terminal.end().code == 130
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--requests-per-minute", "0"], "--requests-per-minute"),
        (["--tokens-per-minute", "many"], "--tokens-per-minute"),
        (["--replay", "two.flow", "--fallback", "wren"], "leave out --fallback"),
        (["--replay", "two.flow", "--requests-per-minute", "5"], "leave out --requests-per-minute"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_what_cannot_be_is_told_in_a_few_lines(arguments: list[str], told: str, folder: Path) -> None:
    ran = flowreason("run", "two.flow", *arguments, folder=folder, **asked_of("http://127.0.0.1:9/v1"))
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err and is_short(ran.err)
