"""What may stand after `with`: names, kinds and ranges, and which of them go together.

Invariant: a setting that is accepted here means something to the engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowreason_dsl.check.findings import Findings
from flowreason_dsl.check.kinds import listed
from flowreason_dsl.check.program import literal_type
from flowreason_dsl.diagnostics import Fix, Label
from flowreason_dsl.names import nearest
from flowreason_dsl.syntax import Ask, Expression, Literal, Setting
from flowreason_dsl.types import BOOL, INT, NUMBER, TEXT, Scalar, accepts


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its type, and the least and most that make sense."""

    type: Scalar
    least: float | None = None
    most: float | None = None

    @property
    def range(self) -> str:
        return f"from {self.least:g} to {self.most:,.15g}" if self.most is not None else f"at least {self.least}"

    @property
    def wanted(self) -> str:
        """What it takes, in words."""
        return _KINDS[self.type] + (f" {self.range}" if self.least is not None else "")

    def holds(self, value: object) -> bool:
        """Whether a value of its type is in its range."""
        if isinstance(value, str):
            return bool(value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float) or self.least is None:
            return True
        return value >= self.least and (self.most is None or value <= self.most)


OPTIONS = {
    "temperature": Option(NUMBER, 0, 2),
    "model": Option(TEXT),
    "samples": Option(INT, 1, 100),
    "vote": Option(INT, 1, 100),
    "think": Option(BOOL),
    "max_tokens": Option(INT, 1, 1_000_000_000),
    "seed": Option(INT),
    "tries": Option(INT, 1, 10),
    "embed": Option(TEXT),
}
_MEANT = {"vote": "5", "samples": "5"}
_YES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_FAR = 1e15
_FOR_PERSONS = frozenset({"tries"})
_KINDS = {TEXT: "text", INT: "a whole number", NUMBER: "a number", BOOL: "true or false"}
_OTHER_NAMES = {
    "n": "samples", "temp": "temperature", "t": "temperature", "votes": "vote", "majority": "vote", "retries": "tries",
    "attempts": "tries", "llm": "model", "engine": "model", "reasoning": "think", "thinking": "think", "cot": "think",
    "tokens": "max_tokens", "max_length": "max_tokens",
}  # fmt: skip


def check_settings(expr: Expression, findings: Findings) -> None:
    """Everything that can be said of the settings of one expression without knowing the names in them."""
    if not expr.settings:
        return
    seen: dict[str, Setting] = {}
    for setting in expr.settings:
        name = setting.name.text
        if name in seen:
            label = Label(seen[name].span, "the first is here")
            findings.add("setting-twice", f"`{name}` is set twice", setting.span, labels=[label])
        seen[name] = setting
        _one(setting, findings)
    _together(seen, findings)
    _on_what(expr, seen, findings)


def meant(name: str, written: str) -> str | None:
    """The value that was meant by a word or text at a setting that takes neither."""
    if OPTIONS[name].type == BOOL:
        return _YES.get(written.strip().lower())
    if OPTIONS[name].type in (INT, NUMBER) and re.fullmatch(
        r"\d+" if OPTIONS[name].type == INT else r"\d+(\.\d+)?", written
    ):
        return written
    return _MEANT.get(name)


def _one(setting: Setting, findings: Findings) -> None:
    name = setting.name.text
    option = OPTIONS.get(name)
    if option is None:
        _unknown(setting, findings)
    elif isinstance(setting.value, Literal):
        _literal(name, option, setting.value, findings)


def _unknown(setting: Setting, findings: Findings) -> None:
    name = setting.name.text
    near = _OTHER_NAMES.get(name.lower()) or nearest(name, OPTIONS)
    hint = f"did you mean `{near}`?" if near else f"the settings are {', '.join(OPTIONS)}"
    fix = Fix(f"write `{near}`", setting.name.span, near) if near else None
    findings.add("setting-unknown", f"there is no setting `{name}`", setting.name.span, help=hint, fix=fix)


def _literal(name: str, option: Option, literal: Literal, findings: Findings) -> None:
    if not accepts(option.type, literal_type(literal.value)):
        right = None if option.type == TEXT else meant(name, str(literal.value))
        fix = Fix(f"write `{name}={right}`", literal.span, right) if right else None
        findings.add("setting-type", f"`{name}` takes {option.wanted}", literal.span, fix=fix)
        return
    value = literal.value
    if option.holds(value):
        return
    shown = f"{value:g}" if isinstance(value, int | float) and abs(value) < _FAR else "far from that"
    wrong = "is empty" if isinstance(value, str) else f"must be {option.range}, and is {shown}"
    findings.add("setting-range", f"`{name}` {wrong}", literal.span)


def _together(seen: dict[str, Setting], findings: Findings) -> None:
    if "embed" in seen and (others := [name for name in seen if name in OPTIONS and name != "embed"]):
        label = Label(seen["embed"].span, "no words are wanted here, and this is the model")
        names = listed(tuple(others))
        message = f"`embed` stands alone: {names} {'is' if len(others) == 1 else 'are'} for replies in words"
        findings.add("setting-conflict", message, seen[others[0]].span, labels=[label])
        return
    if "samples" in seen and "vote" in seen:
        label = Label(seen["samples"].span, "a list of so many")
        hint = "`vote=n` takes n samples by itself and gives the one that most agree on; `samples=n` gives them all"
        message = "`vote` and `samples` do not go together"
        findings.add("setting-conflict", message, seen["vote"].span, labels=[label], help=hint)
        return
    many = seen.get("vote") or seen.get("samples")
    cold = seen.get("temperature")
    if many and cold and isinstance(cold.value, Literal) and cold.value.value == 0:
        message = f"at temperature 0 every sample is much the same, so `{many.name}` pays for copies"
        findings.add("setting-copies", message, many.span, labels=[Label(cold.span, "here")])


def _on_what(expr: Expression, seen: dict[str, Setting], findings: Findings) -> None:
    match expr.value:
        case Ask(user=True):
            wrong = [setting for name, setting in seen.items() if name in OPTIONS and name not in _FOR_PERSONS]
            if wrong:
                names = listed(tuple(setting.name.text for setting in wrong))
                span = wrong[0].span.cover(wrong[-1].span)
                message = f"{names} {'is' if len(wrong) == 1 else 'are'} for models, and this asks a person"
                findings.add("setting-for-person", message, span)
        case Ask():
            return
        case _:
            first = next((setting for name, setting in seen.items() if name in OPTIONS), None)
            if first is None:
                return  # that there is no such setting is told
            message = "settings are for a question to the model, and nothing is asked here"
            findings.add("setting-without-ask", message, first.span, help="put `with …` after the `ask` that it is for")
