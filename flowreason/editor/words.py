"""What the words of the language mean, in a sentence or two: shown when one points at them.

Invariant: every word of the grammar that is not Python's stands here, and nothing that is no word of it.
"""

from __future__ import annotations

AS = 'Gives what a file holds a name, as data for every flow: `use "worked.jsonl" as worked`. (1.8)'

KEYWORDS = {
    "flow": "A flow: parameters, the type of its answer, and its steps. The first of a file is where a run starts. (1)",
    "tool": "A Python function that the caller of the run gives. A flow reaches no other. (8.4)",
    "pure": "A tool without effects that gives the same for the same arguments: its calls keep no order, and Python "
    "may call it. (8.6)",
    "use": "Adds the flows and tools of another file, from the folder of this file or from the library (1.7); with "
    "`as` and a name, what the file holds (1.8).",
    "ask": "Puts one question to the model, which sees the question, what `given` brings, and nothing else. The place "
    "where it stands says what the reply is parsed into. (5)",
    "user": "`ask user` asks the person, and the run waits. (5.9)",
    "emulate": "Python runs the code, or the program that a step wrote; a call of a function that does not exist, or "
    "a line that fails, is answered by the model. (7)",
    "solve": "Has a flow written for the question while the run goes on, checks it, and runs it in place. (9.1)",
    "run": "Runs the text of a flow that a step produced, in place. (9.2)",
    "if": "Runs the first block whose condition holds: Python, a name, a call, or an ask that is answered yes or no. "
    "(10.1)",
    "else": "After `if` and `match`: what is done when nothing else fits (10). After a value: what is tried when the "
    "value fails (15.4).",
    "match": "Runs the first case that fits. An ask as subject must answer with one of the cases. (10.3)",
    "for": "Runs its block once for each item, all at once where no round waits for another. As a value it is the list "
    "of what its rounds yield. (11.1, 12.1)",
    "in": "The list that a `for` goes through. (11.1)",
    "yield": "Puts a value into the list of the innermost `for` or `sample` that stands as a value. (12)",
    "while": "Looks at the condition before each round, and runs at most `max` rounds. (11.3)",
    "max": "The most rounds of a `while`. Reaching it is no failure. (11.3)",
    "repeat": "Runs its block so many times; with `until`, until the condition holds. (11.2)",
    "until": "Is looked at after each round of a `repeat`, which ends when it holds. (11.2)",
    "sample": "Runs its block so many times, independently: rounds share nothing and ask anew. The value is the list "
    "of what they yield. (12.3)",
    "break": "Leaves the innermost loop. (11.4)",
    "given": "Values that the step waits for; an ask is shown them, `solve` and `run` hand them on. (4.3)",
    "with": "Settings of one ask: model, temperature, samples, vote, think, max_tokens, seed, tries. (16)",
    "ensure": "Is checked on the value of its own step. At an ask a failure goes back to the model with the message. "
    "(5.7)",
    "answer": "Gives a value back and ends the flow, also from inside a branch or a loop. In an `ensure` of a step "
    "without a name it is the step's value. (14.1)",
    "true": "The truth value yes.",
    "false": "The truth value no.",
}

TYPES = {
    "text": "Text; `str` in Python. (2.1)",
    "int": "A whole number; `int` in Python. (2.1)",
    "number": "Any number; `int` or `float` in Python. (2.1)",
    "bool": "Yes or no; `bool` in Python. (2.1)",
    "graph": 'Nodes, and edges with relations: `{"nodes": […], "edges": [[from, relation, to], …]}`. (2.1)',
    "any": "A value of any type, and null. (2.1)",
    "list": "`list[T]`: values of one type, in order. (2.1)",
    "dict": "`dict[T]`: values of one type, by text. (2.1)",
}

SETTINGS = {
    "model": ('"…"', "The model that is asked."),
    "temperature": (
        "0.7",
        "0 to 2: how freely it draws; 0 where nothing is said, 0.7 where it is asked several times.",
    ),
    "samples": ("5", "1 to 100: that many replies, as a list. (5.8)"),
    "vote": ("5", "1 to 100: the reply that most of so many agree on. (5.8)"),
    "think": ("true", "`true` or `false`: reasons before it replies, and the reasoning is left out."),
    "max_tokens": ("500", "From 1: the length at which a reply is cut off."),
    "seed": ("1", "A whole number that fixes the draw where the server takes one."),
    "tries": ("3", "1 to 10: how often the ask is sent at most while replies do not fit; 3 where nothing is said."),
    "embed": (
        '"…"',
        "The model of embeddings: the value is where the text stands among meanings, `list[number]`. (5.10)",
    ),
}
"""A value to begin with, and the meaning, of each setting."""
