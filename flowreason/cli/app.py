"""The commands and their options; what each does stands in a module of its own.

Invariant: every way out of a command goes through `run_command`, which alone decides the exit code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowreason.cli import failures, options, output
from flowreason.cli.batch_command import batch
from flowreason.cli.evaluate_command import evaluate
from flowreason.cli.examples_command import examples_app
from flowreason.cli.grammar_command import print_grammar
from flowreason.cli.lsp_command import run_server
from flowreason.cli.methods_command import methods
from flowreason.cli.runs_command import runs_app
from flowreason.cli.ui_command import open_app
from flowreason.errors import UsageError

app = typer.Typer(
    name="flowreason",
    help="Turn a question into a flowchart written by a language model, check it, price it, run it, answer.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(runs_app, name="runs")
app.add_typer(examples_app, name="examples")

# typer's own name for what click calls ClickException has moved between releases; BadParameter has stayed.
_UsageFault: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def run_command(arguments: list[str]) -> int:
    """Run one command line; gives the exit code."""
    output.make_sure_of_streams()
    output.use_utf8()
    as_data = "--json" in arguments
    try:
        code = app(args=arguments, prog_name="flowreason", standalone_mode=False)
        return code if isinstance(code, int) else failures.ANSWERED
    except _UsageFault as fault:
        return _misused(fault, as_data)
    except typer.Abort:
        output.note("")
        return failures.CANCELLED
    except BrokenPipeError:
        output.leave_quietly()
        return failures.ANSWERED
    except BaseException as error:
        if output.reader_has_gone(error):
            output.leave_quietly()
            return failures.ANSWERED
        if not failures.is_expected(error):
            raise
        failures.print_error(error, as_data=as_data)
        return failures.exit_code(error)


def _misused(fault: Exception, as_data: bool) -> int:
    context = getattr(fault, "ctx", None)
    message = getattr(fault, "format_message", lambda: str(fault))().strip()
    if context is not None and message in ("", context.get_help().strip()):  # no command at all
        output.note(context.get_help())
        return failures.MISUSED
    message = " ".join(message.split()).replace("Value error, ", "")
    command = context.command_path if context else "flowreason"
    failures.print_error(UsageError(f"{message}\nSee: {command} --help"), as_data=as_data)
    return failures.MISUSED


def _version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def _options(
    version_: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command()
@options.grouped
def solve(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="The question; - reads stdin, @FILE a file.", show_default=False)
    ],
    method: options.Method = "graph",
    inputs: options.Inputs = None,
    flow_out: Annotated[
        Path | None, typer.Option("--flow-out", metavar="FILE.flow", help="Keep the flow that was written.")
    ] = None,
    yes: options.Yes = False,
    may_ask: options.MayAsk = False,
    early: options.Early = True,
    *,
    terms: options.Terms,
    recording: options.Recording,
    shown: options.Shown,
) -> int:
    """Answer a question through a flow written for it, or by a method of your choice."""
    from flowreason.cli.running import Order, solve_question

    order = Order(terms, recording, may_ask, early, method)
    return solve_question(question, inputs or [], order, shown.screen(yes=yes), flow_out)


@app.command()
@options.grouped
def run(
    file: options.FlowFile,
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...",
            help="Inputs; NAME=@FILE takes a file (.json its value, .jsonl and .csv a list, else text), @FILE.json a "
            "record of them.",
            show_default=False,
        ),
    ] = None,
    yes: options.Yes = False,
    *,
    terms: options.Terms,
    recording: options.Recording,
    shown: options.Shown,
) -> int:
    """Run a flow from a file, or library:NAME."""
    from flowreason.cli.running import Order, run_file

    return run_file(file, inputs or [], Order(terms, recording), shown.screen(yes=yes))


@app.command()
def check(
    files: options.FlowFiles,
    tools: options.Tools = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Mend what is certain, in place (- writes to stdout): errors and hints. "
            "Warnings are left, as their fixes change what the model is asked.",
        ),
    ] = False,
    format_: Annotated[
        str | None, typer.Option("--format", "-f", metavar="FORMAT", help="How to report: text, json or sarif.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Find everything that is wrong with flows."""
    from flowreason.cli.checking import check_files

    if json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} contradict one another; give one of them")
    return check_files(files, tools, "json" if json else format_ or "text", fix=fix)


@app.command("format")
def format_(
    files: options.FlowFiles,
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file would change.")
    ] = False,
) -> int:
    """Write flows in the one style, in place."""
    from flowreason.cli.texts import format_files

    return format_files(files, check_only=check_only)


@app.command()
def draw(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.flow", help="The flow; - reads stdin.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Its ending says the format; else stdout, as SVG."),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", metavar="FORMAT", help="svg, png, pdf, dot, mmd or json; with --import also flow."
        ),
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import",
            metavar="GRAPH.json",
            help="Take a graph instead, and write its flow as text, or draw it; - stdin.",
        ),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of such graphs.")] = False,
    tools: options.Tools = None,
) -> int:
    """Draw a flow, or make one from its graph."""
    from flowreason.cli import texts

    if [file is not None, import_ is not None, schema].count(True) != 1:
        raise UsageError(
            "name one thing to draw: FILE.flow, --import GRAPH.json, or --schema for the form of such graphs"
        )
    if schema:
        return texts.print_schema()
    if import_ is not None:
        return texts.import_graph(import_, out, format_, tools)
    assert file is not None
    return texts.draw_file(file, out, format_, tools)


@app.command()
def price(
    file: options.FlowFile,
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Inputs, where known.", show_default=False)
    ] = None,
    model: options.Model = None,
    tools: options.Tools = None,
    json: options.Json = False,
) -> int:
    """Say what a flow can take: calls, tokens, money."""
    from flowreason.cli.pricing import price_file

    return price_file(file, inputs or [], model, tools, as_data=json)


app.command("grammar")(print_grammar)
app.command("lsp")(run_server)
app.command("methods")(methods)
app.command("ui")(open_app)
app.command("batch")(batch)
app.command("evaluate")(evaluate)


@app.command()
def version() -> None:
    """Show the version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        output.emit(f"flowreason {installed('flowreason')}")
    except PackageNotFoundError:
        output.emit("flowreason (not installed)")
