"""HistoryService: candles and trades of the past."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from kernel.clock import Clock
from kernel.decimals import FRACTION_DIGITS_MAX, format_nano, format_scaled
from mesh.rpc.page_tokens import page_place, page_token
from mesh.rpc.server import Call
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import history_service_pb2 as pb
from ordermesh.marketdata.v1 import market_data_pb2
from svc_marketdata.api.answering import answered
from svc_marketdata.api.history.replay import ReplayStream
from svc_marketdata.api.history.requests import (
    INTERVALS,
    check_latest,
    hidden,
    listings,
    range_of,
    time_of,
)
from svc_marketdata.api.mapping import trade_to_proto
from svc_marketdata.api.rights import rights_of
from svc_marketdata.domain.history.adjusting import Line, adjusted_trade
from svc_marketdata.domain.history.fold import PastCandle
from svc_marketdata.domain.history.intervals import Interval, range_max_ns
from svc_marketdata.domain.history.reports import StoredTrade
from svc_marketdata.domain.market import Aggressor, OffMarket, Trade
from svc_marketdata.domain.price_rights import PriceRights
from svc_marketdata.service.history.candles import CalendarOf, PastCandles, is_complete
from svc_marketdata.service.history.following import FollowingReader, lines_of
from svc_marketdata.service.history.ports import FIRST_PLACE, GapCause, HistoryReader, TradePlace
from svc_marketdata.service.market_data import MarketData

CANDLES_DEFAULT: Final = 5_000
CANDLES_MAX: Final = 20_000
TRADES_DEFAULT: Final = 1_000
TRADES_MAX: Final = 5_000
GAPS_MAX: Final = 1_000
CAUSES: Final = {
    GapCause.NOT_RECORDED: pb.HISTORY_GAP_CAUSE_NOT_RECORDED,
    GapCause.DROPPED: pb.HISTORY_GAP_CAUSE_DROPPED,
}


@dataclass(frozen=True, slots=True)
class HistoryParts:
    """What the servicer uses."""

    data: MarketData
    reader: HistoryReader
    clock: Clock
    calendar_of: CalendarOf


class HistoryServicer:
    """Serves ``ordermesh.marketdata.v1.HistoryService``."""

    def __init__(self, parts: HistoryParts) -> None:
        self._parts = parts

    async def ListCandles(  # noqa: N802  # rpc names are the contract's
        self,
        request: pb.ListCandlesRequest,
        call: Call,
    ) -> pb.ListCandlesResponse:
        """Return candles of listings, in pages."""
        return await answered(self._list_candles(request, rights_of(call)))

    async def _list_candles(
        self, request: pb.ListCandlesRequest, rights: PriceRights
    ) -> pb.ListCandlesResponse:
        now_ns = self._parts.clock.now_ns()
        interval = INTERVALS[request.interval]
        names = await self._listings(request.instrument_ids)
        hidden_from = hidden(names, rights, now_ns, "instrument_ids")
        place = None if request.latest else page_place(request, (str, int, int))
        basis = request.prices or pb.PRICE_BASIS_ADJUSTED
        lines = await self._lines(names, basis, place[2] if place else now_ns)
        reader = FollowingReader(self._parts.reader, lines) if lines else self._parts.reader
        past = PastCandles(reader, self._parts.calendar_of, hidden_from, lines)
        adjusted_by = [] if place else adjustments_to_proto(lines)
        if request.latest:
            check_latest(request, len(names), CANDLES_MAX)
            to_ns = time_of(request, "to") or now_ns
            found = await past.last(names, interval, to_ns, request.latest)
            first_ns = min((c[0].start_ns for c in found.values() if c), default=to_ns)
            first_ns = max(first_ns, to_ns - range_max_ns(interval))
            return pb.ListCandlesResponse(
                instruments=self._series(names, found, interval, now_ns),
                gaps=await self._gaps(names, first_ns, to_ns),
                prices=basis,
                adjustments=adjusted_by,
            )
        # The pages of one request end at one time, also if it is the time of the first page.
        from_ns, to_ns = range_of(request, place[2] if place else now_ns, interval)
        page = await past.page(
            names,
            interval,
            (from_ns, to_ns),
            request.page_size or CANDLES_DEFAULT,
            (place[0], place[1]) if place else None,
        )
        following = page.next_place
        return pb.ListCandlesResponse(
            instruments=self._series(names, page.candles, interval, now_ns),
            gaps=[] if place else await self._gaps(names, from_ns, to_ns),
            next_page_token=page_token(request, (*following, to_ns)) if following else "",
            prices=basis,
            adjustments=adjusted_by,
        )

    async def ListTrades(  # noqa: N802
        self,
        request: pb.ListTradesRequest,
        call: Call,
    ) -> pb.ListTradesResponse:
        """Return trades of listings, in pages."""
        return await answered(self._list_trades(request, rights_of(call)))

    async def _list_trades(
        self, request: pb.ListTradesRequest, rights: PriceRights
    ) -> pb.ListTradesResponse:
        now_ns = self._parts.clock.now_ns()
        names = await self._listings(request.instrument_ids)
        hidden_from = hidden(names, rights, now_ns, "instrument_ids")
        place = None if request.latest else page_place(request, (str, int, int, str, int))
        basis = request.prices or pb.PRICE_BASIS_RAW
        lines = await self._lines(names, basis, place[4] if place else now_ns)
        reader = FollowingReader(self._parts.reader, lines) if lines else self._parts.reader
        adjusted_by = [] if place else adjustments_to_proto(lines)
        if request.latest:
            check_latest(request, len(names), TRADES_MAX)
            to_ns = time_of(request, "to") or now_ns
            last: list[StoredTrade] = []
            for end_ns, some in groupby(
                names, lambda name: min(hidden_from.get(name, to_ns), to_ns)
            ):
                last += await reader.last_trades(list(some), end_ns, request.latest)
            first_ns = min((trade.at_ns for trade in last), default=to_ns)
            return pb.ListTradesResponse(
                trades=map(stored_to_proto, _adjusted(last, lines)),
                gaps=await self._gaps(names, first_ns, to_ns),
                prices=basis,
                adjustments=adjusted_by,
            )
        from_ns, to_ns = range_of(request, place[4] if place else now_ns, None)
        size = request.page_size or TRADES_DEFAULT
        after = TradePlace(*place[1:4]) if place else FIRST_PLACE._replace(at_ns=from_ns)
        trades: list[StoredTrade] = []
        for name in names if place is None else [name for name in names if name >= place[0]]:
            end_ns = min(hidden_from.get(name, to_ns), to_ns)
            trades += await reader.trades(name, after, end_ns, size + 1 - len(trades))
            after = FIRST_PLACE._replace(at_ns=from_ns)
            if len(trades) > size:
                break
        token = ""
        if len(trades) > size:
            trades.pop()
            last_one = trades[-1]
            where = (last_one.instrument_id, last_one.at_ns, last_one.order_ns, last_one.key)
            token = page_token(request, (*where, to_ns))
        return pb.ListTradesResponse(
            trades=map(stored_to_proto, _adjusted(trades, lines)),
            gaps=[] if place else await self._gaps(names, from_ns, to_ns),
            next_page_token=token,
            prices=basis,
            adjustments=adjusted_by,
        )

    async def Replay(  # noqa: N802
        self, request: pb.ReplayRequest, call: Call
    ) -> AsyncIterator[bytes]:
        """Send the trades of a past interval as a live stream would have sent them."""
        parts = self._parts
        names = await answered(
            listings(parts.data, parts.reader, request.subscription.instrument_ids,
                     "subscription.instrument_ids")
        )  # fmt: skip
        now_ns = parts.clock.now_ns()
        from_ns, to_ns = range_of(request, now_ns, None)
        hidden_from = hidden(names, rights_of(call), now_ns, "subscription.instrument_ids")
        bounds = from_ns, min([to_ns, *hidden_from.values()])
        stream = ReplayStream(parts.data, parts.reader, parts.clock, call)
        async for frame in stream.run(request, names, bounds, parts.calendar_of):
            yield frame

    async def _listings(self, names: Iterable[str]) -> list[str]:
        return await listings(self._parts.data, self._parts.reader, names, "instrument_ids")

    async def _lines(
        self, names: Sequence[str], basis: pb.PriceBasis, now_ns: int
    ) -> dict[str, Line]:
        """Return the past of listings if prices are to be adjusted; else nothing."""
        if basis != pb.PRICE_BASIS_ADJUSTED:
            return {}
        return await lines_of(self._parts.reader, names, self._parts.calendar_of, now_ns)

    async def _gaps(self, names: Sequence[str], from_ns: int, to_ns: int) -> list[pb.HistoryGap]:
        mics = sorted({name.rpartition(".")[2] for name in names})
        return [
            pb.HistoryGap(
                venue_mic=gap.venue_mic,
                until=to_timestamp(gap.until_ns),
                cause=CAUSES[gap.cause],
                dropped_trades=gap.dropped_trades,
                **{"from": to_timestamp(gap.from_ns)},
            )
            for gap in await self._parts.reader.gaps(mics, from_ns, to_ns, GAPS_MAX)
        ]

    def _series(
        self,
        names: Sequence[str],
        found: Mapping[str, Sequence[PastCandle]],
        interval: Interval,
        now_ns: int,
    ) -> list[pb.InstrumentCandles]:
        return [
            pb.InstrumentCandles(
                instrument_id=name,
                candles=[past_candle_to_proto(one, interval, now_ns) for one in found[name]],
            )
            for name in names
            if found.get(name)
        ]


def adjustments_to_proto(lines: Mapping[str, Line]) -> list[pb.PriceAdjustment]:
    """By what the prices of listings are adjusted."""
    made = []
    for name, line in lines.items():
        made += [
            pb.PriceAdjustment(
                instrument_id=name, before=to_timestamp(split.at_ns),
                new_shares=split.new_shares, old_shares=split.old_shares,
            )
            for split in line.splits
        ]  # fmt: skip
        made += [
            pb.PriceAdjustment(
                instrument_id=name, before=to_timestamp(part.until_ns),
                previous_instrument_id=part.instrument_id,
            )
            for part in line.parts[:-1]
        ]  # fmt: skip
    return made


def _adjusted(trades: Iterable[StoredTrade], lines: Mapping[str, Line]) -> Iterable[StoredTrade]:
    for trade in trades:
        line = lines.get(trade.instrument_id)
        yield trade if line is None else adjusted_trade(trade, line)


def past_candle_to_proto(
    candle: PastCandle, interval: Interval, now_ns: int
) -> market_data_pb2.Candle:
    """A candle of the past, or the one that is building."""
    vwap = candle.vwap
    return market_data_pb2.Candle(
        start=to_timestamp(candle.start_ns),
        interval_s=interval.value,
        open_price=format_nano(candle.open),
        high_price=format_nano(candle.high),
        low_price=format_nano(candle.low),
        close_price=format_nano(candle.close),
        # New each time: their texts are not worth keeping.
        volume=format_scaled(candle.volume, FRACTION_DIGITS_MAX),
        vwap_price="" if vwap is None else format_scaled(vwap, FRACTION_DIGITS_MAX),
        trade_count=candle.trade_count,
        complete=is_complete(candle, now_ns),
    )


def stored_to_proto(stored: StoredTrade) -> pb.StoredTrade:
    """A trade of the past."""
    trade = Trade(
        stored.trade_id, stored.price, stored.size, Aggressor(stored.aggressor), stored.at_ns,
        stored.amended_ns, OffMarket(stored.off_market),
    )  # fmt: skip
    return pb.StoredTrade(
        instrument_id=stored.instrument_id, trade=trade_to_proto(trade), counts=stored.counts
    )
