"""Texts in labels: what comes of them is the text, letter for letter."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowreason_ui.escape import JOINER, escaped, label, one_line, spoken
from tests.apps import MARKUP

WRITABLE = some.text(some.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=80)


UNESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
HARMLESS = set(",;?%'()")
"""Marks of which nothing comes where those beside them are escaped."""
CODE = re.compile(r"(?<!\\)`([^`]*)`")


def shown(markdown: str) -> str:
    """What a reader of CommonMark sees of a text in which every mark is escaped."""
    parts = CODE.split(markdown)  # in code, marks are as they are
    return "".join(part if n % 2 else UNESCAPED.sub(r"\1", part) for n, part in enumerate(parts)).replace(JOINER, "")


@given(WRITABLE)
def test_an_escaped_text_is_seen_letter_for_letter(text: str) -> None:
    assert shown(escaped(text)) == text.lstrip(" \t").replace(JOINER, "")


@given(some.text(max_size=80))
def test_no_mark_stands_unescaped(text: str) -> None:
    bare = UNESCAPED.sub("", CODE.sub("", escaped(text)))
    assert not set(bare) & (set(string.punctuation) - HARMLESS)
    assert not re.search(r"^\s*\d+\)", bare, re.MULTILINE), "that begins a list"


def test_what_streamlit_looks_for_after_the_markdown_is_broken_up() -> None:
    seen = UNESCAPED.sub(r"\1", escaped(MARKUP.removesuffix(" `c`") + " www.evil.example a@b.example -> <- --"))
    seen = CODE.sub("", seen)
    for mark in (":material", ":red", "http://", "www.", "a@b", "->", "<-", "--"):
        assert mark not in seen, mark


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000/v1", "https://api.example.com/v1/chat?x=1&y=a_b-c#d", "HTTP://a.example"]
)
def test_an_address_in_a_message_is_one_that_can_be_copied(address: str) -> None:
    made = escaped(f"*No* server answers at {address}, port:8000: is it `on`? ({address}).")
    assert made.count(f"`{address}`") == 2
    assert "8000\\: is" in made
    assert shown(made) == f"*No* server answers at {address}, port:8000: is it `on`? ({address})."
    assert escaped("127.0.0.1:8000") == "127\\.0\\.0\\.1\\:8000"


def test_a_name_of_a_field_has_no_more_marks_than_it_needs() -> None:
    assert escaped("lines (a list of texts, one a line)") == "lines (a list of texts, one a line)"
    assert escaped("1) first\n 12) next (2)") == "1\\) first  \n12\\) next (2)"


def test_lines_stay_lines_and_none_becomes_code() -> None:
    assert escaped("one\n    two") == "one  \ntwo"


def test_letters_that_turn_a_text_around_are_not_shown() -> None:
    assert "\u202e" not in escaped("abc\u202etxt.exe")
    assert "\x1b" not in escaped("\x1b[31mred")


def test_a_label_is_one_short_line() -> None:
    assert one_line("a\n b  c") == "a b c"
    assert one_line("x" * 200, 10) == "x" * 9 + "…"
    assert label("# a\nb") == "\\# a b"


def test_a_name_that_is_only_spoken_has_no_marks_in_it() -> None:
    assert spoken("Which river, the *Rhine*, is [long](x)?") == "Which river the Rhine is long x"
    assert not set(spoken(MARKUP)) & set("<>*[]()$`:\\_"), spoken(MARKUP)
