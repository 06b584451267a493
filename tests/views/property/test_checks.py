"""Stock checks on screens: lines that the reader may see, counting, decisions, report and print."""

import io
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from bson import ObjectId
from flask.testing import FlaskClient

from models import files
from models.database import Document, db
from models.forms import LiveForm
from models.jobs import Job
from models.ledger import desk, labels
from models.ledger.stock_check import reading, report
from models.ledger.stock_check.check import Check
from models.ledger.stock_check.reading import Reader
from models.people import Action, Actor, FieldRule, Grant, Limit, Role, Scope, User
from models.times import now, set_clock
from tests import factories
from tests.pages import open_page
from tests.pictures import picture
from tests.stock_check_forms import begun, check_form, lines_of, now_stored, run_jobs, shelf, step
from tests.web import csrf_token, sign_in


@pytest.fixture
def checks(things: LiveForm) -> LiveForm:
    assert things
    return check_form()


def thing(things: LiveForm, person: User, **raw: Any) -> Document:
    return factories.record(things, person, **{"name": "Gauge", "quantity": "5", **raw})


def key() -> str:
    return f"key-{ObjectId()}"


def send(client: FlaskClient, path: str, sent_as: str = "", *, ago: int = 0, **data: Any) -> Any:
    headers = {
        "X-CSRFToken": csrf_token(client),
        "X-Requested-With": "XMLHttpRequest",
        "Idempotency-Key": sent_as or key(),
        "X-Typed-Ago": str(ago),
    }
    return client.post(path, data=data, headers=headers, content_type="multipart/form-data")


def count(client: FlaskClient, check: Document, line: Document, sent_as: str = "", **data: Any) -> Any:
    return send(client, f"/property/checks/{check['_id']}/lines/{line['_id']}/count", sent_as, **data)


def reviewed(client: FlaskClient, checks: LiveForm, person: User, quantities: Sequence[str]) -> Document:
    """Return a check of so many items that are counted, and whose differences are decided now."""
    check = begun(checks, person)
    for line, quantity in zip(lines_of(check), quantities, strict=True):
        assert count(client, check, line, quantity=quantity).status_code == 200
    step(checks, person, check, "review")
    return check


def decide(client: FlaskClient, check: Document, *ids: ObjectId, **data: str) -> Any:
    sent = {"csrf_token": csrf_token(client), "ids": [str(one) for one in ids], **data}
    return client.post(f"/property/checks/{check['_id']}/decide", data=sent, follow_redirects=True)


def test_what_is_counted_is_answered_with_the_line_and_how_far_it_is(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, place="A-1")
    check = begun(checks, editor)
    [line] = lines_of(check)
    page = client.get(f"/property/checks/{check['_id']}/count").text
    assert "By the books" in page
    answer = count(client, check, line, quantity="4", note="one is broken").get_json()
    assert (answer["line"]["counted"], answer["line"]["difference"]) == ("4", "-1")
    assert (answer["line"]["by"], answer["line"]["note"]) == (str(editor), "one is broken")
    assert answer["numbers"] == {"lines": 1, "counted": 1, "open": 0, "differences": 1, "undecided": 1}
    progress = client.get(f"/property/checks/{check['_id']}/progress").get_json()
    assert (progress["state"], progress["busy"], progress["numbers"]["open"]) == ("counting", False, 0)


def test_what_the_outbox_sends_again_counts_once(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor)
    check = begun(checks, editor)
    [line] = lines_of(check)
    same = key()
    answers = [count(client, check, line, same, quantity="4").status_code for _time in range(3)]
    assert answers == [200, 200, 200]
    assert len(lines_of(check)[0]["counts"]) == 1
    found = f"/property/checks/{check['_id']}/found"
    for _time in range(2):
        send(client, found, same + "-", name="A crate", quantity="1")
    assert len(lines_of(check)) == 2


