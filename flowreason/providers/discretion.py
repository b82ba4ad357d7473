"""What the libraries below log, without the secrets: an address, a reason or a header that a server sent may hold one.

Invariant: as long as a `Secrets` lives that was told here, nothing that these loggers write holds what it hides.
"""

from __future__ import annotations

import logging
from weakref import WeakSet

from flowreason.providers.secrets import Secrets

LOGGERS = ("httpx2", "openai", "openai._base_client", "openai._response", "aiohttp.client", "aiohttp.internal")
_held: WeakSet[Secrets] = WeakSet()


class Discretion(logging.Filter):
    """Writes records anew that would show a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = hidden = record.getMessage()
        for secrets in list(_held):
            hidden = secrets.hide(hidden)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True


_ONE = Discretion()


def keep_quiet_about(secrets: Secrets) -> None:
    """From now on these are not logged."""
    _held.add(secrets)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_ONE)  # a filter that is there already is not added again
