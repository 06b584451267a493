"""Stock checks: which there are, the lines of one, and what becomes of its differences."""

from typing import Any, Final

from bson import ObjectId
from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import access
from models.access import Action
from models.errors import ConflictError, InvalidError, NotFoundError
from models.forms import LiveForm
from models.ledger.stock_check import report, reviewing
from models.ledger.stock_check.check import Check, fetch
from models.ledger.stock_check.confirming import confirmed
from models.ledger.stock_check.lines import DECISIONS
from models.ledger.stock_check.reading import FILTERS, Reader
from tasks.jobs import dispatch
from views import context, downloads
from views.navigation import visible_forms
from views.property import base
from views.property.check_lines import rows
from views.records.facts import untitled
from views.records.listing import state_tag

ON_PAGE: Final = 50
MOST_CHECKS: Final = 100
TABS: Final[dict[str, Any]] = {
    "all": lazy_gettext("All lines"),
    "open": lazy_gettext("To be counted"),
    "off": lazy_gettext("Differences"),
    "found": lazy_gettext("Not on the list"),
    "listed": lazy_gettext("Lent or away"),
    "skipped": lazy_gettext("Not booked"),
}
_OF_BOOKS: Final = frozenset({"off", "undecided", "skipped"})
"""What a blind count tells nobody as long as it is counted."""


@base.pages.get("/checks/")
def checks() -> str:
    """List the stock checks that the reader may see, the newest first."""
    found = [_listed(form) for form in _forms()]
    may_create = [
        form for form in _forms() if access.permitted(context.require_person(), form.key, Action.CREATE)
    ]
    return base.show("checks", sections=found, may_create=may_create)


def _forms() -> list[LiveForm]:
    return [form for form in visible_forms(context.require_person()) if form.definition.stock_check]


def _listed(form: LiveForm) -> dict[str, Any]:
    told, seen = base.told(form), access.records_filter(context.require_person(), form)
    found = form.records().find(seen, {"search": 0}).sort("_id", -1).limit(MOST_CHECKS)
    part, language = form.definition.stock_check, context.current_language()
    listed = []
    for record in found:
        data = told.plain(record)["data"]
        numbers = {name: data.get(key) for name, key in part.numbers.items()} if part else {}
        listed.append(
            {
                "url": url_for("property.check", check_id=record["_id"]),
                "number": record.get("number") or "",
                "called": told.titled(record).get("title") or record.get("number") or untitled(),
                "state": state_tag(form.definition, record, language),
                **numbers,
            }
        )
    return {"form": form, "title": form.definition.label.text(language), "rows": listed}


@base.pages.get("/checks/<check_id>")
def check(check_id: str) -> str:
    """Show a check: how far it is, its lines, and what is to be decided about them."""
    return page(fetch(context.require_person(), check_id))


def page(found: Check, errors: dict[str, str] | None = None) -> str:
    """Return the page of a check; `errors` are of what was posted about its lines."""
    person, told = context.require_person(), base.told(found.form)
    reader, job = Reader(person, found), found.job
    may_edit = access.allowed(person, found.form, found.record, Action.EDIT)
    return base.show(
        "check",
        check=found,
        record=told.shown(found.record),
        called=base.called(told, found.record),
        state=state_tag(found.form.definition, found.record, context.current_language()),
        sheet_url=f"/records/{found.form.key}/{found.id}",
        numbers=reader.numbers(),
        confirmed=confirmed(found) if reader.sees_all else (0, 0),
        job=job if job and (found.is_busy or job.state == "failed") else None,
        decisions=[(key, context.say(text)) for key, text in DECISIONS.items()],
        may_count=may_edit and (found.is_counting or found.is_reviewing),
        may_decide=may_edit and found.is_reviewing and not context.seen_as(),
        may_export=_may(found, Action.EXPORT),
        may_print=_may(found, Action.PRINT),
        errors=errors or {},
        typed=request.form,
        **_table(found, reader),
    )


