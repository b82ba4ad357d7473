"""What the app remembers of a person beside their runs: the limits that a run has where nothing else is said."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import flowreason as fr
from flowreason.errors import UsageError
from flowreason_ui.lasting import folder_of
from flowreason_ui.works import works

FILE = "app.json"


def _place() -> Path:
    return folder_of(works(), FILE)


def default_limits() -> fr.Limits:
    """The limits of a run where nothing else is said; what cannot be read is as if it were not there."""
    with suppress(OSError, ValueError, TypeError, KeyError, UsageError):
        return fr.Limits(**json.loads(_place().read_text(encoding="utf-8"))["limits"])
    return fr.Limits()


def keep_limits(limits: fr.Limits) -> None:
    """Remember these limits. Raises `UsageError` where they cannot be written."""
    place = _place()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = place.with_name(f".{FILE}.{os.getpid()}")
        aside.write_text(json.dumps({"limits": asdict(limits)}), encoding="utf-8")
        aside.replace(place)
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {(error.strerror or str(error)).lower()}") from None
