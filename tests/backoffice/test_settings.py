"""Settings: a wrong or missing one stops the start and is named."""

import stat
from pathlib import Path

import pytest

from backoffice import settings
from backoffice.settings import SettingsError

PRODUCTION = {
    "BACKOFFICE_PRODUCTION": "yes",
    "BACKOFFICE_MONGODB_URI": "mongodb://db/?replicaSet=rs0",
    "BACKOFFICE_BROKER_URL": "amqp://rabbit",
    "BACKOFFICE_SECRET_KEY": "s" * 32,
    "BACKOFFICE_PUBLIC_URL": "https://office.example.com",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(settings.variable(name), raising=False)
    monkeypatch.setenv("BACKOFFICE_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("TIMEZONE", "Asia/Atlantis"),
        ("LANGUAGE", "de"),
        ("MONGODB_URI", "localhost:27017"),
        ("MONGODB_DATABASE", "a/b"),
        ("PUBLIC_URL", "office.example.com"),
        ("PUBLIC_URL", "https://office.example.com/path"),
        ("SECRET_KEY", "short"),
        ("TRUSTED_PROXIES", "-1"),
        ("WEB_THREADS", "0"),
    ],
)
def test_a_wrong_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"BACKOFFICE_{name}", value)
    with pytest.raises(SettingsError, match=f"BACKOFFICE_{name}: "):
        settings.load()


def test_a_refused_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOFFICE_SECRET_KEY", "hunter2")
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("missing", [settings.variable(name) for name in settings.NEEDED_IN_PRODUCTION])
def test_production_does_not_start_without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert settings.load().production
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match=missing):
        settings.load()


def test_the_secret_is_generated_once_and_private(tmp_path: Path) -> None:
    first = settings.load().secret_key
    assert len(first) >= settings.SECRET_CHARACTERS
    assert settings.load().secret_key == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_secrets_do_not_show_in_the_printed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "ADMIN_PASSWORD", "METRICS_TOKEN"):
        monkeypatch.setenv(f"BACKOFFICE_{name}", "confidential" * 4)
    monkeypatch.setenv("BACKOFFICE_MONGODB_URI", "mongodb://user:confidential@db/")
    assert "confidential" not in repr(settings.load())


def test_a_choice_on_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOFFICE_PORT", "9000")
    assert settings.load(port=9001).port == 9001
    assert settings.load(port=None).port == 9000


def test_messages_travel_through_a_database_of_their_own_when_no_broker_is_set() -> None:
    alone = settings.load(mongodb_uri="mongodb://%2Frun%2Fm.sock/?directConnection=true")
    assert alone.broker == "mongodb://%2Frun%2Fm.sock/backoffice_broker?directConnection=true"
    assert settings.load(mongodb_uri="mongodb://db/x", broker_url="amqp://rabbit").broker == "amqp://rabbit"


def test_the_broker_database_is_opened_with_the_same_account() -> None:
    named = settings.load(mongodb_uri="mongodb://u:p@a,b/office?replicaSet=rs0")
    assert named.broker == "mongodb://u:p@a,b/backoffice_broker?replicaSet=rs0&authSource=office"
    unnamed = settings.load(mongodb_uri="mongodb://u:p@a,b")
    assert unnamed.broker == "mongodb://u:p@a,b/backoffice_broker?authSource=admin"


def test_a_misspelled_variable_is_pointed_out() -> None:
    environment = {"BACKOFFICE_TRUSTED_PROXY": "1", "BACKOFFICE_PORT": "1", "HOME": "/"}
    said = "BACKOFFICE_TRUSTED_PROXY is not a setting; is BACKOFFICE_TRUSTED_PROXIES meant?"
    assert list(settings.misspelled(environment)) == [said]


def test_every_setting_has_a_sentence_of_help_in_the_table() -> None:
    table = settings.as_markdown().splitlines()[2:]
    assert len(table) == len(settings.Settings.model_fields)
    for name, row in zip(settings.Settings.model_fields, table, strict=True):
        assert f"`{settings.variable(name)}`" in row
        assert ". " in row or row.rstrip(" |").endswith(".")
