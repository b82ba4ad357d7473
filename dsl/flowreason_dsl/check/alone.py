"""Expressions that stand alone, for what they do, and the order that effects keep.

Invariant: a value is only called useless where nothing but the value comes of it.
"""

from __future__ import annotations

from flowreason_dsl.check.loops import Loops, Scope
from flowreason_dsl.check.state import State
from flowreason_dsl.check.wanted import NOTHING_NEEDED
from flowreason_dsl.diagnostics import Fix
from flowreason_dsl.misspelt import near_words
from flowreason_dsl.python import facts
from flowreason_dsl.source import Span
from flowreason_dsl.syntax import (
    Answer,
    Ask,
    Assign,
    Call,
    Code,
    Do,
    Emulate,
    Expression,
    For,
    Path,
    Run,
    Sample,
    Solve,
    Statement,
    Template,
)

_ENDING = frozenset({"stop", "exit", "quit", "leave", "done", "end", "halt", "finish"})
"""What is written where a loop, or the flow, is to end."""


class Alone(Loops):
    """The part of the walk that knows bare expressions."""

    def effects(self, value: object, state: State, step: int) -> bool:
        """Effects keep their written order: a step with effects needs the one before."""
        if not self.has_effects(value):
            return False
        if state.effect is not None:
            self.steps.need(state.effect, step)
        state.effect = step
        return True

    def do(self, value: Expression, state: State) -> None:
        step = self.steps.new()
        with self.doing(step):
            if isinstance(value.value, For) and not (value.ensures or value.otherwise):
                self._plain_for(value, value.value, state)
            elif isinstance(value.value, Sample) and not (value.ensures or value.otherwise):
                self.paths(value.given, state)
                self.sample_loop(value.value, state, Scope("sample", True))
            else:
                self.expression(value, state, NOTHING_NEEDED)
                self._dropped(value)
            self.effects(value, state, step)

    def _plain_for(self, value: Expression, loop: For, state: State) -> None:
        self.paths(value.given, state)
        collected = any(scope.collects for scope in self.scopes)
        if loop.line and not collected:
            self.for_loop(loop, state, Scope("for", True))
            if not self.has_effects(loop.body) and not self.unknown_calls:
                self._dropped(value)
        else:
            self.for_loop(loop, state, Scope("for", False))

    def _dropped(self, value: Expression) -> None:
        """A value that nobody gets, of something that does nothing else."""
        if value.otherwise is not None or value.ensures or not self._useless(value):
            return
        hint = "give it a name, or leave it out"
        if isinstance(value.value, Template):
            hint = "`answer` gives it back; `ask` puts it to the model"
        elif isinstance(value.value, Code):
            hint = "a piece of Python changes nothing outside of it: to change a name, write `name = …` before it"
        elif isinstance(value.value, Ask):
            hint = "give the reply a name; to tell a person something, write `ask user`"
        self.findings.add("value-dropped", "nothing uses this value", value.span, help=hint)

    def _useless(self, value: Expression) -> bool:
        match value.value:
            case Code() as code:
                known = facts(code)
                return known.error is None and not {"print", *self.program.flows, *self.program.tools} & {
                    *known.all_names
                }
            case Call(name=name):
                return self.program.callable(name.text) is not None and not self.has_effects(value)
            case Emulate() | Solve() | Run() | Sample():
                return False
        return not self.has_effects(value)

    def has_effects(self, part: object) -> bool:
        """Whether a part of this flow may change the world or talk to a person."""
        return self.flow.name.text in self.program.effectful and self.program.effects(part)

    # --- a text that lacks its quotes ---

    def without_words(self, statements: tuple[Statement, ...], state: State) -> tuple[Statement, ...]:
        """The statements of a block but for words in a row that are no names, which are reported as one."""
        if not any(_is_word(statement) for statement in statements):
            return statements
        assigned = self.outline.assigned
        kept: list[Statement] = []
        run: list[Path] = []
        for statement in (*statements, None):
            word = statement.value.value if isinstance(statement, Do) and _is_word(statement) else None
            if isinstance(word, Path) and word.name.text not in state.names and word.name.text not in assigned:
                run.append(word)
                continue
            self._words(run, kept)
            run = []
            if statement is not None:
                kept.append(statement)
        return tuple(kept)

    def _words(self, run: list[Path], before: list[Statement]) -> None:
        if not run:
            return
        first = _last_path(before[-1]) if before else None
        if first is not None and "\n" in self.findings.source.slice(Span(first.span.end, run[0].span.start)):
            first = None
        whole = [first, *run] if first is not None and first.name.text not in self.outline.assigned else run
        span = whole[0].span.cover(whole[-1].span)
        self.outline.reported |= {path.name.text for path in whole}
        quoted = Fix("put it between quotes", span, f'"{self.findings.source.slice(span)}"')
        fix = quoted if whole is not run else None
        hint, word = "a text stands between quotes", whole[0].name.text
        if len(whole) == 1 and (near := near_words(word)):
            message = f"there is no name `{word}` here"
            meant = Fix(f"write `{near[0]}`", span, near[0])
            self.findings.add("name-is-words", message, span, help=f"did you mean `{near[0]}`?", fix=meant)
            return
        if len(whole) == 1 and word.lower() in _ENDING:
            leave = Fix("leave the loop", span, "break") if self.scopes else None
            hint = "`break` leaves a loop, `answer` ends the flow"
            self.findings.add("name-is-words", f"there is no name `{word}` here", span, help=hint, fix=leave)
            return
        if len(whole) == 1:
            hint = "a statement begins with a name and `=`, or a word such as `answer`; a text stands between quotes"
            self.findings.add("name-is-words", f"there is no name `{word}` here", span, help=hint, fix=fix)
            return
        self.findings.add("name-is-words", "these words are no names", span, help=hint, fix=fix)


def _is_word(statement: Statement) -> bool:
    match statement:
        case Do(value=Expression(value=Path(), given=(), settings=(), ensures=(), otherwise=None)):
            return True
    return False


def _last_path(statement: Statement) -> Path | None:
    """The path with which a statement ends."""
    match statement:
        case Assign(value=Expression(value=Path() as path)) | Answer(value=Expression(value=Path() as path)):
            return path
    return None
