"""What Python in a flow finds without defining it: builtins, modules, and the prelude.

Invariant: what stands here is there in every sandbox; what does not stand here is reported before anything runs.
"""

from __future__ import annotations

import builtins

from flowreason_dsl import prelude

BUILTINS = frozenset(dir(builtins)) - {"copyright", "credits", "exit", "help", "license", "quit", "_"}

MODULES = frozenset({
    "bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "functools", "heapq", "itertools", "json", "math", "numbers", "operator", "random", "re", "statistics", "string",
    "textwrap", "typing", "unicodedata",
})  # fmt: skip
"""Modules that are there without an import."""

IMPORTABLE = MODULES | {"__future__", "abc", "collections.abc"}
"""Modules that may be imported."""

PRELUDE = frozenset(prelude.__all__)
"""What reasoning needs, from `flowreason_dsl.prelude`."""

_FILES = "Python in a flow has no files: hand the text over as a parameter of the flow"
_NETWORK = "Python in a flow has no network: declare a `tool` that the caller gives"
_ASKING = 'a flow asks the model with `ask "…"`'
_ARRAYS = "use plain lists with `math`, `statistics` and `collections`"
_CLOCK = "use `datetime`; a flow needs no waiting"

_INSTEAD = {
    **dict.fromkeys(("os", "sys", "pathlib", "io", "shutil", "glob", "csv", "tempfile", "pickle", "sqlite3"), _FILES),
    **dict.fromkeys(("requests", "urllib", "http", "httpx", "socket", "aiohttp", "bs4", "wikipedia"), _NETWORK),
    **dict.fromkeys(("openai", "anthropic", "transformers", "langchain", "ollama"), _ASKING),
    **dict.fromkeys(("numpy", "pandas", "scipy", "torch", "sklearn"), _ARRAYS),
    **dict.fromkeys(("time", "asyncio", "threading", "concurrent", "multiprocessing"), _CLOCK),
    "sympy": "compute with `fractions` and `math`, or ask the model for the formula",
    "networkx": "use a dict of lists, and `parse_graph` to read edges from text",
    "nltk": "use `words`, `re` and `str` methods",
}


def instead_of_module(module: str) -> str | None:
    """What a flow does instead of importing a module that is not there."""
    return _INSTEAD.get(module.split(".", maxsplit=1)[0])
