"""The price of a flow before it runs."""

from __future__ import annotations

from typing import Any

import pytest

from flowreason.engine.limits import Limits
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.graph.price import Price, price
from flowreason_dsl import parse
from flowreason_dsl.check import check
from tests.growth import within


def priced(body: str, *, parameters: str = "town: any, lines: list[any], n: int", **options: Any) -> Price:
    """The price of a flow with this body; other flows may follow a line of three dashes."""
    main, _, others = body.partition("---")
    return price(lower(check(parse(f"flow main({parameters}) {{\n{main}\n}}\n{others}"))), **options)


def calls(body: str, **options: Any) -> tuple[str, str]:
    found = priced(body, **options)
    return str(found.fewest), str(found.most)


# --- one step ----------------------------------------------------------------------------------------------


def test_an_ask_is_one_call_and_at_most_three_tries() -> None:
    assert calls('answer ask "Where is {town}?"') == ("1", "3")


def test_the_setting_tries_says_how_often_an_ask_is_sent() -> None:
    assert calls('answer ask "Where is {town}?" with tries=1') == ("1", "1")


def test_samples_are_all_asked_for() -> None:
    assert calls('answer ask "Where is {town}?" with samples=5, tries=1') == ("5", "5")


@pytest.mark.parametrize(("votes", "enough"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_a_vote_may_be_decided_by_half_of_its_draws(votes: int, enough: int) -> None:
    assert calls(f'answer ask "Where is {{town}}?" with vote={votes}, tries=1') == (str(enough), str(votes))


def test_a_computed_number_of_samples_is_taken_from_its_input() -> None:
    body = 'answer ask "Where is {town}?" with samples=n, tries=1'
    assert calls(body) == ("min(1, n)", "n")
    assert calls(body, inputs={"n": 4}) == ("4", "4")


def test_people_python_and_texts_cost_no_calls() -> None:
    found = priced('a = ask user "Which town?"\nb = `a.upper()`\nanswer "to {b}"')
    assert (found.most.number, found.summary()) == (0, "no calls to the model")


def test_an_ensure_that_asks_is_paid_for_at_every_try() -> None:
    body = 'a = ask "Name a river." ensure ask "Is {a} a river?", "a river"\nanswer a'
    assert calls(body) == ("2", "12")


def test_what_a_model_writes_while_the_flow_runs_is_a_symbol() -> None:
    found = priced('plan = solve "How far is {town}?"\nanswer plan')
    assert (str(found.fewest), str(found.most)) == ("1", "calls(plan)")
    assert "plan" in found.symbols["calls(plan)"]


def test_emulated_code_may_ask_any_number_of_times_or_never() -> None:
    assert calls("mood = emulate `sarcastic(town)`\nanswer mood") == ("0", "calls(emulate mood)")


# --- ways that part ----------------------------------------------------------------------------------------

BRANCH = 'if `n > 1` { a = ask "Q {town}" b = ask "R {a}" answer b } '


def test_of_two_arms_the_cheaper_and_the_dearer_count() -> None:
    assert calls(BRANCH + 'else { answer ask "S {town}" }') == ("1", "6")


def test_an_early_answer_makes_what_follows_uncertain() -> None:
    assert calls('if `n > 1` { answer "near" }\nanswer ask "Where is {town}?"') == ("0", "3")


def test_what_the_condition_asks_is_always_paid_for() -> None:
    assert calls('if ask "Is {town} large?" { answer "yes" }\nanswer "no"') == ("1", "3")


def test_what_every_arm_needs_is_needed_before_the_branch() -> None:
    body = 'a = ask "Q {town}"\nif `n > 1` { x = "up {a}" } else { x = "down {a}" }\nanswer x'
    assert calls(body) == ("1", "3")


def test_what_one_arm_alone_needs_may_be_cancelled() -> None:
    body = 'a = ask "Q {town}"\nif `n > 1` { x = "up {a}" } else { x = "down" }\nanswer x'
    assert calls(body) == ("0", "3")


def test_the_arms_of_a_match_exclude_one_another() -> None:
    arms = '"sea" { a = ask "Q" } "hill" { a = ask "R" b = ask "S {a}" a = ask "T {b}" }'
    body = f'a = "?" kind: "sea" | "hill" = ask "K {{town}}"\nmatch kind {{ {arms} }}\nanswer a'
    assert calls(body) == ("2", "12")


def test_what_follows_a_branch_that_one_arm_leaves_belongs_to_the_others() -> None:
    body = """
      match n { 1 { answer "one" } 2 { x = ask "Q {town}" with tries=1 } else { x = ask "R {town}" with tries=1 } }
      answer ask "S {x}" with tries=1"""
    assert calls(body) == ("0", "2")


def test_a_fallback_is_paid_for_only_when_the_first_fails() -> None:
    assert calls('answer ask "Q {town}" else ask "R {town}"') == ("1", "6")
    assert calls('answer `1 / n` else ask "R {town}"') == ("0", "3")


def test_a_step_that_no_answer_waits_for_may_be_cancelled() -> None:
    assert calls('a = ask "Q {town}"\nb = ask "R {town}"\nanswer a') == ("1", "6")


# --- loops -------------------------------------------------------------------------------------------------

EACH = 'flags = for line in lines yield ask "Is this sarcastic? {line}"\nanswer flags'


def test_a_list_of_unknown_length_is_a_symbol() -> None:
    found = priced(EACH)
    assert (str(found.fewest), str(found.most)) == ("len(lines)", "3·len(lines)")
    assert found.symbols == {"len(lines)": "the number of items in lines (line 1)"}


def test_the_length_of_an_input_that_is_given_is_known() -> None:
    assert calls(EACH, inputs={"lines": ["a", "b", "c"]}) == ("3", "9")


def test_text_that_is_given_is_cut_into_lines_beforehand() -> None:
    body = 'rows = `town.splitlines()`\nanswer for row in rows yield ask "Q {row}"'
    assert calls(body, inputs={"town": "a\nb"}) == ("2", "6")
    assert calls(body) == ("len(rows)", "3·len(rows)")


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("[1, 2, 3]", "3"),
        ("range(4)", "4"),
        ("sorted(lines, key=len)", "len(lines)"),
        ("[line.strip() for line in lines]", "len(lines)"),
        ("list(enumerate(lines))", "len(lines)"),
        ("range(len(lines))", "len(lines)"),
        ("zip(lines, [1, 2])", "min(2, len(lines))"),
        ("lines + ['last']", "1 + len(lines)"),
        ("lines[:2]", "min(2, len(lines))"),
        ("set(lines)", "len(set(lines))"),
    ],
)
def test_lengths_are_read_off_python(code: str, count: str) -> None:
    assert calls(f'answer for x in `{code}` yield ask "Q {{x}}" with tries=1')[1] == count


