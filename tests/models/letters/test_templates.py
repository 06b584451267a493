"""What the template of a letter may hold, where mistakes are told, and how a text looks on paper."""

from typing import Any

import pytest

from models import form_checks
from models.definition import Definition
from models.letters.layout import Block, blocks, table_text
from models.letters.names import fields_used, used_by
from models.messages import translate
from models.times import now
from tests.hostile.test_templates import ATTACKS
from tests.letter_forms import cases, customers, letter

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def definition(db: object) -> Definition:
    customers()
    return cases().definition


def problems(definition: Definition, **changes: Any) -> dict[str, list[str]]:
    changed = form_checks.load({**definition.dump(), "letters": [letter(**changes)]})
    found = form_checks.by_path(form_checks.problems(changed))
    return {path: [translate(one, "en") for one in messages] for path, messages in found.items()}


@pytest.mark.parametrize("attack", [one.replace("title", "name") for one in ATTACKS])
def test_a_template_that_wants_more_than_names_is_refused(definition: Definition, attack: str) -> None:
    found = problems(definition, subject={"en": attack[:240]}, body={"zh": attack})
    assert "letters.report.body.zh" in found


@pytest.mark.parametrize(
    "body",
    [
        "{% for row in parts %}{% for other in parts %}x{% endfor %}{% endfor %}",
        "{% for row in parts if row.qty %}x{% endfor %}",
        "{% for row in parts recursive %}x{% endfor %}",
        "{% for a, b in parts %}x{% endfor %}",
        "{% for row in name %}x{% endfor %}",
        "{% for row in parts %}{{ row }}{% endfor %}",
        "{% for row in parts %}{{ row.colour }}{% endfor %}",
        "{% for row in parts %}{{ row.part.name }}{% endfor %}",
        "{% for row in parts %}{{ row.place.town.x }}{% endfor %}",
        "{% for row in parts %}{{ loop.cycle }}{% endfor %}",
        "{% for row in parts %}{% endfor %}{{ row.part }}",
        "{{ loop.index }}",
        "{{ parts.count }}",
        "{{ name.upper }}",
        "{{ customer.name.x }}",
        "{{ customer.__class__ }}",
        "{{ customer.__init__ }}",
        "{{ gone }}",
        "{{ name|truncate('x') }}",
    ],
)
def test_what_a_letter_cannot_say_is_refused(definition: Definition, body: str) -> None:
    assert set(problems(definition, body={"en": body})) == {"letters.report.body.en"}


@pytest.mark.parametrize(
    "body",
    [
        "{{ name }} {{ customer }} {{ customer.street|upper }} {{ number }} {{ company }} {{ today }}",
        "{% if found == '5' and not remedy %}{{ found }}{% elif parts %}{{ parts|length }}{% endif %}",
        "{% for row in parts %}{{ loop.index }}{{ row.part }}{{ row.place.name }}{% else %}none{% endfor %}",
        "{{ remedy|default('nothing')|truncate(20) }}",
    ],
)
def test_what_a_letter_can_say_is_not(definition: Definition, body: str) -> None:
    assert problems(definition, body={"en": body}) == {}


def test_a_letter_that_does_not_fit_its_form_is_told_where(definition: Definition) -> None:
    found = problems(
        definition,
        label={},
        recipient="gone",
        address="name.street",
        numbering="L",
        written_on="name",
        states=["open"],
        body={},
    )
    assert set(found) == {
        f"letters.report.{name}"
        for name in ("label", "recipient", "address", "numbering", "written_on", "states", "body")
    }
    twice = form_checks.load({**definition.dump(), "letters": [letter(), letter()]})
    assert "letters.report.key" in form_checks.by_path(form_checks.problems(twice))


def test_a_letter_knows_the_fields_it_tells(definition: Definition) -> None:
    found = definition.by_letter["report"]
    assert {"customer.street", "parts.part", "parts.place.town", "writer"} <= used_by(found)
    assert fields_used(found, definition) == ["customer", "found", "name", "parts", "remedy"]


def test_lines_between_bars_are_a_table() -> None:
    text = table_text([["Part", "Remark"], ["Cover", "a | b\nc"]])
    assert text == "| Part | Remark |\n| Cover | a \\| b c |"
    assert blocks(f"Dear all,\r\nsee below.\n\n\n{text}\n|---|\n|only|\nYours") == [
        Block(lines=("Dear all,", "see below.")),
        Block(rows=(("Part", "Remark"), ("Cover", "a | b c"), ("only", ""))),
        Block(lines=("Yours",)),
    ]
    assert blocks("") == blocks("\n \n") == []


def test_a_text_full_of_bars_is_laid_out_at_once() -> None:
    started = now()
    blocks("|" * 20_000)
    blocks("\\|" * 10_000)
    assert (now() - started).total_seconds() < 1
