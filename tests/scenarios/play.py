"""Procedures played like a play: who does what, in which order, and what the clock brings about meanwhile.

    sales = play.as_("sales_staff")
    sheet = sales.create("feedback_sheet", subject="漏油", …)
    sheet = sales.take(sheet, "keep", severity="general")
    play.later(hours=48)
    assert play.as_("sales_head").heard("48 小时")

Every step goes the way a screen or the API goes: permission first, then the one function that decides.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import ObjectId

from models import access, clocks, delegations, duties, forms, notifications, outbox, records, times, workflow
from models.access import Action
from models.approvals import decisions
from models.database import Document, db
from models.departments import save as save_department
from models.errors import ForbiddenError, InvalidError
from models.ledger import following as _following  # noqa: F401  (its effects are carried out by the play)
from models.ledger import queueing as _queueing  # noqa: F401
from models.people import DEFAULT_TIMEZONE, Actor, Department, Role, User
from tests.scenarios import installed

MONDAY_MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # Monday 9 o'clock in Shanghai
SOON = timedelta(minutes=1)


def text_of(words: Any) -> str:
    """Return a text, or its Chinese."""
    return str(words.get("zh", "")) if isinstance(words, Mapping) else str(words or "")


@dataclass
class Player:
    """Somebody with a position, and all they can do."""

    play: "Play"
    person: User

    @property
    def actor(self) -> Actor:
        return Actor.of(self.person)

    @property
    def id(self) -> ObjectId:
        found: ObjectId = self.person.id
        return found

    def create(self, form: str, **values: Any) -> Document:
        access.require(self.person, form, Action.CREATE)
        record = records.create(self.actor, forms.current(form), _raw(values))
        self.play.settle()
        return record

    def edit(self, record: Document, **values: Any) -> Document:
        """Save the edit form."""
        form = self.play.form_of(record)
        stored = access.fetch(self.person, form, record["_id"], Action.EDIT)
        changed = records.update(
            self.actor, form, record["_id"], _raw(values), revision=stored["revision"], source="screen"
        )
        self.play.settle()
        return changed

    def see(self, record: Document) -> Document:
        return access.fetch(self.person, self.play.form_of(record), record["_id"])

    def take(
        self,
        record: Document,
        transition: str,
        *,
        reason: str = "",
        signature: str | None = None,
        revision: int | None = None,
        **values: Any,
    ) -> Document:
        """Press the button of a transition."""
        stored = self.see(record)
        taken = workflow.take(
            self.actor,
            self.person,
            self.play.form_of(record),
            record["_id"],
            transition,
            _raw(values),
            revision=stored["revision"] if revision is None else revision,
            reason=reason,
            signature=signature,
        )
        self.play.settle()
        return taken

    def offered(self, record: Document) -> list[str]:
        """Return the transitions a person may take now."""
        offers = workflow.available(self.person, self.play.form_of(record), self.play.now(record))
        return [offer.transition.key for offer in offers if offer.allowed]

    def cannot(self, record: Document, transition: str, **values: Any) -> None:
        """Try a transition that is none of theirs; the record stays as it is."""
        before = self.play.now(record)
        with pytest.raises(ForbiddenError):
            self.take(record, transition, **values)
        assert self.play.now(record) == before

    def lacks(self, record: Document, transition: str, **values: Any) -> set[str]:
        """Try a transition too early; return the fields that it complains about."""
        before = self.play.now(record)
        with pytest.raises(InvalidError) as caught:
            self.take(record, transition, **values)
        assert self.play.now(record) == before
        return set(caught.value.errors)

    def approve(self, record: Document, *, reason: str = "") -> Document:
        return self.decide(record, "approve", reason)

    def reject(self, record: Document, *, reason: str = "") -> Document:
        return self.decide(record, "reject", reason)

    def decide(self, record: Document, decision: Any, reason: str = "", **options: Any) -> Document:
        """Decide about the open approval of a record, signed with the own name."""
        approval = db().approvals.find_one({"record": record["_id"]}, sort=[("_id", -1)])
        assert approval is not None, "no approval was ever asked for"
        decisions.decide(
            self.actor,
            self.person,
            approval["_id"],
            decision,
            reason=reason,
            signature=str(self.person),
            **options,
        )
        self.play.settle()
        return self.play.now(record)

    def owes(self, record: Document | None = None) -> list[str]:
        """Return what is in the inbox: what is owed, in Chinese."""
        found = db().duties.find({"people": self.id, "done_at": None}).sort("_id", 1)
        return [text_of(duty["what"]) for duty in found if record is None or duty["record"] == record["_id"]]

    def told(self) -> list[str]:
        """Return everything behind the bell, oldest first."""
        found = notifications.of_person(self.person, limit=1000)
        return [f"{text_of(one['title'])} {text_of(one['text'])}" for one in reversed(found)]

    def heard(self, words: str) -> bool:
        """Tell whether anything behind the bell says so."""
        return any(words in one for one in self.told())


@dataclass
class Play:
    """The stage: who is there, what time it is."""

    moment: datetime = MONDAY_MORNING
    players: dict[str, Player] = field(default_factory=dict)
    _clock: ExitStack = field(default_factory=ExitStack)

    def install(self, *names: str) -> None:
        installed.install(names)

    def cast(self, people: Mapping[str, str], heads: Mapping[str, str] | None = None) -> None:
        """Give each role to one person who is called like it.

        Args:
            people: role → code of the department; `clerk=sales_staff` makes a second person of a role.
            heads: code of a department → who heads it; `CODE/` names its deputy.
        """
        for entry, code in people.items():
            username, _sign, role = entry.partition("=")
            person = User(
                username=username,
                name=f"{username}·{code}",
                department=Department.objects.get(code=code),
                roles=[Role.objects.get(name=role or username)],
            ).save()
            self.players[username] = Player(self, person)
        for code, username in (heads or {}).items():
            self._lead(code, self.players[username].id)

    def _lead(self, code: str, person: ObjectId) -> None:
        department = Department.objects.get(code=code.rstrip("/"))
        if code.endswith("/"):
            department.deputies = [*department.deputies, person]
        else:
            department.head = person
        save_department(department)

    def as_(self, username: str) -> Player:
        """Return somebody of the cast, with the roles they have by now."""
        return Player(self, User.objects.get(username=username))

    def form_of(self, record: Document) -> forms.LiveForm:
        for live in forms.live_forms():
            if live.records().find_one({"_id": record["_id"]}, {"_id": 1}):
                return live
        raise AssertionError(record)

    def form(self, key: str) -> forms.LiveForm:
        return forms.current(key)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(DEFAULT_TIMEZONE)

    def delegate(self, person: Player, to: Player, *, days: int = 1) -> None:
        """Let somebody act for a person from today on."""
        first = self.moment.astimezone(self.zone).date()
        last = first + timedelta(days=days)
        delegations.create(person.person, person.person, to.person, first=first, last=last)

    def now(self, record: Document) -> Document:
        """Return a record as it is stored."""
        found = self.form_of(record).records().find_one({"_id": record["_id"]})
        assert found is not None
        return found

    def state(self, record: Document) -> str:
        return str(self.now(record)["state"])

    def linked(self, record: Document, field_key: str) -> Document:
        """Return the record that a reference field names."""
        definition = self.form_of(record).definition.by_key[field_key]
        wanted = self.now(record)["data"][field_key]
        found = forms.current(definition.form).records().find_one({"_id": wanted})
        assert found is not None
        return found

    def made(self, record: Document, form: str) -> Document:
        """Return the newest record of a form that came out of a record."""
        made = [link["record"] for link in self.now(record)["links"] if link["form"] == form]
        assert made, f"no {form} came out of it"
        found = forms.current(form).records().find_one({"_id": made[-1]})
        assert found is not None
        return found

    def at(self, moment: datetime) -> None:
        """Let it be a moment; nothing happens on the way there."""
        self.moment = moment
        self._clock.close()
        self._clock.enter_context(times.set_clock(moment))

    def later(self, **length: float) -> datetime:
        """Let time go by (`hours=48`, `minutes=1`), with every reminder in its time; return the moment."""
        until = self.moment + timedelta(**length)
        while due := db().clocks.find_one({"next_action_at": {"$lte": until}}, sort=[("next_action_at", 1)]):
            self.at(max(self.moment, due["next_action_at"]))
            if not clocks.sweep():
                break
            self.settle()
        self.at(until)
        clocks.sweep()
        self.settle()
        return until

    def settle(self) -> None:
        """Carry out what waits in the outbox."""
        while outbox.carry_out_due():
            continue

    def clock(self, record: Document, key: str) -> Any:
        """Return the newest clock of a record with this key."""
        of_record = clocks.of_record(self.form_of(record).key, record["_id"])
        found = [one for one in of_record if one.rule.key == key]
        assert found, f"no clock {key}"
        return found[-1]

    def open_duties(self, record: Document) -> list[str]:
        """Return everything that anybody owes for a record, in Chinese."""
        return [text_of(one["what"]) for one in duties.of_record(self.form_of(record).key, record["_id"])]

    def close(self) -> None:
        self._clock.close()


def _raw(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _value(value) for key, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Player):
        return str(value.id)
    if isinstance(value, Department):
        return str(value.id)
    if isinstance(value, Mapping):
        return str(value["_id"]) if "_id" in value else _raw(value)
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def dept(code: str) -> Department:
    """Return a department by its code."""
    found: Department = Department.objects.get(code=code)
    return found
