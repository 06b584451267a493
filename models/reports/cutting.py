"""How the records of a form are parted: by the value of a field, by a system column."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from bson import Decimal128

from models import rules
from models.database import Document
from models.definition import Definition, Field
from models.errors import DomainError
from models.fields import type_of
from models.messages import _
from models.reports.parts import Grouping
from models.reports.trees import Tree
from models.rules.mongo import EMPTY_VALUES
from models.rules.operators import holds_many

SYSTEM_PATHS: Final[Mapping[str, str]] = MappingProxyType({name: name[1:] for name in rules.SYSTEM})
_SEVERAL: Final = frozenset({"@assignees", "@invited"})


class Cut:
    """How records are parted: by the value at `path`, some of them several (`many`).

    In a tree values are added up at a level. Where a record has several values, that has to be known before
    it is counted: several of one branch are that branch once.
    """

    def __init__(
        self,
        path: str,
        field: Field | None = None,
        *,
        many: bool = False,
        tree: Tree | None = None,
        level: int = 0,
        lifted: bool = False,
        name: str = "cut",
    ) -> None:
        """Begin; `lifted` says that MongoDB has to know the level, not the reader of its answer alone.

        `name` is what the group is kept under meanwhile.
        """
        self.path, self.field, self.tree, self.level = path, field, tree, level
        self._many, self._lifted, self._name = many, lifted, name

    @cached_property
    def many(self) -> bool:
        """Whether a record can stand in several groups."""
        return self._many or (self.field is not None and holds_many(self.field))

    @property
    def stands_apart(self) -> bool:
        """Whether a record's group is not simply what stands at `path`."""
        return self.many or (self._lifted and self.tree is not None)

    @property
    def at(self) -> str:
        """Where a record's group stands once the stages are done."""
        return self._name if self.stands_apart else self.path

    @property
    def stages(self) -> list[Document]:
        """What has to be done with records before they are grouped. The field itself stays as it is."""
        if not self.stands_apart:
            return []
        stages: list[Document] = [{"$set": {self._name: self._group}}]
        if self.many:
            stages.append({"$unwind": {"path": f"${self._name}", "preserveNullAndEmptyArrays": True}})
        return stages

    @property
    def _group(self) -> Any:  # noqa: ANN401  (an expression)
        path = f"${self.path}"
        if self.tree is None:
            return path
        if not self.many:
            return self._above(path)
        several = {"$cond": [{"$isArray": path}, path, []]}
        return {"$setUnion": [{"$map": {"input": several, "in": self._above("$$this")}}]}

    def _above(self, value: str) -> Document:
        """Return the expression of the group at the level; MongoDB keeps a table of so many constants."""
        pairs = [] if self.tree is None else list(self.tree.lifts(self.level).items())
        below, above = [one for one, _group in pairs], [group for _one, group in pairs]
        place: Document = {"$indexOfArray": [{"$literal": below}, value]}
        group: Document = {"$arrayElemAt": [{"$literal": above}, "$$place"]}
        found: Document = {"$cond": [{"$gte": ["$$place", 0]}, group, value]}
        return {"$let": {"vars": {"place": place}, "in": found}}

    def group(self, stored: Any) -> Any:  # noqa: ANN401  (any stored value)
        """Return the group of what MongoDB grouped by, None for none."""
        group = group_of(stored)
        if group is None or self.tree is None or self.stands_apart:
            return group
        return self.tree.at_level(group, self.level)


def group_of(stored: Any) -> Any:  # noqa: ANN401  (any stored value)
    """Return a stored value as a group, None for none. Numbers are equal however many decimals they have."""
    if stored in EMPTY_VALUES:
        return None
    return stored.to_decimal() if isinstance(stored, Decimal128) else stored


def cut_of(
    definition: Definition,
    grouping: Grouping,
    tree: Tree | None = None,
    *,
    lifted: bool = False,
    name: str = "cut",
) -> Cut | None:
    """Return how a form's records are parted by a grouping; None where it does not have the field."""
    if grouping.field in SYSTEM_PATHS:
        return Cut(SYSTEM_PATHS[grouping.field], many=grouping.field in _SEVERAL, name=name)
    field = definition.by_key.get(grouping.field)
    if field is None:
        return None
    path = f"data.{type_of(field).comparable_path(field)}"
    return Cut(path, field, tree=tree, level=grouping.level, lifted=lifted, name=name)


def path_of(definition: Definition, key: str) -> str:
    """Return where a field or system column stands in a record. Raises DomainError where there is none."""
    if key in SYSTEM_PATHS:
        return SYSTEM_PATHS[key]
    field = definition.by_key.get(key)
    if field is None:
        raise DomainError(_("There is no field “%(key)s”.", key=key))
    return f"data.{type_of(field).comparable_path(field)}"
