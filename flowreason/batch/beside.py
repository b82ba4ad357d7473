"""The small file beside a file of rows: what the rows are made of, under which name, and who writes them now.

Invariant: whoever holds it is the only one that writes the rows; it is made before the first of them.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from flowreason.errors import UsageError

VERSION = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What rows are made of. `way` is how people know the flow or method, `identity` how it is told from another."""

    way: str
    identity: str
    question: str
    inputs: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"way": self.way, "identity": self.identity, "question": self.question, "inputs": list(self.inputs)}


class Beside:
    """The file beside `path`. `name` is that of the batch. Raises `UsageError` where the rows are those of another."""

    def __init__(self, path: Path, made: Made) -> None:
        self._rows = path
        self.path = path.with_name(f"{path.name}.batch")
        self._file = self._held()
        try:
            text = self._file.read()
            self.name = self._same(text, made) if text.strip() else self._begun(made)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others write."""
        self._file.close()

    def anew(self) -> str:
        """How one begins anew."""
        return f"write to another file with -o, or remove {self._rows} and {self.path} to begin anew"

    def _held(self) -> IO[str]:
        try:
            if not self.path.exists() and self._rows.exists() and self._rows.stat().st_size:
                told = f"{self._rows} is there already, and no batch has written it"
                raise UsageError(f"{told};\nname another file with -o, or remove it")
            file = self.path.open("a+", encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(f"{self.path} cannot be written: {reason}") from None
        if not _lock(file):
            file.close()
            raise UsageError(f"{self._rows} is being written by another flowreason; wait for it, or stop it first")
        file.seek(0)
        return file

    def _begun(self, made: Made) -> str:
        name = secrets.token_hex(6)
        json.dump({"flowreason": "batch", "version": VERSION, "name": name} | made.as_json(), self._file)
        self._file.write("\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return name

    def _same(self, text: str, made: Made) -> str:
        try:
            before = json.loads(text)
            name, version = str(before["name"]), int(before["version"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise UsageError(f"{self.path} is damaged;\n{self.anew()}") from None
        if version > VERSION:
            raise UsageError(f"{self.path} was written by a newer flowreason; bring this one up to date")
        now = made.as_json()
        if before.get("identity") != now["identity"]:
            same = before.get("way") == now["way"]
            told = f"{made.way} before it changed" if same else f"{before.get('way')}, and not by {made.way}"
            raise UsageError(f"{self._rows} was answered by {told};\n{self.anew()}")
        for what in ("question", "inputs"):
            if before.get(what) != now[what]:
                was = before.get(what) or "none"
                named = was if isinstance(was, str) else ",".join(map(str, was))
                raise UsageError(f"{self._rows} was made with --{what} {named};\n{self.anew()}")
        return name


def _lock(file: IO[str]) -> bool:
    """Hold a file until it is closed, or this process ends; false where another does. Where that cannot be: true."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
