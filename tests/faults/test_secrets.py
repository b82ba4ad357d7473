"""A key comes out nowhere, whatever a server does with it: recognisable secrets are planted wherever one can be, flows
are run against a server that hands back what it was sent, and everything that is left of them is searched."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rich.console import Console

import flowreason as fr
from flowreason.config import Settings, load_settings
from flowreason.providers.choose import provider_from
from flowreason.providers.classify import Place
from flowreason.providers.secrets import Secrets
from flowreason.resuming import Grants
from flowreason.store.choose import close_stores
from flowreason.view.terminal import LiveFlow, plain_line
from tests.end_to_end.command import ROOT, environment, flowreason
from tests.server import Behaviour, Exchange, Server, chat_reply, nobody, responses_reply
from tests.streams import DONE, chunk, sends

USER, PASSWORD = "anna-canary-user", "canary-pass/word+77"
SECRETS = {
    "key": "sk-canary-0123456789abcdef",
    "plain key": "canarykeywithoutform",
    "header": "canary-header-42",
    "password": PASSWORD,
    "quoted password": quote(PASSWORD, safe=""),
    "basic": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
    "proxy": "canary-proxy-password",
    "database": "canary-database-password",
    "variable": "canary-of-another-program",
}
FLOW = """
flow f(q: text) -> any {
  a = ask "What of {q}?" else "nothing"
  b = for x in `[1, 2]` { y = ask "Item {x} of {q}?" yield y }
  c = `len(q) + 1`
  answer "{a} {b} {c}"
}
"""
FAILING = 'flow f(q: text) -> any { answer ask "What of {q}?" }'


def found_in(text: str | bytes) -> list[str]:
    """The secrets that stand somewhere."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    return [name for name, secret in SECRETS.items() if secret.encode() in raw]


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".toml", ".flow"):
            yield path.name, path.read_bytes()


# --- a server that hands back all it was sent ---


def sent(exchange: Exchange) -> str:
    """What the client sent beside its question: the key, with and without what stands around it, and headers."""
    said = exchange.headers.get("Authorization", "")
    kind, _, key = said.partition(" ")
    login = base64.b64decode(key).decode() if kind == "Basic" else ""
    return f"{said} {key} {exchange.headers.get('X-Team', '')} {login} {quote(login, safe='')}"


def _body(status: int, make: Any, **headers: str) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send(make(sent(exchange)), status, headers)

    return behave


def _headers(status: int, *names: str) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send({"error": {"message": "no"}}, status, {name: sent(exchange) for name in names})

    return behave


def _reason(exchange: Exchange) -> None:
    exchange.handler.send_response(403, sent(exchange))
    exchange.handler.send_header("Content-Length", "2")
    exchange.handler.end_headers()
    exchange.handler.wfile.write(b"{}")


def _replies(**more: Any) -> Behaviour:
    """A reply of the API that was asked, in whose text, model and refusal the secrets stand."""

    def behave(exchange: Exchange) -> None:
        told = sent(exchange)
        reply = responses_reply(f"You sent {told}.") if exchange.responses else chat_reply(f"You sent {told}.")
        exchange.send(reply | {"model": f"heron {told}"})

    return behave


def _refuses(exchange: Exchange) -> None:
    exchange.send(chat_reply(None, refusal=f"I will not, {sent(exchange)}"))


def _streams(size: int) -> Behaviour:
    """The same as a stream, a few characters at a time."""

    def behave(exchange: Exchange) -> None:
        told = f"You sent {sent(exchange)}. {sent(exchange)[:20]}"
        if exchange.streams:
            pieces = [chunk({"content": told[at : at + size]}) for at in range(0, len(told), size)]
            sends(*pieces, chunk({}, "stop"), DONE)(exchange)
        else:
            exchange.send(chat_reply(told))

    return behave


