"""Texts in labels: what comes of them is the text, letter for letter."""

from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as some

from flowreason_ui.escape import JOINER, escaped, label, one_line
from tests.apps import MARKUP

WRITABLE = some.text(some.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=80)


def shown(markdown: str) -> str:
    """What a reader of CommonMark sees of a text in which every mark is escaped."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


@given(WRITABLE)
def test_an_escaped_text_is_seen_letter_for_letter(text: str) -> None:
    assert shown(escaped(text)) == text.lstrip(" \t").replace(JOINER, "")


@given(some.text(max_size=80))
def test_no_mark_stands_unescaped(text: str) -> None:
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped(text))
    assert not set(bare) & set(string.punctuation)


def test_what_streamlit_looks_for_after_the_markdown_is_broken_up() -> None:
    seen = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped(MARKUP + " www.evil.example a@b.example -> <- --"))
    for mark in (":material", ":red", "http://", "www.", "a@b", "->", "<-", "--"):
        assert mark not in seen, mark


def test_lines_stay_lines_and_none_becomes_code() -> None:
    assert escaped("one\n    two") == "one  \ntwo"


def test_letters_that_turn_a_text_around_are_not_shown() -> None:
    assert "\u202e" not in escaped("abc\u202etxt.exe")
    assert "\x1b" not in escaped("\x1b[31mred")


def test_a_label_is_one_short_line() -> None:
    assert one_line("a\n b  c") == "a b c"
    assert one_line("x" * 200, 10) == "x" * 9 + "…"
    assert label("# a\nb") == "\\# a b"
