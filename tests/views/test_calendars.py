"""Calendars on screen: edited, looked at before they count, filled from files, and missed in time."""

import html
import json
import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import calendars, clocks, database, departments, times
from models.clocks import Clock
from models.database import Document
from models.people import Actor, Permission
from tests import factories
from tests.models.clocks import casting
from tests.web import csrf_token, sign_in

OFFICE = "08:00–12:00, 13:00–17:00"
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
PLAIN: dict[str, Any] = {
    "label": {"zh": "工厂", "en": "Plant"},
    "timezone": "Asia/Shanghai",
    "week": {"mon": ["08:00-12:00", "13:00-17:00"], "tue": ["08:00-12:00"]},
}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def maker(client: FlaskClient) -> FlaskClient:
    """Give the browser of somebody who may configure calendars, and nothing else."""
    permissions = [Permission.CONFIGURE_CALENDARS.value]
    sign_in(client, factories.user("planner", factories.role("planner", permissions=permissions)))
    return client


def post(client: FlaskClient, path: str, **values: object) -> TestResponse:
    data = {"csrf_token": csrf_token(client), **values}
    return client.post(f"/configure/calendars/{path}", data=data, content_type="multipart/form-data")


def page(client: FlaskClient, path: str = "") -> str:
    answer = client.get(f"/configure/calendars/{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def entered(**changes: object) -> dict[str, Any]:
    """Return what the editor sends of the calendar `plant`."""
    names = {"label_zh": "工厂", "label_en": "Plant", "timezone": "Asia/Shanghai", "seen": "1"}
    return {**names, **WEEK, "exceptions": "[]", "loaded_years": "[2026]", **changes}


def proposed(answer: TestResponse) -> str:
    """Return the calendar that the page for confirmation carries."""
    assert answer.status_code == 200
    found = re.search(r'name="definition" value="([^"]*)"', answer.get_data(as_text=True))
    assert found, answer.get_data(as_text=True)
    return html.unescape(found[1])


def test_only_who_may_configure_calendars_gets_in(maker: FlaskClient) -> None:
    assert "Standard working calendar" in page(maker)
    assert "/configure/calendars/" in maker.get("/configure/").get_data(as_text=True)
    sign_in(maker, factories.form_maker())
    for path in ("", "new", "default", "default/import", "default/export/csv"):
        assert maker.get(f"/configure/calendars/{path}").status_code == 403


def test_a_new_calendar_begins_with_chinas_holidays_or_none_or_a_copy(maker: FlaskClient) -> None:
    for key, begin in (("one", "china"), ("two", "empty"), ("three", "copy:two")):
        assert post(maker, "new", key=key, label_en=key, begin=begin).status_code == 302
    known = {one.key: len(one.definition.exceptions) for one in calendars.every()}
    assert known["one"] == known["default"] > 700
    assert known["two"] == known["three"] == 0


def test_a_wrong_key_is_said_beside_the_field(maker: FlaskClient) -> None:
    answer = post(maker, "new", key="Ä b", label_en=SCRIPT, begin="china").get_data(as_text=True)
    assert 'href="#field-key"' in answer
    assert SCRIPT not in answer
    assert post(maker, "new", key="x", label_en="X", begin="copy:gone").status_code == 404


def test_a_change_counts_only_after_it_was_confirmed(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    holiday = [{"date": "2026-12-24", "kind": "holiday", "name": {"zh": "厂庆", "en": ""}}]
    shown = post(maker, "plant", **entered(exceptions=json.dumps(holiday)))
    text = shown.get_data(as_text=True)
    assert "Thursday, December 24, 2026" in text
    assert "Holiday (厂庆)" in text
    assert calendars.current("plant").version == 1
    done = post(maker, "plant/save", definition=proposed(shown), seen="1", reason="fair")
    assert done.status_code == 302
    saved = calendars.current("plant")
    assert (saved.version, saved.note, saved.by) == (2, "fair", "planner")
    assert saved.definition.week["mon"] == ("08:00-12:00", "13:00-17:00")
    assert [str(one.date) for one in saved.definition.exceptions] == ["2026-12-24"]
    assert "fair" in page(maker, "plant")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (dict.fromkeys(WEEK, ""), "A calendar needs working time on some weekday."),
        ({"fri": "17:00–13:00"}, "ends before it begins"),
        ({"fri": "08:00-12:00 11:00-13:00"}, "overlap"),
        ({"fri": "soon"}, "Write hours as"),
        ({"fri": "22:00-06:00", "sat": "05:00-07:00"}, "runs into these hours"),
        ({"timezone": "Mars"}, "There is no time zone"),
        ({"label_zh": "", "label_en": ""}, "This is needed."),
        ({"exceptions": "[1"}, "does not fit"),
        ({"exceptions": "[" * 100_000}, "does not fit"),
        ({"exceptions": '{"$gt": 1}'}, "does not fit"),
        ({"exceptions": '[{"date": "2026-02-30", "kind": "holiday"}]'}, "does not fit"),
        ({"exceptions": '[{"date": "2026-12-25", "kind": "make_up", "like": "sun"}]'}, "is free"),
        ({"loaded_years": "[1]"}, "Only dates from"),
        ({"mon": "08:00\0"}, "cannot be stored"),
    ],
)
def test_what_cannot_count_is_refused_beside_the_field(
    maker: FlaskClient, changes: dict[str, str], said: str
) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    answer = post(maker, "plant", **entered(**changes))
    text = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert said in text
    assert 'name="definition"' not in text
    assert SCRIPT not in text
    assert calendars.current("plant").version == 1


