"""Codes about Python between backticks."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, hint, warning

ENTRIES: tuple[Entry, ...] = (
    error(
        "python-syntax",
        "Python between backticks does not parse. The caret stands inside of the backticks.",
        """
        flow half(number: int) -> number {
          answer `number / `
        }
        """,
        "Write the Python that is meant; help is offered for words of other languages.",
    ),
    error(
        "python-empty",
        "There is no Python between the backticks, only comments or blanks.",
        """
        flow nothing() -> any {
          answer `# the value comes here`
        }
        """,
        "Write an expression.",
    ),
    error(
        "python-too-deep",
        "Python is nested more deeply than Python itself can read.",
        "flow deep() -> any { answer `" + "-" * 3000 + "1` }",
        "Compute in several steps.",
    ),
    error(
        "python-yield",
        "`yield` stands in Python outside of any function.",
        """
        flow squares(numbers: list[int]) -> list[int] {
          answer ```
          for n in numbers:
              yield n * n
          ```
        }
        """,
        "Collect into a list in Python, or use the `for … yield` of the flow.",
    ),
    error(
        "python-async",
        "Python awaits something. There is nothing to await in a flow: what can run at once does.",
        """
        flow wait(numbers: list[int]) -> int {
          answer `await sum(numbers)`
        }
        """,
        "Write it plainly.",
    ),
    error(
        "python-import",
        "Python names a module that the sandbox does not have.",
        """
        flow mean(numbers: list[number]) -> number {
          answer ```
          import numpy
          numpy.mean(numbers)
          ```
        }
        """,
        "Use what is there: math, statistics, collections, itertools, re, datetime and the like.",
    ),
    error(
        "python-attribute",
        "A module or a value has no such name in Python.",
        """
        flow count(names: list[text]) -> int {
          answer `names.length`
        }
        """,
        "Write what Python has: `len(names)`.",
    ),
    error(
        "python-local-unset",
        "A function changes a name that it never sets. Python takes it for a name of the function.",
        """
        flow sums(numbers: list[int]) -> int {
          answer ```
          total = 0
          def add(n):
              total += n
          for n in numbers:
              add(n)
          total
          ```
        }
        """,
        "Set the name in the function, hand it over, or write `sum(numbers)`.",
    ),
    error(
        "python-no-value",
        "A piece of Python stands where a value is wanted, and its last line is no expression.",
        """
        flow double(number: int) -> int {
          answer ```
          result = number * 2
          ```
        }
        """,
        "Let the last line be the value: `result`.",
    ),
    error(
        "python-input",
        "Python asks the person. It cannot talk to anybody.",
        """
        flow greet() -> text {
          name = `input("What is your name?")`
          answer "Hello {name}"
        }
        """,
        'Write `name = ask user "What is your name?"`.',
    ),
    error(
        "python-no-files",
        "Python opens a file. There are none in the sandbox.",
        """
        flow lines() -> int {
          answer `len(open("poem.txt").readlines())`
        }
        """,
        "Make the text a parameter of the flow, and hand it in: `flowreason run lines.flow poem=@poem.txt`.",
    ),
    error(
        "python-asks",
        "Python calls a model. Only the flow asks.",
        """
        flow colours(things: list[text]) -> list[text] {
          answer `[ask("What colour is " + thing) for thing in things]`
        }
        """,
        'Write `for thing in things yield ask "What colour is {thing}?"`.',
    ),
    error(
        "python-calls-ask",
        "Python calls a flow that asks. Python can call flows that are Python all the way down.",
        """
        flow total(people: list[text]) -> int {
          answer `sum(age(person) for person in people)`
        }
        flow age(person: text) -> int {
          answer ask "How old is {person}?"
        }
        """,
        "Call it as a step: `ages = for person in people yield age(person)`.",
    ),
    error(
        "python-calls-tool",
        "Python calls a tool with side effects, which must keep their written order.",
        """
        tool ring(bell: text) -> bool
        flow wake(bells: list[text]) -> any {
          answer `[ring(bell) for bell in bells]`
        }
        """,
        "Call it as a step: `for bell in bells { ring(bell) }`.",
    ),
    error(
        "python-calls-value",
        "Python calls a name that is a value of the flow, and so no function.",
        """
        flow total(prices: list[int]) -> int {
          sum = `prices[0]`
          answer `sum(prices)`
        }
        """,
        "Give the value another name than the function.",
    ),
    error(
        "python-type",
        "Python puts together what does not go together, such as a text and a number. Often an `ask` lacks its type.",
        """
        flow age(person: text) -> int {
          born = ask "In which year was {person} born?"
          answer `2026 - born`
        }
        """,
        "Declare the type where it is asked: `born: int = ask …`.",
    ),
    hint(
        "mended-ticks",
        "Python stands between two backticks. One is meant, or three around several lines.",
        """
        flow total(numbers: list[int]) -> int {
          answer ``sum(numbers)``
        }
        """,
        "Write `` `sum(numbers)` ``.",
    ),
    error(
        "python-function",
        "The value of a piece is a function or class that it defines. Steps hold data; functions stay in Python.",
        """
        flow doubled(numbers: list[int]) -> list[int] {
          double = `lambda n: 2 * n`
          answer `[double(n) for n in numbers]`
        }
        """,
        "Define it in the piece that uses it, or write a flow of its own.",
    ),
    error(
        "python-arguments",
        "A function or method that everybody knows is called with more, fewer or other arguments than it takes.",
        """
        flow latest(years: list[int]) -> int {
          answer `sorted(years, reversed=True)[0]`
        }
        """,
        "Write what it takes: `sorted(years, reverse=True)`.",
    ),
    warning(
        "python-never-equal",
        "Python compares values that are never equal: a number and a text, a choice and what is none of its options.",
        """
        flow bin(item: text) -> text {
          kind: "glass" | "paper" = ask "What is {item} made of?"
          if `kind == "Glass"` { answer "green" }
          answer "blue"
        }
        """,
        "Compare with a value that it can have.",
    ),
    warning(
        "python-braces",
        "A text in Python holds a name between braces, and has no `f` before it. The braces stay as they are.",
        """
        flow greet(name: text) -> text {
          answer `"Hello {name}!"`
        }
        """,
        'Write a text of the flow (`answer "Hello {name}!"`), or `f"Hello {name}!"` in Python.',
    ),
)
