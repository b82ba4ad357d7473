"""Text of a model, a question, a file or an error, made safe for the labels, titles and messages that Streamlit reads
as Markdown.

Invariant: what comes out of `escaped` is shown letter for letter, whatever stands in it: no heading, link, image,
formula, colour, icon or HTML comes of it. An address is shown as code, in which nothing is looked for, so that it can
be copied. Whole texts are better shown by `st.text` and `st.code`, which read nothing.
"""

from __future__ import annotations

import re

JOINER = "\u2060"
"""Takes no room; it parts what Streamlit looks for in texts after their Markdown was read (`:icon:`, `www.`, `a@b`)."""

_PUNCTUATION = re.compile(r"""([!"#$&*+\-./:<=>@\[-`{-~]|(?<=\])\()|(?m:^(\s*\d+)(\)))""")
"""What may be a mark. Of `, ; ? % ' ( )` nothing comes once the others are escaped, but for a bracket after a number
that begins a line; they stay, as names of fields are also read aloud letter for letter. That of a link goes as well."""
_ADDRESS = re.compile(r"""(?i)(https?://[^\s`<>"'\[\]]*[^\s`<>"'\[\].,;:!?(){}*])""")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def escaped(text: object) -> str:
    """A text as Markdown that shows it letter for letter; lines stay lines."""
    found = _UNSEEN.sub("\ufffd", str(text).replace("\r\n", "\n"))
    parts = _ADDRESS.split(found)  # every other one is an address
    found = "".join(f"`{part}`" if number % 2 else _parted(part) for number, part in enumerate(parts))
    lines = [line.lstrip(" \t") for line in found.split("\n")]
    return "  \n".join(line or JOINER for line in lines)


def _parted(text: str) -> str:
    """A text with its marks escaped, and parted where Streamlit would find something all the same."""
    found = re.sub(r"(?i)(www)(\.)", rf"\1{JOINER}\2", text)
    found = re.sub(r"@(?=\S)|:(?=[^\s\d]|[\w+-]+:)", rf"\g<0>{JOINER}", found)
    found = re.sub(r"([-<=])(?=[-<>=])", rf"\1{JOINER}", found)
    return _PUNCTUATION.sub(lambda mark: f"{mark[2] or ''}\\{mark[1] or mark[3]}", found)


def one_line(text: object, most: int = 120) -> str:
    """The first words of a text, on one line, as they are: to be escaped where Markdown is read."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 1].rstrip(" .,;:…") + "…"


def label(text: object, most: int = 120) -> str:
    """The first words of a text, for a label, a title or a tab."""
    return escaped(one_line(text, most))


def spoken(text: object, most: int = 120) -> str:
    """The first words of a text as the name of something that shows none: Streamlit hands it to a screen reader as it
    is, which would read the marks of `label` aloud, so that only words are left."""
    return one_line(re.sub(r"[^\w\s]|_", " ", str(text)), most).rstrip("…")
