"""Many questions from a file: answered one like the other, or by several methods that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import flowreason as fr
from flowreason.batch.opening import TOTALS
from flowreason.errors import FlowreasonError, UsageError
from flowreason.evaluate.entries import entries
from flowreason.methods import GRAPH, meant, prices_of
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui import batches, measuring, places
from flowreason_ui.batch_panel import answered_by, error_in_words
from flowreason_ui.batch_tables import text
from flowreason_ui.choosing import method_box, methods, name_of
from flowreason_ui.escape import escaped, label
from flowreason_ui.forms import limits_box, tools_box
from flowreason_ui.measuring_panel import measuring_panel
from flowreason_ui.pricing import in_all
from flowreason_ui.questions import (
    ANSWERS,
    JUDGED,
    KINDS,
    QUESTIONS,
    Survey,
    first_as_row,
    items_of,
    judged_as,
    likely_kind,
    named,
    rows_of,
    surveyed,
)
from flowreason_ui.telling import count, when
from flowreason_ui.works import works

WIDTH = 980
MOST_FAULTS = 50
_NONE = "(none)"
LOOK = {
    "number": "are all numbers",
    "bool": "are all yes or no",
    "list": "are all lists",
    "choice": "are all choices such as (B)",
}
"""What is said of known answers that are all of one kind."""


def page() -> None:
    if done := st.session_state.pop("batch-told", ""):
        st.toast(escaped(done), icon=":material/check:")
    for name in (places.BATCH, places.EVALUATION):  # an address of earlier versions
        if id := st.query_params.get(name, ""):
            places.go("answers", **{name: id})
    try:
        _new()
    except (FlowreasonError, FlowError) as error:
        error_in_words(error)


def _new() -> None:
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH, key="page"):
        st.title("Many questions", anchor=False)
        missing = works().connection.missing
        file = st.file_uploader(
            "A file with a question in each row",
            KINDS,
            key="batch-file",
        )
        if file is None:
            st.caption(
                "CSV or TSV, best with a line of names first, or JSONL. One column holds the questions; another may "
                "hold the known answers, and then right ones are counted."
            )
            _earlier()
            return
        try:
            raw = _with_names(file.name, file.getvalue())
            _file(file.name, raw, surveyed(file.name, raw), bool(missing))
        except (FlowreasonError, FlowError) as error:
            error_in_words(error)


# --- the file ---


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns mean what."""

    question: str
    inputs: tuple[str, ...]
    gold: str
    kind: str


def _with_names(name: str, raw: bytes) -> bytes:
    """A file of questions; where its first line seems to name no columns, the person says whether it does."""
    first = first_as_row(name, raw)
    if not first:
        return raw
    st.info("This file seems to begin with a question, without a line of names above it.", icon=":material/info:")
    own = st.checkbox("Its first line is a question too", value=True, key="batch-nameless")
    return named(name, raw, first) if own else raw


def _file(name: str, raw: bytes, survey: Survey, unconnected: bool) -> None:
    few = survey.count > len(survey.first)
    st.caption(escaped(f"{count(survey.count, 'row')}. {'These are the first:' if few else ''}".strip()))
    rows = [{key: text(value) for key, value in row.items()} for row in survey.first]
    st.dataframe(rows, hide_index=True, width="stretch", key="batch-preview")
    _faults(survey)
    columns = _columns(survey)
    how = st.segmented_control(
        "What to do", ["Answer them", "Compare methods"], default="Answer them", required=True, key="batch-how"
    )
    if how == "Compare methods":
        _compare(name, raw, columns, unconnected)
    else:
        _answer(name, raw, survey, columns, unconnected)


def _faults(survey: Survey) -> None:
    """The rows that cannot be used, and why."""
    if not survey.faults:
        return
    words = "row cannot" if len(survey.faults) == 1 else "rows cannot"
    told = f"{len(survey.faults):,} {words} be used; the others are answered."
    st.warning(escaped(told), icon=":material/warning:")
    with st.expander("Which, and why", key="batch-unusable"):
        for each in survey.faults[:MOST_FAULTS]:
            st.text(each)
        if len(survey.faults) > MOST_FAULTS:
            st.caption(f"and {len(survey.faults) - MOST_FAULTS:,} more")


