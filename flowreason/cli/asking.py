"""Who is asked: a recording, or the model that options, environment and config file name, within what is granted.

Invariant: what cannot be is told before anything is paid for; a model that a flow names and that was not granted is
never asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowreason as fr
from flowreason import reading
from flowreason.cli.options import Recording, Terms
from flowreason.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from flowreason.ports import Provider
    from flowreason.records import Plan


def provider_for(terms: Terms, recording: Recording, *, needed: bool = True) -> Provider:
    """Who answers a new run."""
    if recording.replay is None:
        reading.writable(recording.record, "--record")
        model = _configured(terms, needed)
        return _granted(terms, model if recording.record is None else fr.Recorder(model, recording.record))
    if recording.record is not None:
        raise UsageError("--replay and --record exclude each other; give one of them")
    for option in _traffic(terms):
        raise UsageError(f"--replay takes every reply from its file and sends nothing; leave out {option}")
    return _granted(terms, recorded(recording.replay))


def provider_again(terms: Terms, plan: Plan) -> Provider | None:
    """Who answers a run that goes on, where more is said of it than a model and a server; else None."""
    from flowreason.resuming import asked_before

    if not (_traffic(terms) or terms.only_model):
        return None
    model, server = asked_before(plan, terms.model, terms.base_url)
    return _granted(terms, _from_settings(terms, model, server))


def recorded(path: Path, pace: float = 0.0) -> Provider:
    """The replies of a recording."""
    try:
        return fr.Recorded(path, pace=pace)
    except fr.RecordingError as error:  # the file itself is at fault, and nothing has run
        raise UsageError(str(error)) from None


def _traffic(terms: Terms) -> dict[str, Any]:
    """What is said of how a server is asked, by option."""
    said = {
        "--requests-per-minute": terms.requests_per_minute,
        "--tokens-per-minute": terms.tokens_per_minute,
        "--fallback": terms.fallback,
    }
    return {option: value for option, value in said.items() if value}


def _configured(terms: Terms, needed: bool) -> Provider:
    try:
        return _from_settings(terms, terms.model, terms.base_url)
    except ConfigError:
        if needed:
            raise
        return fr.ScriptedProvider({})  # a flow that asks nothing needs no model


def _from_settings(terms: Terms, model: str | None, base_url: str | None) -> Provider:
    from flowreason.config import load_settings
    from flowreason.providers.choose import provider_from

    return provider_from(
        load_settings(
            model=model, base_url=base_url, requests_per_minute=terms.requests_per_minute,
            tokens_per_minute=terms.tokens_per_minute, fallback_models=terms.fallback or None,
        )
    )  # fmt: skip


def _granted(terms: Terms, provider: Provider) -> Provider:
    """The provider, for the models that may be asked."""
    return fr.OnlyModels(provider, terms.only_model) if terms.only_model else provider
