"""What a pack may hold, and whether it makes sense before anything is installed."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Attribute

from models import form_checks, mentions
from models.access import Action
from models.definition import Definition, Key, Label, RuleTree
from models.errors import InvalidError
from models.messages import _
from models.people import EVERY_FORM, Limit, Permission, Scope
from models.problems import Problem
from models.reports import checks as report_checks
from models.reports import dashboards
from models.reports.dashboards import Tile
from models.reports.parts import ReportDefinition
from seed.reading import FORMS, MAIN, REPORTS, load_yaml, read_parts
from seed.surroundings import Surroundings


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


PackName = Annotated[str, Attribute(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]


class DepartmentPlan(_Part):
    """A department; its head is named by the company, not by the pack."""

    code: str = Attribute(pattern=r"^[A-Za-z0-9_-]{1,20}$")
    label: Label
    parent: str = ""


class GrantPlan(_Part):
    """Actions on the records of one form, or of every form (`*`), that a scope reaches."""

    form: str = Attribute(pattern=r"^([a-z][a-z0-9_]*|\*)$", max_length=60)
    actions: tuple[Action, ...]
    scope: Scope = Scope.ALL
    rule: RuleTree = Attribute(default_factory=dict)
    deny: bool = False


class FieldRulePlan(_Part):
    """Fields of a form that a role closes, in some states or always."""

    form: str = Attribute(pattern=r"^([a-z][a-z0-9_]*|\*)$", max_length=60)
    fields: tuple[str, ...]
    limit: Limit
    states: tuple[str, ...] = ()
    deny: bool = False


class RolePlan(_Part):
    """A position with rights. A pack never makes administrators."""

    name: Key
    label: Label
    permissions: tuple[Permission, ...] = ()
    grants: tuple[GrantPlan, ...] = ()
    field_rules: tuple[FieldRulePlan, ...] = ()


class MoreGrants(_Part):
    """Rights that a pack adds to a role of a pack that it requires."""

    role: Key
    grants: tuple[GrantPlan, ...]


class TilePlan(_Part):
    """A tile of a start page: `report/figure/key` or `report/analysis/key`, so many thirds of it wide."""

    show: str = Attribute(max_length=200)
    width: int = Attribute(1, ge=1, le=3)


class DashboardPlan(_Part):
    """The tiles on the start page of a role, or of everybody (`*`) whose roles have none."""

    role: str = Attribute(pattern=r"^([a-z][a-z0-9_]*|\*)$", max_length=60)
    tiles: tuple[TilePlan, ...] = Attribute((), max_length=dashboards.MOST)


class Takeover(_Part):
    """Where records stand that are older than their form's workflow: `field` held `value`, so `state`."""

    form: Key
    field: Key
    value: str = Attribute(max_length=60)
    state: Key


