"""The text of a program as a model writes it, made the program alone: no fence around it, no word `python` before it.

Invariant: what stands outside of fences is left out only where there are fences; the lines of a program keep their
order and their text.
"""

from __future__ import annotations

import re
import textwrap

_FENCE = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<word>[\w+.-]*)[^\n`]*\n(?P<code>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_WORD = re.compile(r"\s*(?:python3?|py)[ \t]*\n", re.IGNORECASE)
_PYTHON = frozenset({"python", "python3", "py", "pycon"})


def unfenced(text: str) -> str:
    """The program in a text: what its fences hold, or the text itself where it has none.

    Where several fences stand in it, those that say `python` are meant, or all where none does, one after the other.

    >>> unfenced("Here it is:" + chr(10) + "```python" + chr(10) + "6 * 7" + chr(10) + "```")
    '6 * 7\\n'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = list(_FENCE.finditer(text))
    python = [each for each in found if each["word"].casefold() in _PYTHON]
    if found:
        return "\n".join(textwrap.dedent(each["code"]) for each in python or found)
    word = _WORD.match(text)
    return textwrap.dedent(text[word.end() :] if word else text)
