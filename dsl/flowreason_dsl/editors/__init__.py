"""Files for editors that only colour a text: a TextMate grammar and files for Vim, made from the grammar's terminals.

Invariant: every word of the grammar that is the language's own is in exactly one group; the files in `dsl/editors` are
what these functions give.
"""

from __future__ import annotations

from collections.abc import Callable

from flowreason_dsl.editors.textmate import textmate
from flowreason_dsl.editors.vim import filetype_detection, filetype_settings, syntax

__all__ = ["FILES"]

FILES: dict[str, Callable[[], str]] = {
    "flow.tmLanguage.json": textmate,
    "vim/syntax/flow.vim": syntax,
    "vim/ftdetect/flow.vim": filetype_detection,
    "vim/ftplugin/flow.vim": filetype_settings,
}
"""What stands in `dsl/editors`, by path."""
