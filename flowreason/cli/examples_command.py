"""The recorded examples: list them, show one, copy one, play one without a key."""

from __future__ import annotations

import json as json_module
import shutil
from pathlib import Path
from typing import Annotated

import typer

from flowreason.cli import options, output
from flowreason.errors import UsageError
from flowreason.examples_catalog import Example, catalog, find

examples_app = typer.Typer(
    help="Recorded examples: list, show, copy, play.", rich_markup_mode=None, invoke_without_command=True
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `flowreason examples` lists it.", show_default=False)]


@examples_app.callback()
def examples(context: typer.Context, json: options.Json = False) -> None:
    """Recorded examples: list, show, copy, play."""
    if context.invoked_subcommand is None:
        list_examples(json)


@examples_app.command("list")
def list_examples(json: options.Json = False) -> None:
    """Name them all."""
    found = catalog()
    if json:
        rows = [{"name": each.name, "question": each.question, "folder": str(each.folder)} for each in found]
        output.emit(json_module.dumps(rows, ensure_ascii=False))
        return
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        output.emit(f"{each.name:<{width}}  {each.first_line}")
    output.note("\nPlay one: flowreason examples play NAME" if found else "There are no examples here.")


@examples_app.command("show")
def show(name: Name, json: options.Json = False) -> None:
    """Print an example's question and flow."""
    example = find(name)
    if json:
        data = {"name": name, "question": example.question, "inputs": example.inputs, "flow": example.flow}
        output.emit(json_module.dumps(data, ensure_ascii=False))
    else:
        output.emit(f"# {example.question}\n\n{example.flow}".replace("\n", "\n", 1))


@examples_app.command("copy")
def copy(
    name: Name,
    to: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Else one of the example's name, in this folder.", show_default=False),
    ] = None,
) -> None:
    """Copy an example into a folder of your own, to change it."""
    example = find(name)
    target = to or Path(name)
    if target.exists():
        raise UsageError(f"{target} is there already; name another folder")
    shutil.copytree(example.folder, target, ignore=shutil.ignore_patterns("__pycache__"))
    output.note(f"Copied to {target}. Run it:\n  {_command(Example(target))}")


def _command(example: Example) -> str:
    """The command that runs an example's flow from its recorded replies."""
    inputs = example.folder / "inputs.json"
    given = [f"@{inputs}"] if inputs.exists() else []
    tools = ["--tools", example.tools] if example.tools else []
    parts = ["flowreason run", example.folder / "flow.flow", *given, *tools, "--replay", example.replies]
    return " ".join(map(str, parts))


@examples_app.command("play")
def play(
    name: Name,
    pace: Annotated[
        float | None,
        typer.Option("--pace", help="1 as slow as the model was, 0 at once. Without it, some seconds in all.", min=0.0),
    ] = None,
    flow_out: Annotated[Path | None, typer.Option("--flow-out", metavar="FILE.flow", help="Keep the flow.")] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
) -> int:
    """Answer an example's question from its recorded replies: write the flow, check it, run it."""
    from flowreason.cli.options import Screen
    from flowreason.cli.running import play_example

    return play_example(find(name), pace, Screen(json, quiet, no_color, yes=True), flow_out)
