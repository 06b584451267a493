"""The stock way to list the same collection: Flask-Admin's own MongoEngine view as its manual shows it."""

from typing import Any, ClassVar, Final

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.mongoengine import ModelView
from flask_babel import Babel
from mongoengine import (
    BooleanField,
    DateTimeField,
    Decimal128Field,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    IntField,
    ListField,
    ReferenceField,
    StringField,
)

ADDRESS: Final = "/admin/ticket/"
COLUMNS: Final = (
    "number",
    *(
        f"data.{key}"
        for key in (
            "subject",
            "customer",
            "severity",
            "status",
            "batch",
            "delivered",
            "defective",
            "price.amount",
            "received_on",
            "urgent",
            "handler",
        )
    ),
)
"""The columns that our list shows."""

_SEARCHED: Final = ("subject", "description", "customer")
_LOOSE: Final[dict[str, Any]] = {"strict": False, "auto_create_index": False}


class StockPerson(Document):  # type: ignore[misc]
    """Whoever handles a ticket."""

    name = StringField()
    meta: ClassVar[dict[str, Any]] = {**_LOOSE, "collection": "users"}

    def __str__(self) -> str:
        return str(self.name)


class Money(EmbeddedDocument):  # type: ignore[misc]
    """An amount with its currency."""

    amount = Decimal128Field()
    currency = StringField()


class Content(EmbeddedDocument):  # type: ignore[misc]
    """The 25 fields."""

    subject = StringField()
    description = StringField()
    customer = StringField()
    contact = StringField()
    phone = StringField()
    email = StringField()
    channel = StringField()
    severity = StringField()
    status = StringField()
    region = StringField()
    tags = ListField(StringField())
    batch = StringField()
    delivered = IntField()
    defective = IntField()
    weight = Decimal128Field()
    rate = Decimal128Field()
    price = EmbeddedDocumentField(Money)
    cost = EmbeddedDocumentField(Money)
    received_on = StringField()
    due_on = StringField()
    answered_at = DateTimeField()
    spent = IntField()
    urgent = BooleanField()
    rating = IntField()
    handler = ReferenceField(StockPerson)


def _inside(key: str) -> StringField:
    """Return a field of the embedded document as the view wants it named to search in it."""
    field = StringField()
    field.name = f"data__{key}"
    return field


class TicketView(ModelView):  # type: ignore[misc]
    """The list with its default settings, 50 rows, and a search over what ours searches."""

    column_list = COLUMNS
    page_size = 50
    column_searchable_list = ("number", *map(_inside, _SEARCHED))


def document_class(collection: str) -> type[Document]:
    """Return the class of the documents in a collection."""
    fields = {
        "number": StringField(),
        "data": EmbeddedDocumentField(Content),
        "meta": {**_LOOSE, "collection": collection},
    }
    return type("StockTicket", (Document,), fields)


def create_app(collection: str) -> Flask:
    """Return an application that lists a collection at `ADDRESS`; it uses MongoEngine's connection."""
    app = Flask("stock")
    app.config["SECRET_KEY"] = "nothing but a benchmark is signed with this"  # noqa: S105
    Babel(app)  # where it is installed, Flask-Admin cannot do without
    view = TicketView(document_class(collection), name="Tickets", endpoint="ticket")
    Admin(app, name="Stock").add_view(view)
    return app
