"""Random texts of exported grammars: drawn through llguidance's masks, and by reading GBNF.

A draw knows nothing of the flow language but which characters tend to end things, so that it comes to an end. Sets of
tokens are numbers, one bit for each, for drawing has to be quick.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

# --- llguidance: a small vocabulary of bytes and words, and its masks

WORDS = [
    *["answer", "ask", "use", "tool", "pure", "flow", "if", "else", "match", "for", "in", "yield", "while", "max"],
    *["repeat", "until", "sample", "break", "given", "with", "ensure", "emulate", "solve", "run", "user", "true"],
    *["false", "text", "int", "list", "dict", "number", "graph", "any", "bool", "->", "python", "lines", "river", "n"],
]
LONGER = [" ", "\n", "  ", " {\n", "}\n", '"', '" ', "{river}", "`n + 1`", "```\n", '"""', "# a note\n", "é", "(", ") "]
VOCABULARY = [bytes([i]) for i in range(256)] + [word.encode() for word in WORDS + LONGER] + [b"<end>"]
END = len(VOCABULARY) - 1


def _bits(fits: Callable[[int, bytes], bool]) -> int:
    """Some of the tokens, as the bits of a number: masks are numbers, too."""
    return sum(1 << token for token, text in enumerate(VOCABULARY[:END]) if fits(token, text))


CLOSING = _bits(lambda _, text: text[:1] in b'"`}])\n /')
LONG = _bits(lambda token, _: token >= 256) & ~CLOSING
SINGLE = _bits(lambda token, _: token < 256) & ~CLOSING
WORD_GOES_ON = _bits(lambda _, text: text[:1].isalnum())
GAP_GOES_ON = _bits(lambda _, text: text[:1].isspace() or text[:1] == b"#")


class _Words:
    """What llguidance asks of a tokenizer."""

    tokens = VOCABULARY
    eos_token_id = bos_token_id = END
    special_token_ids = (END,)

    def __call__(self, text: bytes | str) -> list[int]:
        return list(text.encode() if isinstance(text, str) else text)


@cache
def tokenizer() -> Any:
    import llguidance

    return llguidance.LLTokenizer(llguidance.TokenizerWrapper(_Words()), n_vocab=len(VOCABULARY))


def matcher(lark: str) -> Any:
    """llguidance, at the beginning of a text of a grammar."""
    import llguidance

    made = llguidance.LLMatcher(tokenizer(), llguidance.LLMatcher.grammar_from_lark(lark), log_level=0)
    assert not made.is_error(), made.get_error()
    return made


def forced_text(made: Any, draw: random.Random, most: int = 1200) -> str | None:
    """A text that the masks allow; None where it came to no end within `most` steps.

    After some steps, what may end something is preferred.
    """
    out: list[int] = []
    aim = draw.randrange(20, 160)
    while len(out) < most:
        mask = int.from_bytes(made.compute_bitmask(), "little")
        chosen = _pick(mask, draw, len(out) > aim, out[-1] if out else None)
        if chosen == END:
            return b"".join(VOCABULARY[token] for token in out).decode()
        assert made.consume_token(chosen), made.get_error()
        out.append(chosen)
        if made.is_stopped():
            return b"".join(VOCABULARY[token] for token in out).decode()
    return None


def _pick(mask: int, draw: random.Random, ending: bool, last: int | None) -> int:
    assert mask, "the grammar has come to a place that nothing leads on from"
    if mask >> END & 1 and (ending or draw.random() < 0.3):
        return END
    mask &= (1 << END) - 1
    if last is not None and draw.random() < 0.9:
        mask = mask & ~_goes_on(VOCABULARY[last][-1:]) or mask
    kinds = (mask & CLOSING, mask & LONG, mask & SINGLE)
    weights = (0.7, 0.2, 0.1) if ending else (0.2, 0.55, 0.25)
    chances = [weight if kind else 0.0 for weight, kind in zip(weights, kinds, strict=True)]
    return _one_of(draw.choices(kinds, chances)[0], draw)


def _goes_on(last: bytes) -> int:
    """The tokens that would only make a word, or a gap, longer."""
    return WORD_GOES_ON if last.isalnum() else GAP_GOES_ON if last.isspace() else 0


def _one_of(tokens: int, draw: random.Random) -> int:
    for _ in range(draw.randrange(tokens.bit_count())):
        tokens &= tokens - 1
    return (tokens & -tokens).bit_length() - 1


def accepts(made: Any, text: str) -> int | None:
    """Where a text leaves the grammar, in bytes; None where it never does."""
    data = text.encode()
    taken = made.validate_tokens(list(data))
    if taken < len(data):
        return int(taken)
    made.try_consume_tokens(list(data))
    return None if made.is_accepting() else len(data)


# --- GBNF: a reader and a random writer

