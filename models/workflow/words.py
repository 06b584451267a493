"""A procedure in a person's words: who, when and why not; each in the language it is read in."""

from dataclasses import dataclass
from typing import Any

from models import rules
from models.database import db
from models.forms import LiveForm
from models.lookups import Lookup
from models.messages import Message, _, translate
from models.procedure import Who

_SYSTEM: dict[str, Message] = {
    "@owner": _("the owner"),
    "@created_by": _("who created it"),
    "@assignees": _("who it is assigned to"),
    "@me": _("whoever acts"),
    "@department": _("the record's department"),
}


@dataclass(frozen=True)
class Condition:
    """A rule of a form as text."""

    tree: Any
    form: LiveForm

    def text(self, language: str) -> str:
        """Return it in a language."""
        return rules.describe(self.tree, self.form.definition, language, names=Lookup(language))


@dataclass(frozen=True)
class People:
    """A description of people as text."""

    who: Who
    form: LiveForm

    def text(self, language: str) -> str:
        """Return it in a language, such as “quality engineers, head of the record's department”."""
        parts = [
            *self._roles(language),
            *_names("users", "username", self.who.people, language),
            *(self._source(source, language) for source in self.who.fields),
            *(_say(_HEAD, name, language) for name in self._departments(self.who.heads, language)),
            *(_say(_HEAD, self._source(one, language), language) for one in self.who.heads_of),
            *(_say(_MEMBERS, name, language) for name in self._departments(self.who.members, language)),
            *(_say(_MEMBERS, self._source(one, language), language) for one in self.who.members_of),
        ]
        return (", " if language == "en" else "、").join(dict.fromkeys(parts))

    def _roles(self, language: str) -> list[str]:
        names = _names("roles", "name", self.who.roles, language, label="label")
        if not self.who.within:
            return names
        field = self.who.within.startswith("@") or self.who.within in self.form.definition.by_key
        where = (
            self._source(self.who.within, language)
            if field
            else self._departments((self.who.within,), language)[0]
        )
        return [
            translate(_("%(role)s of %(department)s", role=name, department=where), language)
            for name in names
        ]

    def _departments(self, codes: tuple[str, ...], language: str) -> list[str]:
        return _names("departments", "code", codes, language)

    def _source(self, source: str, language: str) -> str:
        if source in _SYSTEM:
            return translate(_SYSTEM[source], language)
        first, _dot, column = source.partition(".")
        field = self.form.definition.by_key.get(first)
        if field and column:
            field = field.columns.get(column)
        return field.label.text(language) or source if field else source


_HEAD = _("head of %(department)s")
_MEMBERS = _("people of %(department)s")


def _say(message: Message, department: str, language: str) -> str:
    return translate(Message(message.msgid, {"department": department}), language)


def _names(
    collection: str, key: str, wanted: tuple[str, ...], language: str, label: str = "name"
) -> list[str]:
    if not wanted:
        return []
    found = {one[key]: one.get(label) for one in db()[collection].find({key: {"$in": list(wanted)}})}
    return [_called(found.get(one), language) or one for one in wanted]


def _called(name: Any, language: str) -> str:  # noqa: ANN401  (a text, or one per language)
    if isinstance(name, dict):
        first, second = ("en", "zh") if language == "en" else ("zh", "en")
        return str(name.get(first) or name.get(second) or "")
    return str(name or "")
