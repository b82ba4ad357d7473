"""How much of a text is looked at: enough for any flow that a person or a model writes, and no more.

Invariant: a text within the limits of the parser and of this module is checked within seconds.
"""

from __future__ import annotations

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.program import Program
from flowreason_dsl.check.reach import parts
from flowreason_dsl.syntax import Code, Ensure, Expression

MOST_PIECES = 9_000
MOST_PYTHON = 200_000
MOST_PIECE = 50_000
"""How many pieces of Python, and how many characters of it, a flow and the files it uses may hold, and one piece."""
MOST_FLOWS = 2_500
"""How many flows there may be, and conditions of `ensure` beside them that are more than Python."""
MOST_STEPS = 10_000
"""How many steps, conditions and arguments there may be: several thousand statements."""


def too_much(program: Program, findings: Findings) -> bool:
    """Report a program that holds more than is looked at."""
    pieces = size = steps = 0
    flows = len(program.flows)
    for name, flow in program.flows.items():
        findings.source = program.sources[name]
        for each in parts(flow.body):
            long = isinstance(each, Code) and len(each.text) > MOST_PIECE
            if isinstance(each, Code):
                pieces, size = pieces + 1, size + len(each.text)
            elif isinstance(each, Ensure):
                flows += not isinstance(each.condition.value, Code)
            elif isinstance(each, Expression):
                steps += 1
            else:
                continue
            if steps > MOST_STEPS:
                message = f"more than {MOST_STEPS:,} steps, conditions and arguments"
                findings.add("limit-steps", message, each.span, help="let loops and sub-flows do what repeats itself")
                return True
            if pieces > MOST_PIECES or size > MOST_PYTHON or long:
                most = f"{MOST_PIECE:,} characters in one" if long else f"{MOST_PYTHON:,} characters"
                message = f"more than {MOST_PIECES:,} pieces of Python, or {most}"
                help = "hand large data in as parameters of the flow"
                findings.add("limit-python", message, each.span, help=help)
                return True
    if flows <= MOST_FLOWS:
        return False
    message = f"more than {MOST_FLOWS:,} flows, or conditions of `ensure` that are more than Python"
    findings.add(
        "limit-flows",
        message,
        next(reversed(program.flows.values())).name.span,
        help="let one flow do for many cases, with parameters",
    )
    return True
