"""The command that opens the app: what it says where it cannot, who may talk to it, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.cli.app import run_command
from flowreason_ui.guard import Guard
from flowreason_ui.orders import RunFlow
from flowreason_ui.saving import exported, file_name, imported
from flowreason_ui.serving import _free
from flowreason_ui.telling import shown_place
from tests.apps import alone, ended, until

ROOT = Path(__file__).parents[2]


def test_without_streamlit_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flowreason.cli.ui_command.find_spec", lambda _name: None)
    assert run_command(["ui"]) == 2
    assert 'pip install "flowreason[ui]"' in capsys.readouterr().err


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(fr.UsageError, match=f"the port {port} is in use"):
            _free(port)


def got(url: str, **headers: str) -> tuple[int, str]:
    code, text, _ = answered(url, headers)
    return code, text


def answered(url: str, headers: dict[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
    """What comes of a request: its code, its text, its headers."""
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return reply.status, reply.read().decode(), {k.lower(): v for k, v in reply.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()}


def test_the_app_answers_to_this_machine_alone_and_ends_in_good_order(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "flowreason",
        "ui",
        "--no-browser",
        "--port",
        str(port),
        "--store",
        str(tmp_path / "r.db"),
    ]
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "dsl", ROOT / "ui")))
    environ = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as app:
        try:
            assert app.stdout is not None
            assert f"http://127.0.0.1:{port}" in app.stdout.readline()
            until(lambda: _listens(port), 30)
            url = f"http://127.0.0.1:{port}/"
            assert got(url)[0] == 200
            assert got(url, Host=f"evil.example:{port}")[0] == 403
            assert got(url, Origin="http://evil.example")[0] == 403
            assert got(f"{url}flowreason/assets/..%2F..%2Fapi.py")[0] in (400, 404)
            _tells_the_browser_what_to_keep_to(url)
            assert _addresses(port) <= {"0100007F"}
            app.send_signal(signal.SIGINT)
            said, _ = app.communicate(timeout=30)
            assert "Traceback" not in said
        finally:
            app.kill()


def _tells_the_browser_what_to_keep_to(url: str) -> None:
    """Nothing of another host on a page, nothing at all beside what our own routes give; errors and refusals as well."""
    ours = ["flowreason/assets/run.js", "flowreason/assets/none", "flowreason/edit/setup", "flowreason/edit/look"]
    for path in ["", "run", "_stcore/health", *ours]:
        for headers in ({}, {"Host": "evil.example"}):
            told = answered(url + path, headers)[2]
            policy = told["content-security-policy"]
            assert "frame-ancestors 'none'" in policy and "http" not in policy and "*" not in policy
            assert ("default-src 'none'" in policy) == (path in ours)
            assert (told["x-content-type-options"], told["referrer-policy"]) == ("nosniff", "no-referrer")


def _addresses(port: int) -> set[str]:
    """The addresses at which somebody listens on a port, as the kernel writes them; none where it does not tell."""
    table = Path("/proc/net/tcp")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return {row[1].partition(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost:8501"])
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    guard = Guard(lambda *_: None)  # type: ignore[arg-type, return-value]
    assert guard.refused("127.0.0.1:8501", origin)
    assert not guard.refused("127.0.0.1:8501", "http://127.0.0.1:8501")
    assert not guard.refused("127.0.0.1:8501", "")


def passed(kind: str, **headers: str) -> bool:
    """Whether a request with these headers comes to the app behind the guard."""
    came: list[Any] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        came.append(scope)

    async def said() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def hear(message: Any) -> None:
        assert message["type"] in ("websocket.close", "http.response.start", "http.response.body")

    named = {"host": "127.0.0.1:8501"} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    asyncio.run(Guard(behind)({"type": kind, "path": "/flowreason/live/x", "headers": raw}, said, hear))
    return bool(came)


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_every_route_is_behind_the_guard_and_a_stream_as_well(kind: str) -> None:
    assert passed(kind)
    assert passed(kind, origin="http://127.0.0.1:8501", sec_fetch_site="same-origin")
    assert not passed(kind, host="evil.example:8501")
    assert not passed(kind, host="127.0.0.1.evil.example")
    assert not passed(kind, origin="http://127.0.0.1:9999")
    assert not passed(kind, sec_fetch_site="cross-site", sec_fetch_mode="no-cors", sec_fetch_dest="image")
    assert not passed(kind, sec_fetch_site="same-site", sec_fetch_mode="navigate", sec_fetch_dest="iframe")


def test_a_link_of_another_page_leads_here() -> None:
    assert passed("http", sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document")
    assert passed("http", sec_fetch_site="none", sec_fetch_mode="navigate", sec_fetch_dest="document")


# --- files to take away ---


def test_a_file_is_called_by_the_first_words() -> None:
    assert file_name("How many years, exactly?", "svg") == "how_many_years_exactly.svg"
    assert file_name("../../etc/passwd\x00", "flow") == "etc_passwd.flow"
    assert file_name("漢字", "flow") == "flow.flow"


def test_a_run_is_exported_and_taken_in_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with alone(tmp_path, monkeypatch) as works:
        live = ended(works.start(RunFlow("flow f() -> int { answer `6 * 7` }")))
        raw = exported(live.run)
    (tmp_path / "other").mkdir()
    with alone(tmp_path / "other", monkeypatch) as works:
        run = imported("mine.run.jsonl", raw)
        again = works.find(run)
        assert again is not None and ended(again).result is not None
        assert again.result is not None and again.result.value == 42
        with pytest.raises(fr.UsageError, match=r"mine\.run\.jsonl") as damaged:
            imported("mine.run.jsonl", b"")
        assert "/tmp" not in str(damaged.value) and "run.jsonl is empty" in str(damaged.value)


def test_a_password_in_the_place_of_runs_is_not_shown() -> None:
    assert shown_place("postgresql://ada:secret@host/db") == "postgresql://ada@host/db"
    assert shown_place("/data/x@y/runs.db") == "/data/x@y/runs.db"


def test_every_page_tells_streamlit_where_its_server_is() -> None:
    from flowreason_ui.head import html
    from flowreason_ui.places import pages
    from flowreason_ui.routes import PAGES

    assert set(PAGES) == set(pages())
    assert html().count("BACKEND_BASE_URL") == 1
    assert html().index("BACKEND_BASE_URL") < html().index('type="module"')


def test_the_first_page_is_reached_by_its_name_as_well() -> None:
    from starlette.applications import Starlette
    from starlette.testclient import TestClient

    from flowreason_ui.routes import routes

    client = TestClient(Starlette(routes=routes()), follow_redirects=False)
    assert client.get("/solve?run=1").headers["location"] == "/?run=1" and client.get("/runs").status_code == 200


def test_the_page_is_called_as_the_product_and_styled_from_the_first_moment() -> None:
    from flowreason_ui.head import STYLES, html

    assert "<title>flowreason</title>" in html() and "favicon.png" not in html()
    assert html().index('id="root"') < html().index(STYLES.read_text(encoding="utf-8"))
