"""Labels on paper: which items, which text, in exact millimetres, and readable by a scanner of others."""

import re
from collections.abc import Iterator

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from flask.testing import FlaskClient
from playwright.sync_api import Page
from pymongo.database import Database

from models.database import Document, db
from models.forms import LiveForm
from models.ledger import labels
from models.people import FieldRule, Limit, User
from tests import factories, phone_stage
from tests.views.windows import page
from tests.web import csrf_token, sign_in

__all__ = ["page"]
MM = 25.4 / 72
SECRET = {"secret": "the recipe", "edition": "Issue Seven"}
DOTS_PER_INCH = 203
"""What label printers have."""


@pytest.fixture
def things(db: Database[Document]) -> LiveForm:
    return phone_stage.ledger()


@pytest.fixture
def admin(things: LiveForm, client: FlaskClient) -> User:
    return sign_in(client, factories.administrator())


def shown(client: FlaskClient, query: str, **typed: object) -> str:
    path = f"/property/thing/labels{query}"
    data = {"csrf_token": csrf_token(client), **typed}
    answer = client.post(path, data=data) if typed else client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def names(text: str) -> list[str]:
    return re.findall(r'class="label-first">([^<]+)<', text)


def ids(*items: Document) -> list[str]:
    return [str(one["_id"]) for one in items]


def test_one_item_gets_one_label_with_its_number_and_name(
    things: LiveForm, admin: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things, name=phone_stage.LONG_NAME)
    text = shown(client, f"?ids={item['_id']}")
    [code] = labels.codes("thing", [item["_id"]]).values()
    assert names(text) == [item["number"]]
    assert phone_stage.LONG_NAME in text
    assert labels.shown(code) in text


def test_a_list_is_printed_as_it_is_filtered(things: LiveForm, admin: User, client: FlaskClient) -> None:
    wanted = [phone_stage.thing(things, belongs_to="north") for _item in range(2)]
    phone_stage.thing(things, belongs_to="south")
    text = shown(client, "?all=1&flt0_belongs_to.eq=north")
    assert sorted(names(text)) == sorted(one["number"] for one in wanted)


def test_too_many_at_once_are_refused_with_a_word(
    things: LiveForm, admin: User, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _item in range(3):
        phone_stage.thing(things)
    monkeypatch.setattr("views.property.labels.MOST_ITEMS", 2)
    answer = client.get("/property/thing/labels?all=1")
    assert answer.status_code == 422
    assert "These are 3 items; labels are printed for at most 2 at a time" in answer.get_data(as_text=True)
    assert db().property_labels.count_documents({}) == 0


def test_a_sheet_that_was_begun_goes_on_where_it_ends(
    things: LiveForm, admin: User, client: FlaskClient
) -> None:
    items = [phone_stage.thing(things) for _item in range(3)]
    text = shown(client, "", ids=ids(*items), paper="3x8", start="24", copies="1", fields=["number"])
    assert re.findall(r'<div class="label label-at-(\d+)">', text) == ["23", "0", "1"]
    assert text.count('<section class="label-page') == 2


def test_copies_of_each_follow_one_another(things: LiveForm, admin: User, client: FlaskClient) -> None:
    items = [phone_stage.thing(things) for _item in range(2)]
    text = shown(client, "", ids=ids(*items), paper="50x30mm", copies="2", fields=["number"])
    first, second = (one["number"] for one in items)
    assert names(text) == [first, first, second, second]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"paper": "3x8", "start": "25"}, "From 1 to 24."),
        ({"paper": "3x8", "start": "0"}, "From 1 to 24."),
        ({"paper": "3x8", "copies": "21"}, "From 1 to 20."),
        ({"paper": "3x8", "copies": "many"}, "From 1 to 20."),
        ({"paper": "free", "width": "5"}, "From 20 to 210."),
        ({"paper": "free", "width": "nan"}, "From 20 to 210."),
        ({"paper": "free", "height": "1e9"}, "From 15 to 297."),
        ({"paper": "A0"}, "Choose a paper."),
        ({"paper": "3x8", "right": "11"}, "From -10 to 10."),
        ({"paper": "3x8", "fields": ["nothing"]}, "Choose what stands on the label."),
    ],
)
def test_what_cannot_be_printed_is_told_beside_it(
    things: LiveForm, admin: User, client: FlaskClient, typed: dict[str, object], said: str
) -> None:
    item = phone_stage.thing(things)
    data = {"csrf_token": csrf_token(client), "ids": ids(item), "fields": ["number"], **typed}
    answer = client.post("/property/thing/labels", data=data)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_what_was_chosen_is_known_the_next_time(things: LiveForm, admin: User, client: FlaskClient) -> None:
    item = phone_stage.thing(things, edition="Issue Seven")
    shown(client, "", ids=ids(item), paper="60x40mm", copies="2", fields=["number", "edition"])
    text = shown(client, f"?ids={item['_id']}")
    assert "size: 60mm 40mm" in text
    assert text.count("Issue Seven") == 2


