"""The pages of the app. Streamlit runs this file anew for each thing that a person does."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from flowreason_ui.places import menu, pages

st.set_page_config(page_title="flowreason", layout="wide", initial_sidebar_state="collapsed")
st.logo(str(Path(__file__).with_name("logo.svg")), size="medium")
page = st.navigation(list(pages().values()), position="top")
menu()
page.run()
