import pytest

from models import forms, impact, saved_views
from models.database import Document
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.queries import ListQuery
from tests import factories

COMPLAINT = {"key": "complaint", "label": {"zh": "投诉"}}
ENQUIRY = {"key": "enquiry", "label": {"zh": "咨询"}}


def draft(live: LiveForm, *fields: Document, **changes: object) -> Document:
    """Save a draft of a form with other fields."""
    stored = forms.get(live.key)
    keys = [one["key"] for one in fields if one["type"] not in {"section", "help"}]
    document = {
        **live.definition.dump(),
        "fields": list(fields),
        "list_columns": keys,
        "title_fields": keys[:1],
    }
    saved = forms.save_draft(
        factories.actor(), live.key, {**document, **changes}, draft_revision=stored.draft_revision
    )
    return {"draft_revision": saved.draft_revision}


def three_records(live: LiveForm) -> list[Document]:
    return [factories.record(live, name=name, qty=qty) for name, qty in (("a", 1), ("b", 20), ("b", 300))]


@pytest.mark.usefixtures("db")
def test_first_draft_adds_everything_and_touches_no_record() -> None:
    forms.create(
        factories.actor(), {"key": "sheet", "label": {"zh": "单"}, "fields": [factories.field("name")]}
    )
    found = impact.impact("sheet")
    assert list(found.difference.added) == ["name"]
    assert (found.records, found.checked, found.publishable) == (0, 0, True)


@pytest.mark.usefixtures("db")
def test_a_narrower_bound_names_the_records_it_leaves_outside() -> None:
    live = factories.form()
    records = three_records(live)
    draft(live, factories.field("name"), factories.field("qty", "integer", max=100))
    found = impact.impact(live.key)
    (finding,) = found.invalid
    assert (finding.path, finding.count) == ("qty", 1)
    assert [sample.id for sample in finding.samples] == [records[2]["_id"]]
    assert (found.checked, found.sampled, found.publishable) == (3, False, True)


@pytest.mark.usefixtures("db")
def test_a_new_required_field_is_missing_in_every_record() -> None:
    live = factories.form()
    three_records(live)
    draft(live, *live.definition.dump()["fields"], factories.field("extra", required=True))
    (finding,) = impact.impact(live.key).invalid
    assert (finding.path, finding.count) == ("extra", 3)


@pytest.mark.usefixtures("db")
def test_a_sample_says_that_it_is_one() -> None:
    live = factories.form()
    three_records(live)
    draft(live, factories.field("name"), factories.field("qty", "integer", max=0))
    found = impact.impact(live.key, most=2)
    assert (found.checked, found.sampled) == (2, True)
    assert impact.impact(live.key, seconds=-1.0).checked == 0


@pytest.mark.usefixtures("db")
def test_new_words_make_nobody_read_the_records() -> None:
    live = factories.form()
    three_records(live)
    renamed = factories.field("name", required=True, label={"zh": "名称"})
    draft(live, renamed, factories.field("qty", "integer", width=12))
    found = impact.impact(live.key)
    assert found.checked == 0
    assert {change.path: change.names for change in found.difference.changed} == {
        "name": {"label", "searchable"},
        "qty": {"width"},
    }


@pytest.mark.usefixtures("db")
def test_values_that_occur_twice_keep_a_field_from_becoming_unique() -> None:
    live = factories.form()
    three_records(live)
    revision = draft(live, factories.field("name", unique=True), factories.field("qty", "integer"))
    found = impact.impact(live.key)
    (duplicate,) = found.duplicates
    assert (duplicate.field.key, duplicate.values, len(duplicate.samples)) == ("name", 1, 1)
    assert not found.publishable
    with pytest.raises(InvalidError) as refused:
        impact.publish(factories.actor(), live.key, **revision)
    assert list(refused.value.errors) == ["fields.name.unique"]


@pytest.mark.usefixtures("db")
def test_a_removed_field_counts_the_values_that_nobody_sees_any_more() -> None:
    live = factories.form()
    three_records(live)
    draft(live, factories.field("name"))
    (loss,) = impact.impact(live.key).losses
    assert (loss.path, loss.records) == ("qty", 3)


@pytest.mark.usefixtures("db")
def test_a_field_that_a_saved_view_names_cannot_be_removed() -> None:
    live = factories.form()
    person = factories.administrator()
    saved_views.save(person, live.key, "mine", ListQuery(columns=("qty",)), [], shared=False)
    revision = draft(live, factories.field("name"))
    found = impact.impact(live.key)
    assert [problem.path for problem in found.problems] == ["fields.qty"]
    with pytest.raises(InvalidError) as refused:
        impact.publish(factories.actor(), live.key, **revision)
    assert "mine" in str(refused.value.errors["fields.qty"][0])
    assert forms.current(live.key).version == 1


@pytest.mark.usefixtures("db")
def test_a_rule_that_hides_values_says_how_many_would_be_lost() -> None:
    live = factories.form()
    three_records(live)
    rule = {"field": "name", "op": "eq", "value": "a"}
    draft(live, factories.field("name"), factories.field("qty", "integer", visible_if=rule))
    (finding,) = impact.impact(live.key).hidden
    assert (finding.path, finding.count) == ("qty", 2)


@pytest.mark.usefixtures("db")
def test_an_option_in_use_may_be_retired_without_making_a_record_invalid() -> None:
    live = factories.form(factories.field("kind", "choice", options=[COMPLAINT, ENQUIRY]))
    factories.record(live, kind="complaint")
    draft(live, factories.field("kind", "choice", options=[{**COMPLAINT, "retired": True}, ENQUIRY]))
    found = impact.impact(live.key)
    assert (found.checked, found.invalid, found.publishable) == (1, (), True)


@pytest.mark.usefixtures("db")
def test_a_column_of_a_table_is_named_once_for_each_record() -> None:
    table = factories.field("items", "table", fields=[factories.field("n", "integer")])
    live = factories.form(factories.field("name"), table)
    factories.record(live, name="x", items=[{"n": 5}, {"n": 6}])
    draft(live, factories.field("name"), {**table, "fields": [factories.field("n", "integer", max=1)]})
    (finding,) = impact.impact(live.key).invalid
    assert (finding.path, finding.count) == ("items.n", 1)


@pytest.mark.usefixtures("db")
def test_a_reference_to_a_form_that_is_not_there_is_a_problem() -> None:
    live = factories.form()
    draft(live, factories.field("name"), factories.field("customer", "reference", form="nowhere"))
    assert [problem.path for problem in impact.impact(live.key).problems] == ["fields.customer.form"]


@pytest.mark.usefixtures("db")
def test_rolling_back_never_throws_a_draft_away() -> None:
    live = factories.form()
    factories.republish(live, description={"en": "second"})
    draft(live, factories.field("name"))
    with pytest.raises(DomainError):
        impact.roll_back(factories.actor(), live.key, 1)
    stored = forms.get(live.key)
    forms.discard_draft(live.key, draft_revision=stored.draft_revision)
    assert impact.roll_back(factories.actor(), live.key, 1).version == 3


@pytest.mark.usefixtures("db")
def test_rolling_back_keeps_the_fields_that_views_name() -> None:
    live = factories.form()
    fields = [*live.definition.dump()["fields"], factories.field("extra")]
    factories.republish(live, fields=fields)
    saved_views.save(
        factories.administrator(), live.key, "mine", ListQuery(columns=("extra",)), [], shared=False
    )
    with pytest.raises(InvalidError):
        impact.roll_back(factories.actor(), live.key, 1)
