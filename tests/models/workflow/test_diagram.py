"""The picture of a workflow: every state and line once, nothing on top of anything, always the same."""

from itertools import combinations

import pytest

from models import form_checks, workflow
from models.workflow.diagram import Diagram, Node
from tests.factories import field
from tests.models.workflow.procedures import FINISH, START, flow, state, step


def picture(size: int, at: str | None = None, taken: tuple[tuple[str, str], ...] = ()) -> Diagram:
    """Return the picture of a chain of states with loops back, jumps ahead and a way out of everywhere."""
    states = [state(f"s{index}") for index in range(size)] + [state("end", "done"), state("off", "void")]
    chain = [step(f"go{index}", f"s{index}", f"s{index + 1}") for index in range(size - 1)]
    side = [step(f"side{index}", f"s{index}", f"s{(index * 7) % size}") for index in range(0, size, 3)]
    ways = [*chain, *side, step("close", f"s{size - 1}", "end"), step("cancel", "*", "off")]
    document = {
        "key": "sheet",
        "label": {"en": "x"},
        "fields": [field("name")],
        "workflow": flow(*ways, states=states),
    }
    return workflow.diagram(form_checks.load(document), at, taken)


def overlap(one: Node, other: Node) -> bool:
    return abs(one.x - other.x) < one.w and abs(one.y - other.y) < one.h


@pytest.mark.parametrize("size", [1, 3, 12, 38])
def test_no_two_states_overlap_and_every_line_begins_and_ends_at_its_states(size: int) -> None:
    drawn = picture(size)
    assert len(drawn.nodes) == size + 2
    assert not any(overlap(*pair) for pair in combinations(drawn.nodes, 2))
    boxes = {node.key: node for node in drawn.nodes}
    for edge in drawn.edges:
        for key, (x, y) in ((edge.source, edge.points[0]), (edge.target, edge.points[-1])):
            box = boxes[key]
            assert box.x - 1 <= x <= box.x + box.w + 1
            assert box.y - 1 <= y <= box.y + box.h + 1
        assert all(0 <= x <= drawn.width + 40 and 0 <= y <= drawn.height for x, y in edge.points)
    assert picture(size) == drawn


def test_the_record_is_marked_where_it_is_and_came_from() -> None:
    document = {
        "key": "sheet",
        "label": {"en": "x"},
        "fields": [field("name")],
        "workflow": flow(START, FINISH),
    }
    drawn = workflow.diagram(form_checks.load(document), "work", [("new", "start")])
    assert [(node.key, node.current, node.visited) for node in drawn.nodes] == [
        ("new", False, True),
        ("work", True, True),
        ("done", False, False),
    ]
    assert [(edge.transitions, edge.taken) for edge in drawn.edges] == [
        (("start",), True),
        (("finish",), False),
    ]


def test_a_form_without_workflow_has_an_empty_picture() -> None:
    document = {"key": "sheet", "label": {"en": "x"}, "fields": [field("name")]}
    assert workflow.diagram(form_checks.load(document), None).nodes == ()
