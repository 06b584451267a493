"""The supervisor's view: who is late, how much whom, and nothing about other departments."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from flask.testing import FlaskClient
from pymongo.database import Database

from models import duties, forms, times
from models.database import Document
from models.people import User
from tests import factories
from tests.models.approvals.cases import person, team
from tests.pages import Element, open_page
from tests.web import sign_in

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def present(db: Database[Document]) -> Iterator[None]:
    with times.set_clock(NOW):
        lab = factories.department("LAB", "检验室", "Laboratory", parent=team())
        factories.form()
        person("carl", name="Carl", department=lab)
        person("amy", name="Amy")
        yield


def owe(*who: User, since: datetime = NOW, record: Document | None = None, **more: Any) -> None:
    record = record or {"_id": ObjectId(), "title": "secret title"}
    asked = [one.id for one in who]
    key = str(record["_id"])
    duty = duties.duty(
        "task", key, form="sheet", record=record, what={"en": "work"}, people=asked, at=since, **more
    )
    duties.insert([duty])


def table(page: Element, number: int) -> dict[str, list[str]]:
    """Return open, overdue and due in a week by name, of the first or the second table."""
    rows = [row for row in page.all("table", css="loads")[number].all("tr") if row.all("td")]
    return {name_in(row): [row.one("td", data_label=label).text for label in LABELS] for row in rows}


def name_in(row: Element) -> str:
    link = row.all("a")[0]
    avatar = link.one("span", css="avatar-small").text if link.all("span") else ""
    return link.text.removeprefix(avatar)


LABELS = ("Still open", "Overdue", "Due in 7 days", "Oldest")


def test_a_head_sees_who_is_late_first_with_everything_below(client: FlaskClient) -> None:
    owe(person("amy"), due_at=NOW + 3 * DAY)
    owe(person("carl"), due_at=NOW - DAY, since=NOW - 9 * DAY)
    owe(person("carl"), person("amy"))
    owe(person("top"), due_at=NOW - DAY)
    sign_in(client, person("head"))
    page = open_page(client, "/inbox/team")
    people = table(page, 0)
    assert list(people)[:2] == ["Carl Laboratory", "Amy Quality"]
    assert people["Carl Laboratory"] == ["2", "1", "0", "9 d"]
    assert people["Amy Quality"] == ["2", "0", "1", "1 min"]
    assert not [name for name in people if "top" in name]
    assert table(page, 1) == {"Quality": ["3", "1", "1", "9 d"], "Laboratory": ["2", "1", "0", "9 d"]}


def test_a_department_is_looked_into_with_what_lies_under_it(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    link = open_page(client, "/inbox/team")
    lab = next(one["href"] for one in link.all("a") if one.text == "Laboratory")
    assert list(table(open_page(client, lab), 0)) == ["Carl Laboratory"]
    quality = next(one["href"] for one in link.all("a") if one.text == "Quality")
    assert {"Carl Laboratory", "Amy Quality"} <= set(table(open_page(client, quality), 0))
    assert client.get(f"/inbox/team?department={'0' * 24}").status_code == 200


def test_a_persons_duties_are_shown_to_who_leads_them_only(client: FlaskClient) -> None:
    record = factories.record(forms.current("sheet"), name="of carl")
    owe(person("carl"), record=record)
    path = f"/inbox/team?person={person('carl').id}"
    for name in ("head", "deputy", "top"):
        sign_in(client, person(name))
        assert "of carl" in client.get(path).text
    stranger = factories.stranger()
    factories.department("HR").update(head=stranger.id)
    sign_in(client, stranger)
    assert client.get(path).status_code == 404
    sign_in(client, person("amy"))
    assert client.get(path).status_code == 403


def test_a_head_does_not_read_titles_of_forms_they_may_not_see(client: FlaskClient) -> None:
    owe(person("amy"))
    boss = factories.stranger()
    quality = factories.department()
    quality.head = boss.id
    quality.save()
    sign_in(client, boss)
    for path in (f"/inbox/team?person={person('amy').id}", "/inbox/?view=department"):
        page = client.get(path).text
        assert "work" in page
        assert "secret title" not in page


@pytest.mark.parametrize("query", ["person=", "person=nonsense", f"person={'0' * 24}"])
def test_an_unknown_person_is_not_found(client: FlaskClient, query: str) -> None:
    sign_in(client, person("head"))
    assert client.get(f"/inbox/team?{query}").status_code == 404


def test_only_who_leads_somebody_is_offered_the_view(client: FlaskClient) -> None:
    sign_in(client, person("amy"))
    assert "/inbox/team" not in client.get("/inbox/").text
    assert client.get("/inbox/team").status_code == 403
    sign_in(client, person("deputy"))
    assert "/inbox/team" in client.get("/inbox/").text
