"""The start page of a role: its tiles are arranged by an administrator and worked out for each reader."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.forms import LiveForm
from models.people import User
from models.reports import dashboards
from models.reports.dashboards import EVERYBODY, Tile
from tests import factories, report_stage
from tests.pages import read
from tests.web import csrf_token, sign_in

FIGURE, CHART = "monthly/figure/complaints", "monthly/analysis/trend"
pytestmark = pytest.mark.usefixtures("in_october")


@pytest.fixture
def admin(client: FlaskClient, complaints: LiveForm) -> User:
    person = sign_in(client, factories.administrator())
    deliveries = report_stage.delivery_form()
    report_stage.stored(person, report_stage.definition(targets=[{"measure": "complaints", "value": "1"}]))
    report_stage.tell(complaints, deliveries, person, count=40)
    return person


def arranged(client: FlaskClient, role: str, *whats: str, revision: int = 0, **more: Any) -> TestResponse:
    data = {"csrf_token": csrf_token(client), "revision": revision, "what": list(whats), **more}
    return client.post(f"/configure/dashboards/{role}", data=data)


def places(client: FlaskClient) -> list[str]:
    page = read(client.get("/").get_data(as_text=True))
    return [one["data-report-tile"] for one in page.all("section", css="report-tile")]


def test_tiles_of_a_role_stand_on_the_start_page_of_whoever_holds_it(
    client: FlaskClient, admin: User
) -> None:
    clerk = factories.user("clerk", factories.role("clerk", form="complaint", actions=["see"]))
    assert arranged(client, "clerk", CHART, FIGURE, width=["2", "1"]).status_code == 302
    assert arranged(client, EVERYBODY, FIGURE).status_code == 302
    assert dashboards.of_role("clerk") == (
        [Tile("monthly", "analysis", "trend", 2), Tile("monthly", "figure", "complaints")],
        1,
    )
    assert places(client) == [f"/reports/tile?what={FIGURE}"]
    sign_in(client, clerk)
    assert places(client) == [f"/reports/tile?what={one}" for one in (CHART, FIGURE)]
    sign_in(client, factories.stranger())
    assert places(client) == []


def test_a_figure_says_what_it_is_against_before_and_target(
    client: FlaskClient, admin: User, complaints: LiveForm
) -> None:
    text = read(client.get(f"/reports/tile?what={FIGURE}").get_data(as_text=True))
    inside = {"data.received_on": {"$gte": "2026-09-01", "$lte": "2026-09-30"}}
    count = complaints.records().count_documents(inside)
    assert text.one("b").text == str(count)
    assert "is-bad" in text.one("a", css="report-figure")["class"]
    assert "2026-09" in text.text
    assert "target 1" in text.text


def test_a_chart_has_its_table_folded_below_it(client: FlaskClient, admin: User) -> None:
    tile = read(client.get(f"/reports/tile?what={CHART}").get_data(as_text=True))
    assert "below" in tile.one("span", css="report-chart")["aria-label"]
    assert tile.one("details").one("tbody").all("tr")


def test_a_tile_is_worked_out_within_the_readers_rights(client: FlaskClient, admin: User) -> None:
    role = factories.role("own", form="complaint", actions=["see"])
    role.grants[0].scope = "own"
    role.save()
    sign_in(client, factories.user("own", role))
    assert read(client.get(f"/reports/tile?what={FIGURE}").get_data(as_text=True)).one("b").text == "0"
    sign_in(client, factories.stranger())
    assert client.get(f"/reports/tile?what={FIGURE}").status_code == 404


@pytest.mark.parametrize(
    "what", ["", "monthly", "monthly/figure/", "monthly/figure/nothing", "none/figure/x", "a/b/c"]
)
def test_a_tile_that_is_none_is_not_there(client: FlaskClient, admin: User, what: str) -> None:
    assert client.get(f"/reports/tile?what={what}").status_code == 404


def test_what_cannot_be_kept_is_told_and_nothing_is_lost(client: FlaskClient, admin: User) -> None:
    refused = arranged(client, "reader", FIGURE, "monthly/figure/nothing")
    assert refused.status_code == 404  # there is no such role
    factories.reader()
    refused = arranged(client, "reader", FIGURE, "monthly/figure/nothing")
    assert refused.status_code == 422
    assert FIGURE in refused.get_data(as_text=True)
    assert arranged(client, "reader", *[FIGURE] * 13).status_code == 422
    assert arranged(client, "reader", FIGURE).status_code == 302
    overtaken = arranged(client, "reader", CHART)
    assert overtaken.status_code == 409
    assert CHART in overtaken.get_data(as_text=True)
    assert arranged(client, "reader", CHART, revision=1).status_code == 302


@pytest.mark.parametrize(
    ("revision", "width", "status"),
    [(10**30, "1", 409), (-1, "1", 409), (0, "9" * 5_000, 302), (0, "²", 302)],
)
def test_no_number_is_too_large_for_a_tile(
    client: FlaskClient, admin: User, revision: int, width: str, status: int
) -> None:
    assert arranged(client, EVERYBODY, FIGURE, revision=revision, width=[width]).status_code == status


def test_only_who_configures_reports_arranges_tiles(client: FlaskClient, admin: User) -> None:
    sign_in(client, factories.editor())
    assert client.get("/configure/dashboards/").status_code == 403
    assert arranged(client, EVERYBODY, FIGURE).status_code == 403
