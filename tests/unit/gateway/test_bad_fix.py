"""A table per inbound FIX message: every field missing, empty, of another type, out of range,
absurdly long, of no alphabet. Nothing raises, nothing is lost, and what was wrong is said."""

import inspect
import re

import pytest

from conformance.scripted_venue import SOH
from fix import tags as t
from kernel.decimals import parse_decimal
from mesh.rpc.validation import validate
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.marketdata.v1 import feed_service_pb2 as feed
from svc_gateway.adapters.fix.market import (
    market_in,
    market_refusals,
    security_list,
    security_status,
    trading_session,
)
from svc_gateway.adapters.fix.market.market_dialect import FixMarketDialect
from svc_gateway.adapters.fix.orders import orders_in
from svc_gateway.adapters.fix.orders.orders_in import TEXT_MAX, OrderReader
from svc_gateway.venues import DialectConfig
from tests.unit.gateway.test_market_text import config

NOW = 1_767_323_045_678_912_345
LONG = "9" * 100_000

# What a field of a kind may not hold; what it may hold, however odd.
NO_NUMBER = ["ten", "1e5", "NaN", "Infinity", "1,5", "--1", ".", "\u0663", "0x10", " 1", "1 "]
NO_QUANTITY = [*NO_NUMBER, "1" * 19, "0." + "1" * 10, "-5", "-0.5", LONG]
NO_EXECUTED = [*NO_NUMBER, "1" * 19, "0." + "1" * 19, "-5", "-0.5", LONG]
NO_PRICE = [*NO_NUMBER, "1" * 19, "0." + "1" * 10, LONG]
NO_EXECUTION_PRICE = [*NO_NUMBER, "1" * 19, "0." + "1" * 61, LONG]
NO_INTEGER = ["five", "1.5", "99999999999", "-99999999999", "\u0663", "1e3", LONG]
NO_IDENTIFIER = ["x" * (TEXT_MAX + 1), LONG]
ODD_TEXTS = ["", "-1", "\u00dcber", "a\tb", "\x02", "?" * 300, LONG, "=", "8=FIX.4.4"]

BAD = {
    "id": NO_IDENTIFIER,
    "required": [*NO_IDENTIFIER, ""],
    "quantity": NO_QUANTITY,
    "executed": NO_EXECUTED,
    "price": NO_PRICE,
    "execution price": NO_EXECUTION_PRICE,
    "average": ["ten", "1e5", "NaN", "1" * 19, LONG],
    "int": NO_INTEGER,
    "number": ["five", "1.5", "\u0663", "1e3", "-4", LONG],
    "text": [],
    "time": [],
}
ODD = {
       "id": ODD_TEXTS[:5], "required": ODD_TEXTS[1:4], "price": ["-5", "007", ".5"],
       "execution price": ["-5", "0", "50.1234567891", "0." + "1" * 60],
       "quantity": ["0", "5.", ""], "executed": ["0", "5.", "", "0." + "1" * 18],
       "average": ["1." + "3" * 40, ""], "int": ["-1", "0", ""],
       "number": ["0", ""], "text": ODD_TEXTS, "time": [*ODD_TEXTS, "20269999-99:99:99"],
}  # fmt: skip