ECHOES: dict[str, Behaviour] = {
    **{f"error {n}": _body(n, lambda s: {"error": {"message": s, "code": s, "type": s, "param": s}}) for n in
       (400, 401, 402, 403, 404, 408, 409, 413, 422, 500, 503)},
    "a limit": _body(429, lambda s: {"error": {"message": s}}, **{"retry-after": "0"}),
    "no credit": _body(429, lambda s: {"error": {"message": f"insufficient_quota {s}"}}),
    "a list": _body(400, lambda s: {"error": [s, {"headers": s}]}),
    "nested": _body(400, lambda s: {"error": {"message": {"request": {"headers": {"authorization": s}}}}}),
    "a detail": _body(422, lambda s: {"detail": [{"input": s}]}),
    "a text": _body(500, lambda s: s),
    "a page": _body(500, lambda s: f"<html>{s}</html>"),
    "inside of 200": _body(200, lambda s: {"error": {"message": s, "code": 500}}),
    "no reply": _body(200, lambda s: {"status": s, "choices": s, "object": s}),
    "no object": _body(200, json.dumps),
    "finish": _body(200, lambda s: chat_reply("x", finish=s)),
    "headers": _headers(400, "x-request-id", "retry-after", "x-ratelimit-reset-requests", "WWW-Authenticate", "Set-Cookie"),
    "a redirect": _headers(302, "Location"),
    "the reason": _reason,
    "a refusal": _refuses,
    "replies": _replies(),
    "streams 1": _streams(1),
    "streams 7": _streams(7),
    "streams 400": _streams(400),
}  # fmt: skip


# --- what a run leaves ---


class Kept:
    """A run of everything that keeps or shows something, and all that it leaves."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.left: dict[str, str] = {}

    def run(self, text: str) -> fr.Result:
        provider = fr.Recorder(provider_from(self.settings), self.folder / "replies.jsonl")
        flow = fr.loads(text)
        return self._shown(flow, lambda **hooks: flow.run(q="rivers", provider=provider, **hooks), provider)

    def solve(self) -> fr.Result:
        provider = fr.Recorder(provider_from(self.settings), self.folder / "replies.jsonl")
        flow_out = self.folder / "written.txt"
        options = {"provider": provider, "flow_out": flow_out, "rounds": 1}
        return self._shown(None, lambda **hooks: fr.solve("What of rivers?", **options, **hooks), provider)

    def _shown(self, flow: Any, run: Any, provider: Any) -> Any:
        live, seen, lines = LiveFlow(flow.graph if flow else None), [], []

        tracing, spans = traced()

        def on_event(event: fr.Event) -> None:
            live.on_event(event)
            tracing(event)
            seen.append(json.dumps(event.as_json(), ensure_ascii=False))
            lines.append(plain_line(event) or "")

        try:
            result = run(on_event=on_event, store=str(self.folder / "runs.db"), limits=fr.Limits(seconds=20))
        except fr.FlowreasonError as error:
            self.left["error"] = "".join(traceback.format_exception(error)) + repr(error)
            result = None
        tracing.close()
        self.left["spans"] = "".join(span.to_json() for span in spans.get_finished_spans())
        screen = io.StringIO()
        Console(file=screen, force_terminal=True, width=300).print(live)
        self.left |= {"events": "\n".join(seen), "lines": "\n".join(lines), "screen": screen.getvalue()}
        self.left["provider"] = repr(provider) + repr(self.settings) + provider.origin
        if result is not None:
            self.left |= shown(result)
            fr.export_run(result.run_id, self.folder / "exported.jsonl", store=str(self.folder / "runs.db"))
        close_stores()
        asyncio.run(provider.close())
        return result


def traced() -> tuple[fr.Tracing, InMemorySpanExporter]:
    """Spans with everything in them."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return fr.Tracing(provider, content=True), exporter


def shown(result: fr.Result) -> dict[str, str]:
    pictures = {format: str(result.draw(format)) for format in ("svg", "json", "dot", "mmd")}
    error = "" if result.error is None else "".join(traceback.format_exception(result.error)) + repr(result.error)
    return pictures | {
        "result": f"{result!r} {result} {result.as_json()} {result.nodes}",
        "page": result._repr_html_(),
        "why": error,
    }


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FLOWREASON_CONFIG", str(config(tmp_path)))
    monkeypatch.setenv("OPENAI_API_KEY", SECRETS["key"])
    monkeypatch.setenv("SOME_TOKEN", SECRETS["variable"])
    monkeypatch.setattr(logging.getLogger("flowreason"), "propagate", True)
    monkeypatch.setenv("FLOWREASON_RETRIES", "1")
    monkeypatch.setenv("FLOWREASON_MAX_WAIT", "0")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return tmp_path


def config(folder: Path) -> Path:
    path = folder / "config.toml"
    path.write_text(f'[headers]\nX-Team = "{SECRETS["header"]}"\n')
    path.chmod(0o600)
    return path


def with_key(url: str, key: str) -> dict[str, Any]:
    return {"base_url": url, "api_key": key, "headers": {"X-Team": SECRETS["header"]}}


