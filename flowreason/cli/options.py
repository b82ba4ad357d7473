"""The options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="The model to ask.")]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="An OpenAI-compatible server, ending in /v1.")
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=VALUE",
        help="An input; NAME=@FILE takes a file: .json its value, .jsonl and .csv a list, else its text; "
        "@FILE.json a record of inputs. Repeatable.",
    ),
]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", "-l", metavar="NAME=NUMBER", help="calls, tokens, money, seconds, depth or rounds. Repeatable."
    ),
]
Record = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Write the replies to a file, asking for each anew."),
]
Replay = Annotated[
    Path | None, typer.Option("--replay", metavar="FILE", help="Take the replies from such a file; no key needed.")
]
Tools = Annotated[
    Path | None,
    typer.Option("--tools", metavar="FILE.py", help="Python functions that the flow may call, marked with @tool."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a run that may exceed the limits.")]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="NAME",
        help="How: graph (a flow is written), auto (chosen by question and limits), a name that `flowreason methods` "
        "lists, or FILE.flow.",
    ),
]
MayAsk = Annotated[bool, typer.Option("--may-ask", help="The flow may ask you, at the terminal, what only you know.")]
UnsafePython = Annotated[
    bool, typer.Option("--unsafe-python", help="Run the flow's Python without a sandbox. Only for flows you trust.")
]
Early = Annotated[
    bool,
    typer.Option(
        "--early/--no-early",
        help="Begin steps that are certain while the rest of the flow is written; or wait for its price.",
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        help="Where runs are kept: a path, a postgresql:// URL, or none. Else FLOWREASON_STORE, or a file of your own.",
        show_default=False,
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Take no answers of earlier runs; ask everything anew.")]
Approve = Annotated[bool, typer.Option("--approve", help="Ask you before each call of a tool that has effects.")]
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", help="Its id, as much of its beginning as is unique, or last.", show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show the answer only.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours (so does NO_COLOR in the environment).")]
FlowFile = Annotated[Path, typer.Argument(metavar="FILE.flow", help="The flow; - reads stdin.", show_default=False)]
FlowFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE.flow...", help="The flows; - reads stdin.", show_default=False)
]
