"""Many questions at once, from a list, an iterator, a file or a frame, as a stream of rows.

`api` is the door. A `Source` gives items one at a time; a `Way` says what each asks and answers it; the `Window` works
at a few at once and takes no more than can be given out; `Batching` puts them together, with one provider, sandbox,
store and account (`engine.whole`) for all.
"""

import sys
from types import ModuleType
from typing import Any

from flowreason.batch.api import batch, batch_async
from flowreason.batch.row import Row

__all__ = ["Row", "batch", "batch_async"]


class _Door(ModuleType):
    """`flowreason.batch` is this package once it is imported, and the function by the public API: so it is both."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return batch(*args, **options)


sys.modules[__name__].__class__ = _Door
