"""An event in a few words, for the place of the time slider."""

from __future__ import annotations

from flowreason.engine.events import Event
from flowreason.view.progress import CLOSING, LIMIT, is_last_look
from flowreason_ui.view.frames import named, where
from flowreason_ui.view.phase import CONTINUED, PAUSED, RESUMED

_SAID = {
    PAUSED: "the run is paused", CONTINUED: "the run goes on", RESUMED: "the run was resumed",
    "compile.started": "the flow is being written", "compile.text": "the flow is being written",
    "compile.draft": "a draft is whole", "compile.done": "the flow is written", "price": "the price is known",
    "run.started": "the run begins", "run.finished": "the answer is there", "run.failed": "the run failed",
    "run.cancelled": "the run was stopped", "run.waiting": "the run waits for a person",
    "run.exhausted": "a limit is reached",
    "frame.opened": "begins", "frame.closed": "is over",
    "node.started": "begins", "node.request": "asks the model", "node.reply": "has a reply", "node.done": "is done",
    "node.failed": "failed", "node.skipped": "is skipped", "node.cancelled": "is given up", "node.retry": "tries again",
    "node.wait": "waits for the server", "node.rejected": "sends a reply back",
    "node.recalled": "is reused from before",
    "node.tool": "called a tool", "node.trace": "told its lines", "node.vote": "counted votes",
    "person.asked": "asks a person", "person.answered": "has the person's answer",
}  # fmt: skip


_AT_LIMIT = {"run.failed": "a limit stopped the run", "node.failed": "is not done: limit reached",
             "loop.cut": "is stopped at the limit"}  # fmt: skip


def in_words(event: Event) -> str:
    """What an event tells, for the place of the slider."""
    limited = event.data.get("error_kind") == LIMIT
    said = (_AT_LIMIT if limited else _SAID).get(event.kind, "") or _SAID.get(event.kind, "")
    if event.frame == "compile":
        return {"node.request": "the model is asked for a flow", "node.reply": "the model has written"}.get(
            event.kind, ""
        )
    if not said or event.kind.startswith(("run.", "compile.", "price")):
        return said
    if event.node.startswith(CLOSING) and event.kind == "node.done":
        said = "the condition no longer holds" if is_last_look(event) else "the condition holds"
    place = where(event.frame.removeprefix("early/"))
    return " · ".join(
        part
        for part in (said if event.node.startswith(CLOSING) else f"{named(event.node)} {said}".strip(), place)
        if part
    )
