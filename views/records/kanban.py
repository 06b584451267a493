"""The board of a form: a column for each state, cards that go where the workflow lets them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import clocks, queries, workflow
from models.access import fetch
from models.database import Document
from models.definition import RuleTree
from models.errors import DomainError, NotFoundError
from models.messages import _ as message
from models.procedure import State, Transition, Workflow
from models.queries import Count
from models.times import now
from tasks.sweeps import carry_out_effects
from views.context import current_actor, current_language, current_lookup, say
from views.records.facts import heading, untitled
from views.sending import send_quietly

if TYPE_CHECKING:
    from views.records.lists import ListScreens as _Base
else:
    _Base = object

CARDS = 50
NO_SUCH_STEP = message("Say which step, and which revision you saw.")


@dataclass(frozen=True)
class Card:
    """One record on the board."""

    id: str
    url: str
    title: str
    number: str
    revision: int
    assignees: tuple[str, ...]
    due: datetime | None
    is_late: bool


@dataclass(frozen=True)
class BoardColumn:
    """One state with its newest records; `list_url` leads to all of them."""

    state: State
    cards: list[Card]
    count: Count
    list_url: str


class KanbanScreens(_Base):
    """The board and what its cards ask for."""

    @expose("/board")
    def board_view(self) -> str:
        """Show where the records of the list are in the workflow."""
        flow, state = self._flow(), self.list_state()
        query = replace(state.query, columns=(), page_size=CARDS, cursor="", deleted=False)
        asked = {one.key: replace(query, where=_within(flow, one, query.where)) for one in flow.states}
        found = {
            one.key: queries.page(self.person, self.form, asked[one.key]).records
            for one in flow.states
            if not one.is_end
        }
        cards = self._cards([record for records in found.values() for record in records])
        columns = [
            BoardColumn(
                one,
                [cards[record["_id"]] for record in found.get(one.key, ())],
                queries.count(self.person, self.form, asked[one.key]),
                f"{self.address()}?flt0_state_in={one.key}",
            )
            for one in flow.states
        ]
        return self.show("kanban", state=state, columns=columns)

    def _flow(self) -> Workflow:
        if self.definition.workflow is None:
            raise NotFoundError
        return self.definition.workflow

    def _cards(self, found: list[Document]) -> dict[ObjectId, Card]:
        """Return the cards of all columns; what they say besides is read once for all of them."""
        ids = [record["_id"] for record in found]
        assigned = queries.assignees(self.form, ids)
        due = clocks.soonest(self.form.key, ids)
        lookup, moment = current_lookup(), now()
        lookup.prime_people(person for people in assigned.values() for person in people)
        return {
            record["_id"]: Card(
                str(record["_id"]),
                self.address(record),
                record.get("title") or heading(record) or untitled(),
                record.get("number") or "",
                record["revision"],
                tuple(lookup.person(one) for one in assigned.get(record["_id"], ())),
                due.get(record["_id"]),
                due.get(record["_id"], moment) < moment,
            )
            for record in found
        }

    @expose("/<record_id>/moves")
    def moves_view(self, record_id: str) -> ResponseReturnValue:
        """Return where a card may go: transitions with their target, and the page of those that ask."""
        record = fetch(self.person, self.form, record_id)
        offers = workflow.available(self.person, self.form, record)
        return jsonify(revision=record["revision"], moves=[self._move(record, one) for one in offers])

    def _move(self, record: Document, offer: workflow.Offer) -> Mapping[str, Any]:
        step = offer.transition
        return {
            "key": step.key,
            "label": step.label.text(current_language()) or step.key,
            "to": step.to,
            "allowed": offer.allowed,
            "why_not": say(offer.why_not) if offer.why_not else "",
            "page": url_for(".move_view", record_id=record["_id"], transition=step.key) if asks(step) else "",
        }

    @expose("/<record_id>/drop", methods=("POST",))
    def drop_view(self, record_id: str) -> ResponseReturnValue:
        """Take a transition because a card was put into its column: JSON `{transition, revision}`."""
        sent: Any = request.get_json(silent=True)
        key, revision = (
            (sent.get("transition"), sent.get("revision")) if isinstance(sent, dict) else (None, None)
        )
        if not isinstance(key, str) or not isinstance(revision, int):
            fetch(self.person, self.form, record_id)
            raise DomainError(NO_SUCH_STEP)
        stored = workflow.take(current_actor(), self.person, self.form, record_id, key, {}, revision=revision)
        send_quietly(carry_out_effects)
        return jsonify(state=stored["state"], revision=stored["revision"])


def asks(step: Transition) -> bool:
    """Tell whether a transition wants something of the person who takes it."""
    return bool(step.fields or step.required or step.reason == "required" or step.signature != "no")


def _within(flow: Workflow, state: State, where: RuleTree | None) -> RuleTree:
    """Return the condition of a column; records from before the workflow stand at its beginning."""
    own: RuleTree = {"field": "@state", "op": "eq", "value": state.key}
    if state.key == flow.initial:
        own = {"any": [own, {"field": "@state", "op": "empty"}]}
    return {"all": [own, *([where] if where else [])]}
