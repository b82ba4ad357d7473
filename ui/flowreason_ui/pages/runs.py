"""The runs that are kept: found, opened, compared, handed on, deleted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

import flowreason as fr
from flowreason.errors import FlowreasonError
from flowreason.records import RunInfo
from flowreason.replaying import answer_of
from flowreason.resuming import the_store
from flowreason.values import plain, show
from flowreason_ui import batches, changing, places
from flowreason_ui.batch_panel import answered_by
from flowreason_ui.escape import escaped, label, one_line, spoken
from flowreason_ui.folding import Entry, Many, batch_of, figures_of, of_runs, state_of
from flowreason_ui.listing import COSTS, ORDERS, ORIGINS, TIMES, Wanted, figures, given, marks, preview
from flowreason_ui.saving import Taken, exported, exported_together, file_name, taken_in
from flowreason_ui.telling import STATES, count, fault, sentence, shown_place, state, title_of
from flowreason_ui.whole_list import changed as whole_list_changed
from flowreason_ui.whole_list import seen_anew, whole_list
from flowreason_ui.works import works

PAGE = 25
"""Runs on a page: what a browser draws at once."""
ANY = "any"
SHOWN = (ANY, "answered", "failed", "limit", "waiting", "cancelled", "interrupted", "running")
RESUMED = changing.RESUMED | {"interrupted"}
MOST_NAMED = 8


def page() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Runs", anchor=False, width="content")
        st.space("stretch")
        # one that was used is another one afterwards, and is closed
        with st.popover("Import", icon=":material/upload:", key=f"runs-importing-{_imports()}"):
            _import()
    if told := st.session_state.pop("runs-told", ""):
        st.toast(escaped(told), icon=":material/check:")
    wanted = _wanted()
    try:
        _list(wanted)
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")


NOTHING: Final[Mapping[str, Any]] = {
    "search": "", "state": ANY, "order": "newest", "days": 0, "cost": 0, "origin": "", "model": "",
}  # fmt: skip
"""What the fields hold where nothing is wanted."""
FILTERS: Final = ("days", "cost", "origin", "model")
_KEPT, _MARKED = "runs-kept", "runs-marked"
"""Where in the session stands what the fields hold, and which runs are chosen: Streamlit forgets what a field holds
when another page is opened."""


def _wanted() -> Wanted:
    """What is searched for, as the fields say."""
    kept = st.session_state.setdefault(_KEPT, dict(NOTHING))
    for name in NOTHING:
        st.session_state.setdefault(f"runs-{name}", kept[name])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search", key="runs-search", placeholder="words of a question or a flow, in any order",
                               icon=":material/search:")  # fmt: skip
        status = st.selectbox("State", SHOWN, key="runs-state", width=180, format_func=_state_name)
        order = st.selectbox("Order", list(ORDERS), key="runs-order", width=180, format_func=ORDERS.__getitem__)
        set_ = sum(bool(st.session_state.get(f"runs-{name}")) for name in FILTERS)
        with st.popover(f"Filters ({set_})" if set_ else "Filters", icon=":material/filter_list:"):
            days = st.selectbox("When", list(TIMES), key="runs-days", format_func=TIMES.__getitem__)
            cost = st.selectbox("What it cost", list(COSTS), key="runs-cost", format_func=COSTS.__getitem__,
                                help="Where the price of the model is known.")  # fmt: skip
            origin = st.selectbox("Where from", list(ORIGINS), key="runs-origin", format_func=ORIGINS.__getitem__)
            model = st.text_input("Model", key="runs-model", placeholder="a part of its name")
            st.button("Clear the filters", key="runs-clear", on_click=_clear, args=(FILTERS,),
                      disabled=not set_)  # fmt: skip
    kept |= {name: st.session_state[f"runs-{name}"] for name in NOTHING}
    batch = st.session_state.get("runs-batch", "")
    return Wanted(search.strip(), "" if status == ANY else status, days, cost, origin, model.strip(), order, batch)


def _clear(names: Iterable[str]) -> None:
    for name in names:
        st.session_state[f"runs-{name}"] = NOTHING[name]


def _clear_all() -> None:
    _clear([name for name in NOTHING if name != "order"])
    _only("")


def _state_name(status: str) -> str:
    return "Any state" if status == ANY else STATES[status].words


# --- the list ---


def _list(wanted: Wanted) -> None:
    number = int(st.session_state.setdefault("runs-page", 0))
    if wanted != st.session_state.get("runs-asked"):
        st.session_state["runs-asked"], st.session_state["runs-page"], number = wanted, 0, 0
    entries, total = _found(wanted, number)
    shown, many = of_runs(entries), _batches(wanted, entries)
    if not entries:
        searched = wanted.search or wanted.status or wanted.narrow
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("No such run is kept." if searched else "No run is kept yet.", width="content")
            if searched:
                st.button("Clear", key="runs-clear-all", icon=":material/close:", on_click=_clear_all)
            else:
                places.link("solve", "Ask a question", ":material/arrow_forward:")
        return
    _marks(shown)
    if shown:
        _bar(shown, [info for info in shown if st.session_state.get(f"mark-{info.id}")])
    answers, parents = works().ask(_beside(shown))
    with st.container(key="runs-list", gap="small"):
        for each in entries:
            if isinstance(each, Many):
                _many(each, *many.get(each.name, ("", None)))
            else:
                _line(each, answers.get(each.id), parents.get(each.parent))
    _pages(number, len(entries), total)
    st.caption(escaped(f"Kept in {shown_place(works().store)}"))


def _marks(shown: Sequence[RunInfo]) -> None:
    """Keep which runs are chosen, also of those that are not shown now."""
    marked: set[str] = st.session_state.setdefault(_MARKED, set())
    for info in shown:
        chosen = st.session_state.setdefault(f"mark-{info.id}", info.id in marked)
        (marked.add if chosen else marked.discard)(info.id)


def _found(wanted: Wanted, number: int) -> tuple[list[Entry], int | None]:
    """What stands on a page, and how much there is; None where that is not known, but that there is more."""
    begin, end = number * PAGE, (number + 1) * PAGE
    if wanted.plain:
        store = the_store(works().store)
        found = works().ask(store.runs(search=wanted.search, status=wanted.status, most=end + 1))
        if wanted.apart or not any(map(batch_of, found)):
            return [*found[begin:end]], None if len(found) > end else len(found)
        seen_anew(found[0])
    every = wanted.of(whole_list(wanted.search, wanted.status), time.time())
    return every[begin:end], len(every)


def _batches(wanted: Wanted, entries: Sequence[Entry]) -> Mapping[str, tuple[str, batches.Plan]]:
    """The batches of this app that stand among the runs; and where only the runs of one are shown, the way back."""
    known = batches.named(works()) if wanted.batch or any(isinstance(each, Many) for each in entries) else {}
    if wanted.batch:
        with st.container(horizontal=True, vertical_alignment="center"):
            told = known[wanted.batch][1].title if wanted.batch in known else "many questions"
            st.caption(f"Only the runs of **{label(told)}**", width="content")
            st.button("Show all runs", icon=":material/close:", key="runs-all", type="tertiary", on_click=_only,
                      args=("",))  # fmt: skip
    return known


def _only(batch: str) -> None:
    st.session_state["runs-batch"] = batch


async def _beside(shown: Sequence[RunInfo]) -> tuple[Mapping[str, Any], Mapping[str, RunInfo]]:
    """What is shown beside runs: their answers, and those that they were made from. What is not there is left out."""
    store = the_store(works().store)
    answered = [info for info in shown if info.standing.answer is not None]
    wanted = sorted({info.parent for info in shown if info.parent})
    answers = await asyncio.gather(*(answer_of(store, info) for info in answered), return_exceptions=True)
    parents = await asyncio.gather(*map(store.run, wanted), return_exceptions=True)
    return (
        {info.id: each for info, each in zip(answered, answers, strict=True) if not isinstance(each, BaseException)},
        {id: each for id, each in zip(wanted, parents, strict=True) if isinstance(each, RunInfo)},
    )


def _line(info: RunInfo, answer: Any, parent: RunInfo | None) -> None:
    here = next((live for live in works().runs.values() if live.run == info.id and not live.over), None)
    told = state(info.status if here is None else here.status)
    with st.container(horizontal=True, wrap=False, gap="small", key=f"runs-row-{info.id}"):
        st.checkbox(f"Choose {spoken(title_of(info), 60)}", key=f"mark-{info.id}", label_visibility="collapsed",
                    width=28)  # fmt: skip
        with st.container(gap=None, key=f"runs-told-{info.id}"):
            if st.button(label(preview(title_of(info)), 140), key=f"open-{info.id}", type="tertiary", wrap=True):
                places.go("run", run=info.id)
            badge = f":{told.color}-badge[{told.icon} {told.words}]"
            more = " · ".join(part for part in (figures(info), given(info), marks(info, parent)) if part)
            came = preview(_came_to(info, answer))
            st.markdown(f"{label(came, 160)}  \n" * bool(came) + f"{badge} :small[:gray[{escaped(more)}]]")


def _many(many: Many, id: str, plan: batches.Plan | None) -> None:
    """The runs of a batch, as one line."""
    told, runs = state_of(many), count(len(many.runs), "run")
    with st.container(horizontal=True, wrap=False, gap="small", key=f"runs-row-{many.name}"):
        st.space(28)
        with st.container(gap=None, key=f"runs-told-{many.name}"):
            words = f"{plan.title}: {count(plan.count, 'question')}" if plan else f"Many questions: {runs}"
            if st.button(label(words, 140), key=f"open-{many.name}", type="tertiary", wrap=True):
                if id:
                    places.go("answers", batch=id)
                _only(many.name)
                st.rerun()
            of_many = figures_of(many, told=about_batch(id, plan) if plan else ())
            badge = f":{told.color}-badge[{told.icon} {escaped(told.words)}]"
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{badge} :small[:gray[{escaped(of_many)}]]", width="content")
                st.button(f"Show its {runs}" if len(many.runs) > 1 else "Show its run", key=f"runs-of-{many.name}",
                          type="tertiary", on_click=_only, args=(many.name,))  # fmt: skip


def about_batch(id: str, plan: batches.Plan) -> list[str]:
    """How the questions of a batch are answered, and how many answers were right where that is known."""
    batch = batches.find(works(), id) if plan.gold and batches.is_small(works(), id) else None
    right = (
        "" if batch is None or batch.accuracy is None else f"{batch.accuracy.right:,} of {batch.accuracy.count:,} right"
    )
    return [part for part in (answered_by(plan), right) if part]


def _came_to(info: RunInfo, answer: Any) -> str:
    """What a run came to: its answer, or what went wrong; empty where there is neither."""
    if answer is not None and info.status in ("answered", "limit"):
        return show(plain(answer))
    return fault(info.standing.error) if info.status in ("failed", "limit") else ""


def _pages(number: int, shown: int, total: int | None) -> None:
    more = total is None or (number + 1) * PAGE < total
    if not number and not more:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        if st.button("Before", icon=":material/chevron_left:", disabled=not number, key="runs-newer"):
            _turn(number - 1)
        of = "" if total is None else f" of {total:,}"
        st.caption(f"{number * PAGE + 1:,} to {number * PAGE + shown:,}{of}", width="content")
        if st.button("Next", icon=":material/chevron_right:", disabled=not more, key="runs-older"):
            _turn(number + 1)


def _turn(number: int) -> None:
    st.session_state["runs-page"] = number
    st.rerun()


# --- what is done with those that are chosen ---


def _bar(shown: Sequence[RunInfo], marked: Sequence[RunInfo]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="runs-bar"):
        st.session_state["mark-all"] = len(marked) == len(shown)
        st.checkbox("All on this page", key="mark-all", on_change=_mark, args=([info.id for info in shown],))
        if not marked:
            st.caption("Click a run to open it. Choose two to compare them.", width="content")
            return
        st.caption(f"{count(len(marked), 'run')} chosen", width="content")
        stopped = len(marked) == 1 and marked[0].status in RESUMED and not marked[0].alive
        if stopped and st.button("Resume", icon=":material/play_arrow:", type="primary", key="runs-resume"):
            _resume(marked[0])
        if len(marked) == 2 and st.button("Compare", icon=":material/compare:", type="primary", key="runs-compare"):
            older, newer = sorted(marked, key=lambda info: info.created)
            places.go("compare", left=older.id, right=newer.id)
        _export([info for info in marked if not info.alive])
        if st.button("Delete", icon=":material/delete:", key="runs-delete"):
            _delete(marked)


def _mark(runs: Sequence[str]) -> None:
    for run in runs:
        st.session_state[f"mark-{run}"] = st.session_state["mark-all"]


def _resume(info: RunInfo) -> None:
    live = works().find(info.id)
    if live is not None:
        changing.resume(live)


def _export(chosen: Sequence[RunInfo]) -> None:
    if not chosen:
        return
    runs = [(info.id, title_of(info)) for info in chosen]
    one = len(runs) == 1
    st.download_button(
        "Export", lambda: exported(runs[0][0]) if one else exported_together(runs),
        file_name(runs[0][1], "run.jsonl") if one else f"{len(runs)}_runs.zip",
        "application/jsonl" if one else "application/zip", key="runs-export", on_click="ignore",
        icon=":material/download:",
        help="One file for somebody else. What was asked and answered is in it; keys and the server's address are not.",
    )  # fmt: skip


@st.dialog("Delete for good?")
def _delete(marked: Sequence[RunInfo]) -> None:
    for info in marked[:MOST_NAMED]:
        st.text(one_line(title_of(info), 120))
    if len(marked) > MOST_NAMED:
        st.caption(f"and {len(marked) - MOST_NAMED} more")
    st.caption("Every step, prompt, reply and answer is deleted. Nothing brings it back but an exported file.")
    with st.container(horizontal=True):
        if st.button(f"Delete {count(len(marked), 'run')}", type="primary", key="delete-now"):
            _deleted(marked)
        if st.button("Cancel", key="delete-not"):
            st.rerun()


def _deleted(marked: Sequence[RunInfo]) -> None:
    try:
        fr.delete_runs([info.id for info in marked], store=works().store)
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return
    for info in marked:
        st.session_state.pop(f"mark-{info.id}", None)
        st.session_state.get(_MARKED, set()).discard(info.id)
    whole_list_changed()
    st.session_state["runs-told"] = f"{count(len(marked), 'run')} deleted"
    st.rerun()


def _imports() -> int:
    return int(st.session_state.setdefault("runs-imports", 0))


def _import() -> None:
    files = st.file_uploader("Runs that somebody exported", accept_multiple_files=True, key=f"runs-import-{_imports()}")
    if not files:
        st.caption("What Export has written: one run (.jsonl), or several (.zip).")
    if not files or not st.button("Import", type="primary", key="runs-import-now"):
        return
    taken = Taken()
    for file in files:
        taken_in(file.name, file.getvalue(), taken)
    whole_list_changed()
    if not taken.faults and not taken.here and len(taken.ids) == 1:
        st.session_state["runs-imports"] += 1
        places.go("run", run=taken.ids[0])
    if taken.ids and not taken.faults and not taken.here:
        st.session_state["runs-imports"] += 1
        st.session_state["runs-told"] = f"{count(len(taken.ids), 'run')} imported"
        st.rerun()
    for each in taken.faults:
        st.error(escaped(sentence(fault(each))), icon=":material/error:")
    for title in taken.here:
        st.info(f"Here already: {label(title)}", icon=":material/info:")
    if taken.ids:
        st.success(f"{count(len(taken.ids), 'run')} imported.", icon=":material/check:")
