"""What the user of an editor sets: the file of the tools, and the model whose prices count.

Invariant: a setting that makes no sense counts as one that is not there; nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """`tools`: a Python file with functions marked `@tool`; `model`: a model's name."""

    tools: str | None = None
    model: str | None = None


def settings_from(given: Any, default: Settings) -> Settings:
    """Settings as an editor sends them, with or without the section `flowreason` around them."""
    if not isinstance(given, Mapping):
        return default
    inner = given.get("flowreason")
    plain = inner if isinstance(inner, Mapping) else given
    return Settings(_text(plain, "tools") or default.tools, _text(plain, "model") or default.model)


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    return value if isinstance(value, str) and value.strip() else None


def tools_path(settings: Settings, file: Path | None, root: Path | None) -> Path | None:
    """Where the file of the tools lies: beside the flow, or in the folder that is open."""
    if settings.tools is None:
        return None
    named = Path(settings.tools).expanduser()
    folders = [each for each in (file.parent if file else None, root) if each is not None]
    tried = [folder / named for folder in folders] or [named]
    return next((path for path in tried if path.is_file()), tried[-1])
