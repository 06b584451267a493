"""Where a record goes: the first row of a table that holds decides, and decides again by an explicit rule."""

from bson import ObjectId

from models import directory, rules, who
from models.changes import Change
from models.database import Document
from models.messages import _
from models.procedure import Route, RoutingTable, Who, Workflow
from models.workflow import notices, positions, values
from models.workflow.run import Run


def route(run: Run, change: Change, table: RoutingTable) -> None:
    """Send a record where a table says, and give copies; without a row that holds it stays where it is."""
    row = _row(change, table)
    _remember(change, table, row)
    if row is None:
        return
    _send(run, change, table, row)
    if row.copy_to:
        copies = who.people(row.copy_to, change.form, change.record, actor=change.actor)
        notices.tell(run, change, copies, _("A copy for you: %(route)s", route=row.label or table.label))


def follow(run: Run, change: Change, workflow: Workflow) -> None:
    """Apply what tables say about changes of what they asked for, to records that they routed before."""
    routed = (change.before or {}).get("routed") or {}
    if not routed or workflow.state_of(change.record).is_end:
        return
    for table in workflow.routing:
        if table.key in routed and _asked_changed(change, table):
            _reroute(run, change, table)


def _asked_changed(change: Change, table: RoutingTable) -> bool:
    """Tell whether a field that rows ask for differs, and leads to another row than was taken."""
    used = {
        name.partition(".")[0] for row in table.routes if row.when for name in rules.fields_used(row.when)
    }
    used |= {row.department for row in table.routes if _is_field(change, row)}
    before, after = (change.before or {})["data"], change.record["data"]
    if all(before.get(key) == after.get(key) for key in used):
        return False
    return change.record["routed"].get(table.key) != _outcome(change, table, _row(change, table))


def _reroute(run: Run, change: Change, table: RoutingTable) -> None:
    owners = set(_owners(change, table))
    fact: Document = {"table": table.key, "rule": table.on_change, "clocks": "go on"}
    change.facts.setdefault("rerouted", []).append(fact)
    if table.on_change == "keep":
        _remember(change, table, _row(change, table))
        return
    route(run, change, table)
    if table.on_change == "restart":
        fact["clocks"] = "restarted"
        for key in table.clocks:
            positions.act_on_clock(change, key, "restart")
    if table.back_to and change.record["state"] != table.back_to:
        positions.note(change, "", table.back_to)
    new = _owners(change, table)
    said = _RESTARTED if table.on_change == "restart" else _REROUTED
    notices.tell(run, change, [*dict.fromkeys([*owners, *new])], said)


_REROUTED = _("Sent elsewhere because what decides about it changed; deadlines go on.")
_RESTARTED = _("Sent elsewhere because what decides about it changed; deadlines begin anew.")


def _row(change: Change, table: RoutingTable) -> Route | None:
    for row in table.routes:
        if row.when is None or positions.holds(change, row.when):
            return row
    return None


def _outcome(change: Change, table: RoutingTable, row: Route | None) -> Document:
    """Return what is remembered of a decision, to be compared with the next."""
    if row is None:
        return {"row": None, "version": change.form.version}
    return {
        "row": table.routes.index(row),
        "version": change.form.version,
        "department": str(_department(change, row)) if _is_field(change, row) else row.department,
        "person": row.person,
        "role": row.role,
    }


def _remember(change: Change, table: RoutingTable, row: Route | None) -> None:
    outcome = _outcome(change, table, row)
    change.record["routed"] = {**change.record.get("routed", {}), table.key: outcome}
    change.facts.setdefault("routed", []).append(
        {"table": table.key, **outcome, "label": row.label.model_dump() if row else None}
    )


def _send(run: Run, change: Change, table: RoutingTable, row: Route) -> None:
    department = _department(change, row)
    if department:
        _to_department(run, change, table, department)
    people = _people(change, row)
    if table.person_field:
        values.put(run, change, {table.person_field: people[0] if people else None})
    else:
        change.record["assignees"] = people


def _is_field(change: Change, row: Route) -> bool:
    field = change.form.definition.by_key.get(row.department)
    return field is not None and field.type == "department"


def _department(change: Change, row: Route) -> ObjectId | None:
    """Return the department a row names by its code, or by a field of the record."""
    if _is_field(change, row):
        found: ObjectId | None = change.record["data"].get(row.department)
        return directory.current().standing(found) if found else None
    return directory.current().by_code.get(row.department) if row.department else None


def _to_department(run: Run, change: Change, table: RoutingTable, department: ObjectId) -> None:
    if table.department_field:
        values.put(run, change, {table.department_field: department})
    else:
        change.record["department"] = department


def _people(change: Change, row: Route) -> list[ObjectId]:
    asked = Who(
        people=(row.person,) if row.person else (),
        roles=(row.role,) if row.role else (),
        within=row.department if row.role else "",
    )
    return who.people(asked, change.form, change.record, actor=change.actor) if asked else []


def _owners(change: Change, table: RoutingTable) -> list[ObjectId]:
    """Return to whom a table sent the record: its people, else who leads the department."""
    data = change.record["data"]
    person = data.get(table.person_field) if table.person_field else None
    people = [person] if person else list(change.record.get("assignees") or ())
    if people:
        return people
    where = data.get(table.department_field) if table.department_field else change.record.get("department")
    leads = directory.current().head(where) if where else None
    return [leads] if leads else []
