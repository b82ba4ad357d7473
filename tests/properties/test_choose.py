"""Choosing a method: for every text, the same each time, and never one that the limits cannot hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason import library
from flowreason.methods import choose
from flowreason.methods.costs import GRAPH, Cost, Need, costs_of
from flowreason.methods.features import look
from flowreason.methods.rules import DIRECT, INPUTS, RULES, TOOLS, Rule, rule_for

SEED = """
Write a poem story that must rhyme. Who wrote Faust? How many 3 12 1984 True False ( ) + - * / [1, 2, 3] (A) (B)
sort reverse count older than Goethe's of the which if all are some crossword sarcastic Is Would Explain why def f(x):
``` {question} <b> 24 each number exactly once 日本 ? ! . , ; | premises letter code function translate
"""
WORDS = st.sampled_from([*SEED.split(), "\n", "\t", "\n(A) "])
TEXTS = st.one_of(st.text(), st.lists(WORDS, max_size=60).map(" ".join))
LIMITS = st.builds(
    fr.Limits,
    calls=st.none() | st.integers(0, 60),
    tokens=st.none() | st.integers(0, 20_000),
    money=st.none() | st.floats(0, 0.1),
    seconds=st.none() | st.floats(0, 100),
    depth=st.integers(0, 16),
    rounds=st.integers(0, 100),
)
PRICES = st.none() | st.tuples(st.floats(0, 50), st.floats(0, 200))
INPUTS_GIVEN = st.dictionaries(
    st.sampled_from(["lines", "note", "question"]), st.text(max_size=50) | st.integers(), max_size=2
)
NEEDS = st.builds(Need, *[st.integers(0, 10)] * 4)
COSTS = st.dictionaries(
    st.sampled_from(sorted({name for rule in RULES for name in rule.methods})),
    st.builds(lambda a, b: Cost(a, _greater(a, b)), NEEDS, NEEDS),
)


def _greater(one: Need, other: Need) -> Need:
    return Need(*(max(getattr(one, n), getattr(other, n)) for n in ("calls", "tokens", "money", "seconds")))


@settings(deadline=None)
@given(TEXTS, LIMITS, INPUTS_GIVEN, PRICES, st.booleans())
def test_every_text_has_a_method_and_always_the_same(
    text: str, limits: fr.Limits, inputs: dict[str, object], prices: tuple[float, float] | None, tools: bool
) -> None:
    first = choose(text, inputs, limits, ["look"] if tools else [], prices=prices)
    assert first == choose(text, inputs, limits, ["look"] if tools else [], prices=prices)
    assert first.method == GRAPH or first.method in library.names()
    assert "\n" not in first.reason
    assert first.reason.strip()


@settings(deadline=None)
@given(TEXTS, LIMITS, PRICES)
def test_no_method_is_chosen_that_the_limits_cannot_hold(
    text: str, limits: fr.Limits, prices: tuple[float, float] | None
) -> None:
    chosen = choose(text, None, limits, prices=prices)
    cost = costs_of(text, {}, limits, prices)
    found = cost(chosen.method)
    assert found is not None
    if "no method fits" not in chosen.reason:
        assert found.least.over(limits) == ""
    else:
        assert all(each.least.over(limits) for name in (GRAPH, DIRECT) if (each := cost(name)) is not None)


@settings(deadline=None)
@given(
    TEXTS, COSTS, st.builds(fr.Limits, calls=st.integers(0, 10), tokens=st.integers(0, 10), money=st.integers(0, 10))
)
def test_the_first_that_fits_is_taken_in_the_order_of_the_rule(
    text: str, costs: dict[str, Cost], limits: fr.Limits
) -> None:
    chosen = choose(text, None, limits, costs=costs.get).method
    rule = rule_for(look(text), inputs=False, tools=False)
    offered = [name for name in rule.methods if name in costs]
    well = [name for name in offered if not costs[name].usual.over(limits)]
    barely = [name for name in offered if not costs[name].least.over(limits)]
    assert chosen == next(iter([*well, *barely, DIRECT]))


def test_what_is_reckoned_for_usual_runs_is_no_less_than_for_the_shortest() -> None:
    cost = costs_of("Who is it?", {}, fr.Limits(), (1.0, 2.0))
    for name in (*library.names(), GRAPH):
        found = cost(name)
        if found is not None:
            for part in ("calls", "tokens", "money", "seconds", "depth", "rounds"):
                assert getattr(found.least, part) <= getattr(found.usual, part), (name, part)


@pytest.mark.parametrize("rule", [TOOLS, INPUTS, *RULES], ids=lambda rule: rule.because)
def test_every_rule_ends_with_one_call_and_has_its_evidence(rule: Rule) -> None:
    assert rule.methods[-1] == DIRECT
    assert rule.evidence.strip()


@pytest.mark.parametrize("name", sorted({name for rule in (TOOLS, INPUTS, *RULES) for name in rule.methods}))
def test_a_method_that_a_rule_names_answers_a_plain_question(name: str) -> None:
    cost = costs_of("Who is it?", {}, fr.Limits(), None)(name)
    assert cost is not None
    assert not cost.usual.over(fr.Limits()), "it fits into the limits where nothing is said"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200_000,
        "write " * 33_000,
        "1+" * 100_000,
        "\n" * 200_000,
        "a," * 100_000,
        "[," * 100_000,
        "all a " * 33_000,
    ]
    + [
        "(A) " * 50_000,
        "x" * 200_000,
        "between a b c " * 14_000,
        "write,,,,,,," * 16_000,
        "1" * 200_000,
        "-\n" * 100_000,
    ],
    ids=range(13),
)
def test_no_text_takes_long_to_look_at(text: str) -> None:
    began = time.process_time()
    look(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("question", "method"),
    [
        ("Who painted the Mona Lisa?", "direct"),
        ("In which year was the Eiffel Tower finished?", "direct"),
        ("What is the capital of Mongolia?", "direct"),
        ("How many moons does Jupiter have?", "direct"),
        ("Thanks!", "direct"),
        ("Why do leaves change their colour in autumn?", "direct"),
        ("Write a haiku about rain.", "direct"),
        ("Translate into French: The ferry leaves at noon.", "direct"),
        ("Is the following sentence sarcastic? Great, the bus is late again.", "direct"),
        ("Which of these is the odd one out in tone: a hymn or a jingle?", "direct"),
        ("Write a short story about a lighthouse. Every sentence must begin with another letter.", "self_refine"),
        ("Would a pear sink in water?", "zero_shot_cot"),
        ("Did the inventor of the telephone know jazz?", "zero_shot_cot"),
        ("Solve this crossword: 1 across, a small boat.", "tree_of_thoughts"),
        ("17 * 23", "graph"),
        ("not ( True and False ) is", "graph"),
        ("Use 2, 5, 8 and 11, each exactly once, to make 24.", "graph"),
        ("A ferry takes 12 cars, and 40 wait. How often does it cross?", "graph"),
        ("Sort these words: pear, apple, fig", "graph"),
        ("Which is the tallest?\nOptions:\n(A) the mast, by the text\n(B) the tower", "graph"),
        ("Who was older, Goethe or Schiller?", "graph"),
        ("How many years lie between the first steam locomotive and the first electric tram?", "graph"),
        ("All ferries are boats. No boat is dry. Is a ferry dry?", "graph"),
        ("Who directed the film in which the lead was played by a singer?", "graph"),
        ("Wie viele Kilometer sind 3 Etappen von je 40 km?", "graph"),
        ("word " * 400, "graph"),
    ],
)
def test_which_questions_are_answered_how(question: str, method: str) -> None:
    assert choose(question).method == method


@pytest.mark.parametrize(
    ("question", "limits", "method"),
    [
        ("Who was older, Goethe or Schiller?", fr.Limits(calls=2), "zero_shot_cot"),
        ("Who was older, Goethe or Schiller?", fr.Limits(calls=1), "chain_of_thought"),
        ("A ferry takes 12 cars, and 40 wait. How often does it cross?", fr.Limits(calls=1), "program_of_thoughts"),
        ("Write a short story. Every sentence must rhyme.", fr.Limits(calls=1), "direct"),
        ("Solve this crossword: 1 across, a small boat.", fr.Limits(calls=2), "zero_shot_cot"),
        ("Would a pear sink in water?", fr.Limits(seconds=6), "chain_of_thought"),
        ("Would a pear sink in water?", fr.Limits(tokens=300), "direct"),
        (
            "A ferry takes 12 cars, and 40 wait. How often does it cross?",
            fr.Limits(tokens=3_000),
            "program_of_thoughts",
        ),
    ],
)
def test_small_budgets_are_answered_by_what_fits(question: str, limits: fr.Limits, method: str) -> None:
    calls = {
        "program_of_thoughts": 1,
        "chain_of_thought": 1,
        "zero_shot_cot": 2,
        "self_refine": 7,
        "tree_of_thoughts": 25,
    }
    needs = {name: Need(count, 500 * count, 0.0, 5.0 * count) for name, count in calls.items()}
    needs |= {DIRECT: Need(1, 200, 0.0, 5.0), GRAPH: Need(3, 6_000, 0.0, 10.0)}
    costs = {name: Cost(need, need) for name, need in needs.items()}
    assert choose(question, None, limits, costs=costs.get).method == method


def test_by_the_prices_of_the_library_one_call_is_a_program_or_a_chain_of_thought() -> None:
    once = fr.Limits(calls=1)
    assert (
        choose("A ferry takes 12 cars, and 40 wait. How often does it cross?", None, once).method
        == "program_of_thoughts"
    )
    assert choose("Who was older, Goethe or Schiller?", None, once).method == "chain_of_thought"
