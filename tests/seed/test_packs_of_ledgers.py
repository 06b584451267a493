"""Ledgers, slips and letters travel with their pack, whole; a pack whose slip lends nothing is refused."""

from pathlib import Path

import pytest
import yaml
from pymongo.database import Database

from models import forms
from models.database import Document
from models.definition import Definition
from models.letter_parts import Letter
from models.people import Actor
from seed import packs
from seed.contents import Pack, problems
from seed.exporting import export
from tests import factories
from tests.factories import field
from tests.ledger_forms import ledger_form, slip_form

ACTOR = Actor.system()


@pytest.fixture
def lending(db: Database[Document]) -> list[Definition]:
    """The forms of a small company, which a pack is made of."""
    factories.form(field("name"), field("street"), key="client")
    things, slips = ledger_form(), slip_form()
    letter = Letter.model_validate(
        {
            "key": "reminder",
            "label": {"en": "Reminder"},
            "subject": {"en": "{{ purpose }}"},
            "body": {"en": "{{ borrower }}\n{% for row in items %}{{ row.item.place }}{% endfor %}"},
        }
    )
    return [
        forms.current("client").definition,
        things.definition,
        slips.definition.model_copy(update={"letters": (letter,)}),
    ]


def pack_of(definitions: list[Definition]) -> Pack:
    names = {"zh": "借用", "en": "Lending"}
    return Pack.model_validate(
        {"name": "lending", "version": 1, "label": names, "forms": [one.dump() for one in definitions]}
    )


def empty(db: Database[Document]) -> None:
    for name in db.list_collection_names():
        if not name.startswith("system."):
            db[name].delete_many({})
    forms.forget_versions()


@pytest.mark.parametrize("suffix", [".zip", ".yaml"])
def test_what_lends_travels_to_another_installation(
    db: Database[Document], lending: list[Definition], tmp_path: Path, suffix: str
) -> None:
    first = tmp_path / "first.yaml"
    first.write_text(yaml_of(pack_of(lending)), encoding="utf-8")
    empty(db)
    packs.install(first, ACTOR)
    file = tmp_path / f"lending{suffix}"
    export("lending", file)
    assert packs.check(file) == []
    empty(db)
    packs.install(file, ACTOR)
    assert [forms.current(one.key).definition for one in lending] == lending


def test_a_pack_whose_parts_name_what_is_not_there_is_refused(lending: list[Definition]) -> None:
    client, things, slips = lending
    wrong = slips.letters[0].model_copy(update={"address": "borrower"})
    body = wrong.body.model_copy(update={"en": "{% for row in items %}{{ row.item.gone }}{% endfor %}"})
    broken = slips.model_copy(update={"letters": (wrong.model_copy(update={"body": body}),)})
    found = {one.path for one in problems(pack_of([client, things, broken]))}
    assert found == {"slip.letters.reminder"}
    found = {one.path for one in problems(pack_of([client, slips]))}
    assert "slip.slip.ledger" in found


def yaml_of(pack: Pack) -> str:
    text: str = yaml.safe_dump(pack.dump(), allow_unicode=True)
    return text
