"""Writing back what is configured, as a pack that another installation can take."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from models import forms, mentions, plain_yaml
from models.database import Document, db
from models.definition import Definition
from models.errors import NotFoundError
from models.messages import _
from models.people import EVERY_FORM, Department, Role
from models.reports import dashboards
from models.reports import keeping as reports
from models.reports.parts import ReportDefinition
from seed.contents import DashboardPlan, Pack, RolePlan
from seed.keeping import digest, items_of, plan_of_department, plan_of_role
from seed.reading import FORMS, MAIN, REPORTS
from seed.start_pages import plan_of_tiles


def export(name: str, file: Path) -> Pack:
    """Write an installed pack as it is configured now, and return it.

    Its forms with their workflows and clocks, those they refer to, reports on those forms, every department
    in use and every role with rights on the forms.
    What differs from what was installed makes it the next version.

    Args:
        name: the pack's name.
        file: `.zip` gives a folder of YAML files, zipped; anything else one YAML file.

    Raises:
        NotFoundError: no pack of this name is installed.
    """
    stored = db().packs.find_one({"_id": name})
    if stored is None:
        raise NotFoundError(_("The pack “%(name)s” is not installed.", name=name))
    pack = _as_configured(stored)
    content = _zip(pack) if file.suffix.lower() == ".zip" else _yaml(pack.dump())
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(content)
    partial.replace(file)
    return pack


def _as_configured(stored: Document) -> Pack:
    definitions = _definitions(stored)
    keys = {definition.key for definition in definitions}
    named = _named_roles(definitions)
    told = _reports(stored, keys)
    roles = tuple(_roles(keys, named | {role for report in told for role in _named_by(report)}))
    pack = Pack(
        name=stored["_id"],
        version=stored["version"],
        label=stored["label"],
        description=stored["description"],
        departments=tuple(_departments()),
        roles=roles,
        forms=tuple(definitions),
        reports=tuple(told),
        dashboards=tuple(_dashboards({one.key for one in told}, {one.name for one in roles})),
    )
    configured = {f"{item.kind}:{item.key}": digest(item.wanted()) for item in items_of(pack)}
    return pack if configured == stored["items"] else pack.model_copy(update={"version": pack.version + 1})


def _definitions(stored: Document) -> list[Definition]:
    """Return the forms of the pack and those they refer to, the latter first."""
    own = [place.partition(":")[2] for place in stored["items"] if place.startswith("form:")]
    added = [form.key for form in forms.Form.objects(pack=stored["_id"], version__gt=0, retired=False)]
    found: dict[str, Definition] = {}
    for key in dict.fromkeys([*own, *added]):
        _collect(key, found, set())
    return list(found.values())


def _collect(key: str, found: dict[str, Definition], entered: set[str]) -> None:
    if key in found or key in entered:
        return
    entered.add(key)
    try:
        definition = forms.current(key).definition
    except NotFoundError:
        return
    referred = [inner.form for field in definition.fields for inner in (field, *field.fields) if inner.form]
    created = [mention.name for mention in mentions.of(definition) if mention.kind == "form"]
    for other in (*referred, *created):
        _collect(other, found, entered)
    found[key] = definition


def _reports(stored: Document, keys: set[str]) -> list[ReportDefinition]:
    """Return the pack's reports, and those made here from its forms alone."""
    of_others = {
        place
        for pack in db().packs.find({"_id": {"$ne": stored["_id"]}}, {"items": 1})
        for place in pack["items"]
    }
    return [
        report.definition
        for report in reports.every()
        if f"report:{report.key}" not in of_others and _forms_of(report.definition) <= keys
    ]


def _dashboards(told: set[str], roles: set[str]) -> Iterator[DashboardPlan]:
    """Yield the start pages of the pack's roles, as far as they show its reports."""
    for role in sorted({*roles, dashboards.EVERYBODY}):
        tiles = [one for one in dashboards.of_role(role)[0] if one.report in told]
        if tiles:
            yield plan_of_tiles(role, tiles)


def _forms_of(report: ReportDefinition) -> set[str]:
    """Return the forms that a report counts in, and those that it begins records of."""
    counted = {source.form for source in report.sources}
    begun = {plan.form for plan in report.plans} | ({report.release.form} if report.release else set())
    return counted | begun


def _named_by(report: ReportDefinition) -> set[str]:
    return {one.name for one in mentions.of_report(report) if one.kind == "role"}


def _departments() -> list[Any]:
    in_use = list(Department.objects(retired=False))
    codes = {department.code for department in in_use}
    plans = [plan_of_department(department) for department in in_use]
    return [plan if plan.parent in codes else plan.model_copy(update={"parent": ""}) for plan in plans]


def _named_roles(definitions: list[Definition]) -> set[str]:
    return {one.name for form in definitions for one in mentions.of(form) if one.kind == "role"}


def _roles(keys: set[str], named: set[str]) -> list[RolePlan]:
    """Return the roles with rights on the forms, and those that their procedures name."""
    found = []
    for role in Role.objects(administrator=False).order_by("name"):
        plan = plan_of_role(role)
        own = {*keys, EVERY_FORM}
        grants = tuple(grant for grant in plan.grants if grant.form in own)
        closed = tuple(rule for rule in plan.field_rules if rule.form in own)
        if grants or plan.name in named:
            found.append(plan.model_copy(update={"grants": grants, "field_rules": closed}))
    return found


def _yaml(document: Document) -> bytes:
    return plain_yaml.dump(document).encode()


def _zip(pack: Pack) -> bytes:
    document = {
        **pack.dump(),
        "forms": [form.key for form in pack.forms],
        "reports": [report.key for report in pack.reports],
    }
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr(MAIN, _yaml(document))
        for form in pack.forms:
            archive.writestr(f"{FORMS}{form.key}.yaml", _yaml(form.dump()))
        for report in pack.reports:
            archive.writestr(f"{REPORTS}{report.key}.yaml", _yaml(report.dump()))
    return buffer.getvalue()
