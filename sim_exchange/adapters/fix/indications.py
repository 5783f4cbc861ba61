"""What an auction would execute: MDEntryType(269)=Q, clearing price, and A, imbalance.

An imbalance has TradeCondition(277), unless nothing is left over. A deleted entry has price and
size 0.
"""

from typing import Final

from sim_exchange.adapters.fix.wire import price_text
from sim_exchange.domain.uncrossing import Uncrossing

AUCTION_TYPES: Final = frozenset({"Q", "A"})
_NOTHING: Final = Uncrossing(0, 0, 0)


class Indications:
    """What was published of the auctions that are on, by symbol."""

    def __init__(self) -> None:
        self._published: dict[str, Uncrossing] = {}

    def changes(self, symbol: str, now: Uncrossing | None) -> list[str]:
        """Return the entries of an incremental message; none if nothing changed.

        Args:
            symbol: Symbol(55).
            now: What the auction would execute; None if no auction is on, or nothing crosses.
        """
        before = self._published.pop(symbol, None)
        if now is not None:
            self._published[symbol] = now
        if now == before:
            return []
        # MDUpdateAction(279): 0 new, 1 change, 2 delete.
        action = 2 if now is None else 0 if before is None else 1
        return [
            f"279={action}\x01{kind}\x0155={symbol}\x01{values}"
            for kind, values in _entries(now or _NOTHING)
        ]


def snapshot_entries(now: Uncrossing | None) -> list[str]:
    """Return the entries of a snapshot."""
    if now is None:
        return []
    return [f"{kind}\x01{values}" for kind, values in _entries(now)]


def _entries(now: Uncrossing) -> list[tuple[str, str]]:
    # TradeCondition(277): P more buyers, Q more sellers.
    side = "P" if now.surplus > 0 else "Q"
    surplus = f"270={price_text(now.price)}\x01271={abs(now.surplus)}"
    return [
        ("269=Q", f"270={price_text(now.price)}\x01271={now.volume}"),
        ("269=A", surplus + (f"\x01277={side}" if now.surplus else "")),
    ]
