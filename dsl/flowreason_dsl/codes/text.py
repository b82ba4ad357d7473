"""Codes about the text itself: what does not follow the grammar, what is too large, what was mended on the way."""

from __future__ import annotations

from flowreason_dsl.codes.entry import Entry, error, hint

ENTRIES: tuple[Entry, ...] = (
    error(
        "syntax-no-flow",
        "There is no flow in the text.",
        "# a note, and nothing else",
        "Write at least one `flow name(…) { … }`.",
    ),
    error(
        "syntax-unexpected",
        "Something stands where the grammar has no place for it.",
        "flow tide() -> int { x = = 3 answer x }",
        "Write what the message expects.",
    ),
    error(
        "syntax-unexpected-end",
        "The text ends in the middle of something.",
        "flow tide(",
        "Write the rest; an answer of a model may have been cut off.",
    ),
    error(
        "syntax-unclosed-brace",
        "A block is opened with `{` and never closed.",
        'flow tide(port: text) -> text { answer ask "When is high tide in {port}?"',
        "Close it with `}`.",
    ),
    error(
        "syntax-extra-brace",
        "A `}` closes nothing.",
        "flow one() -> int { answer 1 } }",
        "Take it out.",
    ),
    error(
        "syntax-nested-flow",
        "A flow is defined inside of a flow.",
        "flow outer() -> int { flow inner() -> int { answer 1 } answer inner() }",
        "Put it after the flow that uses it.",
    ),
    error(
        "syntax-outside-flow",
        "A statement stands outside of any flow.",
        "flow one() -> int { answer 1 }\nx = 3",
        "Put it between the braces of a flow.",
    ),
    error(
        "syntax-missing-value",
        "Something is not followed by the value or name that belongs to it.",
        "flow one() -> int { x = }",
        "Write the value.",
    ),
    error(
        "syntax-block",
        "A block is not written between `{` and `}`, or something stands before its brace.",
        "flow sign(n: int) -> int { if `n > 0`: { answer 1 } answer 0 }",
        "Write `if … { … }`.",
    ),
    error(
        "syntax-parameters",
        "The name of a flow or tool is not followed by brackets.",
        "flow one -> int { answer 1 }",
        "Write `flow one() -> int`.",
    ),
    error(
        "syntax-parameter-type",
        "A parameter has no type.",
        'flow tide(port) -> text { answer ask "When is high tide in {port}?" }',
        "Write `port: text`; `any` takes everything.",
    ),
    error(
        "syntax-reserved-name",
        "A word of the language is used as a name.",
        'flow tide(for: text) -> text { answer ask "When is high tide in {for}?" }',
        "Choose another name.",
    ),
    error(
        "syntax-python-word",
        "A word of Python stands where the flow language has another.",
        "flow one() -> int { return 1 }",
        "The message names the word of the language: `answer`.",
    ),
    error(
        "syntax-python",
        "Python stands outside of backticks.",
        "flow next(n: int) -> int { answer n + 1 }",
        "Put it between backticks: `` `n + 1` ``.",
    ),
    error(
        "syntax-else",
        "An `else` belongs to nothing.",
        "flow one() -> int { else { answer 1 } answer 2 }",
        "Put it after the block of an `if`, the cases of a `match`, or an expression.",
    ),
    error(
        "syntax-suffix",
        "`given`, `with` or `ensure` stands alone.",
        'flow tide(port: text) -> text { given port answer ask "When is high tide?" }',
        "Put it after the expression that it belongs to.",
    ),
    error(
        "syntax-case",
        "An arm of a `match` does not begin with a value.",
        'flow sort(bin: text) -> int { match bin { case "glass" { answer 1 } else { answer 2 } } }',
        'Write `"glass" { … }`, and `else { … }` for the rest.',
    ),
    error(
        "syntax-arrow",
        "An edge is drawn with another arrow.",
        'flow two() -> text { a = ask "A?" b = ask "B?" a => b answer b }',
        "Write `a -> b`.",
    ),
    error(
        "syntax-question",
        "What follows `ask` is no text in quotes.",
        "flow echo(question: text) -> text { answer ask question }",
        'Write `ask "{question}"`.',
    ),
    error(
        "syntax-bare-text",
        "A text stands alone as a statement, and does nothing.",
        'flow tide() -> text { time = ask "Where?" "When is high tide?" answer time }',
        'Write `name = ask "…"`, or make it a comment.',
    ),
    error(
        "syntax-comment",
        "A comment begins with another mark.",
        "flow one() -> int { // just one\n answer 1 }",
        "Begin it with `#`.",
    ),
    error(
        "syntax-number",
        "Something begins as a number and goes on as a name.",
        "flow one() -> int { answer 12monkeys }",
        "Write a number, or a name that begins with a letter.",
    ),
    error(
        "syntax-unclosed-string",
        "A text begins with a quotation mark and never ends.",
        'flow sea() -> text { answer ask "Which sea is the saltiest?\n}',
        "Close it.",
    ),
    error(
        "syntax-unclosed-code",
        "Python begins with a backtick that is not closed on its line, or with a fence that is never closed.",
        "flow three() -> int { answer `1 + 2 }",
        "Close it; Python on several lines stands between fences of three backticks.",
    ),
    error(
        "syntax-empty-code",
        "There is nothing between two backticks.",
        "flow nothing() -> any { answer `` }",
        'Write the Python, or an empty text: `""`.',
    ),
    error(
        "syntax-bad-escape",
        "`\\u` in a text is not followed by a character's number.",
        'flow dash() -> text { answer "\\uD800" }',
        "Write four hexadecimal digits, as in `\\u00e9`, or the character itself.",
    ),
    error(
        "template-brace",
        "Between braces in a text stands more than a name, a field or an index.",
        'flow twice(n: int) -> text { answer "Twice {n} is {n * 2}." }',
        "Compute it in a step before, and put its name in; `{{` and `}}` are braces.",
    ),
    error(
        "limit-depth",
        "Blocks or brackets are nested more deeply than any reader could follow.",
        "flow deep() -> int { " + "if true { " * 120 + "answer 1 " + "} " * 121,
        "Split it into sub-flows.",
    ),
    error(
        "limit-number",
        "A number has more digits than can be held.",
        "flow long() -> number { answer " + "9" * 4001 + " }",
        "Compute it in Python: `10 ** 5000`.",
    ),
    hint(
        "mended-fence",
        "The flow stands in a markdown fence, which is passed over.",
        "```flow\nflow one() -> int { answer 1 }\n```",
        "Leave the fence out.",
    ),
    hint(
        "mended-prose",
        "Text around the flow is passed over.",
        "Here is the flow you asked for:\n\nflow one() -> int { answer 1 }",
        "Leave it out, or make it a comment.",
    ),
    hint(
        "mended-quotes",
        'A text stands between other marks than `"`.',
        "flow yes() -> text { answer “yes” }",
        'Write `"yes"`.',
    ),
    hint(
        "mended-prefix",
        "A text has a prefix, as in Python.",
        'flow tell(n: int) -> text { answer f"It is {n}." }',
        "Leave the prefix out: values are put into any text.",
    ),
    hint(
        "mended-semicolon",
        "A statement ends with a semicolon.",
        "flow one() -> int { x = 1; answer x }",
        "Leave it out.",
    ),
    hint(
        "mended-type",
        "A type has the name that it has in another language.",
        'flow yes() -> str { answer "yes" }',
        "Write `text`, `int`, `number`, `bool`, `list[…]`, `dict[…]` or `any`.",
    ),
    hint(
        "mended-word",
        "A word is spelled as in another language.",
        "flow yes() -> bool { answer True }",
        "Write `true`, `false`, `else if`.",
    ),
)
