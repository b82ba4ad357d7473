"""A button that puts a text into the clipboard of the browser. The text is data: it is never part of a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

_HTML = '<button type="button" aria-live="polite">Copy</button>'
_CSS = """
:host { display: block }
button { font: inherit; font-size: 0.875rem; line-height: 1.6; padding: 0.25rem 0.75rem; cursor: pointer;
  color: var(--st-text-color); background: transparent; border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius, 0.5rem); min-height: 2.5rem; white-space: nowrap }
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color) }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px }
"""
_JS = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  let timer = 0
  const told = (words) => {
    button.textContent = words
    clearTimeout(timer)
    timer = setTimeout(() => { button.textContent = "Copy" }, 2000)
  }
  button.onclick = () => navigator.clipboard.writeText(data.text).then(() => told("Copied"), () => told("Not allowed"))
  return () => clearTimeout(timer)
}
"""


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("flowreason_copy", html=_HTML, css=_CSS, js=_JS)


def copy_button(text: str, key: str) -> None:
    """The button."""
    _component()(data={"text": text}, key=key, width="content", height="content")
