"""The pages of the app. Streamlit runs this file anew for each thing that a person does."""

from __future__ import annotations

import streamlit as st

from flowreason_ui.places import pages

st.set_page_config(page_title="flowreason", layout="wide", initial_sidebar_state="collapsed")
st.navigation(list(pages().values()), position="top").run()
