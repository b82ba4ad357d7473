"""Codes about names: whether they are there, set, used, and mean one thing."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, hint, warning

ENTRIES: tuple[Entry, ...] = (
    error(
        "name-unknown",
        "A name is read that nothing sets.",
        """
        flow length(river: text) -> text {
          answer ask "How long is the {rivr}?"
        }
        """,
        "Write the name as it is set; the message offers the nearest one.",
    ),
    error(
        "name-unset",
        "A name is set on some paths only, and read where the others lead as well. The labels say which paths.",
        """
        flow greet(hour: int) -> text {
          if `hour < 12` { word = "Good morning" }
          answer word
        }
        """,
        "Set it before the branch or loop, or on the other path too.",
    ),
    error(
        "name-too-early",
        "A name is read above the place where it is set; in a loop: in the first round there is nothing in it yet.",
        """
        flow haiku(theme: text) -> text {
          repeat 3 {
            draft = ask "Improve this haiku on {theme}: {draft}"
          }
          answer draft
        }
        """,
        "Set it first; for a loop, before the loop.",
    ),
    error(
        "name-out-of-loop",
        "The item of a `for`, or a name that a `sample` sets, is read after the loop. It is there for one round only.",
        """
        flow last(rivers: list[text]) -> text {
          for river in rivers { note = ask "Where is {river}?" }
          answer "The last one was {river}."
        }
        """,
        "Collect what is needed with `yield`, or assign it to a name that is set before the loop.",
    ),
    error(
        "name-in-code",
        "A name that is set inside of a piece of Python is read outside. Names of a piece stay in it.",
        """
        flow oldest(years: list[int]) -> int {
          work = ```
          first = min(years)
          len(years)
          ```
          answer `first + work`
        }
        """,
        "Let the piece end with the value, and give the piece a name: ``first = `min(years)` ``.",
    ),
    error(
        "name-is-flow",
        "The name of a flow or tool stands where a value is wanted.",
        """
        flow main(city: text) -> text {
          answer "{city} in July: {climate}"
        }
        flow climate(city: text) -> text {
          answer ask "What is the weather in {city} in July?"
        }
        """,
        "Call it, give the result a name, and use that.",
    ),
    error(
        "name-is-words",
        "Several names in a row that are not there: a text that lacks its quotes.",
        """
        flow capital() -> text {
          answer Lima the capital city of Peru
        }
        """,
        "Put the text between quotes.",
    ),
    error(
        "flow-twice",
        "Two flows have the same name.",
        """
        flow tide(port: text) -> text { answer ask "When is high tide in {port}?" }
        flow tide(port: text) -> text { answer ask "When is low tide in {port}?" }
        """,
        "Give one of them another name.",
    ),
    hint(
        "flow-unused",
        "No flow that is run calls this one.",
        """
        flow main(port: text) -> text { answer ask "When is high tide in {port}?" }
        flow low(port: text) -> text { answer ask "When is low tide in {port}?" }
        """,
        "Call it, or leave it out.",
    ),
    error(
        "tool-twice",
        "A tool has the name of another tool or of a flow.",
        """
        tool ring(bell: text)
        tool ring(phone: text)
        flow wake() { ring("small") }
        """,
        "Give one of them another name.",
    ),
    error(
        "tool-differs",
        "A tool is declared in the text with other parameters than the one that the caller gives.",
        """
        tool weather(city: text) -> text
        flow sky() -> text { answer weather("Oslo") }
        """,
        "Declare it with the parameters that it has, or leave the declaration out.",
    ),
    error(
        "parameter-twice",
        "Two parameters have the same name.",
        """
        flow route(town: text, town: text) -> text { answer ask "How far is it from {town}?" }
        """,
        "Give one of them another name.",
    ),
    warning(
        "parameter-unused",
        "Nothing reads this parameter, so its value makes no difference.",
        """
        flow summary(letter: text) -> text { answer ask "Sum up the letter." }
        """,
        "Put it where it belongs, or leave it out.",
    ),
    warning(
        "value-unused",
        "A value is made and never read. A question to the model is paid for all the same.",
        """
        flow capital(country: text) -> text {
          flag = ask "Describe the flag of {country}."
          answer ask "What is the capital of {country}?"
        }
        """,
        "Use it, leave it out, or begin its name with `_` to say that this is meant.",
    ),
    warning(
        "value-dropped",
        "An expression stands alone, and its value is all that comes of it.",
        """
        flow capital(country: text) -> text {
          ask "What is the capital of {country}?"
          answer "done"
        }
        """,
        "Give the value a name, or answer with it.",
    ),
    error(
        "default-type",
        "The default of a parameter is not of its type.",
        """
        flow top(count: int = "three") -> text { answer ask "Name the {count} longest rivers." }
        """,
        "Write a default of the type.",
    ),
    error(
        "default-unknown",
        "The default of a parameter is a name, and no data is called so. Other names are not known before a run.",
        """
        flow top(count: int = most) -> text { answer ask "Name the {count} longest rivers." }
        """,
        'Write a text, a number, `true` or `false`, or name data: `use "FILE" as most`.',
    ),
    error(
        "field-twice",
        "A record type names a field twice.",
        """
        flow who(text: text) -> {name: text, name: text} { answer ask "Who is it? {text}" }
        """,
        "Name each field once.",
    ),
    warning(
        "option-twice",
        "A type names a choice twice.",
        """
        flow sort(item: text) -> "glass" | "paper" | "glass" { answer ask "Where does {item} go?" }
        """,
        "Name each choice once.",
    ),
)
