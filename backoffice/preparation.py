"""What must be in the database before the first request: migrations, a pack, someone who can sign in."""

from collections.abc import Callable

from backoffice import usable
from backoffice.settings import Settings, SettingsError, variable
from models import database, migrations, passwords, sealing, users
from models.errors import InvalidError
from models.people import Actor
from seed import packs

SAID_BY_SETTING = "as set in BACKOFFICE_ADMIN_PASSWORD"
SHOWN_ACCOUNTS = 3

Say = Callable[[str], None]


def migrate(say: Say) -> None:
    """Carry out what is pending, and say so."""
    for outcome in migrations.run():
        say(f"migrated {outcome.name} in {outcome.seconds:.1f} s")


def prepare(settings: Settings, say: Say) -> None:
    """Bring the connected database to where the program can start on it; a second time does nothing.

    Raises:
        UnusableError: it holds half a backup, or data of a newer version of the program.

    """
    usable.check(migrated=False)
    migrate(say)
    if not packs.installed():
        report = packs.install(packs.DEFAULT_PACK, Actor.system())
        say(f"installed the pack {report.pack}")
    make_administrator(settings, say)


def connected_and_prepared(settings: Settings, say: Say, *, demo: bool) -> None:
    """Connect, prepare, load the demo if asked for, and disconnect."""
    database.connect(settings.mongodb_uri, settings.mongodb_database)
    sealing.set_secret(settings.secret_key)
    try:
        prepare(settings, say)
        if demo:
            load_demo(settings, say)
    finally:
        database.disconnect()


def load_demo(settings: Settings, say: Say) -> None:
    """Load the believable company, or what is missing of it, and say who can sign in."""
    # Imported here because few starts ask for it.
    from seed import demo  # noqa: PLC0415

    def progress(done: int, total: int) -> None:
        if done * 10 // total > (done - demo.BATCH) * 10 // total:
            say(f"demo company: {done * 100 // total} %")

    loaded = demo.load(progress, password=settings.admin_password or None)
    if loaded.was_there:
        return
    names = ", ".join(account.username for account in loaded.accounts[:SHOWN_ACCOUNTS])
    shown = SAID_BY_SETTING if settings.admin_password else loaded.password
    say(f"demo company: sign in as {names}, … ({len(loaded.accounts)} people)   password: {shown}")


def make_administrator(settings: Settings, say: Say) -> None:
    """Make the first administrator, and print the password if it was generated: it is kept nowhere."""
    if users.administrator_exists():
        return
    password = settings.admin_password or passwords.generate()
    name = users.FIRST_ADMINISTRATOR
    try:
        users.create(name, name, password, [users.administrator_role()])
    except InvalidError as error:
        said = " ".join(str(text) for texts in error.errors.values() for text in texts)
        message = f"{variable('admin_password')}: {said}"
        raise SettingsError(message) from None
    shown = SAID_BY_SETTING if settings.admin_password else password
    say(f"administrator: {name}   password: {shown}")
