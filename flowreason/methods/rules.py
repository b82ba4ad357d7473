"""Which kind of question is best answered how: a table, tried from the top, with the evidence for each line.

Papers are named by author and year; decision 14 cites them with what they found. Invariant: the last rule holds for
every question, and every rule ends with the plain ask, which needs one call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowreason.methods.costs import GRAPH
from flowreason.methods.features import Features

DIRECT = "direct"
FEW = 3
"""Words in which nothing can be taken apart."""
ONE_THING = 25
"""Words of a question that asks for one thing."""
READABLE = 1_500
"""Words that one call reads and rewrites without losing the middle."""

COMPUTED = (GRAPH, "program_of_thoughts", "chain_of_thought", DIRECT)
REASONED = (GRAPH, "zero_shot_cot", "chain_of_thought", DIRECT)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where it `holds`, `because` says so of the question, and the first of `methods` is taken that the limits allow.

    `evidence` is who found that, and what.
    """

    because: str
    holds: Callable[[Features], bool]
    methods: tuple[str, ...]
    evidence: str


TOOLS = Rule(
    "there are tools to call",
    lambda q: True,
    (GRAPH, DIRECT),
    "only a flow that is written for them calls the tools that are given",
)
INPUTS = Rule(
    "it comes with inputs to work through",
    lambda q: True,
    COMPUTED,
    "Python reads an input whole (Gao 2022); models lose the middle of long prompts (Liu 2023)",
)
RULES = (
    Rule(
        "it asks for a program",
        lambda q: q.code and not q.options,
        ("self_debug", DIRECT),
        "a model that looks at what its program does mends it (Chen 2023)",
    ),
    Rule(
        "it asks for a text that has to meet demands",
        lambda q: q.writing and q.demanding and not (q.options or q.yes_no),
        ("self_refine", DIRECT),
        "drafts that are refined after feedback are preferred, by 20 points on average (Madaan 2023)",
    ),
    Rule(
        "it asks for a text and demands nothing of it",
        lambda q: q.writing and not (q.options or q.yes_no),
        (DIRECT,),
        "feedback needs something to hold on to (Madaan 2023); reasoning helps elsewhere (Sprague 2024)",
    ),
    Rule(
        "it asks to put a text into other words",
        lambda q: q.rewording and q.words <= READABLE,
        (DIRECT,),
        "reasoning first hardly helps where nothing is computed or concluded (Sprague 2024)",
    ),
    Rule(
        "it is a search that Python can carry out to its end",
        lambda q: q.countdown,
        (GRAPH, "program_of_thoughts", "tot_24", "tree_of_thoughts", DIRECT),
        "of games of 24, a chain of thought solves 4 in 100, a tree 74 (Yao 2023), a program all",
    ),
    Rule(
        "it is a search in which only a judge can tell a good step",
        lambda q: q.guesswork and not q.quantity,
        ("tree_of_thoughts", *REASONED),
        "crosswords need steps that can be taken back (Yao 2023)",
    ),
    Rule(
        "it asks for one judgement",
        lambda q: q.judgement and not (q.logic or q.expression or q.data or q.long),
        (DIRECT,),
        "reasoning first hardly helps where nothing is computed or concluded (Sprague 2024)",
    ),
    Rule(
        "there are options to choose among by what the text says",
        lambda q: q.options,
        REASONED,
        "on BIG-Bench Hard, code with judgements in it has 84 in 100 right, a chain of thought 72 (Li 2023)",
    ),
    Rule(
        "there are statements to draw conclusions from",
        lambda q: q.logic,
        REASONED,
        "reasoning helps with logic, a solver helps more (Sprague 2024)",
    ),
    Rule(
        "there is something to compute",
        lambda q: q.expression or q.data or q.procedure or q.numbers > 1,
        COMPUTED,
        "programs are right about 12 points more often than chains of thought (Chen 2022; so Gao 2022)",
    ),
    Rule(
        "it brings long material of its own",
        lambda q: q.long,
        REASONED,
        "models lose the middle of long prompts (Liu 2023); a flow takes the material apart",
    ),
    Rule(
        "one thing has to be found before another can be looked for",
        lambda q: q.hops,
        (GRAPH, "least_to_most", "zero_shot_cot", "chain_of_thought", DIRECT),
        "solving subquestions in order carries further than one chain of thought (Zhou 2022)",
    ),
    Rule(
        "it wants a yes or no whose reasons are left unsaid",
        lambda q: q.yes_no,
        ("zero_shot_cot", "chain_of_thought", DIRECT),
        "reasoning, and votes over it, help with such questions (Wang 2022 on StrategyQA)",
    ),
    Rule(
        "it asks for an explanation or for ideas",
        lambda q: q.open_ended,
        (DIRECT,),
        "reasoning first hardly helps where nothing is computed or concluded (Sprague 2024)",
    ),
    Rule(
        "it asks for one fact",
        lambda q: q.fact and q.words <= ONE_THING and q.sentences == 1,
        (DIRECT,),
        "reasoning first does not help with what is known or not (Sprague 2024)",
    ),
    Rule(
        "there is hardly anything to work at",
        lambda q: q.words <= FEW,
        (DIRECT,),
        "what cannot be taken apart gains nothing by a plan",
    ),
    Rule(
        "nothing tells that less would do",
        lambda q: True,
        REASONED,
        "a flow that is written for the question asks plainly where nothing more is needed",
    ),
)


def rule_for(question: Features, *, inputs: bool, tools: bool) -> Rule:
    """The first rule that holds."""
    if tools or inputs:
        return TOOLS if tools else INPUTS
    return next(rule for rule in RULES if rule.holds(question))
