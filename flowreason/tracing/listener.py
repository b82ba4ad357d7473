"""From events to spans.

Invariant: every span that was begun is ended by the event that ends the run, or by `close`; a span's times are those of
its events. Spans of rounds and sub-flows lie in that of the step which opened them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from flowreason.engine.events import Event
from flowreason.errors import ConfigError
from flowreason.tracing.calls import Attributes, answered, asked, content_wanted, executed
from flowreason.wanted import FLAG, TEXT, checked, having, maybe, number

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind, TracerProvider

Place: TypeAlias = tuple[str, str]
"""Frame and node; a frame itself has an empty node."""
Call: TypeAlias = tuple[str, str, int]
"""Frame, node and sample of a request."""

_ENDS = {"run.finished": "", "run.waiting": "", "run.failed": "failed", "run.cancelled": "cancelled"}

_PROVIDER = having("a TracerProvider of OpenTelemetry", "get_tracer")


class Tracing:
    """Give it to a run as `on_event`; one run each. As a context manager it ends what an exception left open.

    `tracer_provider`: where spans go, the process's own by default. `content`: whether questions and answers are in
    them; by default what OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT says, so mostly not. `provider_name`: the
    `gen_ai.provider.name` of calls. `began`: when the run began, in seconds since 1970, for events of the past.
    """

    @checked(tracer_provider=maybe(_PROVIDER), content=maybe(FLAG), provider_name=TEXT, began=maybe(number(0)))
    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        *,
        content: bool | None = None,
        provider_name: str = "openai",
        began: float | None = None,
    ) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise ConfigError("tracing needs OpenTelemetry: pip install 'flowreason[otel]'") from None
        self._api = trace
        self._tracer = trace.get_tracer("flowreason", tracer_provider=tracer_provider)
        self._content = content_wanted() if content is None else content
        self._provider = provider_name
        self._began = began
        self._root: Span | None = None
        self._spans: dict[Place, Span] = {}
        self._calls: dict[Call, Span] = {}
        self._last = 0.0

    def __call__(self, event: Event) -> None:
        if self._began is None:
            self._began = time.time() - event.time
        self._last = max(self._last, event.time)
        if self._root is None:
            self._root = self._begin("invoke_workflow", None, {"gen_ai.operation.name": "invoke_workflow"})
        if event.kind in _ENDS:
            self._end_run(event)
        elif event.kind.startswith("node."):
            self._node(event)
        else:
            self._other(event)

    def __enter__(self) -> Tracing:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close("" if kind is None else kind.__name__)

    def close(self, error: str = "") -> None:
        """End what is still open; `error` is the kind of what ended the run without an event."""
        for span in [*self._calls.values(), *reversed(self._spans.values())]:
            self._end(span, "cancelled")
        if self._root is not None:
            self._end(self._root, error)
        self._calls, self._spans, self._root = {}, {}, None

    # --- what happens ---

    def _other(self, event: Event) -> None:
        place = (event.frame, event.node)
        match event.kind:
            case "run.started":
                self._name_run(str(event.data.get("entry", "")))
            case "frame.opened" if event.data.get("owner"):
                self._spans[event.frame, ""] = self._begin(_frame_name(event), event.frame, _where(event))
            case "frame.closed":
                self._end_at((event.frame, ""))
            case "compile.started" if not event.node:
                self._spans["compile", ""] = self._begin("compile", "", {})
            case "compile.done" if not event.node:
                self._end_at(("compile", ""))
            case "run.exhausted" if self._root is not None:
                self._root.set_attribute("flowreason.limit", str(event.data.get("limit")))
            case "person.asked" | "item.failed" | "effect.undone" | "loop.cut":
                self._note(self._over(place), event.kind, {})

    def _name_run(self, entry: str) -> None:
        if self._root is not None and entry:
            self._root.update_name(f"invoke_workflow {entry}")
            self._root.set_attribute("gen_ai.workflow.name", entry)

    def _node(self, event: Event) -> None:
        place, data = (event.frame, event.node), event.data
        match event.kind:
            case "node.started":
                self._spans[place] = self._begin(event.node, event.frame, _where(event))
            case "node.done" | "node.skipped":
                self._end_at(place)
            case "node.failed":
                self._end_at(place, str(data.get("error_kind") or "failed"))
            case "node.cancelled":
                self._end_at(place, "cancelled")
            case "node.request":
                self._ask(event)
            case "node.reply":
                self._answer(event)
            case "node.unanswered":
                self._close_call(_call(event), "unanswered", answered(data, False))
            case "node.tool":
                self._executed(event)
            case "node.recalled":
                self._over(place).set_attribute("flowreason.recalled", str(data.get("whose", "")))
            case "node.retry" | "node.wait" | "node.fallback" | "node.rejected":
                span = self._calls.get(_call(event)) or self._over(place)
                self._note(span, event.kind, _told(data))

    def _ask(self, event: Event) -> None:
        made = asked(event.data, self._provider, self._content)
        name = f"chat {made.get('gen_ai.request.model', '')}".rstrip()
        self._close_call(_call(event), "superseded", {})
        parent = self._over((event.frame, event.node))
        self._calls[_call(event)] = self._begin(name, None, made | _where(event), parent, client=True)

    def _answer(self, event: Event) -> None:
        if _call(event) in self._calls and not event.data.get("shared"):
            self._close_call(_call(event), "", answered(event.data, self._content))
            return
        span = self._over((event.frame, event.node))
        span.set_attribute("flowreason.cached" if event.data.get("cached") else "flowreason.shared", True)

    def _executed(self, event: Event) -> None:
        """A tool that was called: its span lies in that of the step, whether that calls it or Python in it."""
        made = executed(event.data, self._content)
        name = f"execute_tool {made['gen_ai.tool.name']}".rstrip()
        began = self._moment() - int(float(event.data.get("seconds") or 0.0) * 1e9)
        parent = self._over((event.frame, event.node))
        span = self._begin(name, None, made | _where(event), parent, moment=began)
        self._end(span, str(event.data.get("error_kind") or ""))

    # --- spans ---

    def _begin(
        self,
        name: str,
        frame: str | None,
        attributes: Attributes,
        parent: Span | None = None,
        *,
        client: bool = False,
        moment: int | None = None,
    ) -> Span:
        """`moment`: when it began, now where nothing is said."""
        inside = parent if frame is None else self._inside(frame)
        context = None if inside is None else self._api.set_span_in_context(inside)
        kind: SpanKind = self._api.SpanKind.CLIENT if client else self._api.SpanKind.INTERNAL
        return self._tracer.start_span(name, context, kind, attributes, start_time=moment or self._moment())

    def _inside(self, frame: str) -> Span | None:
        """The innermost span around what happens in a frame: that of the frame, of its owner, of those around it."""
        while frame:
            if (frame, "") in self._spans:
                return self._spans[frame, ""]
            outer, _, last = frame.rpartition("/")
            for owner in (last.partition("[")[0], outer.rpartition("/")[2]):
                if (outer, owner) in self._spans:
                    return self._spans[outer, owner]
            if (above := self._owner(outer)) is not None:
                return above
            frame = outer
        return self._root

    def _owner(self, place: str) -> Span | None:
        """The step that opened a sub-flow: of `f/a/g`, step `a` of frame `f`."""
        frame, _, node = place.rpartition("/")
        return self._spans.get((frame, node))

    def _over(self, place: Place) -> Span:
        """The span of a step; where it has none, the one around it."""
        found = self._spans.get(place) or self._inside(place[0]) or self._root
        return found if found is not None else self._api.INVALID_SPAN

    def _note(self, span: Span, name: str, attributes: Attributes) -> None:
        span.add_event(f"flowreason.{name}", attributes, timestamp=self._moment())

    def _end_at(self, place: Place, error: str = "") -> None:
        for call in [each for each in self._calls if each[:2] == place]:
            self._close_call(call, error or "cancelled", {})
        span = self._spans.pop(place, None)
        if span is not None:
            self._end(span, error)

    def _close_call(self, call: Call, error: str, attributes: Attributes) -> None:
        span = self._calls.pop(call, None)
        if span is not None:
            span.set_attributes(attributes)
            self._end(span, error)

    def _end(self, span: Span, error: str) -> None:
        if error:
            span.set_attribute("error.type", error)
            span.set_status(self._api.Status(self._api.StatusCode.ERROR))
        span.end(end_time=self._moment())

    def _end_run(self, event: Event) -> None:
        self.close(str(event.data.get("error_kind") or _ENDS[event.kind]))

    def _moment(self) -> int:
        """Nanoseconds since 1970 of the latest event."""
        return int(((self._began or 0.0) + self._last) * 1e9)


def _call(event: Event) -> Call:
    return event.frame, event.node, int(event.data.get("sample") or 0)


def _where(event: Event) -> Attributes:
    made: Attributes = {"flowreason.frame": event.frame}
    return made | {"flowreason.node": event.node} if event.node else made


def _frame_name(event: Event) -> str:
    index = event.data.get("index")
    return f"flow {event.data.get('flow')}" if index is None else f"{event.data.get('owner')}[{index}]"


def _told(data: Mapping[str, Any]) -> Attributes:
    """What may be told of a retry or a wait: kinds and numbers, and names of models; no words of a server."""
    names = ("kind", "for", "from", "to")
    made: Attributes = {f"flowreason.{name}": str(data[name]) for name in names if data.get(name)}
    for name in ("wait", "seconds", "attempt"):
        if isinstance(data.get(name), int | float):
            made[f"flowreason.{name}"] = float(data[name])
    return made