@pytest.mark.parametrize(
    ("code", "most"),
    [
        ("lines[:n - 5]", "8"),
        ("lines[:-1 if town else 2]", "8"),
        ("range(3 + (n - 5))", "5"),
        ("range(n - 1 - 1)", "2"),
    ],
)
def test_a_number_below_zero_counts_from_the_end_of_a_list(code: str, most: str) -> None:
    body = f'answer for x in `{code}` yield ask "Q {{x}}" with tries=1'
    assert calls(body, inputs={"lines": list("abcdefgh"), "n": 2}) == ("0", most)


def test_a_record_has_the_fields_of_its_type_whatever_it_is_made_of() -> None:
    each = 'answer for key in person yield ask "Q {key}" with tries=1'
    assert calls('person: {name: text} = `{"name": "Ada", "age": 36}`\n' + each) == ("1", "1")
    assert calls(each, parameters="person: {name: text}", inputs={"person": {"name": "Ada", "age": 36}}) == ("1", "1")
    assert calls("person: {name: text, age: int} = lines\n" + each, parameters="lines: any") == ("2", "2")
    rows = 'answer for row in rows { found = for key in row yield ask "Q {key}" with tries=1 yield found }'
    given = [{"name": "Ada", "age": 36}]
    assert calls(rows, parameters="rows: list[{name: text}]", inputs={"rows": given}) == ("1", "1")
    assert calls(rows, parameters="rows: list[any]", inputs={"rows": given}) == ("2", "2")


def test_a_filter_leaves_at_most_as_many() -> None:
    body = 'answer for x in `[line for line in lines if line]` yield ask "Q {x}" with tries=1'
    assert calls(body) == ("0", "len(lines)")


