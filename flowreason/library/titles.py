"""What the methods of the library are called by those who know them: PAL, Self-consistency, ToT (game of 24).

Invariant: a title is for reading alone; what is typed, kept and compared is the method's name.
"""

from __future__ import annotations

from typing import Final

TITLES: Final = {
    "auto_cot": "Auto-CoT",
    "auto_cot_build": "Auto-CoT (making examples)",
    "chain_of_code": "Chain of Code",
    "chain_of_thought": "Chain of thought (CoT)",
    "cocogen_entities": "CoCoGen (entities)",
    "cocogen_graph": "CoCoGen (graph)",
    "cocogen_script": "CoCoGen (script)",
    "direct": "Direct",
    "diverse": "DiVeRSe",
    "few_shot": "Few-shot",
    "got_counting": "GoT (counting)",
    "got_intersection": "GoT (intersection)",
    "got_sorting": "GoT (sorting)",
    "graph": "A flow written for the question",
    "graph_of_thoughts": "Graph of thoughts (GoT)",
    "least_to_most": "Least-to-most",
    "most_alike": "Most alike",
    "pal": "PAL",
    "plan_and_solve": "Plan-and-solve",
    "program_of_thoughts": "Program of thoughts (PoT)",
    "recursion_feedback": "Recursion feedback",
    "robot": "Robot",
    "scratchpad": "Scratchpad",
    "scratchpad_trace": "Scratchpad (trace)",
    "selection_feedback": "Selection feedback",
    "selection_recursion_feedback": "Selection and recursion feedback",
    "self_consistency": "Self-consistency",
    "self_debug": "Self-Debug",
    "self_refine": "Self-Refine",
    "tot_24": "ToT (game of 24)",
    "tree_of_thoughts": "Tree of thoughts (ToT)",
    "zero_shot_cot": "Zero-shot CoT",
}


def title(name: str) -> str:
    """What a method is called; one that is not of the library by its own name, in words."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()
