"""What the options of the API's functions may be (see `wanted`), those that several of them have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowreason.engine.limits import Limits
from flowreason.wanted import CALLED, FLAG, PROVIDER, SANDBOX, STORE, TEXT, TOOLS, Kind, maybe

INPUTS: Final = maybe(Kind("a mapping of names to values: {'lines': […]}", lambda value: isinstance(value, Mapping)))

ASKED: Final[Mapping[str, Kind]] = {
    "model": maybe(TEXT),
    "base_url": maybe(TEXT),
    "api_key": maybe(TEXT),
    "provider": maybe(PROVIDER),
    "limits": maybe(Kind("limits: fr.Limits(calls=50)", lambda value: isinstance(value, Limits))),
    "on_event": maybe(CALLED),
}
"""Who is asked, within which limits."""

RUNNING: Final[Mapping[str, Kind]] = {
    **ASKED,
    "sandbox": maybe(SANDBOX),
    "unsafe_python": FLAG,
    "ask_user": maybe(CALLED),
    "confirm": maybe(CALLED),
    "approve": FLAG,
    "cache": FLAG,
    "on_run": maybe(CALLED),
}
"""How a run is run and kept."""

GRANTED: Final[Mapping[str, Kind]] = {
    **RUNNING,
    "tools": TOOLS,
    "on_flow": maybe(CALLED),
    "may_ask": maybe(FLAG),
}
"""What a run is given anew each time that it is resumed or made from another."""

KEPT: Final[Mapping[str, Kind]] = {"store": STORE}
