"""Text in pieces to statements: each is handed over as soon as nothing that may come can belong to it.

A `Reader` reads a flow while it is being written, so that what has arrived can run:

    reader = Reader()
    for piece in pieces:
        for item in reader.feed(piece):
            ...  # Finished statements and definitions, in the order of the text; Diagnostics
    flow, diagnostics = reader.finish()

What stands in a block is handed over before the block's end, and the statement that the block belongs to after it. A
token is taken when no letter that may come can change it: a name, when something else follows; a mark, at once.
Prose and fences around the flow are passed over as the parser does, and so are `<think>…</think>` before it. An error
is told when the token that cannot stand is certain, and nothing is handed over after it; hints are told at the end.

Invariant: however a text is split, the statements are the same, and equal those of the tree that the parser makes of
the whole. `finish` says what the parser says of the text so far. No text raises.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from flowreason_dsl import lexer
from flowreason_dsl.certain import Certain
from flowreason_dsl.diagnostics import Diagnostic, errors
from flowreason_dsl.opening import Block, Finished, Opening
from flowreason_dsl.parser import MOST_BYTES, parse_lenient
from flowreason_dsl.source import Source
from flowreason_dsl.surroundings import Anywhere, Gap, Lead, Thoughts
from flowreason_dsl.syntax import Flow

__all__ = ["Block", "Finished", "Item", "Reader"]

Item: TypeAlias = Finished | Diagnostic


class Reader:
    """Reads one text in pieces. `ok` tells that nothing that was read so far is at fault."""

    def __init__(self, name: str = "<flow>") -> None:
        self.name = name
        self.ok = True
        self._lexer = lexer._Reader("", wary=False)
        self._lexer.region = Anywhere()
        self._opening = Opening(self._lexer.out)
        self._certain = Certain()
        self._around: Thoughts | Lead | Gap | None = Thoughts()
        self._thoughts = ""
        self._at = 0
        self._no_gap = -1
        self._size = 0
        self._following = 0

    @property
    def text(self) -> str:
        """Everything that was fed so far."""
        return self._thoughts + self._lexer.text[len(self._thoughts) :]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that are open now, outermost first."""
        return tuple(self._opening.blocks)

    @property
    def settled(self) -> int:
        """Up to where the text is finished: `text[:settled]` and closing braces for `blocks` are well formed.

        That is behind the last finished statement, the `{` of the last block that opened, or the `}` of the last that
        closed, whichever is later.
        """
        return self._opening.settled

    @property
    def next(self) -> str:
        """The kind of the first token behind `settled`, such as `NAME`; `""` as long as it is not certain."""
        return self._kind(0)

    @property
    def next2(self) -> str:
        """The kind of the second token behind `settled`."""
        return self._kind(1)

    def feed(self, piece: str) -> list[Item]:
        """What became certain with a piece of the text, in the order of the text."""
        good = self._readable(piece) if self.ok else 0
        self._add(piece[:good])
        out = self._read() if self.ok else []
        self._add(piece[good:])
        if good == len(piece) or not (self.ok or out):
            return out
        statements = [item for item in out if isinstance(item, Finished)]
        return statements + self._fail(len(self._lexer.text))  # all that is said of such a text is why it is refused

    def finish(self) -> tuple[Flow | None, list[Diagnostic]]:
        """What `parse_lenient` says of the whole text, in which thoughts count as blanks."""
        text = self._lexer.text
        if isinstance(self._around, Thoughts) and self._around.open:
            return parse_lenient(" " * len(text), self.name)
        flow, found = parse_lenient(text, self.name)
        if flow and self._thoughts:
            flow = replace(flow, source=Source(self.text, self.name))
        return flow, found

    # --- from pieces to text

    def _readable(self, piece: str) -> int:
        """How many letters of a piece can be read: not half a letter, and not more than a text may have."""
        good = len(piece)
        try:
            size = len(piece.encode("utf-8"))
        except UnicodeEncodeError as error:
            good = error.start
            size = len(piece[:good].encode("utf-8"))
        if self._size + size > MOST_BYTES:
            good = len(piece.encode("utf-8", "replace")[: MOST_BYTES - self._size].decode("utf-8", "ignore"))
        self._size += size
        return good

    def _add(self, piece: str) -> None:
        """Makes the text longer. Nothing else holds it meanwhile, so that it grows in place."""
        text = self._lexer.text
        self._lexer.text = ""
        text += piece
        self._lexer.text = text

    # --- from text to tokens

    def _read(self) -> list[Item]:
        """Takes all that is certain."""
        out: list[Item] = []
        while self._reach():
            self._at = self._lexer.go(self._at, self._at + 1)
            tokens = self._lexer.out.tokens
            if tokens and tokens[-1].type == "RBRACE" and tokens[-1].end == self._at and not self._lexer.depth:
                self._around = Gap(self._at)
            fine = self._take()
            out += self._opening.finished
            self._opening.finished.clear()
            if not fine:
                return out + self._fail(self._at)
        out += self._opening.finished
        self._opening.finished.clear()
        return out

    def _reach(self) -> bool:
        """Goes to the next token; False where it has not come, or not all of it."""
        while self._around:
            if not self._pass_over(self._around):
                return False
        text, certain = self._lexer.text, self._certain
        if not certain.move(text, self._at):
            return False
        python = text[certain.start] == "`"
        if python and not self._lexer.depth and certain.start != self._no_gap:
            self._no_gap = certain.start
            self._around = Gap(certain.start)
            return self._reach()
        if not certain.certain(text):
            if python and self._opening.at == len(self._lexer.out.tokens):
                self._opening.announce("CODE")
            return False
        self._at = certain.start
        return True

    def _pass_over(self, around: Thoughts | Lead | Gap) -> bool:
        """Goes behind what is not part of the flow; False as long as its end is not known."""
        text = self._lexer.text
        end = around.end(text)
        if end is None:
            return False
        if isinstance(around, Thoughts):
            self._thoughts = text[:end]
            self._lexer.text = " " * end + text[end:]
            self._around = Lead()
            return True
        self._at = end
        self._around = None
        return True

    # --- from tokens to statements

    def _take(self) -> bool:
        """Takes the tokens that are certain; False where one of them, or the text itself, is at fault."""
        opening, tokens = self._opening, self._lexer.out.tokens
        ready = len(tokens) - self._is_prefix()
        while opening.at < ready:
            if opening.wants_more(ready):
                break
            if not opening.take():
                return False
        return not self._lexer.out.reports.errors

    def _is_prefix(self) -> bool:
        """Whether the last token is the `f` of `f"…"`, which the lexer will drop."""
        tokens = self._lexer.out.tokens
        return bool(tokens) and tokens[-1].value in ("f", "F") and self._lexer.text.startswith('"', self._at)

    def _fail(self, at: int) -> list[Item]:
        """The errors that were found up to a place, where reading ends."""
        self.ok = False
        found = errors(self.finish()[1])
        return [*([d for d in found if d.span.start < at] or found[:1])]

    def _kind(self, ahead: int) -> str:
        tokens, settled = self._lexer.out.tokens, self._opening.settled
        ready = len(tokens) - self._is_prefix()
        while self._following < ready and tokens[self._following].start < settled:
            self._following += 1
        at = self._following + ahead
        return tokens[at].type if at < ready else ""
