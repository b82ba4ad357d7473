"""Where the Python of a flow runs: a jailed worker on Linux, pydantic-monty elsewhere, and nowhere else unasked.

Invariant: model-written Python never runs in the process that holds the keys; an adapter that cannot keep that
refuses. What runs inside a worker stands in `inside/`, the host's side beside it.
"""
