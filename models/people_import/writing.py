"""The workbooks around an import of people: an empty one, the refused rows, the initial passwords."""

from collections.abc import Iterable
from pathlib import Path

from models.messages import LANGUAGES, _, translate
from models.people import Actor, Department, Role, User
from models.people_import.checking import WHOLE_ROW, Found
from models.people_import.columns import COLUMNS
from models.spreadsheets.columns import Column
from models.spreadsheets.refusals import Refusal, write_refusals
from models.spreadsheets.workbook import About, Book
from models.times import now


def _about(title: str, actor: Actor) -> About:
    local = now().astimezone(actor.timezone).replace(tzinfo=None)
    return About(title, actor.name, local, actor.language, actor.timezone)


def write_template(path: Path, actor: Actor) -> None:
    """Write an empty table of people, and what may stand in its columns on a second sheet."""
    language = actor.language
    departments = list(Department.objects(retired=False))
    yes_no = (translate(_("yes"), language), translate(_("no"), language))
    choices = {
        "department": tuple(one.code for one in departments),
        "language": LANGUAGES,
        "active": yes_no,
    }
    columns = [
        Column(one.key, translate(one.label, language), "text", choices=tuple(choices.get(one.key, ())))
        for one in COLUMNS
    ]
    with Book(path, _about(translate(_("People"), language), actor)) as book:
        book.sheet(translate(_("People"), language), columns).offer_choices()
        _explain(book, departments, language)


def _explain(book: Book, departments: Iterable[Department], language: str) -> None:
    words = [translate(one, language) for one in (_("Column"), _("What stands in it"))]
    explained = [Column(str(at), word, "text", wrap=bool(at)) for at, word in enumerate(words)]
    book.sheet(translate(_("Explanation"), language), explained).write(
        [(translate(one.label, language), translate(one.help, language)) for one in COLUMNS]
    )
    known = [
        Column("code", translate(_("Code"), language), "text"),
        Column("name", translate(_("Name"), language), "text"),
    ]
    book.sheet(translate(_("Departments"), language), known).write(
        [(one.code, one.name.text(language)) for one in departments]
    )
    book.sheet(translate(_("Roles"), language), known).write(
        [(one.name, one.label.text(language)) for one in Role.objects.order_by("name")]
    )


def write_refused(path: Path, found: Found, actor: Actor) -> int:
    """Write the refused rows as they came, with what is wrong beside the cells; return how many."""
    refusals = [
        Refusal(
            draft.row.number,
            draft.row.cells,
            {
                None if key == WHOLE_ROW else found.places.get(key): [
                    translate(one, actor.language) for one in said
                ]
                for key, said in draft.errors.items()
            },
        )
        for draft in found.refused
    ]
    return write_refusals(
        path, found.header, refusals, _about(translate(_("Refused rows"), actor.language), actor)
    )


def write_passwords(path: Path, made: Iterable[tuple[User, str]], actor: Actor) -> None:
    """Write who signs in with which password at first."""
    captions = {"username": _("User name"), "name": _("Name"), "password": _("Initial password")}
    columns = [Column(key, translate(label, actor.language), "text") for key, label in captions.items()]
    title = translate(_("Initial passwords"), actor.language)
    with Book(path, _about(title, actor)) as book:
        book.sheet(title, columns).write([(user.username, user.name, text) for user, text in made])
