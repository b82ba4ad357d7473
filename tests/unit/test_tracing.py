"""Spans and log lines are functions of the events: nested as the run is, by the conventions, without what was said."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason.tracing.calls import CAPTURE
from tests.server import Server, error, ok

pytest.importorskip("opentelemetry.sdk")
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

FLOW = """
flow f(n: int) -> any {
  xs = for x in `range(n)` { y = ask "Item {x}" yield y }
  a = g("heron")
  repeat 2 { a = ask "More of {a}" }
  answer "{xs} {a}"
}
flow g(q: text) -> text { x = ask "Inner {q}" answer x }
"""


class Spans:
    """A place for spans, and what came there."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def all(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == name]

    def way(self, span: ReadableSpan) -> list[str]:
        """The names from the root to a span."""
        by_id = {each.context.span_id: each for each in self.all}
        names = [span.name]
        while span.parent is not None:
            span = by_id[span.parent.span_id]
            names.insert(0, span.name)
        return names

    def tree(self) -> list[Any]:
        return sorted((self.way(span), sorted(span.attributes.items())) for span in self.all)


@pytest.fixture
def spans() -> Spans:
    return Spans()


def scripted() -> fr.ScriptedProvider:
    return fr.ScriptedProvider(lambda request: "secret heron reply")


def test_spans_lie_in_one_another_as_the_run_does(spans: Spans) -> None:
    result = fr.loads(FLOW).run(n=2, provider=scripted(), on_event=fr.Tracing(spans.provider))
    assert result.ok
    calls = spans.named("chat scripted")
    assert sorted(spans.way(call)[:-1] for call in calls) == [
        ["invoke_workflow f", "a", "flow g", "x"],
        ["invoke_workflow f", "repeat#1", "repeat#1[0]", "a#2"],
        ["invoke_workflow f", "xs", "xs[0]", "y"],
        ["invoke_workflow f", "xs", "xs[1]", "y"],
    ]
    assert len({span.context.trace_id for span in spans.all}) == 1


def test_a_call_has_the_attributes_of_the_conventions(spans: Spans) -> None:
    with Server("It is the Rhine.") as server:
        provider = fr.OpenAIProvider("heron", base_url=server.url)
        fr.loads('flow f() -> any { answer ask "Which river?" }').run(
            provider=provider, on_event=fr.Tracing(spans.provider), store=None
        )
    (call,) = spans.named("chat heron")
    assert call.kind == SpanKind.CLIENT
    found = dict(call.attributes)
    assert (
        found.items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "heron",
            "gen_ai.response.model": "heron-2",
            "gen_ai.usage.input_tokens": 11,
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.output.type": "text",
        }.items()
    )
    (root,) = spans.named("invoke_workflow f")
    assert root.attributes["gen_ai.workflow.name"] == "f"
    assert root.start_time <= call.start_time <= call.end_time <= root.end_time


def everything(spans: Spans) -> str:
    return "\n".join(span.to_json() for span in spans.all)


def test_nothing_that_was_said_is_in_a_span(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CAPTURE, raising=False)
    texts = (FLOW, 'flow f(n: int) -> any { a: int = ask "canary question {n}" answer a }')
    for text in texts:
        fr.loads(text).run(n=2, provider=scripted(), on_event=fr.Tracing(spans.provider))
    assert "secret heron" not in everything(spans)
    assert "canary question" not in everything(spans)
    assert "heron" not in everything(spans)


@pytest.mark.parametrize("value", ["true", "SPAN_ONLY", "SPAN_AND_EVENT"])
def test_what_was_said_is_there_for_those_who_ask_for_it(
    value: str, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CAPTURE, value)
    fr.loads(FLOW).run(n=1, provider=scripted(), on_event=fr.Tracing(spans.provider))
    call = spans.named("chat scripted")[0]
    (said,) = json.loads(call.attributes["gen_ai.output.messages"])
    assert said["parts"] == [{"type": "text", "content": "secret heron reply"}]
    (asked,) = json.loads(call.attributes["gen_ai.input.messages"])
    assert asked["role"] == "user"
    assert json.loads(call.attributes["gen_ai.system_instructions"])[0]["type"] == "text"


@pytest.mark.parametrize("value", ["false", "", "NO_CONTENT", "EVENT_ONLY"])
def test_every_other_word_leaves_it_out(value: str, spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAPTURE, value)
    fr.loads(FLOW).run(n=1, provider=scripted(), on_event=fr.Tracing(spans.provider))
    assert "heron" not in everything(spans)


