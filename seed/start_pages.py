"""The tiles of start pages that a pack brings: kept by role, and left alone once they were arranged here."""

from dataclasses import dataclass
from typing import Any

from models.people import Actor
from models.reports import dashboards
from models.reports.dashboards import Tile
from seed.contents import DashboardPlan, TilePlan

Plain = dict[str, Any]


@dataclass(frozen=True)
class DashboardItem:
    """The tiles of a role."""

    plan: DashboardPlan
    kind: str = "dashboard"

    @property
    def key(self) -> str:
        """The role's name, `*` for everybody."""
        return self.plan.role

    def wanted(self) -> Plain:
        """Return the tiles in order."""
        return self.plan.model_dump(mode="json")

    def found(self) -> Plain | None:
        """Return the tiles that the role has, None where it never had any."""
        tiles, revision = dashboards.of_role(self.key)
        return plan_of_tiles(self.key, tiles).model_dump(mode="json") if revision else None

    def busy(self) -> bool:
        """Say no: tiles have no drafts."""
        return False

    def write(self, actor: Actor) -> None:
        """Arrange the tiles as the pack has them."""
        tiles = [tile for one in self.plan.tiles if (tile := Tile.read(one.show, one.width))]
        dashboards.put(actor, self.key, tiles, revision=dashboards.of_role(self.key)[1])


def plan_of_tiles(role: str, tiles: list[Tile]) -> DashboardPlan:
    """Return the tiles of a role as a pack writes them."""
    return DashboardPlan(role=role, tiles=tuple(TilePlan(show=one.what, width=one.width) for one in tiles))