def test_a_list_that_a_loop_made_has_as_many_items_as_the_loop_had_rounds() -> None:
    body = 'a = for x in lines yield ask "Q {x}"\nanswer for y in a yield ask "R {y}"'
    assert calls(body) == ("2·len(lines)", "6·len(lines)")


def test_a_yield_under_a_condition_leaves_fewer_items() -> None:
    body = """
      a = for x in lines { if `len(x) > 3` { yield ask "Q {x}" with tries=1 } }
      answer for y in a yield ask "R {y}" with tries=1"""
    assert calls(body) == ("0", "2·len(lines)")


def test_a_list_under_another_name_is_as_long() -> None:
    assert calls('rows = lines\nanswer for row in rows yield ask "Q {row}"') == ("len(lines)", "3·len(lines)")


def test_nested_data_that_is_given_is_looked_into() -> None:
    body = 'answer for row in lines { found = for x in row yield ask "Q {x}" with tries=1 yield found }'
    assert calls(body, inputs={"lines": [[1, 2], [3]]}) == ("2", "4")


def test_a_repeat_without_a_condition_runs_every_round() -> None:
    assert calls('repeat 4 { town = ask "Mend: {town}" }\nanswer town') == ("4", "12")


def test_a_repeat_with_a_condition_may_stop_after_the_first_round() -> None:
    assert calls('repeat 4 until `len(town) > 9` { town = ask "Mend: {town}" }\nanswer town') == ("1", "12")


def test_a_while_may_not_run_at_all_but_for_its_condition() -> None:
    assert calls('while ask "Is {town} wrong?" max 3 { town = ask "Mend: {town}" }\nanswer town') == ("1", "18")


def test_a_loop_that_may_break_surely_has_one_round() -> None:
    body = 'for x in `[1, 2, 3]` { town = ask "Mend: {town} {x}" if `x > 1` { break } }\nanswer town'
    assert calls(body) == ("1", "9")


def test_an_answer_inside_a_loop_may_come_in_its_first_round() -> None:
    body = 'for x in `[1, 2, 3]` { if ask "Is it {x}?" with tries=1 { answer x } }\nanswer "none"'
    assert calls(body) == ("1", "3")


def test_a_sample_costs_its_body_as_often() -> None:
    assert calls('xs = sample 3 { yield ask "Think about {town}" }\nanswer xs') == ("3", "9")


def test_what_is_carried_needs_what_came_before_the_loop() -> None:
    assert calls('d = ask "Write"\nrepeat 2 { d = ask "Mend: {d}" }\nanswer d') == ("3", "9")
    assert calls('d = ask "Write"\nrepeat 2 { d = ask "Write anew" }\nanswer d')[0] == "1"


# --- sub-flows ---------------------------------------------------------------------------------------------

SUB = """
---
flow sub(rows: list[any], k: int = 2) {
  last = "nothing yet"
  repeat k { last = ask "Q {last}" with tries=1 }
  answer for row in rows yield ask "R {row} {last}" with tries=1
}"""


def test_a_sub_flow_costs_by_the_length_of_what_it_is_given() -> None:
    assert calls("answer sub(lines, 3)" + SUB)[1] == "3 + len(lines)"
    assert calls("answer sub(`[1, 2]`)" + SUB)[1] == "4"
    assert calls("answer sub(`lines[:1]`, n)" + SUB)[1] == "min(1, len(lines)) + n"


def test_an_argument_that_a_sub_flow_does_not_wait_for_is_not_sure() -> None:
    tail = "---\nflow pick(a: any, b: any) { if `len(str(a)) > 2` { answer b } answer a }"
    assert calls('a = ask "Q"\nb = ask "R"\nanswer pick(a, b)' + tail) == ("1", "6")


def test_python_that_calls_sub_flows_without_asks_is_free() -> None:
    tail = "---\nflow double(x: int) -> int { answer `x * 2` }"
    assert calls("answer `double(n) + double(1)`" + tail) == ("0", "0")


RECURSION = """
---
flow down(x: any) {
  if ask "Is {x} simple?" with tries=1 { answer x }
  answer down(`x[1:]`)
}"""


