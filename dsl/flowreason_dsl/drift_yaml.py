"""Steps that are listed with their fields, as in YAML, inside of a flow: `- name: a`, `  ask: "…"`.

Invariant: as in `drift`: the list is told once, as a whole; it is written as steps only where each of its fields is
known, else what it sets is taken as set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowreason_dsl.diagnostics import Diagnostic
from flowreason_dsl.drift import STRINGS, Change, Rule, fixed, here, line_end, made, token
from flowreason_dsl.grammar import END
from flowreason_dsl.tokens import Token
from flowreason_dsl.unread import Doubt, Unread
from flowreason_dsl.words import SETTINGS

if TYPE_CHECKING:
    from flowreason_dsl.reading import Reading

_NAMES = frozenset({"name", "id", "step", "as", "output", "key", "var", "save_as"})
_QUESTIONS = frozenset({"ask", "prompt", "question", "llm", "query", "text"})
_SHOWN = frozenset({"given", "needs", "depends_on", "inputs", "input", "context", "uses", "requires"})
_RESULTS = frozenset({"output", "result", "return", "returns", "answer", "outputs"})
_MOST = 1_000


class _Field(NamedTuple):
    key: str
    value: list[Token]


class _Step(NamedTuple):
    tokens: list[Token]
    written: str


def listed(at: Reading, expected: set[str]) -> Change | None:
    """`steps:` and a list, or a list of fields alone."""
    dash, headed = here(at), at.kind(at.at - 1) == "COLON" and at.at - 2 == at.statement
    if dash.value != "-" or not at.begins_line(at.at) or not at.opens:
        return None
    if not headed and not ({"ANSWER", "BREAK"} <= expected and _is_field(at, at.at + 1)):
        return None
    first = at.at - 2 if headed else at.at
    end = _end(at, at.at, at.indent(dash))
    items = _items(at, at.at, end, at.indent(dash))
    last, answered = _result(at, end)
    steps = [_step(at, item) for item in items]
    whole = at.span_between(first, last - 1)
    message = 'a flow does not list its steps; each is written `name = ask "…"`, one below the other'
    found = Diagnostic("syntax-unexpected", message, token(at, first).span)
    if None in steps or not steps:
        return _passed(at, (first, end), items, found)
    known = [each for each in (*steps, answered) if each is not None]
    right = f"\n{' ' * at.indent(token(at, first))}".join(each.written for each in known)
    new = [each for step in known for each in step.tokens]
    return Change(first, last, new, fixed(found, "write them as steps", whole, right))


def _passed(at: Reading, place: tuple[int, int], items: list[list[_Field]], found: Diagnostic) -> Change:
    """The list as what could not be read, which sets the names of its steps."""
    first, end = place
    span = at.span_between(first, end - 1)
    names = tuple(str(field.value[0].value).strip('"') for item in items for field in item if field.key in _NAMES)
    at.doubts.append(Doubt("gap", span))
    gap = Unread((), names, frozenset(), nameless=not names, span=span)
    shown = f'write each as `{names[0] if names else "name"} = ask "…"`, and the last as `answer …`'
    told = Diagnostic(found.code, found.message, found.span, help=shown)
    return Change(first, end, [Token("BREAK", span.start, span.end, gap)], told)


# --- where the list stands -----------------------------------------------------------------------------------


def _is_field(at: Reading, place: int) -> bool:
    return at.kind(place + 1) == "COLON" and token(at, place).value in _NAMES | _QUESTIONS


def _end(at: Reading, first: int, edge: int) -> int:
    """The index behind the last line of a list whose dashes are indented so far."""
    place = line_end(at, first)
    while at.kind(place) not in (END, "RBRACE") and place - first < _MOST:
        indent = at.indent(token(at, place))
        if indent < edge or (indent == edge and token(at, place).value != "-"):
            break
        place = line_end(at, place)
    while at.kind(place - 1) == "RBRACE" and place > first + 1 and not _opened(at, first, place - 1):
        place -= 1
    return place


def _opened(at: Reading, first: int, brace: int) -> bool:
    inner = [at.kind(i) for i in range(first, brace)]
    return inner.count("LBRACE") > inner.count("RBRACE")


def _items(at: Reading, first: int, end: int, edge: int) -> list[list[_Field]]:
    """The fields of each item; a step that is written out is one of its own."""
    items: list[list[_Field]] = []
    place = first
    while place < end:
        if token(at, place).value == "-" and at.indent(token(at, place)) == edge and at.begins_line(place):
            items.append([])
            place += 1
        last = _field_end(at, place, end)
        named = at.kind(place + 1) == "COLON"
        items[-1].append(_Field(str(token(at, place).value) if named else "", at.tokens[place + 2 * named : last]))
        place = last
    return items


def _field_end(at: Reading, first: int, end: int) -> int:
    """The index of the next key or dash at the begin of a line."""
    place = first + 1
    while place < end:
        follows = at.kind(place + 1) == "COLON" or token(at, place).value == "-"
        if at.begins_line(place) and (follows or at.kind(place + 1) == "EQUAL"):
            return place
        place += 1
    return end


def _result(at: Reading, place: int) -> tuple[int, _Step | None]:
    """`output: b` behind the list."""
    word, name = token(at, place), token(at, place + 2)
    if word.value not in _RESULTS or at.kind(place + 1) != "COLON" or name.type not in ("NAME", *STRINGS):
        return place, None
    if not (at.begins_line(place + 3) or at.kind(place + 3) in ("RBRACE", END)):
        return place, None
    written = at.source.slice(name.span)
    return place + 3, _Step([made("ANSWER", word, "answer"), name], f"answer {written}")


# --- what its items say --------------------------------------------------------------------------------------


def _step(at: Reading, item: list[_Field]) -> _Step | None:
    """An item as a step; None where something in it is not known."""
    if len(item) == 1:
        return _one(at, item[0])
    named = [field for field in item if field.key in _NAMES and len(field.value) == 1]
    asked = [field for field in item if field.key in _QUESTIONS and [t.type in STRINGS for t in field.value] == [True]]
    if len(named) != 1 or len(asked) != 1:
        return None
    name, text = named[0].value[0], asked[0].value[0]
    word = str(name.value).strip("\"'")
    if not word.isidentifier():
        return None
    tokens = [made("NAME", name, word), made("EQUAL", text, "="), made("ASK", text, "ask"), text]
    written = f"{word} = ask {at.source.slice(text.span)}"
    for field in item:
        if field in (named[0], asked[0]):
            continue
        suffix = _suffix(at, field)
        if suffix is None:
            return None
        tokens, written = tokens + suffix.tokens, f"{written} {suffix.written}"
    return _Step(tokens, written)


def _one(at: Reading, field: _Field) -> _Step | None:
    """`- a = ask "…"`, `- a: ask "…"`, `- answer a`."""
    value = field.value
    if not value or (field.key in _NAMES | _QUESTIONS and field.key != "answer"):
        return None
    written = at.source.text[value[0].start : value[-1].end]
    if not field.key:
        whole = [each.type for each in value[:2]] == ["NAME", "EQUAL"] or value[0].type == "ANSWER"
        return _Step(value, written) if whole else None
    if value[0].type not in ("ASK", "SOLVE", "CODE", "FOR") or not field.key.isidentifier():
        return None
    like = value[0]
    return _Step([made("NAME", like, field.key), made("EQUAL", like, "="), *value], f"{field.key} = {written}")


def _suffix(at: Reading, field: _Field) -> _Step | None:
    """What a step is shown, or a setting."""
    if not field.value:
        return None
    like = field.value[0]
    if field.key in SETTINGS and len(field.value) == 1:
        new = [made("WITH", like, "with"), made("NAME", like, field.key), made("EQUAL", like, "="), like]
        return _Step(new, f"with {field.key}={at.source.slice(like.span)}")
    names = [each for each in field.value if each.type not in ("LSQB", "RSQB", "COMMA")]
    if field.key not in _SHOWN or any(each.type != "NAME" for each in names) or not names:
        return None
    new = [made("GIVEN", like, "given")]
    for number, each in enumerate(names):
        new += [made("COMMA", each, ","), each] if number else [each]
    return _Step(new, f"given {', '.join(str(each.value) for each in names)}")


AT_FAULT: tuple[Rule, ...] = (listed,)
