"""The ledger before hostile hands: what is closed stays closed on every page and in every workbook."""

import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from models import files
from models.jobs import Job
from models.people import FieldRule, Grant, Limit, Role, User
from models.times import now
from tasks.jobs import carry_out
from tests import factories
from tests.hostile import property_stage, stage
from tests.hostile.cast import PLAIN_ACTIONS, Program, browser, send
from tests.hostile.stage import Stage, routes
from tests.hostile.unchanged import unchanged

FORMULA = "=cmd|' /C calc'"
EVIL = "\"'><img src=x onerror=alert(1)>{{7*7}}"
OWN_LINK = re.compile(r'=HYPERLINK\("http://[a-z0-9.:]+/records/[a-z]+/[0-9a-f]{24}","[A-Z]+-[0-9]+"\)')
OWN_SUM = re.compile(r"=(SUM|SUBTOTAL|COUNTA?)\([0-9A-Z$:,]+\)")
SECRETS = {"place": "PLACE-7", "customer": "CUSTOMER-7", "holder": "HOLDER-7"}
CLOSED = {
    "place": ["place", "kept_at"],
    "customer": ["customer"],
    "holder": ["holders"],
}
"""The fields in which a secret of an item stands."""


def addresses(app: Flask, company: Stage) -> Iterator[tuple[str, str]]:
    """Yield every address of the ledger that is only read, and whether a program asks it."""
    for rule, method in routes(app):
        path = company.path(app, rule)
        part = rule.endpoint.partition(".")[0]
        if method == "GET" and (part in {"property", "label"} or "/records/thing/" in path):
            yield part, path
    for path in property_stage.pages(company.property):
        yield "property", path
    item, code = company.property["record_id"], company.property["code"]
    yield "property", f"/property/scan/item?code={code}"
    yield "property", f"/property/checks/{company.property['check_id']}/lines?code={code}"
    for page in ("", f"/{item}", f"/{item}/history"):
        yield "api", f"/api/v1/records/thing{page}"


def clerk(name: str, limit: Limit) -> User:
    """Return somebody to whom a secret is closed, and who sees neither slips nor customers."""
    keys = CLOSED[name]
    rules = [FieldRule(form="thing", fields=keys, limit=limit.value)]
    if name == "place":  # the check says where it counts
        rules.append(FieldRule(form="stocktaking", fields=["place"], limit=limit.value))
    grants = [Grant(form=form, actions=PLAIN_ACTIONS) for form in ("thing", "stocktaking")]
    role = Role(name=f"without_{name}", grants=grants, field_rules=rules).save()
    return factories.user(f"without_{name}", role, department=factories.department(), language="en")


@pytest.mark.parametrize("limit", [Limit.HIDDEN, Limit.MASKED])
def test_what_is_closed_of_an_item_stands_on_no_page(app: Flask, db: object, limit: Limit) -> None:
    company = stage.build(**SECRETS)
    asked = list(addresses(app, company))
    admin = browser(app, company.admin)
    shown = b"".join(admin.get(path).data for part, path in asked if part != "api")
    assert all(secret.encode() in shown for secret in SECRETS.values())
    leaks = []
    for name, secret in SECRETS.items():
        person = clerk(name, limit)
        client, program = browser(app, person), Program(app, person)
        for part, path in asked:
            answer = program.ask("GET", path) if part == "api" else client.get(path)
            # whoever asks about a person by their id is told their name, but nothing of what they hold
            told = b"TH-0001" if name == "holder" and "?person=" in path else secret.encode()
            if told in answer.data:
                leaks.append(f"{name} is told by {path}")
            answer.close()
    assert not leaks, "\n".join(leaks)


def workbooks(client: FlaskClient, company: Stage) -> Iterator[tuple[str, bytes]]:
    """Yield every workbook that somebody can get of the ledger, each with what it is of."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/property/thing/reports", {"report": report, "slips": "slip", "year": str(now().year)})
        for report in ("ledger", "slips", "movements", "overdue", "statements")
    ]
    asked.append((f"/property/checks/{company.property['check_id']}/report", {}))
    for path, sent in asked:
        answer = send(client, "POST", path, **sent)
        if answer.status_code != 302:
            continue
        job = Job.objects.get(id=answer.location.rpartition("/")[2])
        carry_out(factories.claimed(job))
        job.reload()
        assert job.state == "done", (path, sent, job.message)
        content = files.open_file(job.file).read()
        yield from _opened(f"{path} {sent.get('report', '')}", content)


def _opened(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with ZipFile(io.BytesIO(content)) as parts:
        inner = [one for one in parts.namelist() if one.endswith(".xlsx")]
        if not inner:
            yield name, content
        for one in inner:
            yield f"{name} {one}", parts.read(one)


@pytest.mark.parametrize("words", [FORMULA, EVIL])
def test_no_workbook_of_the_ledger_reckons_or_leads_anywhere(app: Flask, db: object, words: str) -> None:
    company = stage.build(words)
    found = list(workbooks(browser(app, company.admin), company))
    assert len(found) >= 6
    for name, content in found:
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [cell for sheet in book for row in sheet for cell in row]
        assert [(one.value, one.hyperlink) for one in cells if _is_foreign(one)] == [], name
        assert any(words in str(cell.value) for cell in cells), name
        with ZipFile(io.BytesIO(content)) as parts:
            assert not [one for one in parts.namelist() if "externalLink" in one or "vba" in one], name


def _is_foreign(cell: Any) -> bool:
    """Tell whether a cell reckons what we do not reckon, or leads to what is no record of ours."""
    if cell.hyperlink:
        return True
    formula = str(cell.value)
    return cell.data_type == "f" and not (OWN_LINK.fullmatch(formula) or OWN_SUM.fullmatch(formula))


@pytest.mark.parametrize("limit", [Limit.HIDDEN, Limit.MASKED])
def test_what_is_closed_of_an_item_stands_in_no_workbook(app: Flask, db: object, limit: Limit) -> None:
    company = stage.build(**SECRETS)
    for name, secret in SECRETS.items():
        for book, content in workbooks(browser(app, clerk(name, limit)), company):
            with ZipFile(io.BytesIO(content)) as parts:
                told = [one for one in parts.namelist() if secret.encode() in parts.read(one)]
            assert told == [], (name, book)


def test_a_count_holds_only_what_can_be_stored_and_counted(app: Flask, db: object) -> None:
    company = stage.build()
    client, at = browser(app, company.admin), company.property
    check = f"/property/checks/{at['check_id']}"
    line = f"{check}/lines/{at['line_id']}/count"
    reviewed = f"/property/checks/{at['reviewed']}/decide"
    number = {"quantity": "1", "name": "crate"}
    with unchanged():
        tried: list[tuple[str, dict[str, Any]]] = [
            *((line, {"quantity": said}) for said in ("-1", "0.5", "NaN", "1e30", "", "two", "9" * 400)),
            *((line, {**number, "note": said}) for said in ("a\0b", "x" * 2001)),
            *(
                (f"{check}/found", {**number, key: said})
                for key in ("name", "place", "note")
                for said in ("a\0b",)
            ),
            (f"{check}/found", {**number, "name": "x" * 201}),
            (f"{check}/found", {**number, "item": "0" * 24}),
            (f"{check}/found", {"quantity": "0", "name": "crate"}),
            (reviewed, {"ids": str(at["line_id"]), "decision": "book", "reason": "a\0b"}),
            (reviewed, {"ids": str(at["line_id"]), "decision": "again", "reason": "a\0b"}),
            (reviewed, {"ids": ["0" * 24] * 10_000, "decision": "$set", "reason": "x"}),
        ]
        for path, sent in tried:
            assert send(client, "POST", path, **sent).status_code == 422, (path, sent)
        other = f"/property/checks/{at['reviewed']}/lines/{at['line_id']}/count"
        assert send(client, "POST", other, **number).status_code == 404  # a line of another check
