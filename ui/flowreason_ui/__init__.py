"""The app: thin pages over the public API of flowreason. It knows Streamlit, and nothing knows it."""