def test_recursion_is_unrolled_as_deep_as_it_may_go() -> None:
    found = priced("answer down(town)" + RECURSION, depth=5)
    assert (found.fewest.number, found.most.number, found.critical_path.number) == (1, 5, 5)
    assert found.recursive


def test_a_flow_that_calls_itself_in_two_places_grows_until_no_bound_is_named() -> None:
    tail = """
---
flow split(x: any) {
  if ask "Is {x} simple?" { answer x }
  a = split(`x[:1]`)
  b = split(`x[1:]`)
  answer ask "Merge {a} {b}"
}"""
    assert calls("answer split(town)" + tail, depth=3) == ("1", "42")
    assert calls("answer split(town)" + tail, depth=40) == ("1", "∞")


# --- the longest chain -------------------------------------------------------------------------------------


def test_steps_that_run_together_are_one_link_of_the_chain() -> None:
    together = priced('a = ask "Q" with tries=1\nb = ask "R" with tries=1\nanswer "{a} {b}"')
    after = priced('a = ask "Q" with tries=1\nb = ask "R {a}" with tries=1\nanswer b')
    assert (together.critical_path.number, after.critical_path.number) == (1, 2)


def test_rounds_that_build_on_one_another_are_a_chain_and_others_are_not() -> None:
    alone = priced('answer for x in lines yield ask "Q {x}" with tries=1')
    built = priced('for x in lines { town = ask "Q {x} {town}" with tries=1 }\nanswer town')
    assert (str(alone.critical_path), str(built.critical_path)) == ("1", "len(lines)")


# --- what is reckoned elsewhere as well ---------------------------------------------------------------------


def test_an_ask_is_sent_as_often_as_the_engine_sends_it() -> None:
    from flowreason.engine import asker
    from flowreason.graph import cost

    assert cost.TRIES == asker.TRIES


def test_the_prompt_that_is_sent_is_about_as_long_as_estimated() -> None:
    import flowreason as fr

    flow = fr.loads('flow main(town: text) -> int { answer ask "How many people live in {town}?" }')
    inputs = {"town": "Ulm " * 200}
    result = flow.run(inputs, provider=fr.ScriptedProvider(["120000"]))
    low, high = (float(bound.number) for bound in flow.price(inputs).tokens)
    assert 0.7 * low < result.usage.tokens < high
    assert low > 0.7 * result.usage.tokens


def test_a_list_that_takes_the_name_of_a_parameter_is_not_as_long_as_the_argument() -> None:
    tail = '---\nflow sub(xs: list[any]) { xs: list[text] = ask "more" with tries=1\n'
    tail += 'answer for x in xs yield ask "Q {x}" with tries=1 }'
    found = priced("answer sub(`[1]`)" + tail)
    assert (str(found.fewest), str(found.most)) == ("1 + len(xs#2 in sub)", "1 + len(xs#2 in sub)")
    assert list(found.symbols) == ["len(xs#2 in sub)"]


def test_no_two_counts_are_called_the_same() -> None:
    body = """
      first = for x in lines yield ask "Q {x}" with tries=1
      if `n > 1` { lines: list[text] = ask "R" with tries=1 }
      second = for x in lines yield ask "S {x}" with tries=1
      lines: list[text] = ask "T" with tries=1
      third = for x in lines yield ask "U {x}" with tries=1
      answer "{first} {second} {third}"
    """
    assert calls(body)[1] == "2 + len(lines#3) + len(lines) + len(lines.join)"


def test_a_list_that_grew_in_a_loop_is_called_so() -> None:
    body = 'rows = lines\nrepeat n { rows = `rows + lines` }\nanswer for row in rows yield ask "Q {row}" with tries=1'
    assert calls(body) == ("len(rows after the loop)", "len(rows after the loop)")


# --- tokens, money, limits ---------------------------------------------------------------------------------


def test_longer_inputs_and_more_tries_take_more_tokens() -> None:
    short, long = (priced('answer ask "Sum up: {town}"', inputs={"town": "x" * size}) for size in (40, 4000))
    assert 900 < long.tokens[0].number - short.tokens[0].number < 1100
    assert long.tokens[1].number > 2.9 * long.tokens[0].number