ORDERS = {
    "8": {
        "17": ("ExecID", "required"), "150": ("ExecType", "required"),
        "39": ("OrdStatus", "required"), "11": ("ClOrdID", "id"), "41": ("OrigClOrdID", "id"),
        "37": ("OrderID", "id"), "19": ("ExecRefID", "id"), "38": ("OrderQty", "quantity"),
        "32": ("LastQty", "executed"), "31": ("LastPx", "execution price"),
        "151": ("LeavesQty", "executed"),
        "14": ("CumQty", "executed"), "6": ("AvgPx", "average"), "44": ("Price", "price"),
        "99": ("StopPx", "price"), "111": ("MaxFloor", "quantity"),
        "839": ("PeggedPrice", "price"), "59": ("TimeInForce", "text"),
        "790": ("OrdStatusReqID", "text"), "584": ("MassStatusReqID", "text"),
        "58": ("Text", "text"), "30": ("LastMkt", "text"),
        "126": ("ExpireTime", "time"), "152": ("CashOrderQty", "quantity"),
        "211": ("PegOffsetValue", "price"),
        "60": ("TransactTime", "time"), "103": ("OrdRejReason", "int"),
        "378": ("ExecRestatementReason", "int"), "851": ("LastLiquidityInd", "liquidity"),
        # Of an order that was never sent, which ClOrdID(11)=ID-1 is.
        "1": ("Account", "id"), "55": ("Symbol", "text"), "48": ("SecurityID", "text"),
        "22": ("SecurityIDSource", "text"), "54": ("Side", "text"), "40": ("OrdType", "text"),
        "15": ("Currency", "text"),
    },
    "9": {
        "11": ("ClOrdID", "required"), "41": ("OrigClOrdID", "id"), "37": ("OrderID", "id"),
        "39": ("OrdStatus", "text"), "434": ("CxlRejResponseTo", "text"),
        "102": ("CxlRejReason", "int"), "58": ("Text", "text"), "1": ("Account", "text"),
    },
    "j": {
        "45": ("RefSeqNum", "number"), "372": ("RefMsgType", "text"),
        "380": ("BusinessRejectReason", "int"), "379": ("BusinessRejectRefID", "text"),
        "58": ("Text", "text"),
    },
    "3": {
        "45": ("RefSeqNum", "number"), "372": ("RefMsgType", "text"), "371": ("RefTagID", "int"),
        "373": ("SessionRejectReason", "int"), "58": ("Text", "text"),
    },
}  # fmt: skip
BAD["liquidity"] = [*NO_INTEGER, "-1"]
ODD["liquidity"] = ["0", ""]
GOOD_VALUES = {
    "required": "F", "execution price": "650.5", "id": "ID-1", "quantity": "10", "price": "650.5",
    "average": "650.5", "executed": "10",
    "int": "1", "number": "4", "liquidity": "1", "text": "text", "time": "20260102-03:04:05",
}  # fmt: skip
# Without these the good messages are no events. The report is a fill.
NEEDED = {"8": {"17", "150", "32", "31"}, "9": {"11"}, "j": set(), "3": {"45"}}
BODIES = {"8": "execution_report", "9": "order_cancel_reject", "j": "business_reject",
          "3": "session_reject"}  # fmt: skip


def raw_of(kind: str, values: dict[str, str]) -> str:
    head = f"8=FIX.4.4{SOH}9=1{SOH}35={kind}{SOH}34=9{SOH}52=20260102-03:04:05{SOH}"
    return head + SOH.join(f"{tag}={value}" for tag, value in values.items()) + SOH


def good_of(kind: str) -> dict[str, str]:
    return {tag: GOOD_VALUES[of] for tag, (_, of) in ORDERS[kind].items()}


def read(raw: str) -> link.VenueMessage:
    sent = f"35=D{SOH}11=A-1{SOH}"
    message = OrderReader(lambda _: sent, DialectConfig()).read(raw, 7, NOW, 9)
    validate(message)
    # It can go over the wire whatever it holds.
    again = link.VenueMessage.FromString(message.SerializeToString())
    assert again.msg_seq_num == 9
    return again


def all_cases(which: dict[str, list[str]]):
    return [
        pytest.param(kind, tag, value, id=f"{kind}-{name}({tag})-{value[:12]!r}-{len(value)}")
        for kind, fields in ORDERS.items()
        for tag, (name, of) in fields.items()
        for value in which[of]
    ]


