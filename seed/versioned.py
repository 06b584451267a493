"""Forms and reports of a pack beside what is configured: a change is a new version, old ones stay."""

from dataclasses import dataclass
from typing import Any

from models import forms
from models.database import db
from models.definition import Definition
from models.errors import NotFoundError
from models.people import Actor
from models.reports import keeping
from models.reports.parts import ReportDefinition

Plain = dict[str, Any]


@dataclass(frozen=True)
class FormItem:
    """A form. A change becomes a new version; records keep theirs."""

    definition: Definition
    pack: str
    note: str
    kind: str = "form"

    @property
    def key(self) -> str:
        """The form's key."""
        return self.definition.key

    def wanted(self) -> Plain:
        """Return the definition without defaults."""
        return self.definition.dump()

    def found(self) -> Plain | None:
        """Return the definition in force."""
        try:
            return forms.current(self.key).definition.dump()
        except NotFoundError:
            return None

    def busy(self) -> bool:
        """Tell whether an administrator has begun a draft, or a form of someone else's has this key."""
        stored = db().forms.find_one({"_id": self.key}, {"has_draft": 1, "version": 1, "pack": 1})
        if stored is None:
            return False
        is_interrupted_install = stored["version"] == 0 and stored.get("pack") == self.pack
        return bool(stored["has_draft"]) and not is_interrupted_install

    def write(self, actor: Actor) -> None:
        """Create and publish the form, or publish the pack's version of it."""
        stored = db().forms.find_one({"_id": self.key}, {"draft_revision": 1})
        if stored is None:
            form = forms.create(actor, self.wanted(), pack=self.pack)
        else:
            form = forms.save_draft(actor, self.key, self.wanted(), draft_revision=stored["draft_revision"])
        forms.publish(actor, self.key, draft_revision=form.draft_revision, note=self.note)


@dataclass(frozen=True)
class ReportItem:
    """A report. What was made from an older version stays as it was made."""

    definition: ReportDefinition
    note: str
    kind: str = "report"

    @property
    def key(self) -> str:
        """The report's key."""
        return self.definition.key

    def wanted(self) -> Plain:
        """Return the definition without defaults."""
        return self.definition.dump()

    def found(self) -> Plain | None:
        """Return the newest definition."""
        stored = keeping.newest(self.key)
        return stored.definition.dump() if stored else None

    def busy(self) -> bool:
        """Say no: reports have no drafts."""
        return False

    def write(self, actor: Actor) -> None:
        """Keep the pack's version of it as the next one."""
        stored = keeping.newest(self.key)
        keeping.put(actor, self.definition, version=stored.version if stored else 0, note=self.note)
