"""The sheet of the empty workbook that says how an existing ledger is filled in."""

from typing import Final

from models.definition import Definition
from models.ledger_import.columns import GONE, LOANS
from models.messages import Message, _, translate
from models.spreadsheets.columns import Column
from models.spreadsheets.workbook import Book

TITLE: Final = _("How to fill this in")
_WIDTHS: Final = (24, 110)

_GENERAL: Final = (
    (
        _("One row for each thing"),
        _(
            "Leave empty what you do not know. Your own sheet will do, too: columns may be missing, stand "
            "in any order and be called otherwise, and a title may stand above them; you say which column "
            "is what."
        ),
    ),
    (
        _("Days"),
        _(
            "2026-03-05, 2026/3/5, 2026.3.5 and 2026年3月5日 are all understood. Nothing can lie in the "
            "future."
        ),
    ),
    (
        _("People, departments, customers"),
        _(
            "As they are called here. The check before the import lists the names that nobody or more than "
            "one answers to, and lets you say who is meant."
        ),
    ),
)
_LOANS: Final = (
    (
        _("What is out"),
        _(
            "Who has pieces now, since when and until when. Each loan becomes a slip that is lent; nobody "
            "gets a notice of it. The department may be left out, and the quantity of a single piece, too."
        ),
    ),
    (
        _("Several loans of a thing"),
        _(
            "Add a row below with the columns of the loan only, or repeat the number of the thing. Or put "
            "all loans on a sheet of their own, called “%(sheet)s”, with the number of the thing in its "
            "first column."
        ),
    ),
    (
        _("Loans that are over"),
        _("What has a day on which it came back is no longer out, and no slip is made of it."),
    ),
)
_GONE: Final = (
    (
        _("What is gone or damaged"),
        _(
            "Returned to the customer, lost, used up, disposed of, damaged or under repair. Without a "
            "quantity it is all that is left, without a day it is the day of the import, and without a word"
            " it was returned."
        ),
    ),
)


def explain(book: Book, definition: Definition, language: str) -> None:
    """Add the sheet to a workbook; only what can be filled in is explained."""
    lines = [*_GENERAL]
    if LOANS in definition.by_key:
        lines += _LOANS
    if GONE in definition.by_key:
        lines += _GONE
    columns = [
        Column(str(index), translate(text, language), "text", width=width, wrap=True)
        for index, (text, width) in enumerate(zip((_("What"), _("How")), _WIDTHS, strict=True))
    ]
    sheet = book.sheet(translate(TITLE, language), columns)
    sheet.write([_said(line, definition, language) for line in lines])


def _said(line: tuple[Message, Message], definition: Definition, language: str) -> tuple[str, str]:
    what, how = line
    loans = definition.by_key.get(LOANS)
    name = loans.label.text(language) if loans else ""
    filled = Message(how.msgid, {"sheet": name}) if "%(sheet)s" in how.msgid else how
    return translate(what, language), translate(filled, language)
