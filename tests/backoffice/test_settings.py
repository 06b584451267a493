"""Settings: a wrong or missing one stops the start and is named."""

import stat
from pathlib import Path

import pytest

from backoffice import settings
from backoffice.secret_files import SECRET_CHARACTERS
from backoffice.settings import SettingsError
from backoffice.settings_table import as_markdown

PRODUCTION = {
    "BACKOFFICE_PRODUCTION": "yes",
    "BACKOFFICE_MONGODB_URI": "mongodb://db/?replicaSet=rs0",
    "BACKOFFICE_BROKER_URL": "amqp://rabbit",
    "BACKOFFICE_SECRET_KEY": "0123456789abcdef" * 2,
    "BACKOFFICE_PUBLIC_URL": "https://office.example.com",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(settings.variable(name), raising=False)
        monkeypatch.delenv(f"{settings.variable(name)}_FILE", raising=False)
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
        ("SECURITY_CONTACT", "somebody"),
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
    assert len(first) >= SECRET_CHARACTERS
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
    assert list(settings.complaints(environment)) == [said]


def test_every_setting_has_a_sentence_of_help_in_the_table() -> None:
    table = as_markdown().splitlines()[2:]
    assert len(table) == len(settings.Settings.model_fields)
    for name, row in zip(settings.Settings.model_fields, table, strict=True):
        assert f"`{settings.variable(name)}`" in row
        assert ". " in row or row.rstrip(" |").endswith(".")


def secret_file(folder: Path, content: str = "f" * 8 + "0123456789abcdefghijklmnop") -> Path:
    path = folder / "a secret"
    path.touch(mode=0o600)
    path.write_text(content)
    return path


@pytest.mark.parametrize("name", settings.secret_variables().values())
def test_every_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    addresses = {"mongodb_uri": "mongodb://db", "broker_url": "amqp://rabbit"}
    content = addresses.get(name, "0123456789abcdefghijklmnopqrstuvwxyz")
    monkeypatch.setenv(f"{settings.variable(name)}_FILE", str(secret_file(tmp_path, f"{content}\n")))
    if name in settings.PASSWORDS_OF:
        address = settings.PASSWORDS_OF[name]
        monkeypatch.setenv(settings.variable(address), addresses[address].replace("//", "//me@"))
        assert getattr(settings.load(), address).endswith(
            f"//me:{content}@{addresses[address].partition('//')[2]}"
        )
    else:
        assert getattr(settings.load(), name) == content


def test_a_secret_given_twice_is_refused_whichever_would_win(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BACKOFFICE_SMTP_PASSWORD", "confidential one")
    monkeypatch.setenv("BACKOFFICE_SMTP_PASSWORD_FILE", str(secret_file(tmp_path, "confidential two")))
    with pytest.raises(SettingsError, match="BACKOFFICE_SMTP_PASSWORD_FILE: ") as refused:
        settings.load()
    assert "confidential" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "\n", "x" * 20_000, None])
def test_a_file_without_a_secret_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "missing" if content is None else secret_file(tmp_path, content)
    monkeypatch.setenv("BACKOFFICE_SECRET_KEY_FILE", str(path))
    with pytest.raises(SettingsError, match=f"BACKOFFICE_SECRET_KEY_FILE: {path} (is|cannot)"):
        settings.load()


def test_a_file_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("BACKOFFICE_SECRET_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(SettingsError, match="is not text"):
        settings.load()


def test_a_secret_that_everybody_can_read_is_pointed_out(tmp_path: Path) -> None:
    path = secret_file(tmp_path)
    environment = {"BACKOFFICE_METRICS_TOKEN_FILE": str(path)}
    assert list(settings.complaints(environment)) == []
    path.chmod(0o644)
    assert [line.split(":")[0] for line in settings.complaints(environment)] == [
        "BACKOFFICE_METRICS_TOKEN_FILE"
    ]


def test_a_password_needs_an_account_to_belong_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOFFICE_MONGODB_PASSWORD", "p/w@1")
    for address in ("", "mongodb://db", "mongodb://me:pw@db"):
        monkeypatch.setenv("BACKOFFICE_MONGODB_URI", address)
        with pytest.raises(SettingsError, match="BACKOFFICE_MONGODB_PASSWORD: "):
            settings.load()
    monkeypatch.setenv("BACKOFFICE_MONGODB_URI", "mongodb://me@a,b/?replicaSet=r")
    loaded = settings.load()
    assert loaded.mongodb_uri == "mongodb://me:p%2Fw%401@a,b/?replicaSet=r"
    assert settings.load(**loaded.model_dump()).mongodb_uri == loaded.mongodb_uri


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "changeme" * 8),
        ("SECRET_KEY", "s" * 64),
        ("SECRET_KEY", "your-secret-0123456789abcdefghijklmnop"),
        ("MONGODB_URI", "mongodb://office:changeme@db/"),
        ("MONGODB_URI", "mongodb://office:office@db/"),
        ("BROKER_URL", "amqp://guest:guest@rabbit"),
        ("BROKER_URL", "amqp://me:password@rabbit"),
        ("METRICS_TOKEN", "short"),
        ("SMTP_PASSWORD", "password"),
        ("ADMIN_PASSWORD", "change-me-please"),
        ("PUBLIC_URL", "http://office.example.com"),
    ],
)
def test_production_refuses_what_anybody_would_guess(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for variable, sound in PRODUCTION.items():
        monkeypatch.setenv(variable, sound)
    monkeypatch.setenv(f"BACKOFFICE_{name}", value)
    with pytest.raises(SettingsError, match=f"^BACKOFFICE_{name}: ") as refused:
        settings.load()
    assert value not in str(refused.value)
    monkeypatch.setenv("BACKOFFICE_PRODUCTION", "no")
    assert not settings.load().production


def test_production_without_https_must_be_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, sound in PRODUCTION.items():
        monkeypatch.setenv(variable, sound)
    monkeypatch.setenv("BACKOFFICE_PUBLIC_URL", "http://10.0.0.5:8000")
    monkeypatch.setenv("BACKOFFICE_ALLOW_PLAIN_HTTP", "yes")
    assert not settings.load().secure
