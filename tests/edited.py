"""The page Edit without a browser, whose script's part is plain: how it is opened, and what is found on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from flowreason_ui.drafting import Draft
from flowreason_ui.places import TEXT_TO_EDIT
from flowreason_ui.works import Works, set_works, works

PLAIN = (
    "flow f(name: text, times: int = 2, loud: bool = false, mood: \"calm\" | \"glad\" = \"calm\", rows: list[{a: int}]) -> text {\n"
    "  line = `f'{name} {times} {loud} {mood} {len(rows)}'`\n  answer line\n}\n"
)  # fmt: skip


@contextmanager
def without_script(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """No model, a store of its own, and no built script."""
    for name in ("OPENAI_API_KEY", "FLOWREASON_API_KEY", "FLOWREASON_BASE_URL", "OPENAI_BASE_URL"):
        patch.delenv(name, raising=False)
    patch.setenv("XDG_CONFIG_HOME", str(folder))
    patch.setattr("flowreason_ui.pages.edit.is_built", lambda _name: False)
    made = Works(str(folder / "runs.db"))
    set_works(made)
    yield
    made.close()


def script() -> None:
    from flowreason_ui.pages.edit import page

    page()


def opened(given: str | Draft | None = None) -> AppTest:
    app = AppTest.from_function(script, default_timeout=20)
    if given is not None:
        app.session_state[TEXT_TO_EDIT] = given
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    shown: list[Any] = [*app.error, *app.warning, *app.info, *app.caption, *app.markdown]
    return "\n".join(str(each.value) for each in shown)


def complaints(app: AppTest) -> list[str]:
    """What is told at fields."""
    return [each.value for each in app.markdown if each.value.startswith(":red[")]


def finished(app: AppTest) -> Any:
    """The run that was started, when it is over."""
    (live,) = works().runs.values()
    until = time.monotonic() + 15
    while not live.over and time.monotonic() < until:
        time.sleep(0.02)
    assert live.over
    return live


def typed(app: AppTest) -> Any:
    return next(each for each in app.text_area if str(each.key).startswith("edit-plain-"))


def field(app: AppTest, kind: str, name: str) -> Any:
    return next(each for each in app.get(kind) if str(each.key).startswith("edit-in-") and f"-{name}-" in str(each.key))
