"""What an analysis found, ready for a screen and for a workbook alike: one table, its charts, and its words.

Both draw from the same result, so that the same number stands everywhere. Charts name columns of the table:
in a workbook they become native charts that refer to its cells, on a screen ECharts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from models.definition import RuleTree
from models.messages import Message

ColumnKind = Literal["text", "integer", "decimal", "percent", "date", "datetime", "money"]
ChartKind = Literal["bar", "line", "pareto", "control", "season", "histogram", "fishbone", "stacked"]
Draw = Literal["bar", "line", "limit", "target", "points"]
Words = Message | str
NOTABLE: Final = frozenset({"vital", "frequent"})
"""Flags that say “look here”; all others say that something is wrong."""


@dataclass(frozen=True)
class Column:
    """A column of a table. `meaning` says how its values come about, as a person may check them."""

    key: str
    label: Words
    kind: ColumnKind = "text"
    decimals: int = 0
    meaning: Words = ""


@dataclass(frozen=True)
class Row:
    """A row: values by column, None where nothing can be computed, and which records it stands for.

    `source` and `where` name them; `flags` are marks such as `abnormal`, `frequent`, `over_limit`. Where rows
    are figures of different kinds, `decimals` are the row's own. A row that is one record has its id.
    """

    values: Mapping[str, Any]
    source: str = ""
    where: RuleTree | None = None
    flags: tuple[str, ...] = ()
    decimals: int | None = None
    record: str = ""

    @property
    def tone(self) -> Literal["", "bad", "warm"]:
        """How it stands out: as something wrong, as something to look at, or not."""
        if not self.flags:
            return ""
        return "warm" if NOTABLE.issuperset(self.flags) else "bad"

    def as_shown(self, column: Column) -> Column:
        """Return a column with this row's own decimals, where it has any."""
        own = self.decimals is not None and column.kind == "decimal"
        return replace(column, decimals=self.decimals) if own and self.decimals is not None else column


@dataclass(frozen=True)
class Series:
    """One column as it is drawn; `second` puts it on the axis on the right."""

    column: str
    draw: Draw = "bar"
    second: bool = False


@dataclass(frozen=True)
class Chart:
    """A picture of a table: categories along one axis, series along the other; at most `rows` of them."""

    kind: ChartKind
    title: Words
    categories: str
    series: tuple[Series, ...]
    rows: int = 0
    mark: str = ""
    """Rows with this flag are marked points."""


@dataclass(frozen=True)
class Result:
    """One analysis: what it asks, how it computes, its table and charts, and what stands out."""

    key: str
    title: Words
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    charts: tuple[Chart, ...] = ()
    formula: Words = ""
    notes: Sequence[Words] = ()
    total: Row | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    as_form: bool = False
    """Laid out in workbooks as the paper form that it stands for: title block, and boxes for signatures."""

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not self.rows
