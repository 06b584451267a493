"""Letters on a record: filled in and looked over, fixed, and read, printed or saved again."""

from typing import TYPE_CHECKING, Any

from flask import Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _

from models import audit
from models.access import Action, fetch
from models.database import Document
from models.errors import ConflictError, ForbiddenError, InvalidError
from models.letter_parts import Letter
from models.letters import keeping, reading
from models.letters.filling import Filler, Text
from models.letters.layout import blocks
from models.letters.names import fields_used
from models.lookups import Lookup
from models.messages import LANGUAGES
from tasks.sweeps import carry_out_effects
from views.context import current_language, current_timezone, say, seen_as
from views.downloads import INERT, disposition
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.detail import DetailScreens as _Base
else:
    _Base = object

SENT = ("recipient", "address", "subject", "body")


class LetterScreens(_Base):
    """The card of letters on a record's page, the page on which one is written, and the letter itself."""

    def letters(self, record: Document) -> dict[str, Any]:
        """Return what a record's page shows of letters: those there are, and those that can be written."""
        if not (kept := keeping.of_record(self.form.key, record["_id"])) and not self.form.definition.letters:
            return {"letters": [], "letter_kinds": []}
        reader, language = reading.Reader(self.person, self.form), current_language()
        return {
            "letters": [
                {**one, "name": _name(one, language), "open": reader.may_read(record, one)} for one in kept
            ],
            "letter_kinds": [
                (one.key, one.label.text(language) or one.key)
                for one in keeping.offered(self.person, self.form, record)
            ],
        }

    @expose("/<record_id>/write/<letter>", methods=("GET", "POST"))
    def letter_write_view(self, record_id: str, letter: str) -> ResponseReturnValue:
        """Fill in a letter, let it be looked over and changed, and fix it."""
        record = fetch(self.person, self.form, record_id, Action.PRINT)
        kind = keeping.kind(self.form, letter)
        if kind not in keeping.offered(self.person, self.form, record):
            raise ForbiddenError
        language = _language(kind)
        filler = Filler(self.person, self.form, record, Lookup(language, current_timezone(), self.person))
        text = filler.fill(kind, language)
        if request.method == "GET":
            return self._writing(record, kind, language, text)
        text = Text(**{name: _posted(name) for name in SENT})
        if "_preview" in request.form:
            return self._writing(record, kind, language, text)
        return self._fix(record, kind, language, text, filler)

    def _fix(
        self, record: Document, kind: Letter, language: str, text: Text, filler: Filler
    ) -> ResponseReturnValue:
        try:
            stored = keeping.fix(
                self.person,
                self.form,
                record["_id"],
                kind,
                text,
                language=language,
                revision=request.form.get("_revision", -1, type=int),
                named=filler.named,
                note=_posted("_note"),
            )
        except InvalidError as error:
            return self._writing(record, kind, language, text, error), error.status
        except ConflictError as error:
            current = fetch(self.person, self.form, record["_id"], Action.PRINT)
            return self._writing(current, kind, language, text, overtaken=True), error.status
        send_quietly(carry_out_effects)
        self.say(_("The letter is fixed and kept with the record."))
        return redirect(self._letter_address(record, stored))

    def _writing(
        self,
        record: Document,
        kind: Letter,
        language: str,
        text: Text,
        error: InvalidError | None = None,
        *,
        overtaken: bool = False,
    ) -> str:
        errors = {
            path: " ".join(say(one) for one in found)
            for path, found in (error.errors if error else {}).items()
        }
        return self.show(
            "letter_write",
            record=record,
            kind=kind,
            letter_language=language,
            languages=[one for one in LANGUAGES if getattr(kind.body, one)],
            text=text,
            blocks=blocks(text.body),
            errors=errors,
            problems=[{"key": key, "label": "", "message": message} for key, message in errors.items()],
            overtaken=overtaken,
            closed=self.names_of([key for key in self._told_in(kind) if self.told.is_withheld(record, key)]),
        )

    def _told_in(self, kind: Letter) -> list[str]:
        return fields_used(kind, self.form.definition)

    @expose("/<record_id>/letter/<letter_id>")
    def letter_view(self, record_id: str, letter_id: str) -> str:
        """Show a letter that was kept as an A4 sheet."""
        record, letter = self._read(record_id, letter_id)
        return self.show("letter", record=record, letter=letter, blocks=blocks(letter["body"]))

    @expose("/<record_id>/letter/<letter_id>/download")
    def letter_download(self, record_id: str, letter_id: str) -> Response:
        """Hand a letter out as a page of its own."""
        record, letter = self._read(record_id, letter_id)
        with current_app.open_resource("static/css/letter.css", "r") as file:
            style = file.read()
        page = render_template(
            "records/letter_download.html", letter=letter, blocks=blocks(letter["body"]), style=style
        )
        name = (
            f"{letter['number'] or record['number'] or record['title']} {_name(letter, letter['language'])}"
        )
        response = Response(page, mimetype="text/html")
        response.headers["Content-Disposition"] = disposition(f"{name.strip()}.html", attachment=True)
        response.headers["Content-Security-Policy"] = f"{INERT}; style-src 'unsafe-inline'"
        return response

    def _read(self, record_id: str, letter_id: str) -> tuple[Document, Document]:
        record = fetch(self.person, self.form, record_id, Action.PRINT)
        letter = reading.read(self.person, self.form, record, letter_id)
        if seen_as() is None:
            details = {"form": self.form.key, "record": record["_id"], "letter": letter["_id"]}
            audit.note("record.printed", subject=record["number"] or self.title, details=details)
        return self.told.titled(record), letter

    def _letter_address(self, record: Document, letter: Document) -> str:
        return f"{self.address(record)}/letter/{letter['_id']}"


def _name(letter: Document, language: str) -> str:
    label: dict[str, str] = letter["label"]
    return label.get(language) or label.get("zh") or label.get("en") or letter["letter"]


def _language(kind: Letter) -> str:
    """Return in which language a letter is written: as wanted, else the reader's, else the one it has."""
    wanted = request.values.get("language", "") or current_language()
    there = [one for one in LANGUAGES if getattr(kind.body, one)]
    return wanted if wanted in there else (there or list(LANGUAGES))[0]


def _posted(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").strip()