def test_a_count_of_yesterday_is_held_against_the_books_of_yesterday(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    item = thing(things, editor, place="A-1")
    check = begun(checks, editor)
    [line] = lines_of(check)
    with set_clock(now() + timedelta(hours=20)):
        desk.move(Actor.of(editor), editor, things, item["_id"], "relocate", quantity=Decimal(2), place="B")
    with set_clock(now() + timedelta(hours=24)):
        late = count(client, check, line, quantity="5", ago=10 * 3_600_000).get_json()
    assert (late["line"]["book"], late["line"]["difference"]) == ("5", "0")


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": "0.5"}, "quantity"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"quantity": "1", "note": "x" * 2001}, "note"),
    ],
)
def test_a_count_that_cannot_be_is_told_beside_its_input(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User, data: dict[str, str], path: str
) -> None:
    thing(things, editor)
    check = begun(checks, editor)
    [line] = lines_of(check)
    answer = count(client, check, line, **data)
    assert (answer.status_code, list(answer.get_json()["error"]["errors"])) == (422, [path])
    assert lines_of(check)[0]["status"] == "open"


def test_a_label_a_number_and_a_word_lead_to_lines(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    item = thing(things, editor, name="缸盖样品", serial="S-1", quantity="1", place="A-1")
    elsewhere = thing(things, editor, name="Other", place="B-1")
    check = begun(checks, editor, place="A")
    code = labels.codes(things.key, [item["_id"]])[item["_id"]]
    address = f"/property/checks/{check['_id']}/lines"
    [line] = lines_of(check)
    for query in (f"?code={code}", "?code=S-1", "?q=缸盖", "?q=A-1", ""):
        assert [one["id"] for one in client.get(address + query).get_json()["lines"]] == [str(line["_id"])], (
            query
        )
    other = labels.codes(things.key, [elsewhere["_id"]])[elsewhere["_id"]]
    found = client.get(f"{address}?code={other}").get_json()
    assert (found["lines"], found["item"]["title"]) == ([], "Other")
    assert client.get(f"{address}?code=0000000000").status_code == 404
    assert client.get(f"{address}?code=nothing").status_code == 404


def test_a_blind_count_tells_nobody_what_the_books_say(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, quantity="7341")
    check = begun(checks, editor, blind="true")
    [line] = lines_of(check)
    address = f"/property/checks/{check['_id']}"
    answer = count(client, check, line, quantity="7000").get_json()["line"]
    assert (answer["now"], answer["expected"], answer["book"], answer["difference"]) == ("", "", "", "")
    for page in ("", "/count", "/lines?q=Gauge", "/print", "/print?lines=1", "?which=off"):
        assert "7341" not in client.get(address + page).text, page
        assert "341" not in client.get(address + page).text.replace("7341", ""), page
    report.ask(editor, check["_id"], "en")
    run_jobs(report.JOB)
    found = sheets(Job.objects(kind=report.JOB).first())
    assert len(found["Differences"]) == 1
    assert "7341" not in str(found)
    step(checks, editor, check, "review")
    assert "-341" in client.get(address).text


def scoped(checks: LiveForm) -> User:
    """Return somebody who counts, and sees only things that they own."""
    seeing = [Action.SEE, Action.EDIT, Action.PRINT, Action.EXPORT, Action.TRANSITION]
    grants = [
        Grant(form=checks.key, actions=list(seeing)),
        Grant(form="thing", actions=[Action.SEE, Action.EXPORT], scope=Scope.OWN.value),
    ]
    role = Role(name="counter", grants=grants).save()
    return factories.user("counter", role, name="Counter", department=factories.department())


def test_what_a_counter_may_not_see_stays_unseen(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, name="Hidden thing", place="A-1")
    counter = scoped(checks)
    own = thing(things, editor, name="Own thing", place="A-2")
    db()[things.collection].update_one({"_id": own["_id"]}, {"$set": {"owner": counter.id}})
    check = begun(checks, editor)
    hidden, open_to_them = lines_of(check)
    sign_in(client, counter)
    address = f"/property/checks/{check['_id']}"
    for page in ("", "/count", "/lines", "/lines?q=thing", "/print?lines=1", "?which=open"):
        text = client.get(address + page).text
        assert "Own thing" in text, page
        assert "Hidden" not in text, page
    code = labels.codes(things.key, [hidden["item"]])[hidden["item"]]
    assert client.get(f"{address}/lines?code={code}").status_code == 404
    assert client.get(f"{address}/progress").get_json()["numbers"]["lines"] == 1
    assert count(client, check, hidden, quantity="1").status_code == 404
    assert count(client, check, open_to_them, quantity="5").status_code == 200
    named = send(client, f"{address}/found", item=str(hidden["item"]), quantity="1", place="Z")
    assert (named.status_code, list(named.get_json()["error"]["errors"])) == (422, ["item"])
    report.ask(counter, check["_id"], "en")
    run_jobs(report.JOB)
    assert "Hidden" not in str(sheets(Job.objects(kind=report.JOB).first()))


def test_what_a_role_closes_on_items_is_closed_on_their_lines(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, name="Gauge", quantity="7341", place="SecretPlace")
    check = begun(checks, editor)
    rules = [
        FieldRule(
            form="thing", fields=["quantity", "available", "place", "kept_at"], limit=Limit.HIDDEN.value
        )
    ]
    Role.objects.get(name="editor").update(field_rules=rules)
    address = f"/property/checks/{check['_id']}"
    for page in ("", "/count", "/lines", "/print?lines=1"):
        text = client.get(address + page).text
        assert "Gauge" in text, page
        assert "7341" not in text, page
        assert "SecretPlace" not in text, page
    assert client.get(f"{address}/lines?q=SecretPlace").get_json()["lines"] == []


def test_differences_are_decided_with_a_reason_or_counted_again(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    for place in ("A-1", "A-2", "A-3"):
        thing(things, editor, place=place)
    check = reviewed(client, checks, editor, ["4", "6", "5"])
    first, second, _third = lines_of(check)
    refused = decide(client, check, first["_id"], decision="book", reason="")
    assert refused.status_code == 422
    assert "Say why." in refused.text
    assert decide(client, check, decision="book", reason="x").status_code == 422
    assert (
        "Decided about 1 lines."
        in decide(client, check, first["_id"], decision="book", reason="missing").text
    )
    assert (
        "counted again: 1" in decide(client, check, second["_id"], decision="again", reason="look below").text
    )
    assert now_stored(checks, check)["data"]["undecided"] == 1
    page = client.get(f"/property/checks/{check['_id']}/count").text
    assert "look below" in page
    assert count(client, check, first, quantity="5").status_code == 409
    assert count(client, check, second, quantity="5").status_code == 200
    assert "Every difference is decided." in client.get(f"/property/checks/{check['_id']}").text


def test_pictures_of_a_line_are_shown_to_whoever_sees_it(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor)
    check = begun(checks, editor)
    [line] = lines_of(check)
    sent = (io.BytesIO(picture()), "broken.png")
    answer = count(client, check, line, quantity="4", photos=sent).get_json()
    [url] = answer["line"]["photos"]
    assert client.get(url).status_code == client.get(f"{url}?thumbnail=1").status_code == 200
    sign_in(client, scoped(checks))
    assert client.get(url).status_code == 404
    sign_in(client, editor)
    bad = count(client, check, line, quantity="4", photos=(io.BytesIO(b"%PDF-1.4"), "a.pdf"))
    assert (bad.status_code, list(bad.get_json()["error"]["errors"])) == (422, ["photos"])


def sheets(job: Job) -> dict[str, list[list[Any]]]:
    assert job.state == "done", job.message
    book = openpyxl.load_workbook(io.BytesIO(files.open_file(job.file).read()))
    return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in book}


def test_the_report_has_a_summary_differences_every_line_and_signatures(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, name="=Gauge", place="A-1")
    thing(things, editor, name="Right", place="A-2")
    check = reviewed(client, checks, editor, ["4", "5"])
    decide(client, check, lines_of(check)[0]["_id"], decision="book", reason="missing")
    answer = client.post(f"/property/checks/{check['_id']}/report", data={"csrf_token": csrf_token(client)})
    run_jobs(report.JOB)
    job = Job.objects(kind=report.JOB).first()
    found = sheets(job)
    assert list(found) == ["Summary", "Differences", "Lines", "Signatures"]
    assert ["Differences", "1"] in found["Summary"]
    [header, row] = found["Differences"]
    told = dict(zip(header, row, strict=True))
    assert (told["Item"], told["Difference"], told["Reason"]) == ("=Gauge", -1, "missing")
    assert len(found["Lines"]) == 3
    assert [one[0] for one in found["Signatures"]][-3:] == ["Counted by", "Keeper", "Checked by"]
    assert client.get(answer.location).status_code == 200
    download = f"/jobs/{job.id}/download"
    assert client.get(download).status_code == 200
    Role.objects.get(name="editor").update(grants=[Grant(form=checks.key, actions=["see", "export"])])
    assert client.get(download).status_code in {403, 404}


def test_the_print_has_differences_and_room_to_sign_and_the_list_every_line(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, name="Short", place="A-1")
    thing(things, editor, name="Right", place="A-2")
    check = reviewed(client, checks, editor, ["4", "5"])
    address = f"/property/checks/{check['_id']}/print"
    text = client.get(address).text
    assert "Short" in text
    assert "Right" not in text
    assert "Keeper" in text
    assert "Right" in client.get(f"{address}?lines=1").text
    assert db().audit.count_documents({"event": "record.printed"}) == 2


def test_pages_of_a_check_without_a_list_say_what_to_do(
    client: FlaskClient, checks: LiveForm, editor: User
) -> None:
    record = factories.record(checks, editor)
    assert "The list is not drawn up yet." in client.get(f"/property/checks/{record['_id']}").text
    assert "not being counted now" in client.get(f"/property/checks/{record['_id']}/count").text
    listed = open_page(client, "/property/checks/").text
    assert str(record["number"]) in listed
    assert client.get(f"/property/checks/{ObjectId()}").status_code == 404
    assert client.get("/property/checks/nothing").status_code == 404


def test_a_job_that_failed_is_told_on_the_page(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    item = thing(things, editor)
    record = factories.record(checks, editor)
    step(checks, editor, record, "begin")
    things.records().update_one({"_id": item["_id"]}, {"$set": {"deleted_at": now()}})
    [job] = run_jobs()
    assert job.state == "failed"
    assert "Nothing of the ledger" in client.get(f"/property/checks/{record['_id']}").text


def test_lines_are_read_page_by_page_also_by_who_sees_few(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf(things, editor, 130)
    check = begun(checks, editor)
    address: str | None = f"/property/checks/{check['_id']}"
    seen: list[str] = []
    while address:
        page = open_page(client, address)
        seen += [one["href"] for one in page.one(id="check-lines").one("tbody").all("a")]
        address = next((one["href"] for one in page.all("a", rel="next")), None)
    assert (len(seen), len(set(seen))) == (130, 130)
    counter = scoped(checks)
    last = lines_of(check)[-1]
    db()[things.collection].update_one({"_id": last["item"]}, {"$set": {"owner": counter.id}})
    reader = Reader(counter, Check.of(checks, now_stored(checks, check)))
    assert [one.id for one in reader.page(limit=10).lines] == [last["_id"]]
    monkeypatch.setattr(reading, "MOST_LOOKED_AT", 100)
    first = reader.page(limit=10)
    assert first.lines == []
    assert [one.id for one in reader.page(after=first.more, limit=10).lines] == [last["_id"]]


def test_a_drawn_signature_is_seen_on_paper_and_told_in_the_workbook(
    client: FlaskClient, things: LiveForm, checks: LiveForm, editor: User
) -> None:
    thing(things, editor, place="A-1")
    check, drawing = reviewed(client, checks, editor, ["5"]), ObjectId()
    signature = {"kind": "drawn", "file": drawing, "by_name": "Li"}
    signer = {"person": editor.id, "status": "approved", "at": now(), "signature": signature}
    steps = [{"key": "sales", "label": {"en": "Sales"}, "signers": [signer]}]
    db().approvals.insert_one({"form": checks.key, "record": check["_id"], "steps": steps})
    [image] = open_page(client, f"/property/checks/{check['_id']}/print").all("img", css="signature-image")
    assert image["src"] == f"/records/{checks.key}/{check['_id']}/files/{drawing}"
    client.post(f"/property/checks/{check['_id']}/report", data={"csrf_token": csrf_token(client)})
    run_jobs(report.JOB)
    signed = sheets(Job.objects(kind=report.JOB).first())["Signatures"][1]
    assert (signed[0], signed[4].startswith("drawn by Li, 20")) == ("Sales", True)
