"""About how many tokens one ask takes, in and out, where its reply fits and for each that does not.

Invariant: what the texts of the flow and the values of its inputs decide is reckoned to the letter, at four characters
a token; how long a reply will be is a guess between the shortest of its type and a long one.
"""

from __future__ import annotations

from flowreason.graph import ops
from flowreason.graph.known import Characters, KnownValues, of_type
from flowreason.graph.model import Node, Read
from flowreason_dsl.syntax import Path, Template
from flowreason_dsl.types import ANY, TEXT, ListOf, Type

CHARACTERS_A_TOKEN = 4
OVERHEAD = (115, 130)
"""Tokens of one request beside the question and the form of the reply: what the model is told of its task."""

FORM = (10, 34)
"""Tokens that say the form of a reply that is no text, beside the name of its type."""

FEEDBACK = 45
"""Tokens that say why a reply does not fit, beside the form of one that does and what the flow says of it."""

THOUGHTS = (0, 500)
"""Tokens of reasoning before an answer, with `think=true`; none where the model reasons by itself."""

THINKING = (0, 40)
"""Tokens that ask for it."""

TAGS = (8, 16)
"""Characters of the tags around a piece of material, beside its name in them."""


class Tokens:
    """What the asks of one flow take."""

    def __init__(self, known: KnownValues) -> None:
        self.known = known

    def prompt(self, node: Node, op: ops.Ask) -> Characters:
        """The question, with all that is shown with it."""
        low, high = self.known.filled(op.question.parts, node)
        if embeds(node, op):
            return low / CHARACTERS_A_TOKEN, high / CHARACTERS_A_TOKEN
        high += sum(_tags(part.name.text)[1] for part in op.question.parts if isinstance(part, Path))
        for read in node.reads:
            if read.role == "context":
                least, most = self._context(read)
                low, high = low + least, high + most
        form = _form(node, op)
        return low / CHARACTERS_A_TOKEN + OVERHEAD[0] + form[0], high / CHARACTERS_A_TOKEN + OVERHEAD[1] + form[1]

    def _context(self, read: Read) -> Characters:
        """The characters of a piece of context, with its tags and with the question that it answers."""
        least, most = self.known.characters(read.source)
        before, behind = _tags(read.name)
        source = self.known.flow.nodes[read.source].op
        if isinstance(source, ops.Ask) and not source.question.paths:
            behind += _letters(source.question) + len("Question: \nAnswer: ")
        return (1 if read.steps else least) + before, most + behind

    def reply(self, node: Node, op: ops.Ask) -> Characters:
        """A reply."""
        if embeds(node, op):
            return 0, 0
        type_ = _asked(node, op)
        low, high = (characters / CHARACTERS_A_TOKEN + 1 for characters in of_type(TEXT if type_ == ANY else type_))
        settings = dict(op.settings)
        if settings.get("think"):
            low, high = low + THOUGHTS[0], high + THOUGHTS[1]
        longest = settings.get("max_tokens")
        return (min(low, longest), min(high, longest)) if isinstance(longest, int) else (low, high)

    def again(self, node: Node, op: ops.Ask) -> float:
        """The most that each reply which does not fit adds to the prompts after it, beside the reply itself."""
        messages = [_letters(check.message) for check in node.checks if check.message is not None]
        reason = max(len(str(_asked(node, op))), *messages, 0)
        return FEEDBACK + _form(node, op)[1] + reason / CHARACTERS_A_TOKEN


def embeds(node: Node, op: ops.Ask) -> bool:
    """Whether an ask wants no words but where its text stands among meanings."""
    return any(name == "embed" for name, _ in op.settings) or any(
        read.role == "setting" and read.name == "embed" for read in node.reads
    )


def _asked(node: Node, op: ops.Ask) -> Type:
    """What one reply is read into."""
    several = any(name == "samples" for name, _ in op.settings) or any(
        read.role == "setting" and read.name == "samples" for read in node.reads
    )
    return node.type.item if several and isinstance(node.type, ListOf) else node.type


def _form(node: Node, op: ops.Ask) -> Characters:
    """What is said of the form of the reply."""
    low, high = THINKING if dict(op.settings).get("think") else (0, 0)
    type_ = _asked(node, op)
    if type_ in (TEXT, ANY):
        return low, high
    return low + FORM[0], high + FORM[1] + len(str(type_)) / CHARACTERS_A_TOKEN


def _tags(name: str) -> Characters:
    return 2 * min(len(name), 1) + TAGS[0], 3 * len(name) + TAGS[1]


def _letters(template: Template) -> int:
    return sum(len(part) if isinstance(part, str) else 40 for part in template.parts)
