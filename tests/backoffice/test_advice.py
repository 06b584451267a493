"""At the start an operator is told what a company would not want so."""

import subprocess
import sys
from typing import Any

import pytest

from backoffice.advice import advice
from backoffice.settings import Settings

SOUND = {
    "production": True,
    "public_url": "https://office.example.com",
    "trusted_proxies": 1,
    "mongodb_uri": "mongodb://office:7f0c2a91d3be@db/?replicaSet=rs0",
    "broker_url": "amqp://rabbit",
    "secret_key": "0123456789abcdef" * 3,
    "host": "0.0.0.0",  # noqa: S104  (behind the proxy)
}


def told(**changes: Any) -> str:
    return "\n".join(advice(Settings.model_validate({**SOUND, **changes})))


def test_a_sound_installation_needs_no_advice() -> None:
    assert told() == ""


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"production": False}, "BACKOFFICE_PRODUCTION"),
        ({"public_url": "http://office", "allow_plain_http": True}, "BACKOFFICE_ALLOW_PLAIN_HTTP"),
        ({"trusted_proxies": 0}, "BACKOFFICE_TRUSTED_PROXIES"),
        ({"mongodb_uri": "mongodb://db/?replicaSet=rs0"}, "BACKOFFICE_MONGODB_URI"),
    ],
)
def test_what_a_company_would_not_want_is_named(changes: dict[str, Any], variable: str) -> None:
    assert variable in told(**changes)


@pytest.mark.parametrize(
    "uri", ["mongodb://%2Frun%2Fmongodb.sock/", "mongodb://db/?authMechanism=MONGODB-X509"]
)
def test_a_database_behind_a_socket_or_certificate_needs_no_password(uri: str) -> None:
    assert told(mongodb_uri=uri) == ""


FEW = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500))
from backoffice.advice import advice
from backoffice.settings import Settings
print(*advice(Settings()))
"""


def test_too_few_open_files_for_the_private_database_are_pointed_out() -> None:
    said = subprocess.run([sys.executable, "-c", FEW], capture_output=True, text=True, check=True)  # noqa: S603
    assert "500 files only" in said.stdout
    assert "ulimit -n" in said.stdout
