"""The slip of a loan that is taken over: what it will hold, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any, Final

from models import directory
from models.database import Document
from models.definition import Definition
from models.errors import DomainError, InvalidError
from models.forms import LiveForm
from models.lookups import References
from models.messages import _, translate
from models.people import Actor
from models.planning import creatable
from models.validation import Errors, limits_of, validate

TAKEN_OVER: Final = _("Taken over from another ledger")
_TEXTS: Final = frozenset({"text", "long_text"})


class SlipReader:
    """Reads loans as slips of one form."""

    def __init__(self, actor: Actor, form: LiveForm) -> None:
        part = form.definition.slip
        if part is None:
            raise DomainError(_("This form lends nothing: it is not a slip."))
        self.form, self._actor = form, actor
        self._limits = limits_of(actor, form.definition)
        self._creatable = creatable(actor, form)
        fields = {
            part.borrower: "borrower",
            part.department: "department",
            part.begins: "since",
            part.ends: "due",
            _title_text(form.definition): "note",
        }
        self._columns = {field: column for field, column in fields.items() if field}

    def read(self, row: Document, references: References) -> tuple[Document, Errors]:
        """Return the values of the slip, without the thing it lends, and errors by column of the loan.

        What the slip needs besides stays empty: the earlier ledger does not know it.
        """
        raw = self._raw(row)
        definition = self.form.definition
        checked = validate(self._actor, definition, raw, references=references, limits=self._limits)
        data = {key: value for key, value in checked.data.items() if key in raw or key not in self._columns}
        errors = {self._columns[key]: found for key, found in checked.errors.items() if key in self._columns}
        try:
            self._creatable(data)
        except InvalidError as refused:
            errors[""] = refused.errors[""]
        return data, errors

    def _raw(self, row: Document) -> dict[str, Any]:
        """Return raw values; a borrower without a department belongs to their own."""
        known: Mapping[str, Any] = {
            **row,
            "department": row.get("department") or directory.current().department_of(row["borrower"]),
            "note": row.get("note") or translate(TAKEN_OVER, self._actor.language),
        }
        return {field: known[column] for field, column in self._columns.items() if known.get(column)}


def _title_text(definition: Definition) -> str:
    """Return the text by which slips are called, their purpose as a rule; nothing where there is none."""
    called = (definition.by_key.get(key) for key in definition.title_fields)
    return next((field.key for field in called if field and field.type in _TEXTS), "")
