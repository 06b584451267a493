"""Report definitions over HTTP: made, changed, tried out, taken back; and whatever hostile hands send."""

import json
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import forms
from models.database import db
from models.errors import NotFoundError
from models.people import Permission, Role, User
from models.reports import keeping
from models.reports.analyses import KINDS
from models.reports.parts import ReportDefinition
from tests import factories, report_stage
from tests.factories import field
from tests.pages import read
from tests.web import csrf_token, sign_in
from views.configure import reports_words

SCRIPT = "</script><script>alert(1)</script>"
PAGES = ("/", "/new", "/monthly/", "/monthly/versions", "/monthly/export.yaml", "/monthly/export.json")


@pytest.fixture
def admin(client: FlaskClient) -> User:
    """Sign in an administrator who finds one report on complaints."""
    report_stage.complaint_form()
    report_stage.delivery_form()
    person = sign_in(client, factories.administrator())
    report_stage.stored(person)
    return person


def send(client: FlaskClient, path: str, document: object, method: str = "POST") -> TestResponse:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"X-CSRFToken": csrf_token(client), "X-Requested-With": "XMLHttpRequest"}
    return client.open(
        f"/configure/reports{path}",
        method=method,
        data=body,
        headers=headers,
        content_type="application/json",
    )


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    return client.post(f"/configure/reports{path}", data={"csrf_token": csrf_token(client), **values})


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/configure/reports{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def document(**changes: Any) -> dict[str, Any]:
    return report_stage.definition(**changes).dump()


def errors(answer: TestResponse) -> dict[str, list[str]]:
    assert answer.status_code == 422, answer.get_data(as_text=True)[:500]
    found: dict[str, list[str]] = answer.get_json()["error"]["errors"]
    return found


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("path", PAGES)
def test_only_who_may_configure_reports_opens_their_pages(client: FlaskClient, path: str) -> None:
    maker = factories.reader()
    role = Role(name="report_maker", permissions=[Permission.CONFIGURE_REPORTS]).save()
    maker.update(push__roles=role)
    for person, status in ((factories.editor(), 403), (maker, 200), (factories.administrator(), 200)):
        other = client.application.test_client()
        sign_in(other, person)
        assert other.get(f"/configure/reports{path}").status_code == status, person


@pytest.mark.usefixtures("admin")
def test_a_report_is_made_blank_like_another_and_from_a_file(client: FlaskClient) -> None:
    assert post(client, "/new", label_en="Plain", key="plain").headers["Location"].endswith("/plain/")
    assert keeping.get("plain").definition.analyses == ()
    assert post(client, "/new", label_en="Second", key="second", like="monthly").status_code == 302
    second = keeping.get("second").definition
    assert second.measures == keeping.get("monthly").definition.measures
    assert str(second.label.en) == "Second"
    with_file = {"key": "third", "file": (BytesIO(_exported(client, "yaml")), "monthly.yaml")}
    assert post(client, "/new", **with_file).status_code == 302
    assert keeping.get("third").definition.analyses == keeping.get("monthly").definition.analyses


@pytest.mark.usefixtures("admin")
def test_a_new_report_needs_a_name_and_a_free_key(client: FlaskClient) -> None:
    for values, said in (
        ({"key": "nameless"}, "This is needed."),
        ({"label_en": "No key"}, "Use small letters"),
        ({"label_en": "Bad key", "key": "Bad Key!"}, "Use small letters"),
        ({"label_en": "Taken", "key": "monthly"}, "There is a report with this key already."),
        ({"label_en": "Like none", "key": "copied", "like": "nowhere"}, "does not exist"),
    ):
        answer = post(client, "/new", **values)
        assert answer.status_code == 200
        assert said in answer.get_data(as_text=True), values
    assert [one.key for one in keeping.every()] == ["monthly"]


def test_a_change_is_the_next_version_with_its_note(client: FlaskClient, admin: User) -> None:
    body = {"definition": document(form_number="QR-9"), "draft_revision": 1, "note": " New number "}
    answer = send(client, "/monthly/save", body, "PUT")
    assert answer.status_code == 200
    assert answer.get_json()["draft_revision"] == 2
    kept = keeping.get("monthly")
    assert (kept.version, kept.note, kept.by_name) == (2, "New number", admin.name)
    assert kept.definition.form_number == "QR-9"
    text = page(client, "/monthly/versions")
    assert "New number" in text
    assert "Form number" in text


@pytest.mark.usefixtures("admin")
def test_a_report_that_is_as_it_was_gets_no_new_version(client: FlaskClient) -> None:
    answer = send(client, "/monthly/save", {"definition": document(), "draft_revision": 1})
    assert (answer.status_code, answer.get_json()["draft_revision"]) == (200, 1)
    assert post(client, "/monthly/go-back", version="1").status_code == 302
    assert "in force again, as version 1" in page(client, "/monthly/versions")
    assert [one.version for one in keeping.versions("monthly")] == [1]


@pytest.mark.usefixtures("admin")
def test_the_way_to_a_report_is_shown_when_there_is_something_to_read(client: FlaskClient) -> None:
    post(client, "/new", label_en="Plain", key="plain")
    for key, shown in (("plain", False), ("monthly", True)):
        assert (client.get(f"/reports/{key}").status_code == 200) is shown
        link = read(page(client, f"/{key}/")).one("a", href=f"/reports/{key}")
        assert ("hidden" not in link) is shown
    made = {**document(), "key": "plain"}
    answer = send(client, "/plain/save", {"definition": made, "draft_revision": 1})
    assert answer.get_json()["readable"] is True


@pytest.mark.usefixtures("admin")
def test_what_closing_and_findings_begin_is_judged_field_by_field(client: FlaskClient) -> None:
    values = {"name": "{report}", "gone": 1}
    release = {"form": "complaint", "report": "name", "workbook": "gone", "values": values}
    plans = [{"analysis": "trend", "form": "complaint", "values": values}]
    changed = {**document(), "release": release, "plans": plans}
    told = send(client, "/monthly/check", {"definition": changed}).get_json()
    assert set(told["problems"]) == {"release.workbook", "release.values.gone", "plans.trend.values.gone"}
    targets = [{"measure": "ppm", "value": "much"}]
    plans = [{"analysis": "trend", "form": "A form"}]
    halved = {**document(), "targets": targets, "plans": plans}
    answer = send(client, "/monthly/check", {"definition": halved})
    assert set(errors(answer)) == {"targets.ppm.value", "plans.trend.form"}


@pytest.mark.usefixtures("admin")
def test_whoever_saves_second_is_told_who_was_faster(client: FlaskClient) -> None:
    first = {"definition": document(form_number="QR-9"), "draft_revision": 1}
    assert send(client, "/monthly/save", first).status_code == 200
    for stale in (1, 0, -1, 99):
        answer = send(client, "/monthly/save", {"definition": document(), "draft_revision": stale})
        assert answer.status_code == 409
        assert answer.get_json()["conflict"]["draft_revision"] == 2
    assert keeping.get("monthly").version == 2


@pytest.mark.usefixtures("admin")
def test_a_draft_is_judged_without_being_kept(client: FlaskClient) -> None:
    changed = document()
    changed["ratios"][0]["part"] = "gone"
    changed["analyses"][2]["options"] = {"rows": 0, "odd": 1}
    told = send(client, "/monthly/check", {"definition": changed}).get_json()
    assert set(told["problems"]) == {
        "ratios.ppm.part",
        "analyses.pareto.options",
        "analyses.pareto.options.rows",
    }
    assert told["rules"]["measures.cost"] == "Cost: sum of “cost” of “Complaints”"
    assert "ratios.ppm" not in told["rules"]
    assert keeping.get("monthly").version == 1
    assert send(client, "/monthly/save", {"definition": changed, "draft_revision": 1}).status_code == 422


@pytest.mark.usefixtures("admin")
def test_the_editor_is_given_forms_kinds_and_words(client: FlaskClient) -> None:
    text = page(client, "/monthly/")
    data = json.loads(text.partition('id="editor-data"')[2].partition(">")[2].partition("</script>")[0])
    complaint = next(one for one in data["report"]["forms"] if one["key"] == "complaint")
    assert [key for key, _label in complaint["dates"]] == ["received_on", "@created_at", "@updated_at"]
    assert [key for key, _label in complaint["numbers"]] == ["qty", "cost"]
    assert {one["key"] for one in data["report"]["kinds"]} == set(KINDS)
    assert data["draftRevision"] == 1


def test_every_kind_and_option_of_an_analysis_has_a_name() -> None:
    named = {f"{key}.{name}" for key, kind in KINDS.items() for name in kind.options}
    assert named == set(reports_words.OPTIONS)
    assert set(reports_words.ANALYSES) == set(KINDS)


def test_a_draft_is_tried_out_on_real_records(client: FlaskClient, admin: User) -> None:
    factories.record(forms.current("complaint"), admin, name="one", received_on="2026-09-03", fault="leak")
    changed = document(analyses=[{"key": "count", "kind": "breakdown", "label": {"en": SCRIPT},
                                  "measures": ["complaints"], "by": ["fault"]}])  # fmt: skip
    answer = send(client, "/monthly/preview", {"definition": changed, "period": "2026-09"})
    assert answer.status_code == 200
    told = answer.get_json()
    assert told["period"] == "2026-09"
    assert "Leak" in told["html"]
    assert SCRIPT not in told["html"]
    assert "/records?" not in told["html"]
    assert keeping.get("monthly").version == 1
    assert "period" in errors(
        send(client, "/monthly/preview", {"definition": changed, "period": "yesterday"})
    )


@pytest.mark.usefixtures("admin")
def test_an_earlier_version_is_taken_up_again(client: FlaskClient) -> None:
    send(client, "/monthly/save", {"definition": document(form_number="QR-9"), "draft_revision": 1})
    assert post(client, "/monthly/go-back", version="1").status_code == 302
    assert keeping.get("monthly").version == 3
    assert keeping.get("monthly").definition == keeping.get("monthly", 1).definition
    assert post(client, "/monthly/go-back", version="7").status_code == 404


def _exported(client: FlaskClient, kind: str) -> bytes:
    return client.get(f"/configure/reports/monthly/export.{kind}").data


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_definition_leaves_as_a_file_and_comes_back(client: FlaskClient, kind: str) -> None:
    content = _exported(client, kind).replace(b"QR-8.2-07", b"QR-8.2-08")
    assert b"QR-8.2-08" in content
    assert b"QR-8.2-07" in _exported(client, kind)
    sent = {"version": "1", "file": (BytesIO(content), f"monthly.{kind}")}
    assert post(client, "/monthly/import", **sent).status_code == 302
    assert keeping.get("monthly").definition.form_number == "QR-8.2-08"
    assert client.get("/configure/reports/monthly/export.exe").status_code == 404


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    "content", [b"", b"[1, 2]", b"key: [", b"&a [*a]", b"\xff\xfe", b"sources: 1", b"{" * 500]
)
def test_a_file_that_is_no_report_changes_nothing(client: FlaskClient, content: bytes) -> None:
    sent = {"version": "1", "file": (BytesIO(content), "monthly.yaml")}
    assert post(client, "/monthly/import", **sent).status_code == 302
    assert keeping.get("monthly").version == 1


