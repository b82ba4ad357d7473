"""The runs that are kept: found, opened, compared, handed on, deleted."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

import flowreason as fr
from flowreason.errors import FlowreasonError
from flowreason.records import RunInfo
from flowreason.resuming import the_store
from flowreason_ui import places
from flowreason_ui.escape import escaped, label
from flowreason_ui.saving import exported, file_name, imported
from flowreason_ui.telling import STATES, count, fault, money, shown_place, state, title_of, when
from flowreason_ui.works import works

PAGE = 50
ANY = "any"
SHOWN = (ANY, "answered", "failed", "limit", "waiting", "cancelled", "interrupted", "running")


STYLE = """<style>
[class*="st-key-runs-row"] { padding-top: 0.6rem;
  border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
[class*="st-key-open-"] button { text-align: left; justify-content: flex-start; min-height: 0; padding: 0.1rem 0; }
[class*="st-key-open-"] button p { text-align: left; font-size: 1rem; }
</style>"""


def page() -> None:
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Runs", anchor=False, width="content")
        st.space("stretch")
        with st.popover("Import a run", icon=":material/upload:"):
            _import()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search", key="runs-search", placeholder="words of a question or a flow",
                               icon=":material/search:")  # fmt: skip
        status = st.selectbox("State", SHOWN, key="runs-state", width=200, format_func=_state_name)
    try:
        _list(search.strip(), "" if status == ANY else status)
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")


def _state_name(status: str) -> str:
    return "Any state" if status == ANY else STATES[status].words


def _list(search: str, status: str) -> None:
    number = int(st.session_state.setdefault("runs-page", 0))
    if (asked := (search, status)) != st.session_state.get("runs-asked"):
        st.session_state["runs-asked"], st.session_state["runs-page"], number = asked, 0, 0
    most = (number + 1) * PAGE + 1
    found = works().ask(the_store(works().store).runs(search=search, status=status, most=most))
    shown = found[number * PAGE : (number + 1) * PAGE]
    if not shown:
        st.caption("No such run is kept." if search or status else "No run is kept yet. Ask a question under Solve.")
        return
    marked = [info for info in shown if st.session_state.get(f"mark-{info.id}")]
    _bar(marked)
    with st.container(key="runs-list", gap="small"):
        for info in shown:
            _line(info)
    _pages(number, len(found) > (number + 1) * PAGE)
    st.caption(escaped(f"Kept in {shown_place(works().store)}"))


def _line(info: RunInfo) -> None:
    used = info.standing.usage
    here = next((live for live in works().runs.values() if live.run == info.id and not live.over), None)
    told = state(info.status if here is None else here.status)
    took = [count(used.calls, "call"), f"{used.tokens:,} tokens"] if used.calls else []
    parts = [when(info.created), *took, money(used.money), "made from another run" if info.parent else ""]
    with st.container(horizontal=True, wrap=False, gap="small", key=f"runs-row-{info.id}"):
        st.checkbox("Choose", key=f"mark-{info.id}", label_visibility="collapsed", width=28)
        with st.container(gap=None):
            if st.button(label(title_of(info), 140), key=f"open-{info.id}", type="tertiary", wrap=True):
                places.go("run", run=info.id)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.badge(told.words, icon=told.icon, color=told.color)
                st.caption(escaped(" · ".join(part for part in parts if part)), width="content")


def _pages(number: int, more: bool) -> None:
    if not number and not more:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        if st.button("Newer", icon=":material/chevron_left:", disabled=not number, key="runs-newer"):
            _turn(number - 1)
        st.caption(f"{number * PAGE + 1} to {(number + 1) * PAGE}", width="content")
        if st.button("Older", icon=":material/chevron_right:", disabled=not more, key="runs-older"):
            _turn(number + 1)


def _turn(number: int) -> None:
    st.session_state["runs-page"] = number
    st.rerun()


# --- what is done with those that are chosen ---


def _bar(marked: Sequence[RunInfo]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="runs-bar"):
        if not marked:
            st.caption("Click a run to open it. Choose two to compare them.", width="content")
            return
        st.caption(f"{count(len(marked), 'run')} chosen", width="content")
        if len(marked) == 2 and st.button("Compare", icon=":material/compare:", type="primary", key="runs-compare"):
            older, newer = sorted(marked, key=lambda info: info.created)
            places.go("compare", left=older.id, right=newer.id)
        if len(marked) == 1:
            _export(marked[0])
        if st.button("Delete", icon=":material/delete:", key="runs-delete"):
            _delete(marked)


def _export(info: RunInfo) -> None:
    if info.alive:
        return
    run, store_name = info.id, file_name(title_of(info), "run.jsonl")
    st.download_button(
        "Export", lambda: exported(run), store_name, "application/jsonl", key="runs-export", on_click="ignore",
        icon=":material/download:", help="One file for somebody else. What was asked and answered is in it.",
    )  # fmt: skip


@st.dialog("Delete for good?")
def _delete(marked: Sequence[RunInfo]) -> None:
    for info in marked[:8]:
        st.text(title_of(info)[:120])
    if len(marked) > 8:
        st.caption(f"and {len(marked) - 8} more")
    if st.button(f"Delete {count(len(marked), 'run')}", type="primary", key="delete-now"):
        try:
            fr.delete_runs([info.id for info in marked], store=works().store)
        except FlowreasonError as error:
            st.error(escaped(fault(str(error))), icon=":material/error:")
            return
        for info in marked:
            st.session_state.pop(f"mark-{info.id}", None)
        st.rerun()


def _import() -> None:
    file = st.file_uploader("A run that somebody exported", key="runs-import")
    if file is None or not st.button("Take it in", type="primary", key="runs-import-now"):
        return
    try:
        run = imported(file.name, file.getvalue())
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return
    places.go("run", run=run)