def test_what_is_closed_to_the_reader_stands_on_no_label(things: LiveForm, client: FlaskClient) -> None:
    role = factories.role("careful", form="thing", actions=["see", "print"])
    role.field_rules = [FieldRule(form="thing", fields=["secret"], limit=Limit.MASKED.value)]
    role.save()
    sign_in(client, factories.user("careful", role))
    item = phone_stage.thing(things, **SECRET)
    text = shown(client, "", ids=ids(item), paper="3x8", fields=["number", "secret", "edition"])
    assert "Issue Seven" in text
    assert "the recipe" not in text
    assert "•" not in re.sub(r"(?s)^.*label-pages", "", text)


def test_items_that_are_not_the_readers_are_left_out_with_a_word(
    things: LiveForm, admin: User, client: FlaskClient
) -> None:
    item = phone_stage.thing(things)
    text = shown(client, f"?ids={item['_id']}&ids=507f1f77bcf86cd799439011&ids=nonsense")
    assert names(text) == [item["number"]]
    assert "1 chosen item is left out" in text


def test_ticked_items_of_the_list_get_labels(things: LiveForm, admin: User, client: FlaskClient) -> None:
    item = phone_stage.thing(things)
    data = {"csrf_token": csrf_token(client), "action": "labels", "ids": ids(item)}
    sent_on = client.post("/records/thing/action", data=data)
    assert (sent_on.status_code, sent_on.location) == (307, "/property/thing/labels")  # as it was posted
    answer = client.post(sent_on.location, data=data)
    assert names(answer.get_data(as_text=True)) == [item["number"]]


def test_other_forms_print_no_labels(db: Database[Document], client: FlaskClient) -> None:
    factories.form()
    sign_in(client, factories.administrator())
    assert client.get("/property/sheet/labels").status_code == 404
    data = {"csrf_token": csrf_token(client), "action": "labels", "ids": ["507f1f77bcf86cd799439011"]}
    assert client.post("/records/sheet/action", data=data).location == "/records/sheet/"


def test_names_are_text_and_never_markup(things: LiveForm, admin: User, client: FlaskClient) -> None:
    item = phone_stage.thing(things, name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in shown(client, f"?ids={item['_id']}")


# -- on paper ------------------------------------------------------------------------------------------------


def printed(page: Page) -> Iterator[pypdfium2.PdfPage]:
    """Yield the pages as a printer gets them."""
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=False))
    yield from document


def read(sheet: pypdfium2.PdfPage) -> list[str]:
    picture = sheet.render(scale=DOTS_PER_INCH / 72).to_pil().convert("L")
    return [one.text for one in zxingcpp.read_barcodes(picture)]


@pytest.mark.browser
@pytest.mark.parametrize("paper", ["3x8", "5x13", "4x10", "50x30mm", "40x60mm", "100x50mm"])
def test_every_code_on_paper_can_be_read_and_no_name_is_cut(
    page: Page, things: LiveForm, address: str, paper: str
) -> None:
    names = ["Gauge", phone_stage.LONG_NAME, "M" * 60, "样品 W-0001 / Ä"]
    items = [phone_stage.thing(things, name=name, belongs_to="华东某某汽车零部件有限公司") for name in names]
    page.goto("/property/thing/labels?" + "&".join(f"ids={one['_id']}" for one in items))
    with page.expect_navigation():
        page.select_option("#field-paper", paper)
    sheets = list(printed(page))
    width, height = (side * MM for side in sheets[0].get_size())
    assert (round(width), round(height)) == {
        "50x30mm": (50, 30), "40x60mm": (40, 60), "100x50mm": (100, 50)
    }.get(paper, (210, 297))  # fmt: skip
    assert len(sheets) == (4 if paper.endswith("mm") else 1)
    found = {text for sheet in sheets for text in read(sheet)}
    codes = labels.codes("thing", [one["_id"] for one in items])
    assert found == {f"{address}/p/{code}" for code in codes.values()}
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".label-text")]
            .filter((one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
            .map((one) => one.textContent)"""
    )
    assert cut == []
    assert page.locator(".label-text", has_text=phone_stage.LONG_NAME).count() == 1


@pytest.mark.browser
def test_labels_lie_where_the_sheet_has_them_to_a_tenth_of_a_millimetre(page: Page, things: LiveForm) -> None:
    for _item in range(24):
        phone_stage.thing(things)
    page.goto("/property/thing/labels?all=1")
    page.emulate_media(media="print")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".label")].map((one) => {
            const box = one.getBoundingClientRect(), page = one.parentElement.getBoundingClientRect();
            return [box.x - page.x, box.y - page.y, box.width, box.height].map((side) => side * 25.4 / 96);
        })"""
    )
    expected = [[70 * (at % 3), 0.5 + 37 * (at // 3), 70, 37] for at in range(24)]
    assert boxes == [pytest.approx(one, abs=0.1) for one in expected]
