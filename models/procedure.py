"""What a procedure is, as data: who, states, transitions, approvals, routing and clocks of a form.

This module only knows the shape. `models.workflow`, `models.approvals` and `models.clocks` give it life.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field as Attribute

from models.definition_parts import Key, Label, Part, RuleTree
from models.ledger_parts import CheckStock, MovePieces

MAX_STATES = 60
MAX_TRANSITIONS = 200
MAX_CLOCKS = 60
MAX_ROUTES = 500

Category = Literal["open", "paused", "done", "void"]
Color = Literal["", "gray", "blue", "green", "yellow", "orange", "red", "purple", "teal"]
CATEGORY_COLORS: dict[Category, Color] = {"open": "blue", "paused": "yellow", "done": "green", "void": "gray"}
Signing = Literal["no", "typed", "drawn"]
Level = Literal["info", "warning", "urgent"]
Unit = Literal[
    "minutes", "hours", "working_hours", "days", "working_days", "weeks", "months", "years"
]  # fmt: skip
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Code = Annotated[str, Attribute(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
Username = Annotated[str, Attribute(max_length=40)]
TimeOfDay = Annotated[str, Attribute(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Source = Annotated[str, Attribute(max_length=80)]


class Who(Part):
    """People by description; everything that is said adds up. Resolved by `models.who` at the moment.

    `fields` name person fields, or `@owner`, `@created_by`, `@assignees`; `heads_of` and `members_of` name
    department fields or `@department`. `within` keeps, of the holders of `roles`, those of one department: a
    department field, `@department`, or a department's code.
    """

    roles: tuple[Key, ...] = ()
    within: str = ""
    people: tuple[Username, ...] = ()
    heads: tuple[Code, ...] = ()
    members: tuple[Code, ...] = ()
    fields: tuple[Source, ...] = ()
    heads_of: tuple[Source, ...] = ()
    members_of: tuple[Source, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anybody is described."""
        return bool(
            self.roles or self.people or self.heads or self.members
            or self.fields or self.heads_of or self.members_of
        )  # fmt: skip


# -- what happens by itself ---------------------------------------------------------------------------


class SetField(Part):
    """Write a field of the record: a value, or what `source` names.

    `source` is another field, `@now`, `@today`, `@me`, `@my_department`.
    """

    do: Literal["set"]
    field: Key
    value: Any = None
    source: Source = ""
    only_if_empty: bool = False


class CreateRecord(Part):
    """Create a linked record of another form in the same transaction.

    `values` are raw values by field of the new record; `mapped` takes them from fields of this record (or
    `@id`, `@number`, `@title`, `@department`, `@me`, `@now`, `@today`). `back` is a reference field of this
    record that is set to the new one. `each` names a table: one record for each of its rows, whose columns
    `mapped` names as `table.column`. `reference.field` is a field of the record that a reference points to.
    """

    do: Literal["create"]
    form: Key
    each: str = ""
    values: dict[Key, Any] = Attribute(default_factory=dict)
    mapped: dict[Key, Source] = Attribute(default_factory=dict)
    back: str = ""


class Notify(Part):
    """Tell people something. `text` may name fields as `{field}`."""

    do: Literal["notify"]
    who: Who
    text: Label
    level: Level = "info"


class FileWith(Part):
    """File the record with a department (备案): kept, shown, and acknowledged by the department."""

    do: Literal["file"]
    department: Code
    text: Label = Label()


class Assign(Part):
    """Make people the record's assignees (`@assignees`)."""

    do: Literal["assign"]
    who: Who


class RouteBy(Part):
    """Ask a routing table where the record goes."""

    do: Literal["route"]
    table: Key


class ClockAction(Part):
    """Do something with a clock of this form."""

    do: Literal["clock"]
    clock: Key
    action: Literal["start", "pause", "resume", "stop", "restart"]


class Move(Part):
    """Take a transition (on breach of a clock)."""

    do: Literal["transition"]
    transition: Key


class MoveLinked(Part):
    """Take a step of the records of `form` that this record's effects created, or that refer to it.

    Records from whose state the step does not lead on stay where they are.
    """

    do: Literal["linked"]
    form: Key
    transition: Key


Effect = Annotated[
    SetField
    | CreateRecord
    | Notify
    | FileWith
    | Assign
    | RouteBy
    | ClockAction
    | Move
    | MoveLinked
    | MovePieces
    | CheckStock,
    Attribute(discriminator="do"),
]
Effects = Annotated[tuple[Effect, ...], Attribute(max_length=40)]


