"""A batch, and an evaluation, as a page shows them: how far they are, what failed and why, results to take away."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import streamlit as st

from flowreason.evaluate import plots, report
from flowreason.evaluate.statistics import Share
from flowreason.evaluate.tables import Cell, cells, overall
from flowreason.ports import Usage
from flowreason.values import show
from flowreason_ui import batches, measuring
from flowreason_ui.batches import Batch
from flowreason_ui.escape import escaped, label
from flowreason_ui.measuring import Measuring
from flowreason_ui.telling import Told, count, fault, money, seconds
from flowreason_ui.works import works

APART = 1.0
"""Seconds between two looks at what goes on."""
MOST_SHOWN = 1_000
STATES = {
    "running": Told("Running", ":material/play_arrow:", "blue"),
    "stopping": Told("Stopping", ":material/pause:", "orange"),
    "stopped": Told("Stopped", ":material/stop_circle:", "gray"),
    "done": Told("Done", ":material/check:", "green"),
    "limit": Told("Stopped at a limit", ":material/speed:", "orange"),
    "failed": Told("Broken off", ":material/error:", "red"),
}
REASONS = {
    "input": "could not be used as they are",
    "limit": "reached a limit",
    "model": "were refused or not answered by the model's server",
    "flow": "failed in their flow",
    "person": "wait for a person",
    "store": "could not be kept",
    "sandbox": "had no sandbox for their Python",
    "busy": "are at work in another process",
    "stopped": "were stopped",
    "bug": "met a fault of flowreason",
}


def _back() -> None:
    if st.button("Many questions", icon=":material/arrow_back:", key="back", type="tertiary"):
        st.query_params.clear()
        st.rerun()


def percent(of: Share) -> str:
    """`80 %, surely 55 to 93 %`: a share with its interval at 95 %."""
    return f"{of.right:,} of {of.count:,} right: {of.value:.0%} (95 %: {of.low * 100:.0f} to {of.high * 100:.0f})"


# --- a batch ---


def batch_panel(batch: Batch) -> None:
    """All of a batch."""
    _back()
    st.title(label(batch.plan.title), anchor=False)
    with st.container():  # as in `panel`: the place stays where the fragment is left out
        st.fragment(_batch, run_every=None if batch.over else APART, key="batch-standing")(batch, batch.over)
    if batch.over:
        _results(batch)


def _batch(batch: Batch, was_over: bool) -> None:
    if batch.over != was_over:
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center"):
        told = STATES[batch.state]
        st.badge(told.words, icon=told.icon, color=told.color)
        st.caption(escaped(figures(batch)), width="content")
        st.space("stretch")
        _batch_buttons(batch)
    whole = max(batch.plan.count, 1)
    st.progress(min(1.0, batch.done / whole), text=escaped(f"{batch.done:,} of {batch.plan.count:,}"))
    if batch.accuracy is not None:
        st.markdown(f"**{escaped(percent(batch.accuracy))}**")
    if batch.error:
        st.warning(escaped(fault(batch.error)), icon=":material/warning:")
    for reason, number in batch.reasons.most_common():
        st.caption(escaped(f"{number:,} {REASONS.get(reason, reason)}"))
    if not batch.over and batch.latest:
        st.dataframe([_shown(each) for each in list(batch.latest)[-8:][::-1]], hide_index=True, width="stretch")


def figures(batch: Batch) -> str:
    """What is done, what it took, and how long the rest will take."""
    used: Usage = batch.used
    failed = batch.reasons.total()
    parts = [
        f"{batch.answered:,} answered",
        f"{failed:,} not" if failed else "",
        count(used.calls, "call"),
        f"{used.tokens:,} tokens",
        money(used.money),
    ]
    if not batch.over and batch.rate:
        left = max(0, batch.plan.count - batch.done)
        parts += [f"{batch.rate * 60:,.0f} a minute", f"about {seconds(left / batch.rate)} left" if left else ""]
    return " · ".join(part for part in parts if part)


def _batch_buttons(batch: Batch) -> None:
    if not batch.over:
        words = "Stop now" if batch.state == "stopping" else "Stop"
        told = (
            "What is under way is broken off; it can be gone on with."
            if batch.state == "stopping"
            else ("Begin nothing more; what is under way is finished.")
        )
        st.button(words, icon=":material/stop_circle:", key="batch-stop", help=told, on_click=_stop, args=(batch,))
        return
    left = batch.done < batch.plan.count
    if left and st.button("Go on", icon=":material/play_arrow:", type="primary", key="batch-go"):
        _go_on(lambda: batches.go_on(works(), batch))
    if batch.reasons and st.button("Try again what failed", icon=":material/refresh:", key="batch-retry"):
        _go_on(lambda: batches.go_on(works(), batch, retry=True))


def _stop(found: Batch | Measuring) -> None:
    works().soon(found.stop)
    works().settle()


def _go_on(begin: Callable[[], None]) -> None:
    begin()
    st.rerun(scope="app")


def _shown(told: dict[str, Any]) -> dict[str, str]:
    return {name: show(value)[:500] if value is not None else "" for name, value in told.items()}


def _results(batch: Batch) -> None:
    rows = batches.read_rows(batch.rows, MOST_SHOWN)
    if not rows:
        return
    answers, faults = st.tabs([f"Answers ({batch.answered:,})", f"Not answered ({batch.reasons.total():,})"])
    with answers:
        st.dataframe(
            [_shown(_record(batch, each)) for each in rows if each["status"] == "answered"],
            hide_index=True,
            width="stretch",
            height=420 if len(rows) > 10 else "auto",
        )
        if batch.done > len(rows):
            st.caption(f"These are the first {len(rows):,}; the file has all.")
    with faults:
        if batch.faults:
            st.dataframe([_shown(each) for each in list(batch.faults.values())], hide_index=True, width="stretch")
        else:
            st.caption("Every question has its answer.")
    _downloads(batch)


def _record(batch: Batch, row: dict[str, Any]) -> dict[str, Any]:
    """A row without what says little of an answer; with a known answer, whether it is right."""
    hidden = ("value", "status", "error", "reason", "method", "way")
    told = {name: value for name, value in row.items() if name not in hidden}
    right = batch.is_right(row)
    return told if right is None else told | {"right": "yes" if right else "no"}


def _downloads(batch: Batch) -> None:
    stem = batch.plan.title.rpartition(".")[0] or batch.plan.title
    with st.container(horizontal=True):
        st.download_button(
            "JSONL",
            batch.rows.read_bytes,
            f"{stem}.answers.jsonl",
            "application/jsonl",
            key="batch-jsonl",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "CSV",
            lambda: as_csv(batch),
            f"{stem}.answers.csv",
            "text/csv",
            key="batch-csv",
            icon=":material/download:",
            on_click="ignore",
        )


def as_csv(batch: Batch) -> bytes:
    """All rows as a table."""
    import csv

    rows = batches.read_rows(batch.rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if row.get(name) is None else show(row[name]) for name in names] for row in rows])
    return text.getvalue().encode("utf-8", "backslashreplace")


# --- an evaluation ---


def measuring_panel(measuring_: Measuring) -> None:
    """All of an evaluation. One without an id is only looked at."""
    if measuring_.id:
        _back()
        st.title("Methods compared", anchor=False)
    over = measuring_.over
    with st.container():
        st.fragment(_measuring, run_every=None if over else APART, key="measuring-standing")(measuring_, over)
    if measuring_.rows:
        _tables(measuring_)


def _measuring(found: Measuring, was_over: bool) -> None:
    if found.over != was_over:
        st.rerun(scope="app")
    with st.container(horizontal=True, vertical_alignment="center"):
        told = STATES[found.state]
        st.badge(told.words, icon=told.icon, color=told.color)
        st.caption(escaped(f"{len(found.rows):,} of {count(found.every, 'answer')}"), width="content")
        st.space("stretch")
        if found.id and not found.over:
            st.button("Stop", icon=":material/stop_circle:", key="measuring-stop", on_click=_stop, args=(found,))
        if (
            found.id
            and found.state in ("stopped", "failed")
            and st.button("Go on", icon=":material/play_arrow:", type="primary", key="measuring-go")
        ):
            _go_on(lambda: measuring.go_on(works(), found))
    if not found.over:
        st.progress(len(found.rows) / max(found.every, 1))
        for cell in overall(found.rows[:]):
            st.caption(escaped(f"{cell.method}: {percent(cell.right)}"))
    if found.error:
        st.warning(escaped(fault(found.error)), icon=":material/warning:")


def _tables(found: Measuring) -> None:
    if not found.over:
        return
    rows = found.rows[:]
    for title, sentence, table in report.sections(rows):
        st.subheader(escaped(title), anchor=False)
        if sentence:
            st.caption(escaped(sentence))
        st.dataframe([dict(zip(table[0], each, strict=True)) for each in table[1:]], hide_index=True, width="stretch")
    _plots(overall(rows), cells(rows))
    with st.container(horizontal=True):
        for path in measuring.files_of(found.folder):
            st.download_button(
                escaped(path.name),
                path.read_bytes,
                path.name,
                key=f"file-{path.name}",
                icon=":material/download:",
                on_click="ignore",
            )


def _plots(found: list[Cell], by_task: list[Cell]) -> None:
    if not plots.can_plot():
        st.caption(escaped(plots.HINT))
        return
    left, right = st.columns(2)
    left.image(plots.against_cost(found, lambda cell: cell.calls, "calls per question"), width="stretch")
    right.image(plots.against_cost(found, lambda cell: cell.tokens, "tokens per question"), width="stretch")
    if len({cell.group for cell in by_task}) > 1:
        st.image(plots.by_group(by_task), width="stretch")
