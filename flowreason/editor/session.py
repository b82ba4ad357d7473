"""What is kept between the requests of one editor: settings, tools, and the latest look at every open file.

Invariant: an analysis that is handed out is one of the very text that was asked about, with the settings and used
files of now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowreason.editor.analysis import Analysis, Surroundings
from flowreason.editor.files import Files, Opened
from flowreason.editor.settings import Settings, tools_path
from flowreason.errors import UsageError
from flowreason_dsl.syntax import ToolDef

LoadTools = Callable[[Path], Mapping[str, ToolDef]]
"""Reads the tools of a Python file, by name. Raises `UsageError`."""

Prices = Callable[[str], tuple[float, float] | None]
"""What a model takes for a million tokens in and out; None where that is not known."""

_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Loaded:
    changed: int
    tools: Mapping[str, ToolDef] | None
    problem: str | None


class Session:
    """One editor. `complaints` are told to the user once and then taken out."""

    def __init__(self, load_tools: LoadTools, prices: Prices, default: Settings | None = None) -> None:
        self.default = default or Settings()
        self.settings = self.default
        self.root: Path | None = None
        self.complaints: list[str] = []
        self._load_tools = load_tools
        self._prices = prices
        self._tools: dict[Path, _Loaded] = {}
        self._kept: dict[str, Analysis] = {}

    def analysis(self, uri: str, text: str, file: Path | None, opened: Opened) -> Analysis:
        """A look at a text, made anew only where something changed."""
        surroundings = self._surroundings(file, opened)
        kept = self._kept.pop(uri, None)
        same = kept is not None and kept.text == text and _alike(kept.surroundings, surroundings)
        if kept is None or not same or _uses(kept):
            kept = Analysis(text, str(file) if file is not None else "<flow>", surroundings)
        self._kept[uri] = kept
        if len(self._kept) > _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        return kept

    def forget(self, uri: str) -> None:
        self._kept.pop(uri, None)

    def _surroundings(self, file: Path | None, opened: Opened) -> Surroundings:
        files = Files(file.parent, opened) if file is not None else None
        prices = self._prices(self.settings.model) if self.settings.model is not None else None
        return Surroundings(self._tools_for(file), files, prices)

    def _tools_for(self, file: Path | None) -> Mapping[str, ToolDef] | None:
        path = tools_path(self.settings, file, self.root)
        if path is None:
            return None
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            changed = -1
        loaded = self._tools.get(path)
        if loaded is None or loaded.changed != changed:
            loaded = self._tools[path] = self._loaded(path, changed)
            if loaded.problem is not None:
                self.complaints.append(loaded.problem)
        return loaded.tools

    def _loaded(self, path: Path, changed: int) -> _Loaded:
        try:
            return _Loaded(changed, self._load_tools(path), None)
        except UsageError as error:
            return _Loaded(changed, None, str(error))


def _alike(one: Surroundings, other: Surroundings) -> bool:
    folders = (one.files.folder if one.files else None, other.files.folder if other.files else None)
    return one.tools is other.tools and one.prices == other.prices and folders[0] == folders[1]


def _uses(analysis: Analysis) -> bool:
    """Whether other files say what a text means: they may have changed meanwhile."""
    return analysis.readable is not None and bool(analysis.readable.uses)
