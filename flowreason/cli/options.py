"""The options that several commands share, each written once, and the groups in which commands take them.

Invariant: a command that takes a group takes all of it, so that what one way of running has, every other has as well.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from flowreason.engine.limits import Limits

C = TypeVar("C", bound=Callable[..., Any])

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Model = Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="The model to ask.")]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="An OpenAI-compatible server, ending in /v1.")
]
RequestsPerMinute = Annotated[
    int | None,
    typer.Option("--requests-per-minute", metavar="NUMBER", help="Send at most so many requests a minute.", min=1),
]
TokensPerMinute = Annotated[
    int | None,
    typer.Option(
        "--tokens-per-minute", metavar="NUMBER", help="Send and receive at most about so many tokens a minute.", min=1
    ),
]
Fallback = Annotated[
    list[str] | None,
    typer.Option(
        "--fallback",
        metavar="MODEL",
        help="Asked where the model before has no credit, is unknown or has too much to do. Repeatable, in order.",
    ),
]
OnlyModel = Annotated[
    list[str] | None,
    typer.Option(
        "--only-model",
        metavar="NAME",
        help="Of the models that the flow names itself, ask this one and no other. Repeatable.",
    ),
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
        "lists, or FILE.flow; with parameters as NAME(samples=9).",
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


# --- groups ---


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run is given: who is asked, within which limits, what it may do, and where it is kept."""

    model: Model = None
    base_url: BaseUrl = None
    requests_per_minute: RequestsPerMinute = None
    tokens_per_minute: TokensPerMinute = None
    fallback: Fallback = None
    only_model: OnlyModel = None
    limit: Limit = None
    tools: Tools = None
    unsafe_python: UnsafePython = False
    store: Store = None
    no_cache: NoCache = False
    approve: Approve = False

    @property
    def place(self) -> str:
        """The store, as the API takes it."""
        return self.store or "default"

    def limits(self, base: Limits | None = None) -> Limits:
        """The limits that are named, and the others as they were."""
        from flowreason.engine.limits import Limits

        return Limits.parse(self.limit or (), base)


@dataclass(frozen=True, slots=True)
class Recording:
    """Where replies are written to, or taken from."""

    record: Record = None
    replay: Replay = None


@dataclass(frozen=True, slots=True)
class Screen:
    """How a run is shown, and whether the person is asked before it."""

    as_data: bool = False
    quiet: bool = False
    no_color: bool = False
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """How a run is shown."""

    as_data: Json = False
    quiet: Quiet = False
    no_color: NoColor = False

    def screen(self, *, yes: bool) -> Screen:
        return Screen(self.as_data, self.quiet, self.no_color, yes)


def grouped(command: C) -> C:
    """The command as typer needs it: with the options of its groups one by one."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    @functools.wraps(command)
    def call(**given: Any) -> Any:
        for name, group in groups.items():
            given[name] = group(**{each.name: given.pop(each.name) for each in fields(group)})
        return command(**given)

    parameters = list(_one_by_one(command, hints, groups))
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    del call.__wrapped__
    return call  # type: ignore[return-value]


def _one_by_one(command: Any, hints: dict[str, Any], groups: dict[str, Any]) -> Iterator[inspect.Parameter]:
    for each in inspect.signature(command).parameters.values():
        if each.name not in groups:
            yield each.replace(annotation=hints[each.name], kind=each.KEYWORD_ONLY)
            continue
        inner = get_type_hints(groups[each.name], include_extras=True)
        for field in fields(groups[each.name]):
            yield inspect.Parameter(field.name, each.KEYWORD_ONLY, default=field.default, annotation=inner[field.name])
