"""Ask a question, and watch it being answered."""

from __future__ import annotations

import streamlit as st

from flowreason.examples_catalog import catalog
from flowreason_ui.components import run_view
from flowreason_ui.orders import example
from flowreason_ui.works import works


def page() -> None:
    st.title("flowreason")
    for each in catalog():
        if st.button(each.name):
            st.query_params["run"] = works().start(example(each)).id
    live = works().runs.get(st.query_params.get("run", ""))
    if live is not None:
        st.write(run_view(live, key="run"))
