"""A PostgreSQL of the tests' own: started from what is installed, on a socket in a temporary folder, gone with the tests.

Invariant: nothing listens on a network, nothing is left behind, and where PostgreSQL is not installed the reason is told.
"""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

_NUMBERS = itertools.count(1)
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_STARTER = ThreadPoolExecutor(1)
"""A server ends with the thread that started it: this one stays."""
_SETTINGS = {
    "listen_addresses": "", "fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB",
    "max_connections": "60", "autovacuum": "off", "logging_collector": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "dynamic_shared_memory_type": "mmap",
}  # fmt: skip


@cache
def programs() -> Path | None:
    """The folder of the newest PostgreSQL that is installed."""
    found = [Path(named).parent for named in [shutil.which("initdb")] if named]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    return next((each for each in found if (each / "postgres").exists() and (each / "initdb").exists()), None)


def missing() -> str | None:
    """Why there is none, or None where there is."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    return None if programs() else "PostgreSQL is not installed (Debian: postgresql)"


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL does not run as root."""
    if os.getuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            person = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
    raise RuntimeError("there is no user that PostgreSQL could run as")


def _dies_with_us() -> None:
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGQUIT)


class Cluster:
    """A running server. `url()` is an empty place in it."""

    def __init__(self) -> None:
        folder = programs()
        assert folder is not None
        self.root = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        who = _unprivileged()
        if who:
            os.chown(self.root, who["user"], who["group"])
        data = self.root / "data"
        common: dict[str, Any] = {**who, "cwd": self.root, "stdin": subprocess.DEVNULL}
        subprocess.run(
            [folder / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-N"],
            stdout=subprocess.DEVNULL, check=True, **common,
        )  # fmt: skip
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self.log = (self.root / "log").open("wb")
        self._start = lambda: subprocess.Popen(
            [folder / "postgres", "-D", data, "-k", self.root, *settings],
            stdout=self.log, stderr=self.log, preexec_fn=_dies_with_us, **common,  # noqa: PLW1509
        )  # fmt: skip
        self._server = _STARTER.submit(self._start).result()
        atexit.register(self.stop)
        self._await()

    def crash(self, seconds: float) -> None:
        """End at once, without a word to anybody, and be there again after a while."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(20)
        time.sleep(seconds)
        self._server = _STARTER.submit(self._start).result()
        self._await()

    def _await(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and self._server.poll() is None:
            try:
                return self.execute("SELECT 1")
            except Exception:  # noqa: BLE001 - it is still starting
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.root / 'log').read_text()[-2000:]}")

    def execute(self, statement: str, *values: Any) -> Any:
        """Run a statement beside the store; the rows that it gives."""
        import psycopg

        with psycopg.connect(host=str(self.root), user="tests", dbname="postgres", autocommit=True) as connection:
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else None

    def url(self) -> str:
        """An empty place: a schema of its own."""
        name = f"place{next(_NUMBERS)}_{os.getpid()}"
        self.execute(f"CREATE SCHEMA {name}")
        options = quote(f"-csearch_path={name}", safe="")
        return f"postgresql://tests@/postgres?host={quote(str(self.root), safe='')}&options={options}"

    def stop(self) -> None:
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(20)
        self.log.close()
        shutil.rmtree(self.root, ignore_errors=True)


@cache
def cluster() -> Cluster:
    """The one server of this process, started when it is first needed."""
    return Cluster()
