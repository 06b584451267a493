"""The posts somebody holds, and what hangs on their account."""

from collections.abc import Iterator

from models import api_tokens, delegations, directory, mentions
from models import sessions as open_sessions
from models.database import Document, db
from models.delegations import Delegation
from models.handover import every_form
from models.jobs import OPEN_STATES
from models.leaving.finding import EXAMPLES, Example, Fate, Finding
from models.messages import _
from models.people import Department, User
from models.saved_views import SavedView
from models.times import now


def departments(leaver: User, viewer: User) -> Iterator[Finding]:
    """Departments that the person leads, alone or as a deputy."""
    for kind, title, query in (
        ("heads", _("Departments they lead"), {"head": leaver.id}),
        ("deputies", _("Departments in which they are a deputy"), {"deputies": leaver.id}),
    ):
        found = list(Department.objects(retired=False, **query))
        language = str(viewer.language)
        examples = [
            Example(one.name.text(language) or one.code, f"/configure/departments/{one.id}") for one in found
        ]
        if found:
            yield Finding(kind, title, Fate.DEPARTMENTS, len(found), tuple(examples[:EXAMPLES]))


def procedures(leaver: User, viewer: User) -> Iterator[Finding]:
    """Workflows, routing tables and clocks that name the person; they go on asking the successor."""
    named = [
        (form, one)
        for form in every_form()
        for one in mentions.of(form.definition)
        if one.kind == "person" and one.name == leaver.username
    ]
    if named:
        language = str(viewer.language)
        examples = [
            Example(
                f"{form.definition.label.text(language)} · {one.place(language)}",
                f"/configure/forms/{form.key}/workflow",
            )
            for form, one in named
        ]
        note = _("The successor is asked instead. Name somebody else there when there is time.")
        title = _("Procedures that name them")
        yield Finding("procedures", title, Fate.TASKS, len(named), tuple(examples[:EXAMPLES]), note=note)


def only_holder(leaver: User, viewer: User) -> Iterator[Finding]:
    """Roles that nobody else has: what asks for them would find nobody."""
    alone = [
        role for role in leaver.held_roles if not User.objects(roles=role, active=True, id__ne=leaver.id)
    ]
    if alone:
        language = str(viewer.language)
        examples = tuple(
            Example(role.label.text(language) or role.name, f"/configure/roles/{role.id}") for role in alone
        )
        note = _("Give these roles to somebody else, or nobody does what is asked of them.")
        title = _("Roles that nobody else has")
        yield Finding("only_holder", title, Fate.STAYS, len(alone), examples[:EXAMPLES], note=note)


def standing_in(leaver: User, _viewer: User) -> Iterator[Finding]:
    """Who stands in for the person, and for whom they do."""
    url = f"/account/delegations?person={leaver.id}"
    with directory.batch() as known:
        given = [one for one in delegations.given_by(leaver.id) if _lasts(one)]
        if given:
            examples = tuple(Example(_period(known.name(one.to), one)) for one in given[:EXAMPLES])
            yield Finding("given", _("Who stands in for them"), Fate.ENDS, len(given), examples, url)
        taken = [one for one in delegations.given_to(leaver.id) if _lasts(one)]
        if taken:
            examples = tuple(Example(_period(known.name(one.person), one)) for one in taken[:EXAMPLES])
            note = _("These people need somebody else to stand in for them.")
            title = _("For whom they stand in")
            yield Finding("taken", title, Fate.ENDS, len(taken), examples, url, note)


def _lasts(one: Delegation) -> bool:
    return one.revoked_at is None and one.ends_at > now()


def _period(name: str, one: Delegation) -> str:
    return f"{name} {one.first.isoformat()} – {one.last.isoformat()}"


def sessions(leaver: User, _viewer: User) -> Iterator[Finding]:
    """Browsers in which the person is signed in."""
    found = open_sessions.sessions_of(leaver)
    if found:
        examples = tuple(Example(one.address) for one in found[:EXAMPLES])
        title = _("Browsers in which they are signed in")
        yield Finding("sessions", title, Fate.ENDS, len(found), examples)


def keys(leaver: User, _viewer: User) -> Iterator[Finding]:
    """Keys by which programs act for the person."""
    found = [one for one in api_tokens.of_person(leaver) if one["expires_at"] > now()]
    if found:
        examples = tuple(Example(one["name"]) for one in found[:EXAMPLES])
        note = _("Programs that use them stop working.")
        yield Finding("keys", _("API keys"), Fate.ENDS, len(found), examples, note=note)


def jobs(leaver: User, _viewer: User) -> Iterator[Finding]:
    """Jobs that are not finished: exports, imports."""
    query: Document = {"owner": leaver.id, "state": {"$in": OPEN_STATES}}
    found = list(db().jobs.find(query, {"title": 1}))
    if found:
        examples = tuple(Example(one["title"]) for one in found[:EXAMPLES])
        title = _("Exports and imports that are not finished")
        yield Finding("jobs", title, Fate.ENDS, len(found), examples)


def shared_views(leaver: User, _viewer: User) -> Iterator[Finding]:
    """Share of the saved views: those that others use, too."""
    found = list(SavedView.objects(owner=leaver.id, shared=True))
    if found:
        examples = tuple(Example(one.name, f"/records/{one.form}/") for one in found[:EXAMPLES])
        yield Finding("shared_views", _("Lists they share with others"), Fate.STAYS, len(found), examples)


def unclaimed_files(leaver: User, _viewer: User) -> Iterator[Finding]:
    """Files that were sent but belong to no record yet."""
    query: Document = {"metadata.owner": leaver.id, "metadata.purpose": "upload", "metadata.claimed_by": None}
    count = db()["files.files"].count_documents(query)
    if count:
        yield Finding("files", _("Files that belong to no record yet"), Fate.ENDS, count)
