"""An evaluation as people read it: tables in plain text and Markdown, and one page with the pictures.

Invariant: what stands in the data (names of tasks, errors, answers) is text and never markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from flowreason.evaluate import plots
from flowreason.evaluate.answered import Answered
from flowreason.evaluate.statistics import Share
from flowreason.evaluate.tables import ALL, Cell, Difference, cells, differences, overall

Table = list[list[str]]
FEW = 30
"""Questions below which a share says little."""
FEW_PAIRS = 3
"""So many differences are all told in words; of more, those that are clear."""


def percent(of: Share) -> str:
    """A share with its interval: `80 % (55–93)`."""
    return f"{of.value:.0%} ({of.low * 100:.0f}–{of.high * 100:.0f})".replace("%", " %")


def of(found: Share | None) -> str:
    """A count out of a count; empty where nothing was counted."""
    return "" if found is None else f"{found.right}/{found.count}"


def figures(found: Sequence[Cell], named: str = "task") -> Table:
    """What was right and what it took, a row for every group and method."""
    money, grouped = any(c.money is not None for c in found), any(c.group != ALL for c in found)
    graphs = any(abs(c.score - c.right.value) > 1e-9 for c in found)
    shared = any(c.shared for c in found)
    head = [*([named] if grouped else []), "method", "questions", "right (95 %)", *(["score"] if graphs else [])]
    head += [
        "calls",
        "tokens",
        *(["$"] if money else []),
        "seconds",
        "known before",
        "no call",
        *(["shared flow"] if shared else []),
    ]
    head += ["of its limits", "cut by a limit", "first draft valid", "after repair", "no answer", "unread"]
    rows = [head]
    for c in found:
        row = [*([c.group] if grouped else []), c.method, str(c.right.count), percent(c.right)]
        row += [*([f"{c.score:.2f}"] if graphs else []), f"{c.calls:.1f}", f"{c.tokens:,.0f}"]
        row += [
            *(["" if c.money is None else f"{c.money:.4f}"] if money else []),
            "" if c.seconds is None else f"{c.seconds:.1f}",
            of_all(c.known, c),
            of_all(c.free, c),
        ]
        row += [
            *([of_all(c.shared, c)] if shared else []),
            "" if c.spent is None else "under 1 %" if 0 < c.spent < 0.01 else f"{c.spent * 100:.0f} %",
        ]
        row += [of_all(c.cut, c), of(c.first_draft), of(c.drafted), count(c.failed)]
        rows.append([*row, count(c.unread)])
    return _told(rows)


def _told(rows: Table) -> Table:
    """A table without the columns in which nothing stands."""
    there = [index for index in range(len(rows[0])) if any(row[index] for row in rows[1:])]
    return [[row[index] for index in there] for row in rows]


def of_all(some: int, c: Cell) -> str:
    return f"{some}/{c.right.count}" if some else ""


def count(some: int) -> str:
    return str(some) if some else ""


def against(found: Sequence[Difference]) -> Table:
    """Every two methods, question by question."""
    head = ["first", "second", "questions", "lead of the first (95 %)", "only first right", "only second right"]
    rows = [[*head, "p", *(["p, all pairs"] if len(found) > 1 else [])]]
    for d in found:
        p = d.paired
        gap = f"{p.value * 100:+.0f} ({p.low * 100:+.0f} to {p.high * 100:+.0f})"
        rows.append([d.first, d.second, str(p.count), gap, str(p.first), str(p.second), f"{p.p:.3f}"])
        rows[-1] += [f"{d.p:.3f}"] if len(found) > 1 else []
    return rows


def markdown(table: Table) -> str:
    """A table as Markdown."""
    shown = [[escape(entry, quote=False).replace("|", "\\|").replace("\n", " ") for entry in row] for row in table]
    lines = [f"| {' | '.join(row)} |" for row in shown]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def plain(table: Table) -> str:
    """A table as text, in columns."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    lines = ["  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([lines[0], "─" * min(120, max(map(len, lines))), *lines[1:]])


def sections(rows: Sequence[Answered]) -> list[tuple[str, str, Table]]:
    """The parts of a report: title, a sentence about it, a table."""
    sets = cells(rows, lambda row: row.set)
    tasks = cells(rows)
    found = [
        ("All questions", _caution(rows), figures(overall(rows))),
        ("Methods against each other", _in_words(differences(rows)), against(differences(rows))),
    ]
    if len({c.group for c in sets}) > 1:
        found.append(("By set", "", figures(sets, "set")))
    if {c.group for c in tasks} != {c.group for c in sets} and len({c.group for c in tasks}) > 1:
        found.append(("By task", "", figures(tasks)))
    return [part for part in found if len(part[2]) > 1]


def _caution(rows: Sequence[Answered]) -> str:
    count = len({row.id for row in rows})
    said = f"{count} question{'' if count == 1 else 's'}; calls, tokens and dollars are means, seconds the median."
    if any(row.spent is not None for row in rows):
        said += " Every method has the same limits for a question, and tries as much as should fit into them."
    if any(row.known for row in rows):
        said += " Where a reply was known before, it cost nothing; the seconds of that answer are left out."
    return said + (" So few questions show only large differences." if count < FEW else "")


