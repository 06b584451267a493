"""A workflow as a picture: boxes in ranks from the left, and lines that go round what is in between.

Ranks are the fewest steps from the beginning; within a rank boxes stand where their neighbours are
(barycentres), so that few lines cross. Lines back run below everything. The same workflow always gives the
same picture. All numbers are in the units of the picture, which a view scales.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.definition import Definition
from models.definition_parts import Label
from models.procedure import Category, State, Transition, Workflow

WIDTH, HEIGHT = 150, 48
GAP_X, GAP_Y = 90, 44
MARGIN = 24
LANE = 18
ROUNDS = 6

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A state. `x` and `y` are its upper left corner."""

    key: str
    label: Label
    category: Category
    color: str
    x: float
    y: float
    w: float
    h: float
    current: bool
    visited: bool


@dataclass(frozen=True)
class Edge:
    """The steps from one state to another: one line through `points`, named at `label_at`.

    `back` leads to an earlier state, `taken` was gone by the record, `everywhere` begins in every open state.
    """

    source: str
    target: str
    transitions: tuple[str, ...]
    labels: tuple[Label, ...]
    by: tuple[str, ...]
    points: tuple[Point, ...]
    label_at: Point
    back: bool
    taken: bool
    everywhere: bool


@dataclass(frozen=True)
class Diagram:
    """Boxes, lines, and how large the picture is."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float


def diagram(
    definition: Definition, state: str | None = None, taken: Collection[tuple[str, str]] = ()
) -> Diagram:
    """Return the picture of a form's workflow.

    Args:
        definition: the form; without a workflow the picture is empty.
        state: where a record is; None draws the workflow alone.
        taken: (state, transition) that the record has gone through, as its history's `moves` say it.
    """
    workflow = definition.workflow
    if workflow is None or not workflow.states:
        return Diagram((), (), 0, 0)
    lines = _lines(workflow)
    columns = _ordered(_ranked(workflow, lines), lines)
    at = _placed(columns)
    visited = {source for source, _transition in taken} | {state}
    nodes = tuple(_node(one, at[one.key], state, visited) for one in workflow.states)
    bottom = max(y for _x, y in at.values()) + HEIGHT
    rank = {key: index for index, column in enumerate(columns) for key in column}
    edges, bottom = _edges(lines, at, rank, frozenset(taken), bottom)
    right = max(x for x, _y in at.values()) + WIDTH
    return Diagram(nodes, edges, right + MARGIN, bottom + MARGIN)


Lines = dict[tuple[str, str], list[Transition]]


def _lines(workflow: Workflow) -> Lines:
    """Gather the steps between each two states; what leads from everywhere is drawn from everywhere."""
    found: Lines = defaultdict(list)
    for state in workflow.states:
        for transition in workflow.leaving(state.key):
            if transition.to in workflow.by_state:
                found[state.key, transition.to].append(transition)
    return dict(found)


def _ranked(workflow: Workflow, lines: Lines) -> list[list[str]]:
    """Return the states by the fewest steps from the beginning; what cannot be reached comes last."""
    rank = {workflow.initial: 0} if workflow.initial in workflow.by_state else {workflow.states[0].key: 0}
    waiting = deque(rank)
    while waiting:
        key = waiting.popleft()
        for source, target in lines:
            if source == key and target not in rank:
                rank[target] = rank[key] + 1
                waiting.append(target)
    last = max(rank.values())
    columns: list[list[str]] = [[] for _turn in range(last + 2)]
    for state in workflow.states:
        columns[rank.get(state.key, last + 1)].append(state.key)
    return [column for column in columns if column]


def _ordered(columns: list[list[str]], lines: Lines) -> list[list[str]]:
    """Order each column by the mean place of what its states are connected with, to and fro."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for source, target in lines:
        neighbours[source].append(target)
        neighbours[target].append(source)
    for turn in range(ROUNDS):
        for index in range(1, len(columns)) if turn % 2 == 0 else range(len(columns) - 2, -1, -1):
            beside = columns[index - 1 if turn % 2 == 0 else index + 1]
            columns[index] = _by_barycentre(columns[index], beside, neighbours)
    return columns


