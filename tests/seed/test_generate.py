"""The measuring form: known answers, and records as the product itself would store them."""

from itertools import islice

import pytest
from bson import ObjectId

from models.definition import Definition
from models.fields import type_of
from models.fields.base import ParseContext
from models.fields.needs import NoReferences
from models.form_checks import problems
from models.search import query_filter, tokens
from seed import generate

PERSON = ObjectId()


class Everyone(NoReferences):
    """References in which the one person exists."""

    def person_exists(self, person_id: ObjectId, /) -> bool:
        return person_id == PERSON


@pytest.fixture
def definition() -> Definition:
    return Definition.load(generate.definition())


def test_the_definition_makes_sense_and_has_twenty_five_fields(definition: Definition) -> None:
    assert list(problems(definition)) == []
    assert len(definition.value_fields) == 25


def test_every_label_is_in_both_languages(definition: Definition) -> None:
    labels = [field.label for field in definition.fields]
    labels += [option.label for field in definition.fields for option in field.options]
    assert all(label.zh and label.en for label in labels)


def test_values_are_what_the_field_types_would_store(definition: Definition) -> None:
    context = ParseContext(references=Everyone())
    for record in islice(generate.documents(3_000, [PERSON]), 0, 3_000, 97):
        for field in definition.value_fields:
            value = record["data"][field.key]
            kind = type_of(field)
            assert kind.parse(field, kind.to_json(field, value), context) == value, field.key


def test_tokens_are_those_of_the_texts(definition: Definition) -> None:
    for record in islice(generate.documents(3_000, [PERSON]), 0, 3_000, 61):
        texts = [record["data"][field.key] for field in definition.fields if field.searchable]
        assert set(record["search"]) == set(tokens([record["number"], *texts]))


def test_the_same_records_come_every_time() -> None:
    first, second = (list(generate.documents(500, [PERSON])) for _ in range(2))
    assert [{**record, "_id": None} for record in first] == [{**record, "_id": None} for record in second]


@pytest.mark.usefixtures("db")
def test_common_and_rare_words_have_known_counts() -> None:
    seen: list[tuple[int, int]] = []
    live = generate.generate(10_000, lambda done, total: seen.append((done, total)))
    records = live.records()
    assert records.count_documents({}) == 10_000
    assert records.count_documents(query_filter(generate.COMMON_WORD, records)) == 1_000
    assert records.count_documents(query_filter(generate.RARE_PHRASE, records)) == 8
    assert seen == [(5_000, 10_000), (10_000, 10_000)]


@pytest.mark.usefixtures("db")
def test_what_is_there_is_not_written_again() -> None:
    first = generate.generate(200).records().find_one()
    assert generate.generate(200).records().find_one() == first
    assert generate.generate(300).records().count_documents({}) == 300
