"""The names that every piece finds: builtins, modules, the prelude; and imports of what is there.

Invariant: what `python_world` lists is there, nothing else can be imported. That keeps messages clear; the kernel,
not this file, keeps files and network away.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import sys
import types
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowreason.sandbox.inside.execute import executing
from flowreason.sandbox.inside.records import Record, field
from flowreason.sandbox.inside.rewrite import FIELD

_LATE = ("time", "_strptime", "encodings.latin_1", "encodings.utf_16", "encodings.cp1252", "encodings.unicode_escape")
_LATER = ("encodings.ascii", "encodings.utf_8_sig", "encodings.rot_13", "encodings.hex_codec", "encodings.punycode")
"""What the standard library loads on first use, when files are out of reach."""


class Names:
    """Everything that is loaded once, before the first piece."""

    def __init__(self) -> None:
        warnings.simplefilter("ignore")
        world = importlib.import_module("flowreason_dsl.python_world")
        prelude = importlib.import_module("flowreason_dsl.prelude")
        programs = importlib.import_module("flowreason_dsl.programs")
        self._importable = frozenset(world.IMPORTABLE)
        self._instead: Callable[[str], str | None] = world.instead_of_module
        modules = {name: importlib.import_module(name) for name in sorted(world.IMPORTABLE)}
        for name in (*_LATE, *_LATER):
            importlib.import_module(name)
        self.random = modules["random"]
        _seeded(self.random)
        _frozen(modules["textwrap"])
        self.builtins: dict[str, Any] = {
            **{name: value for name, value in vars(builtins).items() if name not in _ABSENT},
            **{name: modules[name] for name in world.MODULES},
            **{name: _giving_records(getattr(prelude, name)) for name in prelude.__all__},
            "execute": executing(lambda: self.builtins, programs.unfenced),
            "__import__": self._import,
            FIELD: field,
            "__name__": "builtins",
            **{name: _refusing(error, text) for name, (error, text) in _REFUSED.items()},
        }
        sys.path.clear()

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        if level == 0 and (name in self._importable or name in _LATE):
            return __import__(name, globals, locals, fromlist, level)
        advice = self._instead(name)
        raise ModuleNotFoundError(f"the module {name} is not here" + (f": {advice}" if advice else ""), name=name)


_ABSENT = frozenset({"copyright", "credits", "exit", "help", "license", "quit", "_"})
_REFUSED: dict[str, tuple[type[Exception], str]] = {
    "open": (PermissionError, "Python in a flow has no files: hand the text over as a parameter of the flow"),
    "input": (RuntimeError, "nobody types here: a flow asks the person with `ask user`"),
    "breakpoint": (RuntimeError, "there is no debugger here"),
    "exit": (RuntimeError, "a piece ends with its last expression, or with `return`"),
    "quit": (RuntimeError, "a piece ends with its last expression, or with `return`"),
    "help": (RuntimeError, "there is no help here"),
}


def _seeded(random: Any) -> None:
    """Let all that draws by chance depend on the seed of the piece, also what is not given one itself."""
    seed = random.seed

    class Random(random.Random):  # type: ignore[misc]
        def seed(self, a: Any = None, version: int = 2) -> None:
            super().seed(random.getrandbits(256) if a is None else a, version)

    Random.__module__, Random.__qualname__ = "random", "Random"
    random.Random = random.SystemRandom = Random
    random.seed = lambda a=None, version=2: seed(random.getrandbits(256) if a is None else a, version)
    random.seed(0)


def _frozen(textwrap: Any) -> None:
    """Keep the table that is handed to the `translate` of whatever is wrapped from being changed by it."""
    wrapper = textwrap.TextWrapper
    wrapper.unicode_whitespace_trans = types.MappingProxyType(wrapper.unicode_whitespace_trans)


def _refusing(error: type[Exception], text: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise error(text)

    return refuse


def _giving_records(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        return Record(found) if type(found) is dict else found

    return call
