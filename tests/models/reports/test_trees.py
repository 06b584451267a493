"""Figures are added up at a level of the groups' tree, and lead to the records of every branch below."""

import pytest
from bson import ObjectId

from models import forms
from models.forms import LiveForm
from models.people import User
from models.reports.look import Look
from models.reports.periods import Fiscal, Period
from models.reports.results import Result
from models.reports.running import results
from models.reports.trees import Tree
from tests import factories, report_stage
from tests.factories import field
from tests.report_stage import part


def ids(count: int) -> list[ObjectId]:
    return sorted(ObjectId() for _one in range(count))


def test_a_branch_knows_what_is_above_and_below() -> None:
    top, middle, leaf, alone = ids(4)
    tree = Tree({top: None, middle: top, leaf: middle, alone: None})
    assert tree.path(leaf) == [top, middle, leaf]
    assert [tree.at_level(leaf, level) for level in (1, 2, 3, 9)] == [top, middle, leaf, leaf]
    assert tree.below(top) == [top, middle, leaf]
    assert tree.below(alone) == [alone]


def test_a_record_that_is_its_own_ancestor_stops_the_climb() -> None:
    one, other = ids(2)
    tree = Tree({one: other, other: one})
    assert tree.at_level(one, 1) in {one, other}
    assert tree.below(one) == [one, other]


def test_each_record_lies_in_one_group_of_a_level() -> None:
    top, middle, leaf, gone, orphan = ids(5)
    tree = Tree({top: None, middle: top, leaf: middle, orphan: gone})
    assert [tree.within(one, 2) for one in (top, middle, leaf)] == [[top], [middle, leaf], []]
    assert tree.within(gone, 1) == [gone, orphan]  # records may still name what was deleted
    assert tree.within(gone, 2) == [gone]
    assert tree.lifts(1) == {middle: top, leaf: top, orphan: gone}


@pytest.fixture
def admin(db: object) -> User:
    return factories.administrator()


@pytest.fixture
def complaints(admin: User) -> LiveForm:
    factories.form(field("name"), field("parent", "reference", form="mechanism"), key="mechanism")
    return factories.form(
        field("received_on", "date"),
        field("mechanism", "reference", form="mechanism", filterable=True, indexed=True),
        field("qty", "integer"),
        key="complaint",
    )


def worked_out(person: User, level: int) -> tuple[Look, Result]:
    report = report_stage.definition(
        sources=[part("complaints", "Complaints", form="complaint", date="received_on")],
        measures=[
            part("complaints", "Complaints", source="complaints"),
            part("defects", "Defects", source="complaints", kind="sum", field="qty"),
        ],
        ratios=[],
        groupings=[part("mechanism", "Mechanism", field="mechanism", tree="parent", level=level)],
        analyses=[
            part("by", "By", kind="breakdown", measures=["complaints", "defects"], by=["mechanism"]),
        ],
    )
    look = Look(report, person, Period.read("2026-09"), "en", Fiscal())
    [found] = results(look)
    return look, found


def test_figures_are_added_up_at_a_level_and_lead_to_every_branch(admin: User, complaints: LiveForm) -> None:
    def mechanism(name: str, parent: str = "") -> str:
        return str(
            factories.record(
                forms.current("mechanism"), admin, name=name, **({"parent": parent} if parent else {})
            )["_id"]
        )

    electric = mechanism("Electric")
    board, cable = mechanism("Board", electric), mechanism("Cable", electric)
    track, paint = mechanism("Track", board), mechanism("Paint")
    for qty, of in enumerate([board, cable, track, track, paint, ""], 1):
        values = {"mechanism": of} if of else {}
        factories.record(complaints, admin, received_on="2026-09-03", qty=qty, **values)

    def counted(level: int) -> dict[str, tuple[int, int]]:
        _look, found = worked_out(admin, level)
        return {
            row.values["group"]: (int(row.values["complaints"]), int(row.values["defects"]))
            for row in found.rows
        }

    assert counted(1) == {"Electric": (4, 10), "Paint": (1, 5), "Not stated": (1, 6)}
    assert counted(2) == {"Board": (3, 8), "Cable": (1, 2), "Paint": (1, 5), "Not stated": (1, 6)}
    assert counted(0) == {
        "Board": (1, 1), "Cable": (1, 2), "Track": (2, 7), "Paint": (1, 5), "Not stated": (1, 6),
    }  # fmt: skip
    look, found = worked_out(admin, 1)
    [row] = [one for one in found.rows if one.values["group"] == "Electric"]
    source = look.report.by_source[row.source]
    assert row.where
    match = look.figures.match(source, row.where)
    assert complaints.records().count_documents(match) == 4