def _columns(survey: Survey) -> Columns:
    names = list(survey.columns) or ["question"]
    one, two = st.columns(2)
    likely = survey.likely(QUESTIONS)
    question = one.selectbox(
        "The question is in", names, index=names.index(likely) if likely else 0, key="batch-question"
    )
    others = [each for each in names if each != question]
    inputs = two.multiselect("Given with it", others, key="batch-inputs", placeholder="nothing",
                             help="Columns that the flow may see. It sees no others.")  # fmt: skip
    if lacking := survey.empty.get(question, 0):
        rows = "row has" if lacking == 1 else "rows have"
        st.caption(escaped(f"{lacking:,} {rows} no question there and will not be answered."))
    gold, kind = _known(survey, others)
    return Columns(question, tuple(inputs), gold, kind)


def _known(survey: Survey, others: list[str]) -> tuple[str, str]:
    """The column of the known answers, and how one is held against them."""
    one, two = st.columns(2)
    likely = survey.likely(ANSWERS)
    golds = [_NONE, *others]
    gold = one.selectbox("The known answer is in", golds, index=golds.index(likely) if likely in golds else 0,
                         key="batch-gold", help="Then right answers are counted. No model sees it.")  # fmt: skip
    if gold == _NONE:
        return "", "text"
    kinds, guess = list(JUDGED), likely_kind([row.get(gold) for row in survey.sample])
    kind = two.selectbox("An answer is right if it is", kinds, index=kinds.index(guess), key=f"batch-kind-{gold}",
                         format_func=lambda each: JUDGED[each][0])  # fmt: skip
    like = f" The known answers here {LOOK[guess]}." if kind == guess and guess in LOOK else ""
    st.caption(escaped(judged_as(kind) + like))
    return gold, kind


# --- answering ---


def _answer(name: str, raw: bytes, survey: Survey, columns: Columns, unconnected: bool) -> None:
    method, flow, once = _way()
    limits = total = None
    with st.expander("Limits and tools", icon=":material/tune:", key="batch-options"):
        st.markdown("**For each question**")
        limits = limits_box("batch-each")
        st.markdown("**Over all questions**")
        total = limits_box("batch-total", over_all=True)
        concurrency = st.number_input("Questions at once", 1, 256, 16, key="batch-concurrency")
        tools = tools_box("batch-tools")
    plan = batches.Plan(
        Path(name).name, f"questions{Path(name).suffix.lower()}", survey.count, columns.question, columns.inputs,
        method, flow, once, int(concurrency),
        {each: getattr(limits, each) for each in TOTALS},
        {each: most for each in TOTALS if (most := getattr(total, each)) is not None},
        columns.gold, columns.kind, tools,
    )  # fmt: skip
    way = plan.way()
    way.fits([*survey.columns] or [columns.question])
    st.caption(escaped(price_before(plan)))
    _unconnected(unconnected)
    if st.button(
        f"Answer {count(survey.count, 'question')}",
        type="primary",
        key="batch-start",
        disabled=unconnected,
        icon=":material/play_arrow:",
    ):
        batch = batches.start(works(), plan, raw)
        places.go("answers", batch=batch.id)


def _unconnected(missing: bool) -> None:
    """What keeps the button below from being pressed."""
    if missing:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("A model answers them, and none is connected yet.", width="content")
            places.link("settings", "Connect a model", ":material/link:")


def _way() -> tuple[str, str, bool]:
    """A method, or the text of a flow; and whether one flow is written for all questions that are alike."""
    by = st.segmented_control(
        "Answered by", ["A method", "A flow of mine"], default="A method", required=True, key="batch-by"
    )
    if by == "A method":
        method = method_box("batch-method")
        once = method == GRAPH and st.checkbox(
            "Write one flow for all questions that are alike", key="batch-once",
            help="Quicker and cheaper where only names and numbers differ. One that it does not fit has its own.",
        )  # fmt: skip
        return method, "", once
    file = st.file_uploader("The flow", ["flow"], key="batch-flow-file")
    with st.container(key="flow-text"):
        typed = st.text_area("or its text", key="batch-flow-text", height=180)
    text = file.getvalue().decode("utf-8", "replace") if file is not None else typed
    if not text.strip():
        raise UsageError(
            "name the flow: upload its file, or put its text there; its parameters are columns of the file"
        )
    return GRAPH, text, False


