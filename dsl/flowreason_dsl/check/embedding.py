"""An ask that wants no words (`with embed=…`): does what is embedded fit the type of its place?

Invariant: each text has one place among meanings, and a list of texts is only meant where its type says so.
"""

from __future__ import annotations

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import fits, show
from flowreason_dsl.check.wanted import Wanted
from flowreason_dsl.expected import EMBEDDING, EMBEDDINGS
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Path, Template
from flowreason_dsl.types import TEXT, ListOf, Type


def only_value(question: Template) -> Path | None:
    """The value that a text consists of, if it is one value and nothing else."""
    only = question.parts[0] if len(question.parts) == 1 else None
    return only if isinstance(only, Path) else None


def check_embedding(question: Template, span: Span, given: Type, found: Type, wanted: Wanted, to: Findings) -> None:
    """`given`: the type of the value that the text consists of; `found`: what the ask gives there."""
    if found not in (EMBEDDING, EMBEDDINGS):
        message = f"`embed` gives {show(EMBEDDING)}, and {wanted.what} is {show(found)}"
        hint = f"declare `{EMBEDDING}`, or `{EMBEDDINGS}` for each text of a list"
        to.add("type-mismatch", message, span, labels=[wanted.label] if wanted.label else [], help=hint)
    elif found == EMBEDDINGS and (only_value(question) is None or not fits(ListOf(TEXT), given)):
        hint = 'write `ask "{texts}" with embed=…`, where `texts` is a list of texts'
        message = f"for a {show(EMBEDDINGS)} the text is one value that is a list of texts, and nothing else"
        to.add("type-mismatch", message, question.span, help=hint)
    elif found == EMBEDDING and isinstance(given, ListOf):
        hint = f"declare the step `{EMBEDDINGS}`: each text of the list is embedded"
        to.add("type-mismatch", f"the text is a list, and what it gives is {show(EMBEDDING)}", question.span, help=hint)
