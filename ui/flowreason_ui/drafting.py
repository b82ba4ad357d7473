"""The text that stands in the editor: where it came from, what belongs to it, and how what was typed comes back to it.

Invariant: a draft is plain data. What the browser says is taken only where it is about the text that was opened last:
each opening has a name of its own, `epoch`, and each change of the text a number, `version`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import flowreason as fr
from flowreason import library
from flowreason.engine.environment import BoundTool
from flowreason.errors import FlowreasonError, UsageError
from flowreason.examples_catalog import Example, find
from flowreason.records import RunInfo
from flowreason.resuming import inputs_of, kept_flow
from flowreason_dsl.check import check_text
from flowreason_dsl.diagnostics import FlowError
from flowreason_dsl.parser import parse
from flowreason_ui.editing import MOST_FILES, Asked, Opened
from flowreason_ui.orders import Hooks, Terms, example_of

TEMPLATE = """# What the flow does, in a sentence.
flow summary(letter: text, words: int = 30) -> text {
  short = ask "Sum this letter up in at most {words} words, for somebody who has not read it. {letter}"
  answer short
}
"""
"""What a new flow begins with."""

DRAFT = "edit-draft"
"""Where in a session's state the draft is kept."""
PRESSED = "edit-pressed"
"""Where the epoch is kept of the draft that somebody has tried to run: what is missing is told from then on."""
MOST_OPENED = 2_000_000
"""Characters of a flow and of the files that it uses: they are sent with each question about it."""
EXAMPLE = "example:"
LIBRARY = "library:"
RUN = "run:"
FILE = "file"
MOST_NAME = 120
MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A text in the editor. `files` are those it may `use`, by name; `origin` names what it was opened from.

    `inputs` are values that its form begins with, `declared` the lines of tools that it calls; `filled` is what stood
    in the form before a reload, by name, as it was typed.
    `known` is what its main flow was called when it was looked at last.
    `fresh`: nothing was opened or typed yet, so that what the browser still holds from before a reload is wanted.
    """

    text: str
    name: str = "flow"
    files: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    epoch: str = field(default_factory=lambda: token_urlsafe(6))
    version: int = 0
    fresh: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)
    declared: tuple[str, ...] = ()
    filled: Mapping[str, str | bool] = field(default_factory=dict)
    known: str = ""

    @property
    def example(self) -> Example | None:
        """The recorded example that it was opened from."""
        if not self.origin.startswith(EXAMPLE):
            return None
        try:
            return find(self.origin.removeprefix(EXAMPLE))
        except UsageError:
            return None

    def unread(self) -> Draft:
        """It, as a session begins with it."""
        return replace(self, fresh=True)

    def read(self) -> Draft:
        """It, as somebody has chosen it: nothing from before a reload is wanted."""
        return replace(self, fresh=False)

    def asked(self, tools: tuple[str, ...] = (), prices: tuple[float, float] | None = None) -> Asked:
        """What the server is asked about it."""
        return Asked(self.text, tuple(sorted(self.files.items())), tools, prices)


# --- openings ---


def begun() -> Draft:
    """What a session begins with."""
    return Draft(TEMPLATE, fresh=True)


def new() -> Draft:
    return Draft(TEMPLATE)


def from_library(name: str) -> Draft:
    """A flow of the library. Raises `UsageError`."""
    found = library.describe(name)
    return Draft(found.text, found.name, origin=f"{LIBRARY}{found.name}")


def from_example(name: str) -> Draft:
    """The flow of a recorded example. Raises `UsageError`."""
    found = find(name)
    return Draft(found.flow, found.name, origin=f"{EXAMPLE}{found.name}", inputs=found.inputs)


def from_run(info: RunInfo) -> Draft:
    """The flow of a kept run, with what it was given; that of an example's run is the example's."""
    plan = info.plan
    found = example_of(plan)
    try:
        inputs = inputs_of(plan, kept_flow(plan))
    except (FlowError, FlowreasonError, ValueError):
        inputs = {}
    declared = tuple(dict(plan.settings.get("tools") or {}).values())
    files = dict(plan.settings.get("files") or {})
    origin = f"{RUN}{info.id}" if found is None else f"{EXAMPLE}{found.name}"
    return Draft(plan.flow, "flow" if found is None else found.name, files, origin, inputs=inputs, declared=declared)


def from_files(given: Iterable[tuple[str, bytes]]) -> Draft:
    """What was uploaded: a flow, or its JSON graph, and the files that it uses. Raises `UsageError`, in words."""
    texts = {name: _decoded(name, raw) for name, raw in given}
    if len(texts) > MOST_FILES:
        raise UsageError(f"these are more than {MOST_FILES} files; open the flow with those that it uses")
    if sum(map(len, texts.values())) > MOST_OPENED:
        raise UsageError(
            f"these files are longer than {MOST_OPENED:,} characters together, the most that the editor holds; "
            "give long data as an input of the flow instead"
        )
    flows = [name for name in texts if name.endswith(".flow")]
    if flows:
        main = _main(flows, texts)
    else:
        graphs = [name for name in texts if name.endswith(".json")]
        if len(graphs) != 1:
            raise UsageError("none of these is a flow; a flow's name ends in .flow, and that of its graph in .json")
        main = graphs[0]
        texts[main] = _text_of_graph(main, texts[main])
    return Draft(texts.pop(main), Path(main).stem, texts, origin=FILE)


def _decoded(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text (at byte {error.start:,}); save it as UTF-8") from None


def _main(flows: list[str], texts: Mapping[str, str]) -> str:
    """The flow that no other one uses."""
    used: set[str] = set()
    for name in flows:
        try:
            used |= {use.path.rpartition("/")[2] for use in parse(texts[name]).uses}
        except FlowError:
            continue
    return next((name for name in flows if name not in used), flows[0])


def _text_of_graph(name: str, document: str) -> str:
    """The text that the statements of a JSON graph say, whatever may be wrong with it as a flow."""
    from flowreason.view.json_import import read_graph

    try:
        return read_graph(document)[1].text
    except FlowreasonError as error:
        raise UsageError(f"{name} is not the graph of a flow: {error}") from None


# --- what it goes by ---


def called(draft: Draft, main: str) -> Draft:
    """The draft by its name, where its main flow is called `main`: what was opened from the library, an example or a
    file goes by the name of that until its flow gets another one."""
    if draft.origin.startswith((LIBRARY, EXAMPLE)):
        name, first = _opened(draft.origin)
        return replace(draft, name=name if main == first else main, known=main)
    if draft.origin == FILE:
        return replace(draft, name=draft.name if draft.known in ("", main) else main, known=main)
    return replace(draft, name=main, known=main)


@lru_cache(maxsize=64)
def _opened(origin: str) -> tuple[str, str]:
    """What a flow of the library or an example goes by, and what its main flow is called; empty where it is gone."""
    kind, _, name = origin.partition(":")
    try:
        draft = from_library(name) if f"{kind}:" == LIBRARY else from_example(name)
        return draft.name, parse(draft.text).main.name.text
    except (UsageError, FlowError):
        return "", ""


# --- what the browser says ---


def taken(draft: Draft, said: Any) -> Draft:
    """The draft, with what was typed since; another one, where the browser was told to open one that it kept.

    What is about another text, or makes no sense, is passed over.
    """
    if not isinstance(said, Mapping) or said.get("epoch") != draft.epoch:
        return draft
    text, version = said.get("text"), said.get("version")
    if not isinstance(text, str) or not isinstance(version, int) or version <= draft.version:
        return draft
    if isinstance(kept := said.get("opened"), Mapping):
        return _named(Draft(text), kept)
    changed = replace(draft, text=text, version=version, fresh=False)
    before = said.get("restored")
    return _named(changed, before) if draft.fresh and isinstance(before, Mapping) else changed


def _named(draft: Draft, before: Mapping[str, Any]) -> Draft:
    """A draft with what the browser kept of it beside its text."""
    name, origin, files = before.get("name"), before.get("origin"), before.get("files")
    whole = isinstance(files, Mapping) and all(isinstance(each, str) for pair in files.items() for each in pair)
    return replace(
        draft,
        name=name[:MOST_NAME] if isinstance(name, str) and name else draft.name,
        origin=origin if isinstance(origin, str) else "",
        files=dict(files) if isinstance(files, Mapping) and whole and len(files) <= MOST_FILES else {},
        filled=_filled(before.get("form")),
    )


def _filled(form: Any) -> dict[str, str | bool]:
    """What stood in the fields of a form, by name."""
    if not isinstance(form, Mapping) or len(form) > MOST_FIELDS:
        return {}
    return {str(name): typed for name, typed in form.items() if isinstance(typed, str | bool)}


# --- running one ---


def flow_of(text: str, files: Mapping[str, str], tools: Mapping[str, BoundTool]) -> fr.Flow:
    """The flow of a draft, with the files that were opened with it. Raises `FlowError`."""
    load = Opened(files)
    definitions = {name: tool.definition for name, tool in tools.items()}
    checked = check_text(text, tools=definitions, load=load, name="<flow>")
    return fr.Flow(checked, tools, files=load.read)


@dataclass(frozen=True, slots=True)
class RunDraft:
    """An order: run what stands in the editor."""

    draft: Draft
    terms: Terms = Terms()
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.draft.name

    async def carry_out(self, hooks: Hooks) -> fr.Result:
        from flowreason.tool_files import tools_from
        from flowreason.tools import bind

        flow = flow_of(self.draft.text, self.draft.files, bind(tools_from(self.terms.tools)))
        hooks.on_flow(flow)
        given = hooks.given()
        del given["on_flow"]
        return await flow.run_async(self.inputs, **self.terms.granted(), **given)