@pytest.mark.usefixtures("admin")
def test_a_report_is_deleted_unless_a_period_was_closed_with_it(client: FlaskClient) -> None:
    db().report_closings.insert_one({"report": "monthly", "period": "2026-09", "state": "reopened"})
    assert post(client, "/monthly/delete").headers["Location"].endswith("/monthly/")
    assert keeping.get("monthly")
    db().report_closings.delete_many({})
    assert post(client, "/monthly/delete").headers["Location"].endswith("/configure/reports/")
    with pytest.raises(NotFoundError):
        keeping.get("monthly")
    assert post(client, "/monthly/delete").status_code == 404


def sources(where: object) -> dict[str, Any]:
    return {"sources": [{"key": "c", "form": "complaint", "date": "received_on", "where": where}]}


def analysis(kind: str, *measures: str, **options: Any) -> dict[str, Any]:
    one = {"key": "a", "kind": kind, "label": {}, "measures": measures, "by": ["fault"], "options": options}
    return {"analyses": [one]}


def limit(value: object, per: object = 1000, label: object = None) -> dict[str, Any]:
    limits = [{"value": value, "per": per, "label": label or {}}]
    return analysis("thresholds", "defects", "pieces", limits=limits)


def nested(levels: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"field": "fault", "op": "empty"}
    for _level in range(levels):
        tree = {"not": tree}
    return tree