def _by_barycentre(column: list[str], beside: list[str], neighbours: Mapping[str, list[str]]) -> list[str]:
    place = {key: _middle(index, len(beside)) for index, key in enumerate(beside)}

    def mean(index: int, key: str) -> float:
        found = [place[one] for one in neighbours[key] if one in place]
        return sum(found) / len(found) if found else _middle(index, len(column))

    means = {key: mean(index, key) for index, key in enumerate(column)}
    return sorted(column, key=lambda key: means[key])


def _middle(index: int, length: int) -> float:
    return index - (length - 1) / 2


def _placed(columns: list[list[str]]) -> dict[str, Point]:
    tallest = max(len(column) for column in columns)
    return {
        key: (
            MARGIN + rank * (WIDTH + GAP_X),
            MARGIN + LANE + ((tallest - len(column)) / 2 + index) * (HEIGHT + GAP_Y),
        )
        for rank, column in enumerate(columns)
        for index, key in enumerate(column)
    }


def _node(state: State, at: Point, current: str | None, visited: Collection[str | None]) -> Node:
    here = state.key == current
    return Node(
        state.key,
        state.label,
        state.category,
        state.shown_color,
        *at,
        WIDTH,
        HEIGHT,
        here,
        state.key in visited,
    )


def _edges(
    lines: Lines,
    at: Mapping[str, Point],
    rank: Mapping[str, int],
    taken: Collection[tuple[str, str]],
    bottom: float,
) -> tuple[tuple[Edge, ...], float]:
    """Return the lines, and how far down they reach. Lines into one state share their lane below."""
    found: list[Edge] = []
    lanes: dict[str, float] = {}
    for (source, target), transitions in lines.items():
        ranks = rank[target] - rank[source]
        if source != target and ranks not in {0, 1}:
            lanes.setdefault(target, bottom + LANE * (len(lanes) + 1))
        points = _route(at[source], at[target], ranks, lanes.get(target, 0))
        found.append(
            Edge(
                source,
                target,
                tuple(one.key for one in transitions),
                tuple(one.label for one in transitions),
                tuple(one.by for one in transitions),
                points,
                _half_way(points),
                ranks < 0 or source == target,
                any((source, one.key) in taken for one in transitions),
                all("*" in one.sources for one in transitions),
            )
        )
    return tuple(found), max(lanes.values(), default=bottom)


def _route(source: Point, target: Point, ranks: int, lane: float) -> tuple[Point, ...]:
    """Return the points of a line: straight to the next rank, beside its own, below everything else."""
    (left, top), (to_left, to_top) = source, target
    right, middle, to_middle = left + WIDTH, top + HEIGHT / 2, to_top + HEIGHT / 2
    if source == target:
        return (
            (right, middle - 8),
            (right + 26, middle - 8),
            (right + 26, middle + 12),
            (right, middle + 12),
        )
    if ranks == 1:
        return ((right, middle), (to_left, to_middle))
    if ranks == 0:
        beside, shift = (right + 22, 6) if to_top > top else (right + 36, -6)
        return (
            (right, middle + shift),
            (beside, middle + shift),
            (beside, to_middle - shift),
            (right, to_middle - shift),
        )
    out, into = left + WIDTH * 0.7, to_left + WIDTH * 0.3
    return ((out, top + HEIGHT), (out, lane), (into, lane), (into, to_top + HEIGHT))


def _half_way(points: tuple[Point, ...]) -> Point:
    middle = len(points) // 2
    (x, y), (to_x, to_y) = points[middle - 1], points[middle]
    return ((x + to_x) / 2, (y + to_y) / 2)
