"""Finds Python that was written without its backticks: the mistake that people and models make most.

Invariant: what is found stands on the line of the fault (or in one pair of brackets that begins there), parses as
one Python expression, and is more than a name, a number or a text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowreason_dsl.grammar import END
from flowreason_dsl.javascript import in_python
from flowreason_dsl.source import Span

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_BEFORE = frozenset(
    {"EQUAL", "IF", "WHILE", "UNTIL", "IN", "ANSWER", "YIELD", "ENSURE", "MATCH", "REPEAT", "SAMPLE", "MAX", "ELSE"}
    | {"LPAR", "COMMA"}
)
_STOPS = frozenset({"LBRACE", "GIVEN", "WITH", "ENSURE", "COMMA", "ELSE", "YIELD", "MAX", "UNTIL", "RPAR", "RBRACE"})
_WORDS = frozenset({"ASK", "SOLVE", "EMULATE", "RUN", "SAMPLE", "FOR", "BLOCK"})
_GO_ON = frozenset({"STRANGE", "DOT", "LSQB", "LPAR", "IF", "AND", "OR", "NOT", "IN", "IS", "FOR"})
_CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_FOREIGN = re.compile(r"[≥≤≠×÷]|===|!==|&&|\|\||!(?!=)")
_HOLE = re.compile(r"\{[A-Za-z_]")
_TEXT = re.compile(r"""(?<![\w"'\\])"(?:[^"\\\n{}]|\{[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\})*"(?!\s*%|\.format\b|")""")
_LONGEST = 600
_MOST_TRIES = 20
_FARTHEST = 200


def find(at: Reading) -> Span | None:
    """Where it stands."""
    first, last = _line(at)
    tries = 0
    for begin in _begins(at, first):
        for end in _ends(at, begin, last):
            tries += 1
            if end >= at.at and _is_python(at, begin, end):
                return at.span_between(begin, end)
            if tries > _MOST_TRIES:
                return None
    return None


def after(at: Reading, begin: int) -> Span | None:
    """The Python that begins with a token and ends with its line."""
    end = begin
    while at.kind(end + 1) not in (END, "RBRACE") and not at.begins_line(end + 1) and end - begin < _FARTHEST:
        end += 1
    span = at.span_between(begin, end)
    return span if _parse(at.source.slice(span)) is not None else None


def _line(at: Reading) -> tuple[int, int]:
    """The first and the last token of the line of the fault."""
    first = last = at.at
    while not at.begins_line(first) and at.at - first < _FARTHEST:
        first -= 1
    while at.kind(last + 1) != END and not at.begins_line(last + 1) and last - at.at < _FARTHEST:
        last += 1
    return first, last


def _begins(at: Reading, first: int) -> Iterator[int]:
    for i in range(first, at.at + 1):
        if at.kind(i - 1) in _BEFORE and at.kind(i) not in _WORDS and not _is_target(at, i) and not _is_call(at, i):
            yield i


def _is_call(at: Reading, place: int) -> bool:
    """Whether a flow or tool of the text is called, and nothing is made of its value: only an argument is Python."""
    if at.kind(place) != "NAME" or at.kind(place + 1) != "LPAR" or at.tokens[place].value not in at.defined:
        return False
    end = _closing(at, place + 1)
    return end is not None and at.at < end and (at.begins_line(end + 1) or at.kind(end + 1) not in _GO_ON)


def _is_target(at: Reading, place: int) -> bool:
    """Whether a token is a further name of a `for`: `for k, v in …`."""
    while at.kind(place) == "NAME" and at.kind(place - 1) == "COMMA":
        place -= 2
    return at.kind(place) == "NAME" and at.kind(place - 1) == "FOR"


def _ends(at: Reading, begin: int, last: int) -> Iterator[int]:
    """Ends worth trying: the closing bracket, then the line, then before each word that follows a value."""
    closing = _closing(at, begin) if at.kind(begin) in _CLOSING else None
    if closing is not None and (at.begins_line(closing + 1) or at.kind(closing + 1) not in _GO_ON):
        yield closing
    yield last
    for i in range(last, begin, -1):
        filler = at.kind(i + 1) == "LBRACE" and at.tokens[i].value in ("then", "do")
        if at.kind(i) in _STOPS or filler:
            yield i - 1
    if closing is not None:
        yield closing


def _closing(at: Reading, begin: int) -> int | None:
    opener, closer, depth = at.kind(begin), _CLOSING[at.kind(begin)], 0
    for i in range(begin, min(len(at.tokens), begin + _LONGEST)):
        depth += (at.kind(i) == opener) - (at.kind(i) == closer)
        if depth == 0:
            return i
    return None


def _is_python(at: Reading, begin: int, end: int) -> bool:
    if end < begin:
        return False
    if at.kind(begin) in _WORDS:
        return False
    text = at.source.slice(at.span_between(begin, end))
    tree = _parse(text)
    if tree is None:
        return False
    plain = isinstance(tree, ast.Name | ast.Constant | ast.Tuple | ast.Attribute)
    return not plain or (isinstance(tree, ast.Tuple) and text.startswith("("))


def _parse(text: str) -> ast.expr | None:
    if len(text) > _LONGEST or "```" in text:
        return None
    text = text.replace("`", "")
    return parsed(text) or (parsed(in_python(text)) if _FOREIGN.search(text) else None)


def parsed(text: str) -> ast.expr | None:
    """The one Python expression that a text is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(f"(\n{text}\n)" if "\n" in text else text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def said_in_python(text: str) -> str:
    """Python that was found, without backticks, and with what other languages write in it said as Python does."""
    text = text.replace("`", "")
    return text if parsed(text) is not None else in_python(text)


def with_values(code: str) -> str:
    """`f"… {name} …"` for `"… {name} …"`, since values are put into the texts of a flow without an `f`."""
    return _TEXT.sub(lambda found: f"f{found[0]}" if _HOLE.search(found[0]) else found[0], code)


def with_quoted_keys(code: str) -> str | None:
    """`{"name": n}` for `{name: n}`, as only names of fields can be meant; None where that is not what stands there."""
    tree = parsed(code)
    if isinstance(tree, ast.Set) and all(isinstance(each, ast.Name) for each in tree.elts):
        return "{" + ", ".join(f'"{each.id}": {each.id}' for each in tree.elts if isinstance(each, ast.Name)) + "}"
    if not isinstance(tree, ast.Dict) or "\n" in code or not code.isascii():
        return None
    keys = [key for key in tree.keys if isinstance(key, ast.Name)]
    if not keys or len(keys) < len(tree.keys):
        return None
    for key in reversed(keys):
        code = f'{code[: key.col_offset]}"{key.id}"{code[key.end_col_offset :]}'
    return code
