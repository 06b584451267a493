"""YAML and zip files from outside are refused without harm."""

import time
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from models.errors import InvalidError
from seed import packs
from seed.reading import MAX_FILE_BYTES, load_yaml, read_parts

BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + step)}: &{chr(98 + step)} [{','.join([f'*{chr(97 + step)}'] * 10)}]\n" for step in range(9)
)


def refusal(text: str | bytes) -> str:
    with pytest.raises(InvalidError) as caught:
        load_yaml(text if isinstance(text, bytes) else text.encode(), "x.yaml")
    assert list(caught.value.errors) == ["x.yaml"]
    return str(caught.value.errors["x.yaml"][0])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "just text",
        "a: [1",
        "a: !!python/object/apply:os.system ['true']",
        "a: !!set {b}",
        "a: !!binary aGk=",
        "a: .nan",
        "a: .inf",
        "1: number as key",
        "a: 1\na: 2",
        "a: &a [*a]",
        "a: *missing",
        "a: \x00",
        b"\xff\xfe\xfa",
        "a: " + "[" * 5_000,
        "a: " + "[" * (MAX_FILE_BYTES - 10),
        "".join(f"{' ' * level}a:\n" for level in range(1_500)),
        BOMB,
        b"a: " + b"x" * MAX_FILE_BYTES,
    ],
    ids=range(20),
)
def test_it_is_refused_with_a_message(text: str | bytes) -> None:
    began = time.monotonic()
    assert refusal(text)
    assert time.monotonic() - began < 10


def test_a_date_stays_the_text_that_was_written() -> None:
    assert load_yaml(b"min: 2020-01-01", "x.yaml") == {"min": "2020-01-01"}


def test_anchors_may_repeat_a_rule() -> None:
    assert load_yaml(b"a: &rule {field: x}\nb: *rule", "x.yaml") == {"a": {"field": "x"}, "b": {"field": "x"}}


def test_a_zip_that_would_unfold_to_too_much_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "bomb.zip", "w", ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"forms/f{number}.yaml", b"0" * MAX_FILE_BYTES)
    with pytest.raises(InvalidError):
        read_parts(tmp_path / "bomb.zip")


def test_a_zip_with_other_names_gives_only_what_belongs(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "odd.zip", "w") as archive:
        for name in ["pack.yaml", "../forms/evil.yaml", "/etc/passwd", "forms/good.yaml", "forms/x.txt"]:
            archive.writestr(name, b"a: 1")
    assert sorted(read_parts(tmp_path / "odd.zip")) == ["forms/good.yaml", "pack.yaml"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"not a zip at all"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert packs.check(tmp_path / "x.zip") != []


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr("pack.yaml", b"name: x\n" * 500)
    damaged = bytearray(buffer.getvalue())
    damaged[45:55] = b"\xff" * 10
    (tmp_path / "x.zip").write_bytes(bytes(damaged))
    assert packs.check(tmp_path / "x.zip") != []


def test_a_zip_without_a_pack_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("forms/a.yaml", b"a: 1")
    assert packs.check(tmp_path / "x.zip") != []
