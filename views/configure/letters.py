"""Letters in the form editor: what their templates can name, and how one looks on a sample record."""

from dataclasses import asdict
from typing import Any, Final

from flask import current_app
from flask_babel import lazy_gettext

from models import forms
from models.access import Action, fetch
from models.database import Document
from models.definition import Definition
from models.errors import DomainError, InvalidError, NotFoundError
from models.forms import Form, LiveForm, at_version, live_forms
from models.letter_parts import MAX_LETTERS
from models.letters import checks
from models.letters.filling import Filler
from models.letters.layout import blocks
from models.letters.names import OWN
from models.lookups import Lookup
from models.messages import LANGUAGES, Message, _
from models.people import Actor
from models.planning import blank_record
from models.problems import by_path
from models.procedure_checks.placeholders import SYSTEM
from models.times import now
from views.configure import workflow_trial
from views.configure.catalog import SYSTEM_COLUMN_LABELS
from views.context import current_language, current_timezone, require_person, say

PROPERTIES: Final = {
    "label": lazy_gettext("Name of the letter"),
    "subject": lazy_gettext("Subject"),
    "body": lazy_gettext("Text"),
    "recipient": lazy_gettext("To"),
    "address": lazy_gettext("Address"),
    "numbering": lazy_gettext("Number of the letter"),
    "written_on": lazy_gettext("Day it was written"),
    "states": lazy_gettext("Offered in the states"),
}
_UNKNOWN_RECORD: Message = _("There is no such record.")


def parts(form: Form) -> dict[str, Any]:
    """Return what the editor of letters needs to know."""
    language = current_language()
    published = at_version(form.key, form.version).definition if form.version else None
    own = {key: say(label) for key, label in OWN.items()}
    system = {key: str(text) for key, text in SYSTEM_COLUMN_LABELS.items() if key in SYSTEM}
    return {
        "names": {**own, **system},
        "fieldsOf": {
            live.key: [[one.key, one.label.text(language) or one.key] for one in live.definition.value_fields]
            for live in live_forms()
        },
        "published": list(published.by_letter) if published else [],
        "samples": workflow_trial.samples(form.key) if form.version else [],
        "max": MAX_LETTERS,
    }


def preview(definition: Definition, body: dict[str, Any]) -> dict[str, Any]:
    """Return a letter of a draft as it would be written on a sample record.

    Raises InvalidError for a letter with problems and for a record that the person may not print.
    """
    key = str(body.get("letter"))
    letter = definition.by_letter.get(key)
    if letter is None:
        raise NotFoundError
    wrong = [one for one in checks.problems(definition) if one.path.startswith(f"letters.{key}.")]
    if wrong:
        raise InvalidError(by_path(wrong))
    language = body.get("language")
    tongue = language if language in LANGUAGES else current_language()
    person, (form, record) = require_person(), _sample(definition, str(body.get("record") or ""))
    lookup = Lookup(str(tongue), current_timezone(), person)
    text = Filler(person, form, record, lookup, definition).fill(letter, str(tongue))
    return {
        **asdict(text),
        "language": tongue,
        "company": current_app.config["SETTINGS"].company or "Backoffice",
        "number": record.get("number") or "",
        "blocks": [asdict(one) for one in blocks(text.body)],
    }


def _sample(definition: Definition, record_id: str) -> tuple[LiveForm, Document]:
    if not record_id:
        record = blank_record(Actor.of(require_person()), {}, now())
        return LiveForm(definition, 0), record
    try:
        live = forms.current(definition.key)
        return live, fetch(require_person(), live, record_id, Action.PRINT)
    except DomainError:
        raise InvalidError({"record": [_UNKNOWN_RECORD]}) from None
