"""The Compose file describes a system that our settings and commands accept."""

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Command, Context
from pymongo.uri_parser import parse_uri

from backoffice import settings
from backoffice.cli import cli

ROOT = Path(__file__).parents[2]
GIVEN = {"BACKOFFICE_PUBLIC_URL": "https://office.example.com"}
GENERATED = "0123456789abcdef" * 4
OURS = ("migrate", "web", "worker", "effects", "beat")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::([?-])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(filled_in((ROOT / "docker-compose.yml").read_text()))
    return loaded


def filled_in(text: str) -> str:
    """Put values in place of `${NAME}`, `${NAME:?…}` and `${NAME:-…}` as Compose does."""
    return VARIABLE.sub(lambda found: GIVEN.get(found[1], found[3] if found[2] == "-" else ""), text)


@pytest.mark.parametrize("service", OURS)
def test_every_setting_is_one_of_ours_and_accepted(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = compose["services"][service]["environment"]
    assert list(settings.complaints(environment)) == []
    given = {name.removesuffix("_FILE") for name in environment}
    assert {settings.variable(name) for name in settings.NEEDED_IN_PRODUCTION} <= given
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(settings.variable(name), raising=False)
    for name, value in environment.items():
        assert isinstance(value, str)
        mounted = tmp_path / value.removeprefix("/run/secrets/")
        if name.endswith("_FILE"):
            assert mounted.name in compose["services"][service]["secrets"]
            mounted.write_text(f"{GENERATED}\n")
        monkeypatch.setenv(name, str(mounted) if name.endswith("_FILE") else value)
    loaded = settings.load()
    assert loaded.production
    assert loaded.secure
    assert loaded.broker == f"amqp://backoffice:{GENERATED}@rabbitmq/"
    assert loaded.trusted_proxies == 1


@pytest.mark.parametrize("service", OURS)
def test_every_command_is_one_of_the_program(compose: dict[str, Any], service: str) -> None:
    arguments = list(compose["services"][service]["command"])
    command: Command = cli
    context = Context(cli)
    while hasattr(command, "get_command") and arguments:
        found = command.get_command(context, arguments.pop(0))
        assert found is not None
        command = found
    command.make_context(service, arguments)


def test_no_secret_stands_in_an_environment(compose: dict[str, Any]) -> None:
    """What `docker inspect` shows is no secret, and each file that is asked for is one of the list."""
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"KEY$|PASS(WORD)?$|TOKEN$", name)
            assert not re.search(r"//\w+:", value)
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()
    mounted = set(re.findall(r"/run/secrets/(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert mounted == compose["secrets"].keys()


def test_the_missing_address_stops_compose() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert {found[2] for found in VARIABLE.finditer(text) if found[1] == "BACKOFFICE_PUBLIC_URL"} == {"?"}


def test_the_address_of_the_database_names_every_member(compose: dict[str, Any]) -> None:
    uri = parse_uri(compose["services"]["web"]["environment"]["BACKOFFICE_MONGODB_URI"])
    members = [name for name, service in compose["services"].items() if name.startswith("mongo")]
    assert [host for host, _port in uri["nodelist"]] == members
    assert len(members) == 3
    assert uri["options"]["replicaSet"] in str(compose["services"]["mongo1"]["entrypoint"])
    for member in members:
        assert member in str(compose["services"]["replica-set"]["entrypoint"])


def test_two_of_web_and_worker_and_one_beat(compose: dict[str, Any]) -> None:
    copies = {name: compose["services"][name].get("deploy", {}).get("replicas", 1) for name in OURS}
    assert copies == {"migrate": 1, "web": 2, "worker": 2, "effects": 1, "beat": 1}


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inside"]["internal"] is True
    for name, service in compose["services"].items():
        assert (name == "proxy") == ("ports" in service)
        assert (name == "proxy") == ("outside" in service["networks"])


def test_the_proxy_serves_tls_hides_the_figures_and_takes_what_we_take(compose: dict[str, Any]) -> None:
    environment = compose["services"]["web"]["environment"]
    text = (ROOT / ".deploy" / "nginx.conf").read_text()
    assert "listen 443 ssl" in text
    assert f"client_max_body_size {environment['BACKOFFICE_MAX_UPLOAD_MEGABYTES']}m;" in text
    assert f"server web:{environment['BACKOFFICE_PORT']} resolve;" in text
    assert re.search(r"location = /metrics \{\s+return 404;", text)


def test_everything_that_is_mounted_or_built_exists_and_can_be_read(compose: dict[str, Any]) -> None:
    wanted = [compose["services"]["web"]["build"]["dockerfile"]]
    wanted += [
        mount.partition(":")[0] for mount in compose["services"]["proxy"]["volumes"] if ".deploy" in mount
    ]
    for path in wanted:
        assert (ROOT / path).stat().st_mode & stat.S_IROTH
