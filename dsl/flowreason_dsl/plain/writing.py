"""A flow as plain data: its statements as a tree of objects with readable words, its comments at their place.

Invariant: nothing is lost: `text_of(document_of(text))` is the text in the one style. What stands here is what
`graph.schema.json` allows.
"""

from __future__ import annotations

from typing import Any, TypeAlias, assert_never

from flowreason_dsl import syntax as s
from flowreason_dsl.parser import parse
from flowreason_dsl.plain import pieces
from flowreason_dsl.printer import format_text
from flowreason_dsl.quoting import type_text
from flowreason_dsl.source import Span

Data: TypeAlias = dict[str, Any]

URN = "urn:flowreason:graph:1"
FORMAT = "flowreason-graph"
VERSION = 1
_DEEPEST = 400
"""More than the blanks at which any line of a formatted flow begins."""


def document_of(text: str, name: str = "<flow>") -> Data:
    """The program that a text says, as plain data. Raises `FlowSyntaxError` where it is none."""
    flow = parse(format_text(text, name), name)
    return _Writer(flow).document() | {"file": name}


def statement_spans(flow: s.Flow) -> list[Span]:
    """Where the statements stand that a document of the flow names `s1`, `s2`, …, in this order."""
    writer = _Writer(flow)
    writer.document()
    return writer.spans


def definitions(flow: s.Flow) -> list[s.Use | s.ToolDef | s.FlowDef]:
    """What stands in a file, in the order of the text."""
    items: list[s.Use | s.ToolDef | s.FlowDef] = [*flow.uses, *flow.tools, *flow.flows]
    return sorted(items, key=lambda item: item.span.start)


