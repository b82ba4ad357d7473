"""The cases of a `match`: which can fit at all, and whether they cover everything.

Invariant: a case is only called impossible where the way that a run compares could never find it equal.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import show
from flowreason_dsl.check.state import Variable
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.expected import covers
from flowreason_dsl.names import did_you_mean, nearest
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import Literal, Match
from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Choice, Type


@dataclass(frozen=True, slots=True)
class Subject:
    """A `match`, the type of its subject, the variable that the subject is, and whether it asks."""

    whole: Match
    type: Type
    variable: Variable | None
    asks: bool

    @property
    def covered(self) -> bool:
        """Whether one of the cases fits whatever comes."""
        return covers([case.values for case in self.whole.cases], self.type)

    def check(self, findings: Findings) -> bool:
        """Report cases that stand twice or can never fit, and a text that is compared word by word.

        Whether the cases cover everything, or would if those that can never fit were what was meant.
        """
        self._twice(findings)
        if self.asks:
            return self.covered
        wrong = [self._impossible(literal, findings) for case in self.whole.cases for literal in case.values]
        self._worded(findings)
        return self.covered or 0 < self._lacking() <= sum(wrong)

    def _lacking(self) -> int:
        """How many values of the subject no case fits, where they can be counted at all."""
        stand = {_key(literal.value) for case in self.whole.cases for literal in case.values}
        if isinstance(self.type, Choice):
            return len({_key(option) for option in self.type.options} - stand)
        return len({True, False} - stand) if self.type == BOOL else 0

    def _twice(self, findings: Findings) -> None:
        seen: dict[object, Literal] = {}
        for case in self.whole.cases:
            for literal in case.values:
                key = (type(literal.value) is bool, _key(literal.value))
                if key in seen:
                    label = Label(seen[key].span, "the first is here")
                    message = f"the case {_written(literal)} stands twice"
                    findings.add("case-twice", message, literal.span, labels=[label])
                seen.setdefault(key, literal)

    def _impossible(self, literal: Literal, findings: Findings) -> bool:
        value, help, fix = literal.value, None, None
        if isinstance(self.type, Choice):
            if _key(value) in {_key(option) for option in self.type.options}:
                return False
            help = did_you_mean(str(value), self.type.options)
            near = nearest(str(value), self.type.options)
            fix = Fix(f'write "{near}"', literal.span, f'"{near}"') if near and near.isalnum() else None
        elif self.type == BOOL:
            if isinstance(value, bool):
                return False
            help = "write `true` or `false`"
        elif self.type not in (INT, NUMBER) or _is_number(value):
            return False
        message = f"the subject is {show(self.type)}, so the case {_written(literal)} never fits"
        labels = [Label(self.variable.span, "it is set here")] if self.variable else []
        findings.add("case-impossible", message, literal.span, labels=labels, help=help, fix=fix)
        return True

    def _worded(self, findings: Findings) -> None:
        """`kind = ask "…"` gives free text, which rarely is one of the cases to the letter."""
        if not all(case.values for case in self.whole.cases):
            return
        texts = [literal.value for case in self.whole.cases for literal in case.values]
        raw = self.variable.raw if self.variable else None
        if self.type != TEXT or raw is None or not all(isinstance(text, str) for text in texts) or not texts:
            return
        options = list(dict.fromkeys(str(text) for text in texts))
        if self.whole.otherwise is not None:
            options += ["other"] if "other" not in options else []
        choice = str(Choice(tuple(options)))
        assert self.variable is not None
        message = f"`{self.variable.name}` is free text, and is compared with the cases to the letter"
        fix = Fix(f"declare the choices of `{self.variable.name}`", Span(raw.end, raw.end), f": {choice}")
        labels = [Label(raw, "it is asked here")]
        hint = "declare the choices where it is asked, or ask in the `match` itself"
        findings.add("match-text", message, self.whole.subject.span, labels=labels, help=hint, fix=fix)


def _key(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
    return True


def _written(literal: Literal) -> str:
    if isinstance(literal.value, bool):
        return "`true`" if literal.value else "`false`"
    return f'"{literal.value}"' if isinstance(literal.value, str) else f"`{literal.value}`"
