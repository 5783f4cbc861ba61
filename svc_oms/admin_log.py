"""`python -m svc_oms.admin replay`: what is made of the log, or of a copy of it."""

import asyncio
import sys
from typing import Annotated, Final

import typer

from kernel.clock import SystemClock
from eventlog.copies.entries import EventSource, SourceError
from eventlog.copies.kafka import KafkaSource
from mesh.kafka.connection import KafkaFields, kafka_configuration, quiet
from mesh.settings import load_settings
from svc_oms.adapters.postgres.replay.scratch_book import PostgresScratchBooks
from svc_oms.admin_options import EXIT_DIFFERENCE, TIME_WORDS, Progress, database_url, range_ns
from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError
from svc_oms.service.replay.replay import ORDERS, Replay, ReplayScope
from svc_oms.service.replay.report import ReplayReport
from svc_oms.service.replay.scratch import ScratchError
from svc_oms.settings import OmsSettings

EXIT_NOT_COMPARED: Final = 2

FromOption = Annotated[str, typer.Option("--from", help=f"Begin: {TIME_WORDS}.")]
ToOption = Annotated[
    str, typer.Option("--to", help="End, in the same form, not included; now if not given.")
]
ArchiveOption = Annotated[
    str, typer.Option("--archive", help="Read this archive, a folder or s3://, and not Kafka.")
]


class LogSettings(KafkaFields, OmsSettings):
    """The settings of the OMS, and where Kafka is."""


def replay(
    begin: FromOption = "",
    end: ToOption = "",
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; repeatable.")
    ] = None,
    archive: ArchiveOption = "",
    schema: Annotated[
        str, typer.Option(help="Schema that gets the tables; what a replay left in it goes.")
    ] = "replay",
) -> None:
    """Build the order book anew from the copy of the log, and compare it with PostgreSQL.

    Exit code 0: no difference; 1: each difference is named; 2: it could not be compared.
    """
    now_ns = SystemClock().now_ns()
    since, until = range_ns(begin, end, now_ns)
    scope = ReplayScope(since, until, frozenset(account or ()))
    try:
        report = asyncio.run(_replay(archive, schema, scope))
    except (SourceError, ScratchError, StoreUnavailableError, StoreRefusedError) as error:
        typer.echo(f"not compared: {error}", err=True)
        sys.exit(EXIT_NOT_COMPARED)
    for line in report.lines():
        typer.echo(line)
    typer.echo(f"the book that the copy makes is in schema {schema}")
    sys.exit(EXIT_DIFFERENCE if report.found else 0)


async def _replay(archive: str, schema: str, scope: ReplayScope) -> ReplayReport:
    # The copy's end is fixed before the view of PostgreSQL: no event of it can be newer.
    source = await copy_of_the_log(archive)
    try:
        async with PostgresScratchBooks(database_url()).open(schema) as scratch:
            return await Replay(source, scratch, scope, Progress().show).run()
    finally:
        await source.close()


async def copy_of_the_log(archive: str) -> EventSource:
    """Open the copy of the log: an archive, or Kafka as the settings name it.

    Raises:
        SourceError: It cannot be read.
    """
    settings = load_settings(LogSettings)
    if not settings.kafka_bootstrap:
        raise SourceError(
            "nothing says where the copy of the log is; set ORDERMESH_KAFKA_BOOTSTRAP, or give "
            "--archive"
        )
    configuration = kafka_configuration(settings, settings) | quiet()
    return await KafkaSource.opened(configuration, settings.kafka_topic_prefix, [ORDERS])
