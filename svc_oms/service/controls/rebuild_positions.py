"""Builds positions from the logs of accounts: missing ones, and ones that differ from the log."""

from collections.abc import Mapping

from svc_oms.domain.controls.state import read_state, state_text
from svc_oms.domain.model import InstrumentKey
from svc_oms.domain.positions.account_positions import Position
from svc_oms.domain.verification.position_fold import PositionFold
from svc_oms.service.book.account_fold import AccountFold
from svc_oms.service.book.book_view import Audited, BookReader
from svc_oms.service.codec.control_records import openings_value, position_row, position_value
from svc_oms.service.ports.control_ports import ControlStore

# Attempts for an account whose log grows while it is read; then it is reported.
ATTEMPTS_MAX = 10


async def build_positions(store: Audited, controls: ControlStore) -> int:
    """Build the positions of accounts that have none; return of how many accounts.

    Raises:
        RuntimeError: An account traded all the while and must be stopped first.
    """
    async with store.audit() as reader:
        missing = [
            account.account_id
            for account in await reader.accounts()
            if account.last_sequence
            and not await reader.positions(account.account_id)
            and account.executions
        ]
    return await _build_each(store, controls, missing)


async def rebuild_positions(store: Audited, controls: ControlStore) -> int:
    """Build the positions that differ from the log anew; return of how many accounts.

    Raises:
        RuntimeError: As `build_positions`.
    """
    async with store.audit() as reader:
        different = [
            account.account_id
            for account in await reader.accounts()
            if await _of_log(reader, account.account_id)
            != {row[1:3]: position_value(row) for row in await reader.positions(account.account_id)}
        ]
    return await _build_each(store, controls, different)


async def _build_each(store: Audited, controls: ControlStore, account_ids: list[str]) -> int:
    for account_id in account_ids:
        for _ in range(ATTEMPTS_MAX):
            if await _build(store, controls, account_id):
                break
        else:
            raise RuntimeError(f"{account_id} trades while its positions are built: stop it first")
    return len(account_ids)


async def _of_log(reader: BookReader, account_id: str) -> Mapping[InstrumentKey, Position]:
    base = await reader.base(account_id)
    positions = PositionFold(account_id, openings_value(base.openings))
    async for page in AccountFold(reader, account_id, base).pages():
        for order, line in page.moved:
            positions.add(order, line.event, line.sequence)
    if positions.refolds():
        async for page in AccountFold(reader, account_id, base).pages():
            for order, line in page.moved:
                positions.add_again(order, line.event, line.sequence)
    made, _ = positions.finished()
    return made


async def _build(store: Audited, controls: ControlStore, account_id: str) -> bool:
    (row,) = await controls.account_rows([account_id])
    async with store.audit() as reader:
        positions = await _of_log(reader, account_id)
    state = read_state(row.controls)
    state.positions_at = f"{row.last_sequence}-built"
    rows = [position_row(each) for each in positions.values()]
    text = state_text(state, 0)
    return await controls.rebuild_positions(account_id, row.last_sequence, rows, text)
