"""Administration of the order book: `python -m svc_oms.admin COMMAND`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from eventlog.rights import ReaderName
from kernel.clock import SystemClock
from kernel.hashchain import Head
from mesh import checkpoints
from mesh.checkpoint_copies import copy_checkpoints
from mesh.settings import SETTINGS_EXIT_CODE, SettingsError, load_settings
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.migrate import let_read_logs, newest_revision
from svc_oms.adapters.postgres.migrate import migrate as run_migrations
from svc_oms.adapters.postgres.orders.order_store import Partition, PostgresStore
from svc_oms.admin_log import evidence, export, replay
from svc_oms.admin_options import (
    EXIT_DIFFERENCE,
    JsonOption,
    Progress,
    database_url,
    keep_check,
    show_report,
)
from svc_oms.admin_retention import ArchiveOption, report_archive
from svc_oms.admin_retention import retention as run_retention
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.book.checkpoints import compare_with_checkpoint
from svc_oms.service.book.verification import EVERYTHING, Scope, verify_book
from svc_oms.service.controls.rebuild_positions import build_positions, rebuild_positions
from svc_oms.service.ports import AccountInfo, StoreUnavailableError
from svc_oms.service.ports.recovery_ports import CheckName
from svc_oms.service.recovery.verification import older_findings, read_mark
from svc_oms.settings import OmsSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
for log_command in (replay, export, evidence):
    app.command()(log_command)

EXIT_UNAVAILABLE = 3
SCHEMA = "oms"
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


@asynccontextmanager
async def _store(name: str = "svc-oms-admin") -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.connect(database_url(), name)
    try:
        yield store
    finally:
        await store.close()


@app.command()
def migrate(
    service_role: Annotated[
        str,
        typer.Option(
            help="Role that the service connects as; it gets the rights it needs. Without it the "
            "service uses the role of ORDERMESH_DATABASE_URL, which owns the tables."
        ),
    ] = "",
) -> None:
    """Bring the schema `oms` to the revision this code needs, and build missing positions."""

    async def bring() -> int:
        await run_migrations(database_url(), service_role=service_role)
        async with _store() as store:
            return await build_positions(store, store.controls())

    built = asyncio.run(bring())
    typer.echo(f"schema oms is at revision {newest_revision()}")
    if built:
        typer.echo(f"positions of {built} accounts were built from their logs")


@app.command()
def grant_log_reader(
    reader: Annotated[
        ReaderName, typer.Argument(help="Service that reads; it gets the views that it needs.")
    ],
    role: Annotated[str, typer.Argument(help="Role that it connects as; it must exist.")],
) -> None:
    """Let a service read the logs of this schema that it needs; run this as the owner."""
    asyncio.run(let_read_logs(database_url(), reader, role))
    typer.echo(f"{role} may read what {reader} needs of the schema oms")


@app.command("rebuild-positions")
def rebuild() -> None:
    """Build the positions that differ from the log anew; `verify` says which they are."""

    async def bring() -> int:
        async with _store() as store:
            return await rebuild_positions(store, store.controls())

    typer.echo(f"positions of {asyncio.run(bring())} accounts were built anew")


@app.command()
def ensure_account(
    account: Annotated[str, typer.Option(help="Upper-case letters, digits and -.")],
    name: Annotated[str, typer.Option(help="Its name for people.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    firm: Annotated[str, typer.Option(help="The firm it belongs to.")] = "DEMO",
    desk: Annotated[str, typer.Option(help="The trading desk, FIRM/DESK; may be empty.")] = "",
    by: Annotated[str, typer.Option(help="Who orders it; written to the audit log.")] = "admin",
) -> None:
    """Create a trading account, or bring its name, currency, firm and desk up to date."""
    # Without a firm it is a desk of this one, as in earlier versions.
    firm_of_desk, slash, own_name = desk.rpartition("/")
    if slash and (firm_of_desk != firm or not own_name):
        raise typer.BadParameter(f"--desk is {desk!r}; it should be {firm}/DESK, of --firm {firm}")
    state = order_pb2.ACCOUNT_STATUS_ACTIVE
    info = AccountInfo(account, name, currency, firm, state, own_name)

    async def ensure() -> bool:
        async with _store() as store:
            text = f"account {account} is {name!r}, {currency}, firm {firm}, desk {desk or 'none'}"
            now_ns = SystemClock().now_ns()
            entry = action(now_ns, by, "admin/ensure-account", text, account_id=account)
            return await store.ensure_account(info, AuditLog("admin").recorder(entry))

    typer.echo(f"account {account} {'created' if asyncio.run(ensure()) else 'is there'}")


@app.command()
def disconnect_default(
    account: Annotated[str, typer.Option(help="The account.")],
    by: Annotated[str, typer.Option(help="Who orders it; written to the audit log.")],
    grace_s: Annotated[
        int | None,
        typer.Option(help="Seconds; leave out to remove the default.", min=0, max=300),
    ] = None,
) -> None:
    """Guard every flow that trades for an account: cancel on disconnect, after a grace."""
    text = f"cancel on disconnect is {'off' if grace_s is None else f'{grace_s} s'} by default"

    async def set_default() -> bool:
        async with _store() as store:
            now_ns = SystemClock().now_ns()
            entry = action(now_ns, by, "admin/disconnect-default", text, account_id=account)
            record = AuditLog("admin").recorder(entry)
            return await store.guards().set_default(account, grace_s, record)

    if not asyncio.run(set_default()):
        raise typer.BadParameter(f"account {account!r} does not exist")
    typer.echo(f"account {account}: {text}")


@app.command()
def partitions() -> None:
    """List the partitions of the order log; mark those past ORDERMESH_RETENTION_EVENTS_DAYS."""
    days = load_settings(OmsSettings).retention_events_days

    async def read() -> list[Partition]:
        async with _store() as store:
            return await store.partitions(days)

    for part in asyncio.run(read()):
        line = f"{part.name}\t{part.bounds}\t{part.size_bytes // 1024} KiB"
        typer.echo(f"{line}\tpast {days} days" if days and part.past_retention else line)


@app.command()
def retention(
    archive: ArchiveOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what a run would do; change nothing.")
    ] = False,
) -> None:
    """Archive and remove orders and audit entries that are older than their age.

    The ages are ORDERMESH_RETENTION_EVENTS_DAYS and ORDERMESH_RETENTION_AUDIT_DAYS. Needs the URL
    of the role that owns the tables.
    """
    settings = load_settings(OmsSettings)
    ages = settings.retention_events_days, settings.retention_audit_days
    try:
        asyncio.run(run_retention(database_url(), archive, *ages, dry_run=dry_run))
    except RuntimeError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_DIFFERENCE)


AgainstOption = Annotated[
    list[Path] | None,
    typer.Option(help="A checkpoint: find what was rewritten or cut since; repeatable."),
]
KeyOption = Annotated[
    Path | None, typer.Option(help="Public key of the checkpoints, KEY.pub; with --against.")
]


def _checkpointed(against: list[Path] | None, key: Path | None) -> dict[str, list[Head]]:
    try:
        return checkpoints.read_checkpoints(against or (), key, SCHEMA)
    except checkpoints.CheckpointError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def verify_archive(
    archive: ArchiveOption, against: AgainstOption = None, key: KeyOption = None
) -> None:
    """Check the files of an archive: digests, hash chains; exit code 1 on any difference."""
    report_archive(database_url(), archive, _checkpointed(against, key))


@app.command()
def verify(
    mark: Annotated[
        list[Path] | None,
        typer.Option(
            help="A gateway's book-mark.json: say whether the book is older; repeatable.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    against: AgainstOption = None,
    key: KeyOption = None,
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; repeatable.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(help="Only what was recorded since this time, UTC.", formats=TIMES),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the book from its log and compare; exit code 1 on any difference."""
    since_us = 0 if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1_000_000)
    scope = Scope(frozenset(account or ()), since_us)
    checkpointed = _checkpointed(against, key)

    async def check() -> int:
        async with _store("svc-oms-verify") as store:
            report = await verify_book(store, scope, Progress().show)
            report.add(await older_findings(store.recoveries(), _marks(mark or ())))
            for name, known in checkpointed.items():
                await compare_with_checkpoint(store, name, known, report)
        show_report(CheckName.VERIFY, report, as_json=as_json)
        if scope == EVERYTHING:
            now_ns = SystemClock().now_ns()
            await keep_check(database_url(), CheckName.VERIFY, report, now_ns)
        return EXIT_DIFFERENCE if report.found else 0

    sys.exit(asyncio.run(check()))


