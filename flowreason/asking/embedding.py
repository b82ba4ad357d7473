"""An ask that wants no words (`with embed=…`): which texts it sends, and what of the reply is its value.

Invariant: a value has as many places as there are texts, and all of them have equally many numbers, each finite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flowreason.asking.json_text import MISSING, loads
from flowreason.asking.misfit import Misfit, named, shorten
from flowreason.asking.prompt import fill, look_up
from flowreason.ports import Request
from flowreason.values import show
from flowreason_dsl.expected import EMBEDDINGS
from flowreason_dsl.syntax import Path, Template
from flowreason_dsl.types import Type

_WAY_OUT = "name a model of embeddings (embed=…), or leave `embed` out: nearest() and clusters() compare words then"


def texts_of(question: Template, values: Mapping[str, Any], type: Type) -> tuple[bool, list[str]]:
    """Whether each text of a list is meant, and the texts. Raises `Misfit` where the value is not such a list."""
    only = question.parts[0] if len(question.parts) == 1 else None
    found = look_up(only, values) if isinstance(only, Path) else None
    if type != EMBEDDINGS:
        if isinstance(found, list | tuple):
            raise Misfit(f"{_named(only)} is a list; declare the step `{EMBEDDINGS}` to have each text embedded")
        return False, [fill(question, values)]
    if not isinstance(found, list | tuple):
        raise Misfit(f"{_named(only)} is {named(found)}, and a list of texts is needed to have each of them embedded")
    return True, [show(each) for each in found]


def _named(path: object) -> str:
    """What is embedded, in a message."""
    return f"`{path.name.text}`" if isinstance(path, Path) else "the text"


def read(text: str, request: Request) -> Any:
    """Where the text, or each of the texts, stands. Raises `Misfit` for a reply that does not say so."""
    found = loads(text)
    if found is MISSING or not isinstance(found, list):
        raise Misfit(f"the model gave no embedding but {shorten(text, 80)!r}; {_WAY_OUT}")
    places = found if request.embed == "each" else [found]
    if len(places) != len(request.messages) or not all(map(_is_place, places)) or len({*map(len, places)}) > 1:
        raise Misfit(f"the embeddings are not a list of numbers for each of {len(request.messages)} texts; {_WAY_OUT}")
    return found


def _is_place(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in value)
