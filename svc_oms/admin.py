"""Administration of the order book: `python -m svc_oms.admin COMMAND`."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from kernel.clock import SystemClock
from mesh.settings import SettingsError, load_settings
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import order_pb2
from svc_oms.adapters.postgres.migrate import migrate as run_migrations
from svc_oms.adapters.postgres.migrate import newest_revision
from svc_oms.adapters.postgres.order_store import Partition, PostgresStore
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.book.verification import verify_book
from svc_oms.service.controls.rebuild_positions import build_positions, rebuild_positions
from svc_oms.service.ports import AccountInfo, StoreUnavailableError
from svc_oms.service.recovery.verification import older_findings, read_mark
from svc_oms.settings import OmsSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

EXIT_DIFFERENCE = 1
EXIT_UNAVAILABLE = 3


def _database_url() -> str:
    try:
        url = load_settings(OmsSettings).database_url
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    if not url:
        raise typer.BadParameter("set ORDERMESH_DATABASE_URL to postgresql://user@host:port/name")
    return url


@app.command()
def migrate() -> None:
    """Bring the schema `oms` to the revision this code needs, and build missing positions."""

    async def bring() -> int:
        await run_migrations(_database_url())
        store = await PostgresStore.connect(_database_url(), "svc-oms-admin")
        try:
            return await build_positions(store, store.controls())
        finally:
            await store.close()

    built = asyncio.run(bring())
    typer.echo(f"schema oms is at revision {newest_revision()}")
    if built:
        typer.echo(f"positions of {built} accounts were built from their logs")


@app.command("rebuild-positions")
def rebuild() -> None:
    """Build the positions that differ from the log anew; `verify` says which they are."""

    async def bring() -> int:
        store = await PostgresStore.connect(_database_url(), "svc-oms-admin")
        try:
            return await rebuild_positions(store, store.controls())
        finally:
            await store.close()

    typer.echo(f"positions of {asyncio.run(bring())} accounts were built anew")


@app.command()
def ensure_account(
    account: Annotated[str, typer.Option(help="Upper-case letters, digits and -.")],
    name: Annotated[str, typer.Option(help="Its name for people.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    firm: Annotated[str, typer.Option(help="The firm it belongs to.")] = "DEMO",
    desk: Annotated[str, typer.Option(help="The trading desk, FIRM/DESK; may be empty.")] = "",
) -> None:
    """Create a trading account, or bring its name, currency, firm and desk up to date."""
    # Without a firm it is a desk of this one, as in earlier versions.
    firm_of_desk, slash, own_name = desk.rpartition("/")
    if slash and (firm_of_desk != firm or not own_name):
        raise typer.BadParameter(f"--desk is {desk!r}; it should be {firm}/DESK, of --firm {firm}")
    state = order_pb2.ACCOUNT_STATUS_ACTIVE
    info = AccountInfo(account, name, currency, firm, state, own_name)

    async def ensure() -> bool:
        store = await PostgresStore.connect(_database_url(), "svc-oms-admin")
        try:
            return await store.ensure_account(info)
        finally:
            await store.close()

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
        store = await PostgresStore.connect(_database_url(), "svc-oms-admin")
        try:
            if not await store.guards().set_default(account, grace_s):
                return False
            now_ns = SystemClock().now_ns()
            entry = action(now_ns, by, "admin/disconnect-default", text, account_id=account)
            await AuditLog("admin").record(store, [entry])
        finally:
            await store.close()
        return True

    if not asyncio.run(set_default()):
        raise typer.BadParameter(f"account {account!r} does not exist")
    typer.echo(f"account {account}: {text}")


@app.command()
def partitions() -> None:
    """List the partitions of the order log; mark those past ORDERMESH_RETENTION_EVENTS_DAYS."""
    url, days = _database_url(), load_settings(OmsSettings).retention_events_days

    async def read() -> list[Partition]:
        store = await PostgresStore.connect(url, "svc-oms-admin")
        try:
            return await store.partitions(days)
        finally:
            await store.close()

    for part in asyncio.run(read()):
        line = f"{part.name}\t{part.bounds}\t{part.size_bytes // 1024} KiB"
        typer.echo(f"{line}\tpast {days} days" if days and part.past_retention else line)


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
) -> None:
    """Recompute the book from its log and compare; exit code 1 on any difference."""

    async def check() -> int:
        store = await PostgresStore.connect(_database_url(), "svc-oms-verify")
        try:
            report = await verify_book(store)
            report.findings += await older_findings(store.recoveries(), _marks(mark or ()))
        finally:
            await store.close()
        for line in report.lines():
            typer.echo(line)
        return EXIT_DIFFERENCE if report.findings else 0

    sys.exit(asyncio.run(check()))


def _marks(paths: Iterable[Path]) -> dict[str, gw.BookMark]:
    try:
        return {str(path): read_mark(path.read_text(encoding="utf-8")) for path in paths}
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"--mark: {error}") from error


def main() -> None:
    """Run a command; report a missing database in one line."""
    try:
        app()
    except StoreUnavailableError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_UNAVAILABLE)


if __name__ == "__main__":
    main()
