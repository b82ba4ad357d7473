"""An event in a few words, for the place of the time slider."""

from __future__ import annotations

from flowreason.engine.events import Event
from flowreason_ui.view.frames import named, where
from flowreason_ui.view.phase import CONTINUED, PAUSED, RESUMED

_SAID = {
    PAUSED: "the run is paused", CONTINUED: "the run goes on", RESUMED: "the run was resumed",
    "compile.started": "the flow is being written", "compile.text": "the flow is being written",
    "compile.draft": "a draft is whole", "compile.done": "the flow is written", "price": "the price is known",
    "run.started": "the run begins", "run.finished": "the answer is there", "run.failed": "the run failed",
    "run.cancelled": "the run was stopped", "run.waiting": "the run waits for a person",
    "run.exhausted": "a limit is reached", "frame.opened": "begins", "frame.closed": "is over",
    "node.started": "begins", "node.request": "asks the model", "node.reply": "has a reply", "node.done": "is done",
    "node.failed": "failed", "node.skipped": "is skipped", "node.cancelled": "is given up", "node.retry": "tries again",
    "node.wait": "waits for the server", "node.rejected": "sends a reply back", "node.recalled": "was known before",
    "node.tool": "called a tool", "node.trace": "told its lines", "node.vote": "counted votes",
    "person.asked": "asks a person", "person.answered": "has the person's answer",
}  # fmt: skip


def in_words(event: Event) -> str:
    """What an event tells, for the place of the slider."""
    said = _SAID.get(event.kind, "")
    if event.frame == "compile":
        return {"node.request": "the model is asked for a flow", "node.reply": "the model has written"}.get(
            event.kind, ""
        )
    if not said or event.kind.startswith(("run.", "compile.", "price")):
        return said
    place = where(event.frame.removeprefix("early/"))
    return " · ".join(part for part in (f"{named(event.node)} {said}".strip(), place) if part)