def test_the_tables_have_every_field_that_is_read() -> None:
    read_tags = {
        getattr(t, name)
        for module in (orders_in, trading_session)
        for name in re.findall(r"\bt\.([A-Z_]+)", inspect.getsource(module))
    }
    covered = {tag for fields in ORDERS.values() for tag in fields}
    session = {t.MSG_TYPE, t.SENDING_TIME} | {
        t.TRADING_SESSION_ID,
        t.TRAD_SES_STATUS,
        t.TRAD_SES_CLOSE_TIME,
        t.TRAD_SES_END_TIME,
        t.TRAD_SES_REQ_ID,
    }
    # The first is looked at only where there is no MaxFloor(111), the second only in a mass
    # answer: the next tests have them.
    assert read_tags - covered == session | {t.DISPLAY_QTY, t.LAST_RPT_REQUESTED}


def test_what_stands_for_max_floor_is_read_as_strictly() -> None:
    good = {tag: value for tag, value in good_of("8").items() if tag != t.MAX_FLOOR}
    read_well = read(raw_of("8", good | {t.DISPLAY_QTY: "10"}))
    assert read_well.execution_report.display_quantity == "10"
    odd = read(raw_of("8", good | {t.DISPLAY_QTY: "ten"})).execution_report
    assert "DisplayQty(1138)" in odd.unreadable
    assert odd.display_quantity == ""


@pytest.mark.parametrize("value", ["", "N", "y", "YES", "1", "-1", "Y ", LONG, "\udcff", None])
def test_only_a_plain_yes_makes_a_report_the_last_of_a_mass_answer(value) -> None:
    """Taken for the last one too early, orders that the venue still reports would be given up."""
    reader = OrderReader(lambda _: "")
    fields = good_of("8") | ({} if value is None else {t.LAST_RPT_REQUESTED: value})
    assert reader.mass_answer(raw_of("8", fields)) == ("text", False, True)
    assert reader.mass_answer(raw_of("8", fields | {t.LAST_RPT_REQUESTED: "Y"})) == (
        "text",
        True,
        True,
    )


@pytest.mark.parametrize("value", ODD_TEXTS)
def test_an_odd_name_of_a_mass_answer_is_reported_as_it_came(value) -> None:
    reader = OrderReader(lambda _: "")
    raw = raw_of("8", good_of("8") | {t.MASS_STATUS_REQ_ID: value})
    assert reader.mass_answer(raw) == (value, False, True)
    fields = good_of("8")
    del fields[t.MASS_STATUS_REQ_ID]
    assert reader.mass_answer(raw_of("8", fields)) is None


@pytest.mark.parametrize("kind", ORDERS)
def test_the_good_message_is_read(kind) -> None:
    assert read(raw_of(kind, good_of(kind))).WhichOneof("body") == BODIES[kind]


def cases_of_fields(*, needed: bool):
    return [case for case in all_cases(BAD) if (case.values[1] in NEEDED[case.values[0]]) == needed]


@pytest.mark.parametrize(("kind", "tag", "value"), cases_of_fields(needed=True))
def test_what_an_event_needs_and_cannot_be_read_is_parked_whole_and_named(kind, tag, value) -> None:
    values = good_of(kind) | {tag: value}
    raw = raw_of(kind, values)
    message = read(raw)
    assert message.WhichOneof("body") == "parked"
    assert f"{ORDERS[kind][tag][0]}({tag})" in message.parked.error
    assert message.parked.msg_type == kind
    assert message.parked.raw == raw.encode()[: orders_in.PARKED_BYTES_MAX]
    named = (message.parked.cl_ord_id, message.parked.orig_cl_ord_id, message.parked.venue_order_id)
    shown = tuple(values.get(name, "")[:TEXT_MAX] for name in ("11", "41", "37"))
    assert named == (shown if kind in {"8", "9"} else ("", "", "")), "the OMS finds its order"


@pytest.mark.parametrize(("kind", "tag", "value"), cases_of_fields(needed=False))
def test_what_no_event_needs_and_cannot_be_read_is_left_out_and_named(kind, tag, value) -> None:
    good = read(raw_of(kind, good_of(kind)))
    message = read(raw_of(kind, good_of(kind) | {tag: value}))
    name = BODIES[kind]
    assert message.WhichOneof("body") == name, message.parked.error
    found, usual = getattr(message, name), getattr(good, name)
    assert f"{ORDERS[kind][tag][0]}({tag})" in found.unreadable
    if kind == "8":
        assert (found.exec_id, found.last_quantity, found.last_price) == (
            usual.exec_id, usual.last_quantity, usual.last_price,
        )  # fmt: skip


