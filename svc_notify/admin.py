"""Administration of notifications: `python -m svc_notify.admin COMMAND`."""

import asyncio
from typing import Annotated

import typer

from mesh.settings import load_settings
from svc_notify.adapters.postgres.migrate import migrate as migrate_schema
from svc_notify.settings import NotifySettings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def main() -> None:
    """Administration of notifications."""


@app.command()
def migrate(
    service_role: Annotated[
        str,
        typer.Option(
            "--service-role",
            help="Role that the service connects as; it gets the rights it needs. Without it the "
            "service uses the role of ORDERMESH_DATABASE_URL, which owns the tables.",
        ),
    ] = "",
) -> None:
    """Bring the schema `notify` up to date."""
    url = load_settings(NotifySettings).database_url
    if not url:
        raise typer.BadParameter(
            "set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database"
        )
    revision = asyncio.run(migrate_schema(url, service_role))
    typer.echo(f"schema notify is at revision {revision}")


if __name__ == "__main__":
    app()
