"""The listings of both simulated venues: real shares, ETFs and tick sizes, invented prices.

Names and ISINs are those of the securities. Reference prices are round numbers of a
simulation, not quotations. Every security trades in EUR in lots of one share.
"""

import zlib
from dataclasses import dataclass
from typing import Final

from sim_exchange.domain.prices import PRICE_SCALE, TickTable, rts11_table

SHARE_CFI: Final = "ESVUFR"
"""CFICode(461): equity, share, voting, free, fully paid, registered."""

ETF_CFI: Final = "CEOGES"
"""CFICode(461): collective investment, exchange-traded fund, open-end, income accumulating."""

MAX_ORDER_QUANTITY: Final = 1_000_000
"""MaxTradeVol(1140): shares in one order; a larger one is refused."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A listing without its venue.

    Attributes:
        symbol: Symbol(55).
        isin: SecurityID(48).
        name: SecurityDesc(107).
        cfi: CFICode(461).
        currency: Currency(15).
        ticks: Its tick-size table.
        reference_price: Where the simulation is centred, in price units.
        lot: RoundLot(561) in shares.
        max_quantity: MaxTradeVol(1140) in shares.
    """

    symbol: str
    isin: str
    name: str
    cfi: str
    currency: str
    ticks: TickTable
    reference_price: int
    lot: int = 1
    max_quantity: int = MAX_ORDER_QUANTITY


# symbol, ISIN, name, simulated reference price in EUR, RTS 11 liquidity band
_SHARES = (
    ("ABI", "BE0974293251", "Anheuser-Busch InBev", 55, 5),
    ("AIR", "NL0000235190", "Airbus", 170, 6),
    ("ALV", "DE0008404005", "Allianz", 340, 6),
    ("ASML", "NL0010273215", "ASML Holding", 700, 6),
    ("BAS", "DE000BASF111", "BASF", 45, 6),
    ("BNP", "FR0000131104", "BNP Paribas", 78, 6),
    ("DTE", "DE0005557508", "Deutsche Telekom", 31, 6),
    ("ENEL", "IT0003128367", "Enel", 8, 6),
    ("IBE", "ES0144580Y14", "Iberdrola", 15, 6),
    ("INGA", "NL0011821202", "ING Groep", 20, 6),
    ("MC", "FR0000121014", "LVMH Moet Hennessy Louis Vuitton", 560, 6),
    ("NOKIA", "FI0009000681", "Nokia", 4, 5),
    ("OR", "FR0000120321", "L'Oreal", 370, 5),
    ("SAN", "ES0113900J37", "Banco Santander", 7, 6),
    ("SAP", "DE0007164600", "SAP", 240, 6),
    ("SIE", "DE0007236101", "Siemens", 220, 6),
    ("SU", "FR0000121972", "Schneider Electric", 235, 6),
    ("TTE", "FR0000120271", "TotalEnergies", 54, 6),
)
# ETFs on shares use the most liquid column (RTS 11, Article 2(1) and Annex).
_ETFS = (
    ("CSX5", "IE00B53L3W79", "iShares Core EURO STOXX 50 UCITS ETF EUR (Acc)", 190, 6),
    ("IWDA", "IE00B4L5Y983", "iShares Core MSCI World UCITS ETF USD (Acc)", 105, 6),
    ("SXR8", "IE00B5BMR087", "iShares Core S&P 500 UCITS ETF USD (Acc)", 600, 6),
    ("VWCE", "IE00BK5BQT80", "Vanguard FTSE All-World UCITS ETF USD Accumulating", 135, 6),
)


def _listing(row: tuple[str, str, str, int, int], cfi: str) -> Instrument:
    symbol, isin, name, euros, band = row
    return Instrument(symbol, isin, name, cfi, "EUR", rts11_table(band), euros * PRICE_SCALE)


INSTRUMENTS: Final[tuple[Instrument, ...]] = tuple(
    sorted(
        [_listing(row, SHARE_CFI) for row in _SHARES] + [_listing(row, ETF_CFI) for row in _ETFS],
        key=lambda listed: listed.symbol,
    )
)
"""All listings by symbol."""


def further_listing(symbol: str) -> Instrument:
    """Return a listing that only tests and demonstrations need."""
    number = f"XS{zlib.crc32(symbol.encode()) % 10**9:09d}"
    isin = next(f"{number}{digit}" for digit in range(10) if isin_is_valid(f"{number}{digit}"))
    return _listing((symbol, isin, f"Simulated {symbol}", 100, 6), SHARE_CFI)


def isin_is_valid(isin: str) -> bool:
    """Check form and check digit of an ISIN (ISO 6166): Luhn over letters as 10 to 35."""
    if len(isin) != 12 or not isin.isalnum() or not isin[:2].isalpha() or isin != isin.upper():  # noqa: PLR2004 - the length of an ISIN
        return False
    digits = "".join(str(int(character, 36)) for character in isin)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 - largest digit
    return total % 10 == 0
