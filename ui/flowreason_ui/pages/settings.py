"""The model that is asked, where runs are kept, and which version this is."""

from __future__ import annotations

import os
from typing import Final

import streamlit as st

import flowreason as fr
from flowreason.config import config_path, load_settings
from flowreason.errors import FlowreasonError
from flowreason.resuming import EVERY, the_store
from flowreason_ui.connection import Connection, keep, tested
from flowreason_ui.escape import escaped
from flowreason_ui.telling import count, fault, shown_place
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


def page() -> None:
    with st.container(horizontal_alignment="center"), st.container(width=WIDTH, key="page"):
        st.title("Settings", anchor=False)
        _in_force()
        _connect()
        _kept()
        _about()


# --- which model ---


def _in_force() -> None:
    st.subheader("The model", anchor=False)
    connection = works().connection
    missing = connection.missing
    if missing:
        told = "No model is connected." if missing.startswith("no model is configured") else fault(missing)
        st.info(escaped(told), icon=":material/link_off:")
        return
    with st.container(border=True):
        st.markdown(f"**{escaped(connection.told)}**")
        if told := st.session_state.pop("connected", ""):
            st.success(escaped(told), icon=":material/check:")
        st.caption(escaped(f"From {source(connection)}."))
        with st.container(horizontal=True):
            if st.button("Test it", icon=":material/bolt:", key="test", help="Asks it for one word."):
                _test(connection)
            if connection != Connection() and st.button("Forget what was entered", key="forget"):
                works().connection = Connection()
                st.rerun()


def _test(connection: Connection) -> None:
    with st.spinner("Asking the model for one word …"):
        found = works().ask(tested(connection))
    if found.ok:
        st.success(escaped(found.text), icon=":material/check:")
    else:
        st.error(escaped(fault(found.text)), icon=":material/error:")


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
            model = st.text_input("Model", key=f"model-{server}-{number}",
                                  placeholder="gpt-5.4-mini" if preset == "" else "as the server calls it")  # fmt: skip
            key = st.text_input("Key", type="password", key=f"key-{server}-{number}", autocomplete="off",
                                placeholder="sk-…" if preset == "" else "where the server wants one")  # fmt: skip
            kept = st.checkbox("Keep it in my config file", key="keep", help=str(config_path()))
            st.caption("Otherwise it is held in the memory of the app, until that ends.")
            if st.form_submit_button("Connect and test", type="primary", key="connect-now"):
                _entered(Connection(model.strip(), address.strip(), key.strip()), kept)


def _number() -> int:
    """Of the form: one that was sent is not shown again, so that no key stays in a field."""
    return int(st.session_state.setdefault("connect-number", 0))


def _entered(connection: Connection, kept: bool) -> None:
    """Take what was entered, where the model answers."""
    if connection.missing:
        st.error(escaped(fault(connection.missing)), icon=":material/error:")
        return
    with st.spinner("Asking the model for one word …"):
        found = works().ask(tested(connection))
    if not found.ok:
        st.error(escaped(fault(found.text)), icon=":material/error:")
        return
    works().connection = connection
    try:
        if kept:
            keep(connection)
            works().connection = Connection()
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return
    st.session_state["connected"] = found.text
    st.session_state["connect-number"] = _number() + 1
    st.rerun()


# --- the rest ---


def _kept() -> None:
    st.subheader("Runs", anchor=False)
    try:
        number = len(works().ask(the_store(works().store).runs(most=EVERY)))
    except FlowreasonError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return
    st.caption(escaped(f"{count(number, 'run')} kept in"))
    st.code(shown_place(works().store), language=None)


def _about() -> None:
    st.subheader("About", anchor=False)
    st.caption(escaped(f"flowreason {fr.__version__}. Light or dark follows your system."))
