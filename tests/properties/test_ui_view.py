"""What a viewer of a run is shown is a function of its events, whatever the flow, whenever they come, wherever the
viewer goes."""

from __future__ import annotations

import asyncio
import json
import random
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import flowreason as fr
from flowreason.engine.events import Event
from flowreason.graph.model import Graph
from flowreason.graph.ops import Ask
from flowreason.view.progress import view
from flowreason_ui.live import Live
from flowreason_ui.stream import Viewer
from flowreason_ui.view.chart import Chart, chart
from flowreason_ui.view.course import Course
from flowreason_ui.view.critical import JUST
from flowreason_ui.view.look import look
from flowreason_ui.view.states import SIGNS, lit, states
from flowreason_ui.view.timeline import Timeline, Times, timeline
from flowreason_ui.view.told import Told
from tests.programs import plain_question, programs, reckoned

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
SETTINGS = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)


def told_by(text: str, seed: int, a: int, b: int) -> tuple[Graph, list[Event]]:
    """The graph of a program, and the events of a run of it in which some replies fail and some steps wait."""
    chance, events = random.Random(seed), []

    @fr.tool
    async def note(x: int) -> int:
        await asyncio.sleep(chance.random() * 0.001)
        return x + 1

    def reply(request: fr.Request) -> str:
        asked = next(message.content for message in request.messages if message.role == "user")
        return "no number" if chance.random() < 0.1 else str(reckoned(plain_question(asked)))

    provider = fr.ScriptedProvider(reply, latency=lambda _: chance.random() * 0.001)
    flow = fr.loads(text, tools=[note])
    flow.run(a=a, b=b, provider=provider, on_event=events.append, limits=fr.Limits(calls=300, seconds=20))
    return flow.graph, events


RUNS = {"text": programs(), "seed": st.integers(0, 10_000), "a": st.integers(0, 5), "b": st.integers(-3, 5)}


def live_of(graph: Graph, events: list[Event], *, over: bool) -> Live:
    live = Live("a run")
    live.graph, live.text, live.run = graph, graph.source.text, "kept"
    live.events = list(events)
    live.ended = "answered" if over else None
    return live


class Browser:
    """Keeps what it is sent, as the script does."""

    def __init__(self) -> None:
        self.things: dict[str, list[str]] = {}
        self.bars: dict[int, Any] = {}
        self.last: dict[str, Any] = {}

    def take(self, messages: list[dict[str, Any]]) -> None:
        for message in json.loads(json.dumps(messages)):
            kind = message["kind"]
            if kind == "states":
                before = {} if message["full"] else self.things
                now = {**before, **message["things"]}
                self.things = {key: state for key, state in now.items() if state[0] != "waiting"}
            elif kind == "timeline":
                self.bars = {} if message["full"] else self.bars
                self.bars |= {bar["n"]: bar for bar in message["bars"]}
            self.last[kind] = message


def known_states(drawn: Chart, events: list[Event]) -> dict[str, list[str]]:
    return states(drawn, view(events))


def keys_of(drawn: Chart) -> set[str]:
    return {thing.key for thing in drawn.things}


@SETTINGS
@given(**RUNS, data=st.data())
def test_a_viewer_who_goes_back_and_forth_sees_what_the_events_say(
    text: str, seed: int, a: int, b: int, data: st.DataObject
) -> None:
    graph, events = told_by(text, seed, a, b)
    live, browser = live_of(graph, [], over=False), Browser()
    viewer, came, clock = Viewer(live), 0, 0.0
    for _ in range(data.draw(st.integers(2, 8))):
        came = data.draw(st.integers(came, len(events)))
        live.events = events[:came]
        at = data.draw(st.one_of(st.just(-1), st.integers(0, len(events) + 3)))
        viewer.take({"do": "seek", "at": at})
        clock += data.draw(st.sampled_from((0.01, 2.0)))
        browser.take(viewer.news(clock))
        shown = came if at < 0 else min(at, came)
        drawn = chart(graph)
        assert browser.things == known_states(drawn, events[:shown])
        told = browser.last["states"]
        assert (told["at"], told["of"], told["live"]) == (shown, came, at < 0)
        assert told["lit"] == lit(drawn, browser.things, view(events[:shown]))
    live.events, live.ended = events, "answered"
    browser.take(viewer.news(clock + 2))
    scratch = timeline(graph, events).as_json()
    assert [browser.bars[n] for n in sorted(browser.bars)] == scratch["bars"]
    assert browser.last["timeline"]["chain"] == scratch["chain"]


@SETTINGS
@given(**RUNS, data=st.data())
def test_every_thing_that_is_named_stands_in_the_chart(
    text: str, seed: int, a: int, b: int, data: st.DataObject
) -> None:
    graph, events = told_by(text, seed, a, b)
    closed = data.draw(st.sets(st.sampled_from(chart(graph).foldable or ("nothing",))))
    drawn = chart(graph, closed)
    keys = keys_of(drawn)
    found = known_states(drawn, events)
    assert found.keys() <= keys
    assert all(state[0] in SIGNS and state[2] == SIGNS[state[0]] for state in found.values())
    named = {key for starts, ends in drawn.as_json()["edges"] for key in (*starts, *ends)}
    assert named <= keys
    assert all(0 <= number < len(drawn.edges) for number in lit(drawn, found, view(events)))
    frames = [each for each in drawn.as_json()["elements"] if each[1].get("class", "").startswith("edge")]
    assert len(frames) == len(drawn.edges)
    nodes = {thing.flow: set(graph.flows[thing.flow].nodes) for thing in drawn.things}
    assert all(set(thing.members) <= nodes[thing.flow] for thing in drawn.things)