_GBNF = re.compile(
    r"\s*(?:(?P<comment>\#[^\n]*)|(?P<text>\"(?:[^\"\\]|\\.)*\")|(?P<letters>\[(?:[^\]\\]|\\.)*\])"
    r"|(?P<define>[A-Za-z][\w-]*)\s*::=|(?P<name>[A-Za-z][\w-]*)|\{(?P<count>\d+(?:,\d*)?)\}|(?P<mark>[()|?*+]))"
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-F]{2})|(.))")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
SOME = [chr(code) for code in range(32, 127)] + list("\n\t\réß–語🌊") + ["\x00", "\x7f", "\x85", "\u2028", "\ufeff"]
ENOUGH = 12
"""How deep rules may lie in one another before the shortest way out is taken."""


@dataclass
class Node:
    """`kind`: text, letters, name, row, either or many."""

    kind: str
    value: Any = None
    parts: list[Node] = field(default_factory=list)
    least: int = 1
    most: int | None = 1


def _plain(written: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _PLAIN.get(m[2], m[2]), written)


class Gbnf:
    """A GBNF text, read as llama.cpp reads it, and random texts of it."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _GBNF.match(text, at)
            assert found, text[at : at + 60]
            kind = found.lastgroup or ""
            if kind != "comment":
                self.tokens.append((kind, found[kind]))
            at = found.end()
        self.at = 0
        self.rules: dict[str, Node] = {}
        while self.at < len(self.tokens):
            kind, name = self._take()
            assert kind == "define" and name not in self.rules, name
            self.rules[name] = self._either()
        self.depths = self._depths()

    # reading

    def _take(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("define", "")

    def _either(self) -> Node:
        options = [self._row()]
        while self._peek() == ("mark", "|"):
            self.at += 1
            options.append(self._row())
        return Node("either", parts=options)

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._peek()[0] != "define" and self._peek() not in (("mark", "|"), ("mark", ")")):
            parts.append(self._times(self._single()))
        return Node("row", parts=parts)

    def _single(self) -> Node:
        kind, value = self._take()
        if kind == "mark":
            assert value == "("
            inner = self._either()
            assert self._take() == ("mark", ")")
            return inner
        if kind == "text":
            return Node("text", _plain(value[1:-1]))
        return Node(kind, [letter for letter in SOME if re.fullmatch(value, letter)] if kind == "letters" else value)

    def _times(self, node: Node) -> Node:
        kind, value = self._peek()
        if kind == "count":
            least, _, most = value.partition(",")
            node = Node("many", parts=[node], least=int(least), most=int(most or least))
        elif kind == "mark" and value in "?*+":
            node = Node("many", parts=[node], least=int(value == "+"), most=1 if value == "?" else None)
        else:
            return node
        self.at += 1
        return node

    # what llama.cpp cannot take

    def empty(self, node: Node) -> bool:
        """Whether a part may be nothing at all."""
        match node.kind:
            case "text":
                return not node.value
            case "letters":
                return False
            case "name":
                return self.empty(self.rules[node.value])
            case "many":
                return node.least == 0 or self.empty(node.parts[0])
            case "row":
                return all(map(self.empty, node.parts))
        return any(map(self.empty, node.parts))

    def leading(self, node: Node) -> set[str]:
        """The rules that may stand first in a part."""
        if node.kind == "name":
            return {node.value}
        found: set[str] = set()
        for part in node.parts:
            found |= self.leading(part)
            if node.kind == "row" and not self.empty(part):
                break
        return found

    def nodes(self, node: Node) -> list[Node]:
        return [node, *(inner for part in node.parts for inner in self.nodes(part))]

    # writing

    def _depths(self) -> dict[str, int]:
        """How deep the shallowest text of each rule is."""
        depths = dict.fromkeys(self.rules, 10_000)
        for _ in self.rules:
            for name, rule in self.rules.items():
                depths[name] = 1 + self._depth(rule, depths)
        return depths

    def _depth(self, node: Node, depths: dict[str, int]) -> int:
        match node.kind:
            case "name":
                return depths[node.value]
            case "either":
                return min(self._depth(part, depths) for part in node.parts)
            case "many" if node.least == 0:
                return 0
            case "text" | "letters":
                return 0
        return max((self._depth(part, depths) for part in node.parts), default=0)

    def text(self, draw: random.Random) -> str:
        """A random text of the grammar."""
        return self._write(Node("name", "root"), draw, 0)

    def _write(self, node: Node, draw: random.Random, depth: int) -> str:
        match node.kind:
            case "text":
                return str(node.value)
            case "letters":
                return draw.choice(node.value)
            case "name":
                return self._write(self.rules[node.value], draw, depth + 1)
            case "row":
                return "".join(self._write(part, draw, depth) for part in node.parts)
            case "either":
                return self._write(self._option(node, draw, depth), draw, depth)
        most = node.least + 2 if node.most is None else min(node.most, node.least + 2)
        times = node.least if depth > ENOUGH else draw.randint(node.least, most)
        return "".join(self._write(node.parts[0], draw, depth) for _ in range(times))

    def _option(self, node: Node, draw: random.Random, depth: int) -> Node:
        if depth <= ENOUGH:
            return draw.choice(node.parts)
        least = min(self._depth(part, self.depths) for part in node.parts)
        return draw.choice([part for part in node.parts if self._depth(part, self.depths) == least])
