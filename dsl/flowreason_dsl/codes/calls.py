"""Codes about calls of flows and tools, and about other files."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error

_AGE = 'flow age(person: text, year: int) -> int { answer ask "How old was {person} in {year}?" }'

ENTRIES: tuple[Entry, ...] = (
    error(
        "call-unknown",
        "Something is called that is neither a flow of the text nor a tool.",
        """
        flow main(city: text) -> text {
          answer look_up(city)
        }
        """,
        "Define it as a flow, declare it as a tool that the caller gives, or ask the model.",
    ),
    error(
        "call-python",
        "A function of Python is called outside of backticks.",
        """
        flow count(names: list[text]) -> int {
          answer len(names)
        }
        """,
        "Put it between backticks: `` `len(names)` ``.",
    ),
    error(
        "call-of-value",
        "A value is called. Only flows and tools are.",
        """
        flow main(city: text) -> text {
          answer city("Rome")
        }
        """,
        "Use the value without brackets, or call a flow.",
    ),
    error(
        "argument-missing",
        "A call leaves out an argument that has no default.",
        f"""
        flow main() -> int {{ answer age("Ada") }}
        {_AGE}
        """,
        "Give the argument, or give the parameter a default.",
    ),
    error(
        "argument-extra",
        "A call gives more arguments than there are parameters.",
        f"""
        flow main() -> int {{ answer age("Ada", 1840, "London") }}
        {_AGE}
        """,
        "Leave the argument out, or add a parameter.",
    ),
    error(
        "argument-unknown",
        "A call names a parameter that is not there.",
        f"""
        flow main() -> int {{ answer age(person="Ada", when=1840) }}
        {_AGE}
        """,
        "Write the name of a parameter.",
    ),
    error(
        "argument-twice",
        "A call gives the same parameter twice.",
        f"""
        flow main() -> int {{ answer age("Ada", 1840, person="Byron") }}
        {_AGE}
        """,
        "Leave one of them out.",
    ),
    error(
        "argument-order",
        "An argument without a name stands after one with a name.",
        f"""
        flow main() -> int {{ answer age(year=1840, "Ada") }}
        {_AGE}
        """,
        "Put the arguments without names first, or name all of them.",
    ),
    error(
        "recursion-unbounded",
        "A flow calls itself before any branch could end it.",
        """
        flow story(theme: text) -> text {
          rest = story("{theme}, continued")
          answer ask "Begin this story on {theme}: {rest}"
        }
        """,
        "Answer the simplest case first: `if … { answer … }`.",
    ),
    error(
        "use-impossible",
        "A flow that came without a file uses another file.",
        """
        use "tides.flow"
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" }
        """,
        "Put the sub-flows into the text, or load the flow from its file.",
    ),
    error(
        "use-missing",
        "A file that is used cannot be read, or lies outside of the folder that may be used.",
        """
        use "nowhere.flow"
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" }
        """,
        "Write the path of a file, relative to the folder of the first one.",
    ),
    error(
        "use-broken",
        "A file that is used does not parse. Its own mistakes are reported with it.",
        """
        use "broken.flow"
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" }
        """,
        "Mend that file.",
    ),
)
