"""Where a text or a piece of Python ends whose closing mark is missing.

Invariant: an end is only named where what follows it on its line reads as the flow language, and what stands before it
reads as what it is.
"""

from __future__ import annotations

import ast
import re
import warnings

_PATH = r"[A-Za-z_]\w*(?:\.\w+|\[[^\]\n]*\])*"
_SETTING = r'\w+=(?:"[^"\n]*"|[\w.]+)'
_SUFFIXES = (
    rf"(?:\s+given\s+{_PATH}(?:,\s*{_PATH})*|\s+with\s+{_SETTING}(?:,\s*{_SETTING})*"
    r'|\s+ensure\s+`[^`\n]*`(?:,\s*"[^"\n]*")?)*'
)
_OTHERWISE = r'(?:\s+else\s+(?:["`]|ask\b|-?\d|true\b|false\b|[A-Za-z_]\w*\s*(?:\}|$)).*)?'
_BRACE = (
    r"(?:\s+[{}](?:\s.*|$)|\s+max\s+\d+\s*\{.*|\s*\)\s*(?:(?:[{}]|->|else\s|given\s|with\s|ensure\s).*)?"
    r'|\s*,\s*".*|\s+\|\s+".*|\s+=\s+(?:ask|for|`).*)?'
)
_FLOW = re.compile(rf"{_SUFFIXES}{_OTHERWISE}{_BRACE}\s*\Z")
_STATEMENT = re.compile(
    r"\s*(?:\}|#|(?:answer|yield|ask|break)\b|(?:if|for|while|match|repeat|sample)\b[^\n]*\{"
    r"|[A-Za-z_]\w*[ \t]*(?::[^\n=]*)?=(?!=)|[A-Za-z_]\w*[ \t]*\([^\n]*\)[ \t]*$|[A-Za-z_]\w*[ \t]*->)",
    re.MULTILINE,
)
_MAY_GO_ON = re.compile(r"\s+(?:given|with|ensure|else|max|[{}|=])|\s*[,)]")
_HOLES = re.compile(r"\{[^{}\n]*\}")

_BEHIND_CODE = re.compile(
    r'\s+[{#]|\s*,\s*"|\s*,\s*\w+\s*=(?!=)|\s+(?:else|given|with|ensure|max|yield|until)\b|\s*[)}]|\s*\Z'
)
_MOST = 60
_LONGEST = 2000


def end_of_text(line: str, below: str = "") -> int | None:
    """Where a text ends that begins with this rest of a line, its first quote not included.

    `below` is what follows the line: where that is a statement, the text may end with its line.
    """
    if len(line) > _LONGEST:
        return None
    for count, found in enumerate(_MAY_GO_ON.finditer(line)):
        if count > _MOST:
            return None
        at = found.start()
        if at and _even(line[:at]) and _FLOW.match(line, at):
            return at
    return (
        len(line)
        if '"' not in line and "#" not in line and line.strip() and _even(line) and _STATEMENT.match(below)
        else None
    )


def _even(text: str) -> bool:
    """Whether no brace or bracket of a text is left open."""
    rest = _HOLES.sub("", text)
    if "{" in rest or "}" in rest:
        return False
    depth = 0
    for letter in rest:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def end_of_code(line: str, ensures: bool) -> int | None:
    """Where Python ends that begins with this rest of a line, its first backtick not included.

    `ensures`: it is a check, behind which a message may stand.
    """
    if len(line) > _LONGEST:
        return None
    ends = [found.start() for found in _BEHIND_CODE.finditer(line)][:_MOST]
    remark = next((at for at in ends if line[at:].lstrip().startswith("#")), None)
    if remark is not None and _is_value(line[:remark], False):
        return remark
    for at in reversed(ends):
        whole = not line[at:].strip()
        if _is_value(line[:at], whole and not ensures):
            return at
    return None


def _is_value(text: str, several: bool) -> bool:
    """Whether a text is one Python expression; without `several`, none with commas at its top."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return several or not isinstance(tree, ast.Tuple) or text.strip().startswith("(")
