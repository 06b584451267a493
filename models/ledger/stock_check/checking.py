"""Looks whether stock checks agree with themselves: their numbers are those of their lines."""

from collections.abc import Iterator

from models.database import Document
from models.forms import LiveForm
from models.ledger.stock_check import lines
from models.ledger.stock_check.check import ADJUSTED, READY, Check, check_forms
from models.messages import Message, _


def check_stock_checks() -> Iterator[Message]:
    """Yield what does not agree in any stock check whose list was drawn up."""
    for form in check_forms():
        for record in form.records().find({"check.stage": {"$in": [READY, ADJUSTED]}}, {"search": 0}):
            if not _is_sound(form, record):
                shown = record.get("number") or record["_id"]
                problem = _("its numbers are not those of its lines")
                yield _("%(form)s %(record)s: %(problem)s", form=form.key, record=shown, problem=problem)


def _is_sound(form: LiveForm, record: Document) -> bool:
    check = Check.of(form, record)
    told = {name: record["data"].get(key) for name, key in check.part.numbers.items()}
    counted = lines.add_up(check.id)
    return counted == check.numbers and all(counted[name] == told[name] for name in told)
