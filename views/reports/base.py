"""What every page of reports shares: the blueprint, and the report that an address names."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from models.calendars import company_zone
from models.errors import InvalidError
from models.messages import Message, _
from models.reports import keeping, making, narrowing, reading
from models.reports.closing import keeping as closings
from models.reports.closing import reprint
from models.reports.closing.keeping import Closing
from models.reports.keeping import Report
from models.reports.look import Look
from models.reports.narrowing import Narrowed
from models.reports.parts import ReportDefinition
from models.reports.periods import Period, Unit
from models.times import today
from views.context import all_said, current_language, require_person, say

pages: Final = Blueprint("reports", __name__, url_prefix="/reports")
UNITS: Final[tuple[tuple[Unit, Message], ...]] = (
    ("week", _("Week")),
    ("month", _("Month")),
    ("quarter", _("Quarter")),
    ("year", _("Year")),
)
RECENT: Final = 13
ONLY: Final = "only-"
VERSION: Final = re.compile(r"[0-9]{1,9}")


def show(template: str, **values: Any) -> str:  # noqa: ANN401  (template variables)
    """Render a page of reports."""
    return render_template(f"reports/{template}.html", **values)


@dataclass
class Asked:
    """What the address of a report asks for: period, and what it is narrowed down to.

    A period that is none shows the last one, with a word beside its input.
    """

    report: Report
    period: Period
    error: str = ""
    typed: str = ""

    @classmethod
    def read(cls, key: str) -> "Asked":
        """Read the address. Raises NotFoundError for whoever may not read the report."""
        person, typed = require_person(), _typed()
        report = reading.get(person, key)
        try:
            return cls(report, reading.period_of(report.definition, typed), typed=typed)
        except InvalidError as error:
            last = reading.period_of(report.definition, "")
            return cls(report, last, all_said(error), typed)

    @property
    def definition(self) -> ReportDefinition:
        """The report's definition."""
        return self.report.definition

    @property
    def is_live(self) -> bool:
        """Tell whether figures of today are asked for, also of a closed period: always when narrowed down."""
        return "live" in request.args or bool(self.narrowed)

    @cached_property
    def whole(self) -> Look:
        """The report as the reader sees it, not narrowed down."""
        return reading.look_at(require_person(), self.definition, self.period, current_language())

    @cached_property
    def narrowed(self) -> list[Narrowed]:
        """What the report is narrowed down to."""
        named = {name.removeprefix(ONLY): value for name, value in request.args.items() if ONLY in name}
        return narrowing.narrowed(self.whole, named)

    @cached_property
    def closing(self) -> Closing | None:
        """The closing of the period that is in force, whoever reads it."""
        return closings.get(self.report.key, self.period.name)

    @cached_property
    def closed(self) -> Closing | None:
        """The closing whose figures the reader is shown; None for figures of today."""
        found = None if self.is_live else self.closing
        return found if found and making.is_shown(require_person(), self.report, found) else None

    @cached_property
    def look(self) -> Look:
        """The report as it is asked for: as it was closed, or as it is today."""
        if self.closed is not None:
            return reprint.as_closed(self.whole, self.closed)
        return replace(self.whole, narrowed=tuple(one.rule for one in self.narrowed))

    @property
    def linked(self) -> ReportDefinition:
        """The definition by which a link to records was made: that of a closed period says its version."""
        version = request.args.get("version", "")
        if not version:
            return self.definition
        return keeping.get(self.report.key, int(version) if VERSION.fullmatch(version) else 0).definition

    def url(self, period: Period | None = None, *, without: str = "") -> str:
        """Return the address of the page with another period, or without one thing it is narrowed down to."""
        kept = {ONLY + one.grouping.key: one.value for one in self.narrowed if one.grouping.key != without}
        return f"/reports/{self.report.key}?{urlencode({'period': (period or self.period).name, **kept})}"

    @property
    def days(self) -> tuple[str, str]:
        """The first and last day as inputs show them: what was typed stays, also when it is no period."""
        if self.error and "first" in request.args:
            return request.args["first"], request.args.get("last", "")
        return self.period.first.isoformat(), self.period.last.isoformat()

    def part_url(self, part: str) -> str:
        """Return an address below that of the page, asked for like the page."""
        live = "&live=1" if self.is_live else ""
        return self.url().replace("?", f"/{part}?", 1) + live

    def section_url(self, analysis: str) -> str:
        """Return the address of one analysis, asked for like the page."""
        return f"{self.part_url('section')}&analysis={analysis}"

    @property
    def units(self) -> list[dict[str, Any]]:
        """The units of time it can be looked at in, each leading to the period that holds this one's end."""
        return [
            {
                "title": say(label),
                "url": self.url(Period.at(unit, self.period.last, reading.fiscal(self.definition))),
                "active": self.period.unit == unit,
            }
            for unit, label in UNITS
        ]

    @property
    def recent(self) -> list[Period]:
        """The latest periods of the same unit, newest first, with the one that is shown."""
        if self.period.unit == "custom":
            return []
        now = Period.at(self.period.unit, today(company_zone()), reading.fiscal(self.definition))
        found = {one.name: one for one in reversed(now.until(RECENT))}
        return sorted({**found, self.period.name: self.period}.values(), key=lambda one: one.first)[::-1]


def _typed() -> str:
    """Return the period that was asked for: by its name, or by two days."""
    first, last = request.args.get("first", "").strip(), request.args.get("last", "").strip()
    if first or last:
        return f"{first}..{last}"
    return request.args.get("period", "").strip()[:40]
