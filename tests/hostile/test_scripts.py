"""Scripts in everything that has a name, looked at by a real browser, in mails and in workbooks."""

import io
import re
from collections.abc import Iterator
from zipfile import ZipFile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Dialog, Page
from pymongo.database import Database
from werkzeug.routing import Rule

from models import deliveries, files, jobs, passwords
from models.channels import Channel, mail
from models.channels.message import Outgoing
from models.database import Document
from models.deliveries import carrying
from models.forms import LiveForm
from models.queries import ListQuery
from tasks.jobs import run_job
from tests import factories
from tests.hostile import property_stage, stage
from tests.hostile.stage import Stage, routes
from tests.hostile.unchanged import unchanged
from tests.views import windows
from tests.web import csrf_token, sign_in

EVIL = "\"'><img src=x onerror=alert(1)>{{7*7}}“引”"  # fits into every name
LONG = f"javascript:alert(2)//{EVIL}</title></textarea></script><script>alert(3)</script>{{% raw %}}${{8*8}}"
SEEN = "window.broken = []; document.addEventListener('securitypolicyviolation', (event) => "
SEEN += "window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
LOOK = """() => ({
  broken: window.broken,
  words: (document.querySelector('main') || document.body).innerText
    + [...document.querySelectorAll('main input, main textarea, main option')]
      .map(e => e.value + e.text).join(),
  links: [...document.querySelectorAll('[href],[src],[action],[formaction]')]
    .flatMap(e => ['href', 'src', 'action', 'formaction'].map(name => e.getAttribute(name) || ''))
    .filter(link => /^[\\s\\x00-\\x20]*(javascript|vbscript|data:text)/i.test(link)),
  handlers: [...document.querySelectorAll('*')]
    .filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).map(e => e.outerHTML),
  pictures: document.querySelectorAll('img[src="x"]').length,
})"""
# what is refused is told to the page after it was drawn
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# not pages: they answer with a file, with data, or lead on
FILES = frozenset(
    [
        "configure_calendars.export",
        "configure_forms.export",
        "configure_reports.export",
        "configure_users.import_refused",
        "configure_users.import_template",
        "health.healthz",
        "health.metrics",
        "health.readyz",
        "health.security_txt",
        "inbox.badge",
        "jobs.download_view",
        "jobs.state_view",
        "property.check_lines",
        "property.check_photo",
        "property.check_progress",
        "property.scanned",
        "records.export",
        "records.file_view",
        "records.letter_download",
        "records.template_view",
        "records.upload_file_view",
        "configure_forms.preview_options",
        "records.mentions_view",
        "records.moves_view",
        "records.options_view",
        "records.ajax_lookup",
        "configure_access.export",
        "security.login",
    ]
)
# pages that show nothing which somebody named
NAMELESS = frozenset(
    [
        "account.password",
        "configure_calendars.create",
        "configure_departments.create",
        "configure_forms.create",
        "forgotten.ask",
        "forgotten.choose",
        "forgotten.open_link",
        "factors.add_app",
        "factors.add_key",
        "factors.index",
        "factors.sure",
        "notices.choose",
        "sessions.index",
        "configure.index",
        "configure_channels.create",
        "configure_templates.index",
        "configure_templates.edit",
        "configure_users.import_file",
        "configure_users.import_preview",
        "jobs.index",
        "property.basket",
        "property.scan",
        "search.index",
    ]
)


@pytest.fixture
def company(db: Database[Document]) -> Stage:
    return stage.build(EVIL, long_words=LONG)


@pytest.fixture
def window(browser: Browser, address: str, company: Stage) -> Iterator[Page]:
    """Open a window in which a dialog, a mistake of a script or a broken rule of the CSP is remembered."""
    passwords.set_password(company.admin, factories.PASSWORD)
    company.admin.update(language="en", password=company.admin.password)
    context = browser.new_context(base_url=address)
    context.add_init_script(SEEN)
    opened = context.new_page()
    failures: list[str] = []

    def refuse(dialog: Dialog) -> None:
        failures.append(f"{opened.url} dialog {dialog.message}")
        dialog.dismiss()

    opened.on("pageerror", lambda error: failures.append(f"{opened.url} {error}"))
    opened.on("dialog", refuse)
    opened.on(
        "console",
        lambda said: (
            failures.append(f"{opened.url} {said.text}") if "Content Security Policy" in said.text else None
        ),
    )
    windows.sign_in(opened)
    opened.wait_for_url("**/")
    yield opened
    context.close()
    assert failures == []


def pages(app: Flask, company: Stage) -> list[tuple[Rule | None, str]]:
    """Return the pages of the stage by their routes, and some that a question in the address opens."""
    found: list[tuple[Rule | None, str]] = [
        (rule, company.path(app, rule))
        for rule, method in routes(app)
        if method == "GET" and rule.endpoint not in FILES and not rule.endpoint.startswith("api.")
    ]
    asked = [
        f"/records/sheet/?search={EVIL}&flt0_name.contains={EVIL}",
        f"/records/sheet/?view={company.values['view_id']}",
        f"/search/?q={EVIL[:20]}",
        f"/inbox/?q={EVIL}",
        f"/records/{EVIL}/",
        f"/records/sheet/{company.record['_id']}/move/end",
        "/records/sheet/set-field?field=kind",
        f"/configure/users/?q={EVIL}",
        f"/configure/audit/?q={EVIL}",
    ]
    asked += property_stage.pages(company.property)
    return [*found, *((None, path.replace("#", "%23")) for path in asked)]


