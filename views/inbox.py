"""What a person was told."""

from bson import ObjectId
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import notifications
from models.messages import say_stored
from views.admin import Screen
from views.context import current_language, current_timezone, require_person

ICONS = {"mention": "at", "task": "check2-square", "approval": "vector-pen", "deadline": "clock"}


class Inbox(Screen):
    """Notices, newest first."""

    def __init__(self) -> None:
        super().__init__(name="inbox", endpoint="inbox", url="/inbox")

    @expose("/")
    def index(self) -> str:
        """Show what a person was told."""
        language = current_language()
        return str(
            self.render(
                "inbox.html",
                notices=notifications.of_person(require_person()),
                timezone=current_timezone(),
                text_of=lambda words: say_stored(words, language),
                icons=ICONS,
            )
        )

    @expose("/read", methods=("POST",))
    def read(self) -> ResponseReturnValue:
        """Mark one notice (`id`) or all as read."""
        wanted = request.form.get("id", "")
        notifications.mark_read(require_person(), ObjectId(wanted) if ObjectId.is_valid(wanted) else None)
        return redirect(url_for(".index"))
