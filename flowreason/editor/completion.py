"""What may be written at the cursor: words of the language, names, types, settings, fields, choices, Python.

Invariant: what is offered could stand there; nothing is offered in comments and plain text, and the text before the
cursor may be unfinished or at fault anywhere.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flowreason.editor.analysis import Analysis
from flowreason.editor.cursor import Cursor, read_to
from flowreason.editor.hover import python_doc
from flowreason.editor.signatures import parameter, signature
from flowreason.editor.surround import surround
from flowreason.editor.types_at import fields_of, methods_of, type_at, type_of_path
from flowreason.editor.words import AS, KEYWORDS, SETTINGS, TYPES
from flowreason.used_files import SHELF
from flowreason_dsl import prelude
from flowreason_dsl.check.data import NO_FLOWS
from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.check.program import LIBRARY
from flowreason_dsl.grammar import grammar
from flowreason_dsl.python_world import MODULES, PRELUDE
from flowreason_dsl.source import Span
from flowreason_dsl.types import BOOL, Choice, Type

Kind: TypeAlias = Literal[
    "keyword", "name", "flow", "tool", "type", "setting", "value", "field", "choice", "function", "module", "file"
]

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PATH = re.compile(
    r"(?<![\w.])([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*|\[\s*(?:-?\d+|\"[^\"\n]*\"|'[^'\n]*')\s*\])*)\.[ \t]*\Z"
)
_HOLE = re.compile(r"(?<!\{)(?:\{\{)*\{[ \t]*[\w.\[\]\"'-]*\Z")
_BUILTINS = (
    "abs", "all", "any", "bool", "dict", "enumerate", "filter", "float", "int", "len", "list", "map", "max", "min",
    "range", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip",
)  # fmt: skip
MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Completion:
    """Something to write, in place of `span`."""

    label: str
    kind: Kind
    span: Span
    detail: str = ""
    doc: str = ""
    insert: str = ""
    """What is written, where it is not the label."""


def complete(analysis: Analysis, offset: int) -> list[Completion]:
    """What may be written at an offset, without what is there twice."""
    offset = max(0, min(offset, len(analysis.text)))
    typed = _WORD.search(analysis.text, 0, offset)
    start = typed.start() if typed else offset
    found: dict[str, Completion] = {}
    for each in _Place(analysis, start, offset).offers():
        found.setdefault(each.label, each)
    return list(found.values())


class _Place:
    """The place before the word that is being typed."""

    def __init__(self, analysis: Analysis, start: int, end: int) -> None:
        self.before = analysis.text[:start]
        self.span = Span(start, end)
        self.around = surround(analysis.text, start)
        plain = self.around.kind == "flow"
        self.cursor = read_to(self.before if plain else self.before[: self.around.start].rstrip('`"') + " ")
        self.analysis = analysis

    def offers(self) -> Iterator[Completion]:
        match self.around.kind:
            case "python":
                yield from self._fields(methods=True) if self._path() else self._python()
            case "text":
                yield from self._text()
            case "flow":
                yield from self._fields() if self.before.rstrip(" \t").endswith(".") else self._flow()

    def _make(self, label: str, kind: Kind, detail: str = "", doc: str = "", insert: str = "") -> Completion:
        return Completion(label, kind, self.span, detail, doc, insert)

    # --- names ---

    def _names(self) -> Iterator[Completion]:
        there = self.cursor.governing() == "ENSURE" or self.cursor.machine.admits("BREAK")
        own = self.cursor.pending if there else None
        for name in reversed([*self.cursor.names, *([own] if own else [])]):
            type = self._type(name)
            yield self._make(name, "name", str(type) if type is not None else "")
        yield from self._data()

    def _data(self) -> Iterator[Completion]:
        for name, data in self.analysis.seen.data.items():
            if name not in self.cursor.names:
                yield self._make(name, "name", str(data.type), f"What `{data.path}` holds.")

    def _type(self, name: str) -> Type | None:
        return type_at(self.analysis, self.cursor.flow, name, self.span.start)

    def _callables(self) -> Iterator[Completion]:
        seen = self.analysis.seen
        for name, flow in seen.flows.items():
            yield self._make(name, "flow", signature(flow), flow.doc or "")
        for name, tool in seen.tools.items():
            yield self._make(name, "tool", signature(tool), tool.doc or "")

    def _path(self) -> re.Match[str] | None:
        return _PATH.search(self.before)

    def _fields(self, methods: bool = False) -> Iterator[Completion]:
        path = self._path()
        root = self._type(path[1]) if path else None
        type = type_of_path(root, path[2]) if path and root is not None else None
        if type is not None:
            for name, inner in fields_of(type):
                yield self._make(name, "field", str(inner))
            for name in methods_of(type) if methods else ():
                yield self._make(name, "function")
        elif methods and path and not path[2] and path[1] in MODULES:
            for name in _shown(path[1]):
                yield self._make(name, "function", path[1])

    # --- in Python and in texts ---

    def _python(self) -> Iterator[Completion]:
        yield from self._names()
        yield from self._callables()
        for name in sorted(PRELUDE):
            given = ", ".join(inspect.signature(getattr(prelude, name)).parameters)
            yield self._make(name, "function", f"{name}({given})", python_doc(name))
        for name in sorted(MODULES):
            yield self._make(name, "module")
        for name in _BUILTINS:
            yield self._make(name, "function")

    def _text(self) -> Iterator[Completion]:
        last = self.cursor.tokens[-1].type if self.cursor.tokens else ""
        if last == "USE":
            yield from self._files()
        elif "TEMPLATE" not in self.cursor.expected:
            yield from self._choices(quoted=False)
        elif _HOLE.search(self.before, self.around.start):
            yield from self._fields() if self._path() else self._names()

    def _files(self) -> Iterator[Completion]:
        files = self.analysis.surroundings.files
        whole = Span(self.around.start, self.span.end)
        own = self.analysis.name.rsplit("/", maxsplit=1)[-1]
        there = sorted(files.folder.iterdir()) if files is not None and files.folder.is_dir() else []
        named = [path.name for path in there if path.suffix in (".flow", *NO_FLOWS) and path.name != own]
        named += sorted(f"{LIBRARY}{path.stem}" for path in SHELF.glob("*.flow"))
        for name in named[:MOST_FILES]:
            yield Completion(name, "file", whole)

    def _choices(self, quoted: bool = True) -> Iterator[Completion]:
        """What the subject of the `match` around the cursor can be."""
        subject = next((block.subject for block in reversed(self.cursor.blocks)), None)
        if not subject or subject[0].type != "NAME":
            return
        steps = "".join(str(token.value) for token in subject[1:] if token.type in ("DOT", "NAME"))
        root = self._type(subject[0].value)
        type = type_of_path(root, steps) if root is not None else None
        whole = self.span if quoted else Span(self.around.start, self.span.end)
        if isinstance(type, Choice):
            for option in type.options:
                written = json.dumps(option, ensure_ascii=False)
                yield Completion(written if quoted else written[1:-1], "choice", whole)
        elif type == BOOL and quoted:
            yield self._make("true", "value")
            yield self._make("false", "value")

    # --- in the flow ---

    def _flow(self) -> Iterator[Completion]:
        expected, cursor = self.cursor.expected, self.cursor
        governing = cursor.governing()
        last = cursor.tokens[-1].type if cursor.tokens else ""
        if governing == "WITH" and last in ("WITH", "COMMA") and "NAME" in expected:
            yield from self._settings()
            return
        if governing == "WITH" and last == "EQUAL":
            yield from self._values()
            return
        if "SCALAR" in expected:
            yield from (self._make(name, "type", doc=doc) for name, doc in TYPES.items())
        if {"TEXT", "ELSE", "RBRACE"} <= expected and "TEMPLATE" not in expected:
            yield from self._choices()
        if "AS" in expected:
            yield self._make("as", "keyword", doc=AS)
        if last == "EQUAL" and governing in ("FLOW", "TOOL"):
            yield from self._data()
        if "NAME" in expected and governing not in ("FLOW", "TOOL", "FOR"):
            yield from self._names()
            yield from self._keys()
            if governing != "GIVEN" and "ASK" in expected:
                yield from self._callables()
        yield from self._keywords(expected, last)

    def _keywords(self, expected: Iterable[str], last: str) -> Iterator[Completion]:
        words = {kind: text for text, kind in grammar().keywords.items() if kind not in grammar().python}
        for kind in sorted(expected):
            if kind in words:
                yield self._make(words[kind], "keyword", doc=KEYWORDS[words[kind]])
        if last == "ASK":
            yield self._make("user", "keyword", doc=KEYWORDS["user"])

    def _settings(self) -> Iterator[Completion]:
        for name, (example, doc) in SETTINGS.items():
            yield self._make(name, "setting", doc=doc, insert=f"{name}={example}")

    def _values(self) -> Iterator[Completion]:
        name = str(self.cursor.tokens[-2].value)
        option = OPTIONS.get(name)
        if option is not None:
            for value in ("true", "false") if option.type == BOOL else (SETTINGS[name][0],):
                yield self._make(value, "value", doc=SETTINGS[name][1])
        yield from self._names()

    def _keys(self) -> Iterator[Completion]:
        """The parameters of the flow or tool whose brackets the cursor stands in."""
        called = _called(self.cursor)
        target = self.analysis.callable(called) if called else None
        for each in target.parameters if target is not None else ():
            yield self._make(f"{each.name}=", "field", parameter(each))


def _called(cursor: Cursor) -> str | None:
    """The name before the innermost bracket that is open."""
    depth = 0
    for before, token in zip(reversed(cursor.tokens[:-1]), reversed(cursor.tokens), strict=False):
        if token.start < cursor.statement:
            return None
        depth += (token.type in ("RPAR", "RSQB", "RBRACE")) - (token.type in ("LPAR", "LSQB", "LBRACE"))
        if depth < 0:
            return before.value if token.type == "LPAR" and before.type == "NAME" else None
    return None


def _shown(module: str) -> list[str]:
    import importlib

    return [name for name in dir(importlib.import_module(module)) if not name.startswith("_")]
