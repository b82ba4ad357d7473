"""`emulate name`: a program that a step wrote is emulated; what it sees, what it may call, and how it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flowreason as fr
from tests.keeping import Counting, events_of

FLOW = """
flow f(program: text, question: text = "cat and dog") -> any {
  row = `{"limit": 2, "words": ["cat", "oak"]}`
  answer emulate program given question, row.words, row.limit
}
"""


def says(*animals: str) -> fr.ScriptedProvider:
    """A model that knows which words are animals: it is asked about the call that stands last."""

    def reply(request: fr.Request) -> str:
        call = request.messages[-1].content.rpartition("is_animal(")[2]
        return "true" if call.startswith(tuple(f"'{name}'" for name in animals)) else "false"

    return fr.ScriptedProvider(reply)


def run(program: str, provider: fr.ScriptedProvider | None = None, text: str = FLOW, **options: Any) -> fr.Result:
    return fr.loads(text, tools=options.pop("tools", ())).run(
        program=program, provider=provider or fr.ScriptedProvider(), unsafe_python=True, **options
    )


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("[w for w in words if is_animal(w)]", ["cat"]),
        ("```python\nanswer = sum(is_animal(w, ret_type=bool) for w in question.split())\nprint(answer)\n```", 2),
        ("Let me write it.\n```\nlimit * 3\n```\nDone.", 6),
        ("python\nmath.floor(2.5) + len(majority(['ab', 'ab', 'c']))", 4),
        ("sorted(words, key=lambda w: not is_animal(w))", ["cat", "oak"]),
        ("ans = max(words, key=is_animal)", "cat"),
        ("execute('6 * 7').value", 42),
    ],
)
def test_a_written_program_sees_what_it_is_given_and_the_prelude(program: str, value: Any) -> None:
    result = run(program, says("cat", "dog"))
    assert (result.value, result.error) == (value, None)


def test_the_trace_holds_the_program_and_tells_line_by_line() -> None:
    result = run("```\nn = 0\nfor w in words:\n    if is_animal(w):\n        n += 1\nanswer = n\n```", says("cat"))
    [trace] = [event.data for event in result.events if event.kind == "node.trace"]
    assert trace["program"].splitlines()[0] == "n = 0"
    assert {line["line"]: line["by"] for line in trace["lines"]} == {
        1: "python", 2: "python", 3: "model", 4: "python", 5: "python",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("x = 1\ny = = 2", "the program is no valid Python: SyntaxError: invalid syntax (line 2 of the program: y = = 2)"),
        ("if True:\nx = 1", "the program is no valid Python: IndentationError: expected an indented block after 'if'"),
        ("x = 1\nraise ValueError('too many')", "ValueError: too many (line 2 of the program: raise ValueError('too many'))"),
        ("```\nx = 5\n```", "the program gives no value: it ends without an expression, and sets none of answer, ans, result"),
        ("", "the program gives no value"),
        ("yield 1\nreturn 2", "'yield' outside function"),
    ],
)  # fmt: skip
def test_a_program_that_fails_is_told_with_its_own_line(program: str, error: str) -> None:
    result = run(program)
    assert not result.ok
    assert str(result.error).startswith("line 4: ") and error in str(result.error)


def test_what_is_no_text_is_told_before_the_run() -> None:
    with pytest.raises(fr.FlowCheckError, match="`emulate` takes the text of a program, and this is"):
        fr.loads("flow f(n: list[int]) -> any { answer emulate n }")


# --- tools ---


def tools(done: list[str]) -> list[Any]:
    @fr.tool
    def put(x: str) -> str:
        done.append(x)
        return f"put {x}"

    @fr.tool
    def launch(x: str) -> str:
        done.append(f"launched {x}")
        return "launched"

    @fr.tool(pure=True)
    def weigh(x: str) -> int:
        return len(x)

    return [put, launch, weigh]


ACTING = """
tool put(x: text) -> text
flow f(program: text) -> any {
  put("before")
  done = emulate program
  put("after")
  answer done
}
flow own(x: text) -> text { answer "flow {x}" }
flow main_calls_own() -> text { answer own("x") }
"""


def test_a_written_program_calls_pure_tools_and_those_that_the_flow_knows_and_no_other() -> None:
    done: list[str] = []
    provider = fr.ScriptedProvider(default="'said'")
    result = run("[put('a'), weigh('abc'), launch('b'), own('c')]", provider, ACTING, tools=tools(done))
    assert (result.value, result.error) == (["put a", 3, "said", "said"], None)
    assert done == ["before", "a", "after"]
    assert len(provider.requests) == 2  # `launch` and `own` are functions that do not exist here


def test_an_effect_inside_of_emulated_code_happens_once_also_after_resuming(tmp_path: Path) -> None:
    program = (
        "answer = []\nfor x in ['a', 'b', 'c']:\n    answer.append([put(x), judge(x)])\nanswer.append(put('end'))\n"
    )
    for kind, text in (
        ("written", ACTING),
        ("in the text", ACTING.replace("emulate program", f"emulate ```\n{program}answer\n```")),
    ):
        done: list[str] = []
        store, provider = str(tmp_path / f"{kind}.db"), Counting(lambda _: "fine")
        flow, run_id = fr.loads(text, tools=tools(done)), None
        for calls in (1, 2):
            limits = fr.Limits(calls=calls)
            if run_id is None:
                cut = flow.run(program=program, provider=provider, store=store, limits=limits, confirm=lambda *_: True)
                run_id = cut.run_id
            else:
                cut = fr.resume(run_id, provider=provider, store=store, limits=limits, tools=tools(done))
            assert not cut.ok and done == ["before", "a", "b", "c"][: calls + 2], kind
        ended = fr.resume(run_id, provider=provider, store=store, limits=fr.Limits(calls=9), tools=tools(done))
        assert ended.value == [["put a", "fine"], ["put b", "fine"], ["put c", "fine"], "put end"], kind
        assert done == ["before", "a", "b", "c", "end", "after"], kind
        assert provider.count == 3, kind
        assert events_of(fr.replay(run_id, store=store)) == events_of(ended)
        assert done == ["before", "a", "b", "c", "end", "after"], kind


@pytest.mark.parametrize(
    "program",
    [
        "[put(x) for x in 'abc']",
        "sorted('cab', key=lambda x: (put(x), rank(x)))\n'done'",
        "def each(xs):\n    def one(x):\n        return put(x) + nothing[x]\n    return [one(x) for x in xs]\neach('a')",
        "x = put('a') + missing\ny = put('b') * missing\n'done'",
        "try:\n    x = int(put('a'))\nexcept ValueError:\n    x = put('b')\nx",
        "while put('a') and unheard(0, ret_type=bool):\n    pass\n'done'",
    ],
)
def test_no_effect_happens_twice_wherever_the_model_takes_over(program: str) -> None:
    done: list[str] = []

    def reply(request: fr.Request) -> str:
        asked = request.messages[-1].content
        for name in ("returned", "condition", "x", "y"):
            if f'It should hold "{name}"' in asked:
                return f'{{"{name}": 0}}'
        return "false"

    result = run(program, fr.ScriptedProvider(reply), ACTING, tools=tools(done))
    assert result.ok, result.error
    assert sorted(done) == sorted(set(done)) and done[0] == "before" and done[-1] == "after"


# --- kept runs ---


def test_a_written_program_is_part_of_what_a_kept_run_goes_on_with(tmp_path: Path) -> None:
    text = """
    flow f(question: text) -> any {
      program = ask "Write a program for: {question}"
      n = emulate program given question
      u = ask user "Is {n} right?"
      answer "{n} {u}"
    }
    """
    provider = Counting(lambda q: "```\nanswer = is_animal(question)\n```" if "Write a program" in q else "true")
    store = str(tmp_path / "runs.db")
    waiting = fr.loads(text).run(question="cat", provider=provider, store=store)
    assert waiting.status == "waiting"
    ended = fr.resume(waiting.run_id, answers="yes", provider=provider, store=store)
    assert (ended.value, provider.count) == ("true yes", 2)
    assert events_of(fr.replay(waiting.run_id, store=store)) == events_of(ended)
    forked = fr.fork(
        waiting.run_id, "program", "answer = 'other'", provider=provider, store=store, ask_user=lambda *_: "no"
    )
    assert (forked.value, provider.count) == ("other no", 2)
