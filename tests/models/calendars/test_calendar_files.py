"""Files of holidays: every wrong row is named, what is written is read again, nothing else is lost."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.calendars import DayException, checks, china, exchange
from models.calendars.difference import between
from models.definition_parts import Label
from models.spreadsheets.reading import open_table
from models.spreadsheets.workbook import About
from tests.workbooks import workbook

OFFICE = ["08:00-12:00", "13:00-17:00"]
PLAIN: dict[str, Any] = {
    "label": {"en": "Office"},
    "timezone": "Asia/Shanghai",
    "week": {"tue": OFFICE, "wed": OFFICE},
}
ABOUT = About("Office", "tests", datetime(2026, 11, 21, tzinfo=UTC), "zh", ZoneInfo("Asia/Shanghai"))


def read(tmp_path: Path, text: str, name: str = "holidays.csv") -> exchange.Reading:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with open_table(path, name) as table:
        return exchange.read(table, checks.load(PLAIN).week)


def test_a_file_is_read_in_the_words_of_either_language(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "日期,类型,名称,按星期\n2027/1/1,休,元旦,\n2027年2月6日,班,春节,周二\n20270501,法定节假日,劳动节,\n2027-10-09,调休,,\n",
    )
    assert not found.problems
    assert [(one.date, one.kind, one.like) for one in found.exceptions] == [
        (date(2027, 1, 1), "holiday", None),
        (date(2027, 2, 6), "make_up", "tue"),
        (date(2027, 5, 1), "holiday", None),
        (date(2027, 10, 9), "make_up", "tue"),  # the first weekday that works
    ]
    english = read(tmp_path, "Date,Kind of day,Name,Works like\n2027-01-01,make-up day,,Wednesday\n")
    assert [(one.kind, one.like) for one in english.exceptions] == [("make_up", "wed")]
    plain = read(tmp_path, "Date,Kind,Hours\n2027-01-01,workday,9:00–12:00\n")
    assert plain.exceptions[0].hours == ("09:00-12:00",)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2027-02-30,休,,", "date"),
        ("soon,休,,", "date"),
        (",休,,", "date"),
        ("2027-02-03,?,,", "kind"),
        ("2027-02-03,班,某日,", "like"),
        ("2027-02-03,班,周一,", ""),
        ("2027-02-03,班,,17:00-13:00", "hours"),
        ("1989-02-03,休,,", ""),
        ("2027-01-01,休,,", "date"),
        ("2027-01-01,班,,", "date"),
    ],
)
def test_a_wrong_row_is_named_by_its_number_and_column(tmp_path: Path, row: str, column: str) -> None:
    found = read(tmp_path, f"日期,类型,按星期,工作时间\n2027-01-01,休,,\n{row}\n")
    assert [(one.row, one.column) for one in found.problems] == [(3, column)]
    assert len(found.exceptions) == 1


def test_a_file_without_the_needed_columns_says_which(tmp_path: Path) -> None:
    found = read(tmp_path, "日子,类型\n2027-01-01,休\n")
    assert [(one.row, one.column) for one in found.problems] == [(1, "date")]


def test_cells_of_excel_that_are_dates_are_read(tmp_path: Path) -> None:
    path = tmp_path / "days.xlsx"
    path.write_bytes(workbook(days=[["日期", "类型"], [date(2027, 1, 1), "休"]]))
    with open_table(path, "days.xlsx") as table:
        found = exchange.read(table, checks.load(PLAIN).week)
    assert [one.date for one in found.exceptions] == [date(2027, 1, 1)]


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_written_is_read_again(tmp_path: Path, extension: str, language: str) -> None:
    own = DayException(date=date(2026, 12, 5), kind="make_up", hours=("08:00-12:00",), name=Label(zh="=盘点"))
    standard = china.standard()
    full = checks.load({**standard.model_dump(), "exceptions": [*standard.exceptions, own]})
    path = tmp_path / f"days.{extension}"
    about = About("x", "tests", ABOUT.created, language, ABOUT.timezone)
    exchange.write(path, full, full.loaded_years, about)
    with open_table(path, path.name) as table:
        found = exchange.read(table, full.week)
    assert found.problems == ()
    assert found.exceptions == full.exceptions
    assert not between(full, exchange.merge(full, found, replace=True))


def test_a_complete_file_replaces_its_years_and_makes_them_known() -> None:
    before = checks.load(
        {**PLAIN, "exceptions": [{"date": f"{year}-05-01", "kind": "holiday"} for year in (2026, 2027)]}
    )
    reading = exchange.Reading((DayException(date=date(2027, 1, 1), kind="holiday"),), ())
    replaced = exchange.merge(before, reading, replace=True)
    assert [one.date for one in replaced.exceptions] == [date(2026, 5, 1), date(2027, 1, 1)]
    assert replaced.loaded_years == (2027,)
    added = exchange.merge(before, reading, replace=False)
    assert [one.date for one in added.exceptions] == [date(2026, 5, 1), date(2027, 1, 1), date(2027, 5, 1)]


def test_a_difference_says_what_changes() -> None:
    before = checks.load({**PLAIN, "exceptions": [{"date": "2026-05-01", "kind": "holiday"}]})
    after = checks.load({**PLAIN, "week": {"tue": ["8:00–12:00"]}, "timezone": "UTC", "loaded_years": [2027]})
    found = between(before, after)
    assert found.zone == ("Asia/Shanghai", "UTC")
    assert [(one.day, one.after) for one in found.week] == [("tue", ("08:00-12:00",)), ("wed", ())]
    assert list(found.by_year) == [2026]
    assert (found.years_known, found.counts, bool(between(before, before))) == ((2027,), True, False)
