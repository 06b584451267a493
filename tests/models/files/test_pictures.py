"""Pictures: measured before they are opened, opened where they can do no harm, shown small."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models import database, files
from models.errors import InvalidError, ValueProblem
from models.files import pictures
from models.files.pictures import DamagedPictureError, HugePictureError, Size, measure
from tests import factories
from tests.file_limits import limited
from tests.pictures import bomb, picture, png_claiming, turned

KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


def receive(content: bytes, name: str, *, to_show: bool = True) -> dict[str, object]:
    stored = files.receive(io.BytesIO(content), name, factories.editor(), max_bytes=10**7, to_show=to_show)
    return {"id": stored, **files.info(stored)}


def kept() -> int:
    return database.db()["files.files"].count_documents({})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (37, 300), (5000, 2)])
def test_the_header_says_how_large_a_picture_is(kind: str, size: tuple[int, int]) -> None:
    assert measure(io.BytesIO(picture(kind, size)), KINDS[kind]) == Size(*size)


def test_every_way_to_write_a_picture_is_measured() -> None:
    for options in ({"progressive": True}, {"exif": b"Exif\0\0" + bytes(60_000)}, {"comment": b"x" * 60_000}):
        assert measure(io.BytesIO(picture("JPEG", (64, 48), **options)), "image/jpeg") == Size(64, 48)
    assert measure(io.BytesIO(picture("WEBP", (64, 48), lossless=True)), "image/webp") == Size(64, 48)
    see_through = io.BytesIO()
    Image.new("RGBA", (64, 48), (1, 2, 3, 4)).save(see_through, "WEBP")
    see_through.seek(0)
    assert measure(see_through, "image/webp") == Size(64, 48)


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 400), st.binary(max_size=40))
def test_a_damaged_header_is_refused_or_read_never_a_crash(kind: str, cut: int, noise: bytes) -> None:
    content = picture(kind)[:cut] + noise
    try:
        assert measure(io.BytesIO(content), KINDS[kind])
    except DamagedPictureError:
        return


def test_a_picture_is_refused_by_its_header_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_given: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pictures, "_made", never)
    with pytest.raises(HugePictureError, match="400 megapixels; at most 65"):
        pictures.require_fit(io.BytesIO(png_claiming(20_000, 20_000)), "image/png")


@pytest.mark.usefixtures("db")
def test_a_bomb_is_refused_beside_the_field_or_kept_closed() -> None:
    with pytest.raises(InvalidError, match="megapixels"):
        receive(bomb(), "bomb.png")
    assert kept() == 0
    closed = receive(bomb(), "bomb.png", to_show=False)
    assert closed["type"] == files.UNKNOWN_TYPE


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "content",
    [picture()[:-30], picture("JPEG", (300, 300))[:400], picture("GIF")[:14], picture("WEBP")[:30],
     png_claiming(8000, 8000), png_claiming(0, 5)],
)  # fmt: skip
def test_a_damaged_picture_is_refused_where_it_would_be_shown(content: bytes) -> None:
    with pytest.raises(InvalidError, match="cannot be opened"):
        receive(content, "photo")
    assert kept() == 0
    assert receive(content, "photo", to_show=False)["type"] == files.UNKNOWN_TYPE


@pytest.mark.usefixtures("db")
def test_a_thumbnail_is_upright_small_and_tells_nothing_but_what_is_seen() -> None:
    stored = receive(turned(), "photo.jpg")
    small = files.thumbnail(stored["id"])  # type: ignore[arg-type]
    assert small
    with Image.open(io.BytesIO(small)) as shown:
        assert (shown.format, shown.size) == ("WEBP", (240, 480))
        green = shown.convert("RGB").getchannel("G")
        red_half, white_half = green.getpixel((120, 60)), green.getpixel((120, 420))
        assert not shown.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(shown.info)
    assert [red_half, white_half] == [pytest.approx(0, abs=60), pytest.approx(255, abs=60)]
    assert b"Wang" not in small
    assert b"Exif" not in small


@pytest.mark.usefixtures("db")
def test_what_is_seen_through_stays_so() -> None:
    made = io.BytesIO()
    Image.new("P", (600, 600)).save(made, "GIF", transparency=0)
    small = files.thumbnail(receive(made.getvalue(), "a.gif")["id"])  # type: ignore[arg-type]
    assert small
    with Image.open(io.BytesIO(small)) as shown:
        assert shown.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.usefixtures("db")
def test_a_thumbnail_is_made_once_and_goes_with_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = receive(picture(size=(900, 900)), "a.png")["id"]
    monkeypatch.setattr(pictures, "_made", lambda *_given: pytest.fail("again"))
    assert files.thumbnail(stored)  # type: ignore[arg-type]
    files.delete(stored)  # type: ignore[arg-type]
    assert database.db().thumbnails.count_documents({}) == 0


@pytest.mark.usefixtures("db")
def test_a_picture_of_earlier_days_gets_its_thumbnail_when_it_is_looked_at() -> None:
    fine = files.store(io.BytesIO(picture()), "a.png", None, purpose="upload", max_bytes=10**6)
    broken = files.store(io.BytesIO(picture()[:50]), "a.png", None, purpose="upload", max_bytes=10**6)
    paper = files.store(io.BytesIO(b"%PDF-1.7"), "a.pdf", None, purpose="upload", max_bytes=10**6)
    assert files.thumbnail(fine)
    assert files.thumbnail(broken) is None
    assert files.thumbnail(broken) is None
    assert files.thumbnail(paper) is None


@pytest.mark.usefixtures("db")
def test_a_decoder_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.001)
    with pytest.raises(InvalidError):
        receive(picture(), "a.png")
    assert kept() == 0


@pytest.mark.usefixtures("db")
def test_the_operator_says_how_large_pictures_may_be() -> None:
    with limited(max_pixels=700), pytest.raises(ValueProblem):
        pictures.require_fit(io.BytesIO(picture(size=(40, 20))), "image/png")
