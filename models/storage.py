"""Everything the database needs before the first record: collections and indexes of the product itself."""

from pymongo import ASCENDING, DESCENDING

from models import (
    access_review,
    api_tokens,
    calendars,
    channels,
    clocks,
    comments,
    delegations,
    deliveries,
    duties,
    factors,
    files,
    history,
    identities,
    import_refusals,
    jobs,
    notifications,
    once,
    outbox,
    password_resets,
    sessions,
    throttle,
)
from models.approvals import queries as approvals
from models.audit import chain as audit
from models.database import db
from models.ledger import labels, movements
from models.ledger.stock_check import lines as check_lines
from models.letters import keeping as letters
from models.reports import keeping as reports
from models.reports import scheduling as report_runs
from models.reports.closing import dataset as closed_records
from models.reports.closing import keeping as closings
from models.retention import holds as legal_holds
from models.retention import lists as disposal_lists
from models.workflow import filing


def ensure_indexes() -> None:
    """Create the indexes of the product's own collections; safe to run at every start."""
    db().users.create_index([("username", ASCENDING)], unique=True)
    db().users.create_index(
        [("email", ASCENDING)], unique=True, partialFilterExpression={"email": {"$type": "string"}}
    )
    db().users.create_index([("fs_uniquifier", ASCENDING)], unique=True)
    db().users.create_index([("department", ASCENDING)])
    db().users.create_index([("roles", ASCENDING)])
    db().roles.create_index([("name", ASCENDING)], unique=True)
    db().departments.create_index([("code", ASCENDING)], unique=True)
    db().form_versions.create_index([("form", ASCENDING), ("version", DESCENDING)], unique=True)
    db().saved_views.create_index(
        [("form", ASCENDING), ("owner", ASCENDING), ("name", ASCENDING)], unique=True
    )
    db().number_reservations.create_index([("at", ASCENDING)])
    db().number_voids.create_index([("form", ASCENDING), ("_id", DESCENDING)])
    access_review.ensure_indexes()
    files.ensure_indexes()
    history.ensure_indexes()
    audit.ensure_indexes()
    legal_holds.ensure_indexes()
    disposal_lists.ensure_indexes()
    outbox.ensure_indexes()
    notifications.ensure_indexes()
    calendars.ensure_indexes()
    channels.ensure_indexes()
    clocks.ensure_indexes()
    deliveries.ensure_indexes()
    jobs.ensure_indexes()
    labels.ensure_indexes()
    movements.ensure_indexes()
    check_lines.ensure_indexes()
    letters.ensure_indexes()
    reports.ensure_indexes()
    closed_records.ensure_indexes()
    closings.ensure_indexes()
    report_runs.ensure_indexes()
    once.ensure_indexes()
    comments.ensure_indexes()
    api_tokens.ensure_indexes()
    identities.ensure_indexes()
    import_refusals.ensure_indexes()
    filing.ensure_indexes()
    delegations.ensure_indexes()
    duties.ensure_indexes()
    factors.ensure_indexes()
    password_resets.ensure_indexes()
    sessions.ensure_indexes()
    throttle.ensure_indexes()
    approvals.ensure_indexes()
