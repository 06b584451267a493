"""Who is answered what at every address: a route that the table does not name fails."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId
from flask import Flask
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.routing import Rule

from backoffice.security import PUBLIC_ENDPOINTS
from models import api_tokens, database, delegations, deliveries, forms, jobs, saved_views
from models.channels import Channel
from models.database import Document
from models.forms import LiveForm
from models.ledger import labels, movements
from models.people import Actor, User
from models.queries import ListQuery
from models.reports import keeping
from models.reports.parts import ReportDefinition
from models.retention import lists
from models.retention.rules import save as save_rule
from models.times import now, set_clock, today
from tests import everything, factories, phone_stage, stock_check_forms
from tests.web import csrf_token, sign_in

CAST: dict[str, Callable[[], User]] = {
    "stranger": factories.stranger,
    "reader": factories.reader,
    "editor": factories.editor,
    "administrator": factories.administrator,
}


class Answers(NamedTuple):
    """What each of the cast is answered."""

    stranger: int
    reader: int
    editor: int
    administrator: int


EVERYONE = Answers(200, 200, 200, 200)
SENT_ON = Answers(302, 302, 302, 302)
NOBODY = Answers(404, 404, 404, 404)
WHO_SEES = Answers(404, 200, 200, 200)
KEYLESS = Answers(404, 422, 422, 422)  # what the outbox sends carries a key
READERS_ON = Answers(404, 302, 302, 302)
EDITORS = Answers(404, 403, 200, 200)
EDITORS_ON = Answers(404, 403, 302, 302)
ADMIN = Answers(403, 403, 403, 200)
ADMIN_ON = Answers(403, 403, 403, 302)
ONLY_OWNER = Answers(404, 404, 404, 200)  # the administrator owns the job of this test
IMPORTER = Answers(404, 403, 404, 200)  # and the file to be imported

# endpoint → method → what is answered to a request with nothing but its token
TABLE: dict[str, dict[str, Answers]] = {
    "account.password": {"GET": EVERYONE, "POST": EVERYONE},
    "account.profile": {"GET": EVERYONE, "POST": EVERYONE},
    "account.unlink": {"POST": SENT_ON},
    "admin.index": {"GET": EVERYONE},
    "configure.index": {"GET": ADMIN},
    "configure_audit.details": {"GET": ADMIN},
    "configure_audit.export": {"POST": ADMIN_ON},
    "configure_audit.index": {"GET": ADMIN},
    "configure_access.done": {"POST": ADMIN_ON},
    "configure_access.export": {"POST": ADMIN},
    "configure_access.index": {"GET": ADMIN},
    "configure_access.record": {"GET": ADMIN},
    "configure_access.review": {"GET": ADMIN},
    "configure_access.why": {"GET": ADMIN},
    "configure_calendars.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_calendars.delete": {"POST": ADMIN_ON},
    "configure_calendars.edit": {"GET": ADMIN, "POST": ADMIN},
    "configure_calendars.export": {"GET": ADMIN},
    "configure_calendars.fill": {"POST": ADMIN_ON},
    "configure_calendars.index": {"GET": ADMIN},
    "configure_calendars.load": {"GET": ADMIN, "POST": ADMIN},
    "configure_calendars.save": {"POST": Answers(403, 403, 403, 422)},
    "configure_channels.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_channels.delete": {"POST": ADMIN_ON},
    "configure_channels.edit": {"GET": ADMIN, "POST": ADMIN},
    "configure_channels.index": {"GET": ADMIN},
    "configure_channels.test": {"POST": ADMIN_ON},  # the administrator has no e-mail address
    "configure_dashboards.arrange": {"GET": ADMIN, "POST": ADMIN_ON},
    "configure_dashboards.index": {"GET": ADMIN},
    "configure_deliveries.details": {"GET": ADMIN},
    "configure_deliveries.index": {"GET": ADMIN},
    "configure_deliveries.retry": {"POST": ADMIN_ON},
    "configure_deliveries.retry_all": {"POST": ADMIN_ON},
    "configure_departments.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_departments.delete": {"POST": ADMIN_ON},
    "configure_departments.edit": {"GET": ADMIN, "POST": ADMIN},
    "configure_departments.index": {"GET": ADMIN},
    "configure_departments.merge": {"GET": ADMIN, "POST": ADMIN},
    "configure_departments.move": {"GET": ADMIN, "POST": ADMIN},
    "configure_departments.progress": {"GET": Answers(403, 403, 403, 404)},  # the job is an export
    "configure_forms.access": {"GET": ADMIN, "POST": ADMIN_ON},
    "configure_forms.check": {"POST": Answers(403, 403, 403, 422)},
    "configure_forms.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_forms.delete": {"POST": ADMIN_ON},
    "configure_forms.discard": {"POST": ADMIN_ON},
    "configure_forms.edit": {"GET": ADMIN},
    "configure_forms.export": {"GET": ADMIN},
    "configure_forms.impact": {"GET": ADMIN_ON},
    "configure_forms.import_file": {"POST": ADMIN_ON},
    "configure_forms.index": {"GET": ADMIN},
    "configure_forms.letter_preview": {"POST": Answers(403, 403, 403, 422)},
    "configure_forms.preview": {"GET": ADMIN},
    "configure_forms.preview_compute": {"POST": ADMIN},
    "configure_forms.preview_options": {"GET": ADMIN},
    "configure_forms.preview_upload": {"POST": Answers(403, 403, 403, 422)},
    "configure_forms.publish": {"POST": ADMIN_ON},
    "configure_forms.retire": {"POST": ADMIN_ON},
    "configure_forms.roll_back": {"POST": Answers(403, 403, 403, 404)},
    "configure_forms.save": {"POST": Answers(403, 403, 403, 422), "PUT": Answers(403, 403, 403, 422)},
    "configure_forms.versions": {"GET": ADMIN},
    "configure_forms.workflow": {"GET": ADMIN},
    "configure_forms.workflow_check": {"POST": Answers(403, 403, 403, 422)},
    "configure_forms.workflow_try": {"POST": Answers(403, 403, 403, 422)},
    "configure_reports.check": {"POST": Answers(403, 403, 403, 422)},
    "configure_reports.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_reports.delete": {"POST": ADMIN_ON},
    "configure_reports.edit": {"GET": ADMIN},
    "configure_reports.export": {"GET": ADMIN},
    "configure_reports.go_back": {"POST": Answers(403, 403, 403, 404)},  # it names no version
    "configure_reports.import_file": {"POST": ADMIN_ON},
    "configure_reports.index": {"GET": ADMIN},
    "configure_reports.preview": {"POST": Answers(403, 403, 403, 422)},
    "configure_reports.save": {"POST": Answers(403, 403, 403, 422), "PUT": Answers(403, 403, 403, 422)},
    "configure_reports.versions": {"GET": ADMIN},
    "configure_retention.approve": {"POST": Answers(403, 403, 403, 403)},  # nobody approves their own
    "configure_retention.audit_log": {"POST": ADMIN_ON},
    "configure_retention.disposal": {"GET": ADMIN},
    "configure_retention.draw": {"POST": ADMIN_ON},
    "configure_retention.export": {"POST": ADMIN_ON},
    "configure_retention.form": {"GET": ADMIN, "POST": ADMIN_ON},
    "configure_retention.hold": {"POST": ADMIN_ON},
    "configure_retention.index": {"GET": ADMIN},
    "configure_retention.lift": {"POST": Answers(403, 403, 403, 404)},
    "configure_retention.reject": {"POST": ADMIN_ON},
    "configure_roles.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_roles.delete": {"POST": ADMIN_ON},
    "configure_roles.edit": {"GET": ADMIN, "POST": ADMIN},
    "configure_roles.index": {"GET": ADMIN},
    "configure_templates.edit": {"GET": ADMIN, "POST": ADMIN},
    "configure_templates.index": {"GET": ADMIN},
    "configure_templates.reset": {"POST": ADMIN_ON},
    "configure_users.create": {"GET": ADMIN, "POST": ADMIN},
    "configure_users.edit": {"GET": ADMIN, "POST": ADMIN},
    "configure_users.import_file": {"GET": ADMIN, "POST": Answers(403, 403, 403, 422)},
    "configure_users.import_passwords": {"POST": ADMIN_ON},  # nothing to hand over
    "configure_users.import_preview": {"GET": ADMIN, "POST": ADMIN},
    "configure_users.import_refused": {"GET": ADMIN},
    "configure_users.import_template": {"GET": ADMIN},
    "configure_users.index": {"GET": ADMIN},
    "configure_users.leaving": {"GET": ADMIN, "POST": ADMIN},  # one's own account does not end
    "configure_users.let_return": {"POST": ADMIN_ON},
    "configure_users.password": {"POST": ADMIN},
    "configure_users.progress": {"GET": Answers(403, 403, 403, 404)},  # the job is an export
    "configure_users.reset_factors": {"POST": ADMIN_ON},
    "configure_users.sign_out": {"POST": ADMIN_ON},
    "configure_users.unlink": {"POST": ADMIN_ON},
    "configure_users.unlock": {"POST": ADMIN_ON},
    "delegations.index": {"GET": EVERYONE, "POST": Answers(422, 422, 422, 422)},
    "delegations.revoke": {"POST": ADMIN_ON},  # the administrator's own
    "factors.codes": {"POST": SENT_ON},  # to be sure first
    "factors.index": {"GET": EVERYONE},
    "factors.remove": {"POST": SENT_ON},
    "factors.sure": {"GET": EVERYONE, "POST": Answers(422, 422, 422, 422)},
    "inbox.approve": {"POST": SENT_ON},  # nothing is ticked
    "inbox.badge": {"GET": EVERYONE},
    "inbox.calendar": {"GET": EVERYONE},
    "inbox.index": {"GET": EVERYONE},
    "inbox.notices": {"GET": EVERYONE},
    "inbox.read": {"POST": SENT_ON},
    "inbox.team": {"GET": ADMIN},
    "jobs.cancel_view": {"POST": Answers(404, 404, 404, 302)},
    "jobs.download_view": {"GET": NOBODY},  # nothing to download yet
    "jobs.index": {"GET": EVERYONE},
    "jobs.job_view": {"GET": ONLY_OWNER},
    "jobs.state_view": {"GET": ONLY_OWNER},
    "keys.end": {"POST": Answers(404, 404, 404, 302)},  # the administrator's own
    "keys.index": {"GET": EVERYONE, "POST": EVERYONE},
    "notices.choose": {"GET": EVERYONE, "POST": EVERYONE},
    "label.item": {"GET": WHO_SEES},
    "property.basket": {"GET": WHO_SEES},
    "property.borrow": {"POST": KEYLESS},
    "property.calendar": {"GET": WHO_SEES},
    "property.check": {"GET": WHO_SEES},
    "property.check_count": {"GET": EDITORS},
    "property.confirm_line": {"POST": NOBODY},  # they borrowed nothing
    "property.to_confirm": {"GET": EVERYONE},
    "property.check_lines": {"GET": EDITORS},
    "property.check_photo": {"GET": NOBODY},  # the line has none
    "property.check_print": {"GET": WHO_SEES},
    "property.check_progress": {"GET": WHO_SEES},
    "property.check_report": {"POST": EDITORS_ON},
    "property.checks": {"GET": EVERYONE},
    "property.clearance": {"GET": WHO_SEES},
    "property.count_found": {"POST": Answers(404, 403, 422, 422)},  # it carries no key
    "property.count_line": {"POST": Answers(404, 403, 422, 422)},
    "property.decide_lines": {"POST": Answers(404, 403, 422, 422)},  # it names no line
    "property.export_report": {"POST": Answers(404, 403, 422, 422)},  # it names no report
    "property.give_back": {"POST": KEYLESS},
    "property.holdings": {"GET": EVERYONE},
    "property.index": {"GET": EVERYONE},
    "property.labels": {"GET": WHO_SEES, "POST": WHO_SEES},
    "property.move": {"GET": EDITORS, "POST": Answers(404, 403, 422, 422)},  # it names no movement
    "property.print_statement": {"GET": Answers(404, 400, 400, 400)},  # it names no customer
    "property.put": {"POST": KEYLESS},
    "property.reports": {"GET": WHO_SEES},
    "property.scan": {"GET": EVERYONE},
    "property.scanned": {"GET": NOBODY},  # it names no label
    "property.statement": {"GET": WHO_SEES},
    "property.undo": {"GET": EDITORS, "POST": Answers(404, 403, 422, 422)},  # it says no reason
    "records.acknowledge_view": {"POST": NOBODY},  # nothing was filed
    "records.action_view": {"POST": Answers(404, 403, 302, 302)},
    "records.ajax_lookup": {"GET": NOBODY},
    "records.ajax_update": {"POST": Answers(404, 400, 400, 400)},
    "records.apply_filters": {"GET": READERS_ON},
    "records.board_view": {"GET": NOBODY},  # the form has no workflow
    "records.comment_view": {"POST": EDITORS_ON},
    "records.compute_view": {"POST": WHO_SEES},
    "records.create_view": {"GET": EDITORS, "POST": Answers(404, 403, 422, 422)},
    "records.decide_view": {"POST": NOBODY},  # there is no approval
    "records.delete_view": {"POST": EDITORS_ON},
    "records.delete_view_of_list": {"POST": Answers(404, 404, 404, 302)},  # the administrator's own
    "records.details_view": {"GET": WHO_SEES},
    "records.share_view": {"POST": EDITORS_ON},
    "records.uncover_view": {"POST": NOBODY},  # nothing is masked here
    "records.withdraw_view": {"POST": EDITORS_ON},
    "records.drop_view": {"POST": Answers(404, 400, 400, 400)},  # it names no step
    "records.edit_cell": {"POST": Answers(404, 403, 400, 400)},
    "records.edit_view": {"GET": EDITORS, "POST": Answers(404, 403, 409, 409)},
    "records.exempt_view": {"POST": NOBODY},  # there is no deadline
    "records.export": {"GET": READERS_ON},
    "records.export_view": {"POST": EDITORS_ON},
    "records.file_view": {"GET": WHO_SEES},
    "records.filter_panel": {"GET": WHO_SEES},
    "records.history_view": {"GET": WHO_SEES},
    "records.import_view": {"GET": EDITORS, "POST": Answers(404, 403, 422, 422)},
    "records.index_view": {"GET": WHO_SEES},
    "records.letter_download": {"GET": NOBODY},  # there is none yet
    "records.letter_view": {"GET": NOBODY},
    "records.letter_write_view": {"GET": NOBODY, "POST": NOBODY},  # the form writes none
    "records.meant_view": {"POST": Answers(404, 403, 404, 404)},  # the job is an export
    "records.mapping_view": {"GET": IMPORTER, "POST": Answers(404, 403, 404, 422)},
    "records.mentions_view": {"GET": WHO_SEES},
    "records.move_view": {"GET": NOBODY, "POST": NOBODY},  # the form has no workflow
    "records.moves_view": {"GET": WHO_SEES},
    "records.options_view": {"GET": WHO_SEES},
    "records.print_view": {"GET": WHO_SEES},
    "records.restore_view": {"POST": Answers(404, 403, 404, 404)},  # it is not in the bin
    "records.run_import_view": {"POST": Answers(404, 403, 404, 404)},  # the job is an export
    "records.save_view": {"POST": READERS_ON},
    "records.set_field_input": {"GET": WHO_SEES},
    "records.template_view": {"GET": EDITORS},
    "records.upload_file_view": {"GET": Answers(404, 404, 404, 404)},  # a record holds it
    "records.upload_view": {"POST": Answers(404, 403, 404, 404)},  # it names no field
    "reports.begin_plan": {"POST": NOBODY},  # the report has none
    "reports.close": {"POST": Answers(404, 403, 403, 302)},
    "reports.closings": {"GET": WHO_SEES},
    "reports.index": {"GET": EVERYONE},
    "reports.make_workbook": {"POST": EDITORS_ON},
    "reports.records": {"GET": WHO_SEES},
    "reports.reopen": {"POST": NOBODY},  # nothing is closed
    "reports.report": {"GET": WHO_SEES},
    "reports.runs": {"GET": WHO_SEES},
    "reports.section": {"GET": NOBODY},  # it names none
    "reports.tile": {"GET": NOBODY},  # it names none
    "reports.try_again": {"POST": Answers(404, 403, 403, 404)},  # it names no run
    "search.index": {"GET": EVERYONE},
    "security.logout": {"POST": SENT_ON},
    "view_as.end": {"POST": SENT_ON},  # nobody looks as somebody else
    "view_as.start": {"POST": Answers(403, 403, 403, 403)},  # as oneself
    "sessions.end": {"POST": NOBODY},  # of another person
    "sessions.end_others": {"POST": SENT_ON},
    "sessions.index": {"GET": EVERYONE},
}
QUERIES = {
    "configure_forms.preview_options": "?field=who",
    "records.options_view": "?field=who",
    "records.set_field_input": "?field=name",
    "reports.records": "?"
    + urlencode({"source": "one", "where": '{"field": "name", "op": "eq", "value": "x"}'}),
}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PUBLIC_ENDPOINTS and not rule.endpoint.startswith("api."):  # see test_api.py
            yield from (
                (rule, method) for method in sorted(rule.methods or ()) if method not in {"HEAD", "OPTIONS"}
            )


def test_every_route_stands_in_the_table(app: Flask) -> None:
    served: dict[str, set[str]] = {}
    for rule, method in rules(app):
        served.setdefault(rule.endpoint, set()).add(method)
    assert served == {endpoint: set(methods) for endpoint, methods in TABLE.items()}


@pytest.fixture
def sheet(db: Database[Document]) -> LiveForm:
    factories.administrator()
    everything.customers()
    return everything.form(inline_columns=["name"])


def address(app: Flask, endpoint: str, sheet: LiveForm) -> str:
    """Return an address of an endpoint whose every part leads to something fresh."""
    admin = factories.administrator()
    [rule] = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    values: dict[str, Any] = {}
    if endpoint.startswith(("property.", "label.")):
        values |= _of_property()
    if endpoint.startswith(("configure_reports.", "reports.")):
        values["key"] = _report_on(sheet, admin)
    if {"check_id", "line_id"} & rule.arguments:
        values |= _of_check(admin)
    if {"record_id", "file_id"} & (rule.arguments - values.keys()):
        values = {**_of_record(app, endpoint, sheet), **values}
    if {"channel_id", "delivery_id"} & rule.arguments:
        values |= _of_channel()
    made = _made(endpoint, sheet, admin)
    values |= {name: made[name]() for name in rule.arguments - values.keys()}
    with app.test_request_context():
        path = app.url_map.bind("localhost").build(
            endpoint, {name: values[name] for name in rule.arguments}, append_unknown=False
        )
    return path + QUERIES.get(endpoint, "")


def _made(endpoint: str, sheet: LiveForm, admin: User) -> dict[str, Callable[[], Any]]:
    """Return how each part of an address is made: only what an endpoint needs."""
    plain: dict[str, Any] = {
        "form": sheet.key,
        "calendar_key": "default",
        "template": "task.zh",
        **dict.fromkeys(("transition", "letter", "letter_id", "approval_id", "clock_id"), "none"),
        **dict.fromkeys(("filing_id", "hold_id"), "none"),
        "field": "name",
        "key": "none" if endpoint == "sessions.end" else sheet.key,
        "kind": "yaml",
        "export_type": "csv",
    }
    return {
        **{name: partial(str, value) for name, value in plain.items()},
        "view_id": lambda: saved_views.save(admin, sheet.key, "mine", ListQuery(), [], shared=False).id,
        "job_id": lambda: jobs.enqueue("export", admin, {"query": {}}, form=sheet.key).id,
        "person_id": lambda: admin.id,
        "user_id": lambda: admin.id,
        "department_id": lambda: admin.department.id,
        "role": lambda: admin.roles[0].name,
        "role_id": lambda: admin.roles[0].id,
        "factor_id": ObjectId,
        "key_id": lambda: _key_of(admin),
        "delegation_id": lambda: _delegation_of(admin),
        "number": _noted,
        "list_id": lambda: _disposal_of(admin, sheet) if "retention" in endpoint else "none",
    }


def _of_record(app: Flask, endpoint: str, sheet: LiveForm) -> dict[str, Any]:
    """Store a record with a file, or a file that is to be imported."""
    admin = factories.administrator()
    if endpoint in {
        "records.mapping_view",
        "configure_users.import_preview",
        "configure_users.import_refused",
    }:
        content = b"name,user name\nthree,three\n" if "users" in endpoint else b"name\nthree\n"
        return {"file_id": factories.stored(content, admin)}
    client = app.test_client()
    sign_in(client, admin)
    sent = everything.upload(client, csrf_token(client), "papers", b"text", "a.txt").get_json()
    record = factories.record(sheet, admin, name="one", papers=[sent["file"]])
    return {"record_id": record["_id"], "file_id": sent["file"]}


def _of_channel() -> dict[str, Any]:
    fields = {"kind": "email", "name": "Mail", "host": "127.0.0.1", "sender": "a@example.com"}
    channel = Channel.objects(key="mail").modify(upsert=True, new=True, **fields)
    told = {"kind": "task", "title": "One", "text": "", "url": "", "level": "info", "late": False}
    stored = {"_id": channel.id, "kind": "email"}
    delivery = deliveries.new("one", stored, told, now(), due=now() + timedelta(days=1))
    database.db().deliveries.delete_many({"key": "one"})
    database.db().deliveries.insert_one(delivery)
    return {"channel_id": channel.id, "delivery_id": delivery["_id"]}


def _of_property() -> dict[str, Any]:
    known = [form for form in forms.live_forms() if form.key == "thing"]
    ledger = known[0] if known else phone_stage.ledger()
    item = phone_stage.thing(ledger)["_id"]
    [moved] = movements.of_item(ledger.key, item)
    code = labels.codes(ledger.key, [item])[item]
    return {"form": ledger.key, "record_id": item, "code": code, "movement_id": moved["_id"]}


def _of_check(person: User) -> dict[str, Any]:
    known = [form for form in forms.live_forms() if form.key == "stocktaking"]
    check = stock_check_forms.begun(known[0] if known else stock_check_forms.check_form(), person)
    return {"check_id": check["_id"], "line_id": stock_check_forms.lines_of(check)[0]["_id"]}


def _report_on(sheet: LiveForm, person: User) -> str:
    source = {"key": "one", "form": sheet.key, "date": "@created_at"}
    document = {"key": "counted", "label": {"en": "Counted"}, "sources": [source]}
    if not any(one.key == "counted" for one in keeping.every()):
        keeping.put(Actor.of(person), ReportDefinition.load(document), version=0)
    return "counted"


def _key_of(person: User) -> ObjectId:
    if not api_tokens.of_person(person):
        api_tokens.create(person, "program", 30)
    key: ObjectId = api_tokens.of_person(person)[0]["_id"]
    return key


def _noted() -> int:
    number: int = database.db().audit.find().sort("_id", 1)[0]["_id"]
    return number


def _disposal_of(person: User, sheet: LiveForm) -> ObjectId:
    save_rule(person, sheet, {"months": "12"})
    database.db().disposal_lists.delete_many({})
    with set_clock(now() - timedelta(days=800)):
        factories.record(sheet, person, name="old")
    return lists.draw(person, sheet)


def _delegation_of(person: User) -> ObjectId:
    until = today(ZoneInfo("Asia/Shanghai"))
    return delegations.create(person, person, factories.editor(), first=until, last=until).id


def ask(client: FlaskClient, method: str, path: str, token: str | None) -> int:
    if method == "GET":
        return client.get(path).status_code
    data = {} if token is None else {"csrf_token": token}
    headers = {} if token is None else {"X-CSRFToken": token}
    return client.open(path, method=method, data=data, headers=headers).status_code


@pytest.mark.parametrize("endpoint", TABLE)
def test_everyone_is_answered_as_the_table_says(app: Flask, sheet: LiveForm, endpoint: str) -> None:
    for method, answers in TABLE[endpoint].items():
        for name, expected in answers._asdict().items():
            path = address(app, endpoint, sheet)
            client = app.test_client()
            sign_in(client, CAST[name]())
            assert ask(client, method, path, csrf_token(client)) == expected, (name, method, path)


@pytest.mark.parametrize("endpoint", TABLE)
def test_nobody_gets_in_without_signing_in(app: Flask, sheet: LiveForm, endpoint: str) -> None:
    path = address(app, endpoint, sheet)
    for method in TABLE[endpoint]:
        client = app.test_client()
        assert ask(client, method, path, csrf_token(client)) == (302 if method == "GET" else 401), path


@pytest.mark.parametrize("endpoint", [one for one, methods in TABLE.items() if set(methods) - {"GET"}])
def test_a_change_without_the_token_is_refused(app: Flask, sheet: LiveForm, endpoint: str) -> None:
    """Flask-Admin accepts a POST without a CSRF token unless it is protected."""
    path = address(app, endpoint, sheet)
    for method in set(TABLE[endpoint]) - {"GET"}:
        client = app.test_client()
        sign_in(client, factories.administrator())
        assert ask(client, method, path, None) == 400, path


def test_an_inactive_person_is_nobody(app: Flask, sheet: LiveForm) -> None:
    person = factories.editor()
    client = app.test_client()
    sign_in(client, person)
    assert client.get(f"/records/{sheet.key}/").status_code == 200
    person.update(active=False)
    assert client.get(f"/records/{sheet.key}/").status_code == 302
