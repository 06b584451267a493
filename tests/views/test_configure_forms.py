import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import forms, saved_views
from models.access import Action
from models.people import Permission, User
from models.queries import ListQuery
from models.rights_words import ACTIONS, PERMISSIONS
from tests import factories
from tests.web import csrf_token, sign_in

SCRIPT = "<script>alert(1)</script>"
PAGES = ("/", "/new", "/sheet/", "/sheet/preview", "/sheet/versions", "/sheet/export.yaml", "/sheet/impact")


def send(client: FlaskClient, path: str, document: object, method: str = "PUT") -> TestResponse:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"X-CSRFToken": csrf_token(client), "X-Requested-With": "XMLHttpRequest"}
    return client.open(
        f"/configure/forms{path}", method=method, data=body, headers=headers, content_type="application/json"
    )


def post(client: FlaskClient, path: str, **values: object) -> TestResponse:
    return client.post(f"/configure/forms{path}", data={"csrf_token": csrf_token(client), **values})


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/configure/forms{path}")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def people() -> dict[str, tuple[User | None, int]]:
    """Everyone who might ask, and what they are answered."""
    return {
        "anonymous": (None, 302),
        "stranger": (factories.stranger(), 403),
        "reader": (factories.reader(), 403),
        "editor": (factories.editor(), 403),
        "form maker": (factories.form_maker(), 200),
        "administrator": (factories.administrator(), 200),
    }


@pytest.mark.parametrize("path", PAGES)
def test_only_who_may_configure_forms_opens_their_pages(client: FlaskClient, path: str) -> None:
    live = factories.form()
    forms.save_draft(
        factories.actor(), live.key, live.definition.dump(), draft_revision=forms.get(live.key).draft_revision
    )
    for name, (person, status) in people().items():
        other = client.application.test_client()
        if person:
            sign_in(other, person)
        assert other.get(f"/configure/forms{path}").status_code == status, name


def test_only_who_may_configure_forms_changes_them(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.editor())
    for path in (
        "/new",
        "/sheet/publish",
        "/sheet/roll-back",
        "/sheet/discard",
        "/sheet/retire",
        "/sheet/delete",
    ):
        assert post(client, path).status_code == 403, path
    assert send(client, "/sheet/draft", {}).status_code == 403
    assert forms.get("sheet").version == 1


def test_a_form_is_made_edited_published_and_opened(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    made = post(client, "/new", key="vehicle_complaint", label_zh="车辆投诉", group="quality")
    assert made.headers["Location"].endswith("/configure/forms/vehicle_complaint/")
    document = forms.draft_of(forms.get("vehicle_complaint")).dump()
    document["fields"] = [{"key": "maker", "type": "text", "label": {"zh": "制造商"}, "required": True}]
    saved = send(client, "/vehicle_complaint/draft", {"definition": document, "draft_revision": 1})
    assert saved.get_json() == {"draft_revision": 2, "problems": {}, "rules": {}, "numbers": {}}
    assert "制造商" in page(client, "/vehicle_complaint/preview")
    published = post(client, "/vehicle_complaint/publish", draft_revision="2", note="First")
    assert published.headers["Location"].endswith("/versions")
    assert client.get("/records/vehicle_complaint/new").status_code == 200


def test_the_key_follows_the_english_name(client: FlaskClient) -> None:
    sign_in(client, factories.administrator())
    made = post(client, "/new", label_en="Borrow slip 2", group="sales")
    assert made.headers["Location"].endswith("/borrow_slip_2/")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"label_zh": "单"},
        {"key": "Bad Key", "label_zh": "单"},
        {"key": "$set", "label_en": "x"},
        {"key": "sheet"},
    ],
)
def test_a_form_without_key_or_name_is_not_made(client: FlaskClient, values: dict[str, str]) -> None:
    sign_in(client, factories.administrator())
    answer = post(client, "/new", **values)
    assert (answer.status_code, forms.Form.objects.count()) == (200, 0)
    assert "error-summary" in answer.get_data(as_text=True)


