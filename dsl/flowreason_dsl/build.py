"""From the grammar's rules to the syntax tree: one function for each rule of `grammar.lark`.

Invariant: every function is decided by its children alone and never fails; what can be wrong about a token was
found before it came here. All tokens are kept, so the first and the last child give the span. A token whose value is
`Unread` stands for what could not be read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from flowreason_dsl import syntax as s
from flowreason_dsl.source import NOWHERE, Span
from flowreason_dsl.tokens import Token
from flowreason_dsl.types import SCALARS, Choice, DictOf, ListOf, Record
from flowreason_dsl.unread import Unread

Children: TypeAlias = list[Any]

_BOOLS = {"TRUE": True, "FALSE": False}


class Parameters(NamedTuple):
    """What stands between the brackets of a flow or a tool."""

    items: tuple[s.Parameter, ...]
    span: Span


class Given(NamedTuple):
    """`given a, b`, until it is put into its expression."""

    paths: tuple[s.Path, ...]
    span: Span


class Settings(NamedTuple):
    """`with a=1, b=2`, until it is put into its expression."""

    settings: tuple[s.Setting, ...]
    span: Span


class Step(NamedTuple):
    """One step of a path."""

    step: str | int
    span: Span


def _span(children: Children) -> Span:
    first, last = children[0], children[-1]
    start = first.start if type(first) is Token else first.span.start
    return Span(start, last.end if type(last) is Token else last.span.end)


def _name(token: Token) -> s.Name:
    return s.Name(token.value, Span(token.start, token.end))


def _all(kind: type, children: Children) -> tuple[Any, ...]:
    return tuple([child for child in children if isinstance(child, kind)])


def _is(child: Any, type_: str) -> bool:
    return type(child) is Token and child.type == type_


def _index(children: Children, type_: str) -> int:
    return next(i for i, child in enumerate(children) if _is(child, type_))


def _doc(children: Children) -> tuple[str | None, Span]:
    """The docstring among children, and where it stands."""
    for child in children:
        if _is(child, "TEXT"):
            return child.value, child.span
    return None, NOWHERE


def _type(children: Children) -> s.TypeRef | None:
    return next((child for child in children if isinstance(child, s.TypeRef)), None)


# --- files and types ---------------------------------------------------------------------------------------


def _start(c: Children) -> s.Flow:
    return s.Flow(_all(s.FlowDef, c), _all(s.ToolDef, c), _all(s.Use, c))


def _use(c: Children) -> s.Use:
    return s.Use(c[1].value, _name(c[3]) if len(c) > 3 else None, _span(c))


def _tool(c: Children) -> s.ToolDef:
    pure = c[0].type == "PURE"
    name, parameters = c[1 + pure], c[2 + pure]
    doc, doc_span = _doc(c)
    return s.ToolDef(_name(name), parameters.items, _type(c), doc, pure, _span(c), doc_span)


def _flow(c: Children) -> s.FlowDef:
    brace = _index(c, "LBRACE")
    doc, doc_span = _doc(c[brace + 1 : brace + 2])
    statements = tuple(c[brace + 1 + (doc is not None) : -1])
    body = s.Block(statements, _span(c[brace:]))
    return s.FlowDef(_name(c[1]), c[2].items, _type(c), doc, body, _span(c), doc_span)


def _parameters(c: Children) -> Parameters:
    return Parameters(_all(s.Parameter, c), _span(c))


def _parameter(c: Children) -> s.Parameter:
    default = None
    if len(c) > 4:
        default = _name(c[4]) if _is(c[4], "NAME") else c[4]
    return s.Parameter(_name(c[0]), c[2], default, _span(c))


def _returns(c: Children) -> s.TypeRef:
    return s.TypeRef(c[1].type, c[1].span)


def _scalar(c: Children) -> s.TypeRef:
    return s.TypeRef(SCALARS[c[0].value], _span(c))


def _list_type(c: Children) -> s.TypeRef:
    return s.TypeRef(ListOf(c[2].type), _span(c))


def _dict_type(c: Children) -> s.TypeRef:
    return s.TypeRef(DictOf(c[2].type), _span(c))


def _record(c: Children) -> s.TypeRef:
    fields = tuple((name.text, type_.type) for name, type_ in _all(tuple, c))
    return s.TypeRef(Record(fields), _span(c))


def _record_field(c: Children) -> tuple[s.Name, s.TypeRef]:
    return c[0], c[2]


def _choice(c: Children) -> s.TypeRef:
    return s.TypeRef(Choice(tuple(child.value for child in c[::2])), _span(c))


# --- statements --------------------------------------------------------------------------------------------


def _assign(c: Children) -> s.Assign:
    return s.Assign(_name(c[0]), c[-1], _type(c[1:-1]), _span(c))


def _answer(c: Children) -> s.Answer:
    return s.Answer(c[-1], _type(c[1:-1]), _span(c))


def _yield(c: Children) -> s.Yield:
    return s.Yield(c[1], _span(c))


def _break(c: Children) -> s.Break | Unread:
    return c[0].value if type(c[0].value) is Unread else s.Break(_span(c))


def _edge(c: Children) -> s.Edge:
    return s.Edge(tuple(c[::2]), Span(c[0][0].span.start, c[-1][-1].span.end))


def _names(c: Children) -> tuple[s.Name, ...]:
    return tuple([_name(token) for token in c[::2]])


def _if(c: Children) -> s.If | Unread:
    if type(c[0].value) is Unread:
        inside = [child for child in c if isinstance(child, s.Block | s.Expression)]
        return replace(c[0].value, parts=(*c[0].value.parts, *inside), span=_span(c))
    arms: list[s.Arm] = []
    otherwise: s.Block | None = None
    for i, child in enumerate(c):
        if not isinstance(child, s.Block):
            continue
        if isinstance(c[i - 1], s.Expression):
            arms.append(s.Arm(c[i - 1], child, _span(c[i - 2 : i + 1])))
        else:
            otherwise = child
    return s.If(tuple(arms), otherwise, _span(c))


def _match(c: Children) -> s.Match:
    otherwise = c[-2] if isinstance(c[-2], s.Block) else None
    return s.Match(c[1], _all(s.Case, c), otherwise, _span(c))


def _case(c: Children) -> s.Case:
    return s.Case(_all(s.Literal, c), c[-1], _span(c))


def _while(c: Children) -> s.While:
    return s.While(c[1], c[3] if len(c) > 3 else None, c[-1], _span(c))


def _repeat(c: Children) -> s.Repeat:
    return s.Repeat(c[1], c[3] if len(c) > 3 else None, c[-1], _span(c))


def _do(c: Children) -> s.Do:
    value = _valued(c)
    return s.Do(value, value.span)


def _do_line(c: Children) -> s.Do:
    return s.Do(c[0], c[0].span)


def _block(c: Children) -> s.Block:
    return s.Block(tuple(c[1:-1]), _span(c))


# --- expressions -------------------------------------------------------------------------------------------


def _valued(c: Children) -> s.Expression:
    """A value, its suffixes, and perhaps `else` and another expression."""
    if len(c) == 1:
        return s.Expression(c[0], span=c[0].span)
    otherwise = c[-1] if _is(c[-2], "ELSE") else None
    given: list[s.Path] = []
    settings: list[s.Setting] = []
    for child in c[1:]:
        if isinstance(child, Given):
            given += child.paths
        elif isinstance(child, Settings):
            settings += child.settings
    ensures = _all(s.Ensure, c[1:])
    return s.Expression(c[0], tuple(given), tuple(settings), ensures, otherwise, _span(c))


def _given(c: Children) -> Given:
    return Given(tuple(c[1::2]), _span(c))


def _settings(c: Children) -> Settings:
    return Settings(tuple(c[1::2]), _span(c))


def _ensure(c: Children) -> s.Ensure:
    return s.Ensure(c[1], c[3] if len(c) > 3 else None, _span(c))


def _setting(c: Children) -> s.Setting:
    return s.Setting(_name(c[0]), c[2], _span(c))


def _for_block(c: Children) -> s.For:
    return s.For(c[1], c[3], c[4], span=_span(c))


def _for_line(c: Children) -> s.Expression:
    result = s.Yield(c[5], Span(c[4].start, c[5].span.end))
    span = _span(c)
    return s.Expression(s.For(c[1], c[3], s.Block((result,), result.span), line=True, span=span), span=span)


def _sample(c: Children) -> s.Sample:
    return s.Sample(c[1], c[2], _span(c))


def _ask(c: Children) -> s.Ask:
    return s.Ask(c[-1], len(c) == 3, _span(c))


def _emulate(c: Children) -> s.Emulate:
    return s.Emulate(c[1], _span(c))


def _solve(c: Children) -> s.Solve:
    return s.Solve(c[1], _span(c))


def _run(c: Children) -> s.Run:
    return s.Run(c[1], _span(c))


def _call(c: Children) -> s.Call:
    return s.Call(_name(c[0]), _all(s.Argument, c), _span(c))


def _argument(c: Children) -> s.Argument:
    if _is(c[0], "NAME"):
        return s.Argument(_valued(c[2:]), _name(c[0]), _span(c))
    return s.Argument(_valued(c), None, _span(c))


def _path(c: Children) -> s.Path:
    if len(c) == 1:
        name = _name(c[0])
        return s.Path(name, (), name.span)
    return s.Path(_name(c[0]), tuple([step.step for step in c[1:]]), _span(c))


def _step(c: Children) -> Step:
    word = c[1]
    return Step(word.text if isinstance(word, s.Name) else word.value, _span(c))


def _word(c: Children) -> s.Name:
    return _name(c[0])


def _first(c: Children) -> Any:
    return c[0]


def _template(c: Children) -> s.Template:
    return s.Template(c[0].value, _span(c))


def _literal(c: Children) -> s.Literal | Unread:
    if type(c[0].value) is Unread:
        return c[0].value
    return s.Literal(_BOOLS.get(c[0].type, c[0].value), _span(c))


def _code(c: Children) -> s.Code:
    text, lines = c[0].value
    return s.Code(text, c[0].type == "BLOCK", _span(c), lines)


RULES: dict[str, Callable[[Children], Any]] = {
    "start": _start,
    "use": _use,
    "tool": _tool,
    "flow": _flow,
    "parameters": _parameters,
    "parameter": _parameter,
    "returns": _returns,
    "scalar": _scalar,
    "list_type": _list_type,
    "dict_type": _dict_type,
    "record": _record,
    "record_field": _record_field,
    "choice": _choice,
    "assign": _assign,
    "answer": _answer,
    "yield_": _yield,
    "break_": _break,
    "edge": _edge,
    "names": _names,
    "if_": _if,
    "match_": _match,
    "case": _case,
    "while_": _while,
    "repeat_": _repeat,
    "do": _do,
    "do_line": _do_line,
    "block": _block,
    "valued": _valued,
    "subject": _valued,
    "condition": _valued,
    "given": _given,
    "settings": _settings,
    "ensure": _ensure,
    "setting": _setting,
    "for_block": _for_block,
    "for_line": _for_line,
    "sample": _sample,
    "ask": _ask,
    "emulate": _emulate,
    "solve": _solve,
    "run": _run,
    "call": _call,
    "argument": _argument,
    "path": _path,
    "step": _step,
    "word": _word,
    "python_word": _first,
    "template": _template,
    "number": _literal,
    "constant": _literal,
    "code": _code,
}
