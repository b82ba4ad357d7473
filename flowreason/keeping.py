"""What is kept of one run, from its plan to its end: where, and under which name.

Invariant: a run that is kept says at any moment how it stands; one that ends without a word was interrupted.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flowreason.engine.keepsake import Heard, condense
from flowreason.engine.ledger import Ledger
from flowreason.engine.limits import error_kind
from flowreason.engine.numbers import calls_of
from flowreason.engine.result import RunResult
from flowreason.errors import FlowreasonError
from flowreason.ports import Provider, Usage
from flowreason.records import Claim, Outcome, Plan, RunStatus, Standing, Store
from flowreason.values import NotPlain

if TYPE_CHECKING:
    from flowreason.flow import Flow

OnRun: TypeAlias = Callable[[str], None]
"""Is told the id of a run that is kept, as soon as there is one."""
DEFAULT: Final = "default"
NOTHING: Final = "none"
SERVER: Final = "server"
"""The setting that names the server which answered; it stays in the store, and in no export."""
Where: TypeAlias = "Store | str | os.PathLike[str] | None"
"""A store, its path or URL; `default`: the user's own, for answers of a real server; None, `none`: nothing is kept."""


def store_at(where: Where, provider: Provider | None = None) -> Store | None:
    """The store that is meant. Without a server that answers, nothing is kept by default."""
    if where is None or where == NOTHING:
        return None
    if not isinstance(where, str | os.PathLike):
        return where
    place = os.fspath(where)
    if place == DEFAULT:
        if provider is not None and not origin_of(provider):
            return None
        place = default_place()
        if place == NOTHING:
            return None
    from flowreason.store import open_store

    return open_store(place)


def default_place() -> str:
    """Where the user's runs are kept: FLOWREASON_STORE, or a file in their data folder."""
    asked = os.environ.get("FLOWREASON_STORE", "").strip()
    if asked:
        return asked
    from flowreason.config import data_path

    return str(data_path() / "runs.db")


def origin_of(provider: Provider) -> str:
    """The server that a provider asks, by name; empty where equal requests may give different replies."""
    return str(getattr(provider, "origin", ""))


@dataclass(frozen=True, slots=True)
class Past:
    """What a run goes on from.

    `claim`: of the run itself, when it is resumed, with what it `known` and has `used`. `parent`: of the run that this
    one is made from, and what came of the steps `before`.
    """

    claim: Claim | None = None
    known: Sequence[Outcome] = ()
    used: Usage = Usage()
    parent: str = ""
    before: Sequence[Outcome] = ()


class Keeper:
    """Keeps one run."""

    def __init__(self, store: Store, plan: Plan, ledger: Ledger, used: Usage) -> None:
        self.ledger = ledger
        self._store = store
        self._plan = plan
        self._used = used

    @classmethod
    async def begin(cls, store: Store, plan: Plan, provider: Provider, cache: bool, past: Past) -> Keeper:
        """A new run, or one that is resumed."""
        plan = plan if past.claim is not None else answered_by(plan, provider)
        claim = past.claim or await store.begin(plan, parent=past.parent)
        calls = await calls_of(store, claim.run, claim.session - 1)
        origin = origin_of(provider)
        ledger = Ledger(store, claim, origin=origin, share=cache, known=past.known, before=past.before, calls=calls)
        keeper = cls(store, plan, ledger, past.used)
        if past.claim is not None:
            await ledger.stand(Standing("running", usage=past.used))
        return keeper

    @property
    def id(self) -> str:
        return self.ledger.claim.run

    async def written(self, flow: Flow) -> None:
        """The flow of the run is there."""
        settings = dict(self._plan.settings) | {"files": dict(flow.files)}
        self._plan = replace(self._plan, flow=flow.text, settings=settings)
        await self._store.replan(self.ledger.claim, self._plan)

    async def ended(self, run: RunResult) -> None:
        """How the run ended."""
        status: RunStatus = run.status
        error = "" if run.error is None else str(run.error)
        kind = "" if run.error is None else error_kind(run.error)
        answer = _answer(run) if run.value is not None or status == "answered" else None
        await self.ledger.stand(Standing(status, answer, error, kind, self._used + run.usage))

    async def broke(self, error: BaseException) -> None:
        """The run ended by an exception."""
        stopped = isinstance(error, asyncio.CancelledError | KeyboardInterrupt)
        told = (
            "" if stopped else str(error) if isinstance(error, FlowreasonError) else f"{type(error).__name__}: {error}"
        )
        standing = Standing("cancelled" if stopped else "failed", None, told, error_kind(error), self._used)
        await self.ledger.stand(standing)

    async def close(self) -> None:
        await self._store.release(self.ledger.claim)


def _answer(run: RunResult) -> Any:
    """The answer as it is kept: what a reply holds already is not kept twice."""
    try:
        return condense(run.value, [*_replies(run)])
    except NotPlain:
        return None


def _replies(run: RunResult) -> list[Heard]:
    return [Heard(e.data["key"], e.data["text"]) for e in run.events if e.kind == "node.reply" and "key" in e.data]


def answered_by(plan: Plan, provider: Provider) -> Plan:
    """The plan with the model and the server that answer: whoever goes on with the run asks the same ones."""
    origin = origin_of(provider)
    if not origin:
        return plan
    return replace(plan, settings={**plan.settings, "model": provider.model_info(None).name, SERVER: origin})


@asynccontextmanager
async def keeping(
    store: Store | None,
    plan: Plan,
    provider: Provider,
    *,
    cache: bool = True,
    past: Past | None = None,
    on_run: OnRun | None = None,
) -> AsyncIterator[Keeper | None]:
    """Keep what happens inside as a run, where there is a store; `on_run` is told its id before anything happens."""
    if store is None:
        yield None
        return
    keeper = await Keeper.begin(store, plan, provider, cache, past or Past())
    try:
        if on_run is not None:
            on_run(keeper.id)
        yield keeper
    except BaseException as error:
        if keeper.ledger.broken is None:
            await keeper.broke(error)
        else:
            from flowreason.logs import STORE

            STORE.error("the run %s is not kept any more: %s", keeper.id, type(keeper.ledger.broken).__name__)
        raise
    finally:
        await keeper.close()
