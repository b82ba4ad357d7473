"""What a run takes in tokens stays inside the estimate, as long as its replies are no longer than was guessed."""

from __future__ import annotations

import pytest

import flowreason as fr

LONG = "word " * 4000
SUM = '---\nflow sum(text_in: any) -> int { n: int = ask "Q {text_in}" with tries=1\nanswer n }'
HALVING = """---
flow sum(x: any) -> int {
  if `len(str(x)) < 4000` { n: int = ask "Q {x}" answer n }
  answer sum(`x[: len(x) // 2]`)
}"""
OPTIONS = " | ".join(f'"option number {i}"' for i in range(60))


@pytest.mark.parametrize(
    "body",
    [
        "answer sum(town)" + SUM,
        'answer sum("a")' + SUM,
        "half: text = `town[: len(town) // 2]`\nanswer sum(half)" + SUM,
        "answer sum(town)" + HALVING,
        'n: int = ask "Q {town}" given lines\nanswer n',
        f'a: int = ask "{LONG}"\nb: int = ask "Q" given a\nanswer b',
        f'n: int = ask "Q" ensure `n > 9`, "{LONG}"\nanswer n',
        f'kind: {OPTIONS} = ask "Q"\nanswer kind',
        'person: {name: text, year: int, towns: list[text]} = ask "Q"\nanswer person',
        'several: list[int] = ask "Q" with samples=3\nanswer several',
        'web: graph = ask "Q"\nanswer web',
        'n: int = ask "Q" with think=true\nanswer n',
        'answer ask "Q" given town, lines, n',
    ],
)
@pytest.mark.parametrize("reply", ["3", "%%%", ""])
def test_tokens_stay_inside_the_estimate_where_replies_are_no_longer_than_guessed(body: str, reply: str) -> None:
    main, _, others = body.partition("---")
    flow = fr.loads(f"flow main(town: any, lines: list[any], n: int) {{\n{main}\n}}\n{others}")
    inputs = {"town": LONG, "lines": ["a", "b"], "n": 1}
    result = flow.run(inputs, provider=fr.ScriptedProvider(lambda _: reply), limits=fr.Limits(calls=None))
    low, high = (float(bound.number) for bound in flow.price(inputs).tokens)
    assert result.usage.tokens <= high
    assert low <= result.usage.tokens or not result.ok