# -- approvals ----------------------------------------------------------------------------------------


class ApprovalStep(Part):
    """One step of an approval: who signs, and how many of them.

    `any` one of them; `all` of them (会签); `count` of them; `in_order` all, one after the other. A step
    whose `condition` does not hold is left out.
    """

    key: Key
    label: Label
    who: Who = Who()
    mode: Literal["any", "all", "count", "in_order"] = "any"
    count: int = Attribute(1, ge=1, le=100)
    condition: RuleTree | None = None
    signature: Signing = "no"
    add_signers: bool = True
    hand_over: bool = True


class Approval(Part):
    """Steps in order, begun when the state is entered; the outcome takes a transition of the state.

    `own_work`: whether whoever asked for the approval may grant it.
    """

    steps: tuple[ApprovalStep, ...] = Attribute((), max_length=20)
    approved: Key
    rejected: Key
    withdrawn: str = ""
    own_work: bool = False


# -- states and transitions ---------------------------------------------------------------------------


class State(Part):
    """Where a record rests. `task` says what `who` owes while it does.

    `readonly` closes all fields for editing, `readonly_fields` some, `editable_fields` opens again.
    """

    key: Key
    label: Label
    category: Category = "open"
    color: Color = ""
    help: Label = Label()
    task: Label = Label()
    who: Who = Who()
    readonly: bool = False
    readonly_fields: tuple[Key, ...] = ()
    editable_fields: tuple[Key, ...] = ()
    approval: Approval | None = None

    @property
    def shown_color(self) -> Color:
        """The colour it is shown in: its own, or that of its category."""
        return self.color or CATEGORY_COLORS[self.category]

    @property
    def is_end(self) -> bool:
        """Tell whether nothing more is to be done here: done or void."""
        return self.category in {"done", "void"}

    def closes(self, field: str) -> bool:
        """Tell whether a field cannot be edited while a record rests here."""
        return (self.readonly or field in self.readonly_fields) and field not in self.editable_fields

    def closes_to_new(self, field: str) -> bool:
        """Tell whether a field cannot be filled when a record begins here: only what is named."""
        return field in self.readonly_fields and field not in self.editable_fields


class Transition(Part):
    """A step from some states to one. `sources` may be `*`: every state that is not done or void.

    `by`: a person presses a button; `approval` and `clock` take it by their outcome; `rule` takes it as
    soon as `condition` holds after any change; `other`: nothing of its own does, but a step of the record
    that it belongs to, or a closed period that is opened again. Without `who` everybody may who may edit
    the record.
    `waits_for` names forms: a person may take the step when every record of them that this record's effects
    created, or that refers to this record, is done or void.
    """

    key: Key
    label: Label
    sources: tuple[str, ...] = Attribute(min_length=1)
    to: Key
    by: Literal["person", "approval", "clock", "rule", "other"] = "person"
    who: Who = Who()
    condition: RuleTree | None = None
    fields: tuple[Key, ...] = ()
    required: tuple[Key, ...] = ()
    waits_for: tuple[Key, ...] = ()
    reason: Literal["no", "optional", "required"] = "no"
    signature: Signing = "no"
    kind: Literal["primary", "neutral", "danger"] = "neutral"
    help: Label = Label()
    effects: Effects = ()


class Route(Part):
    """Where records go for which `when` holds (None: all others), and who gets a copy.

    `department` is a code, or a department field of the record.
    """

    when: RuleTree | None = None
    label: Label = Label()
    department: str = ""
    person: str = ""
    role: str = ""
    copy_to: Who = Who()


class RoutingTable(Part):
    """Rows asked from the top; the first that holds decides.

    The outcome goes into `department_field` and `person_field` (empty: the record's own department and
    assignees). `on_change` says what happens when fields the rows ask for change after routing: `keep` as it
    is, `reroute` (clocks go on), or `restart` (reroute, and the clocks in `clocks` begin anew); `back_to` is
    a state to which a rerouted record returns.
    """

    key: Key
    label: Label
    department_field: str = ""
    person_field: str = ""
    routes: tuple[Route, ...] = Attribute((), max_length=MAX_ROUTES)
    on_change: Literal["keep", "reroute", "restart"] = "reroute"
    clocks: tuple[Key, ...] = ()
    back_to: str = ""


