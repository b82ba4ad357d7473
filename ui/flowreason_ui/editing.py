"""What the flow editor in the browser asks of a text: findings, completions, hovers, formats, the picture.

Invariant: every answer is a function of what was asked; nothing is kept but caches, and no file is read but those of
the library: what else a flow may use was opened by the person, and travels with its text. Whatever the text, there is
an answer. Offsets are in characters.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from keyword import kwlist, softkwlist
from pathlib import Path, PurePosixPath
from typing import Any

from flowreason.editor.analysis import Analysis, Surroundings
from flowreason.editor.completion import Completion, complete
from flowreason.editor.cost import of_flow
from flowreason.editor.edits import Edit, changes, formatted
from flowreason.editor.files import Files
from flowreason.editor.hover import hover
from flowreason.editor.places import definitions
from flowreason.editor.problems import Problem, all_fixed, explained, fixable, problems
from flowreason.editor.renaming import Refused, renamable, rename
from flowreason.editor.signatures import parameter, signature
from flowreason.graph import ops
from flowreason.graph.bounds import ZERO
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.used_files import place_of, read_used
from flowreason.view.style import css
from flowreason_dsl.check import check_text
from flowreason_dsl.check.options import OPTIONS
from flowreason_dsl.check.program import LIBRARY
from flowreason_dsl.codes import CODES
from flowreason_dsl.diagnostics import FlowError, errors
from flowreason_dsl.editors.groups import groups
from flowreason_dsl.parser import parse
from flowreason_dsl.python_world import MODULES, PRELUDE
from flowreason_dsl.syntax import ToolDef
from flowreason_ui.view.chart import chart

MOST = 60_000
"""Characters of a text that is looked at while a person types."""
MOST_FILES = 40
MOST_TOOLS = 200

Json = dict[str, Any]
_CHAPTER = re.compile(r" \(\d+(?:\.\d+)?\)(?=$|\n)", re.MULTILINE)
_NO_FOLDER = Path(os.devnull)


class Misasked(ValueError):
    """A request that makes no sense; its text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, the files that were opened with it, and the lines that declare the tools it may call.

    `prices` are US dollars for a million tokens in and out. `closed` are the regions of the picture that are closed;
    `name` is a new name for what stands at `at`.
    """

    text: str
    files: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = ()
    prices: tuple[float, float] | None = None
    at: int = 0
    closed: tuple[str, ...] = ()
    name: str = ""


class Opened(Files):
    """The files that were opened with a flow, by name, and those of the library."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__(_NO_FOLDER)
        self.texts = texts
        self.read: dict[str, str] = {}
        """What was read so far, as a run keeps it."""

    def __call__(self, path: str) -> str:
        self.read[path] = text = self._text(path)
        return text

    def _text(self, path: str) -> str:
        named = path if path in self.texts else PurePosixPath(path).name
        if named in self.texts and not path.startswith(LIBRARY):
            return self.texts[named]
        if path.startswith(LIBRARY):
            return read_used(place_of(path, None))
        raise ValueError("it is not open; open it together with the flow that uses it")

    def place(self, path: str) -> Path | None:
        if path.startswith(LIBRARY):
            return super().place(path)
        return Path(path) if path in self.texts or PurePosixPath(path).name in self.texts else None


# --- what is asked ---


def asked_from(data: Any) -> Asked:
    """A request as JSON. Raises `Misasked`."""
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise Misasked("a request is a record with a `text`")
    files, tools, prices = data.get("files") or {}, data.get("tools") or [], data.get("prices")
    if not isinstance(files, dict) or not _all_texts(files.values()) or len(files) > MOST_FILES:
        raise Misasked(f"`files` are at most {MOST_FILES} texts by name")
    if not isinstance(tools, list) or not _all_texts(tools) or len(tools) > MOST_TOOLS:
        raise Misasked(f"`tools` are at most {MOST_TOOLS} lines that declare one each")
    closed, at = data.get("closed") or [], data.get("at", 0)
    if not isinstance(closed, list) or not _all_texts(closed):
        raise Misasked("`closed` are keys of regions")
    name = data.get("name") or ""
    if not isinstance(at, int) or not isinstance(name, str):
        raise Misasked("`at` is an offset, and `name` a text")
    paid = tuple(prices) if isinstance(prices, list) else None
    if paid is not None and (len(paid) != 2 or not all(isinstance(each, int | float) for each in paid)):
        raise Misasked("`prices` are two numbers")
    return Asked(
        _whole(data["text"]), tuple(sorted(files.items())), tuple(tools), paid, at, tuple(closed), _whole(name)
    )


