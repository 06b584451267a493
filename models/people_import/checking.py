"""What would come of a table of people, row by row; nothing is stored."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from models import accounts, edits
from models.errors import DomainError, ForbiddenError, InvalidError, ValueProblem
from models.import_drafts import cell_of
from models.messages import Message, _
from models.people import DEFAULT_TIMEZONE, Permission, User
from models.people_import import cells
from models.people_import.columns import BY_KEY, recognise
from models.permissions import require_permission
from models.spreadsheets.table import Row, Table

MAX_PEOPLE = 5_000
WHOLE_ROW = ""


@dataclass
class Draft:
    """What would come of a row: `new`, `changed`, `same` or `refused`; mistakes stand beside columns."""

    row: Row
    user: User
    before: User | None = None
    stamp: str = ""
    errors: dict[str, list[Message]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Tell what would come of it."""
        if self.errors:
            return "refused"
        if self.before is None:
            return "new"
        return "same" if self.stamp == edits.mark(self.user, accounts.USER_ATTRIBUTES) else "changed"

    def refuse(self, key: str, message: Message) -> None:
        """Say what is wrong in a column; the first reason stays."""
        self.errors.setdefault(key, [message])


@dataclass(frozen=True)
class Found:
    """What would come of a table.

    Attributes:
        header: the captions of all columns.
        places: by attribute, the column that fills it.
        unknown: captions that mean nothing here.
        drafts: one for each row.
    """

    header: tuple[str, ...]
    places: dict[str, int]
    unknown: list[str]
    drafts: list[Draft]

    @property
    def counts(self) -> Counter[str]:
        """How many rows come to what."""
        return Counter(draft.kind for draft in self.drafts)

    @property
    def refused(self) -> list[Draft]:
        """The rows that stand in the way."""
        return [draft for draft in self.drafts if draft.errors]

    @property
    def storable(self) -> bool:
        """Tell whether the whole table can be stored, and something would come of it."""
        counts = self.counts
        return not counts["refused"] and bool(counts["new"] + counts["changed"])


def check(person: User, table: Table, *, update: bool) -> Found:
    """Say what would come of every row of the first sheet with anything in it.

    Args:
        person: who imports: nobody gives rights that they do not have.
        table: the open file.
        update: whether accounts that exist are changed; otherwise their rows are refused.

    Raises:
        ForbiddenError: the person may not administer people.
        DomainError: it is no table of people, or too long.
    """
    require_permission(person, Permission.CONFIGURE_PEOPLE)
    header = table.header()
    places, unknown = recognise(header.names)
    if missing := [key for key in ("username", *(() if update else ("name",))) if key not in places]:
        raise DomainError(_("The column “%(name)s” is missing.", name=BY_KEY[missing[0]].label))
    rows = _rows(table)
    drafts = _drafts(rows, places, update=update)
    _refuse_twice(drafts, places)
    for draft in drafts:
        if WHOLE_ROW not in draft.errors and "username" not in draft.errors:
            _judge(person, draft, places)
    return Found(header.names, places, unknown, drafts)


def _rows(table: Table) -> list[Row]:
    rows: list[Row] = []
    for row in table.body():
        rows.append(row)
        if len(rows) > MAX_PEOPLE:
            raise DomainError(_("At most %(max)s people at once. Split the file.", max=f"{MAX_PEOPLE:,}"))
    if not rows:
        raise DomainError(_("There is nobody in this table."))
    return rows


def _drafts(rows: Sequence[Row], places: dict[str, int], *, update: bool) -> list[Draft]:
    stored, changed = _stored(rows, places), _stored(rows, places)
    around = cells.Surroundings()
    drafts = []
    for row in rows:
        name = _peek(row, places["username"]).lower()
        before = stored.get(name)
        user = changed[name] if before else User(username="", name="", timezone=DEFAULT_TIMEZONE)
        draft = Draft(row, user, before)
        if before is not None:
            draft.stamp = edits.mark(before, accounts.USER_ATTRIBUTES)
        _fill(draft, places, around)
        if before is not None and not update:
            draft.refuse("username", _("There is already an account with this name."))
        drafts.append(draft)
    return drafts


def _peek(row: Row, index: int) -> str:
    cell = cell_of(row, index)
    return " ".join(str(cell).split()) if cell is not None else ""


def _stored(rows: Iterable[Row], places: dict[str, int]) -> dict[str, User]:
    names = {_peek(row, places["username"]).lower() for row in rows}
    return {one.username: one for one in cells.known(names, set())}


def _fill(draft: Draft, places: dict[str, int], around: cells.Surroundings) -> None:
    for key, index in places.items():
        try:
            text = cells.text_of(draft.row, index)
            cells.fill(draft.user, key, text, around)
        except ValueProblem as problem:
            draft.refuse(key, problem.message)


def _refuse_twice(drafts: Sequence[Draft], places: dict[str, int]) -> None:
    """Refuse every row whose user name or address another row, or another account, has too."""
    for key, message in (
        ("username", _("Another row has this user name.")),
        ("email", _("Another row has this address.")),
    ):
        if key not in places:
            continue
        values = [str(getattr(draft.user, key) or "").casefold() for draft in drafts]
        often = Counter(values)
        for draft, value in zip(drafts, values, strict=True):
            if value and often[value] > 1:
                draft.refuse(key, message)
    addresses = {str(draft.user.email).lower() for draft in drafts if draft.user.email}
    taken = {str(one.email).lower(): one.id for one in cells.known(set(), addresses)}
    for draft in drafts:
        holder = taken.get(str(draft.user.email or "").lower())
        if holder and holder != draft.user.id:
            draft.refuse("email", _("Someone else has this already."))


def _judge(person: User, draft: Draft, places: dict[str, int]) -> None:
    """Apply the rules of the user page; what they say of columns that are not there is said of the row."""
    try:
        accounts.check_user(person, draft.user, draft.before)
        edits.check_shape(draft.user)
    except ForbiddenError as error:
        draft.refuse(WHOLE_ROW, error.message)
    except InvalidError as error:
        for key, messages in error.errors.items():
            draft.refuse(key if key in places else WHOLE_ROW, messages[0])
