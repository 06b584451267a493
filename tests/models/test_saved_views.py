from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database

from models import saved_views
from models.errors import ForbiddenError, InvalidError, NotFoundError
from models.people import Permission, User
from models.queries import ListQuery
from models.saved_views import SavedView
from tests import factories

Store = Database[dict[str, Any]]
QUERY = ListQuery(
    {"field": "qty", "op": "gt", "value": 1}, "电", "qty", descending=False, columns=("name", "qty")
)

pytestmark = pytest.mark.usefixtures("db")


def keep(person: User, name: str = "mine", *, shared: bool = False, query: ListQuery = QUERY) -> SavedView:
    return saved_views.save(person, "sheet", name, query, [["qty", "gt", "1"]], shared=shared)


def sharer() -> User:
    return factories.user("sharer", factories.role("sharer", permissions=[Permission.VIEWS_SHARE.value]))


def names(person: User, form: str = "sheet") -> list[str]:
    return [str(view.name) for view in saved_views.of_person(person, form)]


def test_a_view_comes_back_as_it_was_kept() -> None:
    view = keep(factories.reader(), "  my   list ")
    [found] = saved_views.of_person(factories.reader(), "sheet")
    assert (found.id, found.name, found.list_query) == (view.id, "my list", QUERY)
    assert [list(one) for one in found.filters] == [["qty", "gt", "1"]]


def test_the_same_name_replaces_the_view_also_at_once() -> None:
    reader = factories.reader()
    first = keep(reader)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _n: keep(reader, "new"), range(8)))
    assert len({view.id for view in made}) == 1
    assert keep(reader, query=ListQuery()).id == first.id
    assert names(reader) == ["mine", "new"]
    assert saved_views.of_person(reader, "sheet")[0].list_query == ListQuery()


def test_a_view_is_private_until_somebody_who_may_shares_it() -> None:
    reader = factories.reader()
    keep(reader)
    assert names(factories.editor()) == []
    with pytest.raises(ForbiddenError):
        keep(reader, "everyone", shared=True)
    keep(sharer(), "everyone", shared=True)
    assert names(factories.editor()) == ["everyone"]
    assert names(reader) == ["everyone", "mine"]
    assert names(reader, "other") == []


def test_a_view_is_forgotten_by_its_owner_or_if_shared_by_who_may_share() -> None:
    mine, public = keep(factories.reader()), keep(sharer(), "everyone", shared=True)
    with pytest.raises(NotFoundError):
        saved_views.delete(factories.editor(), mine.id)
    with pytest.raises(ForbiddenError):
        saved_views.delete(factories.editor(), public.id)
    with pytest.raises(NotFoundError):
        saved_views.delete(factories.administrator(), ObjectId())
    saved_views.delete(factories.administrator(), public.id)
    saved_views.delete(factories.reader(), mine.id)
    assert names(factories.reader()) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b", "\ud800", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(InvalidError) as refused:
        keep(factories.reader(), name)
    assert list(refused.value.errors) == ["name"]


@pytest.mark.parametrize(
    ("key", "named"), [("qty", ["mine"]), ("name", ["mine"]), ("gt", []), ("na", []), ("other", [])]
)
def test_views_that_use_a_field_are_known(key: str, named: list[str]) -> None:
    keep(factories.reader())
    assert saved_views.naming_field("sheet", key) == named
    assert saved_views.naming_field("other", key) == []


def test_a_view_sorted_by_a_field_uses_it_and_a_value_of_the_same_word_does_not() -> None:
    keep(factories.reader(), "sorted", query=ListQuery(sort="qty"))
    keep(factories.reader(), "valued", query=ListQuery({"field": "name", "op": "eq", "value": "qty"}))
    keep(factories.reader(), "worded", query=ListQuery(search="qty"))
    keep(factories.reader(), "column", query=ListQuery({"not": {"any": [{"field": "qty.n", "op": "empty"}]}}))
    assert sorted(saved_views.naming_field("sheet", "qty")) == ["column", "sorted"]
