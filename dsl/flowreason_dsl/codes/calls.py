"""Codes about calls of flows and tools, and about other files."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, warning

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
    error(
        "use-unnamed",
        "A file that holds data and no flows is used without a name for what it holds.",
        """
        use "worked.jsonl"
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" }
        """,
        'Give the data a name: `use "worked.jsonl" as worked`.',
    ),
    error(
        "data-broken",
        "A file of data is no UTF-8, no JSON (of a `.jsonl`: on one of its lines), or too large.",
        """
        use "broken.jsonl" as worked
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" given worked }
        """,
        "Mend that file, at the line that is named. It has at most 4,000,000 bytes and nests at most 60 deep.",
    ),
    error(
        "data-twice",
        "The name of data is that of a flow, a tool or other data. Over all files a name stands for one of them.",
        """
        use "worked.jsonl" as tide
        flow main(port: text) -> text { answer tide(port) }
        flow tide(port: text) -> text { answer ask "When is high tide in {port}?" }
        """,
        "Give the data another name.",
    ),
    warning(
        "data-unused",
        "No flow reads the data of a file.",
        """
        use "worked.jsonl" as worked
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" }
        """,
        "Read it, leave the `use` out, or begin the name with `_` to say that this is meant.",
    ),
)
