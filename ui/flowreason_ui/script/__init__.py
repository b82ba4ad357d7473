"""The file that Streamlit runs. It lies apart from `pages`, which Streamlit would take for scripts of its own."""
