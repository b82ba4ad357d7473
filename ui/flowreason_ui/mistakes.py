"""What is wrong with a flow that was changed in a dialog, told where it was typed.

Invariant: names stand as code, and nothing else of a message is read as Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from flowreason_dsl.diagnostics import Diagnostic, FlowError, errors
from flowreason_ui.escape import escaped
from flowreason_ui.telling import count, sentence

MOST = 3
"""Mistakes that are told at once."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong and what helps, as sentences; the line it stands in, with its number and marked below."""

    told: str
    shown: str


def mistakes_of(error: FlowError) -> list[Mistake]:
    """What keeps a flow from running; what is only doubtful is left out."""
    return [_mistake(each, error) for each in errors(error.diagnostics)]


def _mistake(found: Diagnostic, error: FlowError) -> Mistake:
    source = found.source or error.source
    line, column = source.position(found.span.start)
    begins = sentence(_capital(found.message)).removesuffix(".")
    place = f"line {line:,}" if found.source in (None, error.source) else f"{source.name}, line {line:,}"
    told = [f"{begins} ({place})."]
    if found.help:
        told.append(sentence(_capital(found.help)))
    text = source.line(line)
    head = f"{line:,} | "
    wide = max(1, min(found.span.end - found.span.start, len(text) - column + 1))
    return Mistake(" ".join(told), f"{head}{text}\n{' ' * (len(head) - 2)}| {' ' * (column - 1)}{'^' * wide}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def marked(text: str) -> str:
    """A message as Markdown: what stands between backticks as code, the rest letter for letter."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        return escaped(" ".join(parts))
    spaced = [part if number % 2 else _spaced(part) for number, part in enumerate(parts)]
    return "".join(f"`{part}`" if number % 2 and part else part for number, part in enumerate(spaced))


def _spaced(text: str) -> str:
    """A part of a message, with the spaces at its ends that belong to it."""
    inner = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return before + escaped(inner) + after if inner else text


def tell(error: FlowError) -> None:
    """The first mistakes, each with its line."""
    found = mistakes_of(error)
    for each in found[:MOST]:
        st.error(marked(each.told), icon=":material/error:")
        st.code(each.shown, language=None)
    if len(found) > MOST:
        st.caption(f"And {count(len(found) - MOST, 'more mistake')}.")
