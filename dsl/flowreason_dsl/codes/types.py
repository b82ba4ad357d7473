"""Codes about types: what cannot fit, and what is taken from a value that has no such thing."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, warning

ENTRIES: tuple[Entry, ...] = (
    error(
        "type-unknown",
        "There is no such type.",
        'flow far(distance: kilometres) -> text { answer "{distance}" }',
        'The types are text, int, number, bool, `list[T]`, `dict[T]`, `{name: T}`, `"a" | "b"`, graph and any.',
    ),
    error(
        "type-form",
        "A type is written as in another language.",
        'flow far(ways: text[]) -> text { answer "{ways}" }',
        'Write `list[text]`, `{name: text}`, `"yes" | "no"`.',
    ),
    error(
        "type-named",
        "A type is given a name, as in TypeScript or with a class of Python.",
        """
        type Person = {name: text, year: int}
        flow oldest(story: text) -> Person { answer ask "Who is the oldest in this story? {story}" }
        """,
        "Write the type out where it is used: `-> {name: text, year: int}`.",
    ),
    error(
        "type-key",
        "A dict type names the type of its keys, and they are always text.",
        'flow ages(years: dict[int, text]) -> text { answer "{years}" }',
        "Write the type of the values alone: `dict[text]`.",
    ),
    warning(
        "type-keyed",
        "A record has one field, which is called as a type is, and which nothing reads: keys and values may be meant.",
        """
        flow ages(story: text) -> text {
          years: {str: int} = ask "How old are the people in this story? {story}"
          answer "{years}"
        }
        """,
        "Write `dict[T]`, with the type of the values; keys are always text.",
    ),
    error(
        "type-mismatch",
        "A value stands where another type is declared: in an assignment, an argument, an answer, a count, an item.",
        """
        flow age(person: text) -> int {
          years = ask "How old is {person}?"
          answer years
        }
        """,
        "Declare the type where the value is made (`years: int = ask …`), or convert it in Python.",
    ),
    warning(
        "type-changes",
        "A name that was declared with a type is assigned again without one, and becomes of a type that does not fit.",
        """
        flow polish(task: text) -> int {
          score: int = ask "Score this plan from 1 to 10: {task}"
          if `score < 5` { score = ask "Score it again: {task}" }
          answer `score`
        }
        """,
        "Write the type again: `score: int = ask …`.",
    ),
    error(
        "field-unknown",
        "A field is taken from a record that has no such field.",
        """
        flow birth(person: text) -> int {
          life: {born: int, died: int} = ask "When did {person} live?"
          answer `life.birth`
        }
        """,
        "Write one of the fields of the record, or add the field to its type.",
    ),
    error(
        "field-of-list",
        "A field is taken from a list.",
        """
        flow first(text: text) -> text {
          people: list[{name: text}] = ask "Who is in this story? {text}"
          answer "The hero is {people.name}."
        }
        """,
        "Take one item first (`people[0].name`), or go through the list with `for`.",
    ),
    error(
        "field-of-scalar",
        "A field or an item is taken from a text, a number or a yes or no.",
        """
        flow city(address: text) -> text {
          answer "It is in {address.city}."
        }
        """,
        "Declare a record where the value is made, and ask for its fields.",
    ),
    error(
        "condition-type",
        "What stands as a condition can never be yes or no.",
        """
        flow spelling(word: text) -> text {
          if "Is {word} spelled right?" { answer "yes" } else { answer "no" }
        }
        """,
        'Ask the model (`if ask "…"`), or compare in Python.',
    ),
    warning(
        "condition-text",
        "A condition reads a text. The run stops where the text is neither yes nor no.",
        """
        flow spelling(word: text) -> text {
          right = ask "Is {word} spelled right?"
          if right { answer "yes" } else { answer "no" }
        }
        """,
        "Declare it `bool` where it is asked.",
    ),
    error(
        "for-not-list",
        "`for` goes through something that is not a list, such as a text or a number.",
        """
        flow count(poem: text) -> int {
          rhymes: list[bool] = for line in poem yield ask "Does this line rhyme? {line}"
          answer `sum(rhymes)`
        }
        """,
        "Split the text first: `poem.splitlines()` or `words(poem)` as Python.",
    ),
    error(
        "for-targets",
        "A `for` takes each item apart into several names, and the items are not lists.",
        """
        flow sums(numbers: list[int]) -> list[int] {
          answer for a, b in numbers yield `a + b`
        }
        """,
        "Take one name, or go through a list of pairs.",
    ),
    error(
        "samples-not-list",
        "`samples=n` gives a list of n, and another type is declared.",
        """
        flow year(event: text) -> int {
          answer ask "In which year was {event}?" with samples=5
        }
        """,
        "Declare a list, or take the majority with `vote=5`.",
    ),
    error(
        "case-impossible",
        "A case of a `match` can never fit the type of its subject.",
        """
        flow sort(item: text) -> text {
          bin: "glass" | "paper" = ask "Where does {item} go?"
          match bin { "glas" { answer "green bin" } "paper" { answer "blue bin" } else { answer "?" } }
        }
        """,
        "Write the case as the type has it, or add it to the type.",
    ),
    error(
        "case-twice",
        "The same case stands twice in a `match`; the second is never reached.",
        """
        flow sort(bin: "glass" | "paper") -> text {
          match bin { "glass" { answer "green bin" } "paper", "glass" { answer "blue bin" } }
        }
        """,
        "Leave one of them out.",
    ),
    warning(
        "match-text",
        "A `match` compares free text of a model with its cases to the letter.",
        """
        flow sort(item: text) -> text {
          bin = ask "Does {item} go to glass or paper?"
          match bin { "glass" { answer "green bin" } else { answer "blue bin" } }
        }
        """,
        'Declare the choices where it is asked (`bin: "glass" | "paper" = ask …`), or ask in the `match` itself.',
    ),
)
