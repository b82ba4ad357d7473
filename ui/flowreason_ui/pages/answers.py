"""What came of many questions: the answers of a batch, or methods compared. The address names which."""

from __future__ import annotations

import streamlit as st

from flowreason.errors import FlowreasonError
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui import batches, measuring, places
from flowreason_ui.batch_panel import batch_panel, error_in_words
from flowreason_ui.measuring_panel import measuring_panel
from flowreason_ui.works import works


def page() -> None:
    try:
        if id := st.query_params.get(places.BATCH, ""):
            batch = batches.find(works(), id)
            batch_panel(batch) if batch is not None else _gone()
        elif id := st.query_params.get(places.EVALUATION, ""):
            found = measuring.find(works(), id)
            measuring_panel(found) if found is not None else _gone()
        else:
            places.go("batch")
    except (FlowreasonError, FlowError) as error:
        error_in_words(error)


def _gone() -> None:
    st.info("It is not there any more.", icon=":material/info:")
    places.link("batch", "Many questions", ":material/arrow_back:")
