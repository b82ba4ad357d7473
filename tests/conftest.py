"""Pytest's own log handler would count as somebody who listens, and every run would then tell everything at once.

`FLOWREASON_EXAMPLES=10` gives every property ten times as many examples.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

logging.getLogger("flowreason").propagate = False
TIMES = float(os.environ.get("FLOWREASON_EXAMPLES", "1"))
_SETTINGS = "_hypothesis_internal_use_settings"
settings.register_profile("flowreason", deadline=None)  # a clock on the wall tells what else the machine does
settings.load_profile("flowreason")


def pytest_configure(config: pytest.Config) -> None:
    """Few tests are handed out at once: of many, one process has the long ones, and the other nothing at the end."""
    if getattr(config.option, "maxschedchunk", 0) is None:
        config.option.maxschedchunk = 24


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for test in {getattr(item, "obj", None) for item in items} if TIMES != 1 else ():
        before = getattr(test, _SETTINGS, None)
        if before is not None:
            made = settings(before, max_examples=max(1, int(before.max_examples * TIMES)))
            setattr(getattr(test, "__func__", test), _SETTINGS, made)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """A page of the app that ran in this process stays `__main__`, which processes that later tests start would load."""
    main = sys.modules["__main__"]
    try:
        return (yield)
    finally:
        sys.modules["__main__"] = main


def pytest_collection_finish() -> None:
    """What was loaded stays until the end: looking through it again and again for garbage is a sixth of all time. Of
    what comes later it is a tenth, and of what is made of very long texts a fifth, where Python looks as often as usual.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
