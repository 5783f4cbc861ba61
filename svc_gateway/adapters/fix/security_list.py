"""Instruments: SecurityList(y) and the file's own, as contract messages."""

from collections.abc import Sequence
from decimal import Decimal

from fix import tags as t
from fix import wire
from fix.wire import above_zero, canonical
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import instrument_pb2 as pb
from svc_gateway.adapters.fix.market_in import SECURITY_STATUS, SYMBOL_MAX
from svc_gateway.venues import SessionConfig, TickBandConfig

TEXT_MAX = 256
TICK_BANDS_MAX = 1000


def read_security_list(
    raw: str, config: SessionConfig, received_ns: int
) -> tuple[list[pb.Instrument], bool, list[str]]:
    """Read one SecurityList(y).

    Returns:
        The instruments, whether more parts follow, and texts of what could not be read.
    """
    head: dict[str, str] = {}
    entries: list[tuple[dict[str, str], list[tuple[str, str]]]] = []
    ranges: list[tuple[str, str]] = []
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
    listed, faults = [], []
    for entry, bands in entries:
        try:
            listed.append(_instrument(entry, bands, config, received_ns))
        except ValueError as error:
            faults.append(f"instrument {entry[t.SYMBOL][:40]!r}: {error}")
    without = [item.symbol for item in listed if not item.currency]
    if without:
        faults.append(
            f"no usable Currency(15) for {len(without)} listings, first {without[0]}: their "
            "currency is not known, and they cannot be traded until default_currency is set"
        )
    # LastFragment(893) comes after the group, so it is in the last entry.
    last = entries[-1][0].get(t.LAST_FRAGMENT) if entries else None
    more = (head.get(t.LAST_FRAGMENT) or last or "Y") == "N"
    return listed, more, faults


def static_instruments(config: SessionConfig, now_ns: int) -> list[pb.Instrument]:
    """Return the instruments of the venues file."""
    return [
        pb.Instrument(
            instrument_id=f"{item.symbol}.{config.venue_mic}",
            symbol=item.symbol,
            venue_mic=config.venue_mic,
            isin=item.isin,
            name=item.name or item.symbol,
            kind=pb.INSTRUMENT_KIND_ETF if item.kind == "etf" else pb.INSTRUMENT_KIND_SHARE,
            currency=item.currency or config.default_currency,
            lot_size=item.lot_size,
            max_quantity=item.max_quantity,
            tick_table=_bands(item.tick_table or config.default_tick_table),
            trading_status=pb.TRADING_STATUS_OPEN,
            simulated=config.dialect.simulated,
            updated_at=to_timestamp(now_ns),
            cfi_code="CEXXXX" if item.kind == "etf" else "ESXXXX",
        )
        for item in config.instruments
    ]


def _instrument(
    entry: dict[str, str], ranges: list[tuple[str, str]], config: SessionConfig, received_ns: int
) -> pb.Instrument:
    symbol = entry[t.SYMBOL].removesuffix(config.dialect.symbol_suffix)
    if not 0 < len(symbol) <= SYMBOL_MAX:
        raise ValueError(f"Symbol(55) has {len(symbol)} characters, 1 to {SYMBOL_MAX} are taken")
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
    status = SECURITY_STATUS.get(entry.get(t.SECURITY_TRADING_STATUS, ""))
    return pb.Instrument(
        instrument_id=f"{symbol}.{config.venue_mic}",
        symbol=symbol,
        venue_mic=config.venue_mic,
        isin=isin,
        name=entry.get(t.SECURITY_DESC, symbol)[:TEXT_MAX],
        kind=pb.INSTRUMENT_KIND_ETF if cfi.startswith("C") else pb.INSTRUMENT_KIND_SHARE,
        currency=_currency(entry.get(t.CURRENCY, "")) or config.default_currency,
        lot_size=above_zero(entry.get(t.ROUND_LOT, ""), "RoundLot(561)") or config.default_lot_size,
        tick_table=bands or _bands(config.default_tick_table),
        # A venue that reports no status trades what it lists.
        trading_status=status or pb.TRADING_STATUS_OPEN,
        simulated=config.dialect.simulated,
        max_quantity=above_zero(entry.get(t.MAX_TRADE_VOL, ""), "MaxTradeVol(1140)"),
        updated_at=to_timestamp(received_ns),
        cfi_code=cfi[:TEXT_MAX],
    )


def _currency(text: str) -> str:
    """Return Currency(15); empty if it is missing, or is no code of ISO 4217."""
    return text if len(text) == 3 and text.isascii() and text.isalpha() and text.isupper() else ""  # noqa: PLR2004


def _bands(bands: Sequence[TickBandConfig]) -> list[pb.TickBand]:
    return [pb.TickBand(from_price=band.from_price, tick_size=band.tick_size) for band in bands]
