"""A report as data: where its figures come from, what is worked out of them, for whom and when."""

from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field as Attribute

from models.definition_parts import Key, Label, Part, RuleTree
from models.procedure import Who

MAX_PARTS = 60

PeriodUnit = Literal["week", "month", "quarter", "year"]
FieldPath = Annotated[str, Attribute(max_length=120)]
"""A field of the source's form, `@created_at`, `@department`, `@state`, or `reference.field`."""

MOST = 10**15
MAX_PLACES = 12
Amount = Annotated[Decimal, Attribute(ge=-MOST, le=MOST, decimal_places=MAX_PLACES)]
"""A number that can be worked with and written out."""


class Source(Part):
    """Records of a form that lie in a period by a date field; `where` leaves others out.

    Deleted records never count, voided ones only `with_void`.
    """

    key: Key
    form: Key
    date: FieldPath
    where: RuleTree | None = None
    with_void: bool = False
    label: Label = Label()


class Measure(Part):
    """A number worked out of a source's records: how many, or a field's sum, average or different values.

    `where` counts some of them only. Money is added up in the field's own currency, durations in hours. With
    `until`, an average is the days from the date `field` to the date `until`, of records that have both. With
    `weights` (by option of a choice), a sum adds up weights: a severity of 10 is as much as ten of 1.
    """

    key: Key
    label: Label
    source: Key
    kind: Literal["count", "sum", "distinct", "average"] = "count"
    field: FieldPath = ""
    until: FieldPath = ""
    weights: dict[str, Amount] = Attribute(default_factory=dict, max_length=500)
    where: RuleTree | None = None
    decimals: int = Attribute(0, ge=0, le=6)
    unit: Label = Label()


class Ratio(Part):
    """One measure for each so many of another: PPM, ‰, %. Without any of the other it cannot be computed."""

    key: Key
    label: Label
    part: Key
    whole: Key
    per: Decimal = Attribute(Decimal(1), gt=0, le=1_000_000_000)
    decimals: int = Attribute(2, ge=0, le=6)
    unit: Label = Label()


class Target(Part):
    """What a measure or ratio shall be, and whether less or more is better."""

    measure: Key
    value: Amount
    better: Literal["lower", "higher"] = "lower"


class Grouping(Part):
    """What figures are parted by. `tree` is the reference field through which the groups have parents.

    With a `level` they are added up at that level of the tree, 1 being the topmost.
    """

    key: Key
    label: Label
    field: FieldPath
    tree: Key | None = None
    level: int = Attribute(0, ge=0, le=9)
    top: int = Attribute(0, ge=0, le=1000)
    """Only so many, the rest together as others; 0 for all."""


class Analysis(Part):
    """One question of the report; what `options` hold depends on the kind, see `models.reports.analyses`."""

    key: Key
    kind: Key
    label: Label
    measures: tuple[Key, ...] = Attribute((), max_length=12)
    by: tuple[Key, ...] = Attribute((), max_length=4)
    options: dict[str, Any] = Attribute(default_factory=dict)
    note: Label = Label()


class Schedule(Part):
    """When it is made by itself: so many working days after a period is over, at an hour."""

    every: PeriodUnit = "month"
    working_day: int = Attribute(1, ge=1, le=20)
    at: str = Attribute("08:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    recipients: Who = Who()


class Release(Part):
    """The form by which a closed period is approved and handed out, and which of its fields say what.

    Its workflow asks whoever has to approve, and tells whoever gets it (P03.35).
    """

    form: Key
    report: Key | None = None
    period: Key | None = None
    fingerprint: Key | None = None
    workbook: Key | None = None
    """An attachment field that gets the frozen workbook."""
    values: dict[Key, Any] = Attribute(default_factory=dict)
    """Further values that the record begins with."""
    reopened: Key | None = None
    """The step that takes the record back when the period is opened again, with the same reason."""


class Plan(Part):
    """What is begun when an analysis finds something: a record of a form, once for each period (P03.34).

    Of limits that are exceeded (`over`), once for each group that exceeds one (P09.12, P09.14).
    """

    analysis: Key
    when: Literal["abnormal", "over"] = "abnormal"
    form: Key
    label: Label = Label()
    values: dict[Key, Any] = Attribute(default_factory=dict)
    """Values that the record begins with; {report}, {period} and {analysis} stand for their names.

    Of a group, {group} stands for what is stored, {name} for what it is called, {rate} for its rate in ‰ and
    {limit} for the key of the highest limit that it exceeds.
    """


class ReportDefinition(Part):
    """A report: the period it is made for, its figures, its analyses in order, its readers."""

    key: Key
    label: Label
    description: Label = Label()
    form_number: str = Attribute("", max_length=60)
    form_revision: str = Attribute("", max_length=20)
    unit: PeriodUnit = "month"
    first_month: int = Attribute(1, ge=1, le=12)
    """The calendar month with which a year begins."""
    first_day: int = Attribute(1, ge=1, le=28)
    """The day on which a month begins: with 26, October is 26 September to 25 October."""
    sources: tuple[Source, ...] = Attribute((), max_length=20)
    measures: tuple[Measure, ...] = Attribute((), max_length=MAX_PARTS)
    ratios: tuple[Ratio, ...] = Attribute((), max_length=MAX_PARTS)
    targets: tuple[Target, ...] = Attribute((), max_length=MAX_PARTS)
    groupings: tuple[Grouping, ...] = Attribute((), max_length=MAX_PARTS)
    analyses: tuple[Analysis, ...] = Attribute((), max_length=MAX_PARTS)
    compare: tuple[Literal["before", "year_before", "target"], ...] = ("before", "year_before")
    readers: tuple[Key, ...] = ()
    schedules: tuple[Schedule, ...] = Attribute((), max_length=10)
    release: Release | None = None
    plans: tuple[Plan, ...] = Attribute((), max_length=20)

    @property
    def form(self) -> str:
        """The number of the paper form that it stands for, with its revision."""
        return " ".join(filter(None, (self.form_number, self.form_revision)))

    @cached_property
    def by_source(self) -> dict[str, Source]:
        """Every source by its key."""
        return {one.key: one for one in self.sources}

    @cached_property
    def by_measure(self) -> dict[str, Measure | Ratio]:
        """Every measure and ratio by its key."""
        return {**{one.key: one for one in self.measures}, **{one.key: one for one in self.ratios}}

    @cached_property
    def by_grouping(self) -> dict[str, Grouping]:
        """Every grouping by its key."""
        return {one.key: one for one in self.groupings}

    @classmethod
    def load(cls, document: dict[str, Any]) -> Self:
        """Read a stored or submitted document. Raises pydantic's ValidationError."""
        return cls.model_validate(document)

    def dump(self) -> dict[str, Any]:
        """Return a JSON-like document without defaults, fit for MongoDB and YAML."""
        return self.model_dump(mode="json", exclude_defaults=True)
