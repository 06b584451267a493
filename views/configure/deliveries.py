"""The log of deliveries: what left, what waits, what was given up, and sending it again."""

from typing import Any

from bson import ObjectId
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from models import channels, deliveries
from models.access import object_id
from models.database import Document
from models.messages import say_stored
from models.people import Permission
from tasks.deliveries import send_due
from views.configure.base import ConfigureView
from views.configure.channels import KINDS
from views.configure.messages import tabs
from views.context import current_language, current_timezone
from views.sending import send_quietly

PAGE_SIZE = 50
STATES: dict[str, tuple[Any, str]] = {
    "queued": (lazy_gettext("waiting"), "blue"),
    "failed": (lazy_gettext("tried, waiting"), "orange"),
    "sent": (lazy_gettext("sent"), "green"),
    "dead": (lazy_gettext("given up"), "red"),
    "skipped": (lazy_gettext("not needed"), "gray"),
}
OUTCOMES: dict[str, tuple[Any, str]] = {
    "sent": (lazy_gettext("sent"), "green"),
    "again": (lazy_gettext("failed"), "orange"),
    "busy": (lazy_gettext("put off"), "orange"),
    "never": (lazy_gettext("refused"), "red"),
}


class DeliveriesView(ConfigureView):
    """Everything that was to leave by a channel."""

    permissions = (Permission.CONFIGURE_CHANNELS,)
    endpoint_name = "configure_deliveries"
    path = "/configure/channels/log"

    @expose("/")
    def index(self) -> str:
        """List deliveries, newest first, by state and channel."""
        query = _query()
        before = request.args.get("before", "")
        start = ObjectId(before) if ObjectId.is_valid(before) else None
        found = deliveries.page(query, before=start, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        return self.page(
            "deliveries.html",
            deliveries=shown,
            older=_address(before=shown[-1]["_id"]) if len(found) > PAGE_SIZE else "",
            newest=_address() if start else "",
            counts=deliveries.counts(),
            tabs_of=tabs("deliveries"),
            **_words(),
        )

    @expose("/<delivery_id>")
    def details(self, delivery_id: str) -> str:
        """Show one delivery with every attempt."""
        found = deliveries.get(object_id(delivery_id))
        return self.page("delivery.html", delivery=found, outcomes=OUTCOMES, **_words())

    @expose("/<delivery_id>/retry", methods=["POST"])
    def retry(self, delivery_id: str) -> ResponseReturnValue:
        """Try one again at once."""
        found = deliveries.get(object_id(delivery_id))
        return _tried(deliveries.retry([found["_id"]]), url_for(".details", delivery_id=found["_id"]))

    @expose("/retry", methods=["POST"])
    def retry_all(self) -> ResponseReturnValue:
        """Try everything again that was given up, of one channel or of all."""
        channel = request.form.get("channel", "")
        chosen = ObjectId(channel) if ObjectId.is_valid(channel) else None
        return _tried(deliveries.retry_dead(chosen), url_for(".index"))


def _tried(count: int, target: str) -> ResponseReturnValue:
    if count:
        send_quietly(send_due)
        flash(
            ngettext("%(num)s message is tried again.", "%(num)s messages are tried again.", count), "success"
        )
    else:
        flash(_("There was nothing to try again."), "info")
    return redirect(target)


def _query() -> Document:
    """Return the filter that the address names; what makes no sense is left out."""
    query: Document = {}
    if (state := request.args.get("state", "")) in STATES:
        query["state"] = state
    if ObjectId.is_valid(channel := request.args.get("channel", "")):
        query["channel"] = ObjectId(channel)
    return query


def _address(**changes: Any) -> str:  # noqa: ANN401  (query values)
    kept = {name: request.args[name] for name in ("state", "channel") if request.args.get(name)}
    return url_for("configure_deliveries.index", **{**kept, **changes})


def _words() -> dict[str, Any]:
    language = current_language()
    return {
        "states": STATES,
        "kinds": KINDS,
        "names": channels.names(),
        "reason_of": deliveries.reason_of,
        "text_of": lambda words: say_stored(words, language),
        "timezone": current_timezone(),
        "address": _address,
    }
