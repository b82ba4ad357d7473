"""What runs inside the worker process: the standard library, `flowreason.values` and the prelude, nothing else.

Invariant: nothing here is trusted once a piece of Python has run, because the piece shares the process; the kernel
confines it (`confine`), and the host checks every message that comes out.
"""
