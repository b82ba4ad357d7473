"""Where answers and runs are kept: SQLite in the user's data folder, or a database by its URL.

Invariant: JSON only, and no key of any kind; what is read is checked as if a stranger had written it.
"""

from flowreason.store.choose import open_store
from flowreason.store.sql import SqlStore

__all__ = ["SqlStore", "open_store"]
