"""Tools: called in the types they take, and those with effects once each.

Invariant: where a run is kept, an effect is written down before it happens and after. One that was begun and whose end
is not known is not begun again, unless it is declared repeatable, takes the run's idempotency key, or the person says
so.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit, shorten
from flowreason.asking.reply import parse_input, parse_reply
from flowreason.engine import inline
from flowreason.engine.environment import KEY, BoundTool
from flowreason.engine.frames import Frame
from flowreason.engine.ledger import Ledger
from flowreason.engine.limits import error_kind
from flowreason.engine.numbers import Numbers
from flowreason.engine.persons import NOT_SAID
from flowreason.engine.recall import call_key
from flowreason.engine.stopping import is_cancelled
from flowreason.errors import FlowreasonError, NodeError, StoreError
from flowreason.records import Outcome
from flowreason.values import NotPlain, decode, encode, show
from flowreason_dsl.types import BOOL

if TYPE_CHECKING:
    from flowreason.engine.work import Worker

_SHOWN = 200
_OPAQUE = {"opaque": True}
"""A call that was made, and gave what cannot be kept."""


class Effects:
    """Calls the tools of one run."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._parts: Numbers[tuple[str, str], str] = Numbers(worker.ledger.parts() if worker.ledger else None)

    async def call(self, tool: BoundTool, given: dict[str, Any], frame: Frame, i: int) -> Any:
        """The value that a tool gives."""
        budget = self._worker.caller.budget
        budget.permit(pure=tool.definition.pure)
        ledger = self._worker.ledger
        if ledger is None:
            if not tool.definition.pure:
                await self._consent(tool, given, frame, i, 0)
            return await self._act(tool, given, frame, i, "")
        key = call_key(tool.definition.name.text, given) or ""
        part = self._parts.take((frame.path, frame.plan.nodes[i].id), lambda known: known == key)
        return await self._kept(ledger, tool, given, frame, i, part, key)

    async def _kept(
        self, ledger: Ledger, tool: BoundTool, given: dict[str, Any], frame: Frame, i: int, part: int, key: str
    ) -> Any:
        """A call that is written down, unless what came of it is known."""
        place = frame.path, frame.plan.nodes[i].id
        known, whose = _same(ledger.at(*place, "tool", part), key), "run"
        if known is None and key:
            known, whose = ledger.take("tool", key, *place), "before"
            if known is not None:
                ledger.note(Outcome(*place, "tool", part, key, known.value))
        if known is not None and "opaque" not in (known.value or _OPAQUE):
            self._worker.host.tell("node.recalled", frame, i, {"whose": whose})
            return _result(known.value, frame, i)
        if not tool.definition.pure:
            await self._consent(tool, given, frame, i, part)
            begun = known or _same(ledger.at(*place, "begun", part), key)
            said = []
            if begun is not None and not (tool.repeatable or tool.keyed):
                told, value = await self._what_became(tool, given, frame, i, part)
                if told:
                    await ledger.commit(Outcome(*place, "tool", part, key, {"is": encode(value)}))
                    return value
                said = [Outcome(*place, "became", part, "", NOT_SAID)]  # of the next time nobody knows yet
            await ledger.commit(*said, Outcome(*place, "begun", part, key))
        marks = f"{ledger.claim.run}/{frame.path}/{frame.plan.nodes[i].id}#{part}"
        return await self._done(ledger, tool, given, frame, i, Outcome(*place, "tool", part, key), marks)

    async def _done(
        self,
        ledger: Ledger,
        tool: BoundTool,
        given: dict[str, Any],
        frame: Frame,
        i: int,
        outcome: Outcome,
        mark: str,
    ) -> Any:
        """Call it, and write down what came of it before anything depends on it."""
        effect = not tool.definition.pure
        try:
            value = await self._act(tool, given, frame, i, mark)
        except NodeError as error:
            if effect:
                await ledger.commit(_with(outcome, {"error": str(error), "kind": error.kind}))
            raise
        kept = _with(outcome, _plain(value))
        if effect:
            await ledger.commit(kept)
        else:
            ledger.note(kept)
        return value

    async def _act(self, tool: BoundTool, given: dict[str, Any], frame: Frame, i: int, mark: str) -> Any:
        """Call the function; one that is not async runs in a thread."""
        told = Told(tool.definition.name.text, given)
        try:
            with self._worker.caller.activity.busy():
                return await self._invoke(tool, given, frame, i, mark)
        except BaseException as error:
            told.failed(error)
            raise
        finally:
            self._worker.host.tell("node.tool", frame, i, told.data())

    @staticmethod
    async def _invoke(tool: BoundTool, given: dict[str, Any], frame: Frame, i: int, mark: str) -> Any:
        keyed = {KEY: mark} if tool.keyed else {}
        try:
            value = tool.function(**given, **keyed) if tool.inline else await tool.act({**given, **keyed})
            return await value if inspect.isawaitable(value) else value
        except FlowreasonError:
            raise
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            raise inline.tool_failed(tool, error, frame, i) from error
        except Exception as error:
            raise inline.tool_failed(tool, error, frame, i) from error

    # --- the person's word ---

    async def _consent(self, tool: BoundTool, given: Mapping[str, Any], frame: Frame, i: int, part: int) -> None:
        """Raises `NodeError` where the person is asked before effects and does not agree to this one."""
        if not self._worker.environment.approve:
            return
        text = f"May the flow do this?\n{_shown(tool, given)}"
        said = await self._worker.persons.ask(frame, i, "consent", part, text, BOOL)
        try:
            agreed = parse_reply(said, BOOL)
        except Misfit:
            agreed = False
        if agreed is not True:
            raise inline.node_error(frame, i, f"the person did not agree to {_shown(tool, given)}", "consent")
        self._worker.caller.budget.permit()  # a limit may have been reached while the person thought

    async def _what_became(
        self, tool: BoundTool, given: Mapping[str, Any], frame: Frame, i: int, part: int
    ) -> tuple[bool, Any]:
        """What the person knows of an effect that was begun when the run was interrupted: whether it gave a value."""
        kind = tool.returns[1]
        text = (
            f"When the run was interrupted, this had been begun, and nobody knows whether it happened:\n"
            f"{_shown(tool, given)}\n"
            f"Look, and answer `repeat` if it did not; else what it gave ({kind})."
        )
        said = (await self._worker.persons.ask(frame, i, "became", part, text, kind)).strip()
        if said.casefold() in ("repeat", "`repeat`"):
            return False, None
        try:
            return True, convert(parse_input(said, kind), kind)
        except Misfit as misfit:
            raise inline.node_error(frame, i, f"what was said of {_shown(tool, given)}: {misfit.reason}") from misfit


