"""What an operator should know at the start: nothing here is wrong, but a company would not want it so."""

import ipaddress
import resource
from collections.abc import Iterator
from typing import Final

from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from backoffice.settings import Settings, variable

FEWEST_FILES: Final = 8_192  # MongoDB keeps one open per collection and index, besides connections


def advice(settings: Settings) -> Iterator[str]:
    """Yield what should be otherwise, each with the variable or limit to change."""
    if not settings.production and not _is_local(settings.host):
        yield (
            f"Other machines can reach {settings.host} while {variable('production')} is off: switch it on "
            "where real data are kept."
        )
    if settings.production and not settings.secure:
        yield f"{variable('allow_plain_http')} is on: whoever is on the network reads passwords and data."
    if settings.secure and not settings.trusted_proxies:
        yield (
            f"{variable('trusted_proxies')} is 0 although people come by https: everybody seems to come from "
            "the proxy, and one who guesses passwords slows down all."
        )
    if settings.production and _is_open(settings.mongodb_uri):
        yield f"{variable('mongodb_uri')} names no account: whoever reaches the database reads everything."
    if not settings.mongodb_uri and 0 < (limit := _open_files()) < FEWEST_FILES:
        yield (
            f"This system lets a program open {limit} files only; MongoDB stops when they are used up. "
            f"Allow {FEWEST_FILES} or more (ulimit -n)."
        )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_open(uri: str) -> bool:
    """Tell whether a database on the network asks for no account."""
    try:
        parsed = parse_uri(uri, validate=False)
    except (PyMongoError, ValueError):
        return False
    sockets = all(str(host).endswith(".sock") for host, _port in parsed["nodelist"])
    by_certificate = "authMechanism" in parsed["options"] or "authmechanism" in parsed["options"]
    return not (parsed["username"] or by_certificate or sockets)


def _open_files() -> int:
    """Return how many files a program of ours may open once it asks for more; -1 without a limit."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]
