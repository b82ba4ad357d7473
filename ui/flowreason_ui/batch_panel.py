"""A batch as a page shows it: how far it is, what failed and why, results to take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from flowreason.batch.row import WORDS
from flowreason.errors import FlowreasonError
from flowreason.evaluate.statistics import Share
from flowreason.ports import Usage
from flowreason_ui import batches, places
from flowreason_ui.batch_tables import LONGEST, NUMBERS, Row, as_csv, as_jsonl, shown, stem, to_take_away
from flowreason_ui.batches import Batch, Plan
from flowreason_ui.choosing import name_of
from flowreason_ui.escape import escaped, label
from flowreason_ui.lasting import Lasting
from flowreason_ui.questions import JUDGED, judged_as
from flowreason_ui.telling import Told, count, fault, money, seconds, sentence
from flowreason_ui.whole_list import changed as whole_list_changed
from flowreason_ui.works import works

APART = 1.0
"""Seconds between two looks at what goes on."""
MOST_SHOWN = 1_000
MOST_NAMED = 5
STATES = {
    "running": Told("Running", ":material/play_arrow:", "blue"),
    "stopping": Told("Stopping", ":material/pause:", "orange"),
    "stopped": Told("Stopped", ":material/stop_circle:", "gray"),
    "done": Told("Done", ":material/check:", "green"),
    "limit": Told("Stopped at a limit", ":material/speed:", "orange"),
    "failed": Told("Broken off", ":material/error:", "red"),
}
NARROW = {"row": st.column_config.NumberColumn(width=60)}
CSV_TOLD = (
    "In the CSV, a cell that begins like a formula (with =, +, - or @) has an apostrophe before it, so that a "
    "spreadsheet shows it and does not compute it. JSONL has every cell as it is."
)


def back() -> None:
    if st.button("Many questions", icon=":material/arrow_back:", key="back", type="tertiary"):
        places.go("batch")


def error_in_words(error: Exception) -> None:
    first, _, rest = fault(str(error)).partition("\n")
    st.error(escaped(first), icon=":material/error:")
    if rest.strip():
        st.code(rest, language=None, wrap_lines=True)


def percent(of: Share) -> str:
    """`11 of 12 right: 92 % (with many more such questions, probably 65 to 99 %)`: a share with its interval."""
    interval = f"with many more such questions, probably {of.low * 100:.0f} to {of.high * 100:.0f} %"
    return f"{of.right:,} of {of.count:,} right: {of.value * 100:.0f} % ({interval})"


def head(found: Lasting, was_over: bool, figures: str) -> Any:
    """How it stands; gives the place for buttons."""
    if found.over != was_over:
        st.rerun(scope="app")
    line = st.container(horizontal=True, vertical_alignment="center")
    told = STATES[found.state]
    line.badge(told.words, icon=told.icon, color=told.color)
    line.caption(escaped(figures), width="content")
    line.space("stretch")
    return line


def errors_of(found: Lasting) -> None:
    if found.error:
        first, _, rest = fault(found.error).partition("\n")
        st.warning(escaped(first) + (f"\n\n{escaped(rest)}" if rest.strip() else ""), icon=":material/warning:")


# --- a batch ---


def answered_by(plan: Plan) -> str:
    """The method, in words."""
    if plan.flow:
        return "A flow of mine"
    return f"{name_of(plan.method)}{', once for all that are alike' if plan.once else ''}"


def batch_panel(batch: Batch) -> None:
    """All of a batch."""
    back()
    st.title(label(batch.plan.title), anchor=False)
    st.caption(escaped(f"How it is answered: {answered_by(batch.plan)}"))
    with st.container():  # as in `panel`: the place stays where the fragment is left out
        st.fragment(_batch, run_every=None if batch.over else APART, key="batch-standing")(batch, batch.over)
    if batch.over:
        _results(batch)


def _batch(batch: Batch, was_over: bool) -> None:
    with head(batch, was_over, figures(batch)):
        _batch_buttons(batch)
    whole = max(batch.plan.count, 1)
    st.progress(min(1.0, batch.done / whole), text=escaped(f"{batch.done:,} of {batch.plan.count:,}"))
    if batch.accuracy is not None:
        st.markdown(f"**{escaped(percent(batch.accuracy))}**")
        st.caption(escaped(judged_as(batch.plan.kind) + _unread(batch)))
        if near := _near(batch):
            st.caption(escaped(near))
    errors_of(batch)
    if batch.reasons:
        told = "; ".join(f"{number:,} {WORDS.get(reason, reason)}" for reason, number in batch.reasons.most_common())
        st.caption(escaped(f"Not answered, of {count(batch.plan.count, 'row')}: {told}."))
    if not batch.over and not batch.done:
        st.caption("Getting ready. The first answers take a moment.")
    if not batch.over and batch.latest:
        st.caption("The latest:")
        rows = [_brief(each) for each in list(batch.latest)[-8:][::-1]]
        st.dataframe(rows, hide_index=True, width="stretch", key="batch-latest", column_config=NARROW)


def _unread(batch: Batch) -> str:
    """What of the known answers cannot be used."""
    if not batch.unread:
        return ""
    named = ", ".join(f"{row:,}" for row in sorted(batch.unread)[:MOST_NAMED])
    more = f" and {len(batch.unread) - MOST_NAMED:,} more" if len(batch.unread) > MOST_NAMED else ""
    rows = "row" if len(batch.unread) == 1 else "rows"
    return f" Not counted, because the known answer is of another kind: {rows} {named}{more}."


def _near(batch: Batch) -> str:
    """What is said of wrong answers that have the known one in them."""
    if not batch.near:
        return ""
    has = "wrong answer has" if len(batch.near) == 1 else "wrong answers have"
    return f"{len(batch.near):,} {has} the known one among other words, as row {min(batch.near):,}: look under Wrong."


def figures(batch: Batch) -> str:
    """What is done, what it took, and how long and how much the rest will take."""
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
        parts += [f"about {money(batch.money)} in all" if batch.money else ""]
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
        st.button(
            words, icon=":material/stop_circle:", key="batch-stop", help=told, on_click=stop_now, args=(batch.stop,)
        )
        return
    left = batch.done < batch.plan.count
    if left and st.button("Go on", icon=":material/play_arrow:", type="primary", key="batch-go"):
        go_on(lambda: batches.go_on(works(), batch))
    if batch.reasons and st.button("Try again what failed", icon=":material/refresh:", key="batch-retry"):
        go_on(lambda: batches.go_on(works(), batch, retry=True))
    if st.button("Delete", icon=":material/delete:", key="batch-delete"):
        _delete(batch)


def stop_now(stop: Callable[[], None]) -> None:
    """Stop something that goes on."""
    works().soon(stop)
    works().settle()


def go_on(begin: Callable[[], None]) -> None:
    begin()
    st.rerun(scope="app")


def _brief(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name in NUMBERS else str(value or "")[:LONGEST] for name, value in told.items()}


def deletion(words: str, delete: Callable[[], str]) -> None:
    """The buttons of a dialog that deletes something; `delete` gives what is told afterwards."""
    with st.container(horizontal=True):
        sure = st.button(words, type="primary", key="delete-now")
        if st.button("Cancel", key="delete-not"):
            st.rerun()
    if not sure:
        return
    try:
        st.session_state["batch-told"] = delete()
    except FlowreasonError as error:
        st.error(escaped(sentence(fault(str(error)))), icon=":material/error:")
        return
    whole_list_changed()
    places.go("batch")


@st.dialog("Delete for good?")
def _delete(batch: Batch) -> None:
    st.text(f"{batch.plan.title}: {count(batch.plan.count, 'question')}, {batch.answered:,} answered")
    st.caption("The uploaded file and the answers to it are deleted.")
    runs = st.checkbox("Delete its runs too: every step, prompt and reply", value=True, key="delete-runs")
    if not runs:
        st.caption("Its runs stay in the list of runs, as runs of many questions.")

    def delete() -> str:
        gone = batches.delete(works(), batch, runs=runs)
        return f"{batch.plan.title} is deleted" + (f", with {count(gone, 'run')}" if gone else "")

    deletion("Delete it", delete)


# --- what came of it ---


def _results(batch: Batch) -> None:
    rows = batches.read_rows(batch.rows, MOST_SHOWN)
    if not rows:
        return
    answered = [each for each in rows if each["status"] == "answered"]
    wrong = [each for each in answered if batch.judgements.get(each["row"]) is False]
    names = [f"Answers ({batch.answered:,})", f"Not answered ({batch.reasons.total():,})"]
    if batch.accuracy is not None:
        names.insert(1, f"Wrong ({sum(not right for right in batch.judgements.values()):,})")
    tabs = dict(zip((name.split(" (")[0] for name in names), st.tabs(names), strict=True))
    with tabs["Answers"]:
        _answers(batch, answered, "answers")
    if "Wrong" in tabs:
        with tabs["Wrong"]:
            _answers(batch, wrong, "wrong") if wrong else st.caption("No answer is wrong.")
    with tabs["Not answered"]:
        if batch.faults:
            rows_ = [_brief(each) for each in batch.faults.values()]
            st.dataframe(rows_, hide_index=True, width="stretch", key="batch-faults", column_config=NARROW)
        else:
            st.caption("Every question has its answer.")
    if batch.plan.gold:
        _judged_otherwise(batch)
    if batch.done > len(rows):
        st.caption(f"These are the first {len(rows):,}; the files have all.")
    _downloads(batch)


def _judged_otherwise(batch: Batch) -> None:
    """Hold the answers against the known ones in another way; nothing is asked again."""
    kinds, key = list(JUDGED), f"judged-{batch.id}"

    def judge() -> None:
        batch.judge_as(st.session_state[key])

    st.selectbox("An answer is right if it is", kinds, kinds.index(batch.plan.kind), key=key, width=320,
                 format_func=lambda kind: JUDGED[kind][0], on_change=judge,
                 help="Judged anew at once; nothing is asked again.")  # fmt: skip


def _answers(batch: Batch, rows: list[dict[str, Any]], key: str) -> None:
    found = shown(rows, batch.plan.question, batch.plan.gold, lambda row: batch.judgements.get(row["row"]))
    columns = {
        **NARROW,
        "run": st.column_config.LinkColumn(display_text=r"run=(.*)$"),
        "money": st.column_config.NumberColumn(format="$%.4f"),
        "seconds": st.column_config.NumberColumn(format="%.1f"),
    }
    if not any(row["money"] for row in found):
        found = [{name: cell for name, cell in row.items() if name != "money"} for row in found]
    st.dataframe(found, hide_index=True, width="stretch", height=420 if len(found) > 10 else "auto",
                 column_config=columns, key=f"batch-{key}")  # fmt: skip


def _downloads(batch: Batch) -> None:
    name, gold = stem(batch.plan.title), batch.plan.gold

    def rows() -> list[Row]:
        return to_take_away(batches.read_rows(batch.rows), batch.judgements)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("All rows as a file:", width="content")
        download("CSV", lambda: as_csv(rows(), gold), f"{name}.answers.csv", "text/csv", CSV_TOLD)
        download("JSONL", lambda: as_jsonl(rows(), gold), f"{name}.answers.jsonl", "application/jsonl")


def download(words: str, made: Callable[[], bytes], name: str, mime: str, told: str | None = None) -> None:
    st.download_button(
        escaped(words), made, name, mime, key=f"file-{words}", icon=":material/download:", on_click="ignore", help=told
    )
