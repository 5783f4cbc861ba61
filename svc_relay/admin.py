"""Administration of the copy of the logs: `python -m svc_relay.admin COMMAND`."""

import asyncio
from collections.abc import Mapping
from typing import Final

import typer

from eventlog.logs import Log, Position
from mesh.kafka.connection import kafka_configuration
from mesh.settings import load_settings
from svc_relay.adapters.kafka.log_sink import LogSink, Owner
from svc_relay.service.ports import OwnerLostError, SinkError
from svc_relay.settings import RelaySettings

TRIES: Final = 3
"""A relay that runs takes the logs back at once, and is shut out again."""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def main() -> None:
    """Administration of the copy of the logs."""


@app.command("rebuild-positions")
def rebuild_positions() -> None:
    """Write the positions that are gone, found by the last records of the topics."""
    try:
        rebuilt = asyncio.run(_rebuild(load_settings(RelaySettings)))
    except SinkError as error:
        typer.echo(error.state.words(), err=True)
        raise typer.Exit(1) from error
    except OwnerLostError as error:
        text = "a relay that runs took the logs back each time: stop it, and run this again"
        typer.echo(text, err=True)
        raise typer.Exit(1) from error
    for log, position in rebuilt.items():
        typer.echo(f"{log}: entry {position.log_number} is the last one in Kafka")
    if not rebuilt:
        typer.echo("no position is missing: nothing was written")


async def _rebuild(settings: RelaySettings) -> Mapping[Log, Position]:
    owner = Owner(
        settings.kafka_topic_prefix, settings.kafka_cluster_id, "", settings.relay_lease_s
    )
    sink = LogSink(kafka_configuration(settings, settings), owner)
    tries = 0
    while True:
        try:
            return await sink.rebuild()
        except OwnerLostError:
            tries += 1
            if tries == TRIES:
                raise
        finally:
            await sink.close()


if __name__ == "__main__":
    app()
