"""Two runs side by side: their answers, what they cost, and where they differ."""

from __future__ import annotations

import streamlit as st

from flowreason.errors import FlowreasonError
from flowreason_ui import places
from flowreason_ui.comparing import differing, steps_of
from flowreason_ui.escape import escaped, label
from flowreason_ui.live import Live
from flowreason_ui.panel import run_panel
from flowreason_ui.telling import fault
from flowreason_ui.works import works

HEIGHT = 560
MOST_DIFFERENCES = 500


def page() -> None:
    if st.button("All runs", icon=":material/arrow_back:", key="back", type="tertiary"):
        places.go("runs")
    left, right = _run("left"), _run("right")
    if left is None or right is None:
        st.info("Choose two runs under Runs to compare them.", icon=":material/compare:")
        return
    for column, live, name in zip(st.columns(2, gap="medium"), (left, right), ("left", "right"), strict=True):
        with column:
            with st.container(horizontal=True, wrap=False):
                st.markdown(f"**{label(live.title, 110)}**", width="stretch")
                if st.button("Open", key=f"open-{name}", icon=":material/open_in_full:", type="tertiary"):
                    places.go("run", run=places.address(live))
            run_panel(live, key=name, height=HEIGHT, beside=True)
    if left.over and right.over:
        _differences(left, right)


def _run(name: str) -> Live | None:
    try:
        live = works().find(st.query_params.get(name, ""))
        if live is not None and live.run and st.query_params[name] != live.run:
            st.query_params[name] = live.run
        return live
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return None


def _differences(left: Live, right: Live) -> None:
    found = differing(left.events[:], right.events[:], steps_of(left.graph, right.graph))
    st.subheader("Where they differ", anchor=False)
    if not found:
        st.caption("Every step came to the same.")
        return
    st.dataframe([each.as_row() for each in found[:MOST_DIFFERENCES]], hide_index=True, width="stretch")
    if len(found) > MOST_DIFFERENCES:
        st.caption(f"and {len(found) - MOST_DIFFERENCES:,} more")