@pytest.mark.browser
def test_nothing_that_somebody_named_ever_runs(app: Flask, window: Page, company: Stage) -> None:
    wrong: list[str] = []
    of_property = set(property_stage.pages(company.property))
    with unchanged("notifications", "users", "number_reservations", "factor_challenges", "thumbnails"):
        for rule, path in pages(app, company):
            answer = window.goto(path)
            assert answer
            assert answer.status < 500, path
            seen = window.evaluate(LOOK)
            if seen["broken"] or seen["links"] or seen["handlers"] or seen["pictures"]:
                wrong.append(f"{path}: {seen['broken']} {seen['links']} {seen['handlers']}")
            named = rule.endpoint not in NAMELESS if rule else path in of_property
            if (
                named
                and answer.status == 200
                and "onerror=alert(1)" not in seen["words"]
                and "alert(2)" not in seen["words"]
            ):
                wrong.append(f"{path} does not show it as text")
            if "49" in seen["words"] and "'><img src=x onerror=alert(1)>49" in seen["words"]:
                wrong.append(f"{path} reckons")
    assert not wrong, "\n".join(wrong)


@pytest.mark.browser
def test_the_designer_shows_what_it_edits_as_text(window: Page, company: Stage) -> None:
    """Scripts build these pages from data: every part of the form is opened once."""
    wrong: list[str] = []
    for path in ("/configure/forms/sheet/", "/configure/forms/sheet/workflow", "/configure/calendars/odd"):
        window.goto(path)
        window.evaluate("""() => {
          for (const one of document.querySelectorAll('details:not([open])')) one.open = true;
          const parts = 'main li[tabindex], main [role=tab], main [role=option]';
          for (const one of document.querySelectorAll(parts)) one.click();
        }""")
        window.evaluate(DRAWN)
        seen = window.evaluate(LOOK)
        if seen["broken"] or seen["links"] or seen["handlers"] or seen["pictures"]:
            wrong.append(f"{path}: {seen}")
    assert not wrong, "\n".join(wrong)


def test_a_mail_holds_what_was_named_as_text(company: Stage) -> None:
    told = {
        "kind": "mention", "title": EVIL, "text": LONG, "url": "javascript:alert(1)", "level": "info",
        "late": False, "by_name": EVIL,
        "form": "sheet", "record": company.record["_id"],
    }  # fmt: skip
    company.admin.update(email="admin@example.com")
    channel = Channel.objects.get(key="mail")
    told_to = {"_id": channel.id, "kind": "email"}
    delivery = deliveries.new("two", told_to, told, company.record["created_at"], person=company.admin.id)
    message = carrying.compose(channel, delivery)
    assert isinstance(message, Outgoing)
    built = mail.build(channel, message)
    body = built.get_body(("html",))
    for part in (built.get_body(("plain",)), body):
        text = part.get_content() if part is not None else ""
        assert 'javascript:alert(1)"' not in text
        assert "49" not in re.sub(r"[0-9a-f]{16,}", "", text)  # ids may hold any digits
    if body is not None:
        assert "<img" not in body.get_content()
        assert "<script" not in body.get_content()
    assert EVIL in str(built["Subject"])


def test_a_workbook_holds_what_was_named_as_text(company: Stage) -> None:
    job = jobs.enqueue("export", company.admin, {"query": ListQuery().dump()}, form="sheet")
    run_job(str(job.id))
    content = files.open_file(jobs.of_owner(company.admin)[0].file).read()
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert EVIL in {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    with ZipFile(io.BytesIO(content)) as parts:
        assert not [name for name in parts.namelist() if "externalLink" in name or "vba" in name]


def test_a_link_is_only_ever_a_link_to_the_web(client: FlaskClient, company: Stage) -> None:
    sign_in(client, company.admin)
    headers = {"X-CSRFToken": csrf_token(client)}
    path = f"/records/sheet/{company.record['_id']}/cell"
    revision = company.record["revision"]
    tried = (
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
        "\x01javascript:alert(1)", "data:text/html,<script>", "vbscript:x", "https:javascript:alert(1)",
        "//evil.example", 'http://a"onmouseover=alert(1)', "https://x.example/\r\nSet-Cookie: a=b",
    )  # fmt: skip
    with unchanged():
        for link in tried:
            body = {"data": {"site": link}, "revision": revision}
            sent = {"field": "site", "value": link, "revision": revision}
            assert client.post(path, json=sent, headers=headers).status_code in {400, 422}, body


def test_the_form_itself_takes_such_names(company: Stage) -> None:
    live: LiveForm = company.live
    assert live.definition.label.en == EVIL
    assert live.definition.description.en == LONG
