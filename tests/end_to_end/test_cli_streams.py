"""Where nobody reads what a command writes, where a stream is closed, or the disk is full: told, or left quietly."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND, Outcome, Started, asked_of, environment, flowreason
from tests.server import Server

BONN = 'flow bonn() -> text { a = ask "On which river lies Bonn?" answer a }\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bonn.flow").write_text(BONN)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Server:
    with Server("Rhine") as made:
        flowreason("run", "bonn.flow", folder=folder, **asked_of(made.url))
        yield made  # type: ignore[misc]


def under_shell(redirection: str, *arguments: str, folder: Path, server: Server) -> Outcome:
    command = ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, *arguments]
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder, **asked_of(server.url)),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Outcome(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


@pytest.mark.parametrize(
    "command", ["run bonn.flow", "runs", "runs show last", "runs show last --events", "runs --json"]
)
def test_a_reader_that_has_gone_is_no_fault(command: str, folder: Path, server: Server) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = Started(
        [*COMMAND, *command.split()], cwd=folder, env=environment(folder, **asked_of(server.url)),
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(theirs)
    assert process.stderr is not None
    told = process.stderr.read().decode()
    assert (process.wait(60), "Traceback" in told, "error" in told) == (0, False, False), told
    assert flowreason("runs", "--json", folder=folder).data[0]["status"] == "answered"


@pytest.mark.parametrize(("redirection", "said"), [(">&-", ""), ("2>&-", "Rhine\n"), ("<&- >&- 2>&-", "")])
def test_a_stream_that_is_closed_is_written_nowhere(redirection: str, said: str, folder: Path, server: Server) -> None:
    ran = under_shell(redirection, "run", "bonn.flow", folder=folder, server=server)
    assert (ran.code, ran.out, "Traceback" in ran.err) == (0, said, False), ran.err
    assert flowreason("runs", "--json", folder=folder).data[0]["status"] == "answered"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_an_answer_that_cannot_be_written_is_kept_all_the_same(folder: Path, server: Server) -> None:
    ran = under_shell("> /dev/full", "run", "bonn.flow", folder=folder, server=server)
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    assert "the answer cannot be written: no space left on device" in ran.err
    run = flowreason("runs", "--json", folder=folder).data[0]["run"]
    assert f"flowreason runs show {run}" in ran.err
