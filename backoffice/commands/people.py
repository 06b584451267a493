"""`user`: let somebody in, give a new password, let somebody in no more."""

import sys

import click

from backoffice.commands.connection import connected
from models import passwords, users
from models.people import Role


@click.group()
def user() -> None:
    """Accounts of people."""


@user.command()
@click.argument("username")
@click.option("--name", default="", help="As colleagues know the person.")
@click.option("--email", help="The person may sign in with it, too.")
@click.option("--role", "roles", multiple=True, help="Name of a role; may be given several times.")
@click.option("--administrator", is_flag=True, help="May do everything.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(
    username: str,
    name: str,
    email: str | None,
    roles: tuple[str, ...],
    *,
    administrator: bool,
    password_stdin: bool,
) -> None:
    """Make an account.

    Without --password-stdin its password is generated and printed once; the person chooses another one at
    the first sign-in.
    """
    given = _read_password() if password_stdin else None
    with connected():
        found = [_role(role) for role in roles]
        if administrator:
            found.append(users.administrator_role())
        secret = given or passwords.generate()
        person = users.create(username, name, secret, found, email, must_change=given is None)
    click.echo(f"created {person.username}")
    if given is None:
        click.echo(f"password: {secret}")


@user.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def password(username: str, *, password_stdin: bool) -> None:
    """Give USERNAME a new password and end the person's sessions and locks.

    A generated one is changed at the next sign-in.
    """
    given = _read_password() if password_stdin else None
    secret = given or passwords.generate()
    with connected():
        users.set_password(username, secret, must_change=given is None)
    click.echo("changed" if given else f"password: {secret}")


@user.command()
@click.argument("username")
def disable(username: str) -> None:
    """Let USERNAME in no more; what the person did stays."""
    with connected():
        users.disable(username)
    click.echo(f"disabled {username}")


def _read_password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _role(name: str) -> Role:
    role: Role | None = Role.objects(name=name).first()
    if role is None:
        known = ", ".join(Role.objects.order_by("name").scalar("name"))
        message = f"There is no role {name}. There are: {known}"
        raise click.ClickException(message)
    return role
