"""The screens of channels, templates, deliveries and a person's own choice."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from pymongo.database import Database
from werkzeug.test import TestResponse

from models import deliveries, notifications, outbox
from models.channels import Channel
from models.channels.outcomes import Outcome
from models.channels.surroundings import Surroundings, set_surroundings, surroundings
from models.database import Document
from models.deliveries import preferences
from models.messages import _
from models.people import Permission, User
from tests import factories
from tests.pages import assert_safe, open_page, submit
from tests.tasks.receivers import SECRET, Receivers
from tests.web import csrf_token, sign_in

CHANNELS = "/configure/channels"
ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=very-secret-1f3d"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def admin(client: FlaskClient) -> User:
    return sign_in(client, factories.administrator())


def post(client: FlaskClient, path: str, **values: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client), **values})


def robot(**fields: Any) -> Channel:
    values = {"key": "group", "name": "Group", "kind": "wecom", "address": ADDRESS}
    return Channel(**{**values, **fields}).save()


def message(person: User, **fields: Any) -> Document:
    """Tell something and return its only delivery."""
    told: dict[str, Any] = {"key": "k", "kind": "task", "title": "QF-1", "text": "Act", **fields}
    outbox.put(notifications.tell([person.id], **told))
    outbox.carry_out_due()
    return deliveries.page({})[0]


def given_up(person: User, **fields: Any) -> Document:
    found = message(person, **fields)
    claimed = deliveries.claim(found["channel"])
    assert claimed
    deliveries.record(claimed, Outcome("never", _("The mail server refused the recipient."), SCRIPT))
    return deliveries.get(found["_id"])


@pytest.mark.usefixtures("db")
def test_the_screens_open_to_their_permission_alone(client: FlaskClient) -> None:
    role = factories.role("messenger", permissions=[Permission.CONFIGURE_CHANNELS.value])
    sign_in(client, factories.user("messenger", role))
    for path in ("/", "/new", "/templates/", "/templates/task.zh", "/log/"):
        assert client.get(CHANNELS + path).status_code == 200
    assert "/configure/channels/" in client.get("/").text
    sign_in(client, factories.form_maker())
    for path in ("/", "/new", "/templates/", "/log/"):
        assert client.get(CHANNELS + path).status_code == 403


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("kind", ["email", "wecom", "dingtalk", "feishu", "webhook", "nonsense"])
def test_the_page_of_a_new_channel_is_complete_and_safe(client: FlaskClient, kind: str) -> None:
    page = open_page(client, f"{CHANNELS}/new?kind={kind}")
    assert_safe(page)
    assert not [one for one in page.all("input", name="secret") if one.attributes.get("value")]


@pytest.mark.usefixtures("admin")
def test_a_mail_channel_is_made_and_its_password_never_shown(client: FlaskClient) -> None:
    path = f"{CHANNELS}/new?kind=email"
    form = open_page(client, path).one("form", data_guard="")
    values = {"name": "Mail", "key": "mail", "host": "smtp.example.com", "sender": "a@example.com"}
    made = submit(client, form, path, **values, user="u", secret="hush-hush")  # noqa: S106  (of the test)
    assert made.status_code == 302
    channel = Channel.objects.get(key="mail")
    assert (channel.secret, channel.port, channel.security) == ("hush-hush", 587, "starttls")
    page = client.get(f"{CHANNELS}/{channel.id}")
    assert "hush-hush" not in page.text
    again = submit(
        client,
        open_page(client, f"{CHANNELS}/{channel.id}").one("form", data_guard=""),
        f"{CHANNELS}/{channel.id}",
    )
    assert again.status_code == 302
    assert Channel.objects.get(key="mail").secret == "hush-hush"  # noqa: S105  (of the test)


@pytest.mark.usefixtures("admin")
def test_a_wrong_channel_is_explained_beside_the_field(client: FlaskClient) -> None:
    values = {
        "name": SCRIPT,
        "key": "Bad key",
        "address": "https://evil.example.com/",
        "level": "x",
        "active": "1",
    }
    page = post(client, f"{CHANNELS}/new?kind=wecom", **values)
    assert page.status_code == 200
    assert 'class="error-summary"' in page.text
    assert "Messages go to qyapi.weixin.qq.com" in page.text
    assert SCRIPT not in page.text
    assert Channel.objects.count() == 0


@pytest.mark.usefixtures("admin")
def test_an_address_of_a_robot_is_never_shown_and_kept_when_left_empty(client: FlaskClient) -> None:
    channel = robot()
    path = f"{CHANNELS}/{channel.id}"
    assert "very-secret" not in client.get(path).text + client.get(f"{CHANNELS}/").text
    form = open_page(client, path).one("form", data_guard="")
    assert submit(client, form, path, name="Renamed").status_code == 302
    stored = Channel.objects.get(key="group")
    assert (stored.name, stored.address) == ("Renamed", ADDRESS)


@pytest.mark.usefixtures("admin")
def test_who_saves_a_channel_second_is_told(client: FlaskClient) -> None:
    channel = robot()
    path = f"{CHANNELS}/{channel.id}"
    form = open_page(client, path).one("form", data_guard="")
    channel.update(name="Theirs")
    assert "Someone else changed this" in submit(client, form, path, name="Mine").text
    assert Channel.objects.get(key="group").name == "Theirs"


def test_a_test_message_shows_the_answer(client: FlaskClient, admin: User) -> None:
    before, world = surroundings(), Receivers()
    try:
        set_surroundings(Surroundings(allowed_hosts=(world.host,)))
        channel = robot(kind="feishu", address=world.address("/feishu/test"), secret=SECRET)
        page = post(client, f"{CHANNELS}/{channel.id}/test")
        assert "The test message was taken." in page.text
        assert [one["signed"] for one in world.received("/feishu/test")] == [True]
        world.behave("/feishu/test", "502")
        page = post(client, f"{CHANNELS}/{channel.id}/test")
        assert "The server answered with error 502." in page.text
        assert "as ordered" in page.text
        mail = robot(key="mail", kind="email", host="127.0.0.1", port=world.smtp_port, security="none")
        mail.update(sender="office@example.com")
        assert (
            post(client, f"{CHANNELS}/{mail.id}/test").status_code == 302
        )  # the administrator has no address
        admin.update(email="admin@example.com")
        assert "The test message was taken." in post(client, f"{CHANNELS}/{mail.id}/test").text
        assert world.mails()[-1]["X-RcptTo"] == "admin@example.com"
    finally:
        set_surroundings(before)
        world.stop()


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("body", "said"),
    [("{{''.__class__}}", "__class__"), ("{{ 'a' * 10**9 }}", "Calculations"), ("{{ titel }}", "titel")],
)
def test_a_template_that_does_more_is_refused_beside_the_field(
    client: FlaskClient, db: Database[Document], body: str, said: str
) -> None:
    for action in ({}, {"preview": "1"}):
        page = post(client, f"{CHANNELS}/templates/task.en", subject="S", body=body, **action)
        assert page.status_code == 200
        assert said in page.text
        assert 'aria-describedby="error-body"' in page.text
    assert db.notice_templates.count_documents({}) == 0


@pytest.mark.usefixtures("admin")
def test_a_template_is_previewed_saved_and_given_up(client: FlaskClient, db: Database[Document]) -> None:
    path = f"{CHANNELS}/templates/deadline.en"
    page = post(client, path, subject="Hurry: {{ title }}", body=f"{SCRIPT}{{{{ text }}}}", preview="1")
    assert "Hurry: QF-202611-0042" in page.text
    assert SCRIPT not in page.text
    assert db.notice_templates.count_documents({}) == 0
    assert post(client, path, subject="Hurry: {{ title }}", body="{{ text }}").status_code == 302
    assert "Hurry: QF-202611-0042" in client.get(f"{CHANNELS}/templates/").text
    post(client, f"{path}/reset")
    assert db.notice_templates.count_documents({}) == 0


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("name", ["task", "task.de", "nothing.en", ".en", "task.en.x", "%00"])
def test_a_template_that_does_not_exist_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"{CHANNELS}/templates/{name}").status_code == 404


def test_the_log_is_filtered_and_tells_why(client: FlaskClient, admin: User) -> None:
    channel = robot()
    found = given_up(admin, title=SCRIPT)
    for query in ("", "?state=dead", f"?channel={channel.id}", "?state=nonsense&channel=x&before=x"):
        page = open_page(client, f"{CHANNELS}/log/{query}")
        assert_safe(page)
        assert page.all("a", href=f"{CHANNELS}/log/{found['_id']}")
    assert not open_page(client, f"{CHANNELS}/log/?state=sent").all(
        "a", href=f"{CHANNELS}/log/{found['_id']}"
    )
    text = client.get(f"{CHANNELS}/log/{found['_id']}").text
    assert "refused the recipient" in text
    assert SCRIPT not in text


def test_the_log_goes_on_page_by_page(client: FlaskClient, admin: User) -> None:
    robot()
    for number in range(55):
        message(admin, key=f"k{number}", title=f"QF-{number:03}")
    first = client.get(f"{CHANNELS}/log/").text
    assert "QF-054" in first
    assert "QF-004" not in first
    older = next(
        one.attributes["href"]
        for one in open_page(client, f"{CHANNELS}/log/").all("a")
        if "before=" in one.attributes.get("href", "")
    )
    assert "QF-004" in client.get(older).text


def test_what_was_given_up_is_sent_again_from_the_screen(
    client: FlaskClient, admin: User, db: Database[Document]
) -> None:
    robot()
    found = given_up(admin)
    path = f"{CHANNELS}/log/{found['_id']}"
    form = open_page(client, path).one("form", action=f"{path}/retry")
    submit(client, form, path)
    again = deliveries.get(found["_id"])
    assert (again["state"], again["tries"]) == ("queued", 0)
    assert "expires_at" not in again
    other = given_up(admin, key="other")
    claimed = deliveries.claim(found["channel"])
    assert claimed
    deliveries.record(claimed, Outcome("never", detail="x"))
    assert db.deliveries.count_documents({"state": "dead"}) == 2
    post(client, f"{CHANNELS}/log/retry", channel=str(other["channel"]))
    assert db.deliveries.count_documents({"state": "queued"}) == 2
    post(client, f"{CHANNELS}/log/retry")
    assert "nothing to try again" in client.get(f"{CHANNELS}/log/").text


def test_a_person_chooses_what_comes_by_mail(client: FlaskClient) -> None:
    reader = sign_in(client, factories.reader())
    path = "/account/notices"
    form = open_page(client, path).one("form", data_guard="")
    assert submit(client, form, path, mode_mention="never", quiet_from="20:15").status_code == 302
    kept = preferences.of_person(reader.id)
    assert (kept.mode("mention"), kept.quiet_from, kept.urgent_always) == ("never", "20:15", True)
    assert_safe(open_page(client, path))


def test_wrong_times_are_explained_and_nothing_is_kept(client: FlaskClient, db: Database[Document]) -> None:
    sign_in(client, factories.reader())
    path = "/account/notices"
    form = open_page(client, path).one("form", data_guard="")
    page = submit(client, form, path, quiet_from="25:99", digest_at="x" * 5000, mode_task="always")
    assert page.status_code == 200
    assert "Enter a time such as 08:00." in page.text
    assert db.notice_preferences.count_documents({}) == 0


def test_notices_of_every_kind_are_shown_with_their_words_and_page(client: FlaskClient) -> None:
    factories.form()
    reader = sign_in(client, factories.reader())
    words = {"zh": "逾期", "en": "It is overdue"}
    told: dict[str, Any] = {"kind": "deadline", "text": words, "url": "/reports/", "late": True}
    outbox.put(notifications.tell([reader.id], key="late", title={"zh": "月报", "en": "Report"}, **told))
    outbox.put(notifications.tell([reader.id], key="m", kind="mention", title="QF-1", by_name=SCRIPT))
    outbox.carry_out_due()
    for path in ("/inbox/notices", "/"):
        page = client.get(path).text
        assert "Report" in page
        assert 'href="/reports/"' in page
        assert "It is overdue" in page
        assert SCRIPT not in page
    assert "late</span>" in client.get("/inbox/notices").text
