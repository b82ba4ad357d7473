"""The pages of the app. Streamlit runs this file anew for each thing that a person does."""

from __future__ import annotations

import streamlit as st

from flowreason_ui.pages import solve

st.set_page_config(page_title="flowreason", layout="wide", initial_sidebar_state="collapsed")
st.navigation([st.Page(solve.page, title="Solve", url_path="solve", default=True)], position="top").run()
