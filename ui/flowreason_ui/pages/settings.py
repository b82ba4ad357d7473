"""The model that is asked, the limits of a run, where runs are kept, and which version this is."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

import flowreason as fr
from flowreason.config import config_path, load_settings
from flowreason.errors import FlowreasonError
from flowreason.providers.prices import Price
from flowreason.records import RunInfo
from flowreason_ui import places
from flowreason_ui.connection import Connection, Tested, keep, keep_price, listed, tested, tested_with_ending
from flowreason_ui.escape import escaped
from flowreason_ui.forms import limits_box
from flowreason_ui.preferences import keep_limits
from flowreason_ui.starting import KEPT
from flowreason_ui.telling import count, fault, sentence, shown_place
from flowreason_ui.whole_list import bytes_text, size_of, whole_list
from flowreason_ui.whole_list import changed as whole_list_changed
from flowreason_ui.works import works

WIDTH = 760
SERVERS: Final = {
    "OpenAI": "",
    "Ollama": "http://localhost:11434/v1",
    "LM Studio": "http://localhost:1234/v1",
    "llama.cpp": "http://localhost:8080/v1",
    "vLLM": "http://localhost:8000/v1",
    "Another server": None,
}
"""Servers by name, with the address that each has where nothing else is said."""
AGES: Final = {7: "7 days", 30: "30 days", 90: "90 days", 365: "a year", 0: "no time at all (every run)"}
DAY = 86_400.0
ASKING: Final = "Asking the model for one word. This takes at most half a minute …"
KEPT_HERE = "Keep it in my config file"


def page() -> None:
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH, key="page"):
        st.title("Settings", anchor=False)
        if told := st.session_state.pop("settings-told", ""):
            st.toast(escaped(told), icon=":material/check:")
        _in_force()
        _connect()
        _limits()
        _kept()
        _about()


def _wrong(text: str) -> None:
    """What went wrong, and what to do about it."""
    first, _, rest = fault(text).partition("\n")
    st.error(escaped(sentence(first)) + (f"\n\n:small[{escaped(rest)}]" if rest.strip() else ""),
             icon=":material/error:")  # fmt: skip


# --- which model ---


def _in_force() -> None:
    st.header("The model", anchor=False)
    connection = works().connection
    missing = connection.missing
    if missing:
        if missing.startswith("no model is configured"):
            st.caption("A model answers your questions. None is connected yet; name its server here.")
        else:
            st.info(escaped(sentence(fault(missing))), icon=":material/link_off:")
        return
    with st.container(border=True):
        st.markdown(f"**{escaped(connection.told)}**")
        st.caption(escaped(f"From {source(connection)}. {price_text(connection.known_price)}"))
        with st.container(horizontal=True):
            pressed = st.button("Test it", icon=":material/bolt:", key="test", help="Asks it for one word.")
            with st.popover("Price", icon=":material/payments:"):
                _price(connection)
            if connection != Connection() and st.button("Forget what was entered", key="forget"):
                works().connection = Connection()
                st.rerun()
        if pressed:
            with st.spinner(ASKING):
                _result(works().ask(tested(connection)))
        elif before := st.session_state.pop("connected", None):
            _result(before)
            if st.session_state.get(KEPT):
                places.link("solve", "Ask your question now", ":material/arrow_back:")


def _result(found: Tested) -> None:
    if found.ok:
        st.success(escaped(found.text), icon=":material/check:")
    else:
        _wrong(found.text)
    if found.models:
        with st.expander(f"The server has {count(len(found.models), 'model')}"):
            st.code("\n".join(found.models), language=None, height=min(320, 40 + 24 * len(found.models)))


def price_text(price: Price | None) -> str:
    if price is None:
        return "Its price is not known, so costs in money are not shown."
    return f"A million tokens cost ${price[0]:g} as sent and ${price[1]:g} as they come back."


def _price(connection: Connection) -> None:
    """Say what the model costs."""
    known = connection.known_price
    st.caption("US dollars for a million tokens, as on the price list of the provider.")
    with st.form("price", border=False):
        into = st.number_input("What is sent", 0.0, value=known[0] if known else None, format="%.4g", key="price-in",
                               placeholder="not known")  # fmt: skip
        out = st.number_input("What comes back", 0.0, value=known[1] if known else None, format="%.4g",
                              key="price-out", placeholder="not known")  # fmt: skip
        kept = st.checkbox(KEPT_HERE, key="price-keep", help=escaped(config_path()))
        if not st.form_submit_button("Use this price", key="price-now"):
            return
    if into is None or out is None:
        st.error("Give both prices; 0 is one.", icon=":material/error:")
        return
    try:
        if kept:
            keep_price(connection.name, (into, out))
    except FlowreasonError as error:
        _wrong(str(error))
        return
    works().connection = replace(connection, price=None if kept else (into, out))
    st.session_state["settings-told"] = "The price is taken"
    st.rerun()


def source(connection: Connection) -> str:
    """Where the model that is in force is named."""
    if connection.base_url or connection.api_key or connection.model:
        return "what was entered here, until the app ends"
    if any(os.environ.get(f"FLOWREASON_{name}") for name in ("BASE_URL", "API_KEY", "MODEL")):
        return "the environment (FLOWREASON_…)"
    in_file = load_settings(environ={"FLOWREASON_CONFIG": os.environ.get("FLOWREASON_CONFIG", "")})
    if in_file.base_url or in_file.api_key or in_file.model:
        return f"the config file {config_path()}"
    return "the environment (OPENAI_…)"


def _connect() -> None:
    before = works().connection
    words, number = "Connect a model" if before.missing else "Connect another model", _number()
    with st.expander(words, icon=":material/link:", expanded=bool(before.missing), key=f"connect-{number}"):
        server = st.selectbox("Server", list(SERVERS), key="server")
        preset = SERVERS[server]
        with st.form("connection", border=False):
            address = preset or ""
            if preset != "":
                address = st.text_input("Address", preset or "", key=f"address-{server}-{number}",
                                        placeholder="http://localhost:8000/v1")  # fmt: skip
            key = st.text_input("Key", type="password", key=f"key-{server}-{number}", autocomplete="off",
                                placeholder="sk-…" if preset == "" else "where the server wants one")  # fmt: skip
            model = st.text_input("Model", key=f"model-{server}-{number}",
                                  placeholder="gpt-5.4-mini" if preset == "" else "as the server calls it")  # fmt: skip
            kept = st.checkbox(KEPT_HERE, key="keep", help=escaped(config_path()))
            st.caption("Otherwise it is held in the memory of the app, until that ends.")
            with st.container(horizontal=True):
                now = st.form_submit_button("Connect and test", type="primary", key="connect-now")
                ask = st.form_submit_button("Which models are there?", key="connect-list")
        entered, name = Connection(model.strip(), address.strip(), key.strip()), f"{server}-{number}"
        if (ask or now) and preset != "" and not entered.base_url:
            _wrong("Enter the address of the server.")
        elif ask:
            _list_models(entered, name)
        elif now:
            _entered(entered, kept, name)
        _choose_model(name)


def _list_models(connection: Connection, name: str) -> None:
    """Ask the server which models it has."""
    with st.spinner("Asking the server …"):
        found = works().ask(listed(connection))
    st.session_state[f"models-{name}"] = found.models
    if not found.ok:
        _wrong(found.text)
    elif not found.models:
        st.info("The server does not say which models it has.", icon=":material/info:")


def _choose_model(name: str) -> None:
    """One of the models that the server has said it has."""
    models: Sequence[str] = st.session_state.get(f"models-{name}", ())
    if not models:
        return

    def chosen() -> None:
        st.session_state[f"model-{name}"] = st.session_state[f"chosen-{name}"] or ""

    st.selectbox(f"It has {count(len(models), 'model')}", models, index=None, key=f"chosen-{name}",
                 placeholder="choose one", on_change=chosen)  # fmt: skip


def _number() -> int:
    """Of the form: one that was sent is not shown again, so that no key stays in a field."""
    return int(st.session_state.setdefault("connect-number", 0))


def lacking(connection: Connection) -> str:
    """What must be entered before a model can be asked; empty where nothing is missing."""
    missing = connection.missing
    if missing.startswith("no model is configured"):
        return "Enter a key: OpenAI answers nobody without one."
    if missing.startswith("no model is named"):
        return "Enter the name of a model. “Which models are there?” asks the server for its own."
    return sentence(missing)


def _entered(connection: Connection, kept: bool, name: str) -> None:
    """Take what was entered, where the model answers; else its server's models are there to be chosen from."""
    if lacks := lacking(connection):
        _wrong(lacks)
        return
    with st.spinner(ASKING):
        connection, found = works().ask(tested_with_ending(connection))
    if not found.ok:
        st.session_state[f"models-{name}"] = found.models
        _wrong(found.text)
        return
    works().connection = connection
    try:
        if kept:
            keep(connection)
            works().connection = Connection()
    except FlowreasonError as error:
        _wrong(str(error))
        return
    st.session_state["connected"] = found
    st.session_state["connect-number"] = _number() + 1
    st.rerun()