def _in_words(found: Iterable[Difference]) -> str:
    every = list(found)
    said = [d.in_words()[0].upper() + d.in_words()[1:] + "." for d in every if d.clear or len(every) <= FEW_PAIRS]
    if len(said) < len(every):
        said.append(f"{'No other' if said else 'No'} difference is clear.")
    if len(every) > 1:
        said.append("Of so many differences some look clear by chance; “p, all pairs” allows for it (Holm).")
    return " ".join(said)


def as_markdown(title: str, facts: Sequence[tuple[str, str]], rows: Sequence[Answered]) -> str:
    """The whole report as Markdown."""
    parts = [f"# {title}", "\n".join(f"- {name}: {value}" for name, value in facts)]
    for name, said, table in sections(rows):
        parts += [f"## {name}", *([said] if said else []), markdown(table)]
    return "\n\n".join(parts) + "\n"


def pictures(rows: Sequence[Answered]) -> list[tuple[str, str]]:
    """The pictures of a report, each with its title; none where the library that draws is not there."""
    if not plots.can_plot():
        return []
    found = overall(rows)
    drawn = [
        ("Accuracy against calls", plots.against_cost(found, lambda c: c.calls, "calls per question")),
        ("Accuracy against tokens", plots.against_cost(found, lambda c: c.tokens, "tokens per question")),
    ]
    if all(c.money is not None for c in found):
        drawn.append(("Accuracy against money", plots.against_cost(found, lambda c: c.money or 0, "$ per question")))
    groups = cells(rows, lambda row: row.set)
    if len({c.group for c in groups}) == 1:
        groups = cells(rows)
    if len({c.group for c in groups}) > 1:
        drawn.append(("Accuracy by group of questions", plots.by_group(groups)))
    return drawn


_HOW = (
    "In the folder of this page, <code>flowreason runs show RUN --store runs.db</code> shows every step of a run, and"
    " <code>flowreason runs why RUN --store runs.db --calls 0</code> what its answer rests on."
)
_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 78rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #8884; text-align: left }
td, th { white-space: nowrap } td.long { white-space: normal; min-width: 14rem }
td.wrong { color: #b3261e } td.right { color: #1a7f37 }
figure { margin: 1.5rem 0; background: #fff; color: #000; border-radius: 8px; padding: .5rem; display: inline-block }
figcaption { font-weight: 600 } svg { max-width: 100%; height: auto }
.scroll { overflow-x: auto } code { font-size: .92em }
"""


def in_order(rows: Iterable[Answered]) -> list[Answered]:
    """Rows by their questions, the methods in one order for each; they were made in that in which answers came."""
    every = list(rows)
    methods = {name: at for at, name in enumerate(dict.fromkeys(row.method for row in every))}
    return sorted(every, key=lambda row: (_natural(row.id), methods[row.method]))


def _natural(id: str) -> list[tuple[int, str]]:
    """An id as people sort it: `q/2` before `q/10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", id)]


def took(row: Answered) -> str:
    """How long an answer took; where a reply was known before, that says nothing of its method."""
    return "known before" if row.known else f"{row.seconds:.1f} s"


def as_html(title: str, facts: Sequence[tuple[str, str]], rows: Sequence[Answered], *, alone: bool = False) -> str:
    """The whole report as one page that loads nothing, with its pictures and every answer. `alone`: it is taken away
    without the folder that it stands in, and does not speak of the other files there."""
    listed = "".join(f"<li>{escape(name)}: {escape(value)}</li>" for name, value in facts)
    parts = [f"<h1>{escape(title)}</h1><ul>{listed}</ul>"]
    for name, said, table in sections(rows):
        parts.append(f"<h2>{escape(name)}</h2><p>{escape(said)}</p>{_table(table)}")
    drawn = pictures(rows)
    if not drawn:
        parts.append(f"<p>There are no pictures: {escape(plots.HINT)}.</p>")
    parts += [f"<figure><figcaption>{escape(name)}</figcaption>{svg}</figure>" for name, svg in drawn]
    parts.append(f"<h2>Every answer</h2>{'' if alone else f'<p>{_HOW}</p>'}{_answers(rows)}")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(entry)}</th>" for entry in table[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(entry)}</td>" for entry in row) + "</tr>" for row in table[1:])
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _answers(rows: Sequence[Answered]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("question", "method", "", "answer", "why", "calls", "took", "run"))
    lines = []
    for row in in_order(rows):
        kind, mark = ("right", "✓ right") if row.right else ("wrong", "✗ wrong")
        shown = row.answer if len(row.answer) <= 160 else row.answer[:160] + " …"
        why = row.why or (f"{row.status}: {row.error}" if row.failed else "")
        cellsof = (escape(row.id), escape(row.method), mark, escape(shown), escape(why[:240]))
        counted = (str(row.calls), took(row))
        kinds = ("", "", kind, "long", "long", "", "")
        tds = "".join(f'<td class="{k}">{c}</td>' for k, c in zip(kinds, cellsof + counted, strict=True))
        lines.append(f"<tr>{tds}<td><code>{escape(row.run)}</code></td></tr>")
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(lines)}</table></div>'
