"""Adapters of the `Provider` port: model servers, scripted replies, recordings.

Invariant: each adapter is loaded when it is first named, and the client of a model server when the first request is
sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowreason.providers.openai import OpenAIProvider
    from flowreason.providers.recorded import Recorded, Recorder
    from flowreason.providers.scripted import ScriptedProvider

__all__ = ["OpenAIProvider", "Recorded", "Recorder", "ScriptedProvider"]

_HOMES = {"OpenAIProvider": "openai", "Recorded": "recorded", "Recorder": "recorded", "ScriptedProvider": "scripted"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
