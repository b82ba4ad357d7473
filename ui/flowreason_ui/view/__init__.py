"""What the app shows, as pure functions of a graph and the events of a run: no Streamlit, no clock, no network.

Invariant: everything here is plain data that can be written as JSON; text stays text, and nothing is markup.
"""
