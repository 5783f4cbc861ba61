"""Auction indications: MDEntryType(269)=Q, auction clearing price, and A, imbalance."""

from collections.abc import Iterable, Mapping
from typing import Final

from fix import tags as t
from fix import wire
from fix.wire import BadFieldError
from ordermesh.marketdata.v1 import market_data_pb2 as md

CLEARING_PRICE: Final = "Q"
IMBALANCE: Final = "A"
KINDS: Final = frozenset({CLEARING_PRICE, IMBALANCE})
_DELETE: Final = "2"
AUCTIONS_REMEMBERED_MAX: Final = 100_000
"""Symbols whose indication is remembered. Beyond it all are forgotten."""
# TradeCondition(277) of an imbalance; it may have several values with spaces between.
_SIDES: Final = {"P": md.IMBALANCE_SIDE_BUY, "Q": md.IMBALANCE_SIDE_SELL}


class Auctions:
    """What a venue says of the auctions that are on, by symbol.

    Args:
        reads: Whether the venue is asked for it; what it says unasked is passed over.
    """

    def __init__(self, *, reads: bool) -> None:
        self._reads = reads
        self._said: dict[str, md.AuctionIndication] = {}
        # Symbols of which nothing was said in the last snapshot.
        self._nothing: set[str] = set()

    def forget(self) -> None:
        """Start over: the venue will send snapshots."""
        self._said.clear()
        self._nothing.clear()

    def replace(
        self, symbol: str, entries: Iterable[Mapping[str, str]], faults: list[str]
    ) -> md.AuctionIndication | None:
        """Take the entries of a snapshot; return what is said now, None if that is not new."""
        if not self._reads:
            return None
        said = md.AuctionIndication()
        for entry in entries:
            if entry[t.MD_ENTRY_TYPE] in KINDS:
                _put(said, entry, faults)
        if not said.ByteSize() and symbol in self._nothing:
            return None
        (self._nothing.discard if said.ByteSize() else self._nothing.add)(symbol)
        if said.ByteSize():
            self._said[symbol] = said
        else:
            self._said.pop(symbol, None)
        return said

    def change(
        self, symbol: str, entry: Mapping[str, str], faults: list[str]
    ) -> md.AuctionIndication | None:
        """Take one changed entry; return what is said now."""
        if not self._reads:
            return None
        if len(self._said) >= AUCTIONS_REMEMBERED_MAX:
            self.forget()
        said = self._said.setdefault(symbol, md.AuctionIndication())
        self._nothing.discard(symbol)
        said.faulty = False
        if entry[t.MD_UPDATE_ACTION] == _DELETE:
            _clear(said, entry[t.MD_ENTRY_TYPE])
        else:
            _put(said, entry, faults)
        now = md.AuctionIndication()
        now.CopyFrom(said)
        return now


def _put(said: md.AuctionIndication, entry: Mapping[str, str], faults: list[str]) -> None:
    """Set what an entry says; one that cannot be used says nothing, and that is flagged."""
    kind = entry[t.MD_ENTRY_TYPE]
    _clear(said, kind)
    try:
        size = wire.quantity(entry.get(t.MD_ENTRY_SIZE, ""), "MDEntrySize(271)")
        if kind == IMBALANCE:
            said.imbalance_size = size
            sides = [_SIDES[one] for one in entry.get(t.TRADE_CONDITION, "").split(" ")
                     if one in _SIDES]  # fmt: skip
            said.imbalance_side = sides[0] if len(sides) == 1 else md.IMBALANCE_SIDE_UNSPECIFIED
            return
        price = wire.quantity(entry.get(t.MD_ENTRY_PX, ""), "MDEntryPx(270)")
        # 0 is no price: the auction would execute nothing now.
        said.price, said.size = ("", "") if price == "0" else (price, size)
    except BadFieldError as error:
        said.faulty = True
        faults.append(f"MDEntryType(269)={kind} of {entry.get(t.SYMBOL, '')[:40]!r}: {error}")


def _clear(said: md.AuctionIndication, kind: str) -> None:
    if kind == IMBALANCE:
        said.imbalance_size, said.imbalance_side = "", md.IMBALANCE_SIDE_UNSPECIFIED
    else:
        said.price = said.size = ""
