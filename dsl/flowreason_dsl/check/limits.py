"""How much of a text is looked at: enough for any flow that a person or a model writes, and no more.

Invariant: a text within the limits of the parser and of this module is checked within seconds.
"""

from __future__ import annotations

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.program import Program
from flowreason_dsl.check.reach import parts
from flowreason_dsl.syntax import Code

MOST_PIECES = 10_000
MOST_PYTHON = 200_000
"""How many pieces of Python, and how many characters of it, a flow and the files it uses may hold."""


def too_much_python(program: Program, findings: Findings) -> bool:
    """Report a program that holds more Python than is looked at."""
    pieces = size = 0
    for name, flow in program.flows.items():
        for each in parts(flow.body):
            if isinstance(each, Code):
                pieces, size = pieces + 1, size + len(each.text)
                if pieces > MOST_PIECES or size > MOST_PYTHON:
                    message = f"more than {MOST_PIECES:,} pieces or {MOST_PYTHON:,} characters of Python"
                    findings.source = program.sources[name]
                    help = "hand large data in as parameters of the flow"
                    findings.add("limit-python", message, each.span, help=help)
                    return True
    return False
