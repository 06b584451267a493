"""The web application as a browser meets it, for every test that asks a page."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from pymongo.database import Database

from backoffice.app import create_app
from backoffice.settings import Settings
from models.database import Document
from models.people import User
from tasks.app import configure

SECRET_KEY = "the tests' own secret, long enough to pass"  # noqa: S105


def settings(**chosen: object) -> Settings:
    return Settings.model_validate({"secret_key": SECRET_KEY, **chosen})


@pytest.fixture(scope="session")
def app(connection: None) -> Flask:
    configure("memory://")  # a message is left lying; asking for a broker that is not there takes seconds
    return create_app(settings())


@pytest.fixture
def client(app: Flask, db: Database[Document]) -> FlaskClient:
    return app.test_client()


def sign_in(client: FlaskClient, person: User, *, language: str = "en") -> User:
    """Sign somebody in without the page, and let them read a language."""
    person.update(language=language)
    with client.session_transaction() as session:
        session.clear()
        session.update({"_user_id": person.fs_uniquifier, "_fresh": True})
    return person


def csrf_token(client: FlaskClient) -> str:
    """Return the token that the pages of this browser's session carry."""
    with client.session_transaction() as session:
        session.setdefault("csrf_token", "0" * 40)
        token = session["csrf_token"]
        session["csrf_token"] = token
    return URLSafeTimedSerializer(SECRET_KEY, salt="wtf-csrf-token").dumps(token)