# --- limits ---


def _limits() -> None:
    st.header("Limits of a run", anchor=False)
    st.caption("They hold where nothing else is said. A run that reaches one stops, and can be gone on with.")
    limits = limits_box("default")
    if st.button("Keep these limits", key="default-keep"):
        try:
            keep_limits(limits)
        except FlowreasonError as error:
            _wrong(str(error))
            return
        st.session_state["settings-told"] = "The limits are kept"
        st.rerun()


# --- runs ---


def _kept() -> None:
    st.header("Runs", anchor=False)
    try:
        number = len(whole_list())
    except FlowreasonError as error:
        _wrong(str(error))
        return
    size = size_of(works().store)
    takes = f", {bytes_text(size)} in all" if size is not None else ""
    st.caption(escaped(f"{count(number, 'run')}{takes}, kept in"))
    st.code(shown_place(works().store), language=None, wrap_lines=True)
    if number and st.button("Delete old runs", icon=":material/delete:", key="old"):
        _delete_old()


@st.dialog("Delete old runs")
def _delete_old() -> None:
    days = st.selectbox("Runs in which nothing has happened for", list(AGES), 1, key="old-age",
                        format_func=AGES.__getitem__)  # fmt: skip
    found = old(whole_list(), days, time.time())
    st.caption(
        f"{count(len(found), 'run')} of {len(whole_list()):,}. They are gone for good, with the answers that only they "
        "use. A file does not get smaller by it: the room is used for new runs."
    )
    with st.container(horizontal=True):
        sure = st.button(f"Delete {count(len(found), 'run')}", type="primary", key="old-now", disabled=not found)
        if st.button("Cancel", key="old-not"):
            st.rerun()
    if not sure:
        return
    try:
        fr.delete_runs([info.id for info in found], store=works().store)
    except FlowreasonError as error:
        _wrong(str(error))
        return
    whole_list_changed()
    st.session_state["settings-told"] = f"{count(len(found), 'run')} deleted"
    st.rerun()


def old(runs: Sequence[RunInfo], days: float, now: float) -> list[RunInfo]:
    """Those at which nobody works, and in which nothing has happened for so long."""
    return [info for info in runs if not info.alive and info.updated <= now - days * DAY]


def _about() -> None:
    st.header("About", anchor=False)
    st.caption(escaped(f"flowreason {fr.__version__}. Light or dark follows your system."))
