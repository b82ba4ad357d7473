"""A small table that a robot can see and change. The world is a dictionary; nothing leaves the process."""

from flowreason import tool

places = {
    "tomato": "table",
    "egg 1": "table",
    "egg 2": "table",
    "banana peel": "table",
    "coffee grounds": "table",
    "empty milk carton": "table",
    "apple core": "table",
    "soda can": "table",
}
holding: list[str] = []


@tool
def look() -> list[str]:
    """The names of all things that lie on the table now."""
    return [name for name, place in places.items() if place == "table"]


@tool
def pick_up(thing: str) -> str:
    """Take a thing from the table into the gripper, which holds one thing at a time."""
    if holding:
        raise ValueError(f"the gripper already holds the {holding[0]}")
    if places.get(thing) != "table":
        raise ValueError(f"there is no {thing} on the table")
    places[thing] = "gripper"
    holding.append(thing)
    return f"holding the {thing}"


@tool
def put_down(place: str) -> str:
    """Put what the gripper holds into a place: compost bin, recycling bin or plate."""
    if place not in ("compost bin", "recycling bin", "plate"):
        raise ValueError(f"there is no place called {place}; there are compost bin, recycling bin and plate")
    if not holding:
        raise ValueError("the gripper is empty")
    thing = holding.pop()
    places[thing] = place
    return f"the {thing} is in the {place}" if "bin" in place else f"the {thing} is on the {place}"


@tool
def contents(place: str) -> list[str]:
    """The names of all things in a place: table, compost bin, recycling bin or plate."""
    return [name for name, where in places.items() if where == place]
