"""Changes of a definition in a person's words: for the impact page and the list of versions."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from models.definition import Definition, Field
from models.fields import TYPES
from models.form_changes import Change
from models.procedure_changes import Changed, PartChange
from models.rules import describe
from views.configure import catalog, ledger_catalog, letters, procedure_catalog
from views.configure.procedure_words import ProcedureWords
from views.context import say

RULES = frozenset({"visible_if", "required_if", "readonly_if"})
MAX_TEXT = 160
MAX_PART = 400


class Wording:
    """Says properties and values of one form in one language."""

    def __init__(self, definition: Definition, language: str) -> None:
        """Take the form that rules refer to, and the reader's language."""
        self.definition = definition
        self.language = language
        self._procedure = ProcedureWords(definition, language)

    def field(self, path: str, field: Field) -> str:
        """Return what a field is called; a column with its table."""
        label = field.label.text(self.language) or field.key
        table = self.definition.by_key.get(path.partition(".")[0]) if "." in path else None
        return f"{table.label.text(self.language) or table.key} › {label}" if table else label

    def part(self, change: PartChange) -> str:
        """Return what a part of the procedure is called, such as “Step: Accept”."""
        kind = str(procedure_catalog.PARTS[change.kind])
        return (
            _("%(kind)s: %(name)s", kind=kind, name=change.label.text(self.language)) if change.key else kind
        )

    def part_value(self, change: Changed, side: str, kind: str) -> str:
        """Return one side of a change of a part of the procedure, a ledger or a letter as text."""
        value = getattr(change, side)
        if kind in ledger_catalog.PROPERTIES:
            text = self._ledger_value(kind, change.name, value)
        elif kind == "letter" and isinstance(value, str):
            text = self._source(value)
        else:
            text = self._procedure.value(change.name, value)
        return text if len(text) <= MAX_PART else f"{text[:MAX_PART]}…"

    @staticmethod
    def part_property(change: Changed, kind: str) -> str:
        """Return what a property of a part of the procedure, a ledger or a letter is called."""
        if kind in ledger_catalog.PROPERTIES:
            return ledger_catalog.label(f"{kind}.{change.name}")
        if kind == "letter":
            return str(letters.PROPERTIES.get(change.name, change.name))
        return procedure_catalog.label(change.name)

    def _ledger_value(self, part: str, name: str, value: Any) -> str:  # noqa: ANN401  (JSON)
        """Return a property of a ledger, slip or stock check: mostly what a field or column is called."""
        if not value:
            return "—"
        if name == "returns":
            return "; ".join(
                f"{ledger_catalog.label(f'slip.returns.{key}')}: {self._ledger_value(name, key, one)}"
                for key, one in value.items()
                if one
            )
        if isinstance(value, Mapping):
            return "、".join(f"{self._source(key)} = {one}" for key, one in value.items())
        entered = ledger_catalog.PROPERTIES.get(part, {}).get(name, ("", "", ""))[2]
        if isinstance(value, list):
            return "、".join(self._procedure.state(one) if entered == "states" else one for one in value)
        if entered == "step":
            return self._procedure.step(str(value))
        return self._of_table(str(value)) if entered == "column" else self._source(str(value))

    def _of_table(self, key: str) -> str:
        """Return what a column of some table is called."""
        columns = (field.columns.get(key) for field in self.definition.fields)
        found = next(filter(None, columns), None)
        return found.label.text(self.language) or key if found else key

    def _source(self, value: str) -> str:
        """Return what a field is called, or what stands there where it names none."""
        key, dot, part = value.partition(".")
        field = self.definition.by_key.get(key)
        if field is None:
            return value or "—"
        name = field.label.text(self.language) or key
        return f"{name} › {part}" if dot else name

    def place(self, path: str) -> str:
        """Return what a path such as `fields.parts.qty.min` leads to, as the editor names it."""
        first, *rest = path.split(".")
        if first in {"workflow", "clocks"}:
            return self._procedure.place(path)
        if first in ledger_catalog.PARTS:
            return " › ".join(dict.fromkeys((self.property(first), ledger_catalog.label(path))))
        if first == "letters":
            return self._letter(*rest)
        field = self.definition.by_key.get(rest[0]) if first == "fields" and rest else None
        if field is None:
            return self.property(first) if first in catalog.FORM_PROPERTIES else path
        key, *below = rest
        names = [self.field(key, field)]
        if below and below[0] in field.columns:
            names.append(self.field(below[0], field.columns[below.pop(0)]))
        if below and below[0] in catalog.PROPERTIES:
            names.append(self.property(below[0]))
        return " › ".join(names)

    def _letter(self, key: str = "", name: str = "", *_rest: str) -> str:
        letter = self.definition.by_letter.get(key)
        called = letter.label.text(self.language) if letter else ""
        known = letters.PROPERTIES.get(name)
        named = [self.property("letters"), called or key, str(known) if known else ""]
        return " › ".join(filter(None, named))

    def type_name(self, field: Field) -> str:
        """Return what a field's type is called."""
        return str(say(TYPES[field.type].name))

    def property(self, name: str) -> str:
        """Return what a property of a field or form is called."""
        if name in catalog.FORM_PROPERTIES and name not in catalog.PROPERTIES:
            return str(catalog.FORM_PROPERTIES[name])
        return catalog.property_label(name)

    def value(self, change: Change, side: str) -> str:
        """Return one side of a change as text."""
        return self._say(change.name, getattr(change, side))[:MAX_TEXT]

    def _say(self, name: str, value: Any) -> str:  # noqa: ANN401  (whatever a property holds)
        if value is None or value in ("", [], {}):
            return "—"
        if name in RULES:
            return describe(value, self.definition, self.language)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return "、".join(self._entry(one) for one in value)
        return self._plain(name, value)

    @staticmethod
    def _plain(name: str, value: Any) -> str:  # noqa: ANN401  (a text, number or yes/no)
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        return catalog.group_labels().get(value, value) if name == "group" else str(value)

    def _mapping(self, value: Mapping[str, Any]) -> str:
        if set(value) <= {"zh", "en"}:
            texts = [value.get("zh") or "", value.get("en") or ""]
            return " / ".join(text for text in texts if text) or "—"
        return ", ".join(f"{key}: {inner}" for key, inner in value.items() if inner not in (None, "", False))

    def _entry(self, value: Any) -> str:  # noqa: ANN401  (an option, a key)
        if not isinstance(value, Mapping):
            return self._column(str(value))
        text = self._mapping(value.get("label") or {})
        name = text if text != "—" else str(value.get("key", ""))
        return _("%(name)s (retired)", name=name) if value.get("retired") else name

    def _column(self, key: str) -> str:
        field = self.definition.by_key.get(key)
        if field is not None:
            return field.label.text(self.language) or key
        return str(catalog.SYSTEM_COLUMN_LABELS.get(key, key))
