"""What a file is: by its bytes, and by its name where that admits the worst."""

import pytest

from models.definition import FileKind
from models.errors import ValueProblem
from models.fields.files import accept
from models.files.kinds import (
    HTML_TYPE,
    IMAGE_TYPES,
    OLE_TYPE,
    PDF_TYPE,
    PROGRAM_TYPE,
    SVG_TYPE,
    UNKNOWN_TYPE,
    content_type,
    kind_of,
    true_name,
)
from tests.field_samples import make_field
from tests.pictures import picture

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
ZIP = b"PK\x03\x04" + bytes(60)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (b"%PDF-1.4\n", PDF_TYPE),
        (ZIP, "application/zip"),
        (OLE, OLE_TYPE),
        (b"MZ\x90\x00\x03" + bytes(100), PROGRAM_TYPE),
        (b"MZ;price;amount\n", UNKNOWN_TYPE),
        (b"\x7fELF\x02\x01\x01" + bytes(50), PROGRAM_TYPE),
        (b"\xcf\xfa\xed\xfe" + bytes(50), PROGRAM_TYPE),
        (b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(50), PROGRAM_TYPE),
        (b"#!/bin/sh\n", PROGRAM_TYPE),
        (b"\r\n@ECHO OFF\r\n", PROGRAM_TYPE),
        (b"<?php system(1);", PROGRAM_TYPE),
        (b"\xef\xbb\xbf  <!DOCTYPE html>", HTML_TYPE),
        ("<html>".encode("utf-16"), HTML_TYPE),
        (b"hello <script>alert(1)</script>", HTML_TYPE),
        (b'<?xml version="1.0"?><!-- x --><svg onload="alert(1)">', SVG_TYPE),
        (b"", UNKNOWN_TYPE),
        ("价格,数量\n1,2\n".encode(), UNKNOWN_TYPE),
    ],
)
def test_the_first_bytes_tell(head: bytes, found: str) -> None:
    assert content_type(head) == found


@pytest.mark.parametrize(
    ("media_type", "name", "kind"),
    [
        ("image/png", "a.png", "picture"),
        ("image/png", "a.exe", "program"),
        (PDF_TYPE, "a", "document"),
        ("application/zip", "a.docx", "document"),
        ("application/zip", "a.jar", "program"),
        ("application/zip", "a.zip", "archive"),
        (UNKNOWN_TYPE, "a.csv", "document"),
        (UNKNOWN_TYPE, "step.stp", "other"),
        (UNKNOWN_TYPE, "invoice.pdf.exe", "program"),
        (UNKNOWN_TYPE, "run.JS", "program"),
        (PROGRAM_TYPE, "report.txt", "program"),
        (HTML_TYPE, "a.html", "other"),
        (SVG_TYPE, "a.svg", "other"),
        ("video/mp4", "a.mp4", "media"),
    ],
)
def test_people_have_few_words_for_files(media_type: str, name: str, kind: FileKind) -> None:
    assert kind_of(media_type, name) == kind


@pytest.mark.parametrize(
    ("name", "content", "kept"),
    [
        ("photo.jpg", picture("JPEG"), "photo.jpg"),
        ("photo.jpg", picture("PNG"), "photo.png"),
        ("photo.PNG", picture("WEBP"), "photo.webp"),
        ("photo.jpg", b"<html><script>", None),
        ("photo.jpg", b"MZ\x00" + bytes(99), None),
        ("photo.png", b"", None),
        ("paper.pdf", b"%PDF-1.7", "paper.pdf"),
        ("paper.pdf", b"\n\njunk %PDF-1.7", "paper.pdf"),
        ("paper.pdf", b"<html>%PDF-1.7", None),
        ("paper.pdf", picture("PNG"), None),
        ("book.xlsx", ZIP, "book.xlsx"),
        ("locked.xlsx", OLE, "locked.xlsx"),
        ("book.xlsx", b"MZ\x00" + bytes(99), None),
        ("old.xls", b"<table><tr><td>1", "old.xls"),
        ("data.bin", b"anything", "data.bin"),
    ],
)
def test_a_name_that_lies_is_mended_or_refused(name: str, content: bytes, kept: str | None) -> None:
    assert true_name(name, content_type(content), content) == kept


def refusal(accepted: tuple[str, ...], name: str, media_type: str, field_type: str = "attachment") -> str:
    try:
        accept(make_field(field_type, accept=accepted), name, media_type)
    except ValueProblem as problem:
        return str(problem)
    return ""


def test_programs_are_taken_only_where_a_field_names_them() -> None:
    assert "is a program" in refusal((), "setup.exe", PROGRAM_TYPE)
    assert "is a program" in refusal((), "invoice.pdf.exe", UNKNOWN_TYPE)
    assert not refusal((), "page.html", HTML_TYPE)
    assert not refusal(("program",), "setup.exe", PROGRAM_TYPE)


def test_a_field_takes_the_kinds_it_names() -> None:
    assert not refusal(("picture", "document"), "a.pdf", PDF_TYPE)
    said = refusal(("picture", "document"), "a.zip", "application/zip")
    assert said == "“a.zip” is not of the kinds taken here: Pictures / Documents."


@pytest.mark.parametrize("media_type", ["image/tiff", "image/svg+xml", UNKNOWN_TYPE])
def test_a_field_of_pictures_takes_what_every_browser_shows(media_type: str) -> None:
    assert media_type not in IMAGE_TYPES
    assert refusal((), "a.png", media_type, "image")
    assert not refusal((), "a.png", "image/png", "image")