def test_nothing_changed_is_said_and_makes_no_version(maker: FlaskClient) -> None:
    calendars.create(
        Actor.system(), "plant", {**PLAIN, "week": {k: ["08:00-12:00", "13:00-17:00"] for k in WEEK}}
    )
    answer = post(maker, "plant", **entered(loaded_years="[]"))
    assert answer.status_code == 302
    assert "Nothing has changed." in page(maker, "plant")


def test_who_saves_second_sees_so_and_can_go_on(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    shown = proposed(post(maker, "plant", **entered()))
    calendars.save(Actor.system(), "plant", {**PLAIN, "loaded_years": [2025]}, seen=1)
    late = post(maker, "plant/save", definition=shown, seen="1")
    assert "Someone else changed this meanwhile" in late.get_data(as_text=True)
    assert calendars.current("plant").version == 2
    assert post(maker, "plant/save", definition=proposed(late), seen="2").status_code == 302
    assert calendars.current("plant").definition.loaded_years == (2026,)


def test_what_was_tampered_with_is_refused(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    for definition in ("", "[]", "nonsense", '{"label": {"en": "x"}, "timezone": "UTC", "week": {}}'):
        assert post(maker, "plant/save", definition=definition, seen="1").status_code == 422
    assert calendars.current("plant").version == 1


# -- running clocks -----------------------------------------------------------------------------------

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai


def running() -> tuple[Clock, Document]:
    """Start a clock of one working day by the calendar `plant`."""
    calendars.create(Actor.system(), "plant", PLAIN)
    day = {"amount": 1, "unit": "working_days"}
    live = casting.form(casting.rule(length=day, calendar="plant"))
    record = casting.create(live, MONDAY)
    return clocks.of_record("sheet", record["_id"])[0], record


HOLIDAY = json.dumps([{"date": "2026-03-03", "kind": "holiday"}])


def due() -> datetime:
    [clock] = database.db().clocks.find()
    found: datetime = clock["due_at"]
    return found.astimezone(UTC)


def test_running_clocks_are_shown_and_move_only_when_asked(
    client: FlaskClient, db: Database[Document]
) -> None:
    _clock, record = running()
    sign_in(client, factories.administrator())
    with times.set_clock(MONDAY):
        week = {**dict.fromkeys(WEEK, ""), "mon": OFFICE, "tue": "08:00–12:00", "exceptions": HOLIDAY}
        shown = post(client, "plant", **entered(**week))
        text = shown.get_data(as_text=True)
        assert f"/records/sheet/{record['_id']}" in text
        assert "2026-03-03 09:00" in text
        assert "2026-03-09 09:00" in text
        assert "6 d later" in text
        before = due()
        unsaid = post(client, "plant/save", definition=proposed(shown), seen="1", move="1", reason=" ")
        assert "Say why running clocks are moved." in unsaid.get_data(as_text=True)
        assert (calendars.current("plant").version, due()) == (1, before)
        post(client, "plant/save", definition=proposed(shown), seen="1", move="1", reason="fair")
    assert calendars.current("plant").moved == 1
    assert due() == datetime(2026, 3, 9, 1, tzinfo=UTC)
    [clock] = db.clocks.find()
    assert clock["recalculations"][0]["reason"] == "fair"


def test_clocks_stay_when_only_new_ones_shall_count_by_it(
    client: FlaskClient, db: Database[Document]
) -> None:
    running()
    before = due()
    sign_in(client, factories.administrator())
    with times.set_clock(MONDAY):
        week = {**dict.fromkeys(WEEK, ""), "mon": OFFICE, "tue": "08:00–12:00", "exceptions": HOLIDAY}
        shown = post(client, "plant", **entered(**week))
        post(client, "plant/save", definition=proposed(shown), seen="1", move="", reason="fair")
    assert calendars.current("plant").version == 2
    assert calendars.current("plant").moved is None
    assert due() == before


def test_who_may_not_see_a_record_does_not_read_its_title(maker: FlaskClient) -> None:
    running()
    with times.set_clock(MONDAY):
        text = post(maker, "plant", **entered(exceptions=HOLIDAY)).get_data(as_text=True)
    assert "A record that you may not see" in text
    assert "/records/sheet/" not in text


# -- files --------------------------------------------------------------------------------------------


def upload(client: FlaskClient, text: str, name: str = "days.csv", **values: object) -> TestResponse:
    return post(client, "plant/import", file=(BytesIO(text.encode()), name), **values)


def test_a_file_is_shown_before_it_counts(maker: FlaskClient) -> None:
    may_day = {"date": "2027-05-01", "kind": "holiday"}
    calendars.create(Actor.system(), "plant", {**PLAIN, "exceptions": [may_day]})
    text = "日期,类型,名称\n2027-01-01,休,元旦\n2027-01-02,班,元旦\n"
    whole = json.loads(proposed(upload(maker, text)))
    assert [one["date"] for one in whole["exceptions"]] == ["2027-01-01", "2027-01-02"]
    assert whole["loaded_years"] == [2027]
    added = json.loads(proposed(upload(maker, text, others="keep")))
    assert [one["date"] for one in added["exceptions"]] == ["2027-01-01", "2027-01-02", "2027-05-01"]
    assert calendars.current("plant").version == 1


def test_wrong_rows_are_named_and_nothing_is_taken(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    answer = upload(maker, f"日期,类型,名称\n2027-01-01,休,元旦\n2027-02-30,休,x\n2027-03-01,{SCRIPT},y\n")
    text = html.unescape(answer.get_data(as_text=True))
    assert "Rows to correct: 2" in text
    assert "“2027-02-30” is not a date." in text
    assert SCRIPT not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("content", "name"),
    [("", "a.csv"), ("x", "a.exe"), ("PK", "a.xlsx"), ("日期,类型\n", "a.csv"), ("a,b\n1,2\n", "a.csv")],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(maker: FlaskClient, content: str, name: str) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    answer = upload(maker, content, name)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_dates_of_a_file_that_collide_are_named(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", {**PLAIN, "week": {"fri": ["20:00-04:00"]}})
    answer = upload(maker, "date,kind,hours\n2026-11-21,班,06:00-09:00\n2026-11-22,班,08:00-09:00\n")
    assert 'name="definition"' in answer.get_data(as_text=True)
    answer = upload(maker, "date,kind,hours\n2026-11-21,班,22:00-09:00\n2026-11-22,班,08:00-09:00\n")
    assert "The hours of 2026-11-21 run into those of 2026-11-22." in answer.get_data(as_text=True)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_was_downloaded_changes_nothing_when_it_comes_back(maker: FlaskClient, kind: str) -> None:
    calendars.ensure_default()
    sent = maker.get(f"/configure/calendars/default/export/{kind}")
    assert sent.status_code == 200
    assert sent.headers["Content-Disposition"].startswith("attachment")
    back = post(maker, "default/import", file=(BytesIO(sent.data), f"days.{kind}"))
    assert back.status_code == 302, back.get_data(as_text=True)
    assert "Nothing has changed." in page(maker, "default")


def test_chinas_holidays_can_be_taken_over_later(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    assert len(json.loads(proposed(post(maker, "plant/fill")))["exceptions"]) > 700


# -- elsewhere ----------------------------------------------------------------------------------------


def test_missing_holidays_are_said_on_the_first_page_to_who_can_enter_them(maker: FlaskClient) -> None:
    calendars.ensure_default()
    with times.set_clock(datetime(2026, 11, 21, tzinfo=UTC)):
        assert "Holidays are missing" in maker.get("/").get_data(as_text=True)
        assert "2027 is missing" in page(maker)
        said = maker.get("/readyz").get_json()
        assert said["parts"]["calendars"] == "holidays not known: default 2027"
        sign_in(maker, factories.reader())
        assert "Holidays are missing" not in maker.get("/").get_data(as_text=True)
    sign_in(maker, factories.administrator())
    with times.set_clock(datetime(2026, 10, 31, tzinfo=UTC)):
        assert "Holidays are missing" not in maker.get("/").get_data(as_text=True)
        assert maker.get("/readyz").get_json()["parts"]["calendars"] == "ok"


def test_a_department_chooses_its_calendar_on_its_page(client: FlaskClient, db: Database[Document]) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    sign_in(client, factories.administrator())
    quality = factories.department()
    path = f"/configure/departments/{quality.id}"
    text = client.get(path).get_data(as_text=True)
    stamp = text.partition('name="stamp" value="')[2].partition('"')[0]
    values = {"code": "QA", "name_en": "Quality", "stamp": stamp, "calendar": "plant"}
    assert client.post(path, data={"csrf_token": csrf_token(client), **values}).status_code == 302
    assert calendars.of_department(quality.id) == "plant"
    assert departments.tree()[0][1].calendar == "plant"
    values |= {
        "stamp": client.get(path)
        .get_data(as_text=True)
        .partition('name="stamp" value="')[2]
        .partition('"')[0]
    }
    gone = client.post(path, data={"csrf_token": csrf_token(client), **values, "calendar": "gone"})
    assert "This does not exist any more." in gone.get_data(as_text=True)


def test_a_calendar_in_use_cannot_be_deleted(maker: FlaskClient) -> None:
    calendars.create(Actor.system(), "plant", PLAIN)
    calendars.create(Actor.system(), "spare", PLAIN)
    factories.department("P", "厂", "Plant", calendar="plant")
    for key in ("plant", "spare", "default"):
        assert post(maker, f"{key}/delete").status_code == 302
    assert {one.key for one in calendars.every()} == {"default", "plant"}
    assert maker.get("/configure/calendars/spare").status_code == 404
