"""Steps are begun while the rest of the flow is still being written: when, which, and what is never done early."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import flowreason as fr
from flowreason.view.progress import view
from tests.virtual import now, virtual

COMPILER = "# The flow language"
PAUSE = 1.0
"""Seconds after each piece of six characters that the model writes."""


class Author(fr.ScriptedProvider):
    """Writes the given drafts slowly, and says when it was asked what."""

    def __init__(self, *drafts: str, seconds: float = 10.0, **options: Any) -> None:
        self.drafts = list(drafts)
        self.seconds = seconds
        self.asked: list[tuple[float, str]] = []
        self.written: list[float] = []
        self.replies: dict[str, str] = options.pop("replies", {})
        super().__init__(self.answer, latency=self.wait, pause=PAUSE, **options)

    def wait(self, request: fr.Request) -> float:
        return 0.0 if self.compiles(request) else self.seconds

    def compiles(self, request: fr.Request) -> bool:
        return COMPILER in request.messages[0].content

    def answer(self, request: fr.Request) -> str:
        if self.compiles(request):
            return self.drafts.pop(0)
        question = request.messages[-1].content
        return next((reply for word, reply in self.replies.items() if word in question), "fine")

    async def complete(self, request: fr.Request, notify: Any = None) -> fr.Reply:
        if not self.compiles(request):
            self.asked.append((now(), request.messages[-1].content))
        return await super().complete(request, notify)

    async def stream(self, request: fr.Request, on_text: Any, notify: Any = None) -> fr.Reply:
        reply = await super().stream(request, on_text, notify)
        self.written.append(now())
        return reply

    def when(self, word: str) -> list[float]:
        """When a question with this word in it was asked."""
        return [at for at, question in self.asked if word in question]


def solve(author: Author, **options: Any) -> fr.Result:
    return virtual(fr.solve_async("What is it like?", provider=author, **options))


FLOW = """flow rivers() -> text {
  source = ask "Where does the Po rise?"
  mouth = ask "Where does the Rhine end?"
  _remark = "something that takes the model a long time to write, and that nobody needs to know at all"
  answer "{source}, {mouth}"
}
"""


def test_a_step_is_begun_when_its_statement_has_arrived() -> None:
    author = Author(FLOW)
    result = solve(author)
    assert result.answer == "fine, fine"
    assert len(author.asked) == 2
    [rises], [ends] = author.when("rise"), author.when("end")
    assert rises <= FLOW.index("mouth =") / 6 + 2
    assert rises < ends <= FLOW.index("_remark") / 6 + 2
    assert author.written[0] > ends + author.seconds
    assert result.usage.calls == 3
    later = solve(Author(FLOW), early=False)
    assert later.answer == result.answer
    assert later.usage.calls == 3


def test_without_a_head_start_nothing_is_asked_before_the_flow_is_whole() -> None:
    author = Author(FLOW)
    solve(author, early=False)
    assert min(at for at, _ in author.asked) >= author.written[0]


def test_a_chain_goes_on_while_the_model_writes() -> None:
    flow = FLOW.replace('mouth = ask "Where does the Rhine end?"', 'mouth = ask "What lies beyond {source}?"')
    author = Author(flow)
    result = solve(author)
    assert result.answer == "fine, fine"
    [first], [second] = author.when("rise"), author.when("beyond")
    assert first + author.seconds <= second < author.written[0]


def test_what_is_under_way_when_the_flow_is_whole_is_not_asked_again() -> None:
    author = Author(FLOW, seconds=500.0)
    result = solve(author)
    assert result.answer == "fine, fine"
    assert len(author.asked) == 2
    assert result.usage.calls == 3


def test_an_open_loop_runs_its_first_round_and_the_rest_when_it_is_closed() -> None:
    flow = """flow towns() -> text {
  notes = ""
  for town in `["Ulm", "Bonn", "Trier"]` {
    view = ask "What does one see in {town}?"
    notes = "{notes} {view}"
    # a remark that is long enough for the first round to be over by far before the loop is closed
  }
  answer notes
}
"""
    author = Author(flow)
    result = solve(author)
    assert result.answer == " fine fine fine"
    assert len(author.asked) == 3
    [ulm], [bonn] = author.when("Ulm"), author.when("Bonn")
    assert ulm <= flow.index('notes = "{notes}') / 6 + 3
    assert bonn >= flow.index("  answer") / 6 - 1


def test_a_branch_that_is_open_is_entered_and_a_match_on_an_ask_is_not() -> None:
    flow = """flow trip(question: text) -> text {
  if `len(question) > 3` {
    a = ask "Is it far?"
    match ask "What kind of trip?" {
      "short" { answer "yes" }
      # cases that are still to come belong to what is asked, so that it has to wait for all of them
      "long" { answer a }
    }
  }
  answer "no"
}
"""
    author = Author(flow, replies={"kind": "long"})
    result = solve(author)
    assert result.answer == "fine"
    [far], [kind] = author.when("far"), author.when("kind")
    assert far < flow.index("# cases") / 6
    assert kind >= flow.index('"long"') / 6


def test_a_flow_that_has_not_arrived_is_waited_for_and_the_rest_goes_on() -> None:
    flow = """flow first(question: text) -> text {
  a = helper(question, words=3)
  b = ask "How deep is the lake?"
  answer "{a}{b}"
}
flow helper(topic: text, words: int) -> text {
  answer ask "Say {words} words about: {topic}"
}
"""
    author = Author(flow)
    assert solve(author).answer == "finefine"
    assert author.when("deep")[0] < flow.index("flow helper") / 6
    assert len(author.asked) == 2


def test_an_edge_that_follows_is_waited_for() -> None:
    flow = """flow plan() -> text {
  weather = ask "What is the weather?"
  walk = ask "Where to walk?"
  weather -> walk
  # a remark that is long enough for both of them to be asked before the flow has arrived as a whole ------------
  answer walk
}
"""
    author = Author(flow)
    assert solve(author).answer == "fine"
    assert len(author.asked) == 2, author.asked
    assert "weather" in author.asked[1][1]


def test_effects_wait_for_the_whole_flow_and_happen_once() -> None:
    done: list[tuple[float, str]] = []

    @fr.tool
    async def ring(name: str) -> str:
        """Rings a bell."""
        done.append((now(), name))
        return name

    flow = """flow bells() -> text {
  ring("first")
  tone = ask "Which tone?"
  ring(tone)
  person = ask user "Loud enough?"
  # a remark that takes its time, so that there would be enough of it for a bell to ring too early
  answer "{tone} {person}"
}
"""
    author = Author(flow)
    result = solve(author, tools=[ring], ask_user=lambda text, type: f"yes at {now() >= author.written[0]}")
    assert result.answer == "fine yes at True"
    assert [name for _, name in done] == ["first", "fine"]
    assert all(at >= author.written[0] for at, _ in done)
    assert author.when("tone")[0] < author.written[0]
    assert len(author.asked) == 1


def test_a_draft_that_is_refused_keeps_what_its_repair_leaves_unchanged() -> None:
    broken = FLOW.replace("{mouth}", "{lagoon}")
    author = Author(broken, FLOW)
    result = solve(author)
    assert result.answer == "fine, fine"
    assert len(author.asked) == 2
    assert max(at for at, _ in author.asked) < author.written[0] < author.written[1]
    assert result.usage.calls == 4


def test_a_pure_tool_and_python_are_not_done_twice() -> None:
    calls: list[str] = []

    @fr.tool(pure=True, waits=True)
    async def look_up(word: str) -> str:
        """Looks a word up."""
        calls.append(word)
        await asyncio.sleep(5)
        return word.upper()

    flow = """flow words(question: text) -> text {
  entry = look_up("otter")
  # a remark that takes its time, so that the word has been looked up by the time that all has arrived
  answer entry
}
"""
    assert solve(Author(flow), tools=[look_up]).answer == "OTTER"
    assert calls == ["otter"]


def test_a_limit_holds_for_both_together() -> None:
    author = Author(FLOW)
    result = solve(author, limits=fr.Limits(calls=2), confirm=lambda price, limits: True)
    assert result.status == "limit"
    assert result.usage.calls == 2
    assert len(author.asked) == 1


def test_a_flow_that_is_refused_for_its_price_leaves_nothing_under_way() -> None:
    author = Author(FLOW, seconds=5000.0)
    result = solve(author, limits=fr.Limits(calls=2))
    assert result.status == "limit"
    assert not result.ok


def test_a_head_start_that_breaks_costs_nothing_but_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("flowreason.compiler.arriving.arrived", broken)
    author = Author(FLOW)
    result = solve(author)
    assert result.answer == "fine, fine"
    assert min(at for at, _ in author.asked) >= author.written[0]
    [told] = [event for event in result.events if event.kind == "early.failed"]
    assert "a bug" in told.data["error"]


def test_what_a_listener_raises_reaches_the_caller() -> None:
    def listen(event: fr.Event) -> None:
        if event.frame.startswith("early/"):
            raise ZeroDivisionError("of the listener")

    with pytest.raises(ZeroDivisionError):
        solve(Author(FLOW), on_event=listen)


def test_cancelling_leaves_nothing_behind() -> None:
    async def main() -> None:
        author = Author(FLOW, seconds=500.0)
        task = asyncio.ensure_future(fr.solve_async("What is it like?", provider=author))
        await asyncio.sleep(20)
        assert author.asked
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    virtual(main())


def test_of_a_statement_that_is_long_each_line_is_told_when_it_is_there() -> None:
    lines = [f"    x{number} = {number}\n" for number in range(9)]
    flow = f"flow f() -> int {{\n  answer ```\n{''.join(lines)}    x8\n  ```\n}}\n"
    result = solve(Author(flow))
    told = [event.data for event in result.events if event.kind == "compile.text"]
    assert "".join(each["text"] for each in told) == flow
    whole = next(number for number, each in enumerate(told) if each["statements"])
    assert whole >= len(lines), "the statement is finished after its lines were told"


def test_events_tell_the_text_as_it_arrives_and_calls_at_their_step() -> None:
    result = solve(Author(FLOW))
    texts = [event.data["text"] for event in result.events if event.kind == "compile.text"]
    assert "".join(texts) == FLOW
    assert len(texts) >= 3
    early = [event for event in result.events if event.frame.startswith("early/") and event.kind == "node.reply"]
    assert [(event.node, event.data["shared"]) for event in early] == [("source", False), ("mouth", False)]
    assert [event.data.get("early") for event in result.events if event.kind == "node.reply"][-2:] == [True, True]
    assert view(result.events).shared == 0
    rows = {row.node: row.calls for row in result.nodes}
    assert rows["source"] == rows["mouth"] == 1
