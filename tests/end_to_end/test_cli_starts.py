"""Every command starts from nothing, as a person starts it, and says then what it says in a process that was loaded
before: so the other tests may begin theirs there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import COMMAND, KEY, Outcome, Started, asked_of, environment, flowreason
from tests.end_to_end.warm import alike
from tests.server import Server

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every command starts from nothing")

FLOW = 'flow f(n: int = 2) -> text {\n  a = ask "Which river?"\n  m = `n * 2`\n  answer "{a} {m}"\n}\n'
COMMANDS = [
    "--help", "check --json wrong.flow", "run one.flow n=3 --json", "solve Which? --json", "draw one.flow",
    "batch in.jsonl --flow one.flow", "runs why last", "methods", "examples",
]  # fmt: skip
"""One of each kind that loads something of its own: to start from nothing takes a second of the processor each time."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.flow").write_text(FLOW)
    (tmp_path / "wrong.flow").write_text("flow f() { answer `nobody` }\n")
    (tmp_path / "in.jsonl").write_text('{"n": 1}\n{"n": 2}\n')
    return tmp_path


def cold(*arguments: str, folder: Path, **env: str) -> Outcome:
    ran = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment(folder, **env), input=b"", capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    return Outcome(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def told(outcome: Outcome) -> tuple[int, str, str]:
    """What does not differ from one run to the next: no times, no numbers of runs."""
    out, err = (
        re.sub(
            r"\d{6}-[0-9a-z]{8}|\d+ ?%|\d+(\.\d+)?(e-\d+)? ?(ms|s)\b|\d{4}-\d\d-\d\d[ T]?[\d:.+Z]*|\d+\.\d+| {2,}",
            "…",
            text,
        )
        for text in (outcome.out, outcome.err)
    )
    return outcome.code, out, err


@linux
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_the_same_however_it_is_started(command: str, folder: Path) -> None:
    """What is told of a run tells of its times: it is the same run, as often as it is told."""
    said = []
    with Server("Rhine") as server:
        kept = folder / "kept.db"
        if command.startswith("runs"):
            flowreason("run", "one.flow", folder=folder, **asked_of(server.url, FLOWREASON_STORE=str(kept)))
        for ran in (cold, flowreason):
            store = folder / f"{ran.__name__}.db"
            if kept.exists():
                shutil.copy(kept, store)
            env = asked_of(server.url, FLOWREASON_STORE=str(store))
            said.append(ran(*command.split(), folder=folder, **env))
    assert "Traceback" not in said[0].err
    assert told(said[0]) == told(said[1])


LOOKS = """
import json, os, signal, sys

from flowreason import tool

@tool
def look() -> str:
    \"\"\"What a process is given.\"\"\"
    streams = [(s.encoding, s.errors, s.line_buffering, s.newlines, s.name, s.mode) for s in (sys.stdin, sys.stdout, sys.stderr)]
    given = {
        "arguments": sys.argv, "environment": dict(os.environ), "folder": os.getcwd(), "path": sys.path, "streams": streams,
        "open": sorted(n for n in range(3, 200) if os.path.exists(f"/proc/self/fd/{n}") and os.readlink(f"/proc/self/fd/{n}")[:1] == "/" and "/proc" not in os.readlink(f"/proc/self/fd/{n}")),
        "signals": {s.name: str(signal.getsignal(s)) for s in signal.Signals if s.name not in ("SIGINT", "SIGTERM", "SIGHUP")},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "limits": open("/proc/self/limits").read(),
        "group": os.getpgid(0), "session": os.getsid(0), "parent": os.getppid(), "main": sys.modules["__main__"].__name__,
        "recursion": sys.getrecursionlimit(), "umask": os.umask(0o22), "isolated": list(sys.flags),
    }
    return json.dumps(given)
"""


@linux
def test_a_process_is_given_the_same_however_it_is_started(folder: Path) -> None:
    (folder / "tools.py").write_text(LOOKS)
    (folder / "look.flow").write_text("flow f() -> text { a = look() answer a }\n")
    command = ("run", "look.flow", "--tools", "tools.py", "--store", "none")
    found: list[dict[str, Any]] = [json.loads(ran(*command, folder=folder).out) for ran in (cold, flowreason)]
    assert found[0]["parent"] == os.getpid()
    assert found[0] == found[1]


@linux
def test_commands_that_follow_one_another_order_their_sets_differently(folder: Path) -> None:
    (folder / "tools.py").write_text(
        "from flowreason import tool\n\n@tool\ndef hashed() -> str:\n    return str(hash('heron'))\n"
    )
    (folder / "look.flow").write_text("flow f() -> text { a = hashed() answer a }\n")
    command = ("run", "look.flow", "--tools", "tools.py", "--store", "none")
    assert len({flowreason(*command, folder=folder).out for _ in range(2)}) == 2


def test_what_python_itself_reads_when_it_starts_makes_a_command_start_from_nothing() -> None:
    env = environment(Path("/somewhere"))
    assert alike(env, {**env, "HOME": "/elsewhere", "FLOWREASON_MODEL": "heron", "OPENAI_API_KEY": KEY})
    for name in ("PYTHONUTF8", "LC_ALL", "TZ", "PYTHONPATH", "HTTPS_PROXY", "OPENAI_LOG", "SSL_CERT_FILE"):
        assert not alike(env, {**env, name: "C"})


@linux
def test_how_a_process_ends_is_known_to_whoever_began_it(folder: Path) -> None:
    pipe = subprocess.PIPE
    words = [*COMMAND, "batch", "-", "--flow", "one.flow"]
    given = {"cwd": folder, "env": environment(folder), "stdin": pipe, "stdout": pipe, "stderr": pipe}
    with Started(words, **given) as process:
        assert process.poll() is None
        process.kill()
        assert process.wait(20) == -9
