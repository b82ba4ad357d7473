"""An evaluation as a page shows it: how far it is, methods against each other in tables and pictures, every answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from flowreason.evaluate import plots, report
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.tables import Cell, cells, overall
from flowreason_ui import measuring
from flowreason_ui.batch_panel import APART, back, deletion, download, errors_of, go_on, head, percent, stop_now
from flowreason_ui.batch_tables import LONGEST
from flowreason_ui.choosing import name_of
from flowreason_ui.escape import escaped
from flowreason_ui.measuring import Measuring
from flowreason_ui.telling import count, fault
from flowreason_ui.works import works

MOST_ANSWERS = 2_000
PAIRS = "p, all pairs"
P_TOLD = (
    "p: how often chance alone would make a gap as large as this if both methods were equally good. A gap is commonly "
    "taken as clear where p is below 0.05."
)
PAIRS_TOLD = " “p, all pairs” is the same, and allows for how many pairs were looked at."
HELP = {
    "right (95 %)": "The share of right answers. In brackets: where it would lie, 19 times out of 20, with more such "
    "questions.",
    "score": "For graphs: how much of the known one was found.",
    "calls": "Calls to the model for a question, on average.",
    "tokens": "Tokens for a question, on average.",
    "seconds": "The median for a question, without those of which a reply was known before.",
    "known before": "Answers of which a reply was known before: it cost nothing, and its seconds are not counted.",
    "no call": "Answers that no call to the model was made for.",
    "of its limits": "How much of its limits a method took, on average.",
    "cut by a limit": "Answers that stand as far as a limit allowed.",
    "first draft valid": "How often the first flow that the model wrote could be run.",
    "after repair": "How often one could be run after the model had mended it.",
    "unread": "Replies in which no answer of the right kind was found; they count as wrong.",
    "lead of the first (95 %)": "How many more of a hundred questions the first method had right; in brackets: where "
    "that would lie, 19 times out of 20, with more such questions.",
    "p": "How often chance alone would make such a gap.",
    PAIRS: "The same, allowing for all pairs that are compared.",
}
"""What the columns of the tables mean."""


def measuring_panel(found: Measuring) -> None:
    """All of an evaluation. One without an id is only looked at."""
    if found.id:
        back()
        st.title("Methods compared", anchor=False)
    over = found.over
    with st.container():
        st.fragment(_measuring, run_every=None if over else APART, key="measuring-standing")(found, over)
    if found.rows and over:
        _tables(found)


def _measuring(found: Measuring, was_over: bool) -> None:
    with head(found, was_over, f"{len(found.rows):,} of {count(found.every, 'answer')}"):
        if found.id and not found.over:
            st.button("Stop", icon=":material/stop_circle:", key="measuring-stop", on_click=stop_now,
                      args=(found.stop,))  # fmt: skip
        stopped = found.id and found.state in ("stopped", "failed")
        if stopped and st.button("Go on", icon=":material/play_arrow:", type="primary", key="measuring-go"):
            go_on(lambda: measuring.go_on(works(), found))
        if found.id and found.over and st.button("Delete", icon=":material/delete:", key="measuring-delete"):
            _delete(found)
    if not found.over:
        st.progress(min(1.0, len(found.rows) / max(found.every, 1)))
        for cell in overall(found.rows[:]):
            st.caption(escaped(f"{name_of(cell.method)}: {percent(cell.right)}"))
    errors_of(found)


@st.dialog("Delete for good?")
def _delete(found: Measuring) -> None:
    st.text(f"Methods compared: {count(len(found.rows), 'answer')}")
    st.caption("The questions, every answer with its run, and the report are deleted. Nothing else has a copy.")

    def delete() -> str:
        measuring.delete(works(), found)
        return "The comparison is deleted"

    deletion("Delete it", delete)


# --- what came of it ---


def _tables(found: Measuring) -> None:
    rows = [replace(row, method=name_of(row.method)) for row in found.rows]
    for title, sentence, table in report.sections(rows):
        st.header(escaped(title), anchor=False)
        if sentence:
            st.caption(escaped(sentence))
        told = {name: st.column_config.Column(help=HELP[name]) for name in table[0] if name in HELP}
        st.dataframe([dict(zip(table[0], each, strict=True)) for each in table[1:]], hide_index=True, width="stretch",
                     column_config=told)  # fmt: skip
        if "p" in table[0]:
            st.caption(P_TOLD + (PAIRS_TOLD if PAIRS in table[0] else ""))
    _plots(overall(rows), cells(rows))
    _every_answer(found, rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("To take away:", width="content")
        for name, made in measuring.files_of(found):
            download(name, made, name, "application/octet-stream")


def _plots(found: list[Cell], by_task: list[Cell]) -> None:
    if not plots.can_plot():
        st.caption(escaped(plots.HINT))
        return
    dark = st.context.theme.type == "dark"
    left, right = st.columns(2)
    calls = plots.against_cost(found, lambda cell: cell.calls, "calls per question", dark=dark)
    left.image(calls, width="stretch", alt="Right answers against calls per question, as in the table")
    tokens = plots.against_cost(found, lambda cell: cell.tokens, "tokens per question", dark=dark)
    right.image(tokens, width="stretch", alt="Right answers against tokens per question, as in the table")
    if len({cell.group for cell in by_task}) > 1:
        st.image(plots.by_group(by_task, dark=dark), width="stretch", alt="Right answers by group, as in the table")


def _every_answer(found: Measuring, rows: list[Answered]) -> None:
    """What each method said to each question, and why it does not count."""
    asked = measuring.questions_of(found.folder)
    told = [answer_row(row, *asked.get(row.id, ("", ""))) for row in report.in_order(rows)[:MOST_ANSWERS]]
    wrong = [each for each in told if each["right"] == "no"]
    st.header("Every answer", anchor=False)
    names = [f"Wrong or none ({len(wrong):,})", f"All ({len(told):,})"]
    for tab, shown, key in zip(st.tabs(names), (wrong, told), ("wrong", "all"), strict=True):
        with tab:
            if shown:
                st.dataframe(shown, hide_index=True, width="stretch", key=f"measured-{key}",
                             height=420 if len(shown) > 10 else "auto")  # fmt: skip
            else:
                st.caption("Every answer is right.")
    if len(rows) > len(told):
        st.caption(f"These are the first {len(told):,}; the file of answers has all.")


def answer_row(row: Answered, question: str, known: str) -> dict[str, Any]:
    """An answer as a row of a table."""
    why = fault(row.error) if row.status != "answered" and row.error else row.why.removeprefix("unread: ")
    return {
        "question": question[:LONGEST] or row.id, "method": row.method, "answer": row.answer[:LONGEST],
        "known answer": known[:LONGEST], "right": "yes" if row.right else "no", "why": why[:LONGEST],
        "took": report.took(row),
    }  # fmt: skip
