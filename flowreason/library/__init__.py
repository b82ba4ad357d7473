"""The reasoning methods as flows, each a file in this folder: `load("least_to_most")`, or `library.least_to_most`.

Invariant: a name that is given by anybody is looked up in the list of the files here, and never makes a path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from flowreason.errors import UsageError
from flowreason.flow import Flow, Tools, loads
from flowreason_dsl.names import nearest

if TYPE_CHECKING:
    from flowreason_dsl import syntax

PREFIX = "library:"
"""Before the name of a flow that is the library's, where a file could be meant as well."""
ENDING = ".flow"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as the language writes it: `default` is its text, empty where it must be given."""

    name: str
    type: str
    default: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.type}" + (f" = {self.default}" if self.default else "")


@dataclass(frozen=True, slots=True)
class Description:
    """What a method says of itself: `summary` is the first sentence of its `about`, `text` the whole flow."""

    name: str
    summary: str
    about: str
    parameters: tuple[Parameter, ...]
    returns: str
    text: str


@cache
def names() -> tuple[str, ...]:
    """The methods that there are, in the order of the alphabet."""
    found = (each.name for each in files(__name__).iterdir())
    return tuple(sorted(each.removesuffix(ENDING) for each in found if each.endswith(ENDING)))


def resolved(name: str) -> str:
    """The method that a name means, `-` and `_` alike. Raises `UsageError` that offers the nearest names."""
    plain = plainly(name)
    if plain in names():
        return plain
    close = like(plain, names())
    offer = f"did you mean {close}?" if close else f"there are: {', '.join(names())}"
    raise UsageError(f"there is no method {name.strip().removeprefix(PREFIX)[:60]!r} in the library; {offer}")


def plainly(name: str) -> str:
    """A name as the files are called."""
    return name.strip().removeprefix(PREFIX).removesuffix(ENDING).replace("-", "_").lower()


def like(name: str, known: tuple[str, ...]) -> str | None:
    """The name that was most likely meant: by its initials (`cot`), or by its spelling."""
    by_initials = [each for each in known if "_" in each and name == "".join(word[0] for word in each.split("_"))]
    return by_initials[0] if len(by_initials) == 1 else nearest(name, known)


def load(name: str, tools: Tools = ()) -> Flow:
    """A method as a checked flow. `tools` are those that it declares. Raises `UsageError` for a name that is none."""
    found = resolved(name)
    tools = tuple(tools)
    return _loaded(found, tools) if tools else _alone(found)


def _loaded(name: str, tools: Tools) -> Flow:
    return loads(_text(name), name=PREFIX + name, tools=tools)


@cache
def _alone(name: str) -> Flow:
    return _loaded(name, ())


def _text(name: str) -> str:
    return files(__name__).joinpath(name + ENDING).read_text(encoding="utf-8")


def describe(name: str) -> Description:
    """What a method is for, and what it takes. Raises `UsageError` for a name that is none."""
    return described(load(name))


def described(flow: Flow) -> Description:
    """What any flow says of itself."""
    main = flow.checked.flow.main
    about = (main.doc or "").strip()
    return Description(
        flow.name,
        first_sentence(about),
        about,
        tuple(_parameter(each, flow.text) for each in main.parameters),
        str(main.returns.type) if main.returns else "any",
        flow.text,
    )


def _parameter(tree: syntax.Parameter, text: str) -> Parameter:
    default = text[tree.type.span.end : tree.span.end].partition("=")[2]
    return Parameter(tree.name.text, str(tree.type.type), " ".join(default.split()))


def first_sentence(text: str) -> str:
    """The first sentence of a text, on one line."""
    words = " ".join(text.partition("\n\n")[0].split())
    end = re.search(r"[.!?](?= [A-Z]|$)", words)
    return words if end is None else words[: end.end()]


def __getattr__(name: str) -> Flow:
    if name.startswith("_") or name not in names():
        close = None if name.startswith("_") else like(plainly(name), names())
        raise AttributeError(f"the library has no method {name!r}" + (f"; did you mean {close}?" if close else ""))
    return load(name)


def __dir__() -> list[str]:
    return sorted({*names(), "describe", "load", "names"})