def test_an_error_stands_as_its_kind_at_the_call_the_step_and_the_run(spans: Spans) -> None:
    with Server() as server:
        server.always(error(401, "no such canary"))
        provider = fr.OpenAIProvider("heron", base_url=server.url, api_key="sk-x")
        fr.loads('flow f() -> any { a = ask "Which?" answer a }').run(
            provider=provider, on_event=fr.Tracing(spans.provider), store=None
        )
    for name in ("chat heron", "a", "invoke_workflow f"):
        (span,) = spans.named(name)
        assert span.attributes["error.type"] == "key", name
        assert span.status.status_code == StatusCode.ERROR
    assert "no such canary" not in everything(spans)


def test_a_retry_is_an_event_of_its_call(spans: Spans) -> None:
    with Server() as server:
        server.then(error(503, "no"))
        provider = fr.OpenAIProvider("heron", base_url=server.url, api_key="sk-x", sleep=_no_sleep)
        fr.loads('flow f() -> any { answer ask "Which?" }').run(
            provider=provider, on_event=fr.Tracing(spans.provider), store=None
        )
    (call,) = spans.named("chat heron")
    assert [(event.name, event.attributes["flowreason.kind"]) for event in call.events] == [
        ("flowreason.node.retry", "server")
    ]
    assert call.status.status_code == StatusCode.UNSET


async def _no_sleep(_seconds: float) -> None:
    return None


def test_what_was_known_before_is_no_call_and_is_marked(spans: Spans, tmp_path: Path) -> None:
    flow = fr.loads('flow f() -> any { a = ask "Which?" with temperature=0 answer a }')
    with Server() as server:
        for _ in range(2):
            spans.exporter.clear()
            provider = fr.OpenAIProvider("heron", base_url=server.url)
            flow.run(provider=provider, on_event=fr.Tracing(spans.provider), store=str(tmp_path / "runs.db"))
    assert spans.named("chat heron") == []
    assert spans.named("a")[0].attributes["flowreason.cached"] is True


def test_the_spans_of_a_kept_run_are_those_of_the_live_one(spans: Spans, tmp_path: Path) -> None:
    store, again = str(tmp_path / "runs.db"), Spans()
    live = fr.loads(FLOW).run(n=3, provider=scripted(), on_event=fr.Tracing(spans.provider), store=store)
    began = fr.run_info(live.run_id, store=store).created
    fr.replay(live.run_id, store=store, on_event=fr.Tracing(again.provider, began=began))
    assert again.tree() == spans.tree()
    from_events = Spans()
    tracing = fr.Tracing(from_events.provider, began=began)
    for event in live.events:
        tracing(event)
    assert from_events.tree() == spans.tree()
    assert from_events.named("invoke_workflow f")[0].start_time >= int(began * 1e9)


@pytest.mark.parametrize("calls", [1, 2, 3, 50])
@pytest.mark.parametrize("reply", ["3", "secret"])
def test_every_span_that_began_ends(calls: int, reply: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = Spans()
    begun: list[Any] = []
    tracing = fr.Tracing(spans.provider)
    begin = tracing._begin
    monkeypatch.setattr(tracing, "_begin", lambda *a, **k: begun.append(begin(*a, **k)) or begun[-1])
    text = """
    flow f(n: int) -> any {
      v = ask "vote" with vote=3
      xs = for x in `range(n)` { y: int = ask "Item {x}" yield y }
      w = ask user "what now?" else "nothing"
      c = `1 / 0` else 5
      if `len(xs) > 0` { e = ask "a" } else { e = ask "b" }
      answer "{v} {xs} {w} {c} {e}"
    }
    """
    fr.loads(text).run(
        n=3, provider=fr.ScriptedProvider(lambda _: reply), on_event=tracing, limits=fr.Limits(calls=calls),
        confirm=lambda *_: True,
    )  # fmt: skip
    assert begun
    assert all(span.end_time is not None for span in begun)


TOOLS = """
pure tool weigh(x: text) -> int "weighs"
tool put(x: text) -> text "puts"
flow f() -> any {
  a = weigh("heron")
  b = put("secret heron")
  c = `weigh("wren") + weigh("finch")`
  d = put("bad") else "none"
  answer "{a} {b} {c} {d}"
}
"""


def given_tools() -> list[Any]:
    @fr.tool(pure=True)
    def weigh(x: str) -> int:
        return len(x)

    @fr.tool
    def put(x: str) -> str:
        if x == "bad":
            raise ValueError("secret words")
        time.sleep(0.03)
        return "done"

    return [weigh, put]


def test_a_tool_that_is_called_is_a_span_under_its_step(spans: Spans) -> None:
    result = fr.loads(TOOLS, tools=given_tools()).run(
        provider=scripted(), on_event=fr.Tracing(spans.provider), store=None
    )
    assert result.ok, result.error
    called = sorted(spans.way(span)[1:] for span in spans.all if span.name.startswith("execute_tool"))
    assert called == [
        ["b", "execute_tool put"],
        ["c", "execute_tool weigh"],
        ["c", "execute_tool weigh"],
        ["execute_tool weigh"],
        ["put#1", "execute_tool put"],
    ]
    put, bad = spans.named("execute_tool put")
    assert put.kind is SpanKind.INTERNAL
    assert dict(put.attributes) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "put",
        "gen_ai.tool.type": "function",
        "flowreason.frame": "f",
        "flowreason.node": "b",
    }
    assert 0.03 <= (put.end_time - put.start_time) / 1e9 < 5
    assert (bad.attributes["error.type"], bad.status.status_code) == ("tool", StatusCode.ERROR)
    assert "heron" not in everything(spans) and "secret" not in everything(spans)


