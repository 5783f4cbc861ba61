"""Instruments: SecurityList(y) and the file's own, as contract messages."""

from collections.abc import Sequence
from decimal import Decimal

from fix import tags as t
from fix import wire
from fix.wire import above_zero, canonical
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.adapters.fix.market.order_entries import SYMBOL_MAX
from svc_gateway.adapters.fix.market.security_status import reported_status
from svc_gateway.domain.market.symbols import SymbolNames
from svc_gateway.service.ports import ListPart
from svc_gateway.venues import Role, SessionConfig, TickBandConfig

TEXT_MAX = 256
TICK_BANDS_MAX = 1000
_COUNT_DIGITS_MAX = 9

Entry = dict[str, str]
Ranges = list[tuple[str, str]]


def read_security_list(
    raw: str, config: SessionConfig, names: SymbolNames, received_ns: int
) -> tuple[ListPart, list[str]]:
    """Read one SecurityList(y); return it, and texts of what could not be read."""
    head, entries = _split(raw)
    part, faults = ListPart(), []
    for entry, bands in entries:
        part.entries += 1
        try:
            name = _name(entry[t.SYMBOL], names)
            part.named.add(f"{name}.{config.venue_mic}")
            listed, fault = _instrument(entry, bands, name, config, received_ns)
            venue_symbol = names.bare(entry[t.SYMBOL])
            listed.venue_symbol = "" if venue_symbol == name else venue_symbol
            part.instruments.append(listed)
        except ValueError as error:
            fault = str(error)
            part.left_out[entry[t.SYMBOL][:SYMBOL_MAX]] = fault[:TEXT_MAX]
        if fault:
            faults.append(f"instrument {entry[t.SYMBOL][:40]!r}: {fault}")
    without = [item.symbol for item in part.instruments if not item.currency]
    if without:
        faults.append(
            f"no usable Currency(15) for {len(without)} listings, first {without[0]}: their "
            "currency is not known, and they cannot be traded until default_currency is set"
        )
    # LastFragment(893) comes after the group, so it is in the last entry.
    last = entries[-1][0] if entries else head
    part.more = (head.get(t.LAST_FRAGMENT) or last.get(t.LAST_FRAGMENT) or "Y") == "N"
    part.request_id = head.get(t.SECURITY_REQ_ID, "")
    total = head.get(t.TOT_NO_RELATED_SYM, "")
    if total.isascii() and total.isdecimal() and len(total) <= _COUNT_DIGITS_MAX:
        part.total = int(total)
    result = head.get(t.SECURITY_REQUEST_RESULT, "")
    part.refused = result not in {"", "0"}
    if part.refused:
        faults.append(f"SecurityList(y) has SecurityRequestResult(560)={result[:20]}")
    return part, faults


def _split(raw: str) -> tuple[Entry, list[tuple[Entry, Ranges]]]:
    """Return the fields before the group, and each entry with its tick bands."""
    head: Entry = {}
    entries: list[tuple[Entry, Ranges]] = []
    ranges: Ranges = []
    current = head
    for tag, value in wire.pairs(wire.clean(raw)):
        if tag == t.SYMBOL:
            current, ranges = {}, []
            entries.append((current, ranges))
        if tag == t.START_TICK_PRICE_RANGE:
            ranges.append((value, ""))
        elif tag == t.TICK_INCREMENT:
            start = ranges.pop()[0] if ranges and not ranges[-1][1] else "0"
            ranges.append((start, value))
        else:
            current.setdefault(tag, value)
    return head, entries


