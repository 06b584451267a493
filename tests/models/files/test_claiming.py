"""Uploads: named and typed by what they are, claimed by one record, swept when nobody wants them."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from pymongo.database import Database

from models import files, records, times
from models.database import in_transaction
from models.errors import InvalidError, NotFoundError
from tests import every_type, factories
from tests.every_type import PNG, upload

Store = Database[dict[str, Any]]
ME, YOU = ObjectId(), ObjectId()


def left(db: Store) -> tuple[int, int]:
    return db["files.files"].count_documents({}), db["files.chunks"].count_documents({})


def claim(file_id: ObjectId, owner: ObjectId | None, record: ObjectId | None = None) -> None:
    in_transaction(lambda session: files.claim({file_id}, "sheet", record or ObjectId(), owner, session))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("报价单 2026.xlsx", "报价单 2026.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("a\0b.txt", "ab.txt"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("\ud800.txt", "txt"),
        ("...", "file"),
        ("", "file"),
        ("/", "file"),
        ("  .hidden ", "hidden"),
        ("<script>.html", "<script>.html"),
    ],
)
def test_a_name_keeps_what_people_read_and_nothing_else(name: str, kept: str) -> None:
    assert files.clean_name(name) == kept


@given(st.text(max_size=400))
def test_any_name_becomes_one_short_printable_line(name: str) -> None:
    kept = files.clean_name(name)
    assert kept
    assert len(kept) <= files.MAX_NAME
    assert kept.isprintable()
    assert not set(kept) & set("/\\")


def workbook() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(50), "image/jpeg"),
        (b"GIF89a" + bytes(50), "image/gif"),
        (b"%PDF-1.7\n" + bytes(50), "application/pdf"),
        (b"", files.UNKNOWN_TYPE),
        (b"x", files.UNKNOWN_TYPE),
    ],
)
def test_the_type_is_what_the_content_says(db: Store, content: bytes, kind: str) -> None:
    assert files.info(upload(ME, content, "a.html"))["type"] == kind
    assert left(db)[0] == 1


@pytest.mark.parametrize(
    "content",
    [b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
     workbook(), b"MZ" + bytes(200), b"#!/bin/sh\n"],
)  # fmt: skip
def test_nothing_that_could_run_is_taken_for_a_picture_or_a_paper(content: bytes) -> None:
    assert files.content_type(content) not in {*files.IMAGE_TYPES, "application/pdf"}


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"\x89PNG", b"%PDF", b"RIFF", b"BM", b"\x00\x00\x00\x20ftyp"]),
)
def test_any_content_has_a_type(content: bytes, head: bytes) -> None:
    assert files.content_type(head + content)


def test_a_file_that_is_not_there_is_not_found(db: Store) -> None:
    for ask in (files.info, files.open_file):
        with pytest.raises(NotFoundError):
            ask(ObjectId())
    files.delete(ObjectId())


def test_only_its_sender_can_attach_a_file(db: Store) -> None:
    mine = upload(ME)
    with pytest.raises(InvalidError):
        claim(mine, YOU)
    claim(mine, ME)
    with pytest.raises(InvalidError):
        claim(mine, ME)  # it belongs to a record now


def test_another_persons_upload_is_refused_in_a_record(db: Store) -> None:
    live = factories.form(factories.field("papers", "attachment"), factories.field("signed", "signature"))
    foreign = str(upload(factories.reader().id))
    for raw in ({"papers": [foreign]}, {"signed": foreign}):
        with pytest.raises(InvalidError):
            factories.record(live, factories.editor(), **raw)


def test_what_a_job_made_or_what_is_still_coming_cannot_be_attached(db: Store) -> None:
    for purpose in ("job", files.MADE, files.INCOMING):
        kept = files.store(io.BytesIO(b"x"), "a", ME, purpose=purpose, max_bytes=10)
        with pytest.raises(InvalidError):
            claim(kept, ME)
    assert left(db)[0] == 3


def test_the_system_may_attach_anyones_file(db: Store) -> None:
    claim(upload(ME), None)


def test_a_file_of_two_fields_or_none_is_claimed_whole(db: Store) -> None:
    mine, gone = upload(ME), ObjectId()
    with pytest.raises(InvalidError):
        in_transaction(lambda session: files.claim({mine, gone}, "sheet", ObjectId(), ME, session))
    assert files.info(mine)["claimed_by"] is None
    in_transaction(lambda session: files.claim(set(), "sheet", ObjectId(), ME, session))


def test_files_stay_with_their_record_through_edits_and_the_bin(db: Store) -> None:
    live, person = every_type.form(), factories.editor()
    actor = factories.actor(person)
    record = every_type.record(live, person)
    held = left(db)
    records.update(actor, live, record["_id"], {"papers": []}, revision=1)
    records.delete(actor, live, record["_id"], revision=2, reason="x")
    with times.set_clock(datetime.now(UTC) + timedelta(days=400)):
        assert files.sweep_unclaimed() == 0
    assert left(db) == held  # history still shows them


def test_what_nobody_claims_within_a_day_is_swept(db: Store) -> None:
    wanted, _unwanted = upload(ME), upload(ME, b"y" * 600_000)
    claim(wanted, ME)
    files.store(io.BytesIO(b"x"), "a", ME, purpose="job", max_bytes=10)
    assert files.sweep_unclaimed() == 0
    with times.set_clock(datetime.now(UTC) + timedelta(hours=25)), ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _n: files.sweep_unclaimed(), range(4))) == 1
    assert left(db) == (2, 2)


def test_what_a_process_that_died_left_behind_is_swept(db: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_given: object) -> None:
        raise SystemExit

    monkeypatch.setattr(files.storage, "delete", die)
    monkeypatch.setattr(files.storage, "_store_chunks", die)
    with pytest.raises(SystemExit):
        upload(ME)
    monkeypatch.undo()
    assert left(db) == (1, 0)
    with times.set_clock(datetime.now(UTC) + timedelta(hours=25)):
        assert files.sweep_unclaimed() == 1
    assert left(db) == (0, 0)


def test_a_file_claimed_while_the_sweep_runs_is_kept_or_refused_never_lost(db: Store) -> None:
    for _turn in range(8):
        mine = upload(ME)
        with times.set_clock(datetime.now(UTC) + timedelta(hours=25)), ThreadPoolExecutor(2) as pool:
            taken = pool.submit(claim, mine, ME)
            swept = pool.submit(files.sweep_unclaimed)
        assert (taken.exception() is None) == (swept.result() == 0)
        assert (db["files.chunks"].find_one({"files_id": mine}) is not None) == (swept.result() == 0)
