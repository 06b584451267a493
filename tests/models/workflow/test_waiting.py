"""Steps that wait until the records that came out of a record, or refer to it, are done."""

from typing import Any

import pytest

from models import form_checks, workflow
from models.database import Document
from models.errors import InvalidError
from models.forms import LiveForm
from tests import factories
from tests.factories import field
from tests.models.workflow import procedures
from tests.models.workflow.procedures import FINISH, START, flow, stored, take

pytestmark = pytest.mark.usefixtures("db")
MEASURES = field("measures", "table", fields=[field("what"), field("due", "date")])
EACH = {
    "do": "create", "form": "measure", "each": "measures",
    "mapped": {"what": "measures.what", "due": "measures.due", "sheet": "@id", "about": "name"},
}  # fmt: skip
ROWS = [{"what": "check", "due": "2026-12-01"}, {"what": "mend"}]


def forms() -> tuple[LiveForm, LiveForm]:
    steps = flow(START | {"effects": [EACH]}, FINISH | {"waits_for": ["measure"]})
    sheet = procedures.form(steps, field("name"), MEASURES)
    measure = procedures.form(
        None, field("what"), field("due", "date"), field("about"),
        field("sheet", "reference", form="sheet"), key="measure",
    )  # fmt: skip
    return sheet, measure


def measures(measure: LiveForm) -> list[Document]:
    return list(measure.records().find().sort("_id", 1))


def done(measure: LiveForm, record: Document) -> None:
    take(measure, take(measure, record, "start"), "finish")


def started(sheet: LiveForm, rows: Any = ROWS) -> Document:
    return take(sheet, factories.record(sheet, name="a", measures=rows), "start")


def test_each_row_of_a_table_becomes_a_record() -> None:
    sheet, measure = forms()
    record = started(sheet)
    made = measures(measure)
    assert [(one["data"].get("what"), one["data"].get("due"), one["data"]["about"]) for one in made] == [
        ("check", "2026-12-01", "a"),
        ("mend", None, "a"),
    ]
    assert {one["data"]["sheet"] for one in made} == {record["_id"]}
    assert [link["record"] for link in stored(sheet, record)["links"]] == [one["_id"] for one in made]


def test_without_rows_nothing_is_created() -> None:
    sheet, measure = forms()
    started(sheet, None)
    assert measures(measure) == []


def test_a_step_waits_until_every_record_that_came_out_is_done() -> None:
    sheet, measure = forms()
    record = started(sheet)
    first, second = measures(measure)
    done(measure, first)
    with pytest.raises(InvalidError) as refused:
        take(sheet, record, "finish")
    assert second["title"] in str(refused.value.errors[""][0])
    [offer] = workflow.available(factories.administrator(), sheet, record)
    assert not offer.allowed
    done(measure, second)
    assert take(sheet, record, "finish")["state"] == "done"


def test_records_that_refer_to_it_count_and_deleted_ones_do_not() -> None:
    sheet, measure = forms()
    record = started(sheet, None)
    added = factories.record(measure, what="later", sheet=str(record["_id"]))
    with pytest.raises(InvalidError):
        take(sheet, record, "finish")
    measure.records().update_one({"_id": added["_id"]}, {"$set": {"deleted_at": record["created_at"]}})
    assert take(sheet, record, "finish")["state"] == "done"


def test_records_of_another_one_are_none_of_its_business() -> None:
    sheet, _measure = forms()
    started(sheet)
    other = started(sheet, None)
    assert take(sheet, other, "finish")["state"] == "done"


def test_only_the_step_of_a_person_can_wait() -> None:
    sheet, _measure = forms()
    document = sheet.definition.dump()
    document["workflow"]["transitions"][1] |= {"by": "rule", "condition": {"all": []}}
    paths = [problem.path for problem in form_checks.problems(form_checks.load(document))]
    assert "workflow.transitions.finish.waits_for" in paths


def test_a_route_may_send_to_the_department_that_a_field_names() -> None:
    quality, finance = factories.department(), factories.department("FIN", "财务部", "Finance")
    table = {"key": "where", "label": {"en": "Where"}, "routes": [{"department": "responsible"}]}
    live = procedures.form(
        flow(START | {"effects": [{"do": "route", "table": "where"}]}, FINISH, routing=[table]),
        field("name"), field("responsible", "department"),
    )  # fmt: skip
    moved = take(live, factories.record(live, name="x", responsible=str(finance.id)), "start")
    assert moved["department"] == finance.id
    again = procedures.update(live, moved, responsible=str(quality.id))
    assert again["department"] == quality.id
