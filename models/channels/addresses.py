"""To which hosts messages may be sent: the robots' own, and those that the operator named.

Administrators type addresses, so an address must not open what only this machine can reach. The host is
checked when a channel is saved; the numbers behind its name are checked at every sending, and the
connection goes to the very number that was checked.
"""

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from models.channels.surroundings import surroundings
from models.errors import ValueProblem
from models.messages import Message, _

PUBLIC_HOSTS: Final = {
    "wecom": ("qyapi.weixin.qq.com",),
    "dingtalk": ("oapi.dingtalk.com",),
    "feishu": ("open.feishu.cn", "open.larksuite.com"),
}
PORTS: Final = {"https": 443, "http": 80}
# Public on paper, but each contains an IPv4 address that need not be: NAT64 and 6to4.
_WRAPPING: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))

Number = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressError(ValueProblem):
    """An address to which nothing may be sent."""


@dataclass(frozen=True)
class Target:
    """A checked address, taken apart. `named` hosts may be private, because the operator named them."""

    scheme: str
    host: str
    port: int
    path: str
    named: bool

    def numbers(self) -> list[str]:
        """Return the IP addresses of the host. Raises AddressError for a private one, OSError for none."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self.named and not all(_is_public(ipaddress.ip_address(text)) for text in texts):
            raise AddressError(_("The host %(host)s is inside this network.", host=self.host))
        return texts


def check(kind: str, address: str) -> Target:
    """Return an address taken apart. Raises AddressError when nothing may be sent there.

    Args:
        kind: the channel's; a robot may always be sent to its maker's own hosts.
        address: what an administrator typed.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise AddressError(_("This is not an address.")) from None
    if parts.scheme not in PORTS or not host or not address.isascii() or not address.isprintable():
        raise AddressError(_("Enter an address that begins with https://."))
    if parts.username is not None or parts.fragment or " " in address:
        raise AddressError(_("This is not an address."))
    port = port or PORTS[parts.scheme]
    named = {host, f"{host}:{port}"} & set(surroundings().allowed_hosts)
    if parts.scheme != "https" and not named:
        raise AddressError(_("Enter an address that begins with https://."))
    if host not in PUBLIC_HOSTS.get(kind, ()) and not named and not _by_pattern(host):
        raise AddressError(_not_allowed(kind, host))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, bool(named))


def _not_allowed(kind: str, host: str) -> Message:
    own = " / ".join(PUBLIC_HOSTS.get(kind, ()))
    if own:
        return _("Messages go to %(own)s. Other hosts must be allowed by the operator.", own=own)
    return _("The operator must allow the host %(host)s first.", host=host)


def _by_pattern(host: str) -> bool:
    """Tell whether a pattern of the operator covers a host; patterns never open private numbers."""
    return any(_covers(pattern, host) for pattern in surroundings().allowed_hosts)


def _covers(pattern: str, host: str) -> bool:
    return pattern == "*" or (pattern.startswith("*.") and host.endswith(pattern[1:]))


def _is_public(number: Number) -> bool:
    if isinstance(number, ipaddress.IPv6Address):
        if number.ipv4_mapped:
            return _is_public(number.ipv4_mapped)
        if any(number in network for network in _WRAPPING):
            return False
    return number.is_global and not number.is_multicast and not number.is_reserved


def parse(setting: str) -> tuple[str, ...]:
    """Return the hosts of the operator's setting, separated by commas or blanks."""
    return tuple(_hosts(setting))


def _hosts(setting: str) -> Iterator[str]:
    for text in setting.replace(",", " ").split():
        yield text.lower().rstrip(".")
