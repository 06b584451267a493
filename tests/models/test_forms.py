"""Forms and their versions: published, rolled back, guarded, seen by every process at once."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from models import form_checks, form_indexes, forms, records
from models.database import Document
from models.definition import MAX_FIELDS
from models.errors import ConflictError, DomainError, InUseError, InvalidError, NotFoundError
from models.forms import LiveForm
from tests import factories
from tests.factories import field

Store = Database[dict[str, Any]]
A, B, C = ({"key": key, "label": {"zh": key}} for key in "abc")


def draft(live: LiveForm, **changes: object) -> int:
    """Save a draft with some properties changed and return its revision."""
    stored = forms.get(live.key)
    document = {**forms.draft_of(stored).dump(), **changes}
    saved = forms.save_draft(factories.actor(), live.key, document, draft_revision=stored.draft_revision)
    return int(saved.draft_revision)


def refused(live: LiveForm, **changes: object) -> set[str]:
    """Return where publishing with some properties changed is refused."""
    revision = draft(live, **changes)
    with pytest.raises(InvalidError) as error:
        forms.publish(factories.actor(), live.key, draft_revision=revision)
    forms.discard_draft(live.key, draft_revision=revision)
    return set(error.value.errors)


pytestmark = pytest.mark.usefixtures("db")


def test_a_form_is_drafted_published_and_in_force() -> None:
    made = forms.create(factories.actor(), {"key": "sheet", "label": {"zh": "单"}, "fields": [field("a")]})
    assert (made.version, made.has_draft, made.draft_revision) == (0, True, 1)
    with pytest.raises(NotFoundError):
        forms.current("sheet")
    live = forms.publish(factories.actor(), "sheet", draft_revision=1, note="first")
    assert forms.current("sheet") == live
    assert live.version == 1
    stored = forms.get("sheet")
    assert (stored.has_draft, stored.draft_revision, stored.version) == (False, 2, 1)
    [version] = forms.versions("sheet")
    assert (version.note, version.published_by) == ("first", "管理员")


def test_the_key_of_a_form_is_taken_once() -> None:
    document = {"key": "sheet", "label": {"zh": "单"}}
    with ThreadPoolExecutor(5) as pool:
        tries = [pool.submit(forms.create, factories.actor(), document) for _turn in range(5)]
    assert sum(one.exception() is None for one in tries) == 1
    assert all(isinstance(one.exception(), InvalidError | None) for one in tries)


def test_of_two_who_edit_a_draft_the_second_is_told() -> None:
    live = factories.form()
    revision = draft(live, icon="box")
    with pytest.raises(ConflictError) as conflict:
        forms.save_draft(factories.actor(), live.key, live.definition.dump(), draft_revision=revision - 1)
    assert conflict.value.current.draft_revision == revision
    with pytest.raises(ConflictError):
        forms.publish(factories.actor(), live.key, draft_revision=revision - 1)
    with pytest.raises(ConflictError):
        forms.discard_draft(live.key, draft_revision=revision - 1)
    forms.discard_draft(live.key, draft_revision=revision)
    assert forms.draft_of(forms.get(live.key)) == live.definition


def test_of_many_publishers_at_once_one_wins_and_the_indexes_are_its() -> None:
    live = factories.form()
    for turn in range(3):
        fields = [*live.definition.dump()["fields"], field(f"x{turn}", indexed=True, unique=True)]
        revision = draft(live, fields=fields)
        with ThreadPoolExecutor(6) as pool:
            tries = [
                pool.submit(forms.publish, factories.actor(), live.key, draft_revision=revision)
                for _turn in range(6)
            ]
        assert sum(one.exception() is None for one in tries) == 1
        assert all(isinstance(one.exception(), ConflictError | None) for one in tries)
        assert f"unique_x{turn}" in live.records().index_information()
        assert f"unique_x{turn - 1}" not in live.records().index_information()
    assert forms.current(live.key).version == 4


def test_forty_publishes_under_reading_never_show_an_older_version_again() -> None:
    live = factories.form()
    over, seen = threading.Event(), list[list[int]]()

    def read() -> None:
        versions = []
        while not over.is_set():
            found = forms.current(live.key)
            assert found.definition.icon == ("file-text" if found.version == 1 else f"i{found.version}")
            versions.append(found.version)
        seen.append(versions)

    readers = [threading.Thread(target=read) for _reader in range(4)]
    for reader in readers:
        reader.start()
    for version in range(2, 42):
        factories.republish(live, icon=f"i{version}")
        assert forms.current(live.key).version == version
    over.set()
    for reader in readers:
        reader.join()
    assert len(seen) == 4
    assert all(versions == sorted(versions) and len(set(versions)) > 2 for versions in seen)


def test_another_process_sees_a_new_version_at_once(mongodb_uri: str, db: Store) -> None:
    live = factories.form()
    code = (
        "import sys; from models import database, forms; database.connect(sys.argv[1], sys.argv[2])\n"
        "for line in sys.stdin: print(forms.current('sheet').definition.icon, flush=True)\n"
    )
    with subprocess.Popen(  # noqa: S603  (our own code)
        [sys.executable, "-c", code, mongodb_uri, db.name],
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin
        assert other.stdout
        for icon in ("box", "truck", "star"):
            factories.republish(live, icon=icon)
            other.stdin.write("?\n")
            other.stdin.flush()
            assert other.stdout.readline().strip() == icon
        other.stdin.close()


def test_rolling_back_publishes_the_earlier_version_anew() -> None:
    live = factories.form()
    factories.republish(live, icon="box")
    back = forms.roll_back(factories.actor(), live.key, 1)
    assert (back.version, back.definition.icon) == (3, "file-text")
    assert [version.version for version in forms.versions(live.key)] == [3, 2, 1]
    with pytest.raises(NotFoundError):
        forms.roll_back(factories.actor(), live.key, 99)
    assert not forms.get(live.key).has_draft


def test_rolling_back_keeps_later_options_as_retired_ones() -> None:
    columns = [field("part", "choice", options=[A])]
    live = factories.form(field("kind", "choice", options=[A, B]), field("items", "table", fields=columns))
    more = [field("part", "choice", options=[A, C])]
    newer = factories.republish(
        live, fields=[field("kind", "choice", options=[A, B, C]), field("items", "table", fields=more)]
    )
    record = factories.record(newer, kind="c", items=[{"part": "c"}])
    back = forms.roll_back(factories.actor(), live.key, 1).definition
    for one in (back.by_key["kind"], back.by_key["items"].columns["part"]):
        assert {option.key: option.retired for option in one.options}["c"] is True
        assert one.options_by_key["a"].retired is False
    changed = records.update(
        factories.actor(), forms.current(live.key), record["_id"], {"kind": "c"}, revision=1
    )
    assert changed["data"]["kind"] == "c"


def test_rolling_back_never_takes_a_draft_along() -> None:
    live = factories.form()
    factories.republish(live, icon="box")
    draft(live, icon="truck")
    with pytest.raises(DomainError):
        forms.roll_back(factories.actor(), live.key, 1)
    assert forms.draft_of(forms.get(live.key)).icon == "truck"


def test_rolling_back_to_what_breaks_a_guard_leaves_no_draft() -> None:
    live = factories.form(field("code", unique=True), field("name"))
    plain = factories.republish(live, fields=[field("code"), field("name")])
    for _turn in range(2):
        factories.record(plain, code="same")
    with pytest.raises(InvalidError) as error:
        forms.roll_back(factories.actor(), live.key, 1)
    assert list(error.value.errors) == ["fields.code.unique"]
    assert (forms.get(live.key).has_draft, forms.current(live.key).version) == (False, 2)
    assert "unique_code" not in live.records().index_information()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (field("x"), field("x", "integer")),
        (field("x", "reference", form="sheet"), field("x", "reference", form="sheet", many=True)),
        (field("x", "reference", form="sheet"), field("x", "reference", form="other")),
        (field("x", "computed", formula="1"), field("x", "computed", formula="1", result="text")),
    ],
)
def test_a_type_never_changes_even_after_the_field_was_gone(before: Document, after: Document) -> None:
    live = factories.form(field("name"), before)
    assert "fields.x.type" in refused(live, fields=[field("name"), after], list_columns=[])
    without = factories.republish(live, fields=[field("name")], list_columns=[])
    assert "fields.x.type" in refused(without, fields=[field("name"), after], list_columns=[])
    assert factories.republish(without, fields=[field("name"), before], list_columns=[]).version == 3


def test_the_type_of_a_column_never_changes() -> None:
    live = factories.form(field("name"), field("items", "table", fields=[field("n", "integer")]))
    assert refused(live, fields=[field("name"), field("items", "table", fields=[field("n")])]) == {
        "fields.items.n.type"
    }


def test_options_are_retired_never_deleted_even_after_the_field_was_gone() -> None:
    live = factories.form(field("name"), field("kind", "choice", options=[A, B]))
    fewer = [field("name"), field("kind", "choice", options=[A])]
    assert refused(live, fields=fewer) == {"fields.kind.options"}
    without = factories.republish(live, fields=[field("name")], list_columns=[])
    assert refused(without, fields=fewer) == {"fields.kind.options"}
    retired = [field("name"), field("kind", "choice", options=[A, {**B, "retired": True}])]
    assert factories.republish(without, fields=retired).version == 3


def test_options_of_a_column_are_never_deleted() -> None:
    live = factories.form(field("items", "table", fields=[field("k", "choice", options=[A, B])]))
    fewer = [field("items", "table", fields=[field("k", "choice", options=[B])])]
    assert refused(live, fields=fewer) == {"fields.items.k.options"}


@pytest.mark.parametrize(
    ("other", "named", "where"),
    [
        (field("b", visible_if={"field": "a", "op": "not_empty"}), {}, "fields.b.visible_if"),
        (
            field("b", required_if={"all": [{"field": "a", "op": "eq", "value": "x"}]}),
            {},
            "fields.b.required_if",
        ),
        (field("b", readonly_if={"not": {"field": "a", "op": "empty"}}), {}, "fields.b.readonly_if"),
        (field("b", "computed", formula="len(a)", result="integer"), {}, "fields.b.formula"),
        (field("b"), {"title_fields": ["a"]}, "title_fields"),
        (field("b"), {"list_columns": ["a", "b"]}, "list_columns"),
        (field("b"), {"inline_columns": ["a"]}, "inline_columns"),
        (field("b"), {"sort": {"field": "a"}}, "sort"),
        (field("b"), {"business_key": "a"}, "business_key"),
    ],
)
def test_a_field_that_something_refers_to_cannot_go(other: Document, named: Document, where: str) -> None:
    lists = {"title_fields": ["b"], "list_columns": ["b"], **named}
    live = factories.form(field("a"), other, **lists)
    assert refused(live, fields=[other], **lists) == {where}


@pytest.mark.parametrize(
    "fields",
    [
        [field("a", visible_if={"field": "a", "op": "empty"})],
        [
            field("a", visible_if={"field": "b", "op": "empty"}),
            field("b", visible_if={"field": "a", "op": "empty"}),
        ],
        [
            field("n", "integer", visible_if={"field": "twice", "op": "empty"}),
            field("twice", "computed", formula="n * 2", result="integer"),
        ],
        [field("part", "section", visible_if={"field": "a", "op": "empty"}), field("b"), field("a")],
    ],
)
def test_a_field_cannot_hide_itself_by_a_detour(fields: list[Document]) -> None:
    live = factories.form()
    assert any(
        path.endswith("visible_if") for path in refused(live, fields=fields, title_fields=[], list_columns=[])
    )


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"label": {}}, "label"),
        ({"fields": []}, "fields"),
        ({"fields": [field("part", "section")]}, "fields"),
        ({"fields": [field("a"), field("a")]}, "fields.a.key"),
        ({"fields": [field("number")]}, "fields.number.key"),
        ({"fields": [field("a", label={})]}, "fields.a.label"),
        ({"fields": [field("a", "table", fields=[field("x", "table", fields=[field("y")])])]},
         "fields.a.x.type"),
        ({"fields": [field("a", "table", fields=[field("x"), field("x")])]}, "fields.a.x.key"),
        ({"fields": [field("a", "table", fields=[field("x")], unique=True)]}, "fields.a.unique"),
        ({"fields": [field("a", "multi_choice", options=[A], unique=True)]}, "fields.a.unique"),
        ({"fields": [field("a", "section", indexed=True), field("b")]}, "fields.a.indexed"),
        ({"fields": [field(f"f{n}", unique=True, indexed=True) for n in range(14)]}, "fields"),
        ({"numbering": "{nope}"}, "numbering"),
        ({"fields": [field("a", "serial", serial_pattern="x")]}, "fields.a.serial_pattern"),
        ({"fields": [field("a", "computed", formula="b", result="text"),
                     field("b", "computed", formula="a", result="text")]},
         "fields.a.formula"),
    ],
)  # fmt: skip
def test_a_draft_that_makes_no_sense_is_kept_but_not_published(changes: Document, where: str) -> None:
    live = factories.form()
    assert where in refused(live, **{"title_fields": [], "list_columns": [], **changes})
    assert forms.current(live.key).version == 1


LONG = {"zh": "字" * 2000, "en": "字" * 2000}
DEEP: Document = {}
for _level in range(60):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": [{"key": "A", "type": "text"}]},
        {"fields": [{"key": "$where", "type": "text"}]},
        {"fields": [{"key": "a.b", "type": "text"}]},
        {"fields": [{"key": "a", "type": "nope"}]},
        {"fields": [{"key": "a" * 61, "type": "text"}]},
        {"fields": [{"key": "a", "type": "text", "default": 2**70}]},
        {"fields": [{"key": "a", "type": "text", "default": "\ud800"}]},
        {"fields": [{"key": "a", "type": "text", "default": {"$gt": ""}}]},
        {"fields": [{"key": "a", "type": "text", "visible_if": {"$where": "1"}}]},
        {"fields": [{"key": "a", "type": "text", "visible_if": {"a\0b": 1}}]},
        {"fields": [{"key": "a", "type": "text", "visible_if": DEEP}]},
        {"fields": [{"key": "a", "type": "text", "label": {"zh": "\ud800"}}]},
        {"fields": [{"key": "a", "type": "text", "nope": 1}]},
        {"fields": [field(f"f{number}") for number in range(MAX_FIELDS + 1)]},
        {"fields": [field(f"f{n}", help=LONG, placeholder=LONG, unit=LONG) for n in range(MAX_FIELDS)]},
        {"fields": "abc"},
        {"fields": [None]},
        {"label": "x" * 10},
        {"nope": 1},
        {"icon": {"$ne": 1}},
    ],
)  # fmt: skip
def test_a_draft_that_cannot_even_be_kept_is_refused(changes: Document) -> None:
    live = factories.form()
    with pytest.raises(InvalidError) as error:
        draft(live, **changes)
    assert error.value.errors
    assert not forms.get(live.key).has_draft


def test_paths_name_fields_by_key_whatever_their_place() -> None:
    with pytest.raises(InvalidError) as error:
        form_checks.load({"key": "x", "label": {}, "fields": [field("a"), field("b", width=99)]})
    assert list(error.value.errors) == ["fields.b.width"]


def test_indexes_follow_the_version_in_force() -> None:
    live = factories.form(
        field("a", indexed=True), field("b", unique=True), field("lot", "serial", serial_pattern="{seq}")
    )
    names = set(live.records().index_information())
    assert {"data.a_1__id_1", "unique_b", "data.lot_1__id_1"} <= names
    factories.republish(live, fields=[field("a"), field("b", indexed=True)], list_columns=[])
    changed = set(live.records().index_information())
    assert changed - names == {"data.b_1__id_1"}
    assert names - changed == {"data.a_1__id_1", "unique_b", "data.lot_1__id_1"}


def test_a_form_with_every_index_stays_within_what_mongodb_allows() -> None:
    count = form_checks.MAX_INDEXED // 2
    assert form_checks.MAX_INDEXED * 2 + len(form_indexes.SYSTEM_INDEXES) + 2 <= 64
    live = factories.form(*[field(f"f{n}", unique=True, indexed=True) for n in range(count)])
    other = [field(f"g{n}", unique=True, indexed=True) for n in range(count)]
    assert len(live.records().index_information()) <= 64
    # while one version follows another, both need theirs
    revision = draft(live, fields=other, title_fields=["g0"], list_columns=[])
    newer = forms.publish(factories.actor(), live.key, draft_revision=revision)
    assert (
        len(live.records().index_information())
        == form_indexes.count(newer.definition) + len(form_indexes.SYSTEM_INDEXES) + 2
    )


def test_who_refers_to_a_record_is_found_by_an_index_while_there_is_room() -> None:
    factories.form(field("name"), key="client")
    links = [field(f"r{n}", "reference", form="client") for n in range(form_checks.MAX_INDEXED)]
    live = factories.form(field("name", indexed=True), *links)
    named = [name for name in live.records().index_information() if name.startswith("link_")]
    assert named[0] == "link_r0"
    assert len(named) == form_checks.MAX_INDEXED - 1


def test_uniqueness_over_duplicates_is_refused_beside_the_field_and_leaves_things_as_they_were() -> None:
    live = factories.form(field("name"), field("a"), field("b", indexed=True))
    for name in ("x", "y"):
        factories.record(live, name=name, a="same")
    before = set(live.records().index_information())
    where = refused(
        live, fields=[field("name", unique=True), field("a", unique=True), field("b")], list_columns=[]
    )
    assert where == {"fields.a.unique"}
    assert set(live.records().index_information()) == before
    assert forms.current(live.key).version == 1


def test_duplicates_in_the_bin_do_not_count() -> None:
    live = factories.form(field("name"))
    first, _second = (factories.record(live, name="same") for _turn in range(2))
    records.delete(factories.actor(), live, first["_id"], revision=1, reason="x")
    assert factories.republish(live, fields=[field("name", unique=True)]).version == 2


def test_a_form_with_records_or_references_is_not_deleted() -> None:
    live = factories.form()
    factories.form(
        field("name"),
        field("sheet", "reference", form="sheet"),
        key="other",
        label={"zh": "其他", "en": "Other"},
    )
    with pytest.raises(InUseError, match="Other"):
        forms.delete(live.key)
    forms.delete("other")
    record = factories.record(live, name="x")
    records.delete(factories.actor(), live, record["_id"], revision=1, reason="x")
    with pytest.raises(InUseError):
        forms.delete(live.key)


def test_a_form_made_again_under_its_key_is_never_mistaken_for_the_old_one(db: Store) -> None:
    live = factories.form(icon="old")
    factories.republish(live, icon="older")
    forms.delete(live.key)
    assert "record_sheet" not in db.list_collection_names()
    with pytest.raises(NotFoundError):
        forms.current(live.key)
    again = factories.form(field("name", "integer"), icon="new")
    assert again.version == 3
    assert forms.current(live.key).definition.icon == "new"
    with pytest.raises(NotFoundError):
        forms.delete("never")


def test_a_retired_form_is_not_offered_and_comes_back() -> None:
    live = factories.form()
    forms.retire(live.key, retired=True)
    assert forms.live_forms() == []
    assert forms.current(live.key).version == 1
    forms.retire(live.key, retired=False)
    assert [one.key for one in forms.live_forms()] == ["sheet"]


@pytest.mark.parametrize("key", ["nope", "", "$where", "a\0b", "x" * 10_000])
def test_a_form_that_is_not_there_is_not_found(key: str) -> None:
    for ask in (forms.current, forms.get, forms.delete):
        with pytest.raises(NotFoundError):
            ask(key)


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Vehicle complaint", "vehicle_complaint"),
        ("投诉", ""),
        ("8D report", "d_report"),
        ("  A--B  ", "a_b"),
        ("", ""),
    ],
)
def test_a_key_is_suggested_from_a_label(label: str, key: str) -> None:
    assert form_checks.suggest_key(label) == key
