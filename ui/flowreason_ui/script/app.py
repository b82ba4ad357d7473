"""The pages of the app. Streamlit runs this file anew for each thing that a person does."""

from __future__ import annotations

import streamlit as st

from flowreason_ui.places import pages

# Of the pages alone: no text from elsewhere is ever part of it.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.75rem; padding-bottom: 3rem; }
.st-key-page { max-width: 100%; }
[data-testid="stBadge"] { font-size: 0.9rem; }
[data-testid="stDialog"] textarea, .st-key-flow-text textarea { font-family: ui-monospace, Menlo, Consolas, monospace; }
</style>"""

st.set_page_config(page_title="flowreason", layout="wide", initial_sidebar_state="collapsed")
st.html(STYLE)
st.navigation(list(pages().values()), position="top").run()