COUNT = {"label": {}, "source": "complaints"}
WEIGHED = {**COUNT, "key": "m", "kind": "sum", "field": "fault"}
HOSTILE: dict[str, dict[str, Any]] = {
    "unknown property": {"evil": 1},
    "too many parts": {"measures": [{**COUNT, "key": f"m{at}"} for at in range(10_000)]},
    "no list": {"sources": {"$ne": None}},
    "no object": {"analyses": ["x", 1, None]},
    "operator as key": sources({"$where": "1"}),
    "operator as value": sources({"field": "fault", "op": "$ne", "value": None}),
    "object as value": sources({"field": "fault", "op": "eq", "value": {"gt": ""}}),
    "deep rule": sources(nested(12)),
    "endless key": {"readers": ["r" * 5_000]},
    "script as key": {"measures": [{**COUNT, "key": "<script>"}]},
    "huge number": {"targets": [{"measure": "cost", "value": 10**30}]},
    "huge exponent": {"targets": [{"measure": "cost", "value": "1e999999"}]},
    "not a number": {"targets": [{"measure": "cost", "value": "NaN"}]},
    "huge weight": {"measures": [{**WEIGHED, "weights": {"leak": "1e400000"}}]},
    "huge limit": limit("1e999999", "1e-999999"),
    "limit with a strange name": limit(1, 1, {"en": [1]}),
    "huge score": analysis("satisfaction", "complaints", scores={"leak": "1e999999"}),
    "form of nobody": {"sources": [{"key": "c", "form": "nowhere", "date": "received_on"}]},
    "options of another kind": analysis("trend", "complaints", periods=True, rules=[{}], chart=[]),
    "plan of nothing": {"plans": [{"analysis": "gone", "form": "complaint"}]},
    "plan with a strange field": {"plans": [{"analysis": "trend", "form": "complaint", "values": {"no": 1}}]},
    "release by nobody": {"release": {"form": "nowhere"}},
    "release into nothing": {"release": {"form": "complaint", "workbook": "no_such"}},
    "twice": {"analyses": [{"key": "a", "kind": "figures", "label": {}}] * 2},
    "lone surrogate": {"form_number": "\\ud800"},
    "nul": {"label": {"en": "a\0b"}},
}
BODIES = (
    b"",
    b"[]",
    b"null",
    b"{",
    b'{"definition": []}',
    b'{"definition": {}, "draft_revision": true}',
    b'{"definition": {}, "draft_revision": "1"}',
    b'{"definition": {}, "draft_revision": 1, "note": {}}',
    b'{"a":' * 5_000,
)


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_definitions_are_refused_with_a_message(client: FlaskClient, name: str) -> None:
    sent = document() | HOSTILE[name]
    text = json.dumps({"definition": sent, "draft_revision": 1, "period": "2026-09"}).replace(
        "\\\\ud800", "\\ud800"
    )
    for path in ("save", "preview"):
        answer = send(client, f"/monthly/{path}", text.encode())
        assert all(messages and all(messages) for messages in errors(answer).values()), path
    assert send(client, "/monthly/check", text.encode()).status_code in {200, 422}
    assert keeping.get("monthly").version == 1


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("body", BODIES)
def test_bodies_that_are_no_draft_are_refused(client: FlaskClient, body: bytes) -> None:
    for path in ("save", "check", "preview"):
        assert send(client, f"/monthly/{path}", body).status_code == 422, path
    assert keeping.get("monthly").version == 1


