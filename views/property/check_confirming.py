"""What somebody borrowed and a stock check asks about: they say whether they have it."""

from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from models.errors import ConflictError, InvalidError
from models.ledger.stock_check.confirming import Asked, asked_of, confirm
from models.ledger.stock_check.counting import MAX_NOTE, Count
from models.ledger.stock_check.reading import Reader
from models.who import called
from views import context
from views.property import base, typed
from views.property.check_lines import rows


@base.pages.get("/confirm")
def to_confirm() -> str:
    """List the pieces that the reader borrowed and that a stock check asks about."""
    return _page({})


@base.pages.post("/confirm/<line_id>")
def confirm_line(line_id: str) -> ResponseReturnValue:
    """Write down whether the reader has the pieces of a line: `have` (yes or no), `quantity`, `note`."""
    try:
        confirm(context.current_actor(), context.require_person(), line_id, _said())
    except InvalidError as error:
        return _page({line_id: context.all_said(error)}), error.status
    except ConflictError as error:
        flash(context.say(error.message), "warning")
    else:
        flash(_("Written down."), "success")
    return redirect(url_for("property.to_confirm"))


def _said() -> Count:
    quantity = Decimal(0) if request.form.get("have") == "no" else typed.quantity()
    return Count(quantity, typed.text("note", MAX_NOTE))


def _page(errors: dict[str, str]) -> str:
    found = asked_of(context.require_person())
    checks = [_shown(one) for one in found]
    return base.show("check_confirm", checks=checks, errors=errors, typed=request.form, longest=MAX_NOTE)


def _shown(asked: Asked) -> dict[str, Any]:
    """Return a check with its lines; whoever is asked is told what it is called."""
    return {
        "called": called(asked.check.form.key, asked.check.record),
        "rows": rows(Reader(context.require_person(), asked.check), asked.lines),
    }
