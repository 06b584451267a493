"""Template syntax in everything that is filled in by a program: reckoned nowhere, shown as it was written."""

import re
from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient

from models import database, forms, notifications, outbox, records
from models.channels import Channel
from models.deliveries import carrying, templates
from models.errors import InvalidError
from tests import factories
from tests.factories import field
from tests.hostile.unchanged import unchanged
from tests.web import csrf_token, sign_in

pytestmark = pytest.mark.usefixtures("db")

ATTACKS = (
    "{{7*7}}", "{{7*'7'}}", "{{''.__class__}}", "{{''.__class__.__mro__[1].__subclasses__()}}",
    "{{ title.__init__.__globals__ }}", "{{ title['__class__'] }}", "{{ title|attr('__class__') }}",
    "{{ config }}", "{{ self }}", "{{ request }}", "{{ cycler.__init__ }}", "{{ lipsum.__globals__ }}",
    "{% for x in range(999999999) %}{% endfor %}", "{% import 'os' as os %}", "{% include '/etc/passwd' %}",
    "{% set x = 1 %}", "{% extends 'layout.html' %}", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{{ 'a' * 999999999 }}", "{{ title|format('%999999999d') }}", "{{ title|map('upper')|list }}",
    "{{ title.format(title) }}", "{{ '%s' % title }}", "{{ title ~ (title|replace('a', 'b')) }}",
    "{{ " + "(" * 500 + "title" + ")" * 500 + " }}", "{% if " + "not " * 2000 + "title %}x{% endif %}",
    "{{ title", "{% if title %}", "{{ title|center(99999999) }}", "{{ title|indent(99999999) }}",
    "{{ title|wordwrap(0) }}", "{{ title|tojson }}", "{{ title|pprint }}", "{{ 9**9**9**9 }}",
    "{{ range(9) }}", "{{ [].append(1) }}", "{{ {}|items }}",
    "{% block a %}{% endblock %}{% call a() %}{% endcall %}",
)  # fmt: skip
LITERAL = "{{7*7}} {% if 1 %}x{% endif %} {{''.__class__}} ${7*7} #{7*7} {name} {0.__class__} %(name)s %s {"
SEEN = LITERAL.strip()
PATTERNS = (
    "{{7*7}}{seq}", "{seq.__class__}", "{seq:99}", "{seq!r}", "{0}{seq}", "{yyyy.__class__}{seq}", "{seq",
    "%s",
    "{seq}{seq}", "{dept.__init__}{seq}", "{seq:>9}", "{}" * 20,
)  # fmt: skip

CHANCE = re.compile(r"[0-9a-f]{16,}|datetime\.datetime\([^)]*\)")


