"""Packs: what a quality manual says, as data. Listed, checked, installed and written back.

An installation remembers the fingerprint of everything it wrote, so that a later one can tell what an
administrator has changed since, and leaves that alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from models import audit
from models.database import Document, db
from models.definition import Label
from models.errors import DomainError, InvalidError
from models.messages import Message, _
from models.people import Actor
from models.problems import Problem, by_path
from models.times import now
from seed import takeover
from seed.contents import Pack, problems, read_pack
from seed.keeping import Item, digest, items_of
from seed.surroundings import Surroundings

BUNDLED = Path(__file__).parent / "packs"
DEFAULT_PACK = "customer-management"

Result: TypeAlias = Literal["created", "updated", "unchanged", "kept"]


@dataclass(frozen=True)
class PackInfo:
    """One pack that comes with the product."""

    name: str
    version: int
    label: Label
    description: Label
    path: Path


@dataclass(frozen=True)
class Outcome:
    """What an installation did with one department, role, form or report."""

    kind: str
    key: str
    result: Result
    reason: Message | None = None


@dataclass(frozen=True)
class Report:
    """What an installation did. `kept` is what differs from the pack and was left as it is."""

    pack: str
    version: int
    outcomes: tuple[Outcome, ...]

    def having(self, result: Result) -> list[Outcome]:
        """Return the outcomes of one kind."""
        return [outcome for outcome in self.outcomes if outcome.result == result]

    @property
    def changed(self) -> bool:
        """Tell whether anything was written."""
        return any(outcome.result in {"created", "updated"} for outcome in self.outcomes)

    @property
    def kept(self) -> list[Outcome]:
        """What differs from the pack."""
        return self.having("kept")


def list_packs() -> list[PackInfo]:
    """Return the packs that come with the product, by name."""
    found = [(read_pack(file.parent), file.parent) for file in sorted(BUNDLED.glob("*/pack.yaml"))]
    return [PackInfo(pack.name, pack.version, pack.label, pack.description, path) for pack, path in found]


def installed() -> dict[str, int]:
    """Return the version of every installed pack, by name."""
    return {stored["_id"]: stored["version"] for stored in db().packs.find({}, {"version": 1}).sort("_id", 1)}


def locate(source: str | Path) -> Path:
    """Return where a pack is: one that comes with the product by its name, else a path."""
    bundled = BUNDLED / str(source)
    if str(source) in {file.parent.name for file in BUNDLED.glob("*/pack.yaml")}:
        return bundled
    return Path(source)


def check(source: str | Path) -> list[Problem]:
    """Return everything that keeps a pack from being installed; empty when it is fine.

    Without a database it may refer to the packs that it requires, with one also to what is installed.

    Args:
        source: the name of a pack that comes with the product, or a folder, YAML file or zip.
    """
    try:
        pack = read_pack(locate(source))
        return list(problems(pack, _around(pack)))
    except InvalidError as error:
        return [Problem(path, message) for path, messages in error.errors.items() for message in messages]


def _around(pack: Pack) -> Surroundings:
    known = Surroundings.installed()
    for required in _required(pack):
        roles = [role.name for role in required.roles]
        codes = [department.code for department in required.departments]
        known = known.with_pack(roles, codes, required.forms)
    return known


def _required(pack: Pack, above: tuple[str, ...] = ()) -> list[Pack]:
    """Return the packs that come with the product and that a pack builds on, those without needs first.

    Raises InvalidError where one does not exist, or where they need each other.
    """
    found: dict[str, Pack] = {}
    for name in pack.requires:
        if name in (pack.name, *above):
            raise InvalidError({"requires": [_("A pack cannot require itself.")]})
        one = read_pack(BUNDLED / name)
        found |= {other.name: other for other in _required(one, (pack.name, *above))}
        found[name] = one
    return list(found.values())


def install(source: str | Path, actor: Actor) -> Report:
    """Bring a pack into the database, after the packs that it requires; a second time changes nothing.

    What an administrator has changed, deleted or is just editing is never overwritten: it is reported as
    `kept`. What nobody touched follows a newer version of the pack, a form as a new version of the form.

    Args:
        source: the name of a pack that comes with the product, or a folder, YAML file or zip.
        actor: who installs it, for the history of the forms.

    Raises:
        InvalidError: the pack has problems; nothing was written.
    """
    pack = read_pack(locate(source))
    found = list(problems(pack, _around(pack)))
    if found:
        raise InvalidError(by_path(found))
    present = installed()
    for required in _required(pack):
        if required.name not in present:
            _install(required, actor)
    return _install(pack, actor)


def _install(pack: Pack, actor: Actor) -> Report:
    stored = db().packs.find_one({"_id": pack.name}) or {}
    before: dict[str, str] = stored.get("items", {})
    items = items_of(pack)
    outcomes = tuple(_settle(item, before.get(_place(item)), actor) for item in items)
    kept = {outcome.key for outcome in outcomes if outcome.kind == "form" and outcome.result == "kept"}
    takeover.run(actor, [one for one in pack.takeover if one.form not in kept])
    _remember(pack, stored, _fingerprints(items, outcomes, before), actor)
    return Report(pack.name, pack.version, outcomes)


def _place(item: Item) -> str:
    return f"{item.kind}:{item.key}"


def _settle(item: Item, before: str | None, actor: Actor) -> Outcome:
    """Decide between what the pack wrote last time, what is configured now, and what it says today."""
    found = item.found()
    if found is not None and digest(found) == digest(item.wanted()):
        return Outcome(item.kind, item.key, "unchanged")
    reason = _reason_to_keep(item, found, before)
    if reason is not None:
        return Outcome(item.kind, item.key, "kept", reason)
    try:
        item.write(actor)
    except InvalidError as error:
        return Outcome(item.kind, item.key, "kept", _first(error))
    except DomainError as error:
        return Outcome(item.kind, item.key, "kept", error.message)
    return Outcome(item.kind, item.key, "created" if found is None else "updated")


def _reason_to_keep(item: Item, found: Document | None, before: str | None) -> Message | None:
    if item.busy():
        return _("It is being edited.")
    if found is None:
        return None if before is None else _("It was deleted here.")
    if before is None:
        return _("Something else has this key here.")
    if digest(found) != before:
        return _("It was changed here.")
    return None


def _first(error: InvalidError) -> Message:
    """Say the first thing that is wrong, and where."""
    path, messages = next(iter(error.errors.items()))
    return _("%(place)s: %(problem)s", place=path, problem=messages[0])


def _fingerprints(
    items: Iterable[Item], outcomes: Iterable[Outcome], before: dict[str, str]
) -> dict[str, str]:
    """Return the fingerprint of everything the pack has written and that still is as written."""
    return {
        **before,
        **{
            _place(item): digest(item.wanted())
            for item, outcome in zip(items, outcomes, strict=True)
            if outcome.result != "kept"
        },
    }


def _remember(pack: Pack, stored: Document, fingerprints: dict[str, str], actor: Actor) -> None:
    kept = {
        "version": pack.version,
        "label": pack.label.model_dump(),
        "description": pack.description.model_dump(),
        "items": fingerprints,
    }
    if all(stored.get(key) == value for key, value in kept.items()):
        return
    db().packs.replace_one(
        {"_id": pack.name},
        {"_id": pack.name, **kept, "installed_at": now(), "installed_by": actor.name},
        upsert=True,
    )
    before = stored.get("items", {})
    changed = sorted(place for place, mark in fingerprints.items() if before.get(place) != mark)
    details = {"version": pack.version, "changed": changed}
    audit.note("settings.pack", actor=actor, subject=pack.name, details=details)
