"""Attachments, images and signatures: only files that wait for this person may be taken."""

from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import MultiDict

from models.errors import ValueProblem
from models.fields import ParseContext, type_of
from models.times import set_clock
from tests.field_samples import (
    DRAWING,
    EXPORT,
    FOREIGN,
    HUGE,
    LETTER,
    NAMES,
    PHOTO,
    TAKEN,
    WANG,
    make_field,
    read,
    refusal,
)

FILES, IMAGES, SIGNATURE = make_field("attachment"), make_field("image"), make_field("signature")
KEPT = {"file": TAKEN, "name": "a.png", "size": 1, "type": "image/png"}
NOON = datetime(2026, 2, 3, 4, 5, tzinfo=UTC)


def test_uploaded_files_are_taken_with_what_is_known_of_them() -> None:
    assert read(FILES, [str(PHOTO), {"file": str(LETTER), "name": "forged.exe", "size": 1}, str(PHOTO)]) == [
        {"file": PHOTO, "name": "外观.png", "size": 2000, "type": "image/png"},
        {"file": LETTER, "name": "信.pdf", "size": 5000, "type": "application/pdf"},
    ]


@pytest.mark.parametrize("file", [TAKEN, FOREIGN, EXPORT, HUGE])
def test_files_of_others_of_other_records_and_too_large_ones_are_refused(file: object) -> None:
    assert refusal(FILES, [str(file)])


def test_a_file_of_this_very_field_stays() -> None:
    assert read(FILES, [str(TAKEN)], before=[KEPT]) == [KEPT]
    assert read(FILES, [], before=[KEPT]) is None


def test_an_image_is_an_image_whatever_it_is_called() -> None:
    assert read(IMAGES, [str(PHOTO)])
    assert "is not an image" in refusal(IMAGES, [str(LETTER)])


def test_no_more_files_than_allowed() -> None:
    assert refusal(make_field("attachment", max_files=1), [str(PHOTO), str(LETTER)]) == "At most 1 files."


def test_files_come_from_a_form_as_ids() -> None:
    form = MultiDict([("f", str(PHOTO)), ("f", ""), ("f", str(LETTER))])
    assert len(read(FILES, type_of(FILES).from_form(FILES, form, "f"))) == 2


def test_files_read_back_from_json() -> None:
    value = read(FILES, [str(PHOTO), str(LETTER)])
    assert read(FILES, type_of(FILES).to_json(FILES, value), before=value) == value
    assert type_of(FILES).display(FILES, value, NAMES, "zh") == "外观.png、信.pdf"
    assert type_of(FILES).search_text(FILES, value, NAMES) == "外观.png 信.pdf"


def test_a_signature_says_who_and_when() -> None:
    with set_clock(NOON):
        value = read(SIGNATURE, str(DRAWING))
    assert value == {"file": DRAWING, "by": WANG, "at": NOON}
    assert read(SIGNATURE, type_of(SIGNATURE).to_json(SIGNATURE, value), before=value) == value
    assert type_of(SIGNATURE).display(SIGNATURE, value, NAMES, "zh") == "王伟 2026-02-03 12:05"


def test_nobody_signs_for_someone_else_or_without_drawing() -> None:
    forged = {"file": str(DRAWING), "by": "0" * 23 + "2", "at": "2020-01-01T00:00:00Z"}
    assert read(SIGNATURE, forged)["by"] == WANG
    assert refusal(SIGNATURE, str(LETTER))
    assert (
        refusal(SIGNATURE, str(DRAWING), ParseContext(references=NAMES))
        == "Only a person who is signed in can sign."
    )


@pytest.mark.parametrize("field", [FILES, IMAGES, SIGNATURE], ids=lambda field: field.type)
def test_files_are_neither_compared_nor_imported(field: object) -> None:
    behaviour = type_of(field)  # type: ignore[arg-type]
    with pytest.raises(ValueProblem):
        behaviour.filter_value(field, str(PHOTO), ParseContext())  # type: ignore[arg-type]
    with pytest.raises(ValueProblem):
        behaviour.from_cell(field, "外观.png", ParseContext())  # type: ignore[arg-type]
    assert behaviour.from_cell(field, None, ParseContext()) is None  # type: ignore[arg-type]
    assert not behaviour.importable