def static_instruments(config: SessionConfig, now_ns: int) -> list[pb.Instrument]:
    """Return the instruments of the venues file."""
    names = config.dialect.names()
    listed = []
    for item in config.instruments:
        name = names.name_of(item.symbol)
        listed.append(
            pb.Instrument(
                instrument_id=f"{name}.{config.venue_mic}",
                symbol=name,
                venue_mic=config.venue_mic,
                isin=item.isin,
                name=item.name or item.symbol,
                kind=pb.INSTRUMENT_KIND_ETF if item.kind == "etf" else pb.INSTRUMENT_KIND_SHARE,
                currency=item.currency or config.default_currency,
                lot_size=item.lot_size,
                max_quantity=item.max_quantity,
                tick_table=_bands(item.tick_table or config.default_tick_table),
                trading_status=_default_status(config),
                simulated=config.dialect.simulated,
                updated_at=to_timestamp(now_ns),
                cfi_code="CEXXXX" if item.kind == "etf" else "ESXXXX",
                venue_symbol="" if item.symbol == name else item.symbol,
            )
        )
    return listed


def _default_status(config: SessionConfig) -> pb.TradingStatus:
    """Return the status of a listing whose status the venue has not reported.

    A venue that answers SecurityStatusRequest(e) reports it later. Another one trades what it
    lists.
    """
    asks = config.role is Role.MARKET_DATA and config.dialect.security_status
    return pb.TRADING_STATUS_UNSPECIFIED if asks else pb.TRADING_STATUS_OPEN


def _name(symbol: str, names: SymbolNames) -> str:
    if len(symbol) > SYMBOL_MAX:
        raise ValueError(f"Symbol(55) has {len(symbol)} characters, 1 to {SYMBOL_MAX} are taken")
    return names.name_of(symbol)


def _instrument(
    entry: Entry, ranges: Ranges, name: str, config: SessionConfig, received_ns: int
) -> tuple[pb.Instrument, str]:
    if len(ranges) > TICK_BANDS_MAX:
        raise ValueError(f"NoTickRules(1205): {len(ranges)} bands, at most {TICK_BANDS_MAX}")
    # A group without CFICode(461) is a share: nothing else is traded here yet.
    cfi = entry.get(t.CFI_CODE, "")
    isin = entry.get(t.SECURITY_ID, "")[:TEXT_MAX] if entry.get(t.SECURITY_ID_SOURCE) == "4" else ""
    bands = [
        pb.TickBand(from_price=canonical(start, "StartTickPriceRange(1206)") or "0",
                    tick_size=above_zero(step, "TickIncrement(1208)"))
        for start, step in ranges if step
    ]  # fmt: skip
    bands.sort(key=lambda band: Decimal(band.from_price))
    if bands:
        bands[0].from_price = "0"
    status, fault = reported_status(entry)
    listed = pb.Instrument(
        instrument_id=f"{name}.{config.venue_mic}",
        symbol=name,
        venue_mic=config.venue_mic,
        isin=isin,
        name=entry.get(t.SECURITY_DESC, entry[t.SYMBOL])[:TEXT_MAX],
        kind=pb.INSTRUMENT_KIND_ETF if cfi.startswith("C") else pb.INSTRUMENT_KIND_SHARE,
        currency=_currency(entry.get(t.CURRENCY, "")) or config.default_currency,
        lot_size=above_zero(entry.get(t.ROUND_LOT, ""), "RoundLot(561)") or config.default_lot_size,
        tick_table=bands or _bands(config.default_tick_table),
        trading_status=status or _default_status(config),
        simulated=config.dialect.simulated,
        max_quantity=above_zero(entry.get(t.MAX_TRADE_VOL, ""), "MaxTradeVol(1140)"),
        updated_at=to_timestamp(received_ns),
        cfi_code=cfi[:TEXT_MAX],
    )
    return listed, fault


def _currency(text: str) -> str:
    """Return Currency(15); empty if it is missing, or is no code of ISO 4217."""
    return text if len(text) == 3 and text.isascii() and text.isalpha() and text.isupper() else ""  # noqa: PLR2004


def _bands(bands: Sequence[TickBandConfig]) -> list[pb.TickBand]:
    return [pb.TickBand(from_price=band.from_price, tick_size=band.tick_size) for band in bands]
