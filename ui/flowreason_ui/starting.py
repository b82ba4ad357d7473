"""Starting a run from a page: once, however often its button is pressed."""

from __future__ import annotations

from time import monotonic

import streamlit as st

from flowreason_ui.live import Live
from flowreason_ui.orders import Order
from flowreason_ui.works import works

TWICE = 2.0
"""Seconds within which the same order of one session is a second press of the same button."""
_LATEST = "latest-order"
KEPT = "question-kept"
"""Where in a session's state a question waits while a model is connected for it."""


def begun(order: Order) -> Live:
    """The run of an order: a new one, or that which a press of the same button has just begun."""
    before = st.session_state.get(_LATEST)
    if before is not None and before[0] == order and monotonic() - before[2] < TWICE:
        live = works().runs.get(before[1])
        if live is not None:
            return live
    live = works().start(order)
    st.session_state[_LATEST] = (order, live.id, monotonic())
    return live
