"""Plain data of the right shape as a syntax tree, laid out on an imaginary text.

In that text every thing has a place of one character and a blank line is two line ends, so that the printer puts
comments and blank lines where they belong.

Invariant: places grow in written order, as they do in a tree that was parsed. Whatever is wrong is told with its
pointer, and a usable piece stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from flowreason_dsl import syntax as s
from flowreason_dsl.grammar import grammar
from flowreason_dsl.plain import pieces
from flowreason_dsl.plain.shape import Fault, pointer_to, step, walk
from flowreason_dsl.plain.writing import Data
from flowreason_dsl.source import Source, Span

_HALF = re.compile("[\ud800-\udfff]")
_DEFINITIONS = ("uses", "tools", "flows")


def tree_of(document: Data) -> tuple[s.Flow, tuple[str | None, ...], list[Fault]]:
    """The tree, the ids of its statements in the order of the text, and what is wrong."""
    reader = _Tree()
    reader.halves(document)
    flow = reader.file(document)
    return flow, tuple(reader.ids), reader.faults


class _Page:
    """The imaginary text."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.at = 0
        self.comments: list[s.Comment] = []

    def place(self) -> Span:
        """The place of the next thing."""
        self.parts.append(".")
        self.at += 1
        return Span(self.at - 1, self.at)

    def gap(self) -> None:
        """A blank line."""
        self.parts.append("\n\n")
        self.at += 2

    def since(self, start: Span) -> Span:
        """From a place up to here."""
        return Span(start.start, self.at)