class Told:
    """What is told of a call of a tool, which begins now, when it is over."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        self._data = {"tool": name, "arguments": dict(given)}
        self._began = time.monotonic()

    def failed(self, error: BaseException) -> None:
        self._data["error_kind"] = "cancelled" if isinstance(error, asyncio.CancelledError) else error_kind(error)

    def data(self) -> dict[str, Any]:
        return {**self._data, "seconds": round(time.monotonic() - self._began, 6)}


def _same(known: Outcome | None, key: str) -> Outcome | None:
    """What is known of a call, if it was made with the same arguments."""
    return known if known is not None and known.key in ("", key) else None


def _with(outcome: Outcome, value: Any) -> Outcome:
    return Outcome(outcome.frame, outcome.node, outcome.kind, outcome.part, outcome.key, value)


def _plain(value: Any) -> Mapping[str, Any]:
    try:
        return {"is": encode(value)}
    except NotPlain:
        return _OPAQUE


def _result(kept: Mapping[str, Any], frame: Frame, i: int) -> Any:
    """What a call gave, or the failure that it was."""
    if "error" in kept:
        raise inline.node_error(frame, i, kept["error"], kept["kind"])
    try:
        return decode(kept["is"])
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"what a tool gave is damaged in the store: {error!r}") from error


def _shown(tool: BoundTool, given: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{name}={shorten(show(value), _SHOWN)}" for name, value in given.items())
    return f"{tool.definition.name.text}({arguments})"
