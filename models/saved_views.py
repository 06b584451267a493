"""Lists that people keep under a name, for themselves or for everyone."""

from typing import Any, ClassVar

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DictField,
    ListField,
    ObjectIdField,
    StringField,
)
from mongoengine import (
    Document as MongoDocument,
)

from models import rules
from models.access import require_permission
from models.errors import ForbiddenError, InvalidError, NotFoundError
from models.messages import _
from models.people import Permission, User
from models.queries import ListQuery

MAX_NAME = 60


class SavedView(MongoDocument):  # type: ignore[misc]
    """A list of one form: filter, order, columns."""

    form = StringField(required=True)
    name = StringField(required=True, max_length=MAX_NAME)
    owner = ObjectIdField(required=True)
    shared = BooleanField(default=False)
    query = DictField()
    filters = ListField(ListField(StringField()))

    meta: ClassVar[dict[str, Any]] = {
        "collection": "saved_views",
        "auto_create_index": False,
        "indexes": [("form", "owner")],
    }

    @property
    def list_query(self) -> ListQuery:
        """What it shows."""
        return ListQuery.load(self.query)


def save(
    person: User, form: str, name: str, query: ListQuery, filters: list[list[str]], *, shared: bool
) -> SavedView:
    """Keep a list; the same name of the same person is replaced. Sharing needs a permission."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        raise InvalidError({"name": [_("Give it a name of at most %(max)s characters.", max=MAX_NAME)]})
    if shared:
        require_permission(person, Permission.VIEWS_SHARE)
    SavedView.objects(form=form, owner=person.id, name=cleaned).update_one(
        upsert=True, set__query=query.dump(), set__filters=filters, set__shared=shared
    )
    view: SavedView = SavedView.objects(form=form, owner=person.id, name=cleaned).get()
    return view


def of_person(person: User, form: str) -> list[SavedView]:
    """Return a person's own and the shared views of a form, by name."""
    whose = [{"owner": person.id}, {"shared": True}]
    return list(SavedView.objects(__raw__={"form": form, "$or": whose}).order_by("name"))


def delete(person: User, view_id: ObjectId) -> None:
    """Forget a view: one's own, or a shared one with the permission to share."""
    view = SavedView.objects(id=view_id).first()
    if view is None or (view.owner != person.id and not view.shared):
        raise NotFoundError
    if view.owner != person.id and not person.may(Permission.VIEWS_SHARE):
        raise ForbiddenError
    view.delete()


def naming_field(form: str, key: str) -> list[str]:
    """Return the names of views that use a field, so that it is not deleted under them."""
    return [view.name for view in SavedView.objects(form=form) if key in _fields_of(view)]


def _fields_of(view: SavedView) -> set[str]:
    query = view.list_query
    ruled = rules.fields_used(query.where) if query.where else ()
    return {*query.columns, query.sort, *(name.partition(".")[0] for name in ruled)}
