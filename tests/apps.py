"""The app without a browser: runs of its own, in a folder of the test, and its pages by Streamlit's AppTest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import flowreason_ui
from flowreason_ui.live import Live
from flowreason_ui.works import Works, set_works

SCRIPT = Path(flowreason_ui.__file__).parent / "script" / "app.py"
MARKUP = "<img src=x onerror=alert(1)> **bold** [link](http://evil.example) $x^2$ :material/home: :red[x] `c`"
"""What would be seen if it were taken as HTML or Markdown."""


@contextmanager
def alone(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Works]:
    """Runs of the app that know no model, and are kept in a folder."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "FLOWREASON_API_KEY", "FLOWREASON_BASE_URL", "FLOWREASON_MODEL"):
        patch.delenv(name, raising=False)
    config = folder / "config.toml"
    config.touch(mode=0o600)
    patch.setenv("FLOWREASON_CONFIG", str(config))
    made = Works(str(folder / "runs.db"))
    set_works(made)
    try:
        yield made
    finally:
        made.close()


def until(met: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until something is so; gives what it is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := met():
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come to that in time")


def ended(live: Live) -> Live:
    """A run that has come to its end."""
    until(lambda: live.over)
    return live


def opened(page: str = "", **query: str) -> AppTest:
    """The app at a page; nothing may go wrong there."""
    app = AppTest.from_file(str(SCRIPT), default_timeout=30)
    if page:
        app.run()
        app._page_hash = _hash_of(app, page)
    for name, value in query.items():
        app.query_params[name] = value
    return again(app)


def turned(app: AppTest, page: str) -> AppTest:
    """Another page of the same session."""
    app._page_hash = _hash_of(app, page)
    return again(app)


def _hash_of(app: AppTest, page: str) -> str:
    return next(key for key, info in app._registered_pages.items() if info.get("url_pathname") == page)


def again(app: AppTest) -> AppTest:
    """The page once more; nothing may go wrong there."""
    app.run()
    assert not app.exception, app.exception
    return app


def click(app: AppTest, words: str) -> AppTest:
    """Press the button that is called so."""
    (button,) = [each for each in app.button if words in str(each.label).replace("\\", "")]
    button.click()
    return again(app)


def press(app: AppTest, opener: str, inside: str) -> AppTest:
    """Press a button of a dialog. The page runs anew as a whole here, so that what opens it is pressed once more."""
    app.button(key=opener).click()
    app.button(key=inside).click()
    return app


def said(app: AppTest) -> str:
    """Everything that a page says, without what makes it safe."""
    parts = [*app.title, *app.header, *app.error, *app.warning, *app.info, *app.success, *app.caption, *app.text]
    parts += [*app.markdown, *app.code]
    words = [str(each.value) for each in parts] + [str(each.label) for each in app.button]
    words += [str(each.proto.label) for each in app.get("page_link")]
    return "\n".join(words).replace("\\", "").replace("\u2060", "")