def _all_texts(given: Iterable[Any]) -> bool:
    return all(isinstance(each, str) for each in given)


def _whole(text: str) -> str:
    """A text without halves of surrogate pairs, which no file can hold; each becomes one other character."""
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text) if not text.isascii() else text


def declared(lines: Iterable[str]) -> dict[str, ToolDef]:
    """Tools by name, from the lines that declare them. Raises `Misasked`."""
    try:
        found = parse("\n".join([*lines, "flow _() { }"])).tools
    except FlowError as error:
        raise Misasked(f"the tools cannot be read: {error}") from None
    return {each.name.text: each for each in found}


@lru_cache(maxsize=12)
def _analysis(
    text: str, files: tuple[tuple[str, str], ...], tools: tuple[str, ...], prices: tuple[float, float] | None
) -> Analysis:
    return Analysis(text, "<flow>", Surroundings(declared(tools), Opened(dict(files)), prices))


def analysis_of(asked: Asked) -> Analysis:
    """A look at a text, made anew only where something changed. Raises `Misasked` for tools that cannot be read."""
    return _analysis(asked.text, asked.files, asked.tools, asked.prices)


def graph_of(asked: Asked) -> Graph | None:
    """The graph of a text without mistakes, too long to be drawn while a person types or not: it can run."""
    analysis = analysis_of(asked)
    if errors(analysis.findings):
        return None
    return analysis.graph or _long_graph(asked.text, asked.files, asked.tools)


@lru_cache(maxsize=2)
def _long_graph(text: str, files: tuple[tuple[str, str], ...], tools: tuple[str, ...]) -> Graph | None:
    try:
        return lower(check_text(text, tools=declared(tools), load=Opened(dict(files)), name="<flow>"))
    except FlowError:
        return None


def main_of(asked: Asked) -> str:
    """What the main flow of a text is called, as far as it can be read; empty where nothing in it is a flow."""
    tree = analysis_of(asked).readable
    return tree.main.name.text if tree is not None and tree.flows else ""


def asks_model(graph: Graph, analysis: Analysis) -> bool:
    """Whether a run of the flow may ask a model; without one it runs where this is not so."""
    found = analysis.reckoning
    if found is not None:
        return found.of_flow(graph.main.name).most.calls != ZERO
    return any(_asks(node.op) for flow in graph.flows.values() for node in flow.nodes.values())


def _asks(op: ops.Op) -> bool:
    return isinstance(op, ops.Emulate | ops.Solve | ops.RunText) or (isinstance(op, ops.Ask) and not op.user)


# --- answers ---


def look(asked: Asked) -> Json:
    """The findings of a text with their fixes, what it is, and what a run of it takes."""
    if len(asked.text) > MOST:
        return {"problems": [], "codes": {}, "fixable": 0, "ok": False, "note": _too_long(), "main": "", "price": ""}
    analysis = analysis_of(asked)
    found = problems(analysis)
    tree = analysis.readable
    main = tree.main if tree is not None and tree.flows else None
    return {
        "problems": [_problem(each) for each in found],
        "codes": {each.code: _code(each.code) for each in found if each.code in CODES},
        "fixable": fixable(analysis),
        "ok": not errors(analysis.findings),
        "note": "",
        "main": "" if main is None else signature(main),
        "parameters": [] if main is None else [parameter(each) for each in main.parameters],
        "price": "" if main is None else of_flow(analysis, main.name.text),
    }


def _too_long() -> str:
    return f"A text of more than {MOST:,} characters is checked when it runs, not while you type."


def _problem(found: Problem) -> Json:
    message, _, help = found.message.partition("\n")
    related = [f"{each.source.name}, line {each.source.position(each.span.start)[0]}: {each.text}"
               for each in found.related if each.file is not None]  # fmt: skip
    fix = None
    if found.fix is not None:
        title = found.fix.message[:1].upper() + found.fix.message[1:]
        fix = {"title": title, "changes": [[span.start, span.end, text] for span, text in found.fix.changes]}
    return {
        "from": found.span.start, "to": found.span.end, "severity": found.severity, "code": found.code,
        "message": message, "help": "\n".join([help, *related]).strip(), "fix": fix,
    }  # fmt: skip


def _code(code: str) -> Json:
    return {"cause": CODES[code].cause, "fix": CODES[code].fix}


