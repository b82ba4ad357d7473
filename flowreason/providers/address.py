"""The address of a model server, as its users write it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flowreason.errors import ConfigError
from flowreason.providers import chat, responses


def checked_url(url: str) -> str:
    """A base URL without a slash at its end. Raises `ConfigError` for what cannot be one."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        fine = parts.scheme in ("http", "https") and bool(host) and (parts.port is None or parts.port > 0)
        fine = fine and url.isprintable() and " " not in url and (":" in host or bool(host.encode("idna")))
    except ValueError:  # so is what IDNA says of a label that is empty or too long
        fine = False
    if not fine:
        shown = f"…@{url.rpartition('@')[2]}" if "@" in url else url
        raise ConfigError(f"this is no base URL: {shown[:100]!r}\nIt looks like http://localhost:11434/v1")
    url = url.rstrip("/")
    for path in (chat.PATH, responses.PATH):  # what is often pasted is the address of one of its APIs
        url = url.removesuffix(path)
    return url
