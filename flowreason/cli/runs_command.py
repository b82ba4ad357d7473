"""`runs` and its commands: their options; what each does stands in a module of its own.

Invariant: `flowreason runs` alone lists what is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowreason.cli import options
from flowreason.cli.why_command import why
from flowreason.errors import UsageError

runs_app = typer.Typer(
    help="Runs that were kept: list, show, go on, replay, change, hand on.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Search = Annotated[
    str, typer.Option("--search", metavar="TEXT", help="Only those with all these words in the question or flow.")
]
Status = Annotated[
    str,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="Only those that are: running, waiting (for you), answered, failed, limit, cancelled, interrupted.",
    ),
]
Most = Annotated[int, typer.Option("-n", metavar="NUMBER", help="At most so many, the newest first.", min=1)]
Session = Annotated[
    int | None,
    typer.Option(
        "--session", metavar="NUMBER", help="Which time that it was started or resumed; else the last.", min=1
    ),
]
OutFile = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.", show_default=False)]


@runs_app.callback()
def runs(
    context: typer.Context,
    search: Search = "",
    status: Status = "",
    most: Most = 20,
    store: options.Store = None,
    json: options.Json = False,
) -> int | None:
    """Runs that were kept: list, show, go on, replay, change, hand on."""
    command = context.invoked_subcommand
    if command is None:
        from flowreason.cli.run_list import list_runs

        return list_runs(search, status, most, store, as_data=json)
    if search or status or store or json or most != 20:
        raise UsageError(f"write the options behind the command: flowreason runs {command} … --store PLACE")
    return None


@runs_app.command("list")
def list_(
    search: Search = "",
    status: Status = "",
    most: Most = 20,
    store: options.Store = None,
    json: options.Json = False,
) -> int:
    """Name the latest runs; so does `runs` alone."""
    from flowreason.cli.run_list import list_runs

    return list_runs(search, status, most, store, as_data=json)


@runs_app.command()
def show(
    run: options.Run,
    events: Annotated[bool, typer.Option("--events", help="Everything that happened, as JSON lines.")] = False,
    flow: Annotated[bool, typer.Option("--flow", help="The flow's text alone.")] = False,
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="FILE.svg", help="Draw the run instead; the ending says how.")
    ] = None,
    session: Session = None,
    whole: Annotated[bool, typer.Option("--all", help="Every round of every loop.")] = False,
    store: options.Store = None,
    json: options.Json = False,
    no_color: options.NoColor = False,
) -> int:
    """Show what happened in a run, as a tree of its steps."""
    from flowreason.cli.run_show import Wanted
    from flowreason.cli.run_show import show as show_run

    return show_run(run, store, Wanted(events, flow, json, draw, session, whole, no_color))


@runs_app.command()
@options.grouped
def resume(
    run: options.Run,
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            "-a",
            metavar="[STEP=]TEXT",
            help="What you answer to the step that asks; its name is needed where several ask. Repeatable.",
        ),
    ] = None,
    *,
    terms: options.Terms,
    shown: options.Shown,
) -> int:
    """Go on with a run that stopped, or waits for you.

    Whether it was interrupted, reached a limit, or failed: nothing that it has finished is done again. Tools are given
    anew; limits count over the whole run.
    """
    from flowreason.cli import run_again

    return run_again.resume(run, answer or [], terms, shown.screen(yes=True))


@runs_app.command()
@options.grouped
def replay(
    run: options.Run,
    pace: Annotated[
        float | None,
        typer.Option("--pace", help="1 as slow as it was, 0 at once. Without it, some seconds in all.", min=0.0),
    ] = None,
    session: Session = None,
    store: options.Store = None,
    *,
    shown: options.Shown,
) -> int:
    """Watch a run again, at no cost.

    Nothing is asked, nothing is done.
    """
    from flowreason.cli import run_again

    return run_again.replay(run, store, session, pace, shown.screen(yes=True))


@runs_app.command()
@options.grouped
def rerun(
    run: options.Run,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Inputs that are to be others.", show_default=False),
    ] = None,
    flow: Annotated[
        Path | None, typer.Option("--flow", metavar="FILE.flow", help="The flow, changed; `show --flow` gives it.")
    ] = None,
    yes: options.Yes = False,
    *,
    terms: options.Terms,
    shown: options.Shown,
) -> int:
    """Run again with something changed.

    With another flow, other inputs or another model. Only what that changes is done anew.
    """
    from flowreason.cli import run_again

    return run_again.rerun(run, flow, inputs or [], terms, shown.screen(yes=yes))


@runs_app.command()
@options.grouped
def fork(
    run: options.Run,
    change: Annotated[
        str,
        typer.Argument(metavar="STEP=VALUE", help="A node, as `show` names it, and its new value.", show_default=False),
    ],
    frame: Annotated[
        str | None,
        typer.Option(
            "--frame",
            metavar="FRAME",
            help="Which round or call is meant: main/flags[3], main/check/older~2.",
        ),
    ] = None,
    yes: options.Yes = False,
    *,
    terms: options.Terms,
    shown: options.Shown,
) -> int:
    """Ask what if: give one node another value.

    That makes a new run, in which only what depends on it is done anew. Besides steps, a loop (its list), a name after
    a branch (d.join) or loop (d.out), a decision (yes, no), an input and an answer can be given a value.
    """
    from flowreason.cli import run_again

    return run_again.fork(run, change, frame, terms, shown.screen(yes=yes))


runs_app.command("why")(why)


@runs_app.command()
def delete(
    runs: Annotated[list[str] | None, typer.Argument(metavar="RUN", help="Their ids.", show_default=False)] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Those untouched for so long: 90m, 12h, 30d, 2w.")
    ] = None,
    status: Status = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: options.Store = None,
) -> int:
    """Forget runs, and the answers that only they made use of."""
    from flowreason.cli.run_list import delete as delete_runs

    return delete_runs(runs or [], older_than, status, store, yes=yes)


@runs_app.command("export")
def export_(run: options.Run, out: OutFile, store: options.Store = None) -> int:
    """Write a run into one file for somebody else.

    Keys, the server's address and file paths are left out. What was asked and answered is in it: look into it first.
    """
    from flowreason.cli.run_files import export_file

    return export_file(run, out, store)


@runs_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` wrote.", show_default=False)],
    store: options.Store = None,
    json: options.Json = False,
) -> int:
    """Take in a run that somebody exported.

    It can be shown, replayed, forked and run again. Its answers are used for nothing else.
    """
    from flowreason.cli.run_files import import_file

    return import_file(file, store, as_data=json)
