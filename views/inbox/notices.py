"""What a person was told, and the numbers that the bell asks for."""

from typing import TYPE_CHECKING

from bson import ObjectId
from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import duties, notices, notifications
from models.messages import say_stored
from views.context import current_language, current_timezone, require_person

if TYPE_CHECKING:
    from views.inbox.duties import DutyLists as _Base
else:
    _Base = object

ICONS = {"mention": "at", "task": "check2-square", "approval": "vector-pen", "deadline": "clock"}


class Notices(_Base):
    """Notices, newest first."""

    @expose("/notices")
    def notices(self) -> str:
        """Show what a person was told; with `kind=mention` only where somebody named them."""
        language, kind = current_language(), request.args.get("kind", "")
        person = require_person()
        found = notices.readable(person, notifications.of_person(person))
        return self.show(
            "notices",
            notices=[one for one in found if not kind or one["kind"] == kind],
            kind=kind,
            timezone=current_timezone(),
            text_of=lambda words: say_stored(words, language),
            icons=ICONS,
        )

    @expose("/read", methods=("POST",))
    def read(self) -> ResponseReturnValue:
        """Mark one notice (`id`) or all as read."""
        wanted = request.form.get("id", "")
        notifications.mark_read(require_person(), ObjectId(wanted) if ObjectId.is_valid(wanted) else None)
        return redirect(url_for(".notices"))

    @expose("/badge")
    def badge(self) -> ResponseReturnValue:
        """Return how much waits, for the numbers that every page shows."""
        person = require_person()
        total = duties.counts(person)
        answer = jsonify(
            open=total.open,
            overdue=total.overdue,
            on_behalf=total.on_behalf,
            unread=notifications.unread_count(person),
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer
