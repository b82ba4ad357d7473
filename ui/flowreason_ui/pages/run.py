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
    try:
        live = places.shown()
    except FlowreasonError as error:
        st.error(escaped(sentence(fault(str(error)))), icon=":material/error:")
        live = None
    with st.container(horizontal=True, gap="medium"):
        places.link("runs", "All runs", ":material/arrow_back:")
        places.link("solve", "A new question", ":material/add:")
    if live is None:
        return
    st.header(label(live.title, LONG), anchor=False)
    if len(" ".join(live.title.split())) > LONG:
        with st.expander("The whole question"):
            st.text(live.title)
    run_panel(live)
