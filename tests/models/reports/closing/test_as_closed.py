"""A closed month is read as it was closed, whatever became of its report, its company or its readers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.channels.surroundings import Surroundings, set_surroundings, surroundings
from models.forms import LiveForm
from models.messages import translate
from models.people import Actor, Grant, Role, Scope, User
from models.reports import drill, making, running
from models.reports import keeping as reports
from models.reports.closing import reprint
from models.reports.parts import ReportDefinition
from models.reports.results import Chart, Column, Result, Row
from models.times import set_clock
from tests import factories, report_stage
from tests.models.reports.closing.stage import OCTOBER, SEPTEMBER, closed, closed_on, found, in_force, look_at
from tests.models.reports.stage import Company, report
from tests.models.reports.test_edges import EVERY


@pytest.fixture
def company_changes() -> Iterator[None]:
    before = surroundings()
    yield
    set_surroundings(before)


def plain(result: Result, language: str) -> dict[str, Any]:
    """Return everything that a result says, in a language."""

    def said(one: Any) -> Any:
        return translate(one, language)

    def row(one: Row) -> dict[str, Any]:
        return vars(one) | {"values": dict(one.values), "flags": tuple(one.flags)}

    def column(one: Column) -> dict[str, Any]:
        return vars(one) | {"label": said(one.label), "meaning": said(one.meaning)}

    def chart(one: Chart) -> dict[str, Any]:
        return vars(one) | {"title": said(one.title)}

    return {
        "key": result.key,
        "title": said(result.title),
        "columns": [column(one) for one in result.columns],
        "rows": [row(one) for one in result.rows],
        "charts": [chart(one) for one in result.charts],
        "formula": said(result.formula),
        "notes": [said(one) for one in result.notes],
        "total": row(result.total) if result.total else None,
        "facts": dict(result.facts),
        "as_form": result.as_form,
    }


def test_a_month_with_every_kind_of_analysis_is_closed_and_read_back_equal(company: Company) -> None:
    company.fill(200)
    analyses = [*EVERY, {"kind": "corrections", "key": "late"}]
    report_stage.stored(company.admin, report(*analyses))
    look = look_at(company.admin)
    before = [plain(one, "en") for one in running.results(look)]
    assert next(one for one in before if one["key"] == "satisfaction")["facts"]["average"] is not None
    job = closed(company.admin)
    assert job.state == "done", job.error
    assert [plain(one, "en") for one in reprint.results(look, in_force(SEPTEMBER))] == before


def redefined(person: User, **changes: Any) -> None:
    """Change nearly everything of the report that a month was closed by."""
    report = reports.get("monthly")
    document = report.definition.dump()
    for part in (*document["sources"], *document["measures"]):
        for name in ("key", "source", "part", "whole"):
            if part.get(name) == "complaints" and not (name == "key" and "source" in part):
                part[name] = "cases"
    document["analyses"] = [
        {"key": "cases", "label": report_stage.label("All cases"), "kind": "records", "measures": ["cost"]}
    ]
    changed = {**document, "form_number": "NEW-1", "first_day": 26, "label": report_stage.label("New")}
    reports.put(Actor.of(person), ReportDefinition.load({**changed, **changes}), version=report.version)


@pytest.fixture
def listed(admin: User, complaints: LiveForm) -> LiveForm:
    """Return complaints whose report lists them, with links to each."""
    report = reports.get("monthly")
    document = report.definition.dump()
    document["analyses"].append(report_stage.part("list", "List", kind="records", measures=["complaints"]))
    reports.put(Actor.of(admin), ReportDefinition.load(document), version=report.version)
    return complaints


def test_the_same_workbook_comes_out_though_report_company_and_address_were_changed(
    admin: User, listed: LiveForm, tmp_path: Path, company_changes: None
) -> None:
    set_surroundings(Surroundings(public_url="https://then.example", company="Then Ltd"))
    closed(admin)
    closing = in_force(SEPTEMBER)
    reprint.workbook(tmp_path / "one.xlsx", look_at(admin), closing)
    set_surroundings(Surroundings(public_url="https://now.example", company="Now Ltd"))
    redefined(admin)
    with set_clock(datetime(2027, 3, 1, tzinfo=UTC)):
        reprint.workbook(tmp_path / "two.xlsx", look_at(admin), closing)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_closed_month_keeps_what_was_said_of_its_analyses_then(
    admin: User, complaints: LiveForm, tmp_path: Path
) -> None:
    def noted(text: str) -> None:
        report = reports.get("monthly")
        document = report.definition.dump()
        for one in document["analyses"]:
            one["note"] = report_stage.label(text)
        reports.put(Actor.of(admin), ReportDefinition.load(document), version=report.version)

    def said(results: Iterator[Result]) -> set[str]:
        return {str(one.notes[0]) if one.notes else "" for one in results}

    closed(admin)
    closing = in_force(SEPTEMBER)
    reprint.workbook(tmp_path / "one.xlsx", look_at(admin), closing)
    before = said(reprint.results(look_at(admin), closing))
    noted("As agreed in October.")
    reprint.workbook(tmp_path / "two.xlsx", look_at(admin), closing)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert said(reprint.results(look_at(admin), closing)) == before
    assert said(running.results(look_at(admin))) == {"As agreed in October."}
    october = closed_on(datetime(2026, 11, 5, tzinfo=UTC), admin, OCTOBER)
    noted("As agreed in November.")
    assert said(reprint.results(look_at(admin, OCTOBER), october)) == {"As agreed in October."}


def test_the_records_behind_a_closed_figure_are_found_by_the_report_that_counted_them(
    admin: User, listed: LiveForm
) -> None:
    closed(admin)
    redefined(admin)
    closing = in_force(SEPTEMBER)
    look = reprint.as_closed(look_at(admin), closing)
    assert (look.period.first.isoformat(), look.period.last.isoformat()) == ("2026-09-01", "2026-09-30")
    kept = {one.key: one for one in reprint.results(look, closing)}
    [first, *_others] = kept["list"].rows
    assert drill.address(look, kept["list"], first) == f"/records/complaint/{first.record}"
    assert "version=2" in drill.address(look, kept["faults"], kept["faults"].rows[0])


def test_a_closed_month_keeps_its_days_for_readers_of_other_time_zones(company: Company) -> None:
    report_stage.stored(company.admin, report({"kind": "corrections", "key": "late"}))
    early = company.add("2026-08-31T18:00:00+00:00", fault="leak")  # 02:00 on 1 September in Shanghai
    closed_on(datetime(2026, 10, 3, 2, tzinfo=UTC), company.admin, SEPTEMBER)
    company.complaints.records().update_one(
        {"_id": early}, {"$set": {"updated_at": datetime(2026, 10, 4, tzinfo=UTC)}, "$inc": {"revision": 2}}
    )
    role = factories.role("administrator", administrator=True)
    londoner = factories.user("londoner", role, timezone="Europe/London")
    october = look_at(londoner, SEPTEMBER.before(-1))
    assert list(found(october, "late").rows) == []
    company.complaints.records().update_one({"_id": early}, {"$set": {"data.fault": "rust"}})
    [row] = found(october, "late").rows
    assert (row.values["what"], row.values["period"]) == ("Changed", "2026-09")


def test_a_closed_month_keeps_its_days_when_months_begin_on_another(
    admin: User, complaints: LiveForm
) -> None:
    closed(admin)
    report = reports.get("monthly")
    document = {**report.definition.dump(), "first_day": 26}
    reports.put(Actor.of(admin), ReportDefinition.load(document), version=report.version)
    inside = {"data.received_on": {"$gte": "2026-09-27", "$lte": "2026-09-30"}}
    last = factories.record(complaints, admin, name="late", received_on="2026-09-28", qty=1)
    later = {"$set": {"updated_at": datetime(2026, 10, 20, tzinfo=UTC)}}
    complaints.records().update_many(inside, later)
    october = look_at(admin, SEPTEMBER.before(-2))
    assert [(row.values["number"], row.values["what"]) for row in found(october, "late").rows] == [
        (last["number"], "Added")
    ]


def test_what_was_closed_of_another_form_is_for_those_who_see_that_one(
    admin: User, complaints: LiveForm
) -> None:
    closed(admin)
    old = reports.get("monthly")
    document = old.definition.dump() | {"ratios": [], "groupings": [], "analyses": []}
    document["sources"] = [one for one in document["sources"] if one["key"] == "deliveries"]
    document["measures"] = [one for one in document["measures"] if one["source"] == "deliveries"]
    new = reports.put(Actor.of(admin), ReportDefinition.load(document), version=old.version)
    carrier = factories.user("carrier", factories.role("carrier", form="delivery", actions=["see"]))
    assert making.closed_for(carrier, new, SEPTEMBER) is None
    assert making.closed_for(admin, new, SEPTEMBER)


@pytest.mark.parametrize("forms", [["complaint", "delivery"], ["complaint"]])
@pytest.mark.parametrize("reader", ["head", "other"])
def test_what_was_closed_is_for_readers_that_the_report_names_if_each_of_its_forms_is_open_to_them(
    admin: User, complaints: LiveForm, forms: list[str], reader: str
) -> None:
    closed(admin)
    report = reports.get("monthly")
    document = {**report.definition.dump(), "readers": [reader]}
    named = reports.put(Actor.of(admin), ReportDefinition.load(document), version=report.version)
    grants = [Grant(form=form, actions=["see"], scope=Scope.DEPARTMENT.value) for form in forms]
    head = factories.user("head", factories.role("head"))
    Role.objects(name="head").update(set__grants=grants)
    head.reload()
    reads = making.closed_for(head, named, SEPTEMBER) is not None
    assert reads == (reader == "head" and len(forms) == len(report.definition.sources))
