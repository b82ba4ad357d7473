"""`dsl/DIAGNOSTICS.md`, made from the entries.

Invariant: the document holds every code once, in the order of the groups; two runs write the same bytes.
"""

from __future__ import annotations

from flowreason_dsl.codes import GROUPS
from flowreason_dsl.codes.entry import Entry

_HEAD = """# What can be found in a flow

Every finding has a code. An **error** keeps a flow from running, a **warning** is very likely not meant, a **hint**
could be written better or was mended on the way. All are found before anything is asked, and reported at once.

This page is made from `dsl/flowreason_dsl/codes/` by `python -m flowreason_dsl.codes`; a test holds that it is up to
date and that every example yields its code.
"""

_LONGEST_LINE = 160


def document() -> str:
    """The whole page."""
    parts = [_HEAD, _contents()]
    for title, entries in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_section(entry) for entry in entries]
    return "\n".join(parts)


def _contents() -> str:
    rows = ["| code | severity | cause |", "|---|---|---|"]
    for entries in GROUPS.values():
        rows += [f"| [`{e.code}`](#{e.code}) | {e.severity} | {e.cause.replace('|', chr(92) + '|')} |" for e in entries]
    return "\n".join(rows) + "\n"


def _section(entry: Entry) -> str:
    fence = "````" if "```" in entry.example else "```"
    shown = "\n".join(_cut(line) for line in entry.example.split("\n"))
    return (
        f"### {entry.code}\n\n*{entry.severity}* · {entry.cause}\n\n{fence}flow\n{shown}\n{fence}\n\nFix: {entry.fix}\n"
    )


def _cut(line: str) -> str:
    line = line.encode("ascii", "backslashreplace").decode() if any("\ud800" <= c <= "\udfff" for c in line) else line
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE // 2]} … {line[-_LONGEST_LINE // 4 :]}"
