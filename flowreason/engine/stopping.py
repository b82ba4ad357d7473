"""Who was cancelled: the one who waits, or what it waits for. Only the first ends a run."""

from __future__ import annotations

import asyncio


def is_cancelled() -> bool:
    """Whether somebody has cancelled the task that is running; else a `CancelledError` came out of what it called."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
