"""One venue's market data: the requests, and how to read the answers."""

from collections.abc import Callable, Sequence
from itertools import count

from fix import tags as t
from fix import unparsable, wire
from ordermesh.marketdata.v1 import instrument_pb2 as instruments
from svc_gateway.adapters.fix.market import market_out
from svc_gateway.adapters.fix.market.market_in import MarketReader
from svc_gateway.adapters.fix.market.market_refusals import read_refusal
from svc_gateway.adapters.fix.market.security_list import read_security_list, static_instruments
from svc_gateway.adapters.fix.market.security_status import reported_status, security_status_request
from svc_gateway.adapters.fix.market.trading_session import read_trading_session
from svc_gateway.domain.market.price_requests import PriceRequests
from svc_gateway.service.ports import Groups, MarketReading
from svc_gateway.venues import SessionConfig

# Messages that change books: MarketDataSnapshotFullRefresh(W), MarketDataIncrementalRefresh(X).
_BOOKS = frozenset("WX")


class FixMarketDialect:
    """Market data in FIX 4.4, as one venue speaks it.

    Args:
        config: The session.
        sent_message: Returns the text that was sent with a MsgSeqNum(34), for rejects that name
            only that.
    """

    def __init__(
        self, config: SessionConfig, sent_message: Callable[[int], str] = lambda _: ""
    ) -> None:
        self._config = config
        self._sent_message = sent_message
        self._names = config.dialect.names()
        self._asked = PriceRequests()
        self._list_request_id = self._trading_request_id = ""
        self._reader = MarketReader(
            config.venue_mic,
            self._names,
            depth=config.dialect.md_depth,
            trade_sizes=config.dialect.trade_sizes,
            auction_prices=config.dialect.auction_prices,
            off_market_conditions=config.dialect.off_market_conditions,
            clock_difference_max_s=config.clock_difference_max_s,
        )
        self._ids = count(1)
        self._readers: dict[str, Callable[[str, int], MarketReading]] = {
            "X": self._reader.incremental,
            "W": self._reader.snapshot,
            "y": self._security_list,
            "h": lambda raw, _: MarketReading(trading_session=read_trading_session(raw)),
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
        self._asked.forget()
        return self.list_requests() + self.session_status_requests()

    def list_requests(self) -> list[str]:
        """Return SecurityListRequest(x), where offered."""
        if not self._config.dialect.security_list or self._config.instruments:
            return []
        self._list_request_id = self._next_id("list")
        return [market_out.security_list_request(self._list_request_id)]

    def session_status_requests(self) -> list[str]:
        """Return TradingSessionStatusRequest(g), where offered."""
        if not self._config.dialect.trading_session_status:
            return []
        self._trading_request_id = self._next_id("status")
        return [market_out.trading_session_status_request(self._trading_request_id)]

    def list_request_id(self) -> str:
        """Return SecurityReqID(320) of the last SecurityListRequest(x)."""
        return self._list_request_id

    def session_status_request_id(self) -> str:
        """Return TradSesReqID(335) of the last TradingSessionStatusRequest(g)."""
        return self._trading_request_id

    def status_requests(self, symbols: Sequence[str]) -> list[tuple[str, Groups]]:
        """Return a SecurityStatusRequest(e) about each listing."""
        return [
            (security_status_request(self._next_id("trading"), self._names.symbol_of(symbol)), ())
            for symbol in symbols
        ]

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
            reading = self._read(kind, raw, received_ns)
        except Exception as error:  # noqa: BLE001  one bad message must not end the feed
            reading = MarketReading(faults=[f"MsgType(35) {kind[:20]!r}: {error}"])
            if kind in _BOOKS:
                self._lose_named(wire.clean(raw), received_ns, reading)
        reading.refresh = self._named(reading.refresh)
        return reading

    def _read(self, kind: str, raw: str, received_ns: int) -> MarketReading:
        reader = self._readers.get(kind)
        if reader is not None:
            return reader(raw, received_ns)
        original = unparsable.replaced(raw)
        if original is not None:
            reading = MarketReading(faults=[f"MsgType(35) {original.msg_type!r} {original.fault}"])
            if original.msg_type in _BOOKS or not original.msg_type:
                text = wire.clean(original.raw.decode("utf-8", "surrogateescape"))
                self._lose_named(text, received_ns, reading)
            return reading
        refusal = read_refusal(kind, raw, self._sent_message)
        if refusal is None:
            return MarketReading(faults=[f"MsgType(35) {kind[:20]!r} is not expected"])
        if refusal.of == "V":
            return self._refused(refusal.request_id, refusal.text)
        reading = MarketReading(faults=[refusal.text])
        if refusal.of == "x":
            reading.list_refused = True
        elif refusal.of == "e" and refusal.unsupported:
            reading.statuses_refused = True
        elif refusal.of == "e":
            answered = self._reader.instrument_id(refusal.symbol)
            reading.statuses[answered] = instruments.TRADING_STATUS_UNSPECIFIED
        return reading

    def _refused(self, request_id: str, text: str) -> MarketReading:
        """Return what follows from a refused MarketDataRequest(V)."""
        parts = self._asked.refused(request_id)
        if len(parts) > 1:
            again = [self._request(part.symbols, part.kind) for part in parts]
            return MarketReading(requests=again)
        symbols = [symbol for part in parts for symbol in part.symbols]
        about = f"{', '.join(symbols)}: " if symbols else ""
        return MarketReading(refused=dict.fromkeys(symbols, text), faults=[about + text])

    def _lose_named(self, text: str, received_ns: int, reading: MarketReading) -> None:
        """Have the books stale that a message may name, all if none: what it changed is lost."""
        for symbol in dict.fromkeys(wire.read_all(text, t.SYMBOL)):
            self._reader.lose(symbol, received_ns, reading)
        reading.lost = not reading.refresh

    def _named(self, symbols: set[str]) -> set[str]:
        """Return the names of symbols, without those that have none."""
        named = set()
        for symbol in symbols:
            try:
                named.add(self._names.name_of(symbol))
            except ValueError:
                continue  # the message's fault says so
        return named

    def _security_list(self, raw: str, received_ns: int) -> MarketReading:
        part, faults = read_security_list(raw, self._config, self._names, received_ns)
        return MarketReading(list_part=part, faults=faults)

    def _security_status(self, raw: str, _: int) -> MarketReading:
        found = wire.fields(wire.clean(raw))
        instrument_id = self._reader.instrument_id(found.get(t.SYMBOL, ""))
        status, fault = reported_status(found)
        faults = [f"{instrument_id}: {fault}"] if fault else []
        return MarketReading(statuses={instrument_id: status}, faults=faults)

    def _requests(self, symbols: Sequence[str], kind: str) -> list[tuple[str, Groups]]:
        size = self._config.dialect.md_batch_instruments
        return [
            self._request(symbols[start : start + size], kind)
            for start in range(0, len(symbols), size)
        ]

    def _request(self, symbols: Sequence[str], kind: str) -> tuple[str, Groups]:
        request_id = self._next_id("md")
        self._asked.note(request_id, symbols, kind)
        named = [self._names.symbol_of(symbol) for symbol in symbols]
        return market_out.market_data_request(request_id, named, self._config.dialect, kind)

    def _next_id(self, what: str) -> str:
        return f"{what}-{next(self._ids)}"