def test_a_template_that_wants_more_than_names_is_refused(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    with unchanged():
        for attack in ATTACKS:
            sent = {"subject": attack, "body": attack, "csrf_token": csrf_token(client)}
            answer = client.post("/configure/channels/templates/task.zh", data=sent)
            assert answer.status_code == 200, attack  # the page again, with what is wrong
            assert 'id="error-subject"' in answer.text, attack
            assert 'id="error-body"' in answer.text, attack
            assert "&lt;class" not in answer.text


def test_a_template_that_was_stored_otherwise_does_not_run() -> None:
    """A hand in the database, or a version that allowed more."""
    for attack in ATTACKS:
        stored = {"_id": "task.zh", "subject": attack, "body": attack}
        database.db().notice_templates.replace_one({"_id": "task.zh"}, stored, upsert=True)
        subject, body = templates.render("task", "zh", {"title": "T", "text": "X"})
        assert "49" not in subject + body
        assert "class" not in subject + body
        assert len(body) < 20_000


def test_what_fills_a_template_is_never_read_as_one() -> None:
    templates.save("task", "en", "{{ title }}", "{{ text }} {{ person }} {{ by }}")
    values = dict.fromkeys(("title", "text", "person", "by"), LITERAL)
    subject, body = templates.render("task", "en", values)
    assert subject == LITERAL
    assert body == " ".join([LITERAL] * 3)


def flow(text: str) -> dict[str, object]:
    mine = {"people": ["admin"]}
    words = {"zh": text, "en": text}
    return {
        "initial": "new",
        "states": [
            {"key": "new", "label": {"en": "New"}},
            {"key": "end", "label": {"en": "End"}, "category": "done", "task": words, "who": mine},
        ],
        "transitions": [
            {"key": "go", "label": {"en": "Go"}, "sources": ["new"], "to": "end",
             "effects": [{"do": "notify", "who": mine, "text": words},
                         {"do": "file", "department": "QA", "text": words}]}
        ],
    }  # fmt: skip


def texts_stored(*collections: str) -> Sequence[str]:
    return [str(one) for name in collections for one in database.db()[name].find()]


def said_of(text: str) -> str:
    """Return the beginning of what was said, without the ids and times that may hold any digits."""
    return CHANCE.sub("", text).split("'text'", 1)[-1][:200]


def test_texts_of_a_procedure_name_fields_and_nothing_else(client: FlaskClient) -> None:
    """`{field}` is filled in; `{field.__class__}` and Python's other formats are not."""
    wanted = "{name.__class__} {name!r:>99999999} {0} {} {name:99999999} {__class__} {{7*7}} {name}"
    admin = sign_in(client, factories.administrator())
    admin.update(email="a@example.com")
    try:
        live = factories.form(field("name"), workflow=flow(wanted))
    except InvalidError:
        live = factories.form(field("name"), key="second", workflow=flow("{{7*7}} {name}"))
    record = factories.record(live, admin, name=LITERAL)
    body = {"csrf_token": csrf_token(client), "_revision": "1"}
    assert client.post(f"/records/{live.key}/{record['_id']}/move/go", data=body).status_code == 302
    outbox.carry_out_due()
    told = texts_stored("notifications", "duties", "filings")
    assert told
    for text in told:
        assert "<class" not in text
        assert "49" not in said_of(text)
        assert len(text) < 10_000
    assert any(LITERAL.split(" ", 1)[0] in text for text in told)


def test_a_pattern_of_numbers_holds_only_its_own_parts(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    document = factories.form().definition.dump()
    headers = {"X-CSRFToken": csrf_token(client)}
    with unchanged():
        for pattern in PATTERNS:
            sent = {"definition": {**document, "numbering": pattern}}
            answer = client.post("/configure/forms/sheet/check", json=sent, headers=headers)
            assert answer.get_json()["problems"], pattern


def test_a_number_and_a_title_show_what_was_written(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    live = factories.form(field("name", searchable=True), numbering="7*7-{seq}", title_fields=["name"])
    record = factories.record(live, name=LITERAL)
    assert (record["number"], record["title"]) == ("7*7-1", SEEN)
    for page in ("", "/edit", "/print", "/history"):
        answer = client.get(f"/records/sheet/{record['_id']}{page}")
        assert "{{7*7}} {% if 1 %}x{% endif %}" in answer.text
        assert "&lt;class" not in answer.text


def test_a_mail_shows_what_was_written(client: FlaskClient) -> None:
    admin = factories.administrator()
    admin.update(email="a@example.com", name="{{7*7}}", language="en")
    sender = {"host": "127.0.0.1", "sender": "b@example.com"}
    channel = Channel(key="mail", name="{{7*7}}", kind="email", **sender).save()
    outbox.put(notifications.tell([admin.id], key="a", kind="mention", title=LITERAL, text=LITERAL))
    outbox.carry_out_due()
    [delivery] = database.db().deliveries.find()
    message = carrying.compose(channel, delivery)
    assert not isinstance(message, str)
    said = str(message)
    assert "{{7*7}} {% if 1 %}" in said
    assert "49" not in CHANCE.sub("", said).split("at=")[0]


def test_names_of_a_form_in_messages_are_not_formats(client: FlaskClient) -> None:
    """`%(name)s` in a label stands in a message that is itself filled in with percent signs."""
    sign_in(client, factories.administrator())
    words = "%(max)s %s %d %99999999d {max}"
    label = {"label": {"zh": words, "en": words}}
    live = factories.form({**field("name", required=True, max_length=3), **label}, label=label["label"])
    with pytest.raises(InvalidError):
        records.create(factories.actor(), live, {"name": "too long"})
    answer = client.post("/records/sheet/new", data={"csrf_token": csrf_token(client), "name": "too long"})
    assert answer.status_code == 422
    assert "%(max)s %s %d %99999999d {max}" in answer.text
    assert forms.current("sheet").records().count_documents({}) == 0
