"""`python -m svc_oms.admin retention` and `verify-archive`."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kernel.clock import SystemClock
from kernel.hashchain import Head, differences
from svc_oms.adapters.archive_files import ArchiveFolder, chain_ends, find_heads, verify_files
from svc_oms.adapters.postgres.orders.order_store import PostgresStore
from svc_oms.adapters.postgres.retention.retention_store import PostgresRetention
from svc_oms.service.audit.audit_log import AuditLog, action
from svc_oms.service.ports.retention_ports import Source
from svc_oms.service.retention.retention import (
    plan_audit,
    plan_orders,
    retain_audit,
    retain_orders,
)

EXIT_DIFFERENCE = 1

Checkpoints = Mapping[str, Sequence[Head]]
"""Heads of chains, by the name of their checkpoint."""

ArchiveOption = Annotated[
    Path, typer.Option("--archive", help="The folder of the archive; made if it is missing.")
]


async def retention(
    database_url: str, archive: Path, orders_days: int, audit_days: int, *, dry_run: bool
) -> None:
    """Archive and remove what is older than its age; see `service/retention`."""
    now_ns = SystemClock().now_ns()
    folder = ArchiveFolder(archive, now_ns)
    orders = entries = 0
    async with PostgresRetention.opened(database_url) as store:
        if dry_run:
            if orders_days:
                await plan_orders(store, orders_days, typer.echo)
            if audit_days:
                await plan_audit(store, audit_days, typer.echo)
            return
        if orders_days:
            orders = await retain_orders(store, folder, orders_days, typer.echo)
        if audit_days:
            entries = await retain_audit(store, folder, audit_days, typer.echo)
    if orders or entries:
        text = f"archived and removed {orders} orders and {entries} entries of the audit log"
        await _record(database_url, now_ns, text, archive)
        typer.echo(text)


async def _record(database_url: str, now_ns: int, text: str, archive: Path) -> None:
    store = await PostgresStore.connect(database_url, "svc-oms-admin")
    try:
        entry = action(now_ns, "oms:retention", "admin/retention", text, archive=archive)
        await AuditLog("admin").record(store, [entry])
    finally:
        await store.close()


async def archive_findings(
    database_url: str, archive: Path, checkpointed: Checkpoints
) -> list[str]:
    """Compare an archive with what the database recorded of it, and check its hash chains.

    Args:
        database_url: Of the order book.
        archive: The folder of the archive.
        checkpointed: Heads by the name of their checkpoint; those below the base of their chain
            must be in the archive.
    """
    async with PostgresRetention.opened(database_url) as store:
        findings = list(verify_files(archive, await store.archives()))
        begins: dict[tuple[str, str], int] = {}
        for source in (Source.EVENTS, Source.AUDIT):
            ends = chain_ends(archive, source)
            for base in await store.bases(source):
                sequence, found = ends.get(base.key, (0, b""))
                if sequence < base.sequence:
                    findings.append(
                        f"{source} of {base.key} ends at {sequence}, "
                        f"but the database begins after {base.sequence}"
                    )
                elif sequence == base.sequence and found != base.hash:
                    findings.append(f"{source} of {base.key}: {sequence} is another entry here")
                begins[source, base.key] = base.sequence
    for name, heads in checkpointed.items():
        archived = [head for head in heads if head.version <= begins.get(head[:2], 0)]
        findings += [
            f"checkpoint: {head.log}/{head.key}: {text} ({name})"
            for head, text in differences(archived, find_heads(archive, archived))
        ]
    return findings


def report_archive(database_url: str, archive: Path, checkpointed: Checkpoints) -> None:
    """Print what is wrong with an archive; exit code 1 if anything is."""
    findings = asyncio.run(archive_findings(database_url, archive, checkpointed))
    for finding in findings:
        typer.echo(finding)
    typer.echo(f"{len(findings)} differences" if findings else "no difference")
    if findings:
        sys.exit(EXIT_DIFFERENCE)