def with_password(url: str) -> dict[str, Any]:
    quoted = f"{USER}:{SECRETS['quoted password']}@"
    return {"base_url": url.replace("://", f"://{quoted}"), "headers": {"X-Team": SECRETS["header"]}}


def everything(caplog: pytest.LogCaptureFixture) -> None:
    """All that any library logs."""
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "openai._base_client", "httpx2", "aiohttp", "asyncio", "sqlalchemy", "flowreason"):
        caplog.set_level(logging.DEBUG, logger=name)


def assert_clean(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    logged = "\n".join(f"{record.getMessage()} {record.exc_text or ''} {record.args!r}" for record in caplog.records)
    places = {**kept.left, "log": logged, **dict(files_in(kept.folder))}
    assert {place: found for place, text in places.items() if (found := found_in(text))} == {}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("who", ["key", "plain key", "password"])
def test_a_run_leaves_no_secret_behind(
    who: str, echo: str, planted: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    everything(caplog)
    with Server() as server:
        server.always(ECHOES[echo])
        given = with_password(server.url) if who == "password" else with_key(server.url, SECRETS[who])
        kept = Kept(planted, load_settings(model="heron", **given))
        kept.run(FLOW)
        kept.run(FAILING)
        kept.solve()
        assert any("canary" in str(seen.headers.get("X-Team")) for seen in server.requests), "nothing was planted"
        told = "" if not server.requests else server.requests[0].headers["Authorization"]
    assert SECRETS["basic" if who == "password" else who] in told
    assert_clean(kept, caplog)
    assert found_in("".join(capfd.readouterr())) == []


def test_what_a_user_asks_is_theirs_and_stays_as_it_is(tmp_path: Path) -> None:
    """A text that looks like a key, in a question and in a reply, is material: only what we hold ourselves is hidden."""
    theirs = "sk-canary-of-somebody-else-0123456789"
    with Server(f"It is {theirs}.") as server:
        provider = fr.OpenAIProvider("heron", base_url=server.url, api_key=SECRETS["key"])
        result = fr.loads('flow f(q: text) -> text { answer ask "Whose is {q}?" }').run(
            q=theirs, provider=provider, store=None
        )
        assert theirs in server.requests[0].prompt
    assert result.answer == f"It is {theirs}."


# --- errors before anything is sent ---


@pytest.mark.parametrize("scheme", ["ftp", "htp", "", "file"])
def test_a_wrong_base_url_is_told_without_its_password(scheme: str) -> None:
    url = f"{scheme}://{USER}:{SECRETS['quoted password']}@example.org:99999/v1"
    with pytest.raises(fr.ConfigError) as caught:
        provider_from(load_settings(model="heron", base_url=url))
    assert found_in("".join(traceback.format_exception(caught.value))) == []


@pytest.mark.parametrize("bad", ["é", "\n", "\u2028", "\x00", "“"])
@pytest.mark.parametrize("where", ["api_key", "headers"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(where: str, bad: str, tmp_path: Path) -> None:
    secret = SECRETS["key"] + bad + "x"
    given: dict[str, Any] = {"api_key": secret} if where == "api_key" else {"headers": {"X-Team": secret}}
    with pytest.raises(fr.ConfigError) as caught:
        provider_from(Settings(model="heron", base_url="http://127.0.0.1:1/v1", **given))
    assert found_in("".join(traceback.format_exception(caught.value)) + repr(caught.value)) == []


def test_settings_that_cannot_be_are_told_without_their_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    wrong = (
        f'api_key = "{SECRETS["key"]}',
        f'api_key = ["{SECRETS["key"]}"]',
        f'headers = "{SECRETS["header"]}"',
        f'api_kee = "{SECRETS["key"]}"',
        f'[headers]\nX-Team = ["{SECRETS["header"]}"]',
        f'api_key = "{SECRETS["key"]}"\nconcurrency = "{SECRETS["key"]}"',
    )
    for text in wrong:
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(fr.ConfigError) as caught:
            load_settings(environ={"FLOWREASON_CONFIG": str(path)})
        assert found_in("".join(traceback.format_exception(caught.value))) == [], text


def test_a_file_with_headers_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = config(tmp_path)
    path.chmod(0o644)
    with pytest.raises(fr.ConfigError, match="chmod 600"):
        load_settings(environ={"FLOWREASON_CONFIG": str(path)})


# --- objects that hold one ---


def test_printing_an_object_shows_no_secret() -> None:
    url = f"http://{USER}:{SECRETS['quoted password']}@127.0.0.1:1/v1"
    settings = load_settings(
        environ={}, model="m", base_url=url, api_key=SECRETS["key"], headers={"X-Team": SECRETS["header"]}
    )
    provider = provider_from(settings)
    secrets = Secrets(SECRETS["key"], {"X-Team": SECRETS["header"]}, url)
    held = [
        settings, provider, secrets, Place(url, "m", secrets), Grants(api_key=SECRETS["key"], base_url=url),
        fr.Recorder(provider, os.devnull), provider.__dict__["_traffic"],
    ]  # fmt: skip
    assert {type(each).__name__: found for each in held if (found := found_in(f"{each!r} {each}"))} == {}


# --- the proxy and the database ---


def test_a_proxy_that_takes_nothing_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, planted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    everything(caplog)
    with nobody() as url:
        place = url.removeprefix("http://").removesuffix("/v1")
        for proxy in (
            f"http://anna:{SECRETS['proxy']}@{place}",
            f"htp://anna:{SECRETS['proxy']}@{place}",
            f"anna:{SECRETS['proxy']}@:x",
        ):
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy)
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            kept = Kept(planted, load_settings(model="heron", **with_key("http://model.example/v1", SECRETS["key"])))
            kept.run(FAILING)
            assert_clean(kept, caplog)


DATABASES = (
    "postgresql://anna:{password}@127.0.0.1:1/nowhere",
    "postgresql://anna:{password}@127.0.0.1:wrong/nowhere",
    "postgres://anna:{password}@[::1/nowhere",
    "mysql://anna:{password}@127.0.0.1/nowhere",
    "postgresql://127.0.0.1:1/nowhere?user=anna&password={password}",
    "postgresql://anna:{password}@127.0.0.1:1/nowhere?no_such_option=1",
)


@pytest.mark.parametrize("place", DATABASES)
def test_a_database_that_cannot_be_used_is_told_without_its_password(
    place: str, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("psycopg")
    everything(caplog)
    where = place.format(password=SECRETS["database"])
    with pytest.raises((fr.ConfigError, fr.StoreError)) as caught:
        fr.runs(store=where)
    assert found_in("".join(traceback.format_exception(caught.value)) + repr(caught.value)) == []
    assert found_in("".join(record.getMessage() for record in caplog.records)) == []


# --- the command line ---


def variables(url: str, folder: Path) -> dict[str, str]:
    return {
        "OPENAI_API_KEY": SECRETS["plain key"],
        "FLOWREASON_API_KEY": SECRETS["key"],
        "FLOWREASON_BASE_URL": url,
        "FLOWREASON_MODEL": "heron",
        "FLOWREASON_RETRIES": "0",
        "FLOWREASON_CONFIG": str(config(folder)),
        "SOME_TOKEN": SECRETS["variable"],
    }


@pytest.mark.parametrize("echo", ["error 401", "error 500", "replies", "streams 7"])
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_the_command_line_shows_no_secret(more: tuple[str, ...], echo: str, tmp_path: Path) -> None:
    (tmp_path / "f.flow").write_text(FLOW)
    with Server() as server:
        server.always(ECHOES[echo])
        env = variables(server.url, tmp_path) | {"FLOWREASON_STORE": str(tmp_path / "runs.db")}
        for arguments in (["run", "f.flow", "q=rivers"], ["solve", "What?", "--flow-out", "w.txt"]):
            ran = flowreason(*arguments, *more, "--record", f"{arguments[0]}.jsonl", folder=tmp_path, **env)
            assert found_in(ran.out + ran.err) == [], ran
        assert server.requests
    assert {name: found for name, raw in files_in(tmp_path) if (found := found_in(raw))} == {}


@pytest.mark.parametrize("how", ["option", "variable"])
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_the_command_line_names_a_store_without_its_password(how: str, more: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    (tmp_path / "f.flow").write_text(FLOW)
    with Server() as server:
        place = DATABASES[0].format(password=SECRETS["database"])
        env = variables(server.url, tmp_path) | ({"FLOWREASON_STORE": place} if how == "variable" else {})
        option = ("--store", place) if how == "option" else ()
        ran = flowreason("run", "f.flow", "q=rivers", *option, *more, folder=tmp_path, **env)
    assert ran.code != 0
    assert found_in(ran.out + ran.err) == [], ran


def test_a_command_that_goes_on_with_a_run_shows_no_password() -> None:
    from flowreason.cli.kept import Kept as Named

    run = Named("260101-0a1b2c3d", f"postgresql://anna:{SECRETS['database']}@host/runs")
    assert found_in(run.told() + run.unfinished() + "".join(run.question_lines([{"node": "a", "question": "?"}]))) == []


def test_an_error_that_nobody_foresaw_shows_no_secret(tmp_path: Path) -> None:
    """The command ends with Python's own traceback, which shows our lines and no values."""
    with Server() as server:
        code = (
            "import flowreason.providers.openai as o, flowreason.cli as c, sys\n"
            "def broken(*_, **__): raise ValueError('unforeseen')\n"
            "o.OpenAIProvider._reply = broken\n"
            "sys.argv = ['flowreason', 'run', 'f.flow', 'q=x']\n"
            "c.main()"
        )
        (tmp_path / "f.flow").write_text(FAILING)
        env = variables(server.url, tmp_path) | {"FLOWREASON_STORE": str(tmp_path / "runs.db")}
        ran = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment(tmp_path, **env),
            capture_output=True,
            check=False,
        )
    assert b"unforeseen" in ran.stderr
    assert found_in(ran.stdout + ran.stderr) == []
    assert {name: found for name, raw in files_in(tmp_path) if (found := found_in(raw))} == {}


# --- Python in flows ---

LOOKS = """
flow f(q: text) -> any {
  a = `__import__("os").environ` else "refused"
  b = `open("/proc/self/environ").read()` else "refused"
  c = `open("/proc/self/cmdline").read()` else "refused"
  d = ```
    import sys
    [str(sys.modules.get(name)) for name in ("os", "posix", "subprocess")]
  ``` else "refused"
  answer "{a} {b} {c} {d}"
}
"""


def test_python_in_a_flow_finds_no_secret(planted: Path) -> None:
    try:
        flow = fr.loads(LOOKS)
    except fr.FlowError as error:
        assert "python" in str(error)  # most of it is refused before it runs
        flow = fr.loads("flow f(q: text) -> any { answer `[x for x in globals()]` }")
    result = flow.run(q="x", provider=fr.ScriptedProvider({}), store=None)
    assert found_in(f"{result} {result.as_json()}") == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_the_processes_of_python_hold_no_secret(planted: Path) -> None:
    """What a process of ours was started with can be read by every program of the same user."""
    flow = fr.loads("flow f(q: text) -> any { answer `sorted(q)` }")
    assert flow.run(q="ba", provider=fr.ScriptedProvider({}), store=None).ok
    seen = 0
    for process in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # it may end while it is looked at
            for name in ("environ", "cmdline"):
                assert found_in(Path(f"/proc/{process}/{name}").read_bytes()) == []
            seen += 1
    assert seen, "no process to look at"


def descendants(process: int) -> Iterator[int]:
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            yield child
            yield from descendants(child)


# --- what is promised ---


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_key_follows_no_redirect(status: int) -> None:
    with Server() as other, Server() as server:
        server.always(lambda exchange: exchange.send("", status, {"Location": f"{other.url}/chat/completions"}))
        provider = fr.OpenAIProvider("heron", base_url=server.url, api_key=SECRETS["key"], retries=0)
        assert not fr.loads(FAILING).run(q="x", provider=provider, store=None).ok
        assert server.requests
        assert other.requests == []


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_the_file_of_runs_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        place = tmp_path / "new" / "runs.db"
        fr.loads("flow f() -> any { answer 1 }").run(provider=fr.ScriptedProvider({}), store=str(place))
        modes = {path.name: path.stat().st_mode & 0o077 for path in [place.parent, *place.parent.iterdir()]}
    finally:
        os.umask(before)
        close_stores()
    assert len(modes) > 1
    assert set(modes.values()) == {0}, modes


def test_every_test_that_a_promise_names_is_there() -> None:
    promises = (ROOT / "SECURITY.md").read_text("utf-8")
    tests = "\n".join(path.read_text("utf-8") + path.stem for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"\btest_\w+", promises))
    assert len(named) > 15
    assert {
        name for name in named if f"def {name}(" not in tests and not list(ROOT.rglob(f"tests/*/{name}.py"))
    } == set()


# --- the test itself ---


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    assert found_in(f"x{SECRETS['key']}y") == ["key"]
    (tmp_path / "runs.db-wal").write_bytes(b"\x00" + SECRETS["header"].encode())
    assert [found_in(raw) for _, raw in files_in(tmp_path)] == [["header"]]
    assert ROOT.is_dir()
    kinds: Mapping[str, str] = SECRETS
    assert len(set(kinds.values())) == len(kinds)
