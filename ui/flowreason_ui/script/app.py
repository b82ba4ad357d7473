"""The pages of the app. Streamlit runs this file anew for each thing that a person does."""

from __future__ import annotations

import streamlit as st

from flowreason_ui.places import menu, pages

# Of the pages alone: no text from elsewhere is ever part of it.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.75rem; padding-bottom: 3rem; }
.st-key-page { max-width: 100%; }
[data-testid="stBadge"] { font-size: 0.9rem; }
@media (min-width: 768px) { [data-testid="stLayoutWrapper"]:has(> .st-key-menu) { display: none; } }
@media (max-width: 767px) {
  [data-testid="stHeader"], [data-testid="stSidebar"] { display: none; }
  [data-testid="stMainBlockContainer"] { padding-top: 0.75rem; }
  .st-key-menu { gap: 0; border-bottom: 1px solid rgba(128, 136, 150, 0.35); padding-bottom: 0.5rem; }
  .st-key-menu [data-testid="stPageLink-NavLink"] { padding: 0.35rem 0.6rem; }
}
[data-testid="stDialog"] textarea, .st-key-flow-text textarea { font-family: ui-monospace, Menlo, Consolas, monospace; }
</style>"""

st.set_page_config(page_title="flowreason", layout="wide", initial_sidebar_state="collapsed")
st.html(STYLE)
page = st.navigation(list(pages().values()), position="top")
menu()
page.run()
