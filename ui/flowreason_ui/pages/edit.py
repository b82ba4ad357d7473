"""Write a flow, see it as a picture, and run it."""

from __future__ import annotations

import time
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st

from flowreason.compiler import declaration
from flowreason.errors import ConfigError, FlowreasonError
from flowreason.graph.model import Graph
from flowreason.graph.ops import Input
from flowreason.tool_files import tools_from
from flowreason.tools import bind
from flowreason_dsl.diagnostics import FlowError
from flowreason_ui import places
from flowreason_ui.components import is_built, mount
from flowreason_ui.drafting import DRAFT, PRESSED, Draft, RunDraft, called, new
from flowreason_ui.edit_inputs import Filled, chosen, fields, follow
from flowreason_ui.edit_open import ask_first, complaint, current, is_kept, keep, openings, replace_by, typed
from flowreason_ui.edit_plain import plain_editor
from flowreason_ui.edit_routes import EDIT
from flowreason_ui.editing import analysis_of, asks_model, graph_of, main_of
from flowreason_ui.escape import escaped, label
from flowreason_ui.forms import limits_box, tools_box
from flowreason_ui.live import Live
from flowreason_ui.orders import Terms, example_terms
from flowreason_ui.panel import run_panel
from flowreason_ui.saving import EDITED, file_button, file_name, of_flow, of_run
from flowreason_ui.telling import fault
from flowreason_ui.works import works

HEIGHT = 560
NAMED_IN = 0.8
"""Seconds in which a run that was started is kept, as a rule."""


def page() -> None:
    st.fragment(_work)()
    _run_in_address()


def _work() -> None:
    draft = current()
    header = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="edit-head"
    )
    complaint()
    ask_first(drafts=is_built("editor"))
    tools, wrong = _tools(draft)
    draft = _editor(draft, tools)
    st.session_state[DRAFT] = draft
    asked = draft.asked(tools, _prices())
    graph = graph_of(asked)
    if main := main_of(asked):
        draft = st.session_state[DRAFT] = called(draft, main)
    with header:
        _head(draft, graph)
    needs_model = graph is None or asks_model(graph, analysis_of(asked))
    _run_box(draft, graph, wrong, needs_model=needs_model)


def _editor(draft: Draft, tools: tuple[str, ...]) -> Draft:
    if not is_built("editor"):
        return plain_editor(draft, draft.asked(tools, _prices()))
    data = {
        "root": EDIT, "text": draft.text, "epoch": draft.epoch, "version": draft.version, "fresh": draft.fresh,
        "name": draft.name, "origin": draft.origin, "files": dict(draft.files), "tools": list(tools),
        "prices": _prices(), "height": HEIGHT, "reveal": st.query_params.get(places.RUN, ""),
        "safe": is_kept(draft.text), "chosen": chosen(_parameters(draft), _fields_key(draft)),
    }  # fmt: skip
    said = mount("editor", data, key="editor", height="content", default={"draft": None}, on_draft_change=_nothing)
    return typed(draft, getattr(said, "draft", None))


def _nothing() -> None:
    """Streamlit runs the fragment again, and that is all."""


def _prices() -> tuple[float, float] | None:
    """What the connected model takes for a million tokens in and out, where that is known."""
    try:
        info = works().connection.provider().model_info(None)
    except ConfigError:
        return None
    if info.prompt_price is None or info.completion_price is None:
        return None
    return float(info.prompt_price), float(info.completion_price)


# --- new, open, save ---


