"""The run view alone in a browser: its script on an empty page, which is handed the messages that a viewer is sent.

Invariant: nothing is served, and the page reaches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import flowreason_ui
from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason_ui.live import Live
from flowreason_ui.stream import Viewer

SCRIPT = Path(flowreason_ui.__file__).parent / "assets" / "run.js"
_PAGE = """<!doctype html><body style="margin:0"><div id="above" style="height:%(above)dpx"></div><div id="view"></div>
<div style="height:%(below)dpx"></div>
<script>
  window.sent = []
  class Socket {
    static OPEN = 1
    readyState = 1
    constructor() { window.socket = this; setTimeout(() => this.onopen()) }
    send(text) { window.sent.push(JSON.parse(text)) }
    close() {}
  }
  window.WebSocket = Socket
  window.hear = (messages) => { for (const each of messages) window.socket.onmessage({ data: JSON.stringify(each) }) }
</script>
<script type="module">
  import view from "/run.js"
  const parentElement = document.getElementById("view").attachShadow({ mode: "open" })
  const data = { stream: "/live/x", height: %(height)d, title: "a run" }
  view({ data, parentElement, setStateValue() {}, setTriggerValue() {} })
  window.root = parentElement
</script>"""


def live_of(graph: Graph, events: Sequence[Event] = (), ended: str | None = None) -> Live:
    """A run as the app follows it, with what has happened so far."""
    live = Live("a run")
    live.graph, live.text, live.run = graph, graph.source.text, "kept"
    live.events, live.ended = list(events), ended
    return live


def shown(page: Any, live: Live, *, height: int = 800, above: int = 0, below: int = 0) -> Viewer:
    """The run view on a page, with all that a viewer of the run is sent at first."""
    made = _PAGE % {"height": height, "above": above, "below": below}
    page.route("http://chart.test/", lambda route: route.fulfill(body=made, content_type="text/html"))
    script = SCRIPT.read_text(encoding="utf-8")
    page.route("http://chart.test/run.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    page.goto("http://chart.test/")
    page.wait_for_function("window.socket && window.root")
    viewer = Viewer(live)
    hear(page, viewer.news(0.0))
    page.locator(".drawing > g").first.wait_for()
    page.wait_for_timeout(100)
    return viewer


def hear(page: Any, messages: Iterable[dict[str, Any]]) -> None:
    """Hands messages to the page."""
    page.evaluate("(text) => hear(JSON.parse(text))", json.dumps(list(messages)))