@pytest.mark.parametrize(("kind", "tag", "value"), all_cases(ODD))
def test_what_is_only_odd_is_read(kind, tag, value) -> None:
    message = read(raw_of(kind, good_of(kind) | {tag: value}))
    assert message.WhichOneof("body") == BODIES[kind], message.parked.error


@pytest.mark.parametrize(
    ("kind", "tag"), [(kind, tag) for kind, fields in ORDERS.items() for tag in fields]
)
def test_a_missing_field_is_left_out_or_named(kind, tag) -> None:
    values = good_of(kind)
    del values[tag]
    message = read(raw_of(kind, values))
    name, of = ORDERS[kind][tag]
    if of == "required" and tag in NEEDED[kind]:
        assert f"{name}({tag}) is missing" in message.parked.error
    else:
        assert message.WhichOneof("body") == BODIES[kind]
        unread = getattr(message, BODIES[kind]).unreadable
        assert unread == (f"{name}({tag}) is missing" if of == "required" else "")


@pytest.mark.parametrize("kind", ORDERS)
def test_a_message_of_nothing_and_one_of_bytes(kind) -> None:
    read(raw_of(kind, {}))
    bytes_of = dict.fromkeys(ORDERS[kind], "��")
    read(raw_of(kind, bytes_of))
    twice = raw_of(kind, good_of(kind)) + raw_of(kind, good_of(kind) | {"17": "second"})
    assert read(twice).WhichOneof("body") == BODIES[kind]


@pytest.mark.parametrize("value", ["", "0", "9", "-1", "two", LONG, "\udcff"])
def test_a_session_status_nobody_knows_is_none(value) -> None:
    raw = raw_of("h", {"336": "day", "340": value})
    assert OrderReader(lambda _: "").trading_session(raw).status == 0
    reading = FixMarketDialect(config()).read(raw, NOW)
    assert reading.trading_session.status == 0


# Market data: message, the fields before its group, a good entry of it.
MARKET = {
    "W": ({"55": "A"}, {"269": "0", "270": "1.5", "271": "10", "278": "id", "346": "1"}),
    "X": ({}, {"279": "0", "269": "0", "278": "id", "55": "A", "270": "1.5", "271": "10",
               "346": "1", "272": "20260102", "273": "03:04:05", "277": "A", "280": "id"}),
    "y": ({"320": "list", "560": "0", "393": "1", "893": "Y"},
          {"55": "A", "48": "NL0010273215", "22": "4", "107": "name", "15": "EUR", "461": "ESXXXX",
           "561": "1", "1140": "100", "1205": "1", "1206": "0", "1208": "0.01", "326": "17"}),
    "f": ({}, {"55": "A", "326": "2"}),
    "Y": ({}, {"262": "md-1", "281": "0", "58": "text"}),
    "j": ({}, {"45": "1", "372": "V", "379": "md-1", "380": "3", "58": "text"}),
    "h": ({}, {"336": "day", "340": "2"}),
}  # fmt: skip
MARKET_NUMBERS = {
                  "270": "MDEntryPx", "271": "MDEntrySize", "561": "RoundLot",
                  "1140": "MaxTradeVol", "1206": "StartTickPriceRange", "1208": "TickIncrement",
}  # fmt: skip
# Characters of what is said of a message, however long it was.
FAULT_MAX = 500
SIZES = {"271", "561", "1140", "1208"}
DIVISORS = {"561", "1140", "1208"}
ANYTHING = ["", "-1", "ten", "1e5", "NaN", "\u0663", "9" * 30, "\u00dc", "\udcff", "a\tb", "Z",
            "\x02", "x" * 300, LONG]  # fmt: skip


