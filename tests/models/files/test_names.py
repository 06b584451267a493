"""Names of files: what is left of them."""

import pytest

from models.files.names import MAX_NAME, clean_name, extension, with_extension


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .tar.gz", "_com1 .tar.gz"),
        ("console.txt", "console.txt"),
        ("evil.exe. .", "evil.exe"),
        ("a\u3000b\u00a0c.pdf", "a b c.pdf"),
        ("cafe\u0301.txt", "café.txt"),
        ("\u2066\u200bx\u2069.txt", "x.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("/etc/../..", "file"),
        ("a/b\\c:d.txt", "c:d.txt"),
    ],
)
def test_no_system_reads_a_name_as_anything_else(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_a_long_name_keeps_its_beginning_and_its_extension() -> None:
    kept = clean_name("检" * 400 + ".pdf")
    assert len(kept) == MAX_NAME
    assert kept.startswith("检检")
    assert kept.endswith("检.pdf")
    assert len(clean_name("a." + "b" * 500)) <= MAX_NAME


def test_extensions() -> None:
    assert (extension("A.PDF"), extension("a"), extension("a.tar.GZ")) == ("pdf", "", "gz")
    assert with_extension("照片.jpg", "png") == "照片.png"
