"""Positions of a whole log, for its verification: folded in a stream, and compared."""

from collections.abc import Container, Mapping
from decimal import Decimal

from kernel.decimals import plain
from svc_oms.domain.events import Event, OrderExecuted
from svc_oms.domain.model import InstrumentKey, Order
from svc_oms.domain.numbers import ZERO
from svc_oms.domain.positions.account_positions import (
    AMENDING,
    NO_OPENINGS,
    Amendments,
    Openings,
    Position,
    Refold,
    fill_of,
    followed,
)
from svc_oms.domain.verification.verify import Finding


class PositionFold:
    """Folds the positions of an account fill by fill, and keeps no fill.

    A position with busts or corrections needs all its fills again, in a second reading of the log
    (`refolds`), because the first reading comes to the fills before it knows what became of them.
    Executions that are in the openings are left out.
    """

    def __init__(self, account_id: str, openings: Openings = NO_OPENINGS) -> None:
        self._account_id = account_id
        self._openings = openings
        self._positions = dict(openings.positions)
        self._amendments: dict[InstrumentKey, Amendments] = {}
        self._refolds: dict[InstrumentKey, Refold] = {}

    def add(self, order: Order, event: Event, sequence: int) -> None:
        """Add an event of the log, in its order."""
        if sequence <= self._openings.sequence or order.routing is not None:
            # The executions of a routed order are those of its children, and count there.
            return
        if isinstance(event, OrderExecuted):
            key = InstrumentKey.of(order)
            position = self._positions.get(key) or Position(self._account_id, *key)
            self._positions[key] = followed(position, fill_of(order, event, sequence))
        elif isinstance(event, AMENDING):
            amended = self._amendments.setdefault(InstrumentKey.of(order), Amendments())
            amended.add(order.order_id, order.side, event, sequence)

    def refolds(self) -> bool:
        """Begin the second reading; return whether it is needed."""
        self._refolds = {
            key: Refold(self._account_id, key, amendments, self._openings)
            for key, amendments in self._amendments.items()
        }
        return bool(self._refolds)

    def add_again(self, order: Order, event: Event, sequence: int) -> None:
        """Add an event of the log in the second reading."""
        if sequence <= self._openings.sequence or not isinstance(event, OrderExecuted):
            return
        if order.routing is not None:
            return
        refold = self._refolds.get(InstrumentKey.of(order))
        if refold is not None:
            refold.add(fill_of(order, event, sequence))

    def finished(self) -> tuple[dict[InstrumentKey, Position], set[InstrumentKey]]:
        """Return what the log makes, and the positions whose archived executions it amends."""
        refolded = {key: fold.finished() for key, fold in self._refolds.items()}
        amended = {key for key, fold in self._refolds.items() if fold.archived_amended_at}
        return self._positions | refolded, amended


def compare_positions(
    account_id: str,
    stored: Mapping[InstrumentKey, Position],
    made: Mapping[InstrumentKey, Position],
    sums: Mapping[InstrumentKey, Decimal],
    amended: Container[InstrumentKey] = (),
) -> list[Finding]:
    """Compare positions with those that the log makes, and with the sums of the executions.

    Args:
        account_id: The account.
        stored: Its positions.
        made: What the log makes.
        sums: The openings and the executions that are not in them.
        amended: Where the log amends what is in an opening, the executions alone do not make the
            position.
    """
    findings = []
    for key in sorted(made.keys() | stored.keys()):
        if stored.get(key) != made.get(key):
            text = f"is {stored.get(key)}, the log makes {made.get(key)}"
            findings.append(Finding("positions", f"{account_id} {key[0]} {key[1]}", text))
    for key, position in stored.items():
        total = sums.get(key, ZERO)
        if key not in amended and position.quantity != total:
            text = f"is {plain(position.quantity)} where its executions make {plain(total)}"
            findings.append(Finding("positions", f"{account_id} {key[0]} {key[1]}", text))
    return findings
