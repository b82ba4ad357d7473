"""A run as OpenTelemetry spans: a listener that turns events into spans, live or from a run that was kept.

    flow.run(…, on_event=fr.Tracing())         # or FLOWREASON_TRACE=otel for every run of the process
    for event in result.events: tracing(event)  # the same spans from events, whenever they happened

Invariant: spans are a function of the events; what was asked and answered stands in none unless the user opts in by the
convention's own variable, and an error stands in one as its kind alone. Nothing of OpenTelemetry is loaded before the
first `Tracing` is made.
"""

from __future__ import annotations

from flowreason.tracing.listener import Tracing

__all__ = ["Tracing"]
