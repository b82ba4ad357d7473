"""Flows as text, of any number of statements, in the kinds that people and models write: what the language is timed on.

Invariant: each kind is a valid flow of about as many statements as are asked for, whatever the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator


def lines(*parts: str | Iterator[str]) -> str:
    """One text of lines and of many lines."""
    found: list[str] = []
    for part in parts:
        found += [part] if isinstance(part, str) else part
    return "\n".join(found) + "\n"


def asks(count: int) -> str:
    """Questions that quote the answers before them."""
    some = (
        f'  note{n}: text = ask "What follows from {{note{n - 1}}} for the town of {{town}}, in step {n}?"\n'
        f"    with temperature=0.2 given note{max(0, n - 2)}"
        for n in range(1, count)
    )
    return lines(
        "flow main(town: text) -> text {", '  note0 = ask "What is {town}?"', some, f"  answer note{count - 1}", "}"
    )


def pieces(count: int) -> str:
    """Python, each piece on the values of others."""
    some = (f"  x{n}: int = `(x{n - 1} * {n} + len(str(x{max(0, n - 3)}))) % 9973`" for n in range(1, count))
    return lines("flow main(x0: int) -> int {", some, f"  answer x{count - 1}", "}")


def nested(count: int) -> str:
    """Loops in loops, with carried names."""

    def some() -> Iterator[str]:
        for n in range(count // 5):
            yield f"  for river{n} in rivers {{"
            yield f"    for town{n} in `[river{n}, str(total)]` {{"
            yield f"      seen{n}: int = `len(town{n}) + total`"
            yield f"      total = `total + seen{n}`"
            yield "    }"
            yield "  }"
            yield ('  for each in rivers { last = "{each} {total} {last}" }' if n % 2 else "  total = `total - 1`")

    return lines(
        "flow main(rivers: list[text]) -> text {",
        "  total = 0",
        '  last = ""',
        some(),
        '  answer "{total} {last}"',
        "}",
    )


def branches(count: int) -> str:
    """Branches that set the same names, to be joined behind each."""

    def some() -> Iterator[str]:
        for n in range(count // 5):
            yield f"  if `score > {n}` {{"
            yield f'    mood = "mild {n}"'
            yield "    score = `score - 1`"
            yield f'  }} else if `score == {n}` {{ mood = ask "What else but {{mood}}?" }} else {{ score = `score + {n}` }}'

    return lines("flow main(score: int) -> text {", '  mood = "none"', some(), '  answer "{mood} {score}"', "}")


def early(count: int) -> str:
    """Branches that end the flow."""
    some = (
        f'  if `day == {n}` {{\n    answer ask "What is on at {{place}} on day {n}?"\n  }}' for n in range(count // 2)
    )
    return lines("flow main(day: int, place: text) -> text {", some, '  answer "nothing"', "}")


def calls(count: int) -> str:
    """Many small flows that call one another."""
    size = count // 4
    some = (
        f"flow step{n}(x: int) -> int {{\n  if `x > {n}` {{ answer x }}\n  y = step{n + 1}(`x + 1`)\n  answer `y + 1`\n}}"
        for n in range(size)
    )
    return lines("flow main() -> int {\n  answer step0(1)\n}", some, f"flow step{size}(x: int) -> int {{ answer x }}")


def cases(count: int) -> str:
    """One `match` with many arms."""
    some = (f'    "town {n}" {{ found = "{n} km" }}' for n in range(count))
    return lines(
        "flow main(town: text) -> text {",
        "  match town {",
        some,
        '    else { found = "far" }',
        "  }",
        "  answer found",
        "}",
    )


def renamed(count: int) -> str:
    """One name, assigned again and again."""
    some = (f'  plan = ask "Make this plan better in respect {n}: {{plan}}"' for n in range(count))
    return lines("flow main(plan: text) -> text {", some, "  answer plan", "}")


def edges(count: int) -> str:
    """Questions joined by edges."""

    def some() -> Iterator[str]:
        for n in range(count // 2):
            yield f'  part{n} = ask "What is in part {n}?"'
            if n:
                yield f"  part{n - 1} -> part{n}" if n % 7 else f"  part{n - 1}, part{n // 2} -> part{n}"

    return lines("flow main() -> text {", some(), f"  answer part{count // 2 - 1}", "}")


def gathered(count: int) -> str:
    """Many answers in one question at the end."""
    names = [f"sight{n}" for n in range(count)]
    some = (f'  {name} = ask "Where does the river bend for the {n}. time?"' for n, name in enumerate(names))
    return lines("flow main() -> text {", some, '  answer ask "Sum this up." given ' + ", ".join(names), "}")


def mapped(count: int) -> str:
    """Lists of questions, each over the list before."""

    def some() -> Iterator[str]:
        for n in range(1, count // 2):
            yield f'  list{n} = for each in list{n - 1} yield ask "What is next to {{each}}?" else "nothing"'

    return lines("flow main(list0: list[text]) -> list[text] {", some(), f"  answer list{count // 2 - 1}", "}")


def records(count: int) -> str:
    """Replies with fields, and their parts in further questions."""

    def some() -> Iterator[str]:
        for n in range(count // 2):
            yield f'  town{n}: {{name: text, rivers: list[{{name: text, km: number}}], size: "small" | "large"}} = ask "Town {n}?"'
            yield f'  line{n} = "{{town{n}.name}} at {{town{n}.rivers[0].name}}, {{town{n}.rivers[0].km}} km"'

    return lines("flow main() -> text {", some(), f"  answer line{count // 2 - 1}", "}")


def searching(count: int) -> str:
    """Rounds that carry names and end early."""

    def some() -> Iterator[str]:
        for n in range(count // 5):
            yield f"  while `len(way) < {n}` max 10 {{"
            yield '    step = ask "Where to from {way}?"'
            yield '    if `step == "end"` { break }'
            yield "    way = `way + step`"
            yield "  }"

    return lines("flow main(way: text) -> text {", some(), "  answer way", "}")


KINDS: dict[str, Callable[[int], str]] = {
    each.__name__: each
    for each in (
        asks, pieces, nested, branches, early, calls, cases, renamed, edges, gathered, mapped, records, searching,
    )
}  # fmt: skip
"""Every kind, by its name."""