def test_money_is_tokens_times_prices_and_unknown_without_them() -> None:
    body = 'answer ask "Where is {town}?"'
    cheap, dear = (priced(body, prompt_price=p, completion_price=p) for p in (1.0, 10.0))
    assert cheap.money is not None
    assert dear.money is not None
    assert float(cheap.money[1].number) == pytest.approx(float(cheap.tokens[1].number) / 1e6)
    assert float(dear.money[1].number) == pytest.approx(10 * float(cheap.money[1].number))
    assert priced(body).money is None


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(calls=3), None),
        (Limits(calls=2), "calls"),
        (Limits(tokens=50), "tokens"),
        (Limits(money=0.00001), "money"),
        (Limits(rounds=0), None),
    ],
)
def test_the_limit_that_a_run_may_exceed_is_named(limits: Limits, name: str | None) -> None:
    found = priced('answer ask "Where is {town}?"', prompt_price=1.0, completion_price=1.0)
    assert found.over(limits) == name


def test_rounds_and_depth_are_held_against_their_limits() -> None:
    assert priced("repeat 50 { n = `n + 1` }\nanswer n").over(Limits(rounds=10)) == "rounds"
    assert priced("answer sub(lines)" + SUB).over(Limits(depth=0)) == "depth"


def test_what_is_not_known_beforehand_is_left_to_the_limit_itself() -> None:
    assert priced(EACH).over(Limits(calls=3)) is None
    assert priced(EACH, inputs={"lines": ["a"] * 100}).over(Limits(calls=200)) == "calls"
    assert priced("answer down(town)" + RECURSION).over(Limits(calls=3)) is None


def test_the_summary_is_one_line_that_people_read() -> None:
    body = 'a = ask "Q {town}"\nanswer ask "R {a}"'
    found = priced(body, prompt_price=1.0, completion_price=2.0)
    assert found.summary().startswith("2 to 6 calls, about 2")
    assert "tokens, at most about $0.0" in found.summary()
    assert priced('answer ask "Q" with tries=1').summary().startswith("1 call, about ")
    assert priced('answer `1 // 0` else ask "Q"').summary().startswith("up to 3 calls, up to about ")


def test_a_flow_that_calls_itself_is_summed_up_without_and_with_it() -> None:
    said = priced("answer down(town)" + RECURSION, depth=5).summary()
    assert said.startswith("1 call, about ")
    assert said.endswith(" tokens, where no flow calls itself; at most 5 calls where one goes 5 deep")


def test_a_formula_that_is_too_long_to_read_is_told_by_what_it_depends_on() -> None:
    rows = "\n".join(f'a{i} = for x in `sorted(town)[{i}:]` yield ask "Q {{x}}"' for i in range(20))
    found = priced(rows + '\nanswer "' + "".join(f"{{a{i}}}" for i in range(20)) + '"')
    assert found.summary().startswith("at least 0 calls (how many depends on 20 counts not known yet)")


def test_the_price_is_plain_data_as_json() -> None:
    import json

    data = json.loads(json.dumps(priced(EACH).as_json()))
    assert data["calls"] == {"fewest": "len(lines)", "most": "3·len(lines)"}
    assert data["symbols"] == {"len(lines)": "the number of items in lines (line 1)"}
    assert priced('answer ask "Q"').as_json()["calls"] == {"fewest": 1, "most": 3}


def long_flow(steps: int) -> Graph:
    rows = ['a0 = ask "Q {town}"']
    for i in range(1, steps):
        rows.append(f'a{i} = ask "Q {{a{i - 1}}}"')
        rows.append(f'if `len(a{i}) > 3` {{ b{i} = ask "R {{a{i}}}" }} else {{ b{i} = `a{i}.upper()` }}')
        rows.append(f"if `len(b{i}) > 90` {{ answer b{i} }}")
    return lower(check(parse("flow main(town: text) {\n" + "\n".join(rows) + f"\nanswer a{steps - 1}\n}}")))


def test_a_flow_four_times_as_long_is_priced_in_about_four_times_the_time() -> None:
    short, long = long_flow(100), long_flow(400)
    assert (price(long).fewest.number, price(long).most.number) == (2, 3 * (400 + 399))
    assert within(8, lambda: price(short), lambda: price(long))