class Workflow(Part):
    """States, transitions and routing of a form."""

    initial: Key
    states: tuple[State, ...] = Attribute((), max_length=MAX_STATES)
    transitions: tuple[Transition, ...] = Attribute((), max_length=MAX_TRANSITIONS)
    routing: tuple[RoutingTable, ...] = Attribute((), max_length=20)
    on_create: Effects = ()

    @cached_property
    def by_state(self) -> dict[str, State]:
        """Every state by its key."""
        return {state.key: state for state in self.states}

    @cached_property
    def by_transition(self) -> dict[str, Transition]:
        """Every transition by its key."""
        return {transition.key: transition for transition in self.transitions}

    @cached_property
    def has_rules(self) -> bool:
        """Tell whether any transition is taken by a rule."""
        return any(transition.by == "rule" for transition in self.transitions)

    @cached_property
    def by_table(self) -> dict[str, RoutingTable]:
        """Every routing table by its key."""
        return {table.key: table for table in self.routing}

    def leaving(self, state: str) -> list[Transition]:
        """Return the transitions that leave a state, in order; `*` leaves what is open or paused."""
        return [one for one in self.transitions if self.leaves(one, state)]

    def leaves(self, transition: Transition, state: str) -> bool:
        """Tell whether a transition leads away from a state."""
        found = self.by_state.get(state)
        return state in transition.sources or (
            "*" in transition.sources and found is not None and not found.is_end
        )

    def state_of(self, record: Mapping[str, Any]) -> State:
        """Return where a record rests; one from before the workflow, or in a state that is gone, is new."""
        return self.by_state.get(record.get("state") or self.initial) or self.by_state[self.initial]


# -- clocks -------------------------------------------------------------------------------------------


class When(Part):
    """A condition of a clock: in one of these states and the rule holds, or one of these transitions."""

    states: tuple[Key, ...] = ()
    rule: RuleTree | None = None
    transitions: tuple[Key, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is asked."""
        return bool(self.states or self.rule is not None or self.transitions)


class Length(Part):
    """How long: an amount of units (half a working day is 0.5), or what a field of the record says.

    `field` is a date or date-time field (due then) or a duration or number field (that long, numbers in
    `unit`). `working_hours` and `working_days` count by the calendar, the rest by the clock on the wall.
    """

    amount: Decimal | None = Attribute(None, ge=0, le=100_000)
    unit: Unit = "hours"
    field: str = ""


class Recurrence(Part):
    """When something is due again and again; exactly one of them is said.

    `every` so long after the start, until the clock stops; `times` of day; `weekly`, `monthly` (day 1–31, or
    the last; in `months` only, where given) and `yearly` ("03-31") at `at` o'clock in the calendar's zone.
    """

    every: Length | None = None
    times: tuple[TimeOfDay, ...] = ()
    weekly: tuple[Weekday, ...] = ()
    monthly: int | None = Attribute(None, ge=1, le=31)
    months: tuple[Annotated[int, Attribute(ge=1, le=12)], ...] = ()
    yearly: str = Attribute("", pattern=r"^(\d{2}-\d{2})?$")
    at: TimeOfDay = "09:00"
    working_days_only: bool = False


class Rung(Part):
    """A step of the ladder: so long before, at or after the due time, these people are told, and more.

    `repeat` tells them again and again until the clock stops, at most `times` times.
    """

    key: Key
    side: Literal["before", "at", "after"] = "at"
    offset: Length = Length()
    who: Who = Who()
    text: Label = Label()
    level: Level = "warning"
    repeat: Length | None = None
    times: int = Attribute(10, ge=1, le=1000)
    effects: Effects = ()


class ClockRule(Part):
    """A deadline of the form's records, or of the form itself (`scope: form`: a report every month).

    It starts when `start` becomes true (counted from `start_at`, a date-time field, where given), stands
    still while `pause` holds, ends when `stop` holds. A recurring clock is due again and again; a change of
    one of `done_by` fields, or for a form a new record, settles the occurrence. `exempt` may end it with a
    reason. `kind: retention` never reminds of lateness: from its due time on a record may be disposed of.
    """

    key: Key
    label: Label
    help: Label = Label()
    kind: Literal["deadline", "recurring", "retention"] = "deadline"
    scope: Literal["record", "form"] = "record"
    start: When = When()
    start_at: str = ""
    pause: When = When()
    stop: When = When()
    length: Length = Length()
    recurrence: Recurrence | None = None
    done_by: tuple[Key, ...] = ()
    calendar: str = ""
    who: Who = Who()
    exempt: Who = Who()
    ladder: tuple[Rung, ...] = Attribute((), max_length=20)
