"""Duties as rows of a list: every name and every right is looked up once for the whole page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bson import ObjectId

from models import duties, forms
from models.access import Action, permitted
from models.approvals import queries as approvals
from models.database import Document
from models.lookups import Lookup
from models.messages import say_stored
from models.people import User
from views.context import current_language, current_timezone, say
from views.inbox import times
from views.inbox.times import Due

ICONS: Final = {
    "task": "check2-square",
    "approval": "vector-pen",
    "filing": "archive",
    "report": "clipboard-data",
}
SHOWN_PEOPLE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Row:
    """One duty in a list.

    `url` is empty where the person may not open the record; then number and title are withheld too.
    `tickable`: it can be approved together with others; `signature`: what it wants besides.
    """

    id: ObjectId
    url: str
    number: str
    title: str
    what: str
    form: str
    icon: str
    kind: str
    kind_label: str
    level: str
    due: Due | None
    group: str
    people: tuple[str, ...]
    more_people: int
    on_behalf_of: str
    tickable: bool
    signature: str


def rows(person: User, found: Sequence[Document], *, everybody: bool = False) -> list[Row]:
    """Return duties as a person sees them.

    Args:
        person: who looks.
        found: duties, as `models.duties` returns them.
        everybody: name all who are asked, not only who is asked besides the person; nothing is tickable.
    """
    return list(_Maker(person, found, everybody=everybody).rows())


class _Maker:
    """What is looked up for a page of duties."""

    def __init__(self, person: User, found: Sequence[Document], *, everybody: bool) -> None:
        self._person, self._found, self._everybody = person, found, everybody
        self._language, self._zone = current_language(), current_timezone()
        self._lookup = Lookup(self._language, self._zone)
        self._visible = duties.visible_records(person, found)
        self._forms = {live.key: live for live in forms.live_forms()}
        asked = [duty["approval"] for duty in found if duty["approval"]]
        self._demands = approvals.demands(asked) if asked else {}
        self._lookup.prime_people(one for duty in found for one in self._asked(duty))

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the duties."""
        for duty in self._found:
            yield self._row(duty)

    def _row(self, duty: Document) -> Row:
        url = self._url(duty)
        people = self._people(duty)
        demand = self._demands.get(duty["approval"])
        signature = demand.signature if demand and not self._everybody else ""
        behalf = duty.get("on_behalf_of")
        return Row(
            id=duty["_id"],
            url=url,
            number=duty["number"] or "" if url else "",
            title=duty["title"] if url else "",
            what=say_stored(duty["what"], self._language),
            form=self._form(duty["form"]),
            icon=ICONS[duty["kind"]],
            kind=duty["kind"],
            kind_label=say(duties.KINDS[duty["kind"]]),
            level=duty["level"],
            due=times.due(duty["due_at"], self._zone),
            group=times.group_of(duty["due_at"], self._zone),
            people=tuple(people[:SHOWN_PEOPLE]),
            more_people=len(people[SHOWN_PEOPLE:]),
            on_behalf_of=self._lookup.person(behalf) if behalf and not self._everybody else "",
            tickable=bool(url) and signature in {"no", "typed"},
            signature=signature,
        )

    def _asked(self, duty: Document) -> list[ObjectId]:
        """Return everybody who is asked: each signer of an approval has a duty of their own."""
        demand = self._demands.get(duty["approval"])
        return list(dict.fromkeys([*duty["people"], *(demand.people if demand else ())]))

    def _people(self, duty: Document) -> list[str]:
        if self._everybody:
            return [self._lookup.person(one) for one in duty["people"]]
        hidden = {self._person.id, duty.get("on_behalf_of")}
        return [self._lookup.person(one) for one in self._asked(duty) if one not in hidden]

    def _form(self, key: str) -> str:
        live = self._forms.get(key)
        return live.definition.label.text(self._language) if live else key

    def _url(self, duty: Document) -> str:
        """Return where a duty is done: at the approval, on the record, or in a new record."""
        return address(duty, self._visible, self._person)


def address(about: Any, visible: set[ObjectId], person: User) -> str:  # noqa: ANN401  (a duty or a clock)
    """Return where something about a record or a form is done; empty where a person may not go."""
    form, record = about.get("form"), about.get("record")
    if record is None:
        return (
            f"/records/{form}/{'new' if permitted(person, form, Action.CREATE) else ''}"
            if permitted(person, form, Action.SEE)
            else ""
        )
    if record not in visible:
        return ""
    return f"/records/{form}/{record}{'#approval' if about.get('kind') == 'approval' else ''}"
