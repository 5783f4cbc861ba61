"""Every limit at itself, one past it, and after a replace: cases as data.

A step is what happens and what becomes of it ("" when it is taken, else the reason). The
table of docs/LIMITS.md is made of `CASES`; a test holds the two together.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Step = tuple[Any, ...]


def buy(quantity: int, price: Any = "100", expect: str = "", **fields: Any) -> Step:
    return ("place", 1, quantity, price, expect, fields)


def sell(quantity: int, price: Any = "100", expect: str = "", **fields: Any) -> Step:
    return ("place", 2, quantity, price, expect, fields)


def replace(order: int, quantity: int, price: Any = "100", expect: str = "") -> Step:
    return ("replace", order, quantity, price, expect)


class Case(NamedTuple):
    """One limit.

    Attributes:
        article: Of RTS 6, or what else asks for it.
        values: What the limit says.
        at: Steps that reach the limit and are taken.
        past: The step after them that is refused; a list where none is.
        after_replace: Steps of its own, with a replace in them.
        at_words, past_words, replace_words: The same in words.
        before: Steps before the limit is set.
    """

    kind: str
    article: str
    values: dict[str, Any]
    at: list[Step]
    past: Step | list[Step]
    after_replace: list[Step]
    at_words: str
    past_words: str
    replace_words: str
    before: tuple[Step, ...] = ()
    range_: Mapping[str, Any] = MappingProxyType({})

    @property
    def reason(self) -> str:
        """Return what the step past the limit is refused with."""
        return "(none)" if isinstance(self.past, list) else self.past[4]

    @property
    def row(self) -> str:
        """Return its row of docs/LIMITS.md."""
        return (
            f"| {self.kind} | {self.article} | {self.reason} | {self.at_words} | "
            f"{self.past_words} | {self.replace_words} |"
        )


LONG = (buy(10), ("fill", 0, 10))
S = 1000

CASES = [
    Case(
        "MAX_ORDER_QUANTITY",
        "15(1)(c)",
        {"quantity": "100"},
        [buy(100)],
        buy(101, expect="MAX_QUANTITY_EXCEEDED"),
        [buy(60), replace(0, 101, expect="MAX_QUANTITY_EXCEEDED"), replace(0, 100)],
        "100 of 100 shares",
        "101",
        "60 to 101 refused, to 100 taken",
    ),
    Case(
        "MAX_ORDER_VALUE",
        "15(1)(b)",
        {"value": "10000"},
        [buy(100)],
        buy(100, "100.05", "MAX_VALUE_EXCEEDED"),
        [buy(100), replace(0, 100, "100.05", "MAX_VALUE_EXCEEDED"), replace(0, 99, "101")],
        "100 at 100 of 10000",
        "100 at 100.05",
        "to 100.05 refused, to 99 at 101 taken",
    ),
    Case(
        "PRICE_COLLAR",
        "15(1)(a)",
        {"percent": "5"},
        [("quote", {"last_price": "100"}), buy(1, "105"), sell(1, "95")],
        buy(1, "105.05", "PRICE_COLLAR_EXCEEDED"),
        [
            ("quote", {"last_price": "100"}),
            buy(1, "100"),
            replace(0, 1, "94.95", "PRICE_COLLAR_EXCEEDED"),
            replace(0, 1, "95"),
        ],
        "5 % either way of the last price 100",
        "5.05 %",
        "to 94.95 refused, to 95 taken",
    ),
    Case(
        "PRICE_COLLAR (window)",
        "15(1)(a)",
        {"window_percent": "2", "window_ms": 60 * S},
        [("quote", {"last_price": "100"}), buy(104, "100"), buy(100, "104")],
        buy(100, "103", "PRICE_COLLAR_EXCEEDED"),
        [
            ("quote", {"last_price": "100"}),
            buy(100, "100"),
            replace(0, 100, "105", "PRICE_COLLAR_EXCEEDED"),
            replace(0, 100, "103"),
        ],
        "10400 at 100 and 10400 at 104: 2 % from 100, weighted by value",
        "100 more at 103",
        "to 105 refused, to 103 taken",
    ),
    Case(
        "VOLUME (quantity)",
        "15(1)(c)",
        {"quantity": "100", "window_ms": 10 * S},
        [buy(60), sell(40, "101")],
        buy(1, expect="VOLUME_LIMIT_EXCEEDED"),
        [
            buy(60),
            replace(0, 101, expect="VOLUME_LIMIT_EXCEEDED"),
            replace(0, 100),
            ("replaced", 0),
            replace(0, 10),
            buy(1, expect="VOLUME_LIMIT_EXCEEDED"),
            ("wait", 11),
            buy(100),
        ],
        "60 and 40 of 100 in 10 s",
        "1 more",
        "60 to 101 refused, to 100 taken; less gives nothing back; 11 s later 100 taken",
    ),
    Case(
        "VOLUME (value)",
        "15(1)(c)",
        {"value": "10000", "window_ms": 10 * S},
        [buy(60), sell(40)],
        buy(1, expect="VOLUME_LIMIT_EXCEEDED"),
        [
            buy(100, "50"),
            replace(0, 100, "100.05", "VOLUME_LIMIT_EXCEEDED"),
            replace(0, 100, "100"),
        ],
        "6000 and 4000 of 10000 in 10 s",
        "100 more",
        "5000 to 10005 refused, to 10000 taken",
        range_={"currency": "EUR"},
    ),
    Case(
        "OPEN_EXPOSURE",
        "15(2), 15(4)",
        {"value": "10000"},
        [buy(60), ("fill", 0, 60), buy(30), buy(10, instrument_id="PHIA.SIMA")],
        buy(1, expect="EXPOSURE_LIMIT_EXCEEDED"),
        [
            buy(60),
            buy(40),
            replace(0, 61, expect="EXPOSURE_LIMIT_EXCEEDED"),
            replace(0, 50),
            buy(10, expect="EXPOSURE_LIMIT_EXCEEDED"),
            ("replaced", 0),
            buy(10),
            sell(60, "100"),
        ],
        "6000 held, 3000 and 1000 open of 10000",
        "1 share more",
        "60 to 61 refused, to 50 taken; room for 10 only when the venue agreed; a sell taken",
    ),
    Case(
        "POSITION (long)",
        "15(4)",
        {"long_quantity": "100"},
        [buy(60), ("fill", 0, 60), buy(40)],
        buy(1, expect="POSITION_LIMIT_EXCEEDED"),
        [
            buy(60),
            replace(0, 101, expect="POSITION_LIMIT_EXCEEDED"),
            replace(0, 100),
            buy(1, expect="POSITION_LIMIT_EXCEEDED"),
            ("replaced", 0),
            replace(0, 90),
            ("replaced", 0),
            buy(10),
        ],
        "60 held and 40 open of 100",
        "1 more",
        "60 to 101 refused, to 100 taken; less gives room when the venue agreed",
    ),
    Case(
        "POSITION (short)",
        "15(4)",
        {"short_quantity": "100"},
        [sell(60), ("fill", 0, 60), sell(40)],
        sell(1, expect="POSITION_LIMIT_EXCEEDED"),
        [sell(60), replace(0, 101, expect="POSITION_LIMIT_EXCEEDED"), replace(0, 100)],
        "60 owed and 40 open of 100",
        "1 more",
        "60 to 101 refused, to 100 taken",
    ),
    Case(
        "MESSAGE_RATE",
        "15(1)(d)",
        {"messages": 3, "cancels": 4, "window_ms": 10 * S},
        [buy(1), buy(2), ("cancel", 0, "")],
        buy(3, expect="RATE_LIMITED"),
        [
            buy(1),
            replace(0, 2),
            ("replaced", 0),
            replace(0, 3),
            ("replaced", 0),
            replace(0, 4, expect="RATE_LIMITED"),
            ("cancel", 0, ""),
            ("wait", 11),
            buy(5),
        ],
        "two new and a cancel of 3 in 10 s",
        "a new one",
        "a new one and two replaces; a third refused, a cancel taken; 11 s later taken",
    ),
    Case(
        "MESSAGE_RATE (cancels)",
        "15(1)(d)",
        {"messages": 2, "cancels": 2, "window_ms": 10 * S},
        [("cancel", 0, ""), ("cancel", 1, "")],
        ("cancel", 2, None, None, "RATE_LIMITED"),
        [
            ("cancel", 0, ""),
            replace(1, 20),
            replace(2, 20, expect="RATE_LIMITED"),
            ("cancel", 1, ""),
        ],
        "two cancels of 2 in 10 s",
        "a third cancel",
        "a replace counts, and is refused; a cancel after it is taken",
        before=(buy(10), buy(11), buy(12)),
    ),
    Case(
        "REPEATED_EXECUTION",
        "15(3)",
        {"executions": 3, "window_ms": 10 * S},
        [buy(10), ("fill", 0, 1), ("fill", 0, 1), buy(10), ("fill", 0, 1)],
        buy(1, expect="REPEATED_EXECUTION_STOPPED"),
        [
            buy(10),
            ("fill", 0, 1),
            ("fill", 0, 1),
            ("fill", 0, 1),
            replace(0, 11, expect="REPEATED_EXECUTION_STOPPED"),
            replace(0, 9),
            sell(1, "101"),
            ("enable",),
            buy(1),
        ],
        "2 fills of 3 in 10 s: the next order is taken, the third fill stops",
        "an order after the third fill",
        "more refused, less taken; the other side goes on; enabled by a person: taken",
    ),
    Case(
        "INSTRUMENT_PERMISSION (allow)",
        "15(5)",
        {"permission": 1, "instruments": ["ASML.SIMA"]},
        [buy(1)],
        buy(1, expect="INSTRUMENT_NOT_PERMITTED", instrument_id="PHIA.SIMA"),
        [replace(0, 11, expect="INSTRUMENT_NOT_PERMITTED"), replace(0, 9)],
        "a listed instrument",
        "another",
        "of one no longer permitted: more refused, less taken",
        before=(buy(10, instrument_id="PHIA.SIMA"),),
    ),
    Case(
        "INSTRUMENT_PERMISSION (deny)",
        "15(5)",
        {"permission": 2, "instruments": ["NL0010273215"]},
        [buy(1, instrument_id="PHIA.SIMA")],
        buy(1, expect="INSTRUMENT_NOT_PERMITTED"),
        [replace(0, 11, expect="INSTRUMENT_NOT_PERMITTED"), replace(0, 9)],
        "one not listed",
        "a listed ISIN",
        "more refused, less taken",
        before=(buy(10),),
    ),
    Case(
        "SHORT_SALE",
        "15(4)",
        {},
        [sell(6), sell(4)],
        sell(1, expect="SHORT_SALE_NOT_ALLOWED"),
        [sell(6), replace(1, 11, expect="SHORT_SALE_NOT_ALLOWED"), replace(1, 10)],
        "6 and 4 of 10 held",
        "1 more",
        "6 to 11 refused, to 10 taken",
        before=LONG,
    ),
    Case(
        "BUYING_POWER",
        "15(4)",
        {"value": "10000"},
        [buy(60), ("fill", 0, 60), buy(40)],
        buy(1, expect="BUYING_POWER_EXCEEDED"),
        [
            buy(60),
            replace(0, 101, expect="BUYING_POWER_EXCEEDED"),
            replace(0, 100),
            ("replaced", 0),
            ("fill", 0, 100),
            sell(10, "110"),
            buy(1, "100", "BUYING_POWER_EXCEEDED"),
            ("fill", 1, 10, "110"),
            buy(11),
        ],
        "6000 paid and 4000 open of 10000",
        "100 more",
        "60 to 101 refused, to 100 taken; what a sell brought can be spent when it is executed",
        range_={"currency": "EUR"},
    ),
    Case(
        "SELF_MATCH (reject new)",
        "13, MAR 12",
        {"self_match": 1},
        [buy(10, "100"), sell(1, "100.05")],
        sell(1, "100", "SELF_MATCH_PREVENTED"),
        [
            buy(10, "100"),
            sell(1, "101"),
            replace(1, 1, "100", "SELF_MATCH_PREVENTED"),
            replace(1, 1, "100.05"),
        ],
        "a sell at 100.05 over an own buy at 100",
        "a sell at 100",
        "to 100 refused, to 100.05 taken",
    ),
    Case(
        "SELF_MATCH (cancel resting)",
        "13, MAR 12",
        {"self_match": 2},
        [buy(10, "100"), sell(1, "100.05"), ("state", 0, "PENDING_NEW")],
        [sell(1, "100"), ("state", 0, "PENDING_CANCEL")],
        [buy(10, "100"), sell(1, "101"), replace(1, 1, "100"), ("state", 0, "PENDING_CANCEL")],
        "a sell at 100.05 over an own buy at 100",
        "a sell at 100 is taken, the buy cancelled before it",
        "a replace to 100 is taken, the buy cancelled before it",
    ),
    Case(
        "SELF_MATCH (cancel both)",
        "13, MAR 12",
        {"self_match": 3},
        [buy(10, "100"), sell(1, "100.05"), ("state", 0, "PENDING_NEW")],
        sell(1, "100", "SELF_MATCH_PREVENTED"),
        [
            buy(10, "100"),
            sell(1, "101"),
            replace(1, 1, "100", "SELF_MATCH_PREVENTED"),
            ("state", 0, "PENDING_CANCEL"),
        ],
        "a sell at 100.05 over an own buy at 100",
        "a sell at 100; the buy is cancelled",
        "to 100 refused, the buy cancelled",
    ),
    Case(
        "DUPLICATE_ORDER",
        "not named",
        {"window_ms": 500},
        [buy(10), buy(11), ("wait", 0.5), buy(10)],
        buy(10, expect="DUPLICATE_ORDER"),
        [buy(10), replace(0, 12), buy(12, expect="DUPLICATE_ORDER"), buy(13)],
        "the same again 500 ms later",
        "at once",
        "an order like the replaced terms refused",
    ),
]
