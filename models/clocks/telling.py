"""What the rungs of a ladder say and to whom, and what else they bring about."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from bson import ObjectId
from pymongo.client_session import ClientSession

from models import outbox, who
from models.audience import Audience
from models.clocks.coming_due import Firing
from models.database import Document, db
from models.definition_parts import Label
from models.lookups import Lookup
from models.messages import LANGUAGES, Message, _, translate
from models.notifications import Event
from models.procedure import Rung, Who
from models.workflow import texts

EFFECTS = "clock_effects"
_ASSIGNED = Who(fields=("@assignees",))
_NOBODY: Document = {"data": {}}
_OWNED = Who(fields=("@owner",))


def events(
    fired: Iterable[Firing], records: Mapping[ObjectId, Document], session: ClientSession
) -> list[Event]:
    """Return what is to be told, one event for each rung that has somebody to tell."""
    found, audience = [], Audience()
    about = [(one, records.get(one.clock.get("record"))) for one in fired if not one.silent]
    asked = [(_who(firing, record), firing.clock.form, record or _NOBODY) for firing, record in about]
    for (firing, record), meant in zip(about, who.resolve_all(asked), strict=True):
        if meant.people:
            found.append(_event(firing, record, meant.people, audience))
        if meant.substitutions and record:
            who.tell_substitutions(firing.clock.get("form"), record, meant.substitutions, session)
    return found


def _who(firing: Firing, record: Document | None) -> Who:
    """Return who is told: those the rung names, else those of the clock, else whoever has the record."""
    wanted = firing.rung.who or firing.clock.rule.who
    if not wanted and record is not None:
        wanted = _ASSIGNED if record.get("assignees") else _OWNED
    return wanted


def _event(firing: Firing, record: Document | None, people: Sequence[ObjectId], audience: Audience) -> Event:
    clock = firing.clock
    form = clock.form
    label = form.definition.label
    title = who.called(form.key, clock.document) if record else {one: label.text(one) for one in LANGUAGES}
    return Event(
        people=tuple(people),
        key=firing.key,
        kind="deadline",
        title=title,
        text=_text(firing, record, audience),
        instead=texts.for_people(firing.rung.text, form, record, people, Lookup, audience) if record else (),
        url="" if record else f"/records/{form.key}/",
        form=form.key,
        record=clock.get("record"),
        level=firing.rung.level,
        late=firing.late,
        department=clock.get("department"),
        due=firing.of,
    )


def _text(firing: Firing, record: Document | None, audience: Audience) -> dict[str, str]:
    label = firing.rung.text
    if not label:
        return default_text(firing.clock.rule.label, firing.rung)
    if record is None or "{" not in label.zh + label.en:
        return {language: label.text(language) for language in LANGUAGES}
    return texts.for_everybody(label, firing.clock.form, record, Lookup, audience)


def default_text(clock: Label, rung: Rung) -> dict[str, str]:
    """Return what a rung says that has no text of its own."""
    return dict(_default(str(clock.zh), str(clock.en), rung.side))


@lru_cache(maxsize=2_000)
def _default(zh: str, en: str, side: str) -> tuple[tuple[str, str], ...]:
    message = {"before": _SOON, "at": _NOW, "after": _LATE}[side]
    said = Message(message.msgid, {"clock": Label(zh=zh, en=en)})
    return tuple((language, translate(said, language)) for language in LANGUAGES)


_SOON = _("“%(clock)s” is due soon.", clock="")
_NOW = _("“%(clock)s” is due now.", clock="")
_LATE = _("“%(clock)s” is overdue.", clock="")


def effects(fired: Iterable[Firing]) -> list[Document]:
    """Return the effects of rungs that do more than tell somebody; the workflow carries them out."""
    return [
        outbox.effect(EFFECTS, f"{EFFECTS}:{firing.key}", _payload(firing))
        for firing in fired
        if firing.rung.effects
    ]


def _payload(firing: Firing) -> Document:
    clock = firing.clock
    return {
        "form": clock.get("form"),
        "record": clock.get("record"),
        "clock": clock.get("rule"),
        "clock_id": clock.id,
        "form_version": clock.form.version,
        "rung": firing.rung.key,
        "occurrence": firing.occurrence,
        "planned_at": firing.planned_at,
        "due_at": firing.of,
        "late": firing.late,
    }


def put_effects(found: Sequence[Document], session: ClientSession, *, careful: bool) -> None:
    """Store effects; with `careful` only those that are not stored yet."""
    new = list(found)
    if careful and new:
        stored = db().outbox.find({"key": {"$in": [one["key"] for one in new]}}, {"key": 1}, session=session)
        known = {one["key"] for one in stored}
        new = [one for one in new if one["key"] not in known]
    outbox.put(new, session)
