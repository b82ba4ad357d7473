"""What was given to be sent and never to be shown: the key, the headers' values, a name and password in an address.

Invariant: a `Secrets` says nothing of what it holds. In words about errors all of it is hidden; in what a model or
server says, what is long enough to be no word that people write.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flowreason.errors import ConfigError

NO_KEY = "none"
HIDDEN = "[key]"
LEAST = 4
LEAST_IN_REPLIES = 16
"""A header's value or a local server's key may be a word; a reply that holds it by chance is not to be falsified."""

_SENDABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")


class Secrets:
    """Hides what it holds, in every form in which it is sent or is likely to come back."""

    def __init__(self, key: str = NO_KEY, headers: Mapping[str, str] | None = None, url: str = "") -> None:
        held = [] if key == NO_KEY else [key]
        for value in (headers or {}).values():
            held += [value, value.rpartition(" ")[2]]
        held += login_of(url)
        long = [secret for secret in held if len(secret) >= LEAST_IN_REPLIES]
        self._all = _pattern(secret for secret in held if len(secret) >= LEAST)
        self._long = _pattern(long)
        self._beginnings = {form[:n] for secret in long for form in _forms(secret) for n in range(1, len(form))}
        self._longest = max(map(len, self._beginnings), default=0)

    def __repr__(self) -> str:
        return "Secrets(…)"

    def hide(self, text: str) -> str:
        """Words of ours or of a server about what went wrong."""
        return self._all.sub(HIDDEN, text)

    def hide_in_reply(self, text: str) -> str:
        """What a model said, or the body of a response."""
        return self._long.sub(HIDDEN, text)

    def hide_in_data(self, data: Any) -> Any:
        """A body that was read as JSON, or put together from a stream."""
        if not self._beginnings:
            return data
        match data:
            case str():
                return self.hide_in_reply(data)
            case Mapping():
                return {self.hide_in_reply(str(name)): self.hide_in_data(value) for name, value in data.items()}
            case list():
                return [self.hide_in_data(value) for value in data]
        return data

    def certain(self, text: str) -> int:
        """How many characters of a text that goes on can be hidden as they will be in the whole."""
        at, first = 0, max(0, len(text) - self._longest)
        while True:
            found = self._long.search(text, at)
            ends = (place for place in range(max(at, first), len(text)) if text[place:] in self._beginnings)
            begin = next(ends, len(text))
            if found is None or begin <= found.start():
                return begin
            at = found.end()


def _forms(secret: str) -> Iterable[str]:
    """In what a secret is likely to begin, where it comes piece by piece."""
    return secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret.replace("/", "\\/")


def _pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    """Secrets in any mixture of ways to write their characters, the longest first; else what never matches."""
    every = sorted(set(secrets), key=len, reverse=True)
    return re.compile("|".join("".join(map(_any_way, secret)) for secret in every) or r"(?!)")


@cache
def _any_way(character: str) -> str:
    """A character plain, as JSON and programs escape it, in an address, and in HTML."""
    code = f"{ord(character):x}"
    digits = "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in code)
    ways = [rf"\\{{0,7}}{re.escape(character)}", rf"\\{{1,7}}(?:u00|x){digits.rjust(2, '0')}", rf"%{digits}"]
    return f"(?:{'|'.join([*ways, rf'&#[xX]0*{digits};', rf'&#0*{ord(character)};'])})"


def login_of(url: str) -> tuple[str, ...]:
    """Name and password that stand in an address, also in the form in which HTTP sends them."""
    parts = urlsplit(url)
    if not parts.username and not parts.password:
        return ()
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    return name, password, _basic(name, password)


def _basic(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def without_login(url: str) -> str:
    """An address that may be shown and logged."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def login_header(url: str) -> dict[str, str]:
    """Name and password of an address as a header, so that the address need not hold them."""
    login = login_of(url)
    return {"Authorization": f"Basic {login[-1]}"} if login else {}


def check_sendable(key: str, headers: Mapping[str, str]) -> None:
    """Raises `ConfigError` for what no header can carry, before somebody else says so and shows it."""
    for what, value in (("the key", key), *((f"the header {name}", value) for name, value in headers.items())):
        if value and not _SENDABLE.fullmatch(value):
            raise ConfigError(
                f"{what} holds a character that cannot be sent (a line's end, an accent, a quotation mark of print)\n"
                "Copy it again, with nothing before and after it."
            )