def test_what_tools_were_given_is_there_for_those_who_ask_for_it(spans: Spans) -> None:
    tracing = fr.Tracing(spans.provider, content=True)
    fr.loads(TOOLS, tools=given_tools()).run(provider=scripted(), on_event=tracing, store=None)
    given = [json.loads(span.attributes["gen_ai.tool.call.arguments"]) for span in spans.named("execute_tool put")]
    assert given == [{"x": "secret heron"}, {"x": "bad"}]


def test_a_tool_that_was_called_before_is_not_called_again_in_a_span(spans: Spans, tmp_path: Path) -> None:
    store, tools = str(tmp_path / "runs.db"), given_tools()
    live, kept, again = Spans(), Spans(), Spans()
    first = fr.loads(TOOLS, tools=tools).run(provider=scripted(), store=store, on_event=fr.Tracing(live.provider))
    fr.replay(first.run_id, store=store, on_event=fr.Tracing(kept.provider))
    assert live.tree() == kept.tree()
    assert len(live.named("execute_tool weigh")) == 3
    fr.rerun(first.run_id, provider=scripted(), tools=tools, store=store, on_event=fr.Tracing(again.provider))
    assert [span.name for span in again.all if span.name.startswith("execute_tool")] == []


def test_writing_a_flow_and_a_model_that_cannot_be_reached_are_traced(
    spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "get_tracer", lambda name, **_: spans.provider.get_tracer(name))
    monkeypatch.setenv("FLOWREASON_TRACE", "otel")
    with Server('flow f(question: text) -> any { answer ask "Which {question}?" }') as server:
        provider = fr.OpenAIProvider("heron", base_url=server.url)
        assert fr.solve("river", provider=provider, store=None).ok
        assert ["invoke_workflow f", "compile", "chat heron"] in [spans.way(span) for span in spans.all]
        spans.exporter.clear()
        server.always(error(401))
        with pytest.raises(fr.ProviderError):
            fr.solve("river", provider=fr.OpenAIProvider("heron", base_url=server.url), store=None)
    (root,) = [span for span in spans.all if span.parent is None]
    assert root.attributes["error.type"] == "ProviderError"


def test_a_run_lies_in_the_span_around_it(spans: Spans) -> None:
    with spans.provider.get_tracer("app").start_as_current_span("request"):
        fr.loads("flow f() -> any { answer 1 }").run(provider=scripted(), on_event=fr.Tracing(spans.provider))
    assert spans.way(spans.named("invoke_workflow f")[0]) == ["request", "invoke_workflow f"]


def test_a_wrong_word_in_the_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWREASON_TRACE", "jaeger")
    with pytest.raises(fr.ConfigError, match="FLOWREASON_TRACE"):
        fr.loads("flow f() -> any { answer 1 }").run(provider=scripted())


def test_without_opentelemetry_it_is_told_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(fr.ConfigError, match=r"flowreason\[otel\]"):
        fr.Tracing()


