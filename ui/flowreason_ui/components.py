"""What is drawn by scripts of our own, and what stands in for it where they were not built.

Each script is one file that the browser loads from the app itself; the piece that loads it is all that Streamlit is
handed, and no text of a model or a file is ever part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from flowreason_ui.live import Live
from flowreason_ui.routes import ROOT, version

_LOADER = """
const turns = new WeakMap()
export default function (component) {
  const place = component.parentElement
  let stop = null
  turns.set(place, component)
  import(new URL("%(path)s", window.location.origin).href).then((module) => {
    if (turns.get(place) === component) stop = module.default(component)
  })
  return () => {
    if (turns.get(place) !== component) return
    turns.delete(place)
    if (stop) stop()
  }
}
"""
"""Streamlit may end an earlier call for a place after it has made a later one, whose the place is by then."""


def is_built(name: str) -> bool:
    """Whether a script was built with the package."""
    return bool(version(f"{name}.js"))


@cache
def _component(name: str, stamp: str) -> Callable[..., Any]:
    path = f"{ROOT}/assets/{name}.js?v={stamp}"
    return st.components.v2.component(f"flowreason_{name}", html="<div></div>", js=_LOADER % {"path": path})


def mount(name: str, data: Mapping[str, Any], *, key: str, **options: Any) -> Any:
    """A script, with what it is told; gives its state."""
    return _component(name, version(f"{name}.js"))(data=dict(data), key=key, **options)


def run_view(live: Live, *, key: str, height: int = 720, **callbacks: Callable[[], None]) -> Any:
    """The flowchart of a run with its timeline, its time slider, and a look into what is selected.

    Its state: `selected` (`{"key", "frame", "at"}` or None); its triggers: `fork` (`{"flow", "node", "frame"}`).
    """
    data = {"stream": f"{ROOT}/live/{live.id}", "height": height, "title": live.title}
    hooks: dict[str, Any] = {"on_selected_change": _nothing, "on_fork_change": _nothing, **callbacks}
    return mount("run", data, key=key, height="content", default={"selected": None}, **hooks)


def keep_typed(name: str, place: str) -> None:
    """Let the browser's tab keep what is typed in the fields of a container until it is sent, so that a reload does not
    lose it. `place` is the key of the container."""
    if is_built("keep"):
        mount("keep", {"name": f"flowreason-{name}", "place": f"st-key-{place}"}, key=f"keep-{name}", height="content")


def _nothing() -> None:
    """Streamlit runs the page again, and that is all."""
