"""Writes the history of the demo company: records and the steps of their workflows, each at its moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.client_session import ClientSession

from models import forms, records, who, workflow
from models.approvals import decisions
from models.changes import Change
from models.database import Document, db
from models.forms import LiveForm
from models.lookups import References
from models.people import Actor, Department, User
from models.times import now, set_clock
from models.validation import validate
from seed.company import followup, ledger, partners, vocabulary
from seed.company.followup import Act
from seed.company.incident import Raw, Step, day
from seed.company.stories import Story

SOURCE = "pack"
CLAIMS_OPEN = timedelta(days=40)  # claims that young are on their way, some of each stage


@dataclass
class Writer:
    """Knows every id by the key it is called in the stories, and writes as the person named there."""

    ids: dict[partners.To, ObjectId]
    people: dict[str, User]
    references: References = field(default_factory=References)
    sheets: dict[int, ObjectId] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    def ready(cls) -> "Writer":
        """Return a writer that knows the people and the departments."""
        names = [person.username for person in vocabulary.people()]
        users = list(User.objects(username__in=names))
        people = {partners.To("person", user.username): user.id for user in users}
        departments = {partners.To("department", one.code): one.id for one in Department.objects}
        return cls({**people, **departments}, {user.username: user for user in users})

    def actor(self, username: str) -> Actor:
        """Return somebody as the one who acts; asked for once, because it reads the department."""
        if username not in self._actors:
            self._actors[username] = Actor.of(self.people[username])
        return self._actors[username]

    def resolve(self, value: Any) -> Any:  # noqa: ANN401  (raw values nest)
        """Return raw values with ids in the place of names."""
        if isinstance(value, partners.To):
            return str(self.ids[value])
        if isinstance(value, dict):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        return value

    # -- what is there before anything happens -----------------------------------------------------------

    def store_missing(self, form: str, raws: list[Raw]) -> None:
        """Store the records of a form whose code is not there yet, and remember them all."""
        live = forms.current(form)
        known = {one["data"]["code"]: one["_id"] for one in live.records().find({}, {"data.code": 1})}
        missing = [self.resolve(raw) for raw in raws if raw["code"] not in known]
        if missing:
            changes = records.plan_creates(
                self._owner(form), live, missing, source=SOURCE, at=now(), references=self.references
            )
            records.commit(changes)
            known |= {change.record["data"]["code"]: change.record["_id"] for change in changes}
        self.ids |= {partners.To(form, code): record_id for code, record_id in known.items()}

    def _owner(self, form: str) -> Actor:
        owners = {
            "supplier": "jia.chunlan",
            "product": "xia.changqing",
            "problem_type": "su.mingyuan",
            "defect_mechanism": "su.mingyuan",
        }
        return self.actor(owners.get(form, "yuan.zhiqiang"))

    def store_tree(self, form: str, rows: list[Raw]) -> None:
        """Store a tree level by level, because what a record belongs to has to be there."""
        self.store_missing(form, [row for row in rows if "parent" not in row])
        self.store_missing(form, [row for row in rows if "parent" in row])

    def store_entries(self, form: str, key: str, raws: list[Raw], by: str, at: datetime) -> None:
        """Store what somebody entered together at a moment, but not what is there already by its key."""
        live, path = forms.current(form), f"data.{key}"
        known = set(live.records().distinct(path, {path: {"$in": [raw[key] for raw in raws]}}))
        missing = [self.resolve(raw) for raw in raws if raw[key] not in known]
        with set_clock(at):
            records.commit(
                records.plan_creates(
                    self.actor(by), live, missing, source=SOURCE, at=at, references=self.references
                )
            )

    # -- sheets, many at a time --------------------------------------------------------------------------

    def store_sheets(self, position: int, told: list[Story], procedure_from: datetime) -> None:
        """Store a batch of sheets: older ones as the old ledger has them, others with every step taken."""
        live = forms.current("feedback_sheet")
        with who.batch():
            created = [self._create(live, story, procedure_from) for story in told]
            records.commit(created, also=lambda session: _note_done(position + len(told), session))
            self.sheets |= {position + index: one.record["_id"] for index, one in enumerate(created)}
            later = [[] if _is_old(story, procedure_from) else story.steps[1:] for story in told]
            self._follow(live, [one.record for one in created], later)

    def _create(self, live: LiveForm, story: Story, procedure_from: datetime) -> Change:
        first, is_old = story.steps[0], _is_old(story, procedure_from)
        values = self.resolve(ledger.sheet(story.steps) if is_old else first.values)
        if story.earlier in self.sheets:
            values["earlier_sheet"] = str(self.sheets[story.earlier])
        change = self._plan(live, first, values)
        if is_old:
            change.record["state"] = ledger.ENDS[story.steps[-1].take]
        return change

    def _plan(self, live: LiveForm, first: Step, values: Raw) -> Change:
        with set_clock(first.at):
            [change] = records.plan_creates(
                self.actor(first.by), live, [values], source=SOURCE, at=first.at, references=self.references
            )
        return change

    def _follow(self, live: LiveForm, stored: list[Document], steps: Sequence[Sequence[Step]]) -> None:
        """Take the steps of many records side by side: the first of each, then the second, and so on."""
        for number in range(max(map(len, steps), default=0)):
            going = [index for index, told in enumerate(steps) if number < len(told)]
            changes = [self._step(live, stored[index], steps[index][number]) for index in going]
            records.commit(changes)
            for index, change in zip(going, changes, strict=True):
                stored[index] = change.record

    def _step(self, live: LiveForm, before: Document, told: Step) -> Change:
        """Plan one step with the values given then; nobody is asked, because the story says who it was."""
        actor, values = self.actor(told.by), self.resolve(told.values)
        with set_clock(told.at):
            checked = validate(
                actor, live.definition, values, before=before["data"], record=before, opened=tuple(values),
                references=self.references,
            )  # fmt: skip
            given = {**before, "data": checked.data}
            change = workflow.plan_move(actor, live, given, told.take, source=SOURCE, at=told.at)
        change.before = before
        return change

    # -- what came out of them, one at a time ------------------------------------------------------------

    def follow_actions(self, rng: Random, moment: datetime) -> None:
        """Tell what became of every corrective action that waits for its first plan."""
        live, codes = forms.current("corrective_action"), {one.id: one.code for one in Department.objects}
        waiting = list(live.records().find({"state": "planning"}).sort("_id", ASCENDING))
        for record in waiting:
            data = record["data"]
            code = codes.get(data.get("responsible_department"), "")
            measure = f"针对“{data['subject']}”修订作业指导书并增加专项检查。"
            acts = followup.action(rng, record["created_at"], code, data.get("root_cause", "待查"), measure)
            self._act(live, record["_id"], list(followup.until(acts, moment)))

    def tell_claims(self, rng: Random, moment: datetime, count: int, procedure_from: datetime) -> None:
        """Tell of claims that followed sheets, the same number in every part of the history."""
        live, sheets = forms.current("claim"), forms.current("feedback_sheet").records()
        if count <= live.records().estimated_document_count():
            return
        asked = {"data.demands": "claim", "state": {"$ne": "rejected"}}
        found = list(sheets.find(asked).sort("data.received_at", ASCENDING))
        newest = [sheet for sheet in found if sheet["data"]["received_at"] > moment - CLAIMS_OPEN]
        older = [sheet for sheet in found[: -len(newest) or None] if sheet["state"] == "closed"]
        spread = older[:: max(1, len(older) // count)][-count:] if count else []
        chosen = [*spread, *newest[:: max(1, len(newest) * 3 // count)]]
        for first, acts in (followup.claim(rng, sheet) for sheet in chosen):
            told = list(followup.until(acts, moment))
            if first.at < procedure_from and len(told) == len(acts):
                self._claim_of_ledger(live, first, acts)
            elif first.at < moment:
                change = self._plan(live, first, self.resolve(first.values))
                records.commit([change])
                self._act(live, change.record["_id"], told)

    def _claim_of_ledger(self, live: LiveForm, first: Step, acts: list[Act]) -> None:
        """Store a claim as it ended, and its cost where finance booked one (P03.42)."""
        last = next(act for act in reversed(acts) if isinstance(act, Step))
        change = self._plan(live, first, self.resolve(ledger.claim(first, acts)))
        change.record["state"] = ledger.CLAIM_ENDS[last.take]
        records.commit([change])
        booked = next((act for act in acts if isinstance(act, Step) and act.take == "book"), None)
        if booked:
            cost = {
                "subject": change.record["title"],
                "claim": str(change.record["_id"]),
                "customer": first.values["customer"],
                "product": first.values["product"],
                "amount": booked.values["cost"],
                "account": booked.values["cost_account"],
                "booked_on": day(booked.at),
            }
            records.commit([self._plan(forms.current("quality_cost"), booked, cost)])

    def _act(self, live: LiveForm, record_id: ObjectId, acts: Sequence[Act]) -> None:
        for act in acts:
            with set_clock(act.at), who.batch():
                if isinstance(act, Step):
                    self._take(live, record_id, act)
                else:
                    self._decide(record_id, act)

    def _take(self, live: LiveForm, record_id: ObjectId, told: Step) -> None:
        record = live.records().find_one({"_id": record_id}) or {}
        actor, values = self.actor(told.by), self.resolve(told.values)
        if told.take:
            workflow.take(
                actor, self.people[told.by], live, record_id, told.take, values,
                revision=record["revision"], source=SOURCE,
            )  # fmt: skip
        else:
            records.update(actor, live, record_id, values, revision=record["revision"], source=SOURCE)

    def _decide(self, record_id: ObjectId, told: followup.Decision) -> None:
        person = self.people[told.by]
        approval = db().approvals.find_one({"record": record_id}, {"_id": 1}, sort=[("_id", -1)])
        if approval is not None:
            decisions.decide(
                self.actor(told.by), person, approval["_id"], told.decision,
                reason=told.reason, signature=str(person), source=SOURCE,
            )  # fmt: skip


def _is_old(story: Story, procedure_from: datetime) -> bool:
    """Tell whether a sheet came in before the procedures ran here, and is closed by now."""
    return story.steps[0].at < procedure_from and story.steps[-1].take in ledger.ENDS


def _note_done(done: int, session: ClientSession) -> None:
    db().demo.update_one({"_id": "company"}, {"$set": {"done": done}}, session=session)
