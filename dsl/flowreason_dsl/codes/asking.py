"""Codes about questions: their settings, their context, and the checks on what they give."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, hint, warning

ENTRIES: tuple[Entry, ...] = (
    error(
        "ask-empty",
        "A question has no words.",
        """
        flow empty() -> text { answer ask "" }
        """,
        "Write the question.",
    ),
    warning(
        "template-unfilled",
        "A text holds a name as other languages put values in: `{{name}}`, `${name}`, `$name`. The model would see the "
        "name itself, or a `$` before the value.",
        """
        flow praise(town: text) -> text { answer ask "What is beautiful in {{town}}?" }
        """,
        "Write `{town}`.",
    ),
    warning(
        "text-not-asked",
        "A text without `ask` is given values. It waits for them, and nobody is asked.",
        """
        flow milder(town: text) -> text {
          winter = ask "What is the winter like in {town}?"
          answer "Which month is the mildest?" given winter
        }
        """,
        "Write `ask` before it.",
    ),
    error(
        "setting-unknown",
        "There is no such setting.",
        """
        flow poem(theme: text) -> text { answer ask "A poem on {theme}." with temprature=0.9 }
        """,
        "The settings are temperature, model, samples, vote, think, max_tokens, seed and tries.",
    ),
    error(
        "setting-type",
        "A setting gets a value of another kind.",
        """
        flow poem(theme: text) -> text { answer ask "A poem on {theme}." with think="yes" }
        """,
        "Write a value of the kind that it takes: `think=true`.",
    ),
    error(
        "setting-range",
        "A setting is outside of what makes sense.",
        """
        flow poem(theme: text) -> text { answer ask "A poem on {theme}." with temperature=7 }
        """,
        "Stay in the range that the message names.",
    ),
    error(
        "setting-twice",
        "A setting stands twice after one value.",
        """
        flow poem(theme: text) -> text { answer ask "A poem on {theme}." with vote=3, vote=5 }
        """,
        "Leave one of them out.",
    ),
    error(
        "setting-conflict",
        "`vote` and `samples` stand together, or `embed` with another setting.",
        """
        flow poem(theme: text) -> list[text] { answer ask "A poem on {theme}." with samples=5, vote=5 }
        """,
        "`vote=5` takes five samples and gives the majority; `samples=5` gives all five. `embed` stands alone.",
    ),
    warning(
        "setting-copies",
        "Several samples are taken at temperature 0, where all are much the same.",
        """
        flow year(event: text) -> int { answer ask "When was {event}?" with vote=5, temperature=0 }
        """,
        "Leave the temperature out, or take one sample.",
    ),
    warning(
        "setting-astray",
        "What looks like a setting stands behind a question without `with`, and is a step that nothing reads.",
        """
        flow poem(theme: text) -> text {
          lines = ask "A poem on {theme}." temperature=0.9
          answer lines
        }
        """,
        "Write `with` before it.",
    ),
    error(
        "setting-for-person",
        "A setting of models stands with a question to a person.",
        """
        flow greet() -> text { answer ask user "What is your name?" with temperature=0.5 }
        """,
        "Leave it out.",
    ),
    warning(
        "setting-without-ask",
        "Settings stand with a value that asks nobody, and change nothing.",
        """
        flow sums(numbers: list[int]) -> int { answer `sum(numbers)` with vote=5 }
        """,
        "Put `with …` after the `ask` that it is for.",
    ),
    hint(
        "given-needless",
        "`given` names what the question holds already.",
        """
        flow sums(letter: text) -> text { answer ask "Sum up: {letter}" given letter }
        """,
        "Leave it out: values between braces are shown to the model.",
    ),
    warning(
        "ensure-elsewhere",
        "A check does not look at the value that it stands with, so that asking again cannot make it hold.",
        """
        flow score(essay: text) -> int {
          answer ask "Score from 1 to 10: {essay}" ensure `len(essay) > 0`, "an essay"
        }
        """,
        "Check the value itself; it is called by its name, or `answer` where it has none.",
    ),
)