def market_raw(kind: str, *entries: dict[str, str]) -> str:
    head, _ = MARKET[kind]
    text = raw_of(kind, head)
    return text + SOH.join(f"{k}={v}" for entry in entries for k, v in entry.items()) + SOH


def market_read(raw: str):
    reading = FixMarketDialect(config()).read(raw, NOW)
    listed = reading.list_part.instruments if reading.list_part else []
    frame = feed.FeedRequest(frame_sequence=1, updates=reading.updates, instruments=listed)
    validate(feed.FeedRequest.FromString(frame.SerializeToString()))
    for update in reading.updates:
        for price, size in _numbers(update):
            parse_decimal(price)
            assert parse_decimal(size) >= 0
    return reading


def _numbers(update: feed.FeedUpdate) -> list[tuple[str, str]]:
    found = [(level.price, level.size) for level in (*update.book.bids, *update.book.asks)]
    if update.HasField("level"):
        found.append((update.level.price, update.level.size))
    if update.HasField("trade"):
        found.append((update.trade.price, update.trade.size))
    return found


@pytest.mark.parametrize("kind", MARKET)
def test_no_field_of_a_market_message_raises_or_makes_a_number_up(kind) -> None:
    _, good = MARKET[kind]
    raws = [market_raw(kind), market_raw(kind, good, good)]
    for tag in good:
        raws += [market_raw(kind, good | {tag: value}) for value in ANYTHING]
        raws.append(market_raw(kind, {k: v for k, v in good.items() if k != tag}))
    faults = [fault for raw in raws for fault in market_read(raw).faults]
    assert all(len(fault) < FAULT_MAX for fault in faults)


@pytest.mark.parametrize("kind", ["W", "X", "y"])
def test_what_is_no_number_is_named(kind) -> None:
    _, good = MARKET[kind]
    for tag in good.keys() & MARKET_NUMBERS.keys():
        values = NO_QUANTITY if tag in SIZES else NO_PRICE
        for value in [*values, "0"] if tag in DIVISORS else values:
            reading = market_read(market_raw(kind, good | {tag: value}))
            assert any(f"{MARKET_NUMBERS[tag]}({tag})" in fault for fault in reading.faults), (
                tag,
                value[:20],
            )


def test_the_market_tables_have_every_field_that_is_read() -> None:
    modules = (market_in, security_list, security_status.reported_status, market_refusals)
    sources = "".join(inspect.getsource(module) for module in modules)
    read_tags = {getattr(t, name) for name in re.findall(r"\bt\.([A-Z_]+)", sources)}
    covered = {tag for head, entry in MARKET.values() for tag in (*head, *entry)}
    # HandedKind by some venues beside the rest; any text will do.
    others = {t.SENDING_TIME, t.TRADE_ID, t.AGGRESSOR_SIDE, t.NO_MD_ENTRIES, t.MSG_TYPE}
    assert read_tags - covered == others


def test_one_bad_entry_does_not_take_the_others_with_it() -> None:
    """What it would have changed is asked for again whole."""
    good = {"279": "0", "269": "0", "55": "A", "270": "1", "271": "10"}
    bad = good | {"55": "B", "271": "-1"}
    last = good | {"55": "C"}
    reading = market_read(market_raw("X", good, bad, last))
    assert [u.instrument_id for u in reading.updates] == ["A.TEST", "B.TEST", "C.TEST"]
    assert [u.book_incomplete for u in reading.updates] == [False, True, False]
    assert reading.refresh == {"B"}
    assert "MDEntrySize(271) '-1' is below zero" in reading.faults[0]


def test_an_instrument_that_cannot_be_read_does_not_take_the_list_with_it() -> None:
    _, good = MARKET["y"]
    bad, last = good | {"55": "B", "561": "0"}, good | {"55": "C"}
    reading = market_read(market_raw("y", good, bad, last))
    assert [i.symbol for i in reading.list_part.instruments] == ["A", "C"]
    assert "instrument 'B'" in reading.faults[0]
