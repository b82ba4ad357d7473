"""What the caller gets: the answer, what it cost, and everything that happened on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowreason.engine.events import Event
from flowreason.engine.pending import Pending
from flowreason.engine.result import FailedItem, RunResult, Status
from flowreason.engine.undone import Undone
from flowreason.errors import FlowreasonError, Suspended
from flowreason.ports import Usage
from flowreason.values import plain, show

if TYPE_CHECKING:
    from flowreason.flow import Flow


class Result:
    """The outcome of a run.

    `answer` is the answer as text, `value` in its type; `ok` says whether there is one, `error` why not. Where a limit
    was reached, `ok` is False, `partial` says whether they are the best answer so far, and `undone` what is missing.
    `flow` is the text of the flow that ran.
    """

    def __init__(self, run: RunResult, flow: Flow, run_id: str = "") -> None:
        self._run = run
        self._flow = flow
        self.run_id = run_id
        self.way = ""
        """For one question of many: `shared` where a flow that was written for many answered it, `own` where not."""
        self.earlier = Usage()
        """What was used before this run for the same question, by a flow that turned out not to fit it."""

    @property
    def ok(self) -> bool:
        return self._run.status == "answered"

    @property
    def status(self) -> Status:
        """`answered`, `failed`, `limit`, `cancelled`, or `waiting` (for a person, see `pending`)."""
        return self._run.status

    @property
    def value(self) -> Any:
        return self._run.value

    @property
    def answer(self) -> str:
        """The answer as people write it, or the best so far; empty where there is none."""
        return show(self._run.value) if self.ok or self.partial else ""

    @property
    def partial(self) -> bool:
        """Whether a limit was reached and the value is the best answer so far."""
        return self._run.partial

    @property
    def undone(self) -> Sequence[Undone]:
        """Where a limit was reached: the steps that were left undone for it, and how often each."""
        return self._run.undone

    @property
    def error(self) -> FlowreasonError | None:
        return self._run.error

    @property
    def pending(self) -> Sequence[Pending]:
        """What a person is asked before the run goes on."""
        return self._run.error.pending if isinstance(self._run.error, Suspended) else ()

    @property
    def flow(self) -> str:
        return self._flow.text

    @property
    def method(self) -> str:
        """How the question was answered: `graph` (a flow that was written for it), or the name of a method's flow.

        Empty for a flow that was run by itself.
        """
        return str(self._chosen.get("method", ""))

    @property
    def reason(self) -> str:
        """Why that method, where the choice was left to us (`auto`); else empty."""
        return str(self._chosen.get("reason", ""))

    @property
    def _chosen(self) -> Mapping[str, Any]:
        return next((event.data for event in self._run.events if event.kind == "method.chosen"), {})

    @property
    def graph(self) -> Any:
        """The graph that ran (`flowreason.graph.model.Graph`)."""
        return self._flow.graph

    @property
    def usage(self) -> Usage:
        """Calls, tokens and money, those of the compiler included."""
        return self._run.usage

    @property
    def seconds(self) -> float:
        return self._run.seconds

    @property
    def events(self) -> Sequence[Event]:
        return self._run.events

    @property
    def failed_items(self) -> Sequence[FailedItem]:
        """Items of loops that failed and are null in their lists."""
        return self._run.failed_items

    @property
    def nodes(self) -> Sequence[Any]:
        """A row for every node that ran: what it is, how often, its last value, time, tokens and money."""
        from flowreason.view.progress import summary

        return summary(self._run.events)

    def raise_for_status(self) -> Result:
        """Itself, where there is an answer; raises its error where not."""
        if self.error is not None:
            raise self.error
        return self

    def draw(self, format: str = "svg") -> str | bytes:
        """The flow with the state, time and tokens of each node in this run."""
        from flowreason.view import draw_run

        return draw_run(self._flow.graph, self._run.events, format)

    def as_json(self) -> dict[str, Any]:
        """The outcome as plain data."""
        usage = self.usage
        return {
            "status": self.status,
            "answer": self.answer if self.ok or self.partial else None,
            "partial": self.partial,
            "value": plain(self.value),
            "error": None if self.error is None else str(self.error),
            "flow": self.flow,
            "method": self.method or None,
            "reason": self.reason or None,
            "calls": usage.calls,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "money": usage.money,
            "seconds": round(self.seconds, 3),
            "undone": [
                {"frame": u.frame, "node": u.node, "line": u.line, "about": u.about, "count": u.count}
                for u in self.undone
            ],
            "failed_items": [
                {"frame": i.frame, "node": i.node, "index": i.index, "error": i.error} for i in self.failed_items
            ],
        }

    def __repr__(self) -> str:
        return f"<Result {self.status}: {self.answer[:60]!r}>" if self.ok else f"<Result {self.status}: {self.error}>"

    def __str__(self) -> str:
        return self.answer if self.ok else f"{self.status}: {self.error}"

    def _repr_html_(self) -> str:
        from flowreason.view.notebook import result_html

        return result_html(self._flow.graph, self._run.events, self.answer, self.flow)
