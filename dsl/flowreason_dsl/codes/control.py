"""Codes about ways through a flow: branches, loops, edges, answers."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, warning

ENTRIES: tuple[Entry, ...] = (
    error(
        "answer-missing",
        "A flow with a return type has a path that ends without an answer.",
        """
        flow tide(port: text) -> text {
          if ask "Is {port} on the sea?" { answer ask "When is high tide in {port}?" }
        }
        """,
        "End every path with `answer …`.",
    ),
    warning(
        "answer-none",
        "A flow never answers, and nothing in it has a side effect.",
        """
        flow tide(port: text) {
          _time = ask "When is high tide in {port}?"
        }
        """,
        "End it with `answer …`.",
    ),
    warning(
        "code-dead",
        "A statement stands after `answer` or `break`, or after a branch of which every way ends so.",
        """
        flow tide(port: text) -> text {
          answer ask "When is high tide in {port}?"
          _note = ask "And when is low tide?"
        }
        """,
        "Leave it out, or put it before.",
    ),
    warning(
        "condition-settled",
        "The comparisons of a condition contradict one another, or one of them is true whatever the value is.",
        """
        flow rate(letter: text) -> int {
          answer ask "Rate this letter from 1 to 10: {letter}" ensure `answer > 10 and answer < 1`
        }
        """,
        "Write the bounds that are meant: `1 <= answer <= 10`.",
    ),
    warning(
        "condition-constant",
        "A condition is the same on every run, so that one of the ways is never taken.",
        """
        flow tide(port: text) -> text {
          if `1 > 2` { answer "never" }
          answer ask "When is high tide in {port}?"
        }
        """,
        "Write the condition that is meant, or leave the branch out.",
    ),
    warning(
        "condition-unchanging",
        "The condition of a loop reads only names that the loop does not change, so it is the same in every round.",
        """
        flow shorten(letter: text) -> text {
          short = letter
          repeat 3 until `len(letter) < 200` {
            short = ask "Shorten: {short}"
          }
          answer short
        }
        """,
        "Let the condition read what the loop assigns.",
    ),
    error(
        "while-unbounded",
        "A `while` has no bound. Every loop has one, so that every flow ends.",
        """
        flow shorten(letter: text) -> text {
          while `len(letter) > 200` { letter = ask "Shorten: {letter}" }
          answer letter
        }
        """,
        "Write `while … max 10 { … }`.",
    ),
    error(
        "bound-impossible",
        "A loop is bounded to no rounds at all.",
        """
        flow shorten(letter: text) -> text {
          repeat 0 { letter = ask "Shorten: {letter}" }
          answer letter
        }
        """,
        "Allow at least one round, or leave the loop out.",
    ),
    error(
        "break-outside",
        "`break` stands outside of any loop.",
        """
        flow tide(port: text) -> text {
          if `port == ""` { break }
          answer ask "When is high tide in {port}?"
        }
        """,
        "End the flow with `answer …`.",
    ),
    error(
        "yield-outside",
        "`yield` stands where no loop collects: outside of any, or in one that is not used as a value.",
        """
        flow tides(ports: list[text]) -> text {
          for port in ports { yield ask "When is high tide in {port}?" }
          answer "done"
        }
        """,
        "Give the loop a name: `tides = for port in ports { yield … }`.",
    ),
    error(
        "yield-missing",
        "A loop is used as a value, and yields nothing.",
        """
        flow tides(ports: list[text]) -> list[text] {
          answer for port in ports { tide = ask "When is high tide in {port}?" }
        }
        """,
        "End each round with `yield …`.",
    ),
    warning(
        "sample-keeps",
        "A name is read after a `sample` that assigns it. What a sample assigns stays in it.",
        """
        flow guess(riddle: text) -> text {
          best = "none"
          sample 3 { best = ask "Solve: {riddle}" }
          answer best
        }
        """,
        "Collect: `guesses = sample 3 { yield ask … }`.",
    ),
    error(
        "edge-self",
        "An edge leads from a name to itself.",
        """
        flow polish(task: text) -> text {
          draft = ask "Write: {task}"
          draft -> draft
          answer draft
        }
        """,
        "To use the value of the round before, assign the name again inside of `repeat`.",
    ),
    error(
        "edge-circle",
        "An edge makes a step wait for what needs it.",
        """
        flow polish(task: text) -> text {
          draft = ask "Write: {task}"
          flaw = ask "What is weak in this? {draft}"
          flaw -> draft
          answer draft
        }
        """,
        "Put both into `repeat 3 until … { … }`, and assign the names again.",
    ),
    error(
        "edge-to-given",
        "An edge leads to a parameter or to the item of a loop, which wait for nothing.",
        """
        flow polish(task: text) -> text {
          draft = ask "Write: {task}"
          draft -> task
          answer draft
        }
        """,
        "Draw the edge to a step that uses it.",
    ),
    error(
        "edge-out-of-block",
        "An edge leads out of a loop or a branch to a step that stands before it.",
        """
        flow polish(task: text) -> text {
          draft = ask "Write: {task}"
          repeat 3 {
            flaw = ask "What is weak in a text on {task}?"
            flaw -> draft
          }
          answer draft
        }
        """,
        "Assign the name again inside of the block, and draw the edge to that.",
    ),
)
