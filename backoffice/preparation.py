"""What must be in the database before the first request: migrations, a pack, someone who can sign in."""

from collections.abc import Callable

from backoffice.settings import Settings
from models import database, migrations, passwords, users
from models.people import Actor
from seed import packs

DEFAULT_PACK = "customer-management"

Say = Callable[[str], None]


def migrate(say: Say) -> None:
    """Carry out what is pending, and say so."""
    for outcome in migrations.run():
        say(f"migrated {outcome.name} in {outcome.seconds:.1f} s")


def prepare(settings: Settings, say: Say) -> None:
    """Bring the connected database to where the program can start on it; a second time does nothing."""
    migrate(say)
    if not packs.installed():
        report = packs.install(DEFAULT_PACK, Actor.system())
        say(f"installed the pack {report.pack}")
    make_administrator(settings, say)


def connected_and_prepared(settings: Settings, say: Say, *, demo: bool) -> None:
    """Connect, prepare, load the demo if asked for, and disconnect."""
    database.connect(settings.mongodb_uri, settings.mongodb_database)
    try:
        prepare(settings, say)
        if demo:
            load_demo(say)
    finally:
        database.disconnect()


def load_demo(say: Say) -> None:
    """Load the believable company."""
    # Imported here because few starts ask for it.
    from seed import demo  # noqa: PLC0415

    demo.load(say)


def make_administrator(settings: Settings, say: Say) -> None:
    """Make the first administrator, and print the password if it was generated: it is kept nowhere."""
    if users.administrator_exists():
        return
    password = settings.admin_password or passwords.generate()
    name = users.FIRST_ADMINISTRATOR
    users.create(name, name, password, [users.administrator_role()])
    shown = "as set in BACKOFFICE_ADMIN_PASSWORD" if settings.admin_password else password
    say(f"administrator: {name}   password: {shown}")
