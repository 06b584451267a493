"""What the reactions to the changes of one commit share: names looked up once, and bounds on what follows."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from dataclasses import field as attribute

from bson import ObjectId

from models import forms
from models.audience import Audience
from models.changes import Change
from models.errors import DomainError, NotFoundError
from models.forms import LiveForm
from models.ledger.book import Book
from models.lookups import Lookup, References
from models.messages import _

MAX_DEPTH = 4
MAX_CREATED = 200


@dataclass
class Run:
    """One commit on its way. `waiting` are records that effects created, `more` what they have become.

    `dry`: nothing will be stored, so that nothing may be created or numbered either. `changed` are all
    changes by record, `settled` the slips that the ledger itself changes, `again` those whose rules are to
    be asked once more.
    """

    dry: bool = False
    references: References = attribute(default_factory=References)
    waiting: deque[Change] = attribute(default_factory=deque)
    more: list[Change] = attribute(default_factory=list)
    changed: dict[ObjectId, Change] = attribute(default_factory=dict)
    settled: set[ObjectId] = attribute(default_factory=set)
    again: deque[Change] = attribute(default_factory=deque)
    audience: Audience = attribute(default_factory=Audience)
    _depth: dict[ObjectId, int] = attribute(default_factory=dict)
    _roots: Counter[int] = attribute(default_factory=Counter)
    _books: dict[tuple[str, ObjectId | None], Book] = attribute(default_factory=dict)
    _forms: dict[str, LiveForm] = attribute(default_factory=dict)
    _lookups: dict[str, Lookup] = attribute(default_factory=dict)
    _told: Counter[ObjectId] = attribute(default_factory=Counter)
    _noted: defaultdict[ObjectId, set[str]] = attribute(default_factory=lambda: defaultdict(set))

    def form(self, key: str) -> LiveForm:
        """Return the version of a form in force. Raises DomainError where there is none (yet)."""
        if key not in self._forms:
            try:
                self._forms[key] = forms.current(key)
            except NotFoundError:
                raise DomainError(_("There is no form “%(form)s” to create a record of.", form=key)) from None
        return self._forms[key]

    def book(self, change: Change, ledger: str) -> Book:
        """Return what a person's changes of this commit book in a ledger; it is written with them."""
        key = (ledger, change.actor.id)
        if key not in self._books:
            self._books[key] = Book(self.form(ledger), change.actor, change.at)
        book = self._books[key]
        if book.write not in change.together:
            change.together.append(book.write)
        return book

    def lookup(self, language: str) -> Lookup:
        """Return the names behind ids in a language."""
        return self._lookups.setdefault(language, Lookup(language))

    def key(self, change: Change, kind: str) -> str:
        """Return a key, unique for ever, for the next thing that a change brings about."""
        record = change.record
        self._told[record["_id"]] += 1
        return f"{kind}:{change.form.key}:{record['_id']}:{record['revision']}:{self._told[record['_id']]}"

    def follow(self, cause: Change, created: Change) -> None:
        """Take up a record that an effect of `cause` created or changed. Raises DomainError beyond bounds."""
        depth = self._depth.get(cause.record["_id"], 0) + 1
        self._depth[created.record["_id"]] = depth
        self.more.append(created)
        self.waiting.append(created)
        self._roots[0] += 1
        if depth > MAX_DEPTH or self._roots[0] > MAX_CREATED * max(1, self._roots[1]):
            raise DomainError(
                _("The procedures change records without end: %(form)s.", form=cause.form.definition.label)
            )

    def move(self, cause: Change, change: Change) -> None:
        """Take up what `cause` makes of another record that is there already. Raises as `follow`."""
        self.changed[change.record["_id"]] = change
        self.follow(cause, change)

    def settle(self, cause: Change, change: Change) -> None:
        """Take up a slip that the ledger changes because of another record. Raises as `follow`."""
        self.settled.add(change.record["_id"])
        self.move(cause, change)

    def note(self, change: Change, action: str) -> None:
        """Remember what a slip did in the ledger."""
        self._noted[change.record["_id"]].add(action)

    def noted(self, change: Change) -> frozenset[str]:
        """Return what a slip did in the ledger in this commit."""
        return frozenset(self._noted.get(change.record["_id"], ()))

    def begin(self) -> None:
        """Count one more change that somebody asked for; bounds grow with them."""
        self._roots[1] += 1
