"""Tiles of reports on the start page: each is fetched by itself, so that the page is there at once."""

from typing import Any

from flask import request

from models.errors import DomainError, NotFoundError
from models.reports import making, reading
from models.reports.analyses import work_out
from models.reports.analyses.figures_table import misses
from models.reports.closing import reprint
from models.reports.closing.keeping import Closing
from models.reports.dashboards import FIGURE, Tile, tiles_of
from models.reports.figures import Value
from models.reports.look import Look, change
from models.reports.results import Column
from models.scopes import looking
from views.context import current_language, require_person, say
from views.reports import base
from views.reports.shown import Shown, cell


def placed() -> list[dict[str, Any]]:
    """Return the places of the reader's tiles on the start page."""
    language = current_language()
    return [
        {
            "url": f"/reports/tile?what={tile.what}",
            "title": tile.title(report.definition, language),
            "width": tile.width,
            "is_figure": tile.kind == FIGURE,
        }
        for tile, report in tiles_of(require_person())
    ]


@base.pages.get("/tile")
def tile() -> str:
    """Return one tile, `what` it shows, for the last period that is over."""
    person, language = require_person(), current_language()
    asked = Tile.read(request.args.get("what", ""))
    if asked is None:
        raise NotFoundError
    report = reading.get(person, asked.report)
    if not asked.stands_in(report.definition):
        raise NotFoundError
    period = reading.period_of(report.definition, "")
    look = reading.look_at(person, report.definition, period, language)
    closing = making.closed_for(person, report, period)
    with looking():
        found = (_frozen(look, closing, asked) if closing else None) or {
            **_of_today(look, asked),
            "is_of_today": closing is not None,
        }
    live = "&live=1" if found.get("is_of_today") else ""
    url = f"/reports/{asked.report}?period={period.name}{live}"
    return base.show("tile", title=asked.title(report.definition, language), url=url, period=period, **found)


def _of_today(look: Look, asked: Tile) -> dict[str, Any]:
    return _figure(look, asked.key) if asked.kind == FIGURE else _analysis(look, asked.key)


def _frozen(look: Look, closing: Closing, asked: Tile) -> dict[str, Any] | None:
    """Return a tile as its period was closed; None where that does not say what the tile shows."""
    then = reprint.as_closed(look, closing)
    if asked.kind == FIGURE:
        return _frozen_figure(then, closing, asked.key)
    section = next((Shown(then, one) for one in reprint.results(then, closing, {asked.key})), None)
    return {"section": section, "key": asked.key} if section else None


def _frozen_figure(look: Look, closing: Closing, key: str) -> dict[str, Any] | None:
    """Return a figure out of the first table of key figures that has it."""
    for one in look.report.analyses:
        keys = list(one.measures or look.report.by_measure)
        if one.kind == "figures" and key in keys:
            for table in reprint.results(look, closing, {one.key}):
                if len(table.rows) == len(keys):  # not where it could not be worked out
                    values = table.rows[keys.index(key)].values
                    return _figure_of(look, key, values["value"], values.get("before_change"))
    return None


def _figure(look: Look, key: str) -> dict[str, Any]:
    try:
        value = look.figures.total((key,), look.period)[key]
        before = look.figures.total((key,), look.period.before())[key]
    except DomainError as refused:
        return {"refused": say(refused.message)}
    return _figure_of(look, key, value, change(value, before))


def _figure_of(look: Look, key: str, value: Value, changed: Value) -> dict[str, Any]:
    column = look.column(key)
    target = next((one for one in look.report.targets if one.measure == key), None)
    return {
        "value": cell(value, column),
        "unit": look.report.by_measure[key].unit.text(look.language),
        "changed": cell(changed, Column("change", "", "percent", 1)) if changed is not None else "",
        "rose": changed is not None and changed > 0,
        "target": cell(target.value, column) if target else "",
        "missed": bool(target and misses(target, value)),
    }


def _analysis(look: Look, key: str) -> dict[str, Any]:
    analysis = next(one for one in look.report.analyses if one.key == key)
    try:
        return {"section": Shown(look, work_out(look, analysis)), "key": key}
    except DomainError as refused:
        return {"refused": say(refused.message)}
