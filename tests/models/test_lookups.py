"""Names behind ids, and ids behind names."""

from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import lookups, records
from models.disclosure import MASKED
from models.lookups import UNKNOWN, Lookup, References
from models.people import Name
from tests import every_type, factories

Store = Database[dict[str, Any]]

pytestmark = pytest.mark.usefixtures("db")


def test_names_come_in_the_language_of_the_reader() -> None:
    quality = factories.department()
    only = factories.department("X", "", "Only English")
    assert [Lookup(language).department(quality.id) for language in ("zh", "en")] == ["品保部", "Quality"]
    assert Lookup("zh").department(only.id) == "Only English"
    assert Lookup("en").person(factories.reader().id) == "读者"


def test_what_is_not_there_has_a_name_too() -> None:
    lookup = Lookup()
    assert lookup.person(None) == ""
    for ask in (lookup.person, lookup.department):
        assert ask(ObjectId()) == UNKNOWN
    assert lookup.record("customer", ObjectId()) == lookup.record("never", ObjectId()) == UNKNOWN
    nameless = factories.department("N")
    nameless.update(set__name=Name())
    assert lookup.department(nameless.id) == UNKNOWN


def test_a_record_is_called_by_its_title_in_the_bin_too() -> None:
    live = factories.form(key="customer")
    made = factories.record(live, name="上海电子")
    records.delete(factories.actor(), live, made["_id"], revision=1, reason="x")
    assert Lookup().record("customer", made["_id"]) == "上海电子"


def test_a_page_of_names_takes_one_question_for_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    live, person = every_type.form(), factories.editor()
    made = every_type.record(live, person)
    asked: list[str] = []
    fetch = Lookup._fetch

    def counted(self: Lookup, collection: str, ids: set[ObjectId]) -> None:
        asked.append(collection)
        fetch(self, collection, ids)

    monkeypatch.setattr(Lookup, "_fetch", counted)
    lookup = Lookup()
    lookup.prime(live.definition, [made] * 50)
    assert sorted(asked) == ["departments", "record_customer", "users"]
    data = made["data"]
    assert lookup.person(data["who"]) == lookup.person(data["signed"]["by"]) == "编辑"
    assert lookup.record("customer", data["others"][1]) == "Nordwind"
    assert lookup.department(data["items"][0]["dept"]) == "品保部"
    assert sorted(asked) == ["departments", "record_customer", "users"]


def test_only_asked_for_columns_are_primed() -> None:
    live, person = every_type.form(), factories.editor()
    made = every_type.record(live, person)
    lookup = Lookup()
    lookup.prime(live.definition, [made], ["t", "nope"])
    assert not [kind for kind, _id in lookup._names if kind == "record_customer"]


def test_masked_tables_and_signatures_name_nobody() -> None:
    """A text stands for each of them."""
    columns = [factories.field("who", "person")]
    live = factories.form(
        factories.field("rows", "table", fields=columns), factories.field("sign", "signature")
    )
    hidden = {"data": {"rows": MASKED, "sign": MASKED}}
    Lookup().prime(live.definition, [hidden, {"data": {"rows": [{"who": factories.reader().id}]}}])


def test_people_are_found_by_user_name_or_a_name_only_they_have() -> None:
    reader = factories.reader()
    twins = [factories.user(f"twin{number}", name="王伟") for number in range(2)]
    references = References()
    assert references.find_person(" READER ") == references.find_person("读者") == reader.id
    assert references.find_person("twin1") == twins[1].id
    assert references.find_person("王伟") is None


def test_somebody_who_left_cannot_be_chosen() -> None:
    gone = factories.user("gone", active=False)
    retired = factories.department("OLD", "旧", "Old", retired=True)
    assert not References().person_exists(gone.id)
    assert not References().department_exists(retired.id)
    assert References().person_exists(factories.reader().id)
    assert References().department_exists(factories.department().id)


def test_departments_are_found_by_code_or_name_in_either_language() -> None:
    quality = factories.department()
    references = References()
    for text in ("QA", "品保部", " Quality "):
        assert references.find_department(text) == quality.id
    assert references.find_department("nope") is None


def test_records_are_found_by_number_or_a_title_only_they_have() -> None:
    live = factories.form(numbering="C{seq}")
    first, second, third = (factories.record(live, name=name) for name in ("上海", "same", "same"))
    references = References()
    assert references.find_record("sheet", "C1") == references.find_record("sheet", "上海") == first["_id"]
    assert references.find_record("sheet", "same") is None
    assert references.find_record("sheet", "C3") == third["_id"]
    records.delete(factories.actor(), live, second["_id"], revision=1, reason="x")
    assert References().find_record("sheet", "same") == third["_id"]
    assert not References().record_exists("sheet", second["_id"])


@pytest.mark.parametrize("text", ["", " ", "\ud800", "a\0b", "x" * 100_000, "{'$gt': ''}", "$where"])
def test_hostile_texts_find_nothing(text: str) -> None:
    references = References()
    assert references.find_person(text) is None
    assert references.find_department(text) is None
    assert references.find_record("sheet", text) is None


def test_what_was_asked_once_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    references, reader = References(), factories.reader()
    assert references.find_person("reader") == reader.id
    assert references.find_department("nope") is None
    monkeypatch.setattr(lookups, "db", None)
    assert references.find_person("reader") == reader.id
    assert references.find_department("nope") is None


def test_an_upload_is_described() -> None:
    kept = every_type.upload(factories.reader().id)
    info = References().file_info(kept)
    assert info
    assert (info["name"], info["type"], info["owner"]) == ("照片.png", "image/png", factories.reader().id)
    assert References().file_info(ObjectId()) is None
