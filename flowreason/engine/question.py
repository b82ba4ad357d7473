"""The prompts of one ask: what is sent for each draw, and again for a reply that did not fit.

Pure functions of the question and of what is known of the model, so that a replay gives the same prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from flowreason.asking.embedding import texts_of
from flowreason.asking.misfit import shorten
from flowreason.asking.prompt import build
from flowreason.asking.reply import feedback
from flowreason.asking.schema import json_schema
from flowreason.errors import UsageError
from flowreason.ports import Message, ModelInfo, Request
from flowreason.values import show
from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.syntax import Template
from flowreason_dsl.types import BOOL, INT, TEXT, Type

SPREAD = 0.7
"""The temperature of asks that are drawn several times, where the flow names none."""


@dataclass(frozen=True, slots=True)
class Question:
    """An ask with everything it needs."""

    template: Template
    values: Mapping[str, Any]
    type: Type
    context: Sequence[tuple[str, Any]] = ()
    questions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    draw: int = 0
    draws: int = 1
    """The number of this draw and of how many, where the same ask is drawn several times by a loop around it."""


class Prompts:
    """The requests of one ask."""

    def __init__(self, question: Question, info: ModelInfo) -> None:
        self.question = question
        self.info = info
        settings = question.settings
        self.samples = count(settings, "vote") or count(settings, "samples") or 1
        self.think = bool(settings.get("think", False))
        self._first: Request | None = None

    @property
    def embeds(self) -> bool:
        """Whether no words are wanted: the text is given its place among meanings."""
        return "embed" in self.question.settings

    @property
    def thinks(self) -> bool:
        """Whether the model is told to reason first."""
        return self.think and not self.info.reasons

    @property
    def structured(self) -> bool:
        """Whether a reply is to be JSON."""
        return _schema(self.question.type, self.thinks) is not None

    def request(self, sample: int) -> Request:
        """What is sent for a draw, the first time."""
        if self._first is None:
            self._first = self._embedding() if self.embeds else self._made()
        if self.embeds:  # it leaves nothing to chance, so that all draws are one
            return self._first
        number = self.question.draw * self.samples + sample
        return self._first if number == self._first.sample else replace(self._first, sample=number)

    def _made(self) -> Request:
        """The request of the first draw; those of the others differ in their number alone."""
        q, settings = self.question, self.question.settings
        schema = _schema(q.type, self.thinks)
        messages = build(
            q.template,
            q.values,
            context=q.context,
            type=q.type,
            think=self.think,
            reasons=self.info.reasons,
            structured=schema is not None,
            questions=q.questions,
        )
        temperature = settings.get("temperature")
        if temperature is None and not self.info.reasons:
            temperature = SPREAD if self.samples * q.draws > 1 else 0.0
        return Request(
            messages=messages,
            model=settings.get("model"),
            temperature=temperature,
            max_tokens=count(settings, "max_tokens"),
            seed=settings.get("seed"),
            schema=schema,
            sample=q.draw * self.samples,
        )

    def _embedding(self) -> Request:
        """The request for where a text stands, or each text of a list."""
        q = self.question
        several, texts = texts_of(q.template, q.values, q.type)
        messages = tuple(Message("user", text) for text in texts)
        return Request(messages, q.settings["embed"], temperature=0.0, embed="each" if several else "one")

    def again(self, request: Request, reply: str, reason: str) -> Request:
        """The same request with the reply that did not fit and why."""
        structured = request.schema is not None
        turns = feedback(reply, reason, self.question.type, think=self.thinks, structured=structured)
        return replace(request, messages=(*request.messages, *turns))


def in_range(computed: dict[str, Any]) -> dict[str, Any]:
    """Settings that the flow computes, held to the same bounds as written ones. Raises `UsageError`."""
    for name, value in computed.items():
        option = OPTIONS[name]
        if value is not None and not (accepts_value(option.type, value) and option.holds(value)):
            raise UsageError(f"the setting {name} must be {option.wanted}, and this is {shorten(show(value), 100)}")
    return computed


def accepts_value(kind: Type, value: Any) -> bool:
    """Whether a value is of a scalar type as it is."""
    if isinstance(value, bool) or kind == BOOL:
        return isinstance(value, bool) and kind == BOOL
    if kind == TEXT:
        return isinstance(value, str)
    return isinstance(value, int if kind == INT else int | float)


@lru_cache(maxsize=256)
def _schema(kind: Type, think: bool) -> Mapping[str, Any] | None:
    return json_schema(kind, think=think)


def count(settings: Mapping[str, Any], name: str) -> int | None:
    """A setting that is a whole number of at least 1."""
    value = settings.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"the setting {name} must be a whole number of at least 1, and this is {value!r}")
    return value
