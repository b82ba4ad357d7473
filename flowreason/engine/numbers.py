"""Numbers for what comes several times at one place: the calls of a flow, and of tools, by one step.

Invariant: a number stands for one call in every session of a run. Where a run goes on, a call has the number of the
call with the same inputs that came before, in whatever order they come now; others get numbers that were never used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from flowreason.asking.convert import convert
from flowreason.asking.misfit import Misfit
from flowreason.engine import shorthand
from flowreason.errors import StoreError
from flowreason.graph import ops
from flowreason.records import Store
from flowreason.values import NotPlain, encode

if TYPE_CHECKING:
    from flowreason.engine.plan import Plan

P = TypeVar("P")
T = TypeVar("T")

Calls: TypeAlias = Mapping[tuple[str, str, str], Mapping[int, Mapping[str, Any]]]
"""By frame, step and flow: the inputs of each call that there was, by its number."""


class Numbers(Generic[P, T]):
    """Gives numbers out. `known`: by place, what had which number in the sessions before."""

    def __init__(self, known: Mapping[P, Mapping[int, T]] | None = None) -> None:
        self._known = {place: dict(sorted(numbers.items())) for place, numbers in (known or {}).items()}
        self._next = {place: max(numbers, default=-1) + 1 for place, numbers in self._known.items()}

    def take(self, place: P, same: Callable[[T], bool]) -> int:
        """The number of what comes now; `same` says whether it is what had a number before. Each is given out once."""
        left = self._known.get(place)
        if left:
            number = next((number for number, what in left.items() if same(what)), None)
            if number is not None:
                del left[number]
                return number
        number = self._next.get(place, 0)
        self._next[place] = number + 1
        return number


# --- calls of flows ---


def placed(path: str) -> tuple[str, str, str, int]:
    """Frame, step, flow and number of a call, by the path of its frame: `main/check/older~2`."""
    around, _, last = path.rpartition("/")
    frame, _, step = around.rpartition("/")
    flow, _, number = last.partition("~")
    return frame, step, flow, int(number) - 1 if number else 0


def same_inputs(plan: Plan, inputs: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether two calls of a flow are given the same."""
    try:
        return bool(_written(plan, inputs) == _written(plan, others))
    except NotPlain:
        return False


def _written(plan: Plan, inputs: Mapping[str, Any]) -> Any:
    """Inputs as data, in the types of the parameters: versions before this one kept them so."""
    found = {}
    for name, index in plan.inputs.items():
        node = plan.nodes[index]
        assert isinstance(node.op, ops.Input)
        value = inputs.get(name, node.op.default)
        try:
            value = convert(value, node.type)
        except Misfit:
            pass
        found[name] = encode(value)
    return found


async def calls_of(store: Store, run: str, sessions: int) -> Calls:
    """The calls of flows by steps that the sessions of a run tell of."""
    found: dict[tuple[str, str, str], dict[int, Mapping[str, Any]]] = {}
    for session in range(1, sessions + 1):
        short = [each for each in await store.events(run, session) if _tells(each)]
        texts = await store.texts(shorthand.hashes_in(short)) if short else {}
        for each in short:
            try:
                _, path, _, _, data = shorthand.lengthen(each, texts)
                *place, number = placed(path)
                found.setdefault((place[0], place[1], place[2]), {})[number] = dict(data["inputs"])
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(f"the events of the run {run} in the store are damaged: {error!r}") from error
    return found


def _tells(short: Any) -> bool:
    """Whether a kept event says that a step calls a flow."""
    match short:
        case ["frame.opened", _, _, _, {"inputs": _}]:
            return True
    return False
