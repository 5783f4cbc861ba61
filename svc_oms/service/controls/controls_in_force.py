"""The controls as one replica knows them: limits as last read, open orders, counts."""

from collections.abc import Mapping

from kernel.nanoseconds import to_us
from svc_oms.domain.controls.limits.controls import NO_CONTROLS, Controls
from svc_oms.domain.controls.limits.limit_values import (
    DEFAULT_ID,
    Applied,
    Limit,
    LimitKind,
    LimitScope,
    Range,
    TradingState,
    Values,
)
from svc_oms.domain.controls.state import AccountState, read_state
from svc_oms.domain.controls.trial import AccountView
from svc_oms.domain.model import Order
from svc_oms.domain.order_terms.checks import Limits
from svc_oms.service.codec.control_records import (
    Decoded,
    decoded,
    read_controls,
    strategy_name,
)
from svc_oms.service.controls.account_books import ACCOUNTS_KEPT_MAX, Books
from svc_oms.service.ports import AccountRow, Transaction
from svc_oms.service.reference.market import Market


class ControlsInForce:
    """What control and follower of one replica share: the controls as last read, and books."""

    def __init__(self, market: Market, limits: Limits) -> None:
        self.market = market
        self.books = Books(market.reference_price)
        self.defaults = default_limits(limits)
        self._controls = NO_CONTROLS
        self._decoded: Decoded = {}
        self._states: dict[str, tuple[str, AccountState]] = {}
        """By account: a text of its row, and what it says."""

    async def controls(self, transaction: Transaction, seen: int, now_ns: int) -> Controls:
        """Return the controls, read again if they have changed."""
        if seen > self._controls.version:
            # After the lock: nothing changes between the two statements.
            version = await transaction.controls_version()
            records = await transaction.control_records(to_us(now_ns))
            self._decoded = decoded(records, self._decoded)
            self._controls = read_controls(version, self._decoded)
        return self._controls

    def views(
        self,
        accounts: Mapping[str, AccountRow],
        controls: Controls,
        states: dict[str, AccountState],
    ) -> dict[str, AccountView]:
        """Return the `view` of each account."""
        return {name: self.view(row, controls, states) for name, row in accounts.items()}

    def view(
        self, row: AccountRow, controls: Controls, states: dict[str, AccountState]
    ) -> AccountView:
        """Return what an account's controls need, without its open orders.

        Args:
            row: The account.
            controls: The controls in force.
            states: What the controls and followers of one batch share and change.
        """
        return AccountView(
            account_id=row.account_id,
            firm_id=row.firm_id,
            controls=controls,
            limits=controls.of_account(row.account_id, row.firm_id, row.desk_id),
            defaults=self.defaults,
            state=self._state(row, states),
            book=None,
            own_state=TradingState(row.status),
            value_price=self.market.reference_price,
            collar_price=self.market.collar_price,
            strategy_of=strategy_of,
        )

    def _state(self, row: AccountRow, states: dict[str, AccountState]) -> AccountState:
        """Return what the text of a row says; its batch alone has it, and may change it."""
        known = states.get(row.account_id)
        if known is None:
            text, kept = self._states.pop(row.account_id, ("", None))
            known = kept if kept is not None and text == row.controls else read_state(row.controls)
            states[row.account_id] = known
        return known

    def keep(self, account_id: str, text: str, state: AccountState) -> None:
        """Keep what a text says, in case the account's row has it at the next batch."""
        if len(self._states) > ACCOUNTS_KEPT_MAX:
            self._states.clear()
        self._states[account_id] = text, state


def strategy_of(order: Order) -> str:
    """Return the key by which the repeated-execution throttle counts an order."""
    return strategy_name(order.regulatory, order.placed_by)


def default_limits(limits: Limits) -> dict[LimitKind, Applied]:
    """Return the limits of the settings, which apply where no other of their kind does."""
    made = {}
    for kind, values in (
        (LimitKind.MAX_ORDER_QUANTITY, Values(quantity=limits.max_quantity)),
        (LimitKind.MAX_ORDER_VALUE, Values(value=limits.max_value)),
    ):
        if values != Values():
            limit = Limit(DEFAULT_ID, 0, kind, Range(LimitScope.FIRM, ""), values)
            made[kind] = Applied(limit, values)
    return made