def test_a_run_that_is_not_traced_loads_nothing_of_opentelemetry() -> None:
    code = (
        "import flowreason as fr, sys\n"
        "fr.loads('flow f() -> any { answer 1 }').run(provider=fr.ScriptedProvider({}))\n"
        "fr.Tracing\n"
        "print([n for n in sys.modules if n.startswith('opentelemetry')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_paths())
    assert ran.stdout.strip() == "[]"


def _paths() -> dict[str, str]:
    root = Path(__file__).parents[2]
    return {"PYTHONPATH": ":".join(str(root / part) for part in ("", "dsl")), "PATH": "/usr/bin"}


# --- logs ---


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    logger = logging.getLogger("flowreason")
    logger.propagate = True
    caplog.set_level(logging.DEBUG, logger="flowreason")
    yield caplog
    logger.propagate = False


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    return [(r.name, r.levelname, r.getMessage()) for r in caplog.records if r.name.startswith("flowreason")]


def test_a_run_and_its_troubles_are_logged_at_fitting_levels(logged: pytest.LogCaptureFixture) -> None:
    with Server() as server:
        server.then(error(503, "canary words"), error(404, "model 'heron' not found"))
        provider = fr.OpenAIProvider(
            "heron", base_url=server.url, fallback_models=["crane"], sleep=_no_sleep, retries=1
        )
        fr.loads('flow f() -> any { a = ask "Which canary?" answer a }').run(provider=provider, store=None)
    told = lines(logged)
    levels = {
        name: level
        for _, level, text in told
        for name in ("began", "answered after", "tried again", "instead")
        if name in text
    }
    assert levels == {"began": "INFO", "answered after": "INFO", "tried again": "WARNING", "instead": "WARNING"}
    assert {name for name, _, _ in told} == {"flowreason.run", "flowreason.model"}


def test_a_limit_and_a_failure_are_logged(logged: pytest.LogCaptureFixture) -> None:
    text = 'flow f() -> any { a: int = ask "Which?" b: int = ask "What of {a}?" answer b }'
    fr.loads(text).run(provider=scripted())
    fr.loads(text).run(provider=fr.ScriptedProvider(lambda _: "3"), limits=fr.Limits(calls=1), confirm=lambda *_: True)
    told = lines(logged)
    assert any(level == "ERROR" and text.startswith("run failed") for _, level, text in told)
    assert any(level == "WARNING" and text == "the limit calls=1 is reached" for _, level, text in told)


def test_no_line_holds_what_was_said(logged: pytest.LogCaptureFixture) -> None:
    text = 'flow f(q: text) -> any { a: int = ask "canary {q}" else 3 b = `int(q)` answer b }'
    fr.loads(text).run(q="canary value", provider=fr.ScriptedProvider(lambda _: "canary reply"))
    fr.loads(FLOW).run(n=2, provider=scripted())
    assert lines(logged)
    assert not [text for _, _, text in lines(logged) if "canary" in text or "heron" in text]


def test_a_name_from_a_server_cannot_forge_a_line(logged: pytest.LogCaptureFixture) -> None:
    with Server() as server:
        forged = "heron\nCRITICAL:root:all is lost\x1b[2J"
        server.always(lambda exchange: exchange.send({"model": forged, "choices": [{"message": {"content": "x"}}]}))
        fr.loads('flow f() -> any { answer ask "Which?" }').run(
            provider=fr.OpenAIProvider("heron", base_url=server.url), store=None
        )
    assert all(text.isprintable() for _, _, text in lines(logged))


def test_where_nobody_set_up_logging_nothing_is_written_and_nobody_listens() -> None:
    code = (
        "import flowreason as fr\n"
        "from flowreason.logs import anybody_listens\n"
        "assert not anybody_listens()\n"
        "fr.loads('flow f() -> any { a: int = ask \"x\" answer a }').run(provider=fr.ScriptedProvider(lambda _: 'x'))\n"
        "import logging; logging.basicConfig()\n"
        "assert anybody_listens()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=_paths())
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_server_that_answers_gives_no_warning(logged: pytest.LogCaptureFixture) -> None:
    with Server() as server:
        server.always(ok())
        fr.loads(FLOW).run(n=2, provider=fr.OpenAIProvider("heron", base_url=server.url), store=None)
    assert not [line for line in lines(logged) if line[1] in ("WARNING", "ERROR")]
