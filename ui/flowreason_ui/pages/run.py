"""One run: live, or gone through again."""

from __future__ import annotations

import streamlit as st

from flowreason.errors import FlowreasonError
from flowreason_ui import places
from flowreason_ui.escape import escaped, label
from flowreason_ui.panel import run_panel
from flowreason_ui.telling import fault, sentence

LONG = 180
"""Characters of a question from which the rest is folded."""


def page() -> None:
    if not st.query_params.get(places.RUN):
        places.go("runs")
    run_in_address("All runs", "runs")


def run_in_address(back: str, page: str = "") -> None:
    """The run that the address names, with a button that leads away from it."""
    try:
        live = places.shown()
    except FlowreasonError as error:
        st.error(escaped(sentence(fault(str(error)))), icon=":material/error:")
        live = None
    if st.button(back, icon=":material/arrow_back:", key="back", type="tertiary"):
        if page:
            places.go(page)
        st.query_params.clear()
        st.rerun()
    if live is None:
        return
    st.subheader(label(live.title, LONG), anchor=False)
    if len(" ".join(live.title.split())) > LONG:
        with st.expander("The whole question"):
            st.text(live.title)
    run_panel(live)
