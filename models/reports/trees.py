"""Groups that have parents: defect mechanisms, problem types. Figures can be added up at any level."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from bson import ObjectId

from models.definition import Definition
from models.errors import DomainError
from models.forms import LiveForm, current
from models.messages import _
from models.reports.parts import Grouping

DEEPEST: Final = 20
"""A record that was made its own ancestor ends the climb here."""


class Tree:
    """The records of a form by their parents."""

    def __init__(self, parents: Mapping[ObjectId, ObjectId | None]) -> None:
        """Begin with the parent of each record."""
        self._parents = parents
        self._parted: dict[int, dict[ObjectId, list[ObjectId]]] = {}

    @classmethod
    def of(cls, form: LiveForm, field: str) -> "Tree":
        """Read the tree of a form whose `field` refers to the parent."""
        found = form.records().find({"deleted_at": None}, {f"data.{field}": 1})
        return cls({one["_id"]: one["data"].get(field) for one in found})

    def path(self, record: ObjectId) -> list[ObjectId]:
        """Return a record's ancestors, the topmost first, and itself."""
        found = [record]
        while (above := self._parents.get(found[0])) is not None and len(found) < DEEPEST:
            found.insert(0, above)
        return found

    def at_level(self, record: ObjectId, level: int) -> ObjectId:
        """Return the ancestor at a level (1 is the topmost), or the record where it stands higher."""
        return self.path(record)[:level][-1]

    def within(self, group: ObjectId, level: int) -> list[ObjectId]:
        """Return the records that are added up in a group at a level, in a fixed order."""
        found = self.parted(level).get(group, [])
        return found if group in self._parents else sorted({group, *found})

    def parted(self, level: int) -> Mapping[ObjectId, list[ObjectId]]:
        """Return the records of each group at a level, each in one of them alone."""
        if level not in self._parted:
            groups: defaultdict[ObjectId, list[ObjectId]] = defaultdict(list)
            for one in sorted(self._parents):
                groups[self.at_level(one, level)].append(one)
            self._parted[level] = dict(groups)
        return self._parted[level]

    def lifts(self, level: int) -> dict[ObjectId, ObjectId]:
        """Return the group at a level of each record that is added up in another one."""
        groups = self.parted(level).items()
        return {one: group for group, records in groups for one in records if one != group}

    def below(self, record: ObjectId) -> list[ObjectId]:
        """Return a record and all below it, in a fixed order."""
        return sorted({record, *(one for one in self._parents if record in self.path(one))})


def names_parent(definition: Definition, key: str) -> bool:
    """Tell whether a field of a form names the one record of the same form that stands above."""
    field = definition.by_key.get(key)
    return field is not None and field.type == "reference" and field.form == definition.key and not field.many


def tree_of(live: Iterable[LiveForm], grouping: Grouping) -> Tree | None:
    """Return the tree in which a grouping of some forms adds up; None where it does not.

    Raises DomainError where the form of the groups does not say what stands above them.
    """
    if not (grouping.tree and grouping.level):
        return None
    fields = (form.definition.by_key.get(grouping.field) for form in live)
    pointed = next((one for one in fields if one is not None and one.type == "reference"), None)
    if pointed is None:
        return None
    form = current(pointed.form)
    if not names_parent(form.definition, grouping.tree):
        raise DomainError(_("There is no field “%(key)s”.", key=grouping.tree))
    return Tree.of(form, grouping.tree)
