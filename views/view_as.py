"""Showing every page as somebody else sees it. Nothing can be changed meanwhile, and nothing taken away."""

from typing import Final

from bson import ObjectId
from flask import Blueprint, Flask, Response, current_app, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from models import viewing_as
from models.access import object_id
from models.errors import NotFoundError
from models.messages import _
from models.people import Permission, User
from views import context, errors

KEY: Final = "view_as"
NOTHING_CHANGES: Final = _(
    "You see the program as somebody else. Meanwhile nothing can be changed, printed or downloaded."
)
THEIR_OWN: Final = _("What belongs to somebody's own account is not shown to others.")
CLOSED_PATHS: Final = ("/account", "/login", "/forgot", "/reset")
# What leaves the house, or leaves a trace in somebody's name.
CLOSED_ENDPOINTS: Final = frozenset(
    {
        "configure_calendars.export",
        "configure_forms.export",
        "jobs.download_view",
        "property.print_statement",
        "property.labels",
        "property.check_print",
        "property.clearance",
        "records.export",
        "records.letter_download",
        "records.letter_view",
        "records.print_view",
        "records.template_view",
        "records.upload_file_view",
    }
)
OPEN_CHANGES: Final = frozenset({"security.logout", "view_as.end"})

pages = Blueprint("view_as", __name__)


def init_app(app: Flask) -> None:
    """Look at every request; call after whoever is signed in is known."""
    app.before_request(_look)
    app.after_request(_keep_in)
    app.register_blueprint(pages)


@pages.post("/configure/users/<user_id>/view-as")
def start(user_id: str) -> ResponseReturnValue:
    """Begin to see the program as somebody else."""
    other: User | None = User.objects(id=object_id(user_id)).first()
    if other is None:
        raise NotFoundError
    session[KEY] = viewing_as.start(context.require_person(), other)
    return redirect(url_for("admin.index"))


@pages.post("/view-as/end")
def end() -> ResponseReturnValue:
    """Go back to one's own view."""
    kept = session.get(KEY)
    if kept:
        _end(kept)
    seen = str(kept["person"]) if kept else ""
    person = context.require_person()
    may_go_back = ObjectId.is_valid(seen) and person.may(Permission.CONFIGURE_PEOPLE)
    return redirect(url_for("configure_users.edit", user_id=seen) if may_go_back else url_for("admin.index"))


def _look() -> ResponseReturnValue | None:
    """Put somebody else in the place of who is signed in, and refuse what a mere look must not do."""
    kept = session.get(KEY) if request.endpoint not in {None, "static", "admin.static"} else None
    person = context.real_person() if kept else None
    if kept is None or person is None:
        return None
    if request.endpoint == "security.logout" and request.method == "POST":
        _end(kept)
        return None
    seen = viewing_as.seen_as(person, kept)
    if seen is None:
        return _over(kept)
    g.seen_as = seen
    g.seen_until = viewing_as.until(kept)
    return _refusal()


def _over(kept: viewing_as.Kept) -> ResponseReturnValue | None:
    """Go on as oneself; what was sent from a page of somebody else's view is not done as oneself."""
    _end(kept)
    if request.method not in {"GET", "HEAD"}:
        return errors.show(403, NOTHING_CHANGES)
    flash(context.say(_("You see the program as yourself again.")), "success")
    return None


def _end(kept: viewing_as.Kept) -> None:
    session.pop(KEY, None)
    g.pop("seen_as", None)
    viewing_as.end(context.require_person(), kept)


def _refusal() -> ResponseReturnValue | None:
    endpoint = request.endpoint or ""
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        return None if endpoint in OPEN_CHANGES else errors.show(403, NOTHING_CHANGES)
    if request.path.startswith(CLOSED_PATHS):
        return errors.show(403, THEIR_OWN)
    takes_away = endpoint in CLOSED_ENDPOINTS or "download" in request.args
    return errors.show(403, NOTHING_CHANGES) if takes_away else None


def _keep_in(response: Response) -> Response:
    """Let nothing be saved as a file, whichever page offers it."""
    if "seen_as" in g and response.headers.get("Content-Disposition", "").startswith("attachment"):
        response.close()
        return current_app.make_response(errors.show(403, NOTHING_CHANGES))
    return response
