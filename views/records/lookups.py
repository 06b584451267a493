"""What a form's inputs ask the server for while somebody types: records and people to choose, uploads."""

import re
from typing import TYPE_CHECKING

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import forms, queries
from models.access import Action, permitted
from models.database import Document
from models.definition import Definition, Field
from models.errors import NotFoundError
from models.people import Department, User
from views.context import current_language

if TYPE_CHECKING:
    from views.records.base import FormScreen as _Base
else:
    _Base = object

PAGE = 20
_SYSTEM = {
    "owner": Field(key="owner", type="person"),
    "department": Field(key="department", type="department"),
}


class LookupScreens(_Base):
    """JSON for pickers and uploads."""

    @expose("/options")
    def options_view(self) -> ResponseReturnValue:
        """Return what a field can point to: `?field=customer&q=…&page=1` gives `{results, more}`.

        `field` may be `table.column`. Records come only from forms the person may see.
        """
        field = find_field(self.definition, request.args.get("field", ""))
        words = request.args.get("q", "").strip()[:100]
        page = max(1, min(request.args.get("page", 1, type=int), 50))
        finders = {"reference": self._records, "person": self._people, "department": self._departments}
        if field.type not in finders:
            raise NotFoundError
        found = finders[field.type](field, words, (page - 1) * PAGE)
        return jsonify(results=found[:PAGE], more=len(found) > PAGE)

    def _records(self, field: Field, words: str, offset: int) -> list[dict[str, str]]:
        target = forms.current(field.form)
        found = queries.options(self.person, target, words, PAGE + 1, offset)
        return [
            {"id": str(one["_id"]), "text": _called(one), "note": one.get("number") or ""} for one in found
        ]

    def _people(self, _field: Field, words: str, offset: int) -> list[dict[str, str]]:
        people = User.objects(active=True)
        if words:
            people = people.filter(__raw__={"$or": [{"name": _like(words)}, {"username": _like(words)}]})
        page = people.order_by("name", "username").skip(offset).limit(PAGE + 1).select_related()
        return [
            {
                "id": str(one.id),
                "text": str(one),
                "note": one.department.name.text(current_language()) if one.department else one.username,
            }
            for one in page
        ]

    def _departments(self, _field: Field, words: str, offset: int) -> list[dict[str, str]]:
        found = Department.objects(retired__ne=True)
        if words:
            found = found.filter(
                __raw__={"$or": [{key: _like(words)} for key in ("name.zh", "name.en", "code")]}
            )
        language = current_language()
        return [
            {"id": str(one.id), "text": one.name.text(language), "note": one.code}
            for one in found.skip(offset).limit(PAGE + 1)
        ]

    @expose("/mentions")
    def mentions_view(self) -> ResponseReturnValue:
        """Return people to mention in a comment, who may see the form: `?q=` gives `{results}`."""
        found = self._people(_SYSTEM["owner"], request.args.get("q", "").strip()[:40], 0)
        readers = {
            str(person.id): person.username
            for person in User.objects(id__in=[one["id"] for one in found])
            if permitted(person, self.form.key, Action.SEE)
        }
        offered = [{**one, "username": readers[one["id"]]} for one in found if one["id"] in readers]
        return jsonify(results=offered[:8])

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> ResponseReturnValue:
        """Flask-Admin's own lookup; pickers use `/options`."""
        raise NotFoundError


def find_field(definition: Definition, path: str) -> Field:
    """Return the field at `key` or `table.column`. Raises NotFoundError."""
    key, _dot, column = path.partition(".")
    field = definition.by_key.get(key) or _SYSTEM.get(key)
    if field is not None and column:
        field = field.columns.get(column)
    if field is None:
        raise NotFoundError
    return field


def _called(record: Document) -> str:
    return str(record.get("title") or record.get("number") or record["_id"])


def _like(words: str) -> dict[str, str]:
    return {"$regex": re.escape(words), "$options": "i"}