def draw(asked: Asked) -> Json:
    """The picture of a text without mistakes; `why` tells where there is none."""
    if len(asked.text) > MOST:
        return {"chart": None, "why": _too_long()}
    analysis = analysis_of(asked)
    if analysis.graph is None:
        mistakes = errors(analysis.findings)
        return {"chart": None, "why": "" if mistakes else "This flow is too long to be drawn while you type."}
    try:
        return {"chart": chart(analysis.graph, asked.closed).as_json(), "why": ""}
    except RecursionError:
        return {"chart": None, "why": "This flow is nested too deeply to be drawn."}


def offer(asked: Asked) -> Json:
    """What may be written at an offset."""
    found = complete(analysis_of(asked), asked.at) if len(asked.text) <= MOST else []
    if any(each.kind == "file" for each in found):
        span = found[0].span
        found = [*(Completion(name, "file", span) for name, _ in asked.files), *found]
    return {"offers": [_offer(each) for each in found]}


def _offer(found: Completion) -> Json:
    return {
        "label": found.label, "kind": found.kind, "from": found.span.start, "to": found.span.end,
        "detail": found.detail, "doc": _here(found.doc), "insert": found.insert or found.label,
    }  # fmt: skip


def tell(asked: Asked) -> Json:
    """What is known of what stands at an offset, in the little Markdown that editors read.

    What there is to say about findings is told with them.
    """
    if len(asked.text) > MOST:
        return {"told": None}
    analysis = analysis_of(asked)
    found = hover(analysis, asked.at)
    if found is None:
        return {"told": None}
    told = found.markdown.removesuffix(explained(analysis, asked.at)).removesuffix("\n\n---\n\n")
    return {"told": {"from": found.span.start, "to": found.span.end, "markdown": _here(told)} if told else None}


def _here(text: str) -> str:
    """A text about the language without the numbers of the reference's chapters, which is not at hand in the app."""
    return _CHAPTER.sub("", text)


def define(asked: Asked) -> Json:
    """Where in the text that is defined which stands at an offset."""
    found = definitions(analysis_of(asked), asked.at) if len(asked.text) <= MOST else []
    return {"spans": [[each.span.start, each.span.end] for each in found if each.file is None]}


def named_anew(asked: Asked) -> Json:
    """What can be renamed at an offset, with the edits that do it where a new name is given; else why it cannot be."""
    if len(asked.text) > MOST:
        return {"name": "", "edits": [], "why": "A text as long as this cannot be renamed in here."}
    try:
        analysis = analysis_of(asked)
        found = renamable(analysis, asked.at)
        spans = rename(analysis, asked.at, asked.name) if asked.name else []
    except Refused as why:
        told = str(why)
        return {"name": "", "edits": [], "why": f"{told[:1].upper()}{told[1:]}."}
    edits = [[span.start, span.end, asked.name] for span in sorted(spans, key=lambda span: span.start)]
    return {"name": found.name, "edits": edits, "why": ""}


def form(asked: Asked) -> Json:
    """The edits that bring a text into the one style."""
    if len(asked.text) > MOST:
        return {"edits": [], "why": _too_long()}
    unread = [] if (analysis := analysis_of(asked)).tree is not None else errors(analysis.findings)
    edits = formatted(asked.text)
    if edits or not unread:
        return {"edits": _edits(edits), "why": ""}
    line = analysis.source.position(unread[0].span.start)[0]
    return {"edits": [], "why": f"It can be formatted once line {line} is mended: {unread[0].message}"}


def fix(asked: Asked) -> Json:
    """The edits that make all fixes which are certain."""
    after = all_fixed(analysis_of(asked)) if len(asked.text) <= MOST else None
    return {"edits": [] if after is None else _edits(changes(asked.text, after))}


def _edits(edits: Iterable[Edit]) -> list[list[Any]]:
    return [[each.span.start, each.span.end, each.text] for each in edits]


ANSWERS: dict[str, Callable[[Asked], Json]] = {
    "look": look, "draw": draw, "offer": offer, "tell": tell, "define": define, "form": form, "fix": fix,
    "rename": named_anew,
}  # fmt: skip
"""By the name in the address of a request."""


def setup() -> Json:
    """What an editor needs to know once: the words of the language by what they do, and the colours of pictures."""
    found = groups()
    return {
        "words": {
            "defining": found.defining, "acting": found.acting, "adding": found.adding, "leaving": found.leaving,
            "constants": found.constants, "deciding": found.deciding, "types": found.types, "person": found.person,
            "settings": sorted(OPTIONS), "python": sorted({*kwlist, *softkwlist} - {"_", "type"}),
            "known": sorted({*PRELUDE, *MODULES}),
        },
        "styles": {"light": css("light", run=True), "dark": css("dark", run=True)},
        "most": MOST,
    }  # fmt: skip