@SETTINGS
@given(**RUNS, data=st.data())
def test_what_is_looked_into_is_the_same_told_at_once_or_event_by_event(
    text: str, seed: int, a: int, b: int, data: st.DataObject
) -> None:
    graph, events = told_by(text, seed, a, b)
    n = data.draw(st.integers(0, len(events)))
    thing = data.draw(st.sampled_from(chart(graph).things))
    slowly = Told()
    for event in events[:n]:
        slowly.take(event)
        if data.draw(st.booleans()):
            look(graph, slowly, thing.flow, thing.members)  # looking changes nothing
    found = look(graph, slowly, thing.flow, thing.members)
    assert found == look(graph, Told(events[:n]), thing.flow, thing.members)
    json.dumps(found)
    assert [line["frame"] for line in found["frames"]] == sorted(
        {line["frame"] for line in found["frames"]}, key=[line["frame"] for line in found["frames"]].index
    )
    detail = found["detail"]
    if detail is None:
        assert (
            not any(event.node in thing.members and event.kind == "node.done" for event in events[:n])
            or not found["frames"]
        )
        return
    values = {(event.frame, event.node): event.data["value"] for event in events[:n] if event.kind == "node.done"}
    place = detail["frame"], found["node"]
    assert (detail["value"] is not None) == (place in values)


@SETTINGS
@given(**RUNS, data=st.data())
def test_bars_of_a_lane_never_overlap_and_lanes_are_as_few_as_can_be(
    text: str, seed: int, a: int, b: int, data: st.DataObject
) -> None:
    graph, events = told_by(text, seed, a, b)
    n = data.draw(st.integers(0, len(events)))
    times = Times(graph)
    for event in events[:n]:
        times.take(event)
        times.news()
    found = times.timeline()
    assert found.as_json() == timeline(graph, events[:n]).as_json()
    _apart(found)
    by = {(bar.frame, bar.node) for bar in found.bars}
    assert by == {(each.frame, each.node) for each in events[:n] if each.kind == "node.started"}
    chain = [found.bars[number] for number in found.chain]
    assert all((one.end or 0.0) <= other.start + JUST for one, other in pairwise(chain))
    assert found.critical <= found.seconds + len(chain) * JUST
    used = view(events[:n]).usage
    assert (found.calls, found.tokens) == (used.calls, used.tokens)


def _apart(found: Timeline) -> None:
    lanes: dict[int, float] = {}
    for bar in found.bars:
        assert lanes.get(bar.lane, 0.0) <= bar.start
        lanes[bar.lane] = found.seconds if bar.end is None else bar.end
        assert bar.ready <= bar.start <= lanes[bar.lane]
        assert all(bar.start <= began <= (ended or found.seconds) <= lanes[bar.lane] for began, ended, _ in bar.spans)
    busiest = max(
        (sum(each.start <= bar.start < (found.seconds + 1 if each.end is None else each.end) for each in found.bars)
         for bar in found.bars), default=0,
    )  # fmt: skip
    touching = sum(bar.end is not None and bar.end == bar.start for bar in found.bars)
    assert found.lanes <= busiest + touching + 1


@SETTINGS
@given(**RUNS, moves=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_going_along_the_events_gives_what_folding_them_gives(
    text: str, seed: int, a: int, b: int, moves: list[float]
) -> None:
    _, events = told_by(text, seed, a, b)
    longer = [event for _ in range(30) for event in events][:6000]
    course = Course()
    for move in moves:
        at = round(move * len(longer))
        assert course.go(longer, at) == view(longer[:at])


def test_what_a_question_was_given_makes_the_question_that_was_sent() -> None:
    """What is said of inputs is right in every run; that it is said at all, in most of all questions together."""
    counts = {"made": 0, "asked": 0}

    @settings(SETTINGS, max_examples=100)
    @given(**RUNS)
    def every(text: str, seed: int, a: int, b: int) -> None:
        graph, events = told_by(text, seed, a, b)
        told = Told(events)
        for flow in graph.flows.values():
            for node in flow.nodes.values():
                if not isinstance(node.op, Ask):
                    continue
                for frame in told.frames_at(flow.name, [node.id])[:20]:
                    found = look(graph, told, flow.name, [node.id], frame)
                    asked = [each["messages"] for each in found["detail"]["attempts"] if each["messages"]]
                    if not asked:
                        continue
                    said = found["text"]
                    for each in found["detail"]["inputs"]:
                        said = said.replace(f"{{{each['name']}}}", each["value"])
                    sent = next(message["content"] for message in asked[0] if message["role"] == "user")
                    if "{" not in said:  # all it was given is known
                        assert said == plain_question(sent), (node.id, frame, text)
                        counts["made"] += 1
                    counts["asked"] += 1

    every()
    assert counts["asked"] > 20
    assert counts["made"] >= 0.7 * counts["asked"], counts
