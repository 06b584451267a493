"""Templates fill in names, and can do nothing else."""

import time

import pytest
from pymongo.database import Database

from models.database import Document
from models.deliveries import templates
from models.deliveries.defaults import BODIES, SUBJECTS
from models.errors import InvalidError
from models.messages import LANGUAGES

pytestmark = pytest.mark.usefixtures("db")


def refusal(source: str) -> str:
    with pytest.raises(InvalidError) as refused:
        templates.check("Subject", source)
    assert set(refused.value.errors) == {"body"}
    return str(refused.value.errors["body"][0])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{''.__class__}}", "__class__"),
        ("{{ title.__class__.__mro__ }}", "mro"),
        ("{{ title['__class__'] }}", "Brackets"),
        ("{{ title|attr('__class__') }}", "attr"),
        ("{{ self }}", "self"),
        ("{{ config }}", "config"),
        ("{{ cycler }}", "cycler"),
        ("{{ lipsum() }}", "Functions"),
        ("{{ range(10**9) }}", "Functions"),
        ("{% for x in title %}{{ x }}{% endfor %}", "Repetitions"),
        ("{{ 'a' * 10**9 }}", "Calculations"),
        ("{{ 10 ** 10 ** 10 }}", "Calculations"),
        ("{{ '%1000000000d' % 1 }}", "Calculations"),
        ("{{ title|center(1000000000) }}", "center"),
        ("{{ title|format(1) }}", "format"),
        ("{{ title|replace('', title) }}", "replace"),
        ("{{ title|safe }}", "safe"),
        ("{% set x = title %}{{ x }}", ""),
        ("{% include 'layout.html' %}", ""),
        ("{% import 'macros/ui.html' as ui %}", ""),
        ("{% extends 'layout.html' %}", ""),
        ("{% macro m() %}{% endmacro %}", ""),
        ("{% block b %}{% endblock %}", ""),
        ("{% filter upper %}x{% endfilter %}", ""),
        ("{{ [1, 2] }}", ""),
        ("{{ {} }}", ""),
        ("{{ titel }}", "titel"),
        ("{{ title", "template"),
        ("{% if title %}", "template"),
        ("{% nothing %}", "template"),
        ("{{ " + "(" * 2000 + "title" + ")" * 2000 + " }}", ""),
        ("{{ " + "not " * 1200 + "title }}", ""),
        ("{{ " + "9" * 4900 + " }}", ""),
        ("{% if title %}" * 150 + "{% endif %}" * 150, ""),
        ("x" * 5001, "5000"),
        ("   ", "needed"),
    ],
)
def test_a_template_that_does_more_is_refused_beside_its_field(source: str, said: str) -> None:
    before = time.monotonic()
    assert said in refusal(source)
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    ("source", "filled"),
    [
        ("{{ title }}", "QF-1"),
        ("{{ title|lower }} {{ text|truncate(4) }}", "qf-1 P..."),
        ("{% if due %}Due {{ due }}{% else %}No hurry{% endif %}", "No hurry"),
        ("{{ by|default('?', true) }}", "?"),
        ("{{ 'a' if level == 'urgent' and not late else 'b' }}", "a"),
        ("{{ title ~ '!' }}", "QF-1!"),
        ("100 % { title } {# hidden #}", "100 % { title }"),
    ],
)
def test_names_and_conditions_are_filled_in(source: str, filled: str) -> None:
    templates.check("Subject", source)
    values = {"title": "QF-1", "text": "Please act", "level": "urgent"}
    assert templates.fill("S", source, values)[1] == filled


def test_values_are_never_read_as_templates() -> None:
    hostile = "{{ ''.__class__ }}{% for x in range(9) %}"
    assert templates.fill("{{ title }}", "{{ text }}", {"title": hostile, "text": hostile}) == (
        hostile,
        hostile,
    )


def test_what_comes_out_is_bounded_and_the_subject_is_one_line() -> None:
    values = {"title": "a\r\nBcc: x" * 500, "text": "x" * 2000}
    subject, body = templates.fill("{{ title }}", "{{ text }}" * 400, values)
    assert len(subject) <= templates.MAX_SUBJECT
    assert "\n" not in subject
    assert len(body) <= templates.MAX_OUTPUT


def test_every_default_is_a_template_in_both_languages() -> None:
    for language in LANGUAGES:
        for kind in templates.TEMPLATE_KINDS:
            subject, body, own = templates.texts(kind, language)
            templates.check(subject, body)
            assert not own
            made = templates.fill(subject, body, templates.SAMPLES[language])
            assert templates.SAMPLES[language]["title"] in made[0]
    assert SUBJECTS["zh"].keys() == SUBJECTS["en"].keys()
    assert BODIES["zh"].keys() == BODIES["en"].keys()


def test_an_administrators_text_is_used_until_it_is_given_up() -> None:
    templates.save("deadline", "zh", "期限 {{ title }}", "{{ text }}")
    assert templates.render("deadline.breach", "zh", {"title": "QF-1"})[0] == "期限 QF-1"
    assert templates.render("deadline", "en", {"title": "QF-1"})[0] == "Deadline: QF-1"
    templates.reset("deadline", "zh")
    assert templates.render("deadline", "zh", {"title": "QF-1"})[0] == "期限提醒：QF-1"


def test_a_stored_template_that_became_wrong_gives_way_to_ours(db: Database[Document]) -> None:
    db.notice_templates.insert_one({"_id": "task.en", "subject": "{{ x.y }}", "body": "{{ 1/0 }}"})
    assert templates.render("task", "en", {"title": "QF-1", "text": "Act"})[0] == "QF-1"
