"""Where is measured: a MongoDB of its own in a temporary folder, filled, and the real application on it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from flask import Flask
from flask.testing import FlaskClient

from backoffice.app import create_app
from backoffice.bench import stock
from backoffice.mongod import EmbeddedMongo
from backoffice.settings import Settings
from models import database, migrations, users
from models.forms import LiveForm
from models.people import Actor, User
from seed import generate, packs

DATABASE: Final = "bench"
PEOPLE: Final = 30
FEW: Final = 2_000
SECRET: Final = "nothing but a benchmark is signed with this"  # noqa: S105

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """Everything a benchmark needs."""

    folder: Path
    uri: str
    database: str
    form: LiveForm
    person: User
    records: int

    @property
    def address(self) -> str:
        """The address of the form's list."""
        return f"/records/{self.form.key}/"

    @cached_property
    def app(self) -> Flask:
        """The real application."""
        return create_app(Settings(secret_key=SECRET, data_dir=self.folder))

    @cached_property
    def ours(self) -> FlaskClient:
        """A browser in which an administrator is signed in to it."""
        return self.browser_of(self.person)

    def browser_of(self, person: User) -> FlaskClient:
        """Return a browser in which somebody is signed in to the real application."""
        client = self.app.test_client()
        with client.session_transaction() as session:
            session.update({"_user_id": person.fs_uniquifier, "_fresh": True})
        return client

    @cached_property
    def stock(self) -> FlaskClient:
        """A browser at the stock variant on the same collection."""
        return stock.create_app(self.form.collection).test_client()


@contextmanager
def prepared(records: int, say: Say, *, filled: bool = True) -> Iterator[Ground]:
    """Start a MongoDB, fill it with so many records, and throw all of it away at the end.

    Without `filled` there are few, for benchmarks that make their own.
    """
    with tempfile.TemporaryDirectory(prefix="backoffice-bench-") as name:
        mongo = EmbeddedMongo(Path(name))
        uri = mongo.start()
        try:
            with connected(uri, DATABASE):
                form, person = fill(records if filled else FEW, say)
                yield Ground(Path(name), uri, DATABASE, form, person, records)
        finally:
            mongo.stop()


@contextmanager
def connected(uri: str, name: str) -> Iterator[None]:
    """Connect this process to the database of a benchmark."""
    database.connect(uri, name)
    try:
        yield
    finally:
        database.disconnect()


def fill(records: int, say: Say) -> tuple[LiveForm, User]:
    """Install what a company has, and the form with its records; return the form and an administrator."""
    person = company()
    return generate.generate(records, _every_tenth(say)), person


def company() -> User:
    """Install what a company has; return an administrator."""
    list(migrations.run())
    packs.install(packs.DEFAULT_PACK, Actor.system())
    for number in range(PEOPLE):
        User(username=f"person{number:02}", name=f"经办人{number:02}").save()
    role = users.administrator_role()
    return User(username=users.FIRST_ADMINISTRATOR, name="管理员", roles=[role]).save()


def _every_tenth(say: Say) -> generate.Progress:
    def progress(done: int, total: int) -> None:
        if done * 10 // total > (done - generate.BATCH) * 10 // total:
            say(f"{done:,} of {total:,} records")

    return progress


def got(client: FlaskClient, address: str) -> str:
    """Return the page at an address; a page that is not there would be fast and worth nothing."""
    answer = client.get(address)
    if answer.status_code != 200:  # noqa: PLR2004  (found)
        message = f"{address} answers {answer.status_code}"
        raise RuntimeError(message)
    return answer.text