@app.command("new-checkpoint-key")
def new_checkpoint_key(path: Path) -> None:
    """Make the key that signs checkpoints, and PATH.pub, which verifies them."""
    try:
        public = checkpoints.write_new_key(path)
    except checkpoints.CheckpointError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(f"{path}: keep it where the database is not. {public}: for verify --key")


@app.command()
def checkpoint(
    path: Annotated[
        Path, typer.Argument(help="A new file, or a folder for it, where the database is not.")
    ],
    key: Annotated[Path, typer.Option(help="The private key, of new-checkpoint-key.")],
) -> None:
    """Write the newest entry of every log, signed; `verify --against` compares with it later."""

    async def read() -> tuple[str, list[Head]]:
        async with _store("svc-oms-checkpoint") as store, store.audit() as reader:
            return await reader.epoch(), await reader.heads()

    try:
        epoch, heads = asyncio.run(read())
        taken_at = datetime.now(UTC).isoformat(timespec="seconds")
        about = checkpoints.About(SCHEMA, epoch, taken_at)
        path, count = checkpoints.write_checkpoint(path, key, about, heads)
        typer.echo(f"{path}: the newest entries of {count} chains")
        place = load_settings(OmsSettings).checkpoint_copy_to
        for line in copy_checkpoints(path, place) if place else ():
            typer.echo(line)
    except checkpoints.CheckpointError as error:
        raise typer.BadParameter(str(error)) from error


def _marks(paths: Iterable[Path]) -> dict[str, gw.BookMark]:
    try:
        return {str(path): read_mark(path.read_text(encoding="utf-8")) for path in paths}
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"--mark: {error}") from error


def main() -> None:
    """Run a command; report a missing database or a bad setting in one line."""
    try:
        app()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        sys.exit(SETTINGS_EXIT_CODE)
    except StoreUnavailableError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_UNAVAILABLE)


if __name__ == "__main__":
    main()
