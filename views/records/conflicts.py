"""The page for whoever saves what somebody else saved meanwhile: both values, field by field."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask import request
from flask.typing import ResponseReturnValue

from models import history
from models.database import Document
from models.definition import Field
from models.errors import ConflictError, DomainError
from models.fields import filled_in, type_of
from models.lookups import Lookup
from models.validation import parse_context
from views.context import current_actor, current_lookup
from views.records.facts import shown
from views.records.inputs import RecordForm

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

KEEP = "_keep-"
MAX_OTHERS_CHANGES = 100
_OF_THE_PAGE = frozenset({"csrf_token", "_revision", "_resume"})


class ConflictPage(_Base):
    """What differs between what was typed and what is stored."""

    def conflict_page(
        self, form: RecordForm, opened: Document, conflict: ConflictError
    ) -> ResponseReturnValue:
        """Show what the other person changed beside what was typed; nothing typed is lost."""
        current = conflict.current or opened
        latest = history.of_record(self.form.key, current["_id"], limit=1)
        return (
            self.show(
                "conflict",
                record=current,
                form=form,
                differences=self._differences(form, current),
                latest=latest[0] if latest else None,
                posted=[
                    (name, value)
                    for name, value in request.form.items(multi=True)
                    if name not in _OF_THE_PAGE and not name.startswith(KEEP)
                ],
            ),
            ConflictError.status,
        )

    def _differences(self, form: RecordForm, current: Document) -> list[dict[str, Any]]:
        """Return where what was typed differs from what is stored now, and whether this person changed it."""
        lookup = current_lookup()
        opened = {**current["data"], **self._values_before(current)}
        found = []
        for field in self._comparable(form, current):
            now, then = current["data"].get(field.key), opened.get(field.key)
            mine, theirs = _typed(field, form[field.key].raw, (now, then), lookup), shown(field, now, lookup)
            if mine != theirs and not field.readonly:
                label = field.label.text(lookup.language) or field.key
                changed = mine != shown(field, then, lookup)
                found.append(
                    {
                        "key": field.key,
                        "label": label,
                        "mine": mine,
                        "theirs": theirs,
                        "changed_by_me": changed,
                    }
                )
        return found

    def _comparable(self, form: RecordForm, current: Document) -> Iterator[Field]:
        """Yield the fields whose values may be told: also what is stored now may have closed some."""
        for field in filled_in(self.definition):
            if field.key in form and not self.told.is_withheld(current, field.key):
                yield field

    def _values_before(self, record: Document) -> dict[str, Any]:
        """Return, of the fields that others changed since the page was opened, the values they had then."""
        revision = request.form.get("_revision", 0, type=int)
        limit = min(max(record["revision"] - revision, 1), MAX_OTHERS_CHANGES)
        values: dict[str, Any] = {}
        for entry in history.of_record(
            self.form.key, record["_id"], limit=limit
        ):  # newest first: the oldest wins
            values.update({change["field"]: change["before"] for change in entry["changes"]})
        return values


def _typed(field: Field, raw: object, stored: Iterable[object], lookup: Lookup) -> str:
    """Return what was typed as text; `stored` values may hold what can no longer be chosen, such as files."""
    for before in stored:
        with suppress(DomainError):
            value = type_of(field).parse(field, raw, parse_context(current_actor()), before)
            return shown(field, value, lookup)
    return str(raw)
