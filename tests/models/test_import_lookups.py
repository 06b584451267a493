"""An import must not read a whole collection for every batch of rows."""

import pytest
from pymongo.database import Database

from models import imports, jobs
from models.database import Document
from models.import_plan import Plan
from tests import factories as make


@pytest.mark.parametrize("unique", [True, False], ids=["unique", "business key only"])
def test_records_are_found_through_an_index(db: Database[Document], unique: bool) -> None:  # noqa: FBT001
    admin = make.administrator()
    form = make.form(make.field("code", unique=unique), make.field("qty", "integer"), business_key="code")
    for number in range(3):
        make.record(form, admin, code=f"K{number}", qty=1)
    name = "unique_code" if unique else "data.code_1__id_1"
    before = uses(form.records().aggregate([{"$indexStats": {}}]), name)
    text = b"code,qty\nK1,2\nK2,1\nK9,1\n"
    file_id = make.stored(text, admin)
    plan = Plan(file_id, "a.csv", {0: "code", 1: "qty"}, key="code", mode="valid")
    running = make.claimed(jobs.enqueue("import", admin, plan.dump(), form=form.key))
    imports.run(running)
    assert uses(form.records().aggregate([{"$indexStats": {}}]), name) > before


def uses(statistics: object, name: str) -> int:
    [found] = [one["accesses"]["ops"] for one in statistics if one["name"] == name]  # type: ignore[attr-defined]
    return int(found)