def _head(draft: Draft, graph: Graph | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.title("Edit", anchor=False, width="content")
        st.caption(escaped(draft.name), width="content")
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        if st.button("New", icon=":material/note_add:", key="edit-new"):
            replace_by(new())
        number = st.session_state.setdefault("edit-openings", 0)
        # a popover of another name is closed again; what a closed one would hold is not made
        opener = st.popover("Open", icon=":material/folder_open:", key=f"edit-open-{number}", on_change="rerun")
        if opener.open:
            with opener:
                openings(number)
        with st.popover("Save", icon=":material/download:", key="edit-save"), st.container(gap=None, width=260):
            _savings(draft, graph)


def _savings(draft: Draft, graph: Graph | None) -> None:
    """All that can be saved on this page: the flow in the editor, and the run below it."""
    file_button("The flow, as text", draft.text, file_name(draft.name, "flow"), "text/plain", "edit-save-flow",
                partial(keep, draft.text))  # fmt: skip
    if graph is None:
        st.caption("Its pictures can be saved once it has no mistakes.")
    else:
        of_flow(graph, draft.name, "edit-save")
    if (live := _run_below()) is not None and live.graph is not None:
        st.divider(width=120)
        st.markdown(":small[**The run below**]")
        if live.text.strip() != draft.text.strip():
            file_button("The flow that ran, as text", live.text, file_name(live.title, "flow"), "text/plain",
                        "edit-save-ran")  # fmt: skip
        of_run(live, live.graph, "edit-save-run")


def _run_below() -> Live | None:
    if not st.query_params.get(places.RUN):
        return None
    try:
        return places.shown()
    except FlowreasonError:
        return None


# --- tools ---


def _tools_path(draft: Draft) -> Path | None:
    typed = str(st.session_state.get("edit-tools", "")).strip()
    if typed:
        return Path(typed).expanduser()
    return draft.example.tools if draft.example is not None else None


def _tools(draft: Draft) -> tuple[tuple[str, ...], str]:
    """The lines that declare the tools that the flow may call, and what is wrong with their file."""
    path = _tools_path(draft)
    if path is None:
        return draft.declared, ""
    try:
        return _declared(path, path.stat().st_mtime_ns if path.exists() else 0), ""
    except FlowreasonError as error:
        return draft.declared, str(error)


@lru_cache(maxsize=8)
def _declared(path: Path, _changed: int) -> tuple[str, ...]:
    return tuple(declaration(tool.definition) for tool in bind(tools_from(path)).values())


# --- running it ---


def _parameters(draft: Draft) -> tuple[Input, ...]:
    """Those of the last text without mistakes."""
    epoch, parameters = st.session_state.get("edit-parameters", ("", ()))
    return parameters if epoch == draft.epoch else ()


def _fields_key(draft: Draft) -> str:
    """What was in the fields before a reload comes back in fields that are made anew."""
    return f"edit-in-{draft.epoch}{'-again' if draft.filled else ''}"


def _run_box(draft: Draft, graph: Graph | None, wrong: str, *, needs_model: bool) -> None:
    """The inputs, and what starts a run."""
    if graph is not None:
        main = graph.main
        found = tuple(op for name in main.parameters if isinstance(op := main.nodes[name].op, Input))
        follow(_parameters(draft), found, _fields_key(draft))
        st.session_state["edit-parameters"] = (draft.epoch, found)
    parameters = _parameters(draft)
    with st.container(border=True, key="edit-run-box"):
        pressed = st.session_state.get(PRESSED) == draft.epoch
        with st.container(key="edit-fields"):  # however many there are, what follows keeps its place
            if parameters:
                with st.container(gap=None):
                    st.markdown("**Run it with**")
                    if graph is None:
                        st.caption("These are the inputs of the last text without mistakes.")
            filled = fields(parameters, draft.inputs, _fields_key(draft), pressed=pressed, before=draft.filled)
        with st.container(key="edit-terms"):
            terms = _terms_box(draft, wrong)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Run", type="primary", icon=":material/play_arrow:", disabled=graph is None, key="edit-run",
                         shortcut="Ctrl+Enter", on_click=_pressed, args=(draft.epoch,)):  # fmt: skip
                _start(draft, filled, terms)
            if graph is None:
                st.caption("It can run once it has no mistakes.", width="content")
            elif needs_model and works().connection.missing and terms is not None and terms.replies is None:
                st.caption("No model is connected: steps that ask one will fail.", width="content")
                places.link("settings", "Connect a model", ":material/settings:")


def _terms_box(draft: Draft, wrong: str) -> Terms | None:
    """What the run is granted; None where what was typed cannot be."""
    example = draft.example
    recorded = False
    if example is not None:
        recorded = st.toggle(
            "Answer from the example's recording",
            value=bool(works().connection.missing),
            key=f"edit-rec-{draft.epoch}",
            help="No model is asked. What the recording has not been asked before, it cannot answer.",
        )
    with st.expander("Limits and tools", icon=":material/tune:", key="edit-options"):
        limits = limits_box("edit-limits")
        tools_box("edit-tools")
        if wrong:
            st.error(escaped(wrong), icon=":material/error:")
        elif draft.declared and _tools_path(draft) is None:
            st.caption("The run that this flow is of was given tools. Name their file to run it again.")
        approve = st.checkbox("Ask me before a tool changes something", key="edit-approve")
    if wrong:
        return None
    if recorded and example is not None:
        base = example_terms(example)
        return Terms(replies=base.replies, pace=base.pace, limits=limits, tools=_tools_path(draft), approve=approve,
                     cache=False)  # fmt: skip
    return Terms(works().connection, limits=limits, tools=_tools_path(draft), approve=approve)


def _pressed(epoch: str) -> None:
    st.session_state[PRESSED] = epoch


def _start(draft: Draft, filled: Filled, terms: Terms | None) -> None:
    if not filled.ready or terms is None:
        return
    try:
        live = works().start(RunDraft(draft, terms, dict(filled.values)))
    except (FlowreasonError, FlowError) as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return
    st.session_state.pop(PRESSED, None)
    keep(draft.text)
    _wait_for_its_name(live)
    st.query_params[places.RUN] = places.address(live)
    st.rerun(scope="app")


def _wait_for_its_name(live: Live) -> None:
    """A run is kept under its name in a moment: an address that had another first would stand in the browser twice."""
    until = time.monotonic() + NAMED_IN
    while not live.run and not live.over and time.monotonic() < until:
        time.sleep(0.01)


def _run_in_address() -> None:
    """The run that was started here, below the editor."""
    if not st.query_params.get(places.RUN):
        return
    with st.container(key="edit-run-view"):
        try:
            live = places.shown()
        except FlowreasonError as error:
            st.error(escaped(fault(str(error))), icon=":material/error:")
            return
        if live is not None:
            st.header(label(f"Run of {live.title}"), anchor=False)
            run_panel(live, key=EDITED)
