"""A flow while it is being written: what has arrived of it so far, as a flow that can be checked and run.

What is open is closed so that it says nothing that the rest of the text could make wrong. Invariant: a step stands in
such a flow only as it will stand in the whole one, as far as the text that has arrived can tell: a loop that is open
runs its first round alone, and whatever comes after what has arrived waits for a person whom nobody asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from flowreason.compiler.sound import walk
from flowreason_dsl.check import CheckedFlow, check
from flowreason_dsl.diagnostics import FlowError
from flowreason_dsl.parser import parse
from flowreason_dsl.stream import Block, Finished, Reader
from flowreason_dsl.syntax import Call, Flow, ToolDef

LATER = 'ask user "later"'
"""What stands for all that has not arrived: it has an effect, so that a head start never gets past it."""

SHARE = 4
"""Looking at what has arrived takes at most one part in so many of the time."""

_LOOPS = frozenset({"for", "while", "repeat"})
_YIELDING = frozenset({"for", "sample"})


def _unheard(_error: Exception) -> None:
    """Where nobody wants to hear of what went wrong."""


class Arriving:
    """Reads what a model writes, piece by piece.

    `on_text` is told the text since it was told last, and how many statements are finished, whenever one is, and with
    each line: a statement may be a page of Python. `on_flow` is handed what has arrived as a flow, each time that more
    of it can be run; when that fails, `on_trouble` is told once, and reading goes on.
    """

    def __init__(
        self,
        tools: Mapping[str, ToolDef],
        on_text: Callable[[str, int], None],
        on_flow: Callable[[CheckedFlow], None] | None = None,
        on_trouble: Callable[[Exception], None] = _unheard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tools = tools
        self._on_flow = on_flow
        self._on_text = on_text
        self._on_trouble = on_trouble
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """A new text begins."""
        self._reader = Reader("<arriving>")
        self._start: int | None = None
        self._told = 0
        self._count = 0
        self._seen = 0
        self._rest_until = 0.0

    def take(self, piece: str | None) -> None:
        """The next piece of the text; None where it begins anew."""
        if piece is None:
            self.begin()
            return
        finished = [each for each in self._reader.feed(piece) if isinstance(each, Finished)]
        if self._start is None and (finished or self._reader.blocks):
            spans = [each.span for each in finished] + [each.span for each in self._reader.blocks]
            self._start = min(span.start for span in spans)
        self._count += len(finished)
        if finished or "\n" in piece:
            self._tell()
        self._look()

    def end(self) -> None:
        """The text has arrived; what was not told of it is."""
        if len(self._reader.text) > self._told:
            self._tell()

    def _tell(self) -> None:
        text = self._reader.text
        self._on_text(text[self._told :], self._count)
        self._told = len(text)

    def _look(self) -> None:
        """Hand on what has arrived, if there is more of it than before, it can be run, and it is time."""
        reader, began = self._reader, self._clock()
        if self._on_flow is None or self._count == self._seen or began < self._rest_until:
            return
        if not reader.ok or _edge_ahead(reader):
            return
        self._seen = self._count
        try:
            checked = arrived(reader, self._start or 0, self._tools)
            if checked is not None:
                self._on_flow(checked)
        except Exception as error:  # noqa: BLE001 - told; a head start that is lost must not cost the answer
            self._on_flow = None
            self._on_trouble(error)
        now = self._clock()
        self._rest_until = now + (SHARE - 1) * (now - began)


def _edge_ahead(reader: Reader) -> bool:
    """Whether an edge may be coming, which would show more to an ask that has arrived."""
    return reader.next == "NAME" and reader.next2 in ("", "ARROW", "COMMA")


def arrived(reader: Reader, start: int, tools: Mapping[str, ToolDef]) -> CheckedFlow | None:
    """What has arrived as a flow that can be run; None where it cannot."""
    closed = closing(reader.text, reader.settled, reader.blocks)
    text = closed[start:]
    try:
        flow = parse(text, "<arriving>")
        missing = list(_stand_ins(flow, tools))
        if missing:
            flow = parse("\n".join([text, *missing]), "<arriving>")
        return check(flow, tools=tools)
    except FlowError:
        return None


def closing(text: str, end: int, blocks: Sequence[Block]) -> str:
    """The first `end` characters of a text with what is open in them closed."""
    undecided = next((i for i, block in enumerate(blocks) if block.kind == "match" and block.asks), None)
    if undecided is not None:  # what such a question asks depends on the cases that are still to come
        end, blocks = blocks[undecided].span.start, blocks[:undecided]
    kept = text[:end]
    for block in blocks:
        if block.until is not None:  # it speaks of names that the block may not have set yet
            gap = " " * (block.until.end - block.until.start)
            kept = kept[: block.until.start] + gap + kept[block.until.end :]
    return f"{kept}\n{' '.join(closer(block) for block in reversed(blocks))}\n"


def closer(block: Block) -> str:
    """What ends a block that is open."""
    if block.kind == "flow":
        return f"answer {LATER} }}"
    yields = f"yield {LATER} " if block.kind in _YIELDING and block.as_value and not block.yields else ""
    return f"{yields}{'break ' if block.kind in _LOOPS else ''}}}"


def _stand_ins(flow: Flow, tools: Mapping[str, ToolDef]) -> Iterator[str]:
    """A flow for each name that is called and has not arrived."""
    known = {each.name.text for each in flow.flows} | {each.name.text for each in flow.tools} | set(tools)
    calls: dict[str, list[Call]] = {}
    for node in walk(flow):
        if isinstance(node, Call) and node.name.text not in known:
            calls.setdefault(node.name.text, []).append(node)
    for name, found in calls.items():
        yield f"flow {name}({', '.join(_parameters(found))}) {{ answer {LATER} }}"


def _parameters(calls: Iterable[Call]) -> list[str]:
    named: dict[str, None] = {}
    most = 0
    for call in calls:
        most = max(most, sum(argument.name is None for argument in call.arguments))
        named.update((argument.name.text, None) for argument in call.arguments if argument.name is not None)
    return [f'_{number}: any = ""' for number in range(most)] + [f'{name}: any = ""' for name in named]
