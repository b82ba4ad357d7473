"""Adapters of the `Provider` port: model servers, scripted replies, recordings.

Invariant: importing these modules loads no third-party library; a client is loaded when the first request is sent.
"""

from flowreason.providers.openai import OpenAIProvider
from flowreason.providers.recorded import Recorded, Recorder
from flowreason.providers.scripted import ScriptedProvider

__all__ = ["OpenAIProvider", "Recorded", "Recorder", "ScriptedProvider"]
