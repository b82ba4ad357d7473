"""The ways to answer a question that a person can choose from, and what each is."""

from __future__ import annotations

from functools import cache

import streamlit as st

from flowreason import library
from flowreason.library.titles import title
from flowreason.methods import AUTO, GRAPH
from flowreason_ui.escape import escaped

WITHOUT_QUESTION = frozenset({"auto_cot_build", "cocogen_entities", "most_alike", "scratchpad_trace", "robot"})
"""Methods of the library that take something else than a question, or tools of their own."""
_WRITTEN = {
    GRAPH: ("A flow written for the question", "A model writes a flow for it, which is checked and priced first."),
    AUTO: ("Chosen for the question", "Chosen by the question's words and your limits; you are told why."),
}  # fmt: skip


_FOR = {
    GRAPH: "For most questions: it is cut to what is asked, and you see every step.",
    AUTO: "When you do not want to choose.",
    "auto_cot": "When questions need thought and you have no worked examples at hand.",
    "chain_of_code": "When a program would do, but for some steps that only judgement can take.",
    "chain_of_thought": "For questions that need a few steps of thought.",
    "cocogen_graph": "To explain how an argument bears on a belief.",
    "cocogen_script": "To plan: what must be done, and in which order.",
    "direct": "For facts and short texts: it is the cheapest.",
    "diverse": "When it must be right and may cost many calls.",
    "few_shot": "For labels and short answers that look like examples.",
    "got_counting": "To count what a long text names.",
    "got_intersection": "For what two long lists of numbers share.",
    "got_sorting": "To sort long lists of numbers.",
    "graph_of_thoughts": "For texts and plans that are better put together from several tries.",
    "least_to_most": "For hard questions that are made of easier ones.",
    "pal": "For sums and dates, checked by several programs.",
    "plan_and_solve": "For word problems, at two calls.",
    "program_of_thoughts": "For sums that Python should do.",
    "recursion_feedback": "For answers that a strict critic should pass.",
    "scratchpad": "To carry out a computation step by step.",
    "selection_feedback": "For texts, where several tries and one critique help.",
    "selection_recursion_feedback": "For texts that should be chosen and mended until they hold.",
    "self_consistency": "For questions of reasoning with one short answer, when it must be right.",
    "self_debug": "To have a program written that works.",
    "self_refine": "For texts that get better by rewriting.",
    "tot_24": "For the Game of 24 alone.",
    "tree_of_thoughts": "For puzzles and plans in which one may go astray.",
    "zero_shot_cot": "For questions that need some thought, at two calls.",
}
"""When a method is the one to use."""


def when_to_use(method: str) -> str:
    """When a method is the one to use, in a sentence; empty where nothing is known."""
    return _FOR.get(method, "")


def methods() -> list[str]:
    """The names of the methods that answer a question, the one that writes a flow first."""
    return [GRAPH, AUTO, *(name for name in library.names() if name != GRAPH and name not in WITHOUT_QUESTION)]


def name_of(method: str) -> str:
    """A method as people are told of it; `self_consistency(samples=9)` is one with something set."""
    name, bracket, given = method.partition("(")
    told = _WRITTEN[name][0] if name in _WRITTEN else title(name)
    return f"{told} ({given.replace('=', ' ')}" if bracket else told


@cache
def what_is(method: str) -> str:
    """What a method does, in a sentence."""
    return _WRITTEN[method][1] if method in _WRITTEN else library.describe(method).summary


def method_box(key: str) -> str:
    """Choose a method; gives its name."""

    def told(method: str) -> str:
        use = when_to_use(method)
        return f"{name_of(method)} · {use}" if use else name_of(method)

    chosen = st.selectbox("How it is answered", methods(), format_func=told, key=key)
    st.caption(escaped(what_is(chosen)))
    return chosen
