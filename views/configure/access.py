"""Who can do what, and why: one question answered, everybody who reaches a record, everybody's rights."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from bson import ObjectId
from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import (
    access,
    access_explained,
    access_review,
    access_workbook,
    audit,
    departments,
    forms,
    record_access,
    rights_words,
    workflow,
)
from models.access import Action
from models.access_review import Asked
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.people import Actor, Permission, Role, User
from models.permissions import may_ask_about
from models.spreadsheets.names import file_name
from models.times import now
from views import downloads
from views.configure.base import ConfigureView, posted, said
from views.configure.roles import titles
from views.context import current_language, current_lookup, current_timezone, require_person, say

PAGE_SIZE = 50
MAX_PAGE = 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AccessView(ConfigureView):
    """The screens on which rights are looked at, not changed."""

    permissions = (Permission.CONFIGURE_PEOPLE, Permission.CONFIGURE_ROLES)
    endpoint_name = "configure_access"
    path = "/configure/access"

    def is_accessible(self) -> bool:
        """Open it also to who keeps a form; the page of a record says of which."""
        return super().is_accessible() or request.endpoint == "configure_access.record"

    @expose("/")
    def index(self) -> str:
        """Begin with everybody's rights."""
        return self.review()

    @expose("/why")
    def why(self) -> str:
        """Say why somebody can or cannot do something with a form or a record."""
        values = {
            name: request.args.get(name, "").strip()[:200] for name in ("person", "form", "action", "record")
        }
        person, form = _person(values["person"]), _form(values["form"])
        errors: dict[str, str] = {}
        record = _record(form, values["record"], errors) if form and values["record"] else None
        answer = self._answer(person, form, values, record) if person and form and not errors else {}
        return self.page(
            "access_why.html",
            values=values,
            errors=errors,
            people=User.objects.only("name", "username", "active").order_by("name", "username"),
            forms={key: title for key, title in titles().items() if key != "*"},
            actions=rights_words.ACTIONS,
            **answer,
        )

    def _answer(
        self, person: User, form: LiveForm, values: dict[str, str], record: Document | None
    ) -> dict[str, Any]:
        wanted = values["action"] if values["action"] in set(Action) else Action.SEE
        found = access_explained.explain(person, form, Action(wanted), record)
        lookup = current_lookup()
        acting = [lookup.person(one) for one in access_explained.acts_for(person, form.key)]
        return {
            "found": found,
            "acting": acting,
            "teller": access_explained.Teller(form.definition, current_language(), lookup),
            "facts": _facts(form, record) if record else [],
            "closed": _closed(person, form, record) if record and found.parts[0].is_open else [],
            "offers": workflow.available(person, form, record) if record and found.answer else [],
        }

    @expose("/record/<form>/<record_id>")
    def record(self, form: str, record_id: str) -> str:
        """List everybody who sees a record, and through what."""
        person, live = require_person(), forms.current(form)
        if not may_ask_about(person, form):
            raise ForbiddenError
        record = access.fetch(person, live, record_id)
        everybody = record_access.of_record(live, record)
        page = _page_number()
        return self.page(
            "access_record.html",
            record=record,
            form=live,
            total=len(everybody),
            found=everybody[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
            page_number=page,
            more=len(everybody) > page * PAGE_SIZE,
            facts=_facts(live, record),
            teller=access_explained.Teller(live.definition, current_language(), current_lookup()),
            words=rights_words,
        )

    @expose("/review")
    def review(self) -> str:
        """Show everybody's rights, what changed since the last review, and who made it."""
        asked, page = _asked(), _page_number()
        lines = list(access_review.lines(asked))
        shown = lines[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        last, picture = access_review.last(), access_review.picture()
        return self.page(
            "access_review.html",
            lines=shown,
            total=len(lines),
            page_number=page,
            more=len(lines) > page * PAGE_SIZE,
            proven=access_review.with_factors([line.person for line in shown]),
            words=access_workbook.Words(current_language()),
            last=last,
            earlier=access_review.earlier(),
            changes=access_review.changes(last.picture, picture) if last else [],
            fingerprint=access_review.fingerprint(picture),
            titles=titles(),
            roles=list(Role.objects.order_by("name")),
            tree=departments.tree(),
            address=_address,
        )

    @expose("/review/export", methods=["POST"])
    def export(self) -> Response:
        """Hand out everybody's rights as a workbook."""
        person, asked = require_person(), _asked()
        narrowed = {"form": asked.form, "role": asked.role, "department": asked.department}
        details = {name: value for name, value in narrowed.items() if value}
        with tempfile.TemporaryDirectory(prefix="access-") as folder:
            path = Path(folder, "access.xlsx")
            access_workbook.write(path, person, asked, current_language(), current_timezone())
            content = BytesIO(path.read_bytes())
        audit.note("access.reviewed", actor=Actor.of(person), details=details)
        name = file_name(f"{_('Access review')} {now().astimezone(current_timezone()):%Y-%m-%d}", "xlsx")
        headers = {"Content-Disposition": downloads.disposition(name, attachment=True)}
        return Response(content.getvalue(), mimetype=XLSX, headers=headers)

    @expose("/review/done", methods=["POST"])
    def done(self) -> ResponseReturnValue:
        """Keep that the rights were looked through and found in order."""
        try:
            note = posted("note", access_review.MAX_NOTE)
            access_review.finish(require_person(), posted("fingerprint", 64), note)
            flash(_("The review is noted."), "success")
        except InvalidError as error:
            flash(" ".join(said(error).values()), "danger")
        except ConflictError as error:
            flash(say(error.message), "danger")
        return redirect(url_for(".review"))


def _person(wanted: str) -> User | None:
    query = {"id": ObjectId(wanted)} if ObjectId.is_valid(wanted) else {"username": wanted.lower()}
    found: User | None = User.objects(**query).first() if wanted and "\0" not in wanted else None
    return found


def _form(wanted: str) -> LiveForm | None:
    try:
        return forms.current(wanted) if wanted else None
    except NotFoundError:
        return None


def _record(form: LiveForm, wanted: str, errors: dict[str, str]) -> Document | None:
    """Return a record that whoever asks may see, by number or id; one in the bin too."""
    person = require_person()
    try:
        by_number = (
            None if ObjectId.is_valid(wanted) else form.records().find_one({"number": wanted}, {"_id": 1})
        )
        return _fetch(person, form, by_number["_id"] if by_number else wanted)
    except (ForbiddenError, NotFoundError):
        errors["record"] = _("There is no such record, or you may not see it.")
        return None


def _fetch(person: User, form: LiveForm, record_id: str | ObjectId) -> Document:
    """Return a record to look at; one in the bin only to whoever may take it out."""
    try:
        return access.fetch(person, form, record_id)
    except NotFoundError:
        return access.fetch(person, form, record_id, Action.RESTORE)


def _facts(form: LiveForm, record: Document) -> list[tuple[str, str]]:
    lookup, states = current_lookup(), form.definition.workflow
    state = record.get("state") or (states.initial if states else "")
    label = rights_words.state_names([state], form.definition, current_language()) if state else ""
    people = {
        name: ", ".join(lookup.person(one) for one in record.get(name) or ())
        for name in ("assignees", "invited")
    }
    facts = {
        _("Number"): str(record.get("number") or record.get("title") or ""),
        _("State"): label,
        _("Department"): lookup.department(record.get("department")) or _("None"),
        _("Owner"): lookup.person(record.get("owner")),
        _("Assigned to"): people["assignees"],
        _("Shared with"): people["invited"],
    }
    return [(name, text) for name, text in facts.items() if text]


def _closed(person: User, form: LiveForm, record: Document) -> list[dict[str, Any]]:
    language, definition = current_language(), form.definition
    return [
        {
            "field": definition.by_key[one.field].label.text(language) or one.field,
            "limit": say(rights_words.limit(one.limit)),
            "roles": list(dict.fromkeys(rights_words.called(role, language) for role, _rule in one.sources)),
        }
        for one in access_explained.closed_fields(person, form, record)
    ]


def _asked() -> Asked:
    given = request.values
    ids = {
        name: ObjectId(given[name])
        for name in ("role", "department")
        if ObjectId.is_valid(given.get(name, ""))
    }
    return Asked(given.get("form", "")[:60], ids.get("role"), ids.get("department"))


def _page_number() -> int:
    text = request.args.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < len(str(MAX_PAGE)) else 1
    return max(1, number)


def _address(**changes: Any) -> str:  # noqa: ANN401  (query values)
    kept = {name: request.args[name] for name in ("form", "role", "department") if request.args.get(name)}
    return url_for("configure_access.review", **{**kept, **changes})
