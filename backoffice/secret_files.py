"""Secrets: read from files that an operator names, kept in one that we make, and never a placeholder."""

import contextlib
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

SUFFIX: Final = "_FILE"
MAX_BYTES: Final = 10_000
SECRET_CHARACTERS: Final = 32
TOKEN_CHARACTERS: Final = 16
DIFFERENT_CHARACTERS: Final = 10
HANDED_OVER: Final = Path(
    "/run/secrets"
)  # Docker mounts them readable for all of a container: it is alone there
_PLACEHOLDER: Final = re.compile(
    r"change[-_ ]?(me|this|it)|place[-_ ]?holder|replace[-_ ]?(me|this)|your[-_ ](own|secret|password|key)"
    r"|^(secret|password|passw0rd|admin|administrator|root|guest|test|demo|example|backoffice|default"
    r"|x+|0+|1234\d*|qwerty\w*)$",
    re.IGNORECASE,
)
_ACCOUNT: Final = re.compile(r"^([a-z][a-z0-9+.-]*://)([^/@:?#]*)(?::([^/@]*))?@")


def given(variables: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that stand in files.

    Args:
        variables: variable of each secret: its setting's name; `BACKOFFICE_X_FILE` names the file of
            `BACKOFFICE_X`.
        environment: of the process.

    Raises:
        ValueError: a file cannot be used; the text names the variable, and nothing of the content.

    """
    found = {}
    for variable, name in variables.items():
        path = environment.get(variable + SUFFIX)
        if path is None:
            continue
        if environment.get(variable):
            message = f"{variable + SUFFIX}: {variable} is set, too; only one of them can hold"
            raise ValueError(message)
        found[name] = _content(variable + SUFFIX, Path(path))
    return found


def _content(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode().rstrip("\r\n")
    except OSError as error:
        message = f"{variable}: {path} cannot be read: {error.strerror}"
        raise ValueError(message) from None
    except UnicodeDecodeError:
        message = f"{variable}: {path} is not text"
        raise ValueError(message) from None
    if not text or len(content) > MAX_BYTES:
        message = f"{variable}: {path} is {'too long' if text else 'empty'}"
        raise ValueError(message)
    return text


def exposed(variables: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[str]:
    """Say which files of secrets everybody on this machine can read."""
    for variable in variables:
        path = Path(environment.get(variable + SUFFIX, ""))
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mode & stat.S_IROTH and HANDED_OVER not in path.parents:
                yield f"{variable + SUFFIX}: everybody on this machine can read {path}; chmod 600 it."


def weakness(secret: str, least: int = 0) -> str | None:
    """Return what is wrong with a secret that a company wants to rely on; None when nothing is.

    Args:
        secret: empty where there is none.
        least: characters that something generated has.

    """
    if not secret:
        return None
    if _PLACEHOLDER.search(secret):
        return "is a placeholder: generate one, such as with `openssl rand -hex 32`"
    if len(secret) < least:
        return f"must have at least {least} characters"
    if least and len(set(secret)) < DIFFERENT_CHARACTERS:
        return "repeats itself: generate one, such as with `openssl rand -hex 32`"
    return None


def weakness_of_address(address: str) -> str | None:
    """Return what is wrong with the password in an address."""
    account = _ACCOUNT.match(address)
    if account is None or account[3] is None:
        return None
    if account[3] == account[2]:
        return "the password is the name of the account"
    problem = weakness(unquote(account[3]))
    return f"the password {problem}" if problem else None


def with_password(address: str, password: str) -> str:
    """Return an address with the password of its account.

    Raises:
        ValueError: it names no account, or has a password already.

    """
    account = _ACCOUNT.match(address)
    if account is None or account[3] is not None or not account[2]:
        message = "the address must name an account without a password, such as mongodb://name@host"
        raise ValueError(message)
    return f"{account[1]}{account[2]}:{quote(password, safe='')}@{address[account.end() :]}"


def kept(path: Path) -> str:
    """Return the secret in a file that only its owner can read; make it when there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _beside(path)
    with contextlib.suppress(FileExistsError):
        if not path.exists():
            fresh.touch(mode=0o600, exist_ok=False)
            fresh.write_text(secrets.token_urlsafe(48))
            path.hardlink_to(fresh)  # whole or not at all, and the first of two processes wins
    fresh.unlink(missing_ok=True)
    return path.read_text().strip()


def keep(path: Path, secret: str) -> None:
    """Put another secret in the place of a kept one."""
    fresh = _beside(path)
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(secret)
    fresh.replace(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")
