"""Progress is a function of the events: counts, tokens, money and times, for every node and in all."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from flowreason.engine.events import Event
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason.ports import Usage
from flowreason.view.progress import RunView, cost_text, fold, money_text, seconds_text, summary, view
from flowreason.view.terminal import LiveFlow, plain_line
from flowreason_dsl import parse
from flowreason_dsl.check import check

FLOW = """
flow lakes(names: list[text]) -> list[text] {
  found = for name in names yield ask "How deep is {name}?"
  answer best(found)
}
flow best(found: list[text]) -> list[text] {
  deepest = ask "Which is the deepest? {found}"
  answer `[deepest]`
}
"""


def lakes() -> Graph:
    return lower(check(parse(FLOW)))


def reply(tokens: int, money: float | None = 0.001, **more: object) -> dict[str, object]:
    return {"text": "42 m", "prompt_tokens": tokens - 1, "completion_tokens": 1, "money": money, **more}


def a_run() -> list[Event]:
    """Three lakes at once: one answers, one is the same question, one fails; then a sub-flow."""
    facts: list[tuple[float, str, str, str, dict[str, object]]] = [
        (0.0, "run.started", "", "", {"entry": "lakes"}),
        (0.0, "frame.opened", "lakes", "", {"flow": "lakes", "region": "lakes", "owner": ""}),
    ]
    for i in range(3):
        about = {"flow": "lakes", "region": "found.body", "owner": "found", "index": i}
        facts.append((0.1, "frame.opened", f"lakes/found[{i}]", "", about))
        facts.append((0.1, "node.started", f"lakes/found[{i}]", "ask#1", {}))
    facts += [
        (1.1, "node.reply", "lakes/found[0]", "ask#1", reply(100)),
        (1.1, "node.done", "lakes/found[0]", "ask#1", {"value": "42 m"}),
        (1.1, "frame.closed", "lakes/found[0]", "", {}),
        (1.1, "node.reply", "lakes/found[1]", "ask#1", reply(100, shared=True)),
        (1.1, "node.done", "lakes/found[1]", "ask#1", {"value": "42 m"}),
        (1.1, "frame.closed", "lakes/found[1]", "", {}),
        (2.1, "node.failed", "lakes/found[2]", "ask#1", {"error": "no number", "error_kind": "type"}),
        (2.1, "frame.closed", "lakes/found[2]", "", {}),
        (2.1, "item.failed", "lakes", "found", {"index": 2, "error": "no number"}),
        (2.2, "node.done", "lakes", "found", {"value": ["42 m", "42 m", None]}),
        (2.2, "frame.opened", "lakes/best#1/best", "", {"flow": "best", "region": "best", "owner": "best#1"}),
        (2.2, "node.started", "lakes/best#1/best", "deepest", {}),
        (3.2, "node.reply", "lakes/best#1/best", "deepest", reply(50)),
        (3.2, "node.done", "lakes/best#1/best", "deepest", {"value": "Baikal"}),
        (3.2, "frame.closed", "lakes/best#1/best", "", {}),
        (3.2, "node.done", "lakes", "best#1", {"value": ["Baikal"]}),
        (3.3, "run.finished", "", "", {"value": ["Baikal"]}),
    ]
    return [Event(number, *fact) for number, fact in enumerate(facts)]


def test_counts_are_kept_over_all_frames_of_a_node() -> None:
    state = view(a_run()).nodes["lakes", "ask#1"]
    assert (state.done, state.failed, state.running) == (2, 1, 0)
    assert (state.calls, state.shared, state.tokens) == (1, 1, 100)
    assert abs(state.seconds - 4.0) < 1e-9


def test_a_shared_reply_costs_nothing() -> None:
    seen = view(a_run())
    assert (seen.usage.calls, seen.usage.tokens, seen.shared) == (2, 150, 1)
    assert seen.usage.money is not None
    assert abs(seen.usage.money - 0.002) < 1e-12


def test_an_unknown_price_makes_the_sum_unknown() -> None:
    events = [*a_run(), Event(99, 4.0, "node.reply", "lakes/best#1/best", "deepest", reply(5, money=None))]
    assert view(events).usage.money is None


def test_a_loop_counts_its_rounds_while_they_end() -> None:
    seen = RunView()
    told = []
    for event in a_run():
        fold(seen, event)
        if event.kind == "frame.closed" and "found[" in event.frame:
            told.append(seen.nodes["lakes", "found"].text)
    assert told == ["▶ running · 1 of 3", "▶ running · 2 of 3", "▶ running · 3 of 3"]


def test_a_loop_that_says_how_many_rounds_it_has_is_counted_against_them() -> None:
    about = {"flow": "f", "region": "repeat#1.body", "owner": "repeat#1", "index": 0}
    events = [
        Event(0, 0.0, "run.started", data={"entry": "f"}),
        Event(1, 0.0, "node.started", "f", "repeat#1", {"rounds": 4}),
        Event(2, 0.1, "frame.opened", "f/repeat#1[0]", "", about),
        Event(3, 0.2, "frame.closed", "f/repeat#1[0]"),
    ]
    assert view(events).nodes["f", "repeat#1"].text == "▶ running · 1 of 4"


def rounds_of(*texts: str) -> list[str]:
    """What is told of a `while` that is looked at so often, with the answer of each look."""
    told = [("node.started", "f", "while#1", {"rounds": 4})]
    for number, held in enumerate(texts):
        about = {"flow": "f", "region": "while#1.body", "owner": "while#1", "index": number, "kind": "while"}
        frame = f"f/while#1[{number}]"
        told += [("frame.opened", frame, "", about), ("node.done", frame, "while.holds", {"value": held})]
        told.append(("frame.closed", frame, "", {}))
    seen = view([Event(0, 0.0, "run.started", data={"entry": "f"})])
    return [fold(seen, Event(number, 0.0, *each)).nodes["f", "while#1"].text for number, each in enumerate(told, 1)][
        3::3
    ]


def test_the_look_that_ends_a_while_is_no_round() -> None:
    assert rounds_of("true", "true", "false") == [
        "▶ running · 1 of at most 4 rounds", "▶ running · 2 of at most 4 rounds", "▶ running · 2 of at most 4 rounds",
    ]  # fmt: skip


def test_a_loop_that_ran_several_times_says_so() -> None:
    seen = view([Event(0, 0.0, "run.started", data={"entry": "f"})])
    for time in range(3):
        frame = f"f/for#1[{time}]"
        fold(seen, Event(1, 0.0, "frame.opened", frame, "", {"flow": "f", "owner": "for#1", "index": time}))
        fold(seen, Event(1, 0.0, "node.started", frame, "repeat#1", {"rounds": 100}))
        for round in range(7 if time else 6):
            about = {"flow": "f", "owner": "repeat#1", "index": round, "kind": "repeat"}
            fold(seen, Event(1, 0.0, "frame.opened", f"{frame}/repeat#1[{round}]", "", about))
            fold(seen, Event(1, 0.0, "frame.closed", f"{frame}/repeat#1[{round}]"))
        fold(seen, Event(1, 0.0, "node.done", frame, "repeat#1", {"value": None}))
    assert seen.nodes["f", "repeat#1"].text == "✓ done · 3 times, 20 rounds"


def test_a_step_that_waits_for_a_person_says_so_until_they_answer() -> None:
    kinds = ["node.started", "person.asked", "person.answered", "node.done"]
    seen, told = view([Event(0, 0.0, "run.started", data={"entry": "f"})]), []
    for number, kind in enumerate(kinds, 1):
        told.append(fold(seen, Event(number, 0.0, kind, "main", "sure", {})).nodes["f", "sure"].text)
    assert told == ["▶ running", "▶ waiting for you", "▶ running", "✓ done"]


def test_replies_of_a_vote_are_counted_and_then_how_many_agree() -> None:
    seen = view([Event(0, 0.0, "run.started", data={"entry": "f"}), Event(1, 0.0, "node.started", "main", "v")])
    for sample in range(5):
        fold(seen, Event(2, 0.0, "node.request", "main", "v", {"sample": sample}))
    for sample in range(3):
        fold(seen, Event(3, 0.0, "node.reply", "main", "v", {"sample": sample}))
    assert seen.nodes["f", "v"].counted == "3 of 5 replies"
    fold(seen, Event(4, 0.0, "node.vote", "main", "v", {"count": 3, "of": 4}))
    fold(seen, Event(5, 0.0, "node.done", "main", "v", {"value": "yes"}))
    assert seen.nodes["f", "v"].counted == "3 of 4 agree"


def test_a_node_of_a_sub_flow_is_counted_under_its_own_flow() -> None:
    seen = view(a_run())
    assert ("best", "deepest") in seen.nodes
    assert seen.nodes["lakes", "best#1"].status == "done"


def test_every_prefix_of_a_run_folds_and_nothing_runs_at_its_end() -> None:
    events = a_run()
    for end in range(len(events) + 1):
        assert all(state.running >= 0 for state in view(events[:end]).nodes.values())
    assert not any(state.running for state in view(events).nodes.values())


def test_a_summary_has_a_row_for_every_node_that_did_something() -> None:
    rows = {(row.flow, row.node): row for row in summary(a_run())}
    assert set(rows) == {("lakes", "found"), ("lakes", "ask#1"), ("best", "deepest"), ("lakes", "best#1")}
    assert (rows["lakes", "ask#1"].runs, rows["lakes", "ask#1"].failed) == (3, 1)
    assert rows["best", "deepest"].latest == "Baikal"


def test_costs_are_told_as_people_write_them() -> None:
    assert cost_text(Usage(3, 1000, 204, 0.0021), 4.2) == "3 calls · 1,204 tokens · $0.0021 · 4.2 s"
    assert cost_text(Usage(1, 10, 2, None), 0.004, shared=2) == "1 call · 2 shared · 12 tokens · 0.004 s"
    assert cost_text(Usage(0, 0, 0, 0.0), 125.0) == "0 calls · 0 tokens · 2 min 5 s"
    assert [seconds_text(each) for each in (59.96, 59.9, 3600.0)] == ["1 min 0 s", "59.9 s", "60 min 0 s"]
    assert [money_text(each) for each in (0.0, 2.5, 0.00002, None)] == ["$0.00", "$2.50", "$2e-05", ""]


# --- the terminal ------------------------------------------------------------------------------------------


def shown(live: LiveFlow, *, width: int = 100, height: int = 40) -> list[str]:
    out = StringIO()
    Console(file=out, width=width, height=height, color_system=None).print(live, height=height)
    return [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]


def followed(events: list[Event]) -> LiveFlow:
    live = LiveFlow(lakes(), clock=lambda: 0.0)
    for event in events:
        live.on_event(event)
    return live


def test_the_tree_shows_states_rounds_and_totals_in_written_order() -> None:
    lines = shown(followed(a_run()))
    assert lines[0].startswith("lakes(names: list[text])")
    marks = [line.split()[0] for line in lines]
    assert marks[1:4] == ["✓", "✗", "·"]
    assert "for name in names" in lines[1]
    assert "3 of 3 · 1 failed" in lines[1]
    assert "1 failed" in lines[2]
    assert any("deepest" in line and "= Baikal" in line for line in lines)
    assert lines[-1] == "2 calls · 1 shared · 150 tokens · $0.0020 · 3.3 s"


def test_what_was_known_before_is_free_and_what_waits_for_the_server_says_so_while_it_does() -> None:
    events = [
        Event(0, 0.0, "run.started", data={"entry": "best"}),
        Event(1, 0.0, "node.started", "best", "deepest"),
        Event(2, 0.1, "node.wait", "best", "deepest", {"for": "rate", "seconds": 3.0, "sample": 0}),
    ]
    now = [0.0]
    live = LiveFlow(lakes(), clock=lambda: now[0])
    for event in events:
        live.on_event(event)
    assert any("waits for the rate limit, about 3.0 s" in line for line in shown(live))
    now[0] = 5.0
    assert not any("waits for" in line for line in shown(live))
    used = {"text": "Baikal", "prompt_tokens": 0, "completion_tokens": 0, "calls": 0, "money": 0.0}
    live.on_event(Event(3, 0.2, "node.reply", "best", "deepest", {**used, "shared": True, "cached": True, "sample": 0}))
    live.on_event(Event(4, 0.2, "node.done", "best", "deepest", {"value": "Baikal"}))
    live.on_event(Event(5, 0.3, "run.exhausted", data={"limit": "calls", "allowed": 3}))
    assert any("deepest" in line and "· reused" in line for line in shown(live))
    assert shown(live)[-1].startswith("0 calls · 1 free · 0 tokens")
    assert shown(live)[-1].endswith("the limit calls=3 is reached")


def test_sub_flows_that_were_not_called_take_no_room() -> None:
    assert not any("deepest" in line for line in shown(followed(a_run()[:4])))


def test_a_small_screen_keeps_what_runs_or_failed() -> None:
    lines = shown(followed(a_run()), height=7)
    assert len(lines) <= 7
    assert any(line.lstrip().startswith("✗") for line in lines)
    assert any("more steps" in line for line in lines)


def test_a_flow_that_is_still_being_written_is_told() -> None:
    live = LiveFlow(clock=lambda: 0.0)
    live.on_event(Event(0, 0.0, "compile.started", data={"question": "How deep is Baikal?"}))
    live.on_event(Event(1, 1.0, "compile.draft", data={"round": 1, "diagnostics": [{"severity": "error"}]}))
    assert shown(live)[0] == "▶ draft 1: 1 fault, sent back"


def test_control_characters_and_markup_of_a_model_never_reach_the_terminal() -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07[bold red]x[/]\u202e\x9b31m"
    events = [
        Event(0, 0.0, "run.started", data={"entry": "best"}),
        Event(1, 0.1, "node.started", "best", "deepest"),
        Event(2, 0.2, "node.reply", "best", "deepest", {"text": hostile, "prompt_tokens": 1, "completion_tokens": 1}),
        Event(3, 0.2, "node.done", "best", "deepest", {"value": hostile}),
        Event(4, 0.3, "run.failed", data={"error": hostile}),
    ]
    live = LiveFlow(lakes(), clock=lambda: 0.0)
    lines = [plain_line(event) or "" for event in events]
    for event in events:
        live.on_event(event)
    for text in (*lines, *shown(live)):
        assert not [c for c in text if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e"]
    assert any("[bold red]x[/]" in text for text in shown(live))


def test_plain_lines_tell_what_matters_and_nothing_else() -> None:
    lines = [line for event in a_run() if (line := plain_line(event))]
    assert lines == [
        "run lakes",
        "found[0]/ask#1: 42 m (100 tokens, $0.0010)",
        "found[1]/ask#1: 42 m (shared with an equal call)",
        "found[2]/ask#1: failed: no number",
        "found: item 2 failed: no number",
        "best#1/best/deepest: 42 m (50 tokens, $0.0010)",
        "answered after 3.3 s",
    ]
