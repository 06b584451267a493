"""What the operator of the machine decided about what leaves it; set once per process at start-up."""

import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Surroundings:
    """The settings that channels depend on.

    Attributes:
        public_url: address of this site, as people reach it, without a slash at the end.
        allowed_hosts: hosts besides the robots' own to which messages may be sent: `host`, `host:port`,
            `*.example.com`, or `*` for every public one.
        smtp_password: password of the mail server, where it is not kept with the channel.
        company: name of the company.
        secret: what links are signed with that only their reader may have.
    """

    public_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    smtp_password: str = ""
    company: str = ""
    secret: str = field(default="", repr=False)

    def link(self, path: str) -> str:
        """Return the address of a page; a path stays a path while nobody said where this site is."""
        return f"{self.public_url}{path}" if path.startswith("/") else path

    def sign(self, path: str) -> str:
        """Return a path with a signature at its end that nobody can make who knows the database alone."""
        key = f"signed link {self.secret}".encode()
        return f"{path}.{hmac.new(key, path.encode(), hashlib.sha256).hexdigest()}"


_current = Surroundings()


def set_surroundings(surroundings: Surroundings) -> None:
    """Use these from now on in this process."""
    global _current  # noqa: PLW0603  (the settings of the process)
    _current = surroundings


def surroundings() -> Surroundings:
    """Return what was set."""
    return _current
