"""A simulated table with things and places, as tools for the method `robot`, and seven instructions for it, whose
outcome can be checked.

The instructions are those of Chain of Code (Li et al. 2023, arXiv 2312.04474, section on robots) in our own words; the
things and their places are ours. Invariant: only `put` changes the world; what it did stands in `moves`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowreason.errors import UsageError
from flowreason.tools import Tool
from flowreason_dsl.names import nearest

TABLE = "table"


@dataclass(frozen=True, slots=True)
class Scenario:
    """An instruction, what lies there, and where it should be afterwards: `goal` by place; all else stays.

    `spare`: things that may be moved there as well, or not. `order`: things that must be put in this order.
    """

    instruction: str
    things: Sequence[str]
    places: Sequence[str]
    goal: Mapping[str, Sequence[str]]
    spare: Sequence[str] = ()
    order: Sequence[str] = ()


SCENARIOS: Mapping[str, Scenario] = {
    "lunch": Scenario(
        "Pack the lunch box for somebody who eats nothing that comes from animals.",
        ("apple", "cheese cube", "carrot sticks", "boiled egg", "hummus", "ham slice", "stapler"),
        ("lunch box", "bin"),
        {"lunch box": ("apple", "carrot sticks", "hummus")},
    ),
    "sandwich": Scenario(
        "Put together a sandwich on the plate for somebody who eats no meat and no fish.",
        ("lower slice of bread", "lettuce", "tomato slice", "tuna", "ham slice", "upper slice of bread"),
        ("plate", "bin"),
        {"plate": ("lower slice of bread", "lettuce", "tomato slice", "upper slice of bread")},
        order=("lower slice of bread", "lettuce", "upper slice of bread"),
    ),
    "peanut butter": Scenario(
        "Gather what is needed for a peanut butter sandwich on the plate.",
        ("jar of peanut butter", "loaf of bread", "knife", "can of tuna", "onion", "sponge"),
        ("plate", "sink"),
        {"plate": ("jar of peanut butter", "loaf of bread")},
        spare=("knife",),
    ),
    "tomato and egg": Scenario(
        "Put into the pot what 番茄炒蛋, tomatoes with scrambled eggs, is made of.",
        ("tomato", "egg", "banana", "bar of soap", "orange"),
        ("pot", "bowl"),
        {"pot": ("tomato", "egg")},
    ),
    "paper": Scenario(
        "Put everything that is made of paper into the container that has the colour of grass.",
        ("newspaper", "glass jar", "cardboard box", "fork", "envelope", "plastic bottle"),
        ("green container", "red container", "blue container"),
        {"green container": ("newspaper", "cardboard box", "envelope")},
    ),
    "sorting": Scenario(
        "Sort what lies on the table into the compost bin and the recycling bin.",
        ("banana peel", "soda can", "apple core", "newspaper", "tea leaves", "glass bottle"),
        ("compost bin", "recycling bin"),
        {
            "compost bin": ("banana peel", "apple core", "tea leaves"),
            "recycling bin": ("soda can", "newspaper", "glass bottle"),
        },
    ),
    "steak": Scenario(
        "My steak is too bland. Can you help? Put what helps onto my plate.",
        ("salt shaker", "pepper mill", "sugar bowl", "washing-up liquid", "glue stick"),
        ("plate", "sink"),
        {"plate": ("salt shaker",)},
        spare=("pepper mill",),
    ),
}
"""The seven instructions, by name."""


@dataclass(slots=True)
class Table:
    """A table with the things of a scenario. `tools` are for the flow `robot`; `fault` says what is wrong."""

    name: str
    where: dict[str, str] = field(init=False)
    moves: list[tuple[str, str]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.name not in SCENARIOS:
            near = nearest(self.name, SCENARIOS)
            hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(SCENARIOS)}"
            raise UsageError(f"there is no table {self.name!r}; {hint}")
        self.where = dict.fromkeys(self.scenario.things, TABLE)

    @property
    def scenario(self) -> Scenario:
        return SCENARIOS[self.name]

    @property
    def instruction(self) -> str:
        return self.scenario.instruction

    @property
    def tools(self) -> list[Tool[..., Any]]:
        """`look`, `places` and `put`, for this table."""

        def look() -> dict[str, list[str]]:
            """What lies in each place now, the table included."""
            return {place: self.at(place) for place in (TABLE, *self.scenario.places)}

        def places() -> list[str]:
            """The places that things can be put into."""
            return list(self.scenario.places)

        def put(thing: str, place: str) -> str:
            """Takes a thing from where it lies and puts it into a place; a bin or sink gives nothing back."""
            return self.put(thing, place)

        return [Tool(look), Tool(places, pure=True), Tool(put)]

    def at(self, place: str) -> list[str]:
        """The things in a place, in the order in which they came there."""
        came = {thing: number for number, (thing, _) in enumerate(self.moves)}
        found = [thing for thing, where in self.where.items() if where == place]
        return sorted(found, key=lambda thing: came.get(thing, -1))

    def put(self, thing: str, place: str) -> str:
        """Move a thing. Raises `ValueError` for a thing or place that is not there."""
        if thing not in self.where:
            raise ValueError(f"there is no {thing!r}; there are {', '.join(self.where)}")
        if place not in self.scenario.places:
            raise ValueError(f"there is no place {place!r}; there are {', '.join(self.scenario.places)}")
        if self.where[thing] in ("bin", "sink"):
            raise ValueError(f"the {thing} is in the {self.where[thing]} and stays there")
        self.where[thing] = place
        self.moves.append((thing, place))
        return f"the {thing} is in the {place}"

    @property
    def fault(self) -> str:
        """What is not as the instruction wants it; empty where all is."""
        scenario = self.scenario
        for place, wanted in scenario.goal.items():
            for thing in wanted:
                if self.where[thing] != place:
                    return f"the {thing} should be in the {place}, and is on the {self.where[thing]}"
        meant = {thing for wanted in scenario.goal.values() for thing in wanted}
        for thing, where in self.where.items():
            if thing not in meant and where != TABLE and not (thing in scenario.spare and where in scenario.goal):
                return f"the {thing} should have stayed, and is in the {where}"
        came = [thing for thing, _ in self.moves if thing in scenario.order]
        if came != list(scenario.order):
            return f"the order should be {', '.join(scenario.order)}, and was {', '.join(came)}"
        return ""


def tools_of(name: str) -> list[Tool[..., Any]]:
    """The tools of a fresh table. Raises `UsageError` for a name that there is not."""
    return Table(name).tools
