"""The app, with a browser to look at it or without one, for all tests of this folder that ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.browser import app, browser, wheel
from tests.server import Server

__all__ = ["app", "browser", "wheel"]


@pytest.fixture
def works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The runs of an app without a browser."""
    from tests.apps import alone  # Streamlit may not be installed

    with alone(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def server(works: Any) -> Iterator[Server]:
    """A model, connected to that app."""
    from flowreason_ui.connection import Connection

    with Server() as made:
        works.connection = Connection("heron", made.url, "key-for-tests")
        yield made
