"""A month whose closing is killed in the middle is closed once, whole, and handed on once."""

import random

from backoffice.mongod import EmbeddedMongo
from models import database, files
from models.database import Document
from models.forms import LiveForm
from models.jobs import Job
from models.people import User
from models.reports import keeping as reports
from models.reports import making, reading
from models.reports.closing import dataset, reprint
from models.reports.closing import running as closing_month
from models.reports.closing.keeping import Closing
from models.reports.periods import Period
from tasks.jobs import dispatch
from tests import factories, report_stage
from tests.factories import field
from tests.tasks.test_faults import goes_on_until, kill_after_writes, kill_and_restart, let_others_go_on
from tests.tasks.workers import Office, ended, job_until, under_way

SEPTEMBER = Period.read(report_stage.PERIOD)
COMPLAINTS = 1_200
MOST_WRITES = 160
"""So many writes a closing of September has at least: records, results in two languages, the release."""


def stage() -> tuple[LiveForm, User]:
    """Return complaints of two years, and who closes their report; a closed month is handed on by a form."""
    admin = factories.administrator()
    complaints = report_stage.complaint_form()
    report_stage.tell(complaints, report_stage.delivery_form(), admin, count=COMPLAINTS)
    factories.form(field("about"), field("month"), field("seal"), field("paper", "attachment"), key="release")
    fields = {"report": "about", "period": "month", "fingerprint": "seal", "workbook": "paper"}
    report_stage.stored(admin, report_stage.definition(release={"form": "release", **fields}))
    return complaints, admin


def asked(admin: User) -> Job:
    return closing_month.enqueue(admin, reports.get("monthly"), SEPTEMBER, "en")


def is_whole(complaints: LiveForm, admin: User, done: Document) -> None:
    """The month is closed once, with every record, all results, one release, and no file beside them."""
    assert done["state"] == "done", done["error"]
    [document] = database.db().report_closings.find()
    closing = Closing(document)
    assert closing.is_closed
    inside = {"data.received_on": {"$gte": "2026-09-01", "$lte": "2026-09-30"}}
    frozen = database.db().report_frozen.find({"source": "complaints"}, {"record": 1})
    assert sorted(one["record"] for one in frozen) == sorted(
        one["_id"] for one in complaints.records().find(inside, {"_id": 1})
    )
    assert dataset.verify(closing, ["complaints", "deliveries"])
    look = reading.look_at(admin, reports.get("monthly").definition, SEPTEMBER, "en")
    assert making.closed_for(admin, reports.get("monthly"), SEPTEMBER)
    assert [one.key for one in reprint.results(look, closing)] == [one.key for one in look.report.analyses]
    [release] = database.db().record_release.find()
    assert release["_id"] == (closing.release or {})["record"]
    [paper] = release["data"]["paper"]
    assert files.info(paper["file"])["claimed_by"] == {"form": "release", "record": release["_id"]}


def test_killed_workers_close_a_month_once(office: Office) -> None:
    complaints, admin = stage()
    job = asked(admin)
    moments = random.Random(7)  # noqa: S311  (when to strike)
    for _kill in range(3):
        kill_after_writes(office.worker(), moments.randint(1, MOST_WRITES))
    office.worker()
    let_others_go_on()
    done = goes_on_until(job.id, ended)
    is_whole(complaints, admin, done)
    assert done["fence"] > 1


def test_a_month_is_closed_once_though_mongodb_dies(own_mongodb: EmbeddedMongo, own_office: Office) -> None:
    complaints, admin = stage()
    own_office.worker()
    job = asked(admin)
    dispatch(job)
    job_until(job.id, lambda one: under_way(one) or ended(one))
    kill_and_restart(own_mongodb)
    is_whole(complaints, admin, goes_on_until(job.id, ended))
