"""An ask node from prompt to value: what the model is shown, what goes back to it, and what the person is asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import flowreason as fr
from tests.virtual import Work, echo, now, virtual


def prompts(provider: fr.ScriptedProvider) -> list[str]:
    """What the model was shown: the last turn of each request."""
    return [request.messages[-1].content for request in provider.requests]


def run(text: str, provider: Any, *, inputs: Any = None, **options: Any) -> fr.Result:
    return virtual(fr.loads(text).run_async(inputs, provider=provider, **options))


# --- what the prompt holds ---


@pytest.mark.parametrize("edge", ['b = ask "Which dish?" given a', 'b = ask "Which dish?"\n a -> b'])
def test_given_and_an_edge_bring_the_value_into_the_prompt(edge: str) -> None:
    provider = fr.ScriptedProvider({"dish": "pumpkin soup", "season": "early autumn"})
    result = run(f'flow f() {{ a = ask "Which season?"\n {edge}\n answer b }}', provider)
    assert result.value == "pumpkin soup"
    assert "early autumn" not in prompts(provider)[0]
    assert "early autumn" in prompts(provider)[1]


def test_a_field_given_shows_that_field_alone() -> None:
    provider = echo()
    run(
        'flow f(p: {name: text, age: int}) { answer ask "Who?" given p.name }',
        provider,
        inputs={"p": {"name": "Ada", "age": 36}},
    )
    assert "Ada" in prompts(provider)[0]
    assert "36" not in prompts(provider)[0]


def test_a_value_is_put_in_once_and_its_braces_stay() -> None:
    provider = echo()
    run('flow f(a: text, b: text) { answer ask "About {a}." }', provider, inputs={"a": "{b}", "b": "secret"})
    assert "{b}" in prompts(provider)[0]
    assert "secret" not in prompts(provider)[0]


def test_settings_reach_the_request_and_computed_ones_too() -> None:
    provider = echo()
    run(
        'flow f(t: number) { answer ask "Say." with temperature=t, model="small", max_tokens=`3 + 4` }',
        provider,
        inputs={"t": 0.3},
    )
    [request] = provider.requests
    assert (request.temperature, request.model, request.max_tokens) == (0.3, "small", 7)


def test_think_reads_the_final_answer_only() -> None:
    provider = fr.ScriptedProvider(default='{"reasoning": "5 boats and 2 make 7", "answer": 7}')
    assert run('flow f() -> int { n: int = ask "How many boats?" with think=true\n answer n }', provider).value == 7
    words = fr.ScriptedProvider(default="Five boats and two.\nAnswer: 7")
    assert run('flow f() { n = ask "How many boats?" with think=true\n answer n }', words).value == "7"


# --- what does not fit goes back ---


def test_a_reply_that_does_not_fit_goes_back_with_the_reason() -> None:
    provider = fr.ScriptedProvider(["a few", "7"])
    result = run('flow f() { n: int = ask "How many?"\n answer n }', provider)
    assert result.value == 7
    second = provider.requests[1].messages
    assert second[-2].content == "a few"
    assert "a few" in second[-1].content or "int" in second[-1].content
    assert [e.data["attempt"] for e in result.events if e.kind == "node.rejected"] == [1]


def test_the_message_of_an_ensure_goes_back_with_its_values() -> None:
    provider = fr.ScriptedProvider(["12", "8"])
    text = 'flow f(most: int) { n: int = ask "Score?" ensure `n <= most`, "at most {most}, not {n}"\n answer n }'
    assert run(text, provider, inputs={"most": 10}).value == 8
    assert "at most 10, not 12" in prompts(provider)[1]


def test_an_ensure_that_asks_is_a_flow_of_its_own() -> None:
    provider = fr.ScriptedProvider({"Is that a city": ["no", "yes"], "Which city": ["Rhine", "Basel"], "": "Basel"})
    text = 'flow f() { c = ask "Which city?" ensure ask "Is that a city: {c}?", "a city"\n answer c }'
    result = run(text, provider)
    assert result.value == "Basel"
    assert any("ensure" in e.frame for e in result.events)


def test_an_ensure_that_never_holds_fails_after_its_tries() -> None:
    provider = echo(reply="3")
    result = run('flow f() { n: int = ask "Score?" ensure `n > 5`, "more" with tries=2\n answer n }', provider)
    assert (result.status, len(provider.requests)) == ("failed", 2)
    assert "more" in str(result.error)


def test_an_ensure_on_what_is_not_asked_fails_at_once() -> None:
    result = run('flow f() { n = `3` ensure `n > 5`, "more than 5"\n answer n }', echo())
    assert result.status == "failed"
    assert "more than 5" in str(result.error)


def test_a_match_on_an_ask_takes_one_of_its_cases() -> None:
    provider = fr.ScriptedProvider(["perhaps a fruit", "Fruit"])
    text = 'flow f() { match ask "Fruit or tree?" { "fruit" { answer 1 } "tree" { answer 2 } } }'
    assert run(text, provider).value in (1, 2)


def test_a_condition_that_is_an_ask_is_yes_or_no() -> None:
    for reply, expected in (("Yes.", 1), ("no", 2)):
        assert run('flow f() { if ask "Is it raining?" { answer 1 } answer 2 }', echo(reply=reply)).value == expected


# --- the person ---


def test_the_person_is_asked_and_asked_again_with_the_reason() -> None:
    asked: list[tuple[str, str]] = []
    said = iter(["soon", "3"])

    async def person(question: str, type: str) -> str:
        asked.append((question, type))
        await asyncio.sleep(60)
        return next(said)

    async def main() -> Any:
        flow = fr.loads('flow f(town: text) { n: int = ask user "How many days in {town}?"\n answer n }')
        result = await flow.run_async({"town": "Basel"}, provider=echo(), ask_user=person)
        return result, now()

    result, took = virtual(main())
    assert (result.value, took, len(asked)) == (3, 120, 2)
    assert "Basel" in asked[0][0]
    assert asked[0][1] == "int"
    assert "soon" in asked[1][0]
    assert [e.kind for e in result.events if e.kind.startswith("person.")] == ["person.asked", "person.answered"] * 2


def test_a_person_may_answer_at_once() -> None:
    result = run('flow f() { x = ask user "Name?"\n answer x }', echo(), ask_user=lambda question, type: "Ada")
    assert result.value == "Ada"


def test_with_nobody_there_the_ask_fails_and_else_catches_it() -> None:
    result = run('flow f() { x = ask user "Name?" else "nobody"\n answer x }', echo())
    assert result.value == "nobody"
    alone = run('flow f() { x = ask user "Name?"\n answer x }', echo())
    assert "nobody is there" in str(alone.error)


def test_a_person_who_refuses_ends_the_run_as_cancelled() -> None:
    def person(question: str, type: str) -> str:
        raise fr.Cancelled("I would rather not")

    result = run('flow f() { x = ask user "Name?" else "none"\n answer x }', echo(), ask_user=person)
    assert (result.status, str(result.error)) == ("cancelled", "I would rather not")


def test_an_unknown_exception_of_the_person_is_raised() -> None:
    def person(question: str, type: str) -> str:
        raise EOFError("the terminal was closed")

    with pytest.raises(EOFError, match="terminal"):
        run('flow f() { x = ask user "Name?"\n answer x }', echo(), ask_user=person)


def test_questions_to_the_person_keep_their_order_and_the_model_does_not_wait_for_them() -> None:
    asked: list[str] = []
    work = Work()

    async def person(question: str, type: str) -> str:
        asked.append(question[0])
        await asyncio.sleep(10)
        return "yes"

    provider = echo(latency=1)
    text = 'flow f() { a = ask user "1?"\n b = ask user "2?"\n c = ask "free"\n answer "{a}{b}{c}" }'
    assert work.run(text, provider=provider, ask_user=person).ok
    assert (asked, work.took) == (["1", "2"], 20)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("vote=`n * 200`", "vote must be a whole number from 1 to 100, and this is 600"),
        ("samples=`n - 3`", "samples must be a whole number from 1 to 100, and this is 0"),
        ("tries=`n + 20`", "tries must be a whole number from 1 to 10, and this is 23"),
        ("temperature=`n * 1.0`", "temperature must be a number from 0 to 2, and this is 3"),
        ("model=`str(n)[:0]`", "model must be text, and this is"),
        ("think=`[n, True][0]`", "think must be true or false, and this is 3"),
        ("max_tokens=`[True, n][0]`", "max_tokens must be a whole number from 1 to 1,000,000,000, and this is true"),
    ],
)
def test_settings_that_are_computed_are_held_to_the_same_bounds(setting: str, told: str) -> None:
    flow = fr.loads(f'flow f(n: int) -> any {{ answer ask "A" with {setting} }}')
    provider = fr.ScriptedProvider(lambda request: "yes")
    result = flow.run(n=3, provider=provider, confirm=lambda *_: True)
    assert told in str(result.error)
    assert provider.requests == []


# --- draws that are checked each by itself ---

DRAWN = """
flow f() -> any {
  xs: list[int] = ask "How many?" with samples=3, tries=1 ensure CHECK, "{xs} is odd"
  answer xs
}
flow ok(x: int) -> bool { answer `x % 2 == 0` }
"""


@pytest.mark.parametrize("check", ["ok(xs)", "`xs % 2 == 0`", "`ok(xs)`"])
def test_with_samples_each_reply_is_checked_by_itself_in_its_own_type(check: str) -> None:
    replies = {0: "4", 1: "7", 2: "8"}
    provider = fr.ScriptedProvider(lambda request: replies[request.sample])
    result = fr.loads(DRAWN.replace("CHECK", check)).run(provider=provider, unsafe_python=True)
    assert result.value == [4, None, 8]
    [rejected] = [e for e in result.events if e.kind == "node.rejected"]
    assert (rejected.data["sample"], rejected.data["why"]) == (1, "7 is odd")


def test_a_check_of_the_whole_list_of_samples_is_refused() -> None:
    with pytest.raises(fr.FlowCheckError, match="the argument `x` of `ok` is list\\[int\\], and this is int"):
        fr.loads(DRAWN.replace("CHECK", "ok(xs)").replace("x: int", "x: list[int]").replace("x % 2 == 0", "len(x) > 1"))
