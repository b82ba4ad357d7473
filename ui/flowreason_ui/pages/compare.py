"""Two runs side by side: their answers, what they cost, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowreason.errors import FlowreasonError
from flowreason_ui import places
from flowreason_ui.comparing import Compared, Side, compared, reworded
from flowreason_ui.escape import escaped, label, one_line
from flowreason_ui.live import Live
from flowreason_ui.panel import run_chart, run_head
from flowreason_ui.telling import count, fault
from flowreason_ui.works import works

HEIGHT = 560
MOST_ROWS = 500
MOST_BROKEN = 25
MOST_CELL = 300
MOST_TITLE = 400
SIDES = ("left", "right")
NAMES = {"left": "First run", "right": "Second run"}


def page() -> None:
    if st.button("All runs", icon=":material/arrow_back:", key="back", type="tertiary"):
        places.go("runs")
    st.title("Two runs compared", anchor=False)
    found = {name: _run(name) for name in SIDES}
    left, right = found["left"], found["right"]
    if left is None or right is None:
        st.info("Choose two runs under Runs to compare them.", icon=":material/compare:")
        return
    for column, live, name in zip(st.columns(2, gap="medium"), (left, right), SIDES, strict=True):
        with column, st.container(key=f"side-{name}"):
            _head(live, name)
    if left.over and right.over:
        _differences(left, right)
        st.header("Their flowcharts", anchor=False)
    for column, live, name in zip(st.columns(2, gap="medium"), (left, right), SIDES, strict=True):
        with column:
            st.caption(NAMES[name])
            run_chart(live, name, HEIGHT, beside=True)


def _run(name: str) -> Live | None:
    try:
        live = works().find(st.query_params.get(name, ""))
        if live is not None and live.run and st.query_params[name] != live.run:
            st.query_params[name] = live.run
        return live
    except FlowreasonError as error:
        st.error(escaped(f"{NAMES[name]}: {fault(str(error))}"), icon=":material/error:")
        return None


def _head(live: Live, name: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.caption(NAMES[name])
        if st.button("Open", key=f"open-{name}", icon=":material/open_in_full:", type="tertiary"):
            places.go("run", run=places.address(live))
    with st.container(key=f"title-{name}"):
        st.markdown(f"**{escaped(one_line(live.title, MOST_TITLE))}**")
    run_head(live, name, beside=True)


# --- where they differ ---


def _differences(left: Live, right: Live) -> None:
    everything = compared(
        Side(left.events[:], left.graph), Side(right.events[:], right.graph), made_from=_parent(right) == left.run
    )
    found = [each for each in everything if not each.idle]
    other = [each for each in found if not each.same]
    again = [each for each in found if each.same and each.how]
    same = [each for each in found if each.same and not each.how]
    st.header("Where they differ", anchor=False)
    how = any(each.how for each in found)
    with st.container(key="differences"):
        if written := reworded(left.graph, right.graph):
            st.markdown("**Written differently**")
            _table(written, "written", how=how)
            st.markdown("**Came to something else**" if other else "**What came of it**")
        if other:
            _table(other, "differing", how=how)
        else:
            st.caption("Every step came to the same.")
        if again:
            st.markdown("**Ran again, and came to the same**")
            _table(again, "again", how=how)
        if same and (other or again):
            with st.expander(f"{count(len(same), 'step')} came to the same", key="same"):
                _table(same, "same", how=False)
    if idle := len(everything) - len(found):
        st.caption(f"Left out: {count(idle, 'step')} that {'was' if idle == 1 else 'were'} skipped in both runs.")


def _parent(live: Live) -> str:
    """The run that this one was made from; empty where that is not known."""
    try:
        return works().ask(works().kept(live.run)).parent if live.run else ""
    except FlowreasonError:
        return ""


def _table(found: Sequence[Compared], key: str, *, how: bool) -> None:
    """Few steps as a table whose lines break, many as one that scrolls. `how`: with what happened to each."""
    rows = [each.as_row() for each in found[:MOST_ROWS]]
    if not how:
        rows = [{name: cell for name, cell in row.items() if name != "How"} for row in rows]
    if len(rows) <= MOST_BROKEN:
        st.table([{name: label(cell, MOST_CELL) for name, cell in row.items()} for row in rows], border="horizontal",
                 hide_index=True)  # fmt: skip
    else:
        st.dataframe(rows, hide_index=True, width="stretch", key=f"table-{key}")
    if len(found) > MOST_ROWS:
        st.caption(f"and {len(found) - MOST_ROWS:,} more")
