"""The terms of an order, from FIX fields."""

from typing import Final, NoReturn

from fix.wire import second_ns
from sim_exchange.adapters.fix.wire import SHORT_SALES, SIDES, TRAILING_STOP_PEG
from sim_exchange.domain.order import (
    MARKET_PRICE,
    PLAIN,
    STOPS,
    OrderKind,
    PegTo,
    Side,
    Special,
    TimeInForce,
)
from sim_exchange.domain.prices import NumberTextError, parse_price, parse_quantity
from sim_exchange.service.orders import OrdRejReason, Terms

_KINDS: Final = {kind.value: kind for kind in OrderKind if kind is not OrderKind.TRAILING_STOP}
_TIMES_IN_FORCE: Final = {tif.value: tif for tif in TimeInForce}
_PEGS: Final = {peg.value: peg for peg in PegTo}
_NEEDS_PRICE: Final = frozenset({OrderKind.LIMIT, OrderKind.STOP_LIMIT})
_MAY_HAVE_PRICE: Final = frozenset({OrderKind.PEGGED, OrderKind.MARKET_TO_LIMIT})


class BadTermsError(ValueError):
    """The terms of an order cannot be read or are not supported."""

    def __init__(self, reason: int, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class MissingFieldError(ValueError):
    """A required field is missing."""


class NotTakenError(ValueError):
    """A request for something this venue does not do; the text says what it does."""


_NAMES = {
    "11": "ClOrdID(11)",
    "38": "OrderQty(38)",
    "40": "OrdType(40)",
    "41": "OrigClOrdID(41)",
    "44": "Price(44)",
    "99": "StopPx(99)",
    "126": "ExpireTime(126)",
    "211": "PegOffsetValue(211)",
    "54": "Side(54)",
    "55": "Symbol(55)",
    "584": "MassStatusReqID(584)",
    "585": "MassStatusReqType(585)",
}


def required(fields: dict[str, str], tag: str) -> str:
    """The value of a required field.

    Raises:
        MissingFieldError: It is missing or empty.
    """
    value = fields.get(tag)
    if not value:
        raise MissingFieldError(f"required field {_NAMES.get(tag, tag)} is missing")
    return value


def read_terms(fields: dict[str, str]) -> Terms:
    """Read the terms of an order.

    Raises:
        MissingFieldError: A required field is missing.
        BadTermsError: A value is wrong or not supported.
    """
    symbol = required(fields, "55")
    code = required(fields, "54")
    side = SIDES.get(code)
    if side is None:
        _unsupported(
            f"Side(54) '{code}' is not 1 (buy), 2 (sell), 5 (sell short) or 6 (sell short exempt)"
        )
    kind, peg = _read_kind(fields)
    tif = _TIMES_IN_FORCE.get(fields.get("59") or "0")
    if tif is None:
        _unsupported(
            f"TimeInForce(59) '{fields['59']}' is not 0 (day), 1 (GTC), 2 (at the opening), "
            "3 (IOC), 4 (FOK), 6 (GTD) or 7 (at the close)"
        )
    quantity = _quantity(fields, "38", "OrderQty(38)")
    price = MARKET_PRICE
    if kind in _NEEDS_PRICE or (kind in _MAY_HAVE_PRICE and fields.get("44")):
        price = _price(fields, "44", "Price(44)")
    return Terms(
        fields.get("1", ""),
        symbol,
        fields.get("48", ""),
        side,
        kind,
        tif,
        price,
        quantity,
        _read_special(fields, side, kind, peg),
        _read_expiry(fields, tif),
        code if code in SHORT_SALES else "",
    )


def _read_kind(fields: dict[str, str]) -> tuple[OrderKind, PegTo | None]:
    kind = _KINDS.get(required(fields, "40"))
    if kind is None:
        _unsupported(
            f"OrdType(40) '{fields['40']}' is not 1 (market), 2 (limit), 3 (stop), "
            "4 (stop limit), K (market to limit) or P (pegged)"
        )
    if kind is not OrderKind.PEGGED:
        return kind, None
    instructions = fields.get("18", "").split()
    if TRAILING_STOP_PEG in instructions:
        return OrderKind.TRAILING_STOP, None
    pegs = [_PEGS[code] for code in instructions if code in _PEGS]
    if len(pegs) != 1:
        _unsupported(f"ExecInst(18) '{fields.get('18', '')}' is not one of R, M, P or a")
    return kind, pegs[0]


def _read_special(
    fields: dict[str, str], side: Side, kind: OrderKind, peg: PegTo | None
) -> Special:
    special = PLAIN
    if "111" in fields:
        if kind is not OrderKind.LIMIT:
            _unsupported("MaxFloor(111) goes with limit orders only")
        special = special._replace(display=_quantity(fields, "111", "MaxFloor(111)"))
    if kind in STOPS:
        if kind is not OrderKind.TRAILING_STOP or "99" in fields:
            special = special._replace(stop=_price(fields, "99", "StopPx(99)"))
    elif "99" in fields:
        _unsupported("StopPx(99) goes with stop orders only")
    if kind is OrderKind.TRAILING_STOP:
        trail = _signed(required(fields, "211")) * side
        if trail <= 0:
            sign = "positive" if side is Side.BUY else "negative"
            _unsupported(f"PegOffsetValue(211) of this trailing stop must be {sign}")
        special = special._replace(trail=trail)
    if peg is not None:
        special = special._replace(peg=peg, offset=_signed(fields.get("211") or "0"))
    return special


def _read_expiry(fields: dict[str, str], tif: TimeInForce) -> int:
    if tif is not TimeInForce.GTD:
        return 0
    expires = required(fields, "126")
    try:
        return second_ns(expires.partition(".")[0])
    except ValueError:
        text = f"ExpireTime(126) '{expires}' is not a time"
        raise BadTermsError(OrdRejReason.OTHER, text) from None


def _quantity(fields: dict[str, str], tag: str, name: str) -> int:
    try:
        return parse_quantity(required(fields, tag))
    except NumberTextError as error:
        raise BadTermsError(OrdRejReason.INCORRECT_QUANTITY, f"{name}: {error}") from None


def _price(fields: dict[str, str], tag: str, name: str) -> int:
    try:
        return parse_price(required(fields, tag))
    except NumberTextError as error:
        raise BadTermsError(OrdRejReason.OTHER, f"{name}: {error}") from None


def _signed(text: str) -> int:
    """Read a PegOffsetValue(211)."""
    digits = text.removeprefix("-")
    if not digits.strip("0."):
        return 0
    try:
        return parse_price(digits) * (-1 if text.startswith("-") else 1)
    except NumberTextError as error:
        text = f"PegOffsetValue(211): {error}"
        raise BadTermsError(OrdRejReason.OTHER, text) from None


def _unsupported(text: str) -> NoReturn:
    raise BadTermsError(OrdRejReason.UNSUPPORTED_CHARACTERISTIC, text)