def test_labels_are_texts_wherever_they_stand(client: FlaskClient, admin: User) -> None:
    label = {"zh": SCRIPT, "en": SCRIPT}
    named = [{"key": "c", "form": "complaint", "date": "received_on", "label": label}]
    measures = [{"key": "m", "label": label, "source": "c"}]
    analyses = [{"key": "k", "kind": "figures", "label": label}]
    made = report_stage.definition(
        label=label, sources=named, measures=measures, ratios=[], analyses=analyses
    )
    assert send(client, "/monthly/save", {"definition": made.dump(), "draft_revision": 1}).status_code == 200
    for path in ("/", "/monthly/", "/monthly/versions", "/new"):
        assert SCRIPT not in page(client, path), path
    told = send(client, "/monthly/preview", {"definition": made.dump(), "period": "2026-09"}).get_json()
    assert SCRIPT not in told["html"]
    assert admin


@pytest.mark.usefixtures("admin")
def test_a_report_that_is_not_there_is_nowhere(client: FlaskClient) -> None:
    body = {"definition": document(key="gone"), "draft_revision": 0}
    for path in ("save", "check", "preview"):
        assert send(client, f"/gone/{path}", body).status_code == 404
    for path in ("/gone/", "/gone/versions", "/gone/export.yaml"):
        assert client.get(f"/configure/reports{path}").status_code == 404
    assert [one.key for one in keeping.every()] == ["monthly"]


def test_a_rule_in_words_names_no_record_that_its_maker_may_not_see(client: FlaskClient) -> None:
    customer = factories.form(field("name", required=True), key="customer")
    factories.form(
        field("customer", "reference", form="customer", filterable=True), field("on", "date"), key="claim"
    )
    secret = factories.record(customer, factories.administrator(), name="Secret customer")["_id"]
    role = factories.role("maker", form="claim", actions=["see"])
    role.update(permissions=[Permission.CONFIGURE_REPORTS.value])
    sign_in(client, factories.user("maker", role))
    where = {"field": "customer", "op": "eq", "value": str(secret)}
    source = {"key": "claims", "form": "claim", "date": "on"}
    own = {"key": "own", "label": {"en": "Own"}, "sources": [source]}
    report_stage.stored(factories.administrator(), ReportDefinition.load(own))
    told = send(client, "/own/check", {"definition": {**own, "sources": [{**source, "where": where}]}})
    assert "customer" in told.get_data(as_text=True)
    assert "Secret" not in told.get_data(as_text=True)
