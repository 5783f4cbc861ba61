"""`python -m svc_oms.admin replay`, `export` and `evidence`: what is made of the log."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from eventlog.copies.entries import EventSource, SourceError
from eventlog.copies.kafka import KafkaSource
from kernel.clock import SystemClock
from kernel.nanoseconds import to_us
from mesh.kafka.connection import KafkaFields, kafka_configuration, quiet
from mesh.settings import load_settings
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.postgres.replay.scratch_book import PostgresScratchBooks
from svc_oms.adapters.table_files import TableFileError, table_file
from svc_oms.admin_options import (
    EXIT_DIFFERENCE,
    TIME_WORDS,
    JsonOption,
    Progress,
    database_url,
    keep_check,
    range_ns,
    show_report,
)
from svc_oms.service.controls.controls_at import ControlsInThePast
from svc_oms.service.exports.export import TABLES, Table
from svc_oms.service.exports.folded_log import LogReader
from svc_oms.service.ports import StoreRefusedError, StoreUnavailableError
from svc_oms.service.ports.recovery_ports import CheckName
from svc_oms.service.replay.replay import ORDERS, Replay, ReplayScope
from svc_oms.service.replay.report import ReplayReport
from svc_oms.service.replay.scratch import ScratchError
from svc_oms.service.self_assessment.evidence import Evidence
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
    as_json: JsonOption = False,
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
    show_report(CheckName.REPLAY, report, as_json=as_json)
    typer.echo(f"the book that the copy makes is in schema {schema}", err=as_json)
    if not (begin or end or account):
        keep = keep_check(
            database_url(LogSettings), CheckName.REPLAY, report, SystemClock().now_ns()
        )
        asyncio.run(keep)
    sys.exit(EXIT_DIFFERENCE if report.found else 0)


OutOption = Annotated[Path, typer.Option(help="File to write.")]


def export(
    table: Annotated[str, typer.Argument(help=f"{', '.join(TABLES)}.")],
    out: OutOption,
    begin: FromOption = "",
    end: ToOption = "",
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; repeatable.")
    ] = None,
) -> None:
    """Write a table of orders to a .csv or .parquet file; docs/REPLAY.md lists the columns."""
    if table not in TABLES:
        raise typer.BadParameter(f"the table is {table!r}; it should be one of {', '.join(TABLES)}")
    since, until = range_ns(begin, end, SystemClock().now_ns())
    try:
        lines = asyncio.run(_export(TABLES[table], out, since, until, frozenset(account or ())))
    except (TableFileError, ValueError) as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_DIFFERENCE)
    for line in lines:
        typer.echo(line)


async def _export(
    table: Table, out: Path, since: int, until: int, accounts: frozenset[str]
) -> list[str]:
    count = 0
    store = await PostgresStore.connect(database_url(LogSettings), "svc-oms-export")
    try:
        with table_file(out, table.columns) as writer:
            async with store.audit() as reader:
                log = LogReader(reader, since, until, Progress().show)
                async for rows in table.rows(log.pages(accounts)):
                    writer.write(rows)
                    count += len(rows)
    finally:
        await store.close()
    archived = [f"not exported: {name}: {gone.text}" for name, gone in sorted(log.archived.items())]
    return [f"{count:,} rows in {out}", *archived]


def evidence(out: OutOption, begin: FromOption = "", end: ToOption = "") -> None:
    """Write the evidence for the yearly self-assessment of RTS 6 Article 9 as one HTML page."""
    since, until = range_ns(begin, end, SystemClock().now_ns())
    try:
        text = asyncio.run(_evidence(since, until))
        partial = out.with_name(f"{out.name}.partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    except (OSError, ValueError) as error:
        typer.echo(f"{out} cannot be written: {error}", err=True)
        sys.exit(EXIT_DIFFERENCE)
    typer.echo(f"{out}: {len(text):,} characters")


async def _evidence(since: int, until: int) -> str:
    store = await PostgresStore.connect(database_url(LogSettings), "svc-oms-evidence")
    try:
        async with store.audit() as reader:
            controls = ControlsInThePast(store.controls(), store.kills)
            events = LogReader(reader, since, until, Progress().show)
            log = reader.evidence_log()
            return await Evidence(log, controls, events, to_us(since), to_us(until)).html()
    finally:
        await store.close()


async def _replay(archive: str, schema: str, scope: ReplayScope) -> ReplayReport:
    # The copy's end is fixed before the view of PostgreSQL: no event of it can be newer.
    source = await copy_of_the_log(archive)
    try:
        async with PostgresScratchBooks(database_url(LogSettings)).open(schema) as scratch:
            return await Replay(source, scratch, scope, Progress().show).run()
    finally:
        await source.close()


async def copy_of_the_log(archive: str) -> EventSource:
    """Open the copy of the log: an archive, or Kafka as the settings name it.

    Raises:
        SourceError: It cannot be read.
    """
    if archive:
        return _archive(archive)
    settings = load_settings(LogSettings)
    if not settings.kafka_bootstrap:
        raise SourceError(
            "nothing says where the copy of the log is; set ORDERMESH_KAFKA_BOOTSTRAP, or give "
            "--archive"
        )
    configuration = kafka_configuration(settings, settings) | quiet()
    return await KafkaSource.opened(configuration, settings.kafka_topic_prefix, [ORDERS])


def _archive(place: str) -> EventSource:
    try:
        from event_archive.source import ArchiveSource  # what reads Parquet is an extra
    except ImportError as error:
        raise SourceError(
            f"{error}: an archive needs pyarrow: `pip install 'ordermesh[parquet]'`"
        ) from error
    return ArchiveSource(place)
