"""What is logged of a run, by Python's own logging, under `flowreason.run`, `flowreason.model` and `flowreason.store`.

Invariant: a line holds kinds, names, places and numbers: never what was asked, answered or computed, and no words of a
server. Without a handler nothing is written, and nobody listens.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeAlias

from flowreason.engine.events import Event

Line: TypeAlias = tuple[logging.Logger, int, str]

_ALL = logging.getLogger("flowreason")
_ALL.addHandler(logging.NullHandler())
RUN = logging.getLogger("flowreason.run")
MODEL = logging.getLogger("flowreason.model")
STORE = logging.getLogger("flowreason.store")

_LINES: Mapping[str, Line] = {
    "compile.started": (RUN, logging.INFO, "a flow is being written"),
    "compile.draft": (RUN, logging.DEBUG, "draft {round}"),
    "run.started": (RUN, logging.INFO, "run of {entry} began"),
    "run.finished": (RUN, logging.INFO, "run answered after {time:.3f} s"),
    "run.failed": (RUN, logging.ERROR, "run failed after {time:.3f} s: {error_kind}"),
    "run.cancelled": (RUN, logging.WARNING, "run stopped after {time:.3f} s"),
    "run.waiting": (RUN, logging.INFO, "run waits for a person"),
    "run.exhausted": (RUN, logging.WARNING, "the limit {limit}={allowed} is reached"),
    "early.failed": (RUN, logging.WARNING, "a head start was given up"),
    "effect.undone": (RUN, logging.WARNING, "{place}: an effect was left undone for a limit"),
    "loop.cut": (RUN, logging.WARNING, "{place}: a limit ended the loop after {rounds} rounds"),
    "item.failed": (RUN, logging.WARNING, "{place}: item {index} failed"),
    "node.failed": (RUN, logging.WARNING, "{place}: failed: {error_kind}"),
    "node.request": (MODEL, logging.DEBUG, "{place}: {model} is asked"),
    "node.reply": (MODEL, logging.DEBUG, "{place}: {model} answered, {prompt_tokens}+{completion_tokens} tokens"),
    "node.unanswered": (MODEL, logging.WARNING, "{place}: a request was not answered"),
    "node.rejected": (MODEL, logging.INFO, "{place}: a reply did not fit and went back"),
    "node.retry": (MODEL, logging.WARNING, "{place}: tried again after {kind}, in {wait:.1f} s (try {attempt})"),
    "node.wait": (MODEL, logging.INFO, "{place}: waits for {for}, about {seconds:.1f} s"),
    "node.fallback": (MODEL, logging.WARNING, "{place}: {to} is asked instead of {from}"),
}


class Logs:
    """A listener that logs."""

    def __call__(self, event: Event) -> None:
        found = _LINES.get(event.kind)
        if found is not None and found[0].isEnabledFor(found[1]):
            logger, level, form = found
            logger.log(level, "%s", one_line(form.format_map(_Known(event))))


class _Known(dict[str, Any]):
    """What an event knows; what it lacks is a question mark."""

    def __init__(self, event: Event) -> None:
        super().__init__(event.data, time=event.time, place=f"{event.frame}/{event.node}".strip("/"))

    def __missing__(self, name: str) -> Any:
        return _Nothing()


class _Nothing:
    def __format__(self, form: str) -> str:
        return "?"


def one_line(text: str) -> str:
    """A line of the log is one line, whatever stands in the name of a model."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[:500]).split())


def anybody_listens() -> bool:
    """Whether a handler is there that somebody set up. Otherwise a run need not tell things at once."""
    at: logging.Logger | None = _ALL
    while at is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in at.handlers):
            return True
        at = at.parent if at.propagate else None
    return any(logger.handlers for logger in (RUN, MODEL))