class Pack(_Part):
    """One pack, complete: nothing in it refers to a file any more.

    `requires` names packs whose roles, departments and forms it uses; they are installed first. `more_grants`
    opens this pack's forms to their roles.
    """

    name: PackName
    version: int = Attribute(ge=1, le=1_000_000)
    label: Label
    description: Label = Label()
    requires: tuple[PackName, ...] = Attribute((), max_length=20)
    departments: tuple[DepartmentPlan, ...] = Attribute((), max_length=500)
    roles: tuple[RolePlan, ...] = Attribute((), max_length=200)
    more_grants: tuple[MoreGrants, ...] = Attribute((), max_length=200)
    forms: tuple[Definition, ...] = Attribute((), max_length=200)
    reports: tuple[ReportDefinition, ...] = Attribute((), max_length=100)
    dashboards: tuple[DashboardPlan, ...] = Attribute((), max_length=200)
    takeover: tuple[Takeover, ...] = Attribute((), max_length=200)

    def dump(self) -> dict[str, Any]:
        """Return it as plain values without defaults, fit for YAML."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        reports = {"reports": [report.dump() for report in self.reports]} if self.reports else {}
        return {**plain, "forms": [form.dump() for form in self.forms], **reports}


def read_pack(path: Path) -> Pack:
    """Return the pack in a folder, YAML file or zip. Raises InvalidError with `file: messages`."""
    parts = read_parts(path)
    if MAIN not in parts:
        raise InvalidError({path.name: [_("There is no such pack.")]})
    main = load_yaml(parts[MAIN], MAIN)
    definitions = [_definition(one) for one in _documents("forms", FORMS, main, parts)]
    reports = [_report(one) for one in _documents("reports", REPORTS, main, parts)]
    try:
        return Pack.model_validate({**main, "forms": definitions, "reports": reports})
    except ValidationError as error:
        raise InvalidError(_shape_errors(error)) from None


def _documents(
    name: str, folder: str, main: Mapping[str, Any], parts: Mapping[str, bytes]
) -> list[dict[str, Any]]:
    """Return the forms or reports that a pack lists, each given in place or by the name of its file."""
    listed = main.get(name, [])
    if not isinstance(listed, list):
        raise InvalidError({MAIN: [_("`%(name)s` is not a list.", name=name)]})
    return [one if isinstance(one, dict) else _of_file(f"{folder}{one}.yaml", parts) for one in listed]


def _of_file(name: str, parts: Mapping[str, bytes]) -> dict[str, Any]:
    if name not in parts:
        raise InvalidError({MAIN: [_("There is no file “%(name)s”.", name=name)]})
    return load_yaml(parts[name], name)


def _definition(document: dict[str, Any]) -> Definition:
    """Read a form; problems are named under its key."""
    try:
        return form_checks.load(document)
    except InvalidError as error:
        key = document.get("key", "forms")
        raise InvalidError({f"{key}.{path}": found for path, found in error.errors.items()}) from None


def _report(document: dict[str, Any]) -> ReportDefinition:
    """Read a report; problems are named under its key."""
    try:
        return ReportDefinition.load(document)
    except ValidationError as error:
        raise InvalidError(_shape_errors(error, str(document.get("key", "reports")))) from None


def _shape_errors(error: ValidationError, within: str = MAIN) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join([within, *map(str, detail["loc"])])
        found.setdefault(path, []).append(_("This value does not fit here."))
    return found


def problems(pack: Pack, around: Surroundings | None = None) -> Iterator[Problem]:
    """Yield what keeps a pack from being installed.

    Args:
        pack: the pack.
        around: what it may refer to besides itself; by default nothing.
    """
    roles = [role.name for role in pack.roles]
    codes = [department.code for department in pack.departments]
    known = (around or Surroundings()).with_pack(roles, codes, pack.forms)
    yield from _department_problems(pack, known)
    yield from _role_problems(pack, known)
    yield from _repeated("forms", [form.key for form in pack.forms])
    for form in pack.forms:
        yield from form_problems(form, known)
    yield from _repeated("reports", [report.key for report in pack.reports])
    for report in pack.reports:
        yield from report_problems(report, known)
    yield from _dashboard_problems(pack, known)
    yield from _takeover_problems(pack)


def form_problems(form: Definition, known: Surroundings) -> Iterator[Problem]:
    """Yield what is wrong with one form: in itself, and in what it refers to."""
    for problem in form_checks.problems(form):
        yield Problem(f"{form.key}.{problem.path}", problem.message)
    yield from _reference_problems(form, known)
    for mention in mentions.of(form):
        if unknown := known.problem(mention):
            yield unknown


def report_problems(report: ReportDefinition, known: Surroundings) -> Iterator[Problem]:
    """Yield what is wrong with one report: in itself, and in the roles and people it names."""
    for problem in report_checks.problems(report, known.definition):
        yield Problem(f"{report.key}.{problem.path}", problem.message)
    for mention in mentions.of_report(report):
        if unknown := known.problem(mention):
            yield unknown


def _repeated(path: str, keys: list[str]) -> Iterator[Problem]:
    for key in (key for key, count in Counter(keys).items() if count > 1):
        yield Problem(f"{path}.{key}", _("“%(key)s” is given twice.", key=key))


def _department_problems(pack: Pack, known: Surroundings) -> Iterator[Problem]:
    parents = {department.code: department.parent for department in pack.departments}
    yield from _repeated("departments", [department.code for department in pack.departments])
    for code, parent in parents.items():
        if parent and parent not in known.departments:
            yield Problem(f"departments.{code}.parent", _("There is no department “%(code)s”.", code=parent))
        elif _is_own_ancestor(code, parents):
            yield Problem(f"departments.{code}.parent", _("A department cannot be above itself."))


def _is_own_ancestor(code: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    above = parents[code]
    while above and above not in seen:
        if above == code:
            return True
        seen.add(above)
        above = parents.get(above, "")  # what is above an installed department is not this pack's business
    return False


def _role_problems(pack: Pack, known: Surroundings) -> Iterator[Problem]:
    yield from _repeated("roles", [role.name for role in pack.roles])
    yield from _repeated("more_grants", [more.role for more in pack.more_grants])
    for role in pack.roles:
        every = {EVERY_FORM, *known.fields}
        yield from _grant_problems(f"roles.{role.name}.grants", role.grants, every)
        yield from _grant_problems(f"roles.{role.name}.field_rules", role.field_rules, every)
    own_forms = {form.key for form in pack.forms}
    for more in pack.more_grants:
        path = f"more_grants.{more.role}"
        if more.role not in known.roles:
            yield Problem(path, _("There is no role “%(role)s”.", role=more.role))
        yield from _grant_problems(path, more.grants, own_forms)


def _grant_problems(
    path: str, grants: Iterable[GrantPlan | FieldRulePlan], forms: Collection[str]
) -> Iterator[Problem]:
    for grant in grants:
        if grant.form not in forms:
            yield Problem(path, _("There is no form “%(form)s”.", form=grant.form))


def _reference_problems(form: Definition, known: Surroundings) -> Iterator[Problem]:
    for field in form.fields:
        for inner in (field, *field.fields):
            if inner.type == "reference" and inner.form and inner.form not in known.fields:
                path = f"{form.key}.fields.{field.key}.form"
                yield Problem(path, _("There is no form “%(form)s”.", form=inner.form))


def _dashboard_problems(pack: Pack, known: Surroundings) -> Iterator[Problem]:
    yield from _repeated("dashboards", [one.role for one in pack.dashboards])
    reports = {report.key: report for report in pack.reports}
    for one in pack.dashboards:
        path = f"dashboards.{one.role}"
        if one.role not in {*known.roles, dashboards.EVERYBODY}:
            yield Problem(path, _("There is no role “%(role)s”.", role=one.role))
        for plan in one.tiles:
            tile = Tile.read(plan.show, plan.width)
            if tile is None or tile.report not in reports or not tile.stands_in(reports[tile.report]):
                yield Problem(path, _("There is nothing called “%(key)s”.", key=plan.show))


def _takeover_problems(pack: Pack) -> Iterator[Problem]:
    by_key = {form.key: form for form in pack.forms}
    for index, one in enumerate(pack.takeover):
        workflow = by_key[one.form].workflow if one.form in by_key else None
        if workflow is None or one.state not in workflow.by_state:
            yield Problem(f"takeover.{index}", _("There is no state “%(state)s”.", state=one.state))