class _Writer:
    """Goes through a flow in the order of its text, and takes the comments along."""

    def __init__(self, flow: s.Flow) -> None:
        self.flow = flow
        self.text = flow.source.text
        self.comments = list(reversed(flow.comments))
        self.spans: list[Span] = []

    def document(self) -> Data:
        made: Data = {"$schema": URN, "format": FORMAT, "version": VERSION}
        lists: dict[str, list[Data]] = {"uses": [], "tools": [], "flows": []}
        order = []
        for item in definitions(self.flow):
            kind = {s.Use: "uses", s.ToolDef: "tools", s.FlowDef: "flows"}[type(item)]
            order.append(f"/{kind}/{len(lists[kind])}")
            lists[kind].append(self._definition(item))
        made |= {kind: items for kind, items in lists.items() if items}
        if order != [f"/{kind}/{number}" for kind, items in lists.items() for number in range(len(items))]:
            made["order"] = order
        return made | _some(comments=self._before(len(self.text) + 1))

    # --- comments and blank lines

    def _before(self, offset: int) -> list[Data]:
        """The comments that stand before an offset and were not taken yet."""
        out: list[Data] = []
        while self.comments and self.comments[-1].span.start < offset:
            comment = self.comments.pop()
            place = {"behind": True} if not comment.own_line else self._blank(comment.span.start)
            out.append({"kind": "comment", "text": comment.text, **place})
        return out

    def _blank(self, offset: int) -> Data:
        """Whether a blank line stands before an offset."""
        return {"blank": True} if self.text[max(0, offset - _DEEPEST) : offset].rstrip(" ").endswith("\n\n") else {}

    # --- definitions

    def _definition(self, item: s.Use | s.ToolDef | s.FlowDef) -> Data:
        before = self._before(item.span.start)
        place = _some(comments=before)
        if before or not isinstance(item, s.FlowDef):
            place |= self._blank(item.span.start)
        if isinstance(item, s.Use):
            return {"path": item.path, **_some(name=item.name.text if item.name else None), **place}
        made = {"name": item.name.text, **place, **self._signature(item)}
        if isinstance(item, s.ToolDef):
            return made | _some(pure=item.pure)
        return made | {"statements": self._block(item.body)}

    def _signature(self, item: s.ToolDef | s.FlowDef) -> Data:
        parameters: list[Data] = []
        for each in item.parameters:
            parameters += [*self._before(each.span.start), _parameter(each)]
        end = item.returns.span.end if item.returns else None
        if end is None and isinstance(item, s.FlowDef):
            end = item.body.span.start
        if item.parameters:
            parameters += self._before(end or (item.doc_span.start if item.doc is not None else item.span.end))
        made = _some(parameters=parameters, returns=type_text(item.returns.type) if item.returns else None)
        if item.doc is None:
            return made
        before = self._before(item.doc_span.start)
        blank = bool(before) and bool(self._blank(item.doc_span.start)) and isinstance(item, s.FlowDef)
        return made | {"doc": item.doc} | _some(doc_comments=before, doc_blank=blank)

    # --- statements

    def _block(self, block: s.Block) -> list[Data]:
        out: list[Data] = []
        for statement in block.statements:
            out += self._before(statement.span.start)
            out.append(self._statement(statement))
        return out + self._before(block.span.end - 1)

    def _statement(self, item: s.Statement) -> Data:
        self.spans.append(item.span)
        head: Data = {"id": f"s{len(self.spans)}", **self._blank(item.span.start)}
        match item:
            case s.Assign():
                type_ = _some(type=type_text(item.type.type) if item.type else None)
                return head | {"name": item.name.text, **type_} | self._expression(item.value)
            case s.Do():
                return head | self._expression(item.value)
            case s.Answer():
                type_ = _some(type=type_text(item.type.type) if item.type else None)
                return head | {"kind": "answer", **type_, "value": self._expression(item.value)}
            case s.Yield():
                return head | {"kind": "yield", "value": self._expression(item.value)}
            case s.Break():
                return head | {"kind": "break"}
            case s.Edge():
                return head | {"kind": "edge", "groups": [[name.text for name in group] for group in item.groups]}
            case s.If() | s.Match():
                return head | self._branch(item)
            case s.While():
                made = head | {"kind": "while", "condition": self._expression(item.condition)}
                made |= self._bound("max", item.bound)
                return made | {"statements": self._block(item.body)}
            case s.Repeat():
                made = head | {"kind": "repeat", "count": self._expression(item.count)}
                made |= self._bound("until", item.until)
                return made | {"statements": self._block(item.body)}
            case _:
                raise ValueError("a text with errors has no graph")

    def _bound(self, word: str, item: s.Expression | None) -> Data:
        if item is None:
            return {}
        before = self._before(item.span.start)
        return {word: self._expression(item) | _some(comments=before)}

    def _branch(self, item: s.If | s.Match) -> Data:
        arms: list[Data] = []
        if isinstance(item, s.If):
            made: Data = {"kind": "if", "arms": arms}
            for arm in item.arms:
                arms += self._before(arm.span.start)
                condition = self._expression(arm.condition)
                arms.append({"kind": "arm", "condition": condition, "statements": self._block(arm.body)})
        else:
            made = {"kind": "match", "subject": self._expression(item.subject), "cases": arms}
            for case in item.cases:
                arms += self._before(case.span.start)
                values = [value.value for value in case.values]
                blank = self._blank(case.span.start)
                arms.append({"kind": "case", **blank, "values": values, "statements": self._block(case.body)})
        if item.otherwise:
            arms += self._before(item.otherwise.span.start)
            if isinstance(item, s.Match) and self._blank(item.otherwise.span.start - len("else ")):
                made["else_blank"] = True
            made["else"] = self._block(item.otherwise)
        if isinstance(item, s.Match):
            rest = self._before(item.span.end - 1)
            if item.otherwise:
                made |= _some(comments=rest)
            else:
                arms += rest
        return made

    # --- expressions

    def _expression(self, item: s.Expression) -> Data:
        made = self._value(item.value) | self._suffixes(item)
        fallbacks: list[Data] = []
        while item.otherwise:
            item = item.otherwise
            before = self._before(item.span.start)
            fallbacks.append(self._value(item.value) | self._suffixes(item) | _some(comments=before))
        return made | ({"else": fallbacks} if fallbacks else {})

    def _suffixes(self, item: s.Expression) -> Data:
        made: Data = {}
        if item.given:
            made["given"] = [*self._before(item.given[0].span.start), *map(pieces.write_path, item.given)]
        if item.settings:
            made["with"] = [*self._before(item.settings[0].span.start), *map(_setting, item.settings)]
        checks: list[Data] = []
        for ensure in item.ensures:
            checks += self._before(ensure.span.start)
            message = pieces.write_template(ensure.message) if ensure.message else None
            checks.append({"condition": self._expression(ensure.condition), **_some(message=message)})
        return made | ({"ensure": checks} if checks else {})

    def _value(self, value: s.Value) -> Data:
        match value:
            case s.Template():
                return {"kind": "text", "text": pieces.write_template(value)}
            case s.Path():
                return {"kind": "name", "path": pieces.write_path(value)}
            case s.Literal():
                return {"kind": "value", "value": value.value}
            case s.Code():
                return {"kind": "python", **_code(value)}
            case s.Ask():
                return {"kind": "ask", "question": pieces.write_template(value.question), **_some(user=value.user)}
            case s.Emulate(code=s.Path() as program):
                return {"kind": "emulate_text", "program": pieces.write_path(program)}
            case s.Emulate(code=s.Code() as code):
                return {"kind": "emulate", **_code(code)}
            case s.Call():
                return {"kind": "call", "call": value.name.text} | _some(
                    arguments=[*map(self._argument, value.arguments)]
                )
            case s.Solve():
                return {"kind": "solve", "question": pieces.write_template(value.question)}
            case s.Run():
                return {"kind": "run", "flow": pieces.write_path(value.flow)}
            case s.For() | s.Sample():
                return self._loop(value)
            case _:
                raise ValueError("a text with errors has no graph")

    def _loop(self, value: s.For | s.Sample) -> Data:
        if isinstance(value, s.Sample):
            return {"kind": "sample", "count": self._expression(value.count), "statements": self._block(value.body)}
        made = {"targets": [name.text for name in value.targets], "items": self._expression(value.items)}
        match value:
            case s.For(line=True, body=s.Block(statements=(s.Yield(value=inner),))):
                return {"kind": "each", **made, "yields": self._expression(inner)}
            case _:
                return {"kind": "for", **made, "statements": self._block(value.body)}

    def _argument(self, argument: s.Argument) -> Data:
        return _some(name=argument.name.text if argument.name else None) | self._expression(argument.value)


def _parameter(parameter: s.Parameter) -> Data:
    made: Data = {"name": parameter.name.text, "type": type_text(parameter.type.type)}
    match parameter.default:
        case s.Literal(value=value):
            return made | {"default": value}
        case s.Name(text=name):
            return made | {"default": {"name": name}}
    return made


def _setting(setting: s.Setting) -> Data:
    match setting.value:
        case s.Literal(value=value):
            return {"name": setting.name.text, "value": value}
        case s.Path():
            return {"name": setting.name.text, "value": {"kind": "name", "path": pieces.write_path(setting.value)}}
        case s.Code():
            return {"name": setting.name.text, "value": {"kind": "python", **_code(setting.value)}}
        case _:
            assert_never(setting.value)


def _code(code: s.Code) -> Data:
    """`block` is said only where the text does not show it."""
    return {"code": code.text, **_some(block=code.block and "\n" not in code.text)}


def _some(**parts: Any) -> Data:
    """What is there, of what may be left out."""
    return {name: part for name, part in parts.items() if part not in (None, False, [])}
