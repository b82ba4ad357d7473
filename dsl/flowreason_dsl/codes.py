"""temp"""

from flowreason_dsl.diagnostics import Severity

W = {
    "answer-none",
    "code-dead",
    "condition-constant",
    "condition-text",
    "condition-unchanging",
    "ensure-elsewhere",
    "match-text",
    "name-python-word",
    "parameter-unused",
    "sample-keeps",
    "setting-copies",
    "setting-without-ask",
    "type-changes",
    "value-dropped",
    "value-unused",
    "option-twice",
}
H = {"flow-unused", "given-needless"}


def severity_of(code: str) -> Severity:
    return "warning" if code in W else "hint" if code in H else "error"
