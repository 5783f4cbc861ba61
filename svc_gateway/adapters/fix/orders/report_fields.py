"""What reports of a venue may have: fields of the contract by tag, and how each is read."""

from functools import lru_cache
from typing import Final

from fix import tags as t
from fix import wire
from fix.wire import BadFieldError, canonical
from kernel.decimals import CACHED_TEXTS_MAX

# The contracts' general limit of a text, characters; a longer Text(58) is cut, a longer id parked.
TEXT_MAX = 256
_INT32_MAX = 2**31 - 1
_UINT64_DIGITS_MAX = 19

_UNSIGNED = frozenset({t.REF_SEQ_NUM, t.LAST_LIQUIDITY_IND})
# The fields without which a report of this ExecType(150) is no event. All others are left out if
# they cannot be read.
NEEDED = {
    "F": frozenset({t.EXEC_ID, t.LAST_QTY, t.LAST_PX}),
    "G": frozenset({t.EXEC_ID, t.EXEC_REF_ID, t.LAST_QTY, t.LAST_PX}),
    "H": frozenset({t.EXEC_ID}),
}
# Fields that a report has once; of one that comes twice with two values the first counts.
ONCE = {
    t.ACCOUNT: "Account(1)",
    t.CL_ORD_ID: "ClOrdID(11)",
    t.CUM_QTY: "CumQty(14)",
    t.EXEC_ID: "ExecID(17)",
    t.EXEC_REF_ID: "ExecRefID(19)",
    t.LAST_PX: "LastPx(31)",
    t.LAST_QTY: "LastQty(32)",
    t.ORDER_ID: "OrderID(37)",
    t.ORDER_QTY: "OrderQty(38)",
    t.ORD_STATUS: "OrdStatus(39)",
    t.ORIG_CL_ORD_ID: "OrigClOrdID(41)",
    t.PRICE: "Price(44)",
    t.SIDE: "Side(54)",
    t.SYMBOL: "Symbol(55)",
    t.EXEC_TYPE: "ExecType(150)",
    t.LEAVES_QTY: "LeavesQty(151)",
}


@lru_cache(maxsize=CACHED_TEXTS_MAX)
def average(value: str, name: str) -> str:
    """Return AvgPx(6) in canonical form, cut to 9 digits after the point.

    Raises:
        BadFieldError: It is not a decimal.
    """
    # A venue's own arithmetic may have any number of digits; ours is what counts.
    whole, point, fraction = value.partition(".")
    return canonical(f"{whole}{point}{fraction[:9]}", name)


def identifier(value: str, name: str) -> str:
    """Return an identifier as it is.

    Raises:
        BadFieldError: It is longer than the contracts allow.
    """
    if len(value) > TEXT_MAX:
        raise BadFieldError(f"{name} has {len(value)} characters, at most {TEXT_MAX} are taken")
    return value


# What an ExecutionReport(8) may have: tag, the contract's field, how it is read, its name.
REPORT_VALUES: Final = (
    (t.CL_ORD_ID, "cl_ord_id", identifier, "ClOrdID(11)"),
    (t.ORIG_CL_ORD_ID, "orig_cl_ord_id", identifier, "OrigClOrdID(41)"),
    (t.ORDER_ID, "venue_order_id", identifier, "OrderID(37)"),
    (t.EXEC_REF_ID, "exec_ref_id", identifier, "ExecRefID(19)"),
    (t.ORDER_QTY, "order_quantity", wire.quantity, "OrderQty(38)"),
    (t.LAST_QTY, "last_quantity", wire.executed, "LastQty(32)"),
    (t.LAST_PX, "last_price", wire.exact, "LastPx(31)"),
    (t.LEAVES_QTY, "leaves_quantity", wire.executed, "LeavesQty(151)"),
    (t.CUM_QTY, "cum_quantity", wire.executed, "CumQty(14)"),
    (t.AVG_PX, "average_price", average, "AvgPx(6)"),
    (t.PRICE, "limit_price", canonical, "Price(44)"),
    (t.STOP_PX, "stop_price", canonical, "StopPx(99)"),
    (t.MAX_FLOOR, "display_quantity", wire.quantity, "MaxFloor(111)"),
    (t.PEGGED_PRICE, "pegged_price", canonical, "PeggedPrice(839)"),
    (t.CASH_ORDER_QTY, "cash_quantity", wire.quantity, "CashOrderQty(152)"),
    (t.PEG_OFFSET_VALUE, "peg_offset", canonical, "PegOffsetValue(211)"),
)
REPORT_NUMBERS: Final = (
    (t.ORD_REJ_REASON, "ord_rej_reason", "OrdRejReason(103)"),
    (t.EXEC_RESTATEMENT_REASON, "exec_restatement_reason", "ExecRestatementReason(378)"),
    (t.LAST_LIQUIDITY_IND, "last_liquidity", "LastLiquidityInd(851)"),
)
REPORT_TEXTS: Final = (
    (t.TIME_IN_FORCE, "time_in_force"),
    (t.ORD_STATUS_REQ_ID, "status_request_id"),
    (t.MASS_STATUS_REQ_ID, "mass_status_request_id"),
    (t.TEXT, "text"),
    (t.LAST_MKT, "last_market_mic"),
)
REPORT_CODES: Final = (
    (t.EXEC_TYPE, "exec_type"),
    (t.EXEC_ID, "exec_id"),
    (t.ORD_STATUS, "ord_status"),
)
"""What every ExecutionReport(8) must have."""
# What a report repeats of its order: `ToldOrder` of the contract.
REPEATED_TEXTS: Final = (
    (t.ACCOUNT, "account_id"),
    (t.SYMBOL, "symbol"),
    (t.SECURITY_ID, "isin"),
    (t.SIDE, "side"),
    (t.ORD_TYPE, "order_type"),
    (t.CURRENCY, "currency"),
)
# The same of an OrderCancelReject(9).
REJECT_IDS: Final = (
    (t.CL_ORD_ID, "cl_ord_id", "ClOrdID(11)"),
    (t.ORIG_CL_ORD_ID, "orig_cl_ord_id", "OrigClOrdID(41)"),
    (t.ORDER_ID, "venue_order_id", "OrderID(37)"),
)
REJECT_TEXTS: Final = (
    (t.ORD_STATUS, "ord_status"),
    (t.CXL_REJ_RESPONSE_TO, "response_to"),
    (t.TEXT, "text"),
)


def whole_number(value: str, tag: str, name: str) -> int:
    """Return a whole number as the contract has it; 0 for an empty value.

    Raises:
        BadFieldError: It is none, or out of the contract's range.
    """
    if not value:
        return 0
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _UINT64_DIGITS_MAX):
        raise BadFieldError(f"{name} {value[:40]!r} is not a whole number")
    number = int(value)
    if number < 0 and tag in _UNSIGNED:
        raise BadFieldError(f"{name} {value[:40]!r} is below zero")
    if tag != t.REF_SEQ_NUM and not -_INT32_MAX <= number <= _INT32_MAX:
        raise BadFieldError(f"{name} {value[:40]!r} is out of range")
    return number