def price_before(plan: batches.Plan) -> str:
    """What is known of the price before anything is asked."""
    flow = getattr(plan.way(), "flow", None)
    if flow is None and plan.method not in (GRAPH, "auto"):
        flow = meant(plan.method).flow
    if flow is not None:
        connection = works().connection
        prices = None if connection.missing else prices_of(connection.provider())
        price = flow.price(prices=prices)
        whole = in_all([price.as_json()], plan.count) if plan.count > 1 else ""
        return f"For each of {count(plan.count, 'question')}: {price.summary()}." + f" In all: {whole}." * bool(whole)
    if plan.once:
        return "A flow is written once for questions that are alike; then each question takes what that flow asks."
    if plan.method == "auto":
        return "What each takes depends on the method that is chosen for it, within its limits."
    return "For each question: one call or more to write its flow, and then what that flow asks, within its limits."


# --- comparing ---


def _compare(name: str, raw: bytes, columns: Columns, unconnected: bool) -> None:
    if not columns.gold:
        st.info("Say which column holds the known answers: without them there is nothing to compare.")
        return
    items = items_of(rows_of(name, raw, columns.question), columns.question, columns.inputs, columns.gold, columns.kind)
    chosen = st.multiselect(
        "Methods", methods(), ["direct", "chain_of_thought"], format_func=name_of, key="compare-methods"
    )
    most = st.number_input(
        "Questions", 1, len(items), min(len(items), 50), key="compare-most", help="The first so many are asked."
    )
    st.markdown("**What each method may take for a question**")
    budget = limits_box("compare-budget")
    questions = [item.question for item in items[: int(most)]]
    st.caption(escaped(price_of_comparing(chosen, questions, budget)))
    _unconnected(unconnected)
    if st.button(
        "Compare",
        type="primary",
        key="compare-start",
        disabled=unconnected or not chosen,
        icon=":material/play_arrow:",
    ):
        made = measuring.start(works(), items[: int(most)], chosen, budget, 16)
        places.go("answers", evaluation=made.id)


def price_of_comparing(chosen: Sequence[str], questions: Sequence[str], budget: fr.Limits) -> str:
    """What is known of the price of a comparison before anything is asked. Raises `UsageError`."""
    told = f"{count(len(questions) * len(chosen), 'answer')} in all, each within these limits."
    if not chosen:
        return told
    connection, typical = works().connection, sorted(questions, key=len)[len(questions) // 2]
    prices = None if connection.missing else prices_of(connection.provider())
    known, unknown = [], []
    for entry in entries(list(chosen), budget, typical, prices):
        if entry.flow is None:
            unknown.append(name_of(entry.name))
        else:
            known.append(entry.flow.price({"question": typical, **entry.inputs}, prices=prices).as_json())
    if whole := in_all(known, len(questions)):
        told += f" {'Without what is not known yet' if unknown else 'Together'}: {whole}."
    if unknown:
        told += f" Not known before it runs: what this takes: {', '.join(unknown)}."
    return told


# --- what was there before ---


def _earlier() -> None:
    before, compared = batches.earlier(works()), measuring.earlier(works())
    if before or compared:
        st.markdown("**Earlier**")
    with st.container(gap=None):
        for id, plan in before:
            far = batches.how_far(works(), id, plan)
            words = f"{plan.title}: {count(plan.count, 'question')}, {answered_by(plan)}, {when(plan.created)}, {far}"
            if st.button(label(words), key=f"batch-{id}", type="tertiary", icon=":material/table_rows:"):
                places.go("answers", batch=id)
        for id, words in compared:
            if st.button(label(words), key=f"evaluation-{id}", type="tertiary", icon=":material/bar_chart:"):
                places.go("answers", evaluation=id)
    with st.expander("Open the folder of an evaluation", icon=":material/folder_open:", key="batch-folder"):
        path = st.text_input(
            "Its path on this machine", key="evaluation-path", placeholder="evaluations/tuesday"
        ).strip()
        if path:
            measuring_panel(measuring.opened("", Path(path).expanduser()))
