"""Holidays and make-up days as a table that people fill in: read with wrong rows by number, and written."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from models.calendars import checks, intervals
from models.calendars.definition import MAX_EXCEPTIONS, MAX_NAME, WEEKDAYS, CalendarDefinition, DayException
from models.errors import InvalidError, ValueProblem
from models.fields.reading import cell_text, narrow_text
from models.messages import LANGUAGES, Message, _, translate
from models.procedure import Weekday
from models.spreadsheets.cells import Locale
from models.spreadsheets.columns import Column
from models.spreadsheets.csv_writer import CsvFile, unguard
from models.spreadsheets.table import Row, Table
from models.spreadsheets.workbook import About, Book

COLUMNS: Mapping[str, Message] = {
    "date": _("Date"),
    "kind": _("Kind of day"),
    "name": _("Name of the day"),
    "name_en": _("Name in English"),
    "like": _("Works like"),
    "hours": _("Working hours"),
}
KINDS: Mapping[str, Message] = {"holiday": _("Holiday"), "make_up": _("Make-up day")}
DAYS: Mapping[Weekday, Message] = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
_HEADERS = {
    "date": ("日期", "date", "day"),
    "kind": ("类型", "kind", "type", "性质", "休班"),
    "name": ("名称", "name", "nameoftheday", "节日", "节假日名称", "说明"),
    "name_en": ("英文名称", "nameinenglish", "nameen"),
    "like": ("按星期", "workslike", "like", "调休星期", "按周几上班"),
    "hours": ("工作时间", "workinghours", "hours", "时段", "上班时间"),
}
_KIND_WORDS = {
    "holiday": ("holiday", "off", "休", "假", "休息", "放假", "节假日", "假日", "假期", "法定节假日", "节日"),
    "make_up": (
        "make_up",
        "makeup",
        "makeupday",
        "workday",
        "work",
        "班",
        "调休",
        "上班",
        "补班",
        "调休上班",
        "工作日",
    ),
}
_WEEKDAY_WORDS = dict(zip(WEEKDAYS, "一二三四五六日", strict=True))
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?", re.ASCII
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)


class RowProblem(NamedTuple):
    """What is wrong with a row of the file: its number, the column (a key of COLUMNS or ""), and why."""

    row: int
    column: str
    message: Message


@dataclass(frozen=True)
class Reading:
    """What a file says, and what of it could not be read."""

    exceptions: tuple[DayException, ...]
    problems: tuple[RowProblem, ...]

    @property
    def years(self) -> list[int]:
        """The years it has dates of."""
        return sorted({one.date.year for one in self.exceptions})


def read(table: Table, week: Mapping[Weekday, Sequence[str]]) -> Reading:
    """Read the first sheet of a file for a calendar with this week; make-up days need hours to work by."""
    columns = _columns(table.header().names)
    missing = [key for key in ("date", "kind") if key not in columns]
    if missing:
        problem = _(
            "The file needs the columns “%(date)s” and “%(kind)s”.",
            date=COLUMNS["date"],
            kind=COLUMNS["kind"],
        )
        return Reading((), (RowProblem(1, missing[0], problem),))
    found: dict[date, DayException] = {}
    problems: list[RowProblem] = []
    for row in table.body():
        one = _read_row(row, columns, week, problems)
        if one and one.date in found:
            problems.append(RowProblem(row.number, "date", _("This date is given twice.")))
        elif one:
            found[one.date] = one
        if len(found) > MAX_EXCEPTIONS:
            problems.append(RowProblem(row.number, "", _("At most %(max)s.", max=MAX_EXCEPTIONS)))
            break
    return Reading(tuple(found[day] for day in sorted(found)), tuple(problems))


def _columns(names: Sequence[str]) -> dict[str, int]:
    known = {word: key for key in COLUMNS for word in _words(_HEADERS[key], COLUMNS[key])}
    plain = [_plain(name) for name in names]
    return {known[name]: index for index, name in reversed(list(enumerate(plain))) if name in known}


def _words(words: Sequence[str], label: Message) -> set[str]:
    """Return what people may write for something: known words, and what it is called in each language."""
    return {*words, *(_plain(translate(label, language)) for language in LANGUAGES)}


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).lower()


def _read_row(
    row: Row, columns: Mapping[str, int], week: Mapping[Weekday, Sequence[str]], problems: list[RowProblem]
) -> DayException | None:
    values: dict[str, object] = {}
    for key, index in columns.items():
        try:
            values[key] = _READERS[key](row.cells[index] if index < len(row.cells) else None)
        except ValueProblem as error:
            problems.append(RowProblem(row.number, key, error.message))
    if not {"date", "kind", *columns} <= values.keys():
        return None
    one = _exception(values, week)
    wrong = _problems_of(one, week)
    problems += [RowProblem(row.number, "", message) for message in wrong]
    return None if wrong else one


def _problems_of(one: DayException, week: Mapping[Weekday, Sequence[str]]) -> list[Message]:
    """Say what is wrong with a date in a calendar that has only this one."""
    plain = {"label": {"en": "-"}, "timezone": "UTC", "week": dict(week), "exceptions": [one.model_dump()]}
    try:
        checks.load(plain)
    except InvalidError as error:
        return [message for path, found in error.errors.items() if str(one.date) in path for message in found]
    return []


def _exception(values: Mapping[str, object], week: Mapping[Weekday, Sequence[str]]) -> DayException:
    is_made_up = values["kind"] == "make_up"
    hours = values.get("hours") or ()
    first = next((name for name in WEEKDAYS if week.get(name)), None)
    return DayException.model_validate(
        {
            "date": values["date"],
            "kind": values["kind"],
            "name": {"zh": values.get("name", ""), "en": values.get("name_en", "")},
            "hours": hours if is_made_up else (),
            "like": (values.get("like") or first) if is_made_up and not hours else None,
        }
    )


# -- cells --------------------------------------------------------------------------------------------


def _text(cell: object) -> str:
    shown = cell_text(cell)
    return unguard(narrow_text(shown)) if shown is not None else ""


def _read_date(cell: object) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _text(cell)
    found = _DATE.fullmatch(text) or _DIGITS.fullmatch(text)
    try:
        if found:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    raise ValueProblem(_("“%(text)s” is not a date.", text=text[:40]))


def _read_kind(cell: object) -> str:
    text = _text(cell)
    for kind, words in _KIND_WORDS.items():
        if _plain(text) in _words(words, KINDS[kind]):
            return kind
    raise ValueProblem(_("Write 休 for a holiday or 班 for a make-up day, not “%(text)s”.", text=text[:40]))


def _read_name(cell: object) -> str:
    text = _text(cell)
    if len(text) > MAX_NAME:
        raise ValueProblem(_("At most %(max)s characters.", max=MAX_NAME))
    return text


def _read_like(cell: object) -> Weekday | None:
    text = _text(cell)
    if not text:
        return None
    for index, (name, chinese) in enumerate(_WEEKDAY_WORDS.items()):
        words = [f"{before}{chinese}" for before in ("周", "星期", "礼拜")]
        if _plain(text) in _words((*words, str(index + 1), name), DAYS[name]):
            return name
    raise ValueProblem(_("“%(text)s” is not a weekday.", text=text[:40]))


def _read_hours(cell: object) -> tuple[str, ...]:
    return tuple(map(str, intervals.parse_all(intervals.split(_text(cell)))))


_READERS = {
    "date": _read_date,
    "kind": _read_kind,
    "name": _read_name,
    "name_en": _read_name,
    "like": _read_like,
    "hours": _read_hours,
}


# -- into a calendar, and out of it -------------------------------------------------------------------


def merge(definition: CalendarDefinition, reading: Reading, *, replace: bool) -> CalendarDefinition:
    """Return a calendar with what a file says; its years count as known from then on.

    Args:
        definition: the calendar as it is.
        reading: the file.
        replace: whether other dates of the file's years go, or stay.
    """
    years = reading.years
    said = {one.date for one in reading.exceptions}
    kept = [
        one
        for one in definition.exceptions
        if one.date not in said and not (replace and one.date.year in years)
    ]
    merged = sorted([*kept, *reading.exceptions], key=lambda one: one.date)
    known = tuple(sorted({*definition.loaded_years, *years}))
    return definition.model_copy(update={"exceptions": tuple(merged), "loaded_years": known})


def write(path: Path, definition: CalendarDefinition, years: Iterable[int], about: About) -> None:
    """Write the dates of some years as .xlsx or .csv (by the path's ending), as `read` reads them."""
    wanted = set(years)
    rows = list(_rows((one for one in definition.exceptions if one.date.year in wanted), about.language))
    columns = [
        Column(key, translate(label, about.language), "date" if key == "date" else "text")
        for key, label in COLUMNS.items()
    ]
    if path.suffix == ".csv":
        with CsvFile(path, columns, Locale(about.language, about.timezone)) as file:
            file.write(rows)
        return
    with Book(path, about) as book:
        book.sheet(translate(_("Holidays and make-up days"), about.language), columns).write(rows)


def _rows(exceptions: Iterable[DayException], language: str) -> Iterator[tuple[str | None, ...]]:
    for one in exceptions:
        like = translate(DAYS[one.like], language) if one.like else None
        kind = translate(KINDS[one.kind], language)
        hours = ", ".join(one.hours) or None
        yield one.date.isoformat(), kind, one.name.zh or None, one.name.en or None, like, hours
