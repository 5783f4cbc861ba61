"""Administration of prices and reference data: `python -m svc_marketdata.admin COMMAND`."""

import asyncio
from typing import Annotated

import typer

from mesh.settings import load_settings
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
    url = load_settings(MarketDataSettings).database_url
    if not url:
        raise typer.BadParameter(
            "set ORDERMESH_DATABASE_URL to postgresql://user@host:port/database"
        )
    revision = asyncio.run(migrate_schema(url, service_role))
    typer.echo(f"schema marketdata is at revision {revision}")


if __name__ == "__main__":
    app()