class _Tree:
    """Goes through a document in written order."""

    def __init__(self) -> None:
        self.page = _Page()
        self.ids: list[str | None] = []
        self.known: set[str | None] = set()
        self.faults: list[Fault] = []
        self.reserved = frozenset(grammar().keywords)

    def report(self, at: str) -> Callable[[str], None]:
        return lambda message: self.faults.append(Fault(at, message))

    def halves(self, document: Data) -> None:
        """Halves of characters, which JSON can write and no text can hold."""
        for way, value in walk(document):
            if isinstance(value, str) and _HALF.search(value):
                self.report(pointer_to(way))("half of a character (a lone surrogate) stands in this text")

    # --- files

    def file(self, document: Data) -> s.Flow:
        made: dict[str, list[Any]] = {kind: [] for kind in _DEFINITIONS}
        for at in self._order(document):
            kind, number = at.strip("/").split("/")
            item = document[kind][int(number)]
            self._comments(item.get("comments", ()), step(at, "comments"))
            if item.get("blank"):
                self.page.gap()
            read = {"uses": self._use, "tools": self._tool, "flows": self._flow}[kind]
            made[kind].append(read(item, at))
        self._comments(document.get("comments", ()), "/comments")
        source = Source("".join(self.page.parts))
        uses, tools, flows = (tuple(made[kind]) for kind in _DEFINITIONS)
        return s.Flow(flows, tools, uses, tuple(self.page.comments), source)

    def _order(self, document: Data) -> list[str]:
        there = [f"/{kind}/{number}" for kind in _DEFINITIONS for number in range(len(document.get(kind, ())))]
        order: list[str] = document.get("order", there)
        missing = [each for each in there if each not in set(order)]
        wrong = [each for each in order if each not in set(there)]
        if not missing and not wrong and len(order) == len(there):
            return order
        said = (
            f"leaves out {missing[0]}"
            if missing
            else f"names {wrong[0]}, which is not there"
            if wrong
            else "names one twice"
        )
        self.report("/order")(f"the order {said}; mend it, or leave `order` out")
        return there

    def _use(self, item: Data, _at: str) -> s.Use:
        place = self.page.place()
        return s.Use(item["path"], s.Name(item["name"], place) if "name" in item else None, place)

    def _tool(self, item: Data, at: str) -> s.ToolDef:
        start = self.page.place()
        parameters, returns = self._signature(item, at)
        doc, doc_span = self._doc(item, at)
        name = s.Name(item["name"], start)
        return s.ToolDef(name, parameters, returns, doc, item.get("pure", False), self.page.since(start), doc_span)

    def _flow(self, item: Data, at: str) -> s.FlowDef:
        start = self.page.place()
        parameters, returns = self._signature(item, at)
        brace = self.page.place()
        doc, doc_span = self._doc(item, at)
        statements = self._statements(item["statements"], step(at, "statements"))
        self.page.place()
        body = s.Block(statements, self.page.since(brace))
        name = s.Name(item["name"], start)
        return s.FlowDef(name, parameters, returns, doc, body, self.page.since(start), doc_span)

    def _signature(self, item: Data, at: str) -> tuple[tuple[s.Parameter, ...], s.TypeRef | None]:
        parameters = []
        for each, here in self._parts(item.get("parameters", ()), step(at, "parameters")):
            place = self.page.place()
            type_ = pieces.read_type(each["type"], place, self.report(step(here, "type")))
            default = self._default(each["default"], step(here, "default")) if "default" in each else None
            parameters.append(s.Parameter(s.Name(each["name"], place), type_, default, self.page.since(place)))
        return tuple(parameters), self._type(item, "returns", at)

    def _default(self, value: Any, at: str) -> s.Literal | s.Name:
        if isinstance(value, dict):
            return s.Name(value["name"], self.page.place())
        return self._constant(value, at)

    def _doc(self, item: Data, at: str) -> tuple[str | None, Span]:
        self._comments(item.get("doc_comments", ()), step(at, "doc_comments"))
        if item.get("doc_blank"):
            self.page.gap()
        return item.get("doc"), self.page.place()

    # --- comments

    def _comments(self, parts: Sequence[Data], at: str) -> None:
        for _ in self._parts(parts, at):
            pass

    def _parts(self, parts: Sequence[Any], at: str) -> Iterator[tuple[Any, str]]:
        """The parts of a list that are no comments, each with its pointer; the comments get their places."""
        for number, each in enumerate(parts):
            if not isinstance(each, dict) or each.get("kind") != "comment":
                yield each, step(at, number)
                continue
            if each.get("blank"):
                self.page.gap()
            behind = each.get("behind", False)
            self.page.comments.append(s.Comment(each["text"].rstrip(), not behind, self.page.place()))

    # --- statements

    def _statements(self, parts: Sequence[Data], at: str) -> tuple[s.Statement, ...]:
        made = []
        for each, here in self._parts(parts, at):
            if each.get("blank"):
                self.page.gap()
            self._id(each.get("id"), step(here, "id"))
            made.append(self._statement(each, here))
        return tuple(made)

    def _id(self, id: str | None, at: str) -> None:
        if id is not None and id in self.known:
            self.report(at)(f"the id {id[:60]!r} stands twice; give one of the statements another, or none")
        self.ids.append(id)
        self.known.add(id)

    def _block(self, item: Data, at: str, key: str = "statements") -> s.Block:
        brace = self.page.place()
        made = self._statements(item[key], step(at, key))
        self.page.place()
        return s.Block(made, self.page.since(brace))

    def _statement(self, item: Data, at: str) -> s.Statement:
        start = self.page.place()
        made = self._bare_statement(item, at, start)
        return replace(made, span=self.page.since(start))

    def _bare_statement(self, item: Data, at: str, start: Span) -> s.Statement:
        match item["kind"]:
            case "answer":
                type_ = self._type(item, "type", at)
                return s.Answer(self._inner(item, "value", at), type_)
            case "yield":
                return s.Yield(self._inner(item, "value", at))
            case "break":
                return s.Break()
            case "edge":
                return s.Edge(tuple(tuple(s.Name(name, start) for name in group) for group in item["groups"]))
            case "if":
                return self._if(item, at)
            case "match":
                return self._match(item, at)
            case "while":
                condition = self._inner(item, "condition", at)
                bound = self._inner(item, "max", at) if "max" in item else None
                return s.While(condition, bound, self._block(item, at))
            case "repeat":
                count = self._inner(item, "count", at)
                until = self._inner(item, "until", at) if "until" in item else None
                return s.Repeat(count, until, self._block(item, at))
            case _:
                return self._step(item, at, start)

    def _step(self, item: Data, at: str, start: Span) -> s.Statement:
        type_ = self._type(item, "type", at)
        value = self._expression(item, at)
        if "name" in item:
            return s.Assign(s.Name(item["name"], start), value, type_)
        if type_ is not None:
            self.report(step(at, "type"))("a type belongs to a name, and this step has none: give it a `name`")
        return s.Do(value)

    def _if(self, item: Data, at: str) -> s.If:
        arms = []
        for each, here in self._parts(item["arms"], step(at, "arms")):
            start = self.page.place()
            condition = self._inner(each, "condition", here)
            arms.append(s.Arm(condition, self._block(each, here), self.page.since(start)))
        return s.If(tuple(arms), self._block(item, at, "else") if "else" in item else None)

    def _match(self, item: Data, at: str) -> s.Match:
        subject = self._inner(item, "subject", at)
        cases = []
        for each, here in self._parts(item["cases"], step(at, "cases")):
            if each.get("blank"):
                self.page.gap()
            start = self.page.place()
            values = tuple(self._constant(v, step(step(here, "values"), n)) for n, v in enumerate(each["values"]))
            cases.append(s.Case(values, self._block(each, here), self.page.since(start)))
        if item.get("else_blank"):
            self.page.gap()
        otherwise = self._block(item, at, "else") if "else" in item else None
        self._comments(item.get("comments", ()), step(at, "comments"))
        self.page.place()
        return s.Match(subject, tuple(cases), otherwise)

    # --- expressions

    def _inner(self, item: Data, key: str, at: str) -> s.Expression:
        return self._expression(item[key], step(at, key))

    def _expression(self, item: Data, at: str) -> s.Expression:
        """A value, what belongs to it, and what is tried where it fails, one after the other."""
        fallbacks = item.get("else", ())
        chain = [self._valued(item, at, last=not fallbacks)]
        for number, each in enumerate(fallbacks):
            chain.append(self._valued(each, step(step(at, "else"), number), last=number == len(fallbacks) - 1))
        made = chain.pop()
        while chain:
            made = replace(chain.pop(), otherwise=made)
        return made

    def _valued(self, item: Data, at: str, *, last: bool) -> s.Expression:
        self._comments(item.get("comments", ()), step(at, "comments"))
        start = self.page.place()
        value = self._value(item, at)
        given = tuple(self._path(path, here) for path, here in self._parts(item.get("given", ()), step(at, "given")))
        settings = tuple(self._setting(e, here) for e, here in self._parts(item.get("with", ()), step(at, "with")))
        ensures = tuple(self._ensure(e, here) for e, here in self._parts(item.get("ensure", ()), step(at, "ensure")))
        if isinstance(value, s.For) and (given or settings or ensures or not last):
            value = replace(value, line=False)
        return s.Expression(value, given, settings, ensures, span=self.page.since(start))

    def _setting(self, item: Data, at: str) -> s.Setting:
        start = self.page.place()
        wanted, here = item["value"], step(at, "value")
        if not isinstance(wanted, dict):
            value: s.Literal | s.Path | s.Code = self._constant(wanted, here)
        elif wanted["kind"] == "name":
            value = self._path(wanted["path"], step(here, "path"))
        else:
            value = self._code(wanted, here)
        return s.Setting(s.Name(item["name"], start), value, self.page.since(start))

    def _ensure(self, item: Data, at: str) -> s.Ensure:
        start = self.page.place()
        condition = self._inner(item, "condition", at)
        message = self._template(item["message"], step(at, "message")) if "message" in item else None
        return s.Ensure(condition, message, self.page.since(start))

    def _value(self, item: Data, at: str) -> s.Value:
        match item["kind"]:
            case "text":
                return self._template(item["text"], step(at, "text"))
            case "name":
                return self._path(item["path"], step(at, "path"))
            case "value":
                return self._constant(item["value"], step(at, "value"))
            case "python":
                return self._code(item, at)
            case "ask":
                question = self._template(item["question"], step(at, "question"))
                return s.Ask(question, item.get("user", False), question.span)
            case "emulate":
                code = self._code(item, at)
                return s.Emulate(code, code.span)
            case "emulate_text":
                path = self._path(item["program"], step(at, "program"))
                return s.Emulate(path, path.span)
            case "call":
                start = self.page.place()
                arguments = tuple(
                    self._argument(*each) for each in self._parts(item.get("arguments", ()), step(at, "arguments"))
                )
                return s.Call(s.Name(item["call"], start), arguments, self.page.since(start))
            case "solve":
                question = self._template(item["question"], step(at, "question"))
                return s.Solve(question, question.span)
            case "run":
                path = self._path(item["flow"], step(at, "flow"))
                return s.Run(path, path.span)
            case _:
                return self._loop(item, at)

    def _loop(self, item: Data, at: str) -> s.Value:
        start = self.page.place()
        if item["kind"] == "sample":
            count = self._inner(item, "count", at)
            return s.Sample(count, self._block(item, at), self.page.since(start))
        targets = tuple(s.Name(name, start) for name in item["targets"])
        items = self._inner(item, "items", at)
        if item["kind"] == "for":
            return s.For(targets, items, self._block(item, at), span=self.page.since(start))
        brace = self.page.place()
        value = self._inner(item, "yields", at)
        self.page.place()
        body = s.Block((s.Yield(value, value.span),), self.page.since(brace))
        return s.For(targets, items, body, line=True, span=self.page.since(start))

    def _argument(self, item: Data, at: str) -> s.Argument:
        start = self.page.place()
        name = s.Name(item["name"], start) if "name" in item else None
        return s.Argument(self._expression(item, at), name, self.page.since(start))

    # --- pieces

    def _type(self, item: Data, key: str, at: str) -> s.TypeRef | None:
        if key not in item:
            return None
        return pieces.read_type(item[key], self.page.place(), self.report(step(at, key)))

    def _template(self, text: str, at: str) -> s.Template:
        return pieces.read_template(text, self.page.place(), self.report(at))

    def _path(self, text: str, at: str) -> s.Path:
        return pieces.read_path(text, self.page.place(), self.report(at), self.reserved)

    def _code(self, item: Data, at: str) -> s.Code:
        report = self.report(step(at, "code"))
        return pieces.read_code(item["code"], item.get("block", False), self.page.place(), report)

    def _constant(self, value: Any, at: str) -> s.Literal:
        return pieces.read_constant(value, self.page.place(), self.report(at))
