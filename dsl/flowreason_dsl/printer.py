"""Syntax tree to text, in the one style: two blanks of indentation, one statement a line, comments kept.

Invariant: `parse(format_flow(flow)) == flow` for every tree that the parser can make, and formatting what was
formatted changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias, assert_never

from flowreason_dsl import syntax as s
from flowreason_dsl.layout import Layout, Segment, brackets, words
from flowreason_dsl.parser import parse
from flowreason_dsl.quoting import code, doc_text, literal, path, short_text, template, type_text
from flowreason_dsl.source import Span
from flowreason_dsl.unread import Unread

Parts: TypeAlias = list[Segment | s.Block]
"""An expression for the layout: pieces of text, and the blocks of loops between them."""


def format_flow(flow: s.Flow) -> str:
    """The text of a flow, with its comments."""
    layout = Layout(flow.source.text, flow.comments)
    items: list[s.Use | s.ToolDef | s.FlowDef] = [*flow.uses, *flow.tools, *flow.flows]
    for item in sorted(items, key=lambda item: item.span.start):
        _definition(layout, item)
    return layout.finish()


def format_text(text: str, name: str = "<flow>") -> str:
    """The same flow in the one style; `FlowSyntaxError` where the text is none."""
    return format_flow(parse(text, name))


# --- definitions ---------------------------------------------------------------------------------------------


def _definition(layout: Layout, item: s.Use | s.ToolDef | s.FlowDef) -> None:
    match item:
        case s.Use():
            name = f" as {item.name}" if item.name else ""
            layout.unit([Segment(words(f"use {short_text(item.path)}{name}"), item.span)])
        case s.ToolDef():
            layout.unit(_tool(layout, item))
        case s.FlowDef():
            _flow(layout, item)
        case _:
            assert_never(item)


def _tool(layout: Layout, tool: s.ToolDef) -> list[Segment]:
    segments = _signature("pure tool" if tool.pure else "tool", tool)
    return segments if tool.doc is None else [*layout.merged(segments), _doc(tool.doc, tool.doc_span)]


def _flow(layout: Layout, flow: s.FlowDef) -> None:
    layout.separate()
    layout.open(_signature("flow", flow), flow.body.span.start)
    if flow.doc is not None:
        layout.unit([_doc(flow.doc, flow.doc_span)])
    _statements(layout, flow.body)
    layout.close(flow.body.span.end - 1)
    layout.separate()


def _doc(text: str, span: Span) -> Segment:
    return Segment(lambda indent: doc_text(text, indent), span)


def _signature(word: str, item: s.FlowDef | s.ToolDef) -> list[Segment]:
    """`flow name(a: T, b: U) -> R`, which may be broken between the parameters."""
    result = f" -> {type_text(item.returns.type)}" if item.returns else ""
    span = Span(item.span.start, max(item.span.start, _signature_end(item)))
    if not item.parameters:
        return [Segment(words(f"{word} {item.name}(){result}"), span)]
    inner = [Segment(words(_parameter(p)), p.span) for p in item.parameters]
    return brackets(f"{word} {item.name}(", inner, f"){result}", span)


def _signature_end(item: s.FlowDef | s.ToolDef) -> int:
    """Where the signature surely has ended: at its type, or where the next thing begins."""
    if item.returns:
        return item.returns.span.end
    if isinstance(item, s.FlowDef):
        return item.body.span.start
    return item.doc_span.start if item.doc is not None else item.span.end


def _parameter(parameter: s.Parameter) -> str:
    written = f"{parameter.name}: {type_text(parameter.type.type)}"
    match parameter.default:
        case None:
            return written
        case s.Name(text=name):
            return f"{written} = {name}"
        case s.Literal() as constant:
            return f"{written} = {literal(constant)}"
        case _:
            assert_never(parameter.default)


# --- statements ----------------------------------------------------------------------------------------------


def _statements(layout: Layout, block: s.Block) -> None:
    for statement in block.statements:
        _statement(layout, statement)


def _statement(layout: Layout, item: s.Statement) -> None:
    match item:
        case s.Assign():
            type_ = f": {type_text(item.type.type)}" if item.type else ""
            _emit(layout, _expression(item.value, f"{item.name}{type_} = ", item.span.start))
        case s.Answer():
            lead = f"answer: {type_text(item.type.type)} = " if item.type else "answer "
            _emit(layout, _expression(item.value, lead, item.span.start))
        case s.Yield():
            _emit(layout, _expression(item.value, "yield ", item.span.start))
        case s.Do():
            _emit(layout, _expression(item.value, "", item.span.start))
        case s.Edge():
            groups = (", ".join(name.text for name in group) for group in item.groups)
            layout.unit([Segment(words(" -> ".join(groups)), item.span)])
        case s.Break():
            layout.unit([Segment(words("break"), item.span)])
        case s.If():
            _if(layout, item)
        case s.Match():
            _match(layout, item)
        case s.While():
            bound = _subject(item.bound, "max ", item.bound.span.start) if item.bound else []
            _block(layout, [*_subject(item.condition, "while ", item.span.start), *bound], item.body)
        case s.Repeat():
            until = _subject(item.until, "until ", item.until.span.start) if item.until else []
            _block(layout, [*_subject(item.count, "repeat ", item.span.start), *until], item.body)
        case Unread():
            raise ValueError("a text with errors has no one style")
        case _:
            assert_never(item)


def _block(layout: Layout, header: Sequence[Segment], body: s.Block) -> None:
    layout.open(header, body.span.start)
    _statements(layout, body)
    layout.close(body.span.end - 1)


def _if(layout: Layout, item: s.If) -> None:
    first, *others = item.arms
    layout.open(_subject(first.condition, "if ", item.span.start), first.body.span.start)
    _statements(layout, first.body)
    before = first.body
    for arm in others:
        header = _subject(arm.condition, "else if ", arm.span.start)
        header[0] = replace(header[0], deeper=False)
        layout.reopen(before.span.end - 1, header, arm.body.span.start)
        _statements(layout, arm.body)
        before = arm.body
    if item.otherwise:
        start = item.otherwise.span.start
        layout.reopen(before.span.end - 1, [Segment(words("else"), Span(start, start), deeper=False)], start)
        _statements(layout, item.otherwise)
        before = item.otherwise
    layout.close(before.span.end - 1)


def _match(layout: Layout, item: s.Match) -> None:
    layout.open(_subject(item.subject, "match ", item.span.start), item.subject.span.end)
    for case in item.cases:
        values = ", ".join(literal(value) for value in case.values)
        _block(layout, [Segment(words(values), Span(case.span.start, case.values[-1].span.end))], case.body)
    if item.otherwise:
        start = item.otherwise.span.start
        _block(layout, [Segment(words("else"), Span(start, start))], item.otherwise)
    layout.close(item.span.end - 1)


# --- expressions ---------------------------------------------------------------------------------------------


def _emit(layout: Layout, parts: Parts) -> None:
    """Lines of text, and blocks between them."""
    group: list[Segment] = []
    before: s.Block | None = None
    for part in parts:
        if isinstance(part, Segment):
            group.append(part)
            continue
        if before is None:
            layout.open(group, part.span.start)
        else:
            layout.reopen(before.span.end - 1, group, part.span.start)
        _statements(layout, part)
        group, before = [], part
    if before is None:
        layout.unit(group)
    else:
        layout.close(before.span.end - 1, group)


def _expression(item: s.Expression, lead: str, start: int) -> Parts:
    """An expression behind `lead`, as pieces between which a line may be broken."""
    value, suffixes = item.value, _suffixes(item)
    if isinstance(value, s.For) and (suffixes or item.otherwise):
        value = replace(value, line=False)
    parts = [*_value(value, lead, start), *suffixes]
    if item.otherwise:
        parts += _expression(item.otherwise, "else ", item.otherwise.span.start)
    return parts


def _value(value: s.Value, lead: str, start: int) -> Parts:
    match value:
        case s.For(line=True, body=s.Block(statements=(s.Yield(value=inner),))):
            return _expression(inner, f"{lead}{_for(value)} yield ", start)
        case s.For():
            return [Segment(words(f"{lead}{_for(value)}"), Span(start, value.items.span.end)), value.body]
        case s.Sample():
            return [*_subject(value.count, f"{lead}sample ", start), value.body]
        case _:
            return [_head(value, lead, start)]


def _for(value: s.For) -> str:
    targets = ", ".join(name.text for name in value.targets)
    return f"for {targets} in {_inline(value.items, '')}"


def _head(value: s.Value, lead: str, start: int) -> Segment:
    return Segment(lambda indent: lead + _simple(value, indent), Span(start, value.span.end))


def _subject(item: s.Expression, lead: str, start: int) -> list[Segment]:
    """A condition, a count, a bound or what a `match` looks at."""
    _refuse(item.otherwise, "`else` cannot follow a condition or a count")
    return [_head(item.value, lead, start), *_suffixes(item)]


def _suffixes(item: s.Expression) -> list[Segment]:
    out = []
    if item.given:
        text = "given " + ", ".join(path(given) for given in item.given)
        out.append(Segment(words(text), item.given[0].span.cover(item.given[-1].span)))
    if item.settings:
        span = item.settings[0].span.cover(item.settings[-1].span)
        settings = item.settings
        out.append(Segment(lambda indent: "with " + ", ".join(_setting(one, indent) for one in settings), span))
    out += [_ensure_segment(ensure) for ensure in item.ensures]
    return out


def _ensure_segment(ensure: s.Ensure) -> Segment:
    return Segment(lambda indent: _ensure(ensure, indent), ensure.span)


def _ensure(ensure: s.Ensure, indent: str) -> str:
    message = f", {template(ensure.message, indent)}" if ensure.message else ""
    return f"ensure {_inline(ensure.condition, indent)}{message}"


def _setting(setting: s.Setting, indent: str) -> str:
    return f"{setting.name}={_simple(setting.value, indent)}"


def _inline(item: s.Expression, indent: str) -> str:
    """An expression without blocks, on the line where it begins."""
    _refuse(item.otherwise, "`else` cannot stand here")
    return " ".join([_simple(item.value, indent), *(segment.make(indent) for segment in _suffixes(item))])


def _simple(value: s.Value, indent: str) -> str:
    """A value without a block."""
    match value:
        case s.Path():
            return path(value)
        case s.Template():
            return template(value, indent)
        case s.Literal():
            return literal(value)
        case s.Code():
            return code(value, indent)
        case s.Ask():
            return f"ask {'user ' if value.user else ''}{template(value.question, indent)}"
        case s.Emulate(code=inner):
            return f"emulate {_simple(inner, indent)}"
        case s.Call():
            return f"{value.name}({', '.join(_argument(argument, indent) for argument in value.arguments)})"
        case s.Solve():
            return f"solve {template(value.question, indent)}"
        case s.Run():
            return f"run {path(value.flow)}"
        case s.For() | s.Sample():
            raise ValueError("a loop cannot stand here; give its value a name first")
        case Unread():
            raise ValueError("a text with errors has no one style")
        case _:
            assert_never(value)


def _argument(argument: s.Argument, indent: str) -> str:
    """An argument: a comma ends it, so that each word behind it takes one thing."""
    item = argument.value
    _refuse(item.otherwise, "`else` cannot stand between the brackets of a call")
    _refuse(next((e.message for e in item.ensures if e.message), None), "an `ensure` in a call has no message")
    given = [f"given {path(one)}" for one in item.given]
    settings = [f"with {_setting(one, indent)}" for one in item.settings]
    ensures = [f"ensure {_inline(one.condition, indent)}" for one in item.ensures]
    name = f"{argument.name}=" if argument.name else ""
    return name + " ".join([_simple(item.value, indent), *given, *settings, *ensures])


def _refuse(part: object | None, why: str) -> None:
    """For trees that were made by hand: what the language has no form for is not printed as something else."""
    if part is not None:
        raise ValueError(f"{why}; give the value a name first")
