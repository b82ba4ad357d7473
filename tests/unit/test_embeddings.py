"""Where a text stands among meanings: `ask … with embed=MODEL`, and what the library makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from flowreason_dsl.prelude import clusters, nearest

LETTERS = "abcdefghij"
NEAR = """
flow near(question: text, items: list[text]) -> list[text] {
  there: list[list[number]] = ask "{items}" with embed="em"
  here = ask "{question}" with embed="em"
  answer `nearest(items, here, 2, by=there)`
}
"""


def place(text: str) -> list[float]:
    return [text.count(letter) + 0.25 for letter in LETTERS]


def says(request: fr.Request) -> str:
    """A model that writes `(B)`, and another that counts letters."""
    if not request.embed:
        return "(B)"
    found = [place(message.content) for message in request.messages]
    return json.dumps(found if request.embed == "each" else found[0])


def model(reply: Callable[[fr.Request], Any] | str = says, **options: Any) -> fr.ScriptedProvider:
    return fr.ScriptedProvider(reply if callable(reply) else lambda request: reply, **options)


def errors(text: str) -> list[str]:
    with pytest.raises(fr.FlowCheckError) as told:
        fr.loads(text)
    return [each.code for each in told.value.diagnostics]


# --- the language ---


def test_a_list_of_texts_is_one_call_and_one_text_another_and_both_are_counted_like_asks():
    provider = model(prices=(1.0, 10.0))
    result = fr.loads(NEAR).run(question="ccb", items=["aaa", "bbb", "ccc"], provider=provider, store=None)
    assert result.value == ["ccc", "bbb"]
    sent = sorted((r.embed, r.model, [m.content for m in r.messages]) for r in provider.requests)
    assert sent == [("each", "em", ["aaa", "bbb", "ccc"]), ("one", "em", ["ccb"])]
    assert (result.usage.calls, result.usage.completion_tokens) == (2, 0)
    assert result.usage.money == pytest.approx(result.usage.prompt_tokens / 1e6)


def test_it_is_priced_as_one_call_that_never_goes_back():
    price = fr.loads(NEAR).price({"question": "c", "items": ["a", "b"]})
    assert (price.fewest.number, price.most.number) == (2, 2)


def test_no_texts_are_no_call():
    provider = model()
    flow = fr.loads('flow f(xs: list[text]) -> list[list[number]] { answer ask "{xs}" with embed="em" }')
    assert flow.run(xs=[], provider=provider, store=None).value == []
    assert provider.requests == []


def test_equal_texts_share_a_call_also_where_a_loop_draws_anew():
    provider = model()
    flow = fr.loads('flow f() -> any { answer sample 5 { yield ask "river" with embed="em" } }')
    assert flow.run(provider=provider, store=None).value == [place("river")] * 5
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ('x: text = ask "river" with embed="em"', "type-mismatch"),
        ('x = ask "{rivers}" with embed="em"', "type-mismatch"),
        ('x: list[list[number]] = ask "{river}" with embed="em"', "type-mismatch"),
        ('x: list[list[number]] = ask "Of {rivers}" with embed="em"', "type-mismatch"),
        ('x = ask "river" with embed="em", model="other"', "setting-conflict"),
        ('x = ask "river" with vote=3, embed="em"', "setting-conflict"),
        ('x = ask "river" with embed=true', "setting-type"),
        ('x = ask user "river" with embed="em"', "setting-for-person"),
    ],
)
def test_what_cannot_be_embedded_is_found_before_anything_is_paid_for(step: str, code: str):
    assert code in errors(f'flow f(river: text, rivers: list[text]) -> any {{ {step}\n answer "{{x}}" }}')


def test_a_list_that_only_the_run_shows_fails_with_the_type_that_is_needed():
    flow = fr.loads('flow f(x: any) -> any { answer ask "{x}" with embed="em" }')
    result = flow.run(x=["a", "b"], provider=model(), store=None)
    assert "`x` is a list; declare the step `list[list[number]]`" in str(result.error)
    flow = fr.loads('flow f(x: any) -> list[list[number]] { answer ask "{x}" with embed="em" }')
    assert "a list of texts is needed" in str(flow.run(x=3, provider=model(), store=None).error)


@pytest.mark.parametrize("reply", ["The Rhine.", "[]", "[true]", '["a"]', "[[1, 2], [3]]", "[[1, 2]]", "[1e999]", "{}"])
def test_what_is_no_embedding_fails_in_words_that_name_the_way_out(reply: str):
    many = "[[" in reply
    kind, text = ("list[list[number]]", "{xs}") if many else ("list[number]", "a river")
    flow = fr.loads(f'flow f(xs: list[text]) -> {kind} {{ answer ask "{text}" with embed="em" }}')
    provider = model(reply)
    result = flow.run(xs=["a", "b"], provider=provider, store=None)
    assert not result.ok
    assert "leave `embed` out" in str(result.error)
    assert len(provider.requests) == 1


def test_the_limit_of_calls_counts_it():
    result = fr.loads(NEAR).run(
        question="c",
        items=["a"],
        provider=model(),
        store=None,
        limits=fr.Limits(calls=1),
        confirm=lambda price, limits: True,
    )
    assert "limit of 1 call" in str(result.error)


def test_a_limit_of_tokens_reserves_nothing_for_a_reply():
    provider = model()
    fr.loads(NEAR).run(question="c", items=["a"], provider=provider, store=None, limits=fr.Limits(tokens=60))
    assert [request.room for request in provider.requests] == [None, None]


# --- nearest and groups ---


def test_the_nearest_by_embeddings_are_those_of_the_smallest_angle_and_nulls_stay_out():
    items = ["far", "near", None, "lost", "nearer"]
    places = [[0, 1], [4, 1], [1, 0], None, [3, 0]]
    assert nearest(items, [2, 0], 9, by=places) == ["nearer", "near", "far"]
    assert nearest([], [1, 0], 2, by=[]) == []


def test_groups_of_embeddings_are_those_that_point_the_same_way():
    assert clusters([[9, 1], [0, 2], [3, 0.5], [0.1, 5], None], 2) in ([[0, 2], [1, 3]], [[2, 0], [1, 3]])


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (lambda: nearest(["a"], [1.0], 1), "a list of them"),
        (lambda: nearest(["a"], "text", 1, by=[[1.0]]), "by a field or a function"),
        (lambda: nearest(["a", "b"], [1.0], 1, by=[[1.0]]), "2 items, but 1 embeddings"),
        (lambda: nearest(["a"], [1.0], 1, by=[[1.0, 2.0]]), "different models"),
        (lambda: clusters([[1.0], [1.0, 2.0]], 1), "different models"),
    ],
)
def test_embeddings_that_do_not_go_together_are_told(call: Callable[[], Any], wrong: str):
    with pytest.raises((TypeError, ValueError), match=wrong):
        call()


# --- the library ---


@pytest.mark.parametrize("name", ["few_shot", "auto_cot", "cocogen_script", "cocogen_graph", "cocogen_entities"])
def test_a_method_without_embeddings_is_priced_as_if_there_were_none(name: str):
    flow = fr.library.load(name)
    known = {"steps": ["Water falls."], "entities": ["water"]} if name == "cocogen_entities" else {"question": "Why?"}
    with_, without = (flow.price({**known, "embeddings": model}).most.number for model in ("em", ""))
    assert without is not None
    assert with_ == without + (1 if name == "auto_cot" else 2)


OWN = [
    {"question": "aaaa bbbb", "reasoning": "", "answer": "first"},
    {"question": "cccc jjjj", "reasoning": "", "answer": "second"},
    {"question": "dddd hhhh", "reasoning": "", "answer": "third"},
]


def test_examples_are_chosen_by_a_model_where_one_is_named_and_by_words_where_none_is():
    asked: dict[str, Any] = {"question": "jcjcjc", "exemplars": OWN, "count": 1, "store": None}
    by_model, by_words = model(), model()
    fr.library.few_shot.run(**asked, embeddings="em", provider=by_model)
    fr.library.few_shot.run(**asked, provider=by_words)
    assert "second" in by_model.requests[-1].messages[1].content
    assert len(by_model.requests) == 3
    assert [request.embed for request in by_words.requests] == [""]


def test_the_examples_are_paid_for_once_over_a_batch_and_a_run_resumes_and_replays_without_paying(tmp_path: Path):
    class Named(fr.ScriptedProvider):
        origin = "https://example.org/v1"

    store = tmp_path / "store.db"
    provider = Named(says)
    questions = ["aaa", "ccc", "ddd"]
    flow = fr.library.load("few_shot")
    rows = [{"question": each, "exemplars": OWN, "embeddings": "em"} for each in questions]
    found = list(fr.batch(rows, flow=flow, provider=provider, store=store, concurrency=2))
    assert [each.answer for each in found] == ["(B)"] * 3
    assert sorted(request.embed for request in provider.requests) == ["", "", "", "each", "one", "one", "one"]
    run = found[0].run_id
    assert run is not None
    assert fr.replay(run, store=store).value == "(B)"
    assert fr.rerun(run, provider=provider, store=store).value == "(B)"
    assert len(provider.requests) == 7


def test_auto_cot_groups_its_pool_by_a_model_where_one_is_named():
    def reply(request: fr.Request) -> str:
        if request.embed:
            return says(request)
        made = '{"answer": {"steps": ["Because."], "answer": "yes"}}'
        return made if "Give the steps" in request.messages[-1].content else "Because.\nAnswer: (B)"

    provider = model(reply)
    pool = ["aaaa?", "aaab?", "jjjj?", "jjji?"]
    result = fr.library.auto_cot.run(
        question="Which?", pool=pool, count=2, embeddings="em", provider=provider, store=None
    )
    assert result.value == "(B)"
    chosen = [r.messages[-1].content for r in provider.requests if "Give the steps" in r.messages[-1].content]
    assert len(chosen) == 2
    assert sorted("aaa" in each for each in chosen) == [False, True]


def test_why_tries_no_other_place_of_a_text_among_meanings(tmp_path: Path):
    provider = model()
    flow = fr.library.load("few_shot")
    asked = {"question": "Which?", "exemplars": OWN, "embeddings": "em"}
    result = flow.run(asked, provider=provider, store=tmp_path / "store.db")
    found = fr.why(result.run_id, store=tmp_path / "store.db", provider=provider, calls=9)
    assert len(found.depends) == 3
    assert {each.step.frame for each in (*found.probes, *found.draws)} == {"few_shot"}
    assert all(request.temperature == 0 for request in provider.requests if request.embed)
