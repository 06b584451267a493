"""What stands on the start page: figures and analyses of reports as tiles, arranged for each role.

Whoever holds several roles with tiles sees those of all of them; whoever holds none sees the ones for
everybody. Each tile is worked out for its reader when the page asks for it, never for somebody else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from models.access import require_permission
from models.database import Document, db
from models.errors import ConflictError, InvalidError, NotFoundError
from models.messages import _
from models.people import Actor, Permission, Role, User
from models.reports import keeping, reading
from models.reports.keeping import Report
from models.reports.parts import ReportDefinition
from models.times import now

EVERYBODY: Final = "*"
MOST: Final = 12
MOST_REVISIONS: Final = 2**31
WIDTHS: Final = (1, 2, 3)
FIGURE, ANALYSIS = "figure", "analysis"


@dataclass(frozen=True)
class Tile:
    """A figure (measure or ratio) or an analysis of a report, so many thirds of the page wide."""

    report: str
    kind: str
    key: str
    width: int = 1

    @property
    def what(self) -> str:
        """What it shows, as forms and addresses say it."""
        return f"{self.report}/{self.kind}/{self.key}"

    @classmethod
    def read(cls, what: str, width: Any = 1) -> Self | None:  # noqa: ANN401  (whatever was sent)
        """Read what a form or an address says; None for what is none."""
        report, _slash, rest = str(what).partition("/")
        kind, _slash, key = rest.partition("/")
        if not (report and key and kind in {FIGURE, ANALYSIS}):
            return None
        return cls(report, kind, key, next((one for one in WIDTHS if str(one) == str(width)), 1))

    def stands_in(self, report: ReportDefinition) -> bool:
        """Tell whether a report has what it shows."""
        if self.kind == FIGURE:
            return self.key in report.by_measure
        return any(one.key == self.key for one in report.analyses)

    def title(self, report: ReportDefinition, language: str) -> str:
        """Return what it is called."""
        if self.kind == FIGURE:
            return report.by_measure[self.key].label.text(language) or self.key
        found = next(one for one in report.analyses if one.key == self.key)
        return found.label.text(language) or self.key


def of_role(role: str) -> tuple[list[Tile], int]:
    """Return the tiles of a role (`*` for everybody) and their revision, 0 where there are none yet."""
    found = db().dashboards.find_one({"_id": role})
    return (_tiles(found), found["revision"]) if found else ([], 0)


def _tiles(document: Document) -> list[Tile]:
    return [Tile(**one) for one in document["tiles"]]


def arranged() -> dict[str, int]:
    """Return how many tiles each role has that has any."""
    return {one["_id"]: len(one["tiles"]) for one in db().dashboards.find() if one["tiles"]}


def save(person: User, role: str, tiles: Sequence[Tile], *, revision: int) -> None:
    """Arrange the tiles of a role.

    Raises:
        ForbiddenError: the person may not.
        NotFoundError: there is no such role.
        InvalidError: there are too many, or one shows what no report has.
        ConflictError: somebody else arranged them meanwhile.
    """
    require_permission(person, Permission.CONFIGURE_REPORTS)
    put(Actor.of(person), role, tiles, revision=revision)


def put(actor: Actor, role: str, tiles: Sequence[Tile], *, revision: int) -> None:
    """Arrange the tiles of a role in somebody's name; raises as `save` does, without asking for rights."""
    if not 0 <= revision < MOST_REVISIONS:
        raise ConflictError(current=of_role(role))
    if role != EVERYBODY and not Role.objects(name=role).first():
        raise NotFoundError
    if len(tiles) > MOST:
        raise InvalidError({"tiles": [_("At most %(max)s tiles.", max=MOST)]})
    reports = {one.key: one.definition for one in keeping.every()}
    for one in tiles:
        if one.report not in reports or not one.stands_in(reports[one.report]):
            raise InvalidError({"tiles": [_("There is nothing called “%(key)s”.", key=one.what)]})
    stored = {"tiles": [vars(one) for one in tiles], "revision": revision + 1, "at": now(), "by": actor.id}
    if revision == 0:
        made = db().dashboards.update_one({"_id": role}, {"$setOnInsert": stored}, upsert=True)
        written = made.upserted_id is not None
    else:
        same = {"_id": role, "revision": revision}
        written = db().dashboards.update_one(same, {"$set": stored}).matched_count == 1
    if not written:
        raise ConflictError(current=of_role(role))


def tiles_of(person: User) -> list[tuple[Tile, Report]]:
    """Return the tiles of a person's roles whose reports they may read, each once."""
    roles = [role.name for role in person.held_roles]
    found = {one["_id"]: _tiles(one) for one in db().dashboards.find({"_id": {"$in": [*roles, EVERYBODY]}})}
    own = [tile for role in roles for tile in found.get(role, ())]
    return list(_readable(person, own or found.get(EVERYBODY, ())))


def _readable(person: User, tiles: Iterable[Tile]) -> Iterable[tuple[Tile, Report]]:
    wanted = {tile.what: tile for tile in tiles}
    if not wanted:
        return
    reports = {one.key: one for one in reading.readable(person)}
    for tile in wanted.values():
        report = reports.get(tile.report)
        if report is not None and tile.stands_in(report.definition):
            yield tile, report
