"""One venue's market data: the requests, and how to read the answers."""

from collections.abc import Callable, Sequence
from itertools import count

from fix import tags as t
from fix import unparsable, wire
from mesh.timestamps import set_timestamp
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from svc_gateway.adapters.fix import market_out
from svc_gateway.adapters.fix.market_in import (
    SYMBOL_MAX,
    MarketReader,
    session_status,
    trading_status,
)
from svc_gateway.adapters.fix.security_list import read_security_list, static_instruments
from svc_gateway.service.ports import Groups, MarketReading
from svc_gateway.venues import SessionConfig

_REFUSALS = {"Y": "MarketDataRequestReject(Y)", "j": "BusinessMessageReject(j)", "3": "Reject(3)"}


class FixMarketDialect:
    """Market data in FIX 4.4, as one venue speaks it."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._reader = MarketReader(
            config.venue_mic,
            config.dialect.symbol_suffix,
            trade_sizes=config.dialect.trade_sizes,
            off_market_conditions=config.dialect.off_market_conditions,
            clock_difference_max_s=config.clock_difference_max_s,
        )
        self._ids = count(1)
        self._readers: dict[str, Callable[[str, int], MarketReading]] = {
            "X": self._reader.incremental,
            "W": self._reader.snapshot,
            "y": self._security_list,
            "h": lambda raw, _: MarketReading(session_status=session_status(raw)),
            "f": self._security_status,
        }

    def forget(self) -> None:
        """Start over."""
        self._reader.forget()

    def file_instruments(self, now_ns: int) -> list[instruments.Instrument]:
        """Return the instruments of the venues file."""
        return static_instruments(self._config, now_ns)

    def opening_requests(self) -> list[str]:
        """Return SecurityListRequest(x) and TradingSessionStatusRequest(g), where offered."""
        dialect = self._config.dialect
        requests = []
        if dialect.security_list and not self._config.instruments:
            requests.append(market_out.security_list_request(self._next_id("list")))
        if dialect.trading_session_status:
            requests.append(market_out.trading_session_status_request(self._next_id("status")))
        return requests

    def subscriptions(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return MarketDataRequest(V) for snapshot and updates, in batches."""
        return self._requests(symbols, market_out.SUBSCRIBE)

    def snapshots(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return MarketDataRequest(V) for one snapshot each, in batches."""
        return self._requests(symbols, market_out.SNAPSHOT)

    def read(self, raw: str, received_ns: int) -> MarketReading:
        """Read a message; never raises for anything a venue can send."""
        at = raw.find("\x0135=")
        kind = raw[at + 4 : raw.find("\x01", at + 4)] if at >= 0 else ""
        try:
            return self._read(kind, raw, received_ns)
        except Exception as error:  # noqa: BLE001  one bad message must not end the feed
            return MarketReading(faults=[f"MsgType(35) {kind[:20]!r}: {error}"])

    def _read(self, kind: str, raw: str, received_ns: int) -> MarketReading:
        reader = self._readers.get(kind)
        if reader is not None:
            return reader(raw, received_ns)
        original = unparsable.replaced(raw)
        if original is not None:
            # What it changed is not known: the books that it may name are requested anew.
            text = wire.clean(original.raw.decode("utf-8", "surrogateescape"))
            return MarketReading(
                faults=[f"MsgType(35) {original.msg_type!r} {original.fault}"],
                refresh={
                    symbol
                    for symbol in wire.read_all(text, t.SYMBOL)
                    if 0 < len(symbol) <= SYMBOL_MAX
                },
            )
        if kind in _REFUSALS:
            found = wire.fields(wire.clean(raw))
            return MarketReading(faults=[f"{_REFUSALS[kind]}: {found.get(t.TEXT, '')[:200]}"])
        return MarketReading(faults=[f"MsgType(35) {kind[:20]!r} is not expected"])

    def _security_list(self, raw: str, received_ns: int) -> MarketReading:
        listed, more, faults = read_security_list(raw, self._config, received_ns)
        return MarketReading(instruments=listed, list_complete=not more, faults=faults)

    def _security_status(self, raw: str, received_ns: int) -> MarketReading:
        symbol, status = trading_status(raw)
        update = feed.FeedUpdate(
            instrument_id=self._reader.instrument_id(symbol), trading_status=status
        )
        set_timestamp(update.received_at, received_ns)
        return MarketReading(updates=[update])

    def _requests(self, symbols: Sequence[str], kind: str) -> list[tuple[str, Groups]]:
        dialect = self._config.dialect
        named = [symbol + dialect.symbol_suffix for symbol in symbols]
        size = dialect.md_batch_instruments
        return [
            market_out.market_data_request(
                self._next_id("md"), named[start : start + size], dialect, kind
            )
            for start in range(0, len(named), size)
        ]

    def _next_id(self, what: str) -> str:
        return f"{what}-{next(self._ids)}"
