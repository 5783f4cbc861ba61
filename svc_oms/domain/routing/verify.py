"""Checks that routed orders are the sums of their children, and never exceed themselves.

Invariant 11: what the children executed and may still execute is at most the parent's quantity,
unless a venue executed more than it was asked to, which is an anomaly of its order.
"""

from decimal import Decimal

from kernel.decimals import plain
from svc_oms.domain.model import Order
from svc_oms.domain.numbers import ZERO, add
from svc_oms.domain.routing.orders import possibly_live
from svc_oms.domain.verification.verify import Finding


class _Sums:
    """What is known of one routed order."""

    __slots__ = ("cum", "flagged", "live", "notional", "parent")

    def __init__(self) -> None:
        self.parent: Order | None = None
        self.cum: Decimal = ZERO
        self.notional: Decimal = ZERO
        self.live: Decimal = ZERO
        self.flagged = False


class RoutedSums:
    """Sums over the children of each routed order of an account."""

    def __init__(self) -> None:
        self._sums: dict[str, _Sums] = {}

    def add(self, order: Order) -> None:
        """Add an order; one that is not routed is left out."""
        parent_id = order.order_id if order.routing is not None else order.routed_by
        if not parent_id:
            return
        sums = self._sums.setdefault(parent_id, _Sums())
        sums.flagged |= order.anomaly_count > 0
        if order.routing is not None:
            sums.parent = order
            return
        sums.cum = add(sums.cum, order.cum_quantity)
        sums.notional = add(sums.notional, order.notional)
        sums.live = add(sums.live, possibly_live([order]))

    def findings(self) -> list[Finding]:
        """Return what is wrong."""
        return [one for parent_id, sums in self._sums.items() for one in _check(parent_id, sums)]


def _check(parent_id: str, sums: _Sums) -> list[Finding]:
    parent = sums.parent
    if parent is None:
        return [Finding("routing", parent_id, "has children but is not stored")]
    texts = []
    if (parent.cum_quantity, parent.notional) != (sums.cum, sums.notional):
        texts.append(
            f"has cum {plain(parent.cum_quantity)} and notional {plain(parent.notional)} but its "
            f"children make {plain(sums.cum)} and {plain(sums.notional)}"
        )
    committed = add(sums.cum, sums.live)
    if committed > parent.quantity_possible and not sums.flagged:
        texts.append(
            f"its children executed {plain(sums.cum)} and may execute {plain(sums.live)} of "
            f"{plain(parent.quantity_possible)}"
        )
    if parent.is_closed and sums.live and not sums.flagged:
        texts.append(f"is {parent.state.name} while {plain(sums.live)} may be executed")
    return [Finding("routing", parent_id, text) for text in texts]
