"""`db backup` and `db restore`: everything into a folder while the product runs, and out of it again."""

from pathlib import Path

import click

from backoffice import secret_files, settings
from backoffice.backups import making, restoring
from backoffice.backups.manifest import Manifest, fingerprint
from backoffice.commands.connection import connected
from backoffice.settings import Settings, variable
from models import audit
from models.database import db
from models.people import Actor

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--with-secret",
    is_flag=True,
    help="Put the secret key into the backup, too. Whoever has both can read everything.",
)
def backup(folder: Path, *, with_secret: bool) -> None:
    """Write everything stored into DIR, as it stands now, while the product runs.

    Sessions and the counters of attempts to sign in are left out, and messages of the broker, which jobs
    replace. The private files of DIR are not encrypted: keep them as you keep passwords.
    """
    with connected(migrated=False) as chosen:
        made = making.make(db(), folder.absolute(), chosen.secret_key, click.echo, with_secret=with_secret)
        audit.note(
            "backup.made",
            actor=Actor.system(),
            subject=folder.name,
            details={"documents": made.count, "taken_at": made.taken_at.isoformat(), "secret": with_secret},
        )
    click.echo(f"backup of {made.taken_at:%Y-%m-%d %H:%M:%S} UTC: {made.count:,} documents in {folder}")
    if not with_secret:
        click.echo(
            "Keep the secret key apart from it and safe, too "
            f"({_where(chosen)}): without it, second factors and passwords of channels cannot be read."
        )


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--start-over", is_flag=True, help="Remove first what an interrupted restore left.")
def restore(folder: Path, *, start_over: bool) -> None:
    """Bring the backup in DIR into an empty database, and bring it up to date.

    Every file is checked before, every document compared after. Until the end, nothing works on the database.
    """
    with connected(empty=True) as chosen:
        manifest = restoring.restore(db(), folder.absolute(), click.echo, start_over=start_over)
        audit.note(
            "backup.restored",
            actor=Actor.system(),
            subject=folder.name,
            details={"documents": manifest.count, "taken_at": manifest.taken_at.isoformat()},
        )
        restoring.finish()
        _see_to_the_secret(chosen, folder, manifest)
    click.echo(f"restored {manifest.count:,} documents; everybody signs in again")


def _where(chosen: Settings) -> str:
    """Say where the secret of this installation is."""
    kept = chosen.data_dir / settings.SECRET_FILE
    return str(kept) if settings.secret_is_kept(chosen) else variable("secret_key")


def _see_to_the_secret(chosen: Settings, folder: Path, manifest: Manifest) -> None:
    """Put a secret that came with the backup in its place, or say that another one is needed."""
    if fingerprint(chosen.secret_key) == manifest.secret:
        return
    brought = restoring.secret_of(folder)
    if brought and settings.secret_is_kept(chosen) and fingerprint(brought) == manifest.secret:
        secret_files.keep(chosen.data_dir / settings.SECRET_FILE, brought)
        click.echo(f"the secret key of the backup is now in {chosen.data_dir / settings.SECRET_FILE}")
        return
    click.echo(
        "Warning: the secret key here is not the one of the backup, so second factors and passwords of "
        f"channels cannot be read. Put the former one in its place: {_where(chosen)}.",
        err=True,
    )
