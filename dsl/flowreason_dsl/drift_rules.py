"""All that is known of how other languages write what a flow says, in the order in which it is looked for.

Invariant: the most telling rule stands first; a rule that is asked for a token that can stand looks at words that no
flow uses there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowreason_dsl import (
    aliases,
    drift,
    drift_blocks,
    drift_english,
    drift_foreign,
    drift_headers,
    drift_indentation,
    drift_loops,
    drift_python,
    drift_questions,
    drift_replies,
    drift_reserved,
    drift_settings,
    drift_statements,
    drift_tries,
    drift_types,
    drift_unclosed,
    drift_uses,
    drift_values,
    drift_ways,
    drift_yaml,
)
from flowreason_dsl.words import SETTINGS, STRINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_AT_FAULT = (
    *drift_uses.AT_FAULT,
    *drift_yaml.AT_FAULT,
    *drift_indentation.AT_FAULT,
    *drift_reserved.AT_FAULT,
    *drift_headers.AT_FAULT,
    *drift_ways.AT_FAULT,
    *drift_loops.AT_FAULT,
    *drift_replies.AT_FAULT,
    *drift_unclosed.AT_FAULT,
    *drift_english.AT_FAULT[:2],
    *drift_questions.AT_FAULT,
    *drift_english.AT_FAULT[2:],
    *drift_settings.AT_FAULT,
    *drift_values.AT_FAULT,
    *drift_python.AT_FAULT,
    *drift_foreign.AT_FAULT,
    *drift_tries.AT_FAULT,
    *drift_blocks.AT_FAULT,
    *drift_statements.AT_FAULT,
)
_BEFORE = (
    *drift_reserved.BEFORE,
    *drift_english.BEFORE,
    *drift_types.BEFORE,
    *drift_settings.BEFORE,
    *drift_replies.BEFORE,
    *drift_foreign.BEFORE,
    *drift_python.BEFORE,
    *drift_headers.BEFORE,
    *drift_blocks.BEFORE,
    *drift_statements.BEFORE,
)

_TELLING = frozenset({"null", "undefined", "nil", "switch", "select", "when", *SETTINGS})
"""Names at which a rule looks, whatever stands behind them."""

_BEHIND = frozenset({"ASK", "SOLVE", "EMULATE", "NAME", "LSQB", "LPAR", "LBRACE", "VBAR", "CODE"})
"""What stands behind a name at which a rule looks."""


def before(at: Reading) -> bool:
    """Puts in place what was meant by a token that could stand here, but is not meant as what it would be."""
    kind = at.kind(at.at)
    if kind == "NAME" and aliases.put_in(at):
        kind = at.kind(at.at)
    if kind == "NAME":
        telling = (
            at.kind(at.at + 1) in _BEHIND or at.tokens[at.at + 1].value == "<" or at.tokens[at.at].value in _TELLING
        )
    elif kind == "ANSWER":
        telling = at.kind(at.at + 1) == "EQUAL"
    elif kind == "LBRACE":
        telling = at.kind(at.at + 1) == "LSQB"
    elif kind == "IF":
        telling = not at.begins_line(at.at)
    else:
        telling = kind in STRINGS and (at.kind(at.at - 1) == "ARROW" or _is_formatted(at))
    return telling and any((change := rule(at)) is not None and drift.make(at, change) for rule in _BEFORE)


def _is_formatted(at: Reading) -> bool:
    """Whether values are put into the text at hand as Python does."""
    return at.tokens[at.at + 1].value == "%" or (at.kind(at.at + 1) == "DOT" and at.tokens[at.at + 2].value == "format")


def at_fault(at: Reading) -> bool:
    """Puts in place what was meant by a token that cannot stand here."""
    return drift.mended(at, _AT_FAULT)
