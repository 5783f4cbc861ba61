"""Builds the positions of accounts that traded before positions were stored, from their logs."""

from svc_oms.domain.controls.state import read_state, state_text
from svc_oms.domain.positions import positions_of_log
from svc_oms.service.book.verification import Audited
from svc_oms.service.codec.control_records import position_row
from svc_oms.service.codec.order_events import decode_event
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.ports.control_ports import ControlStore

# Attempts for an account whose log grows while it is read; then it is reported.
ATTEMPTS_MAX = 10


async def build_positions(store: Audited, controls: ControlStore) -> int:
    """Build missing positions; return of how many accounts.

    Raises:
        RuntimeError: An account traded all the while and must be stopped first.
    """
    async with store.audit() as reader:
        missing = [
            account.account_id
            for account in await reader.accounts()
            if account.last_sequence
            and not await reader.positions(account.account_id)
            and await reader.executions(account.account_id)
        ]
    for account_id in missing:
        for _ in range(ATTEMPTS_MAX):
            if await _build(store, controls, account_id):
                break
        else:
            raise RuntimeError(f"{account_id} trades while its positions are built: stop it first")
    return len(missing)


async def _build(store: Audited, controls: ControlStore, account_id: str) -> bool:
    (row,) = await controls.account_rows([account_id])
    async with store.audit() as reader:
        lines = [decode_event(payload, stored) async for payload, stored in reader.log(account_id)]
        orders = [read_order(each.body, each.fold) for each in await reader.orders(account_id)]
    positions = positions_of_log(account_id, lines, orders)
    state = read_state(row.controls)
    state.positions_at = f"{row.last_sequence}-built"
    rows = [position_row(each) for each in positions.values()]
    text = state_text(state, 0)
    return await controls.rebuild_positions(account_id, row.last_sequence, rows, text)