def _table(found: Check, reader: Reader) -> dict[str, Any]:
    """Return the lines that the address asks for, and where it leads on."""
    which = request.args.get("which", "off" if found.is_reviewing else "all")
    which = which if which in FILTERS and not (found.is_blind and which in _OF_BOOKS) else "all"
    words, after = request.args.get("q", "").strip()[:100], request.args.get("after", "")
    lines, beyond = reader.page(which, words=words, after=after, limit=ON_PAGE)
    here: dict[str, Any] = {"check_id": found.id, "which": which, "q": words or None}
    tabs = [key for key in TABS if not (found.is_blind and key in _OF_BOOKS)]
    return {
        "tabs": [_tab(found, key, TABS[key], which) for key in tabs],
        "which": which,
        "words": words,
        "lines": rows(reader, lines),
        "more": url_for(".check", **here, after=beyond) if beyond else "",
        "first": url_for(".check", **here) if after else "",
    }


def _tab(found: Check, key: str, label: object, which: str) -> dict[str, Any]:
    url = url_for("property.check", check_id=found.id, which=key)
    return {"title": str(label), "url": url, "active": key == which}


def _may(found: Check, action: Action) -> bool:
    return access.allowed(context.require_person(), found.form, found.record, action)


@base.pages.get("/checks/<check_id>/progress")
def check_progress(check_id: str) -> ResponseReturnValue:
    """Return how far a check is, for the pages that watch it: `numbers`, `state`, `busy`, `percent`."""
    found = fetch(context.require_person(), check_id)
    job = found.job if found.is_busy else None
    return jsonify(
        numbers=Reader(context.require_person(), found).numbers(),
        state=found.record.get("state") or "",
        busy=job is not None,
        percent=job.percent if job else None,
    )


# -- what becomes of differences -----------------------------------------------------------------------------


@base.pages.post("/checks/<check_id>/decide")
def decide_lines(check_id: str) -> ResponseReturnValue:
    """Decide about lines (`ids`): `decision` with `reason`, or `again` to have them counted again."""
    person, actor = context.require_person(), context.current_actor()
    fetch(person, check_id, Action.EDIT)
    ids = [ObjectId(one) for one in dict.fromkeys(request.form.getlist("ids")) if ObjectId.is_valid(one)]
    decision, reason = request.form.get("decision", ""), request.form.get("reason", "")
    try:
        if decision == "again":
            count = reviewing.ask_again(actor, person, check_id, ids, reason)
            flash(_("Lines to be counted again: %(count)s.", count=count), "success")
        else:
            count = reviewing.decide(actor, person, check_id, ids, decision, reason)
            flash(_("Decided about %(count)s lines.", count=count), "success")
    except InvalidError as error:
        said = {path: " ".join(context.say(one) for one in found) for path, found in error.errors.items()}
        return page(fetch(person, check_id), said), error.status
    except ConflictError as conflict:
        flash(context.say(conflict.message), "warning")
    return redirect(url_for(".check", check_id=check_id, which=request.args.get("which", "off")))


# -- the report ----------------------------------------------------------------------------------------------


@base.pages.post("/checks/<check_id>/report")
def check_report(check_id: str) -> ResponseReturnValue:
    """Let a job write the report of a check into a workbook."""
    job = report.ask(context.require_person(), check_id, context.current_language())
    dispatch(job)
    return redirect(url_for("jobs.job_view", job_id=job.id))


@base.pages.get("/checks/<check_id>/lines/<line_id>/photos/<file_id>")
def check_photo(check_id: str, line_id: str, file_id: str) -> ResponseReturnValue:
    """Send a picture of a line; `?thumbnail`: small."""
    found = fetch(context.require_person(), check_id)
    line, wanted = Reader(context.require_person(), found).line(line_id), access.object_id(file_id)
    if line is None or wanted not in line.line.get("photos", ()):
        raise NotFoundError
    small = downloads.send_thumbnail(wanted) if "thumbnail" in request.args else None
    return small or downloads.send(wanted, attachment=False)
