"""Administration of prices and reference data: `python -m svc_marketdata.admin COMMAND`."""

import asyncio
from typing import Annotated

import typer

from eventlog.rights import ReaderName
from mesh.settings import load_settings
from svc_marketdata.adapters.postgres.migrate import let_read_logs
from svc_marketdata.adapters.postgres.migrate import migrate as migrate_schema
from svc_marketdata.settings import MarketDataSettings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def main() -> None:
    """Administration of prices and reference data."""


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
    """Bring the schema `marketdata` up to date."""
    revision = asyncio.run(migrate_schema(_database_url(), service_role))
    typer.echo(f"schema marketdata is at revision {revision}")


@app.command()
def grant_log_reader(
    reader: Annotated[
        ReaderName, typer.Argument(help="Service that reads; it gets the views that it needs.")
    ],
    role: Annotated[str, typer.Argument(help="Role that it connects as; it must exist.")],
) -> None:
    """Let a service read the logs of this schema that it needs; run this as the owner."""
    asyncio.run(let_read_logs(_database_url(), reader, role))
    typer.echo(f"{role} may read what {reader} needs of the schema marketdata")


def _database_url() -> str:
    url = load_settings(MarketDataSettings).database_url
    if not url:
        raise typer.BadParameter(
            "set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database"
        )
    return url


if __name__ == "__main__":
    app()