def test_a_key_that_is_taken_is_said_beside_it(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    text = post(client, "/new", key="sheet", label_zh="单").get_data(as_text=True)
    assert "There is already a form with this key." in text


def test_problems_of_a_draft_come_back_by_path(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    document = live.definition.dump()
    document["fields"][1].update(min=5, max=1, visible_if={"field": "nothing", "op": "eq", "value": 1})
    document["numbering"] = "QF-{seq:4}"
    saved = send(client, "/sheet/draft", {"definition": document, "draft_revision": 2}).get_json()
    assert set(saved["problems"]) == {"fields.qty.min", "fields.qty.visible_if"}
    assert saved["numbers"] == {"numbering": "QF-0001"}


def test_checking_stores_nothing(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    rule = {"field": "qty", "op": "gt", "value": 5}
    document = live.definition.dump()
    document["fields"][0]["required_if"] = rule
    found = send(client, "/sheet/check", {"definition": document}, "POST").get_json()
    assert found["rules"] == {"fields.name.required_if": "qty is greater than 5"}
    assert not forms.get("sheet").has_draft


def test_a_stale_draft_is_not_overwritten_and_says_who_was_faster(client: FlaskClient) -> None:
    live = factories.form()
    factories.republish(live)
    maker = factories.form_maker()
    stored = forms.get("sheet")
    forms.save_draft(
        factories.actor(maker), "sheet", live.definition.dump(), draft_revision=stored.draft_revision
    )
    sign_in(client, factories.administrator())
    body = {"definition": live.definition.dump(), "draft_revision": stored.draft_revision}
    answer = send(client, "/sheet/draft", body)
    assert answer.status_code == 409
    assert answer.get_json()["conflict"]["by"] == "制表人"


HOSTILE: list[tuple[str, object]] = [
    ("nothing", b""),
    ("no JSON", b"{"),
    ("deep list", b'{"definition": {"fields": ' + b"[" * 10_000 + b"]" * 10_000 + b'}, "draft_revision": 2}'),
    ("deep map", b'{"definition": ' + b'{"a": ' * 10_000 + b"1" + b"}" * 10_001),
    ("a list", []),
    ("no definition", {"draft_revision": 2}),
    ("definition is text", {"definition": "x", "draft_revision": 2}),
    ("revision is text", {"definition": {}, "draft_revision": "2"}),
    ("revision is yes", {"definition": {}, "draft_revision": True}),
    ("revision is huge", {"definition": {}, "draft_revision": 2**70}),
    ("unknown property", {"definition": {"label": {}, "evil": 1}, "draft_revision": 2}),
    ("operator", {"definition": {"label": {"$ne": 1}}, "draft_revision": 2}),
    ("label is a list", {"definition": {"label": []}, "draft_revision": 2}),
    ("fields is a text", {"definition": {"label": {}, "fields": "x"}, "draft_revision": 2}),
    ("field is null", {"definition": {"label": {}, "fields": [None]}, "draft_revision": 2}),
    (
        "unknown type",
        {"definition": {"label": {}, "fields": [{"key": "a", "type": "eval"}]}, "draft_revision": 2},
    ),
    (
        "key is a list",
        {"definition": {"label": {}, "fields": [{"key": [], "type": "text"}]}, "draft_revision": 2},
    ),
    (
        "surrogate",
        b'{"definition": {"label": {"zh": "\\ud800"}, "fields": []}, "draft_revision": 2}',
    ),
    (
        "too many fields",
        {
            "definition": {"label": {}, "fields": [{"key": f"f{at}", "type": "text"} for at in range(301)]},
            "draft_revision": 2,
        },
    ),
]


@pytest.mark.parametrize("path", ["/sheet/draft", "/sheet/check"])
@pytest.mark.parametrize("body", [body for _name, body in HOSTILE], ids=[name for name, _body in HOSTILE])
def test_a_crafted_draft_is_refused(client: FlaskClient, path: str, body: object) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    answer = send(client, path, body, "POST")
    if "revision" in json.dumps(body if isinstance(body, dict) else "") and path.endswith("check"):
        assert answer.status_code < 500
    else:
        assert answer.status_code in {400, 422}, answer.get_data(as_text=True)
    assert not forms.get("sheet").has_draft


def test_more_than_four_megabytes_are_refused_before_reading(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    assert send(client, "/sheet/draft", b" " * (4 * 1024 * 1024 + 1)).status_code == 413


def test_three_hundred_fields_are_kept_and_shown(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    fields = [factories.field(f"f{at}") for at in range(300)]
    document = {**live.definition.dump(), "fields": fields, "list_columns": ["f1"], "title_fields": ["f1"]}
    answer = send(client, "/sheet/draft", {"definition": document, "draft_revision": 2})
    assert answer.status_code == 200
    assert "f299" in page(client, "/sheet/")
    assert "f299" in page(client, "/sheet/impact")
    assert "f299" in page(client, "/sheet/preview")


def test_rules_nested_too_deeply_are_a_problem_not_a_failure(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    tree: dict[str, Any] = {"field": "qty", "op": "gt", "value": 1}
    for _level in range(12):
        tree = {"all": [tree]}
    document = live.definition.dump()
    document["fields"][0]["visible_if"] = tree
    saved = send(client, "/sheet/draft", {"definition": document, "draft_revision": 2})
    assert list(saved.get_json()["problems"]) == ["fields.name.visible_if"]
    for path in ("/sheet/", "/sheet/preview", "/sheet/impact"):
        page(client, path)


def test_html_in_labels_stays_text_everywhere(client: FlaskClient) -> None:
    options = [{"key": "a", "label": {"en": SCRIPT}}]
    fields = [
        factories.field("name", label={"en": SCRIPT}, help={"en": SCRIPT}),
        factories.field("kind", "choice", label={"en": SCRIPT}, options=options),
        factories.field("part", "section", label={"en": SCRIPT}, help={"en": SCRIPT}),
        factories.field("why", "help", label={"en": SCRIPT}, help={"en": SCRIPT}),
    ]
    live = factories.form(*fields, label={"en": SCRIPT}, description={"en": SCRIPT})
    sign_in(client, factories.administrator())
    document = {**live.definition.dump(), "form_number": SCRIPT}
    document["fields"] = [*document["fields"], factories.field("more", label={"en": SCRIPT})]
    send(client, "/sheet/draft", {"definition": document, "draft_revision": 2})
    for path in ("/", "/sheet/", "/sheet/preview", "/sheet/impact"):
        assert SCRIPT not in page(client, path), path
    post(client, "/sheet/publish", draft_revision="3", note=SCRIPT)
    assert SCRIPT not in page(client, "/sheet/versions")


def test_publishing_a_draft_with_problems_shows_them_again(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    send(
        client, "/sheet/draft", {"definition": {**live.definition.dump(), "fields": []}, "draft_revision": 2}
    )
    answer = post(client, "/sheet/publish", draft_revision="3")
    assert answer.status_code == 422
    assert "A form needs at least one field." in answer.get_data(as_text=True)


@pytest.mark.parametrize("revision", ["", "x", "-1", "1", "999999999999999999999", "２"])
def test_a_draft_that_someone_changed_meanwhile_is_not_published(client: FlaskClient, revision: str) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    send(client, "/sheet/draft", {"definition": live.definition.dump(), "draft_revision": 2})
    assert post(client, "/sheet/publish", draft_revision=revision).status_code == 302
    assert forms.get("sheet").version == 1


def test_a_field_that_a_view_shows_is_not_published_away(client: FlaskClient) -> None:
    live = factories.form()
    saved_views.save(
        factories.administrator(), "sheet", "Mine", ListQuery(columns=("qty",)), [], shared=False
    )
    sign_in(client, factories.administrator())
    document = {**live.definition.dump(), "fields": [factories.field("name")], "list_columns": ["name"]}
    send(client, "/sheet/draft", {"definition": document, "draft_revision": 2})
    assert "Mine" in page(client, "/sheet/impact")
    assert post(client, "/sheet/publish", draft_revision="3").status_code == 422
    assert forms.get("sheet").version == 1


def test_what_is_in_the_way_is_named_as_the_editor_names_it(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    column = {**factories.field("grade", "choice"), "label": {"en": "Grade"}}
    fields = [*live.definition.dump()["fields"], {**factories.field("parts", "table"), "fields": [column]}]
    document = {**live.definition.dump(), "fields": fields}
    send(client, "/sheet/draft", {"definition": document, "draft_revision": 2})
    text = page(client, "/sheet/impact")
    assert "› Grade › " in text
    assert "fields.parts" not in text


def test_impact_names_records_only_to_who_may_see_them(client: FlaskClient) -> None:
    live = factories.form()
    factories.record(live, name="Secret customer")
    sign_in(client, factories.form_maker())
    document = live.definition.dump()
    document["fields"][0]["max_length"] = 3
    send(client, "/sheet/draft", {"definition": document, "draft_revision": 2})
    text = page(client, "/sheet/impact")
    assert "1 records" in text
    assert "Secret customer" not in text
    sign_in(client, factories.administrator())
    assert "Secret customer" in page(client, "/sheet/impact")


def test_versions_show_what_changed_and_lead_back(client: FlaskClient) -> None:
    live = factories.form()
    fields = [*live.definition.dump()["fields"], factories.field("extra", label={"en": "Extra words"})]
    factories.republish(live, fields=fields)
    sign_in(client, factories.administrator())
    assert "Extra words" in page(client, "/sheet/versions")
    for query in ("?after=1", "?after=99&before=x", "?before=2&after=1", "?after=9999999999999999999999"):
        page(client, f"/sheet/versions{query}")
    post(client, "/sheet/roll-back", version="1")
    assert forms.current("sheet").version == 3
    assert "extra" not in forms.current("sheet").definition.by_key
    assert post(client, "/sheet/roll-back", version="77").status_code == 404


def test_a_draft_is_discarded_only_as_it_was_seen(client: FlaskClient) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    send(client, "/sheet/draft", {"definition": live.definition.dump(), "draft_revision": 2})
    post(client, "/sheet/discard", draft_revision="2")
    assert forms.get("sheet").has_draft
    post(client, "/sheet/discard", draft_revision="3")
    assert not forms.get("sheet").has_draft


def test_a_form_is_retired_and_taken_back(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    post(client, "/sheet/retire", retired="1")
    assert forms.get("sheet").retired
    post(client, "/sheet/retire", retired="0")
    assert not forms.get("sheet").retired


def test_a_form_with_records_is_not_deleted(client: FlaskClient) -> None:
    live = factories.form()
    factories.record(live, name="a")
    factories.form(key="unused")
    sign_in(client, factories.administrator())
    post(client, "/sheet/delete")
    post(client, "/unused/delete")
    assert [form.key for form in forms.Form.objects] == ["sheet"]


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_a_definition_goes_out_and_comes_in_as_a_file(client: FlaskClient, kind: str) -> None:
    live = factories.form()
    sign_in(client, factories.administrator())
    answer = client.get(f"/configure/forms/sheet/export.{kind}")
    assert f'filename="sheet.{kind}"' in answer.headers["Content-Disposition"]
    file = (io.BytesIO(answer.data), f"sheet.{kind}")
    made = post(client, "/new", key="copy", label_en="Copy", file=file)
    assert made.headers["Location"].endswith("/copy/")
    copied = forms.draft_of(forms.get("copy"))
    assert copied.fields == live.definition.fields


def test_a_file_becomes_the_draft_and_never_another_form(client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    text = "key: other\nlabel: {en: From a file}\nfields:\n- {key: a, type: text, label: {en: A}}\n"
    post(client, "/sheet/import", draft_revision="2", file=(io.BytesIO(text.encode()), "x.yaml"))
    assert forms.draft_of(forms.get("sheet")).label.en == "From a file"
    assert forms.Form.objects.count() == 1


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xff", b"a: [", b"[" * 50_000, b"a: &a [*a]", b"label: 1", b"PK\x03\x04zip"]
)
def test_a_hostile_file_is_refused_with_words(client: FlaskClient, content: bytes) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    answer = post(client, "/sheet/import", draft_revision="2", file=(io.BytesIO(content), "x.yaml"))
    assert answer.status_code == 302
    assert not forms.get("sheet").has_draft
    made = post(client, "/new", key="copy", label_en="Copy", file=(io.BytesIO(content), "x.yaml"))
    assert made.status_code in {200, 302}


@pytest.mark.parametrize(
    "path", ["/nope/", "/nope/impact", "/nope/versions", "/nope/preview", "/sheet/export.exe"]
)
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    assert client.get(f"/configure/forms{path}").status_code == 404


def test_a_preview_computes_and_offers_but_keeps_nothing(client: FlaskClient) -> None:
    fields = [
        factories.field("qty", "integer"),
        factories.field("who", "person"),
        factories.field("double", "computed", formula="qty * 2", result="integer"),
    ]
    forms.create(factories.actor(), {"key": "fresh", "label": {"en": "Fresh"}, "fields": fields})
    sign_in(client, factories.administrator())
    page(client, "/fresh/preview")
    assert post(client, "/fresh/preview/compute", qty="21").get_json() == {"double": "42"}
    assert client.get("/configure/forms/fresh/preview/options?field=who").get_json()["results"]
    assert client.get("/configure/forms/fresh/preview/options?field=nope").status_code == 404
    assert post(client, "/fresh/preview/upload", file=(io.BytesIO(b"x"), "x.txt")).status_code == 422


def test_a_reader_of_records_learns_nothing_of_other_forms_through_a_preview(client: FlaskClient) -> None:
    target = factories.form(key="secret")
    factories.record(target, name="hidden")
    fields = [factories.field("what", "reference", form="secret")]
    forms.create(factories.actor(), {"key": "fresh", "label": {"en": "Fresh"}, "fields": fields})
    sign_in(client, factories.form_maker())
    answer = client.get("/configure/forms/fresh/preview/options?field=what")
    assert answer.status_code == 404


def test_the_overview_shows_only_what_the_person_may_configure(client: FlaskClient) -> None:
    sign_in(client, factories.form_maker())
    text = client.get("/configure/").get_data(as_text=True)
    assert 'class="area" href="/configure/forms/"' in text
    assert 'class="area" href="/configure/users/"' not in text


def test_every_permission_and_action_has_a_name_in_the_role_editor() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert set(ACTIONS) == set(Action)
