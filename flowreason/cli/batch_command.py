"""`batch`: many questions from a file, answered into another.

Invariant: what the files, the flow and the options have wrong is told before anything is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowreason.cli import options

Questions = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS", help="A .jsonl, .csv or .tsv file; - reads lines of JSON from stdin.", show_default=False
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE",
        help="Where the rows go: .jsonl, .csv or .tsv. The same command goes on where it was stopped. Else stdout.",
    ),
]  # fmt: skip
FlowOption = Annotated[
    Path | None,
    typer.Option(
        "--flow", metavar="FILE.flow", help="Run this flow (or library:NAME); columns are its inputs, by their names."
    ),
]
MethodOption = Annotated[
    str | None,
    typer.Option(
        "--method", metavar="NAME", help="How each question is answered, as for solve. Else a flow is written for each."
    ),
]
Compile = Annotated[
    str,
    typer.Option(
        "--compile", metavar="each|once",
        help="Write a flow for each question, or once for those of one shape; what it does not fit has its own.",
    ),
]  # fmt: skip
Shape = Annotated[
    str, typer.Option("--shape", metavar="COLUMN", help="The column that names the shape. Else found by the words.")
]
Question = Annotated[str, typer.Option("--question", metavar="COLUMN", help="The column of the question.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--inputs", metavar="COLUMNS", help="Columns that are given with the question: a,b. Repeatable."),
]
Id = Annotated[str, typer.Option("--id", metavar="COLUMN", help="The column of the row's id.")]
Concurrency = Annotated[
    int, typer.Option("--concurrency", "-c", metavar="NUMBER", help="Questions at once.", min=1, max=10_000)
]
TotalLimit = Annotated[
    list[str] | None,
    typer.Option(
        "--total-limit", "-L", metavar="NAME=NUMBER",
        help="Of all questions together: calls, tokens, money, or seconds. --limit is for each. Repeatable.",
    ),
]  # fmt: skip
InOrder = Annotated[bool, typer.Option("--in-order", help="Write rows in the order of the questions.")]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Answer those again that failed; their rows are replaced.")
]


@options.grouped
def batch(
    questions: Questions,
    out: Out = None,
    flow: FlowOption = None,
    method: MethodOption = None,
    compile_: Compile = "each",
    shape: Shape = "",
    question: Question = "question",
    inputs: Inputs = None,
    id_: Id = "id",
    concurrency: Concurrency = 16,
    total_limit: TotalLimit = None,
    in_order: InOrder = False,
    retry_failed: RetryFailed = False,
    yes: options.Yes = False,
    early: options.Early = True,
    *,
    terms: options.Terms,
    recording: options.Recording,
    shown: options.Shown,
) -> int:
    """Answer many questions, several at once, from a file into another.

    Ctrl-C finishes the questions under way, a second one stops them; the same command goes on afterwards, and pays for
    nothing twice. Exit codes: 0 all are answered, 1 some are not, 2 wrong use, 3 a limit over all was reached,
    128 and more: stopped by that signal (130 Ctrl-C).
    """
    from flowreason.cli.batch_running import Wish, answer_all

    columns = tuple(part.strip() for each in inputs or () for part in each.split(",") if part.strip())
    wish = Wish(
        questions, out, flow, method, question, columns, id_, concurrency, tuple(total_limit or ()), in_order,
        retry_failed, yes, early, compile_, shape,
    )  # fmt: skip
    return answer_all(wish, terms, recording, shown)
