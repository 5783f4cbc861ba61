"""A request in the FIX store is read as the command it was written from."""

import pytest

from kernel.nanoseconds import NS_PER_S
from mesh.timestamps import to_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from ordermesh.oms.v1 import order_pb2 as oms
from svc_gateway.adapters.fix.orders.orders_out import OrderWriter
from svc_gateway.adapters.fix.orders.requests_sent import SentReader
from svc_gateway.venues import DialectConfig

ORDER_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
DIALECT = DialectConfig(send_currency=True, symbol_suffix=".A")


def command(
    kind: link.VenueCommandKind, type_: oms.OrderType, **terms: object
) -> link.VenueCommand:
    number = 1 if kind == link.VENUE_COMMAND_KIND_NEW else 2
    made = link.VenueCommand(
        cl_ord_id=f"{ORDER_ID}-{number}",
        order_id=ORDER_ID,
        kind=kind,
        account_id="ACC-ALICE",
        symbol="ASML",
        isin="NL0010273215",
        side=oms.SIDE_SELL_SHORT,
        type=type_,
        terms=oms.OrderTerms(**{"quantity": "20", "time_in_force": oms.TIME_IN_FORCE_DAY} | terms),
    )
    if number > 1:
        made.orig_cl_ord_id, made.venue_order_id = f"{ORDER_ID}-1", "V-1"
    return made


NEW, REPLACE = link.VENUE_COMMAND_KIND_NEW, link.VENUE_COMMAND_KIND_REPLACE
CASES = {
    "limit": command(NEW, oms.ORDER_TYPE_LIMIT, limit_price="650.05"),
    "market IOC": command(NEW, oms.ORDER_TYPE_MARKET, time_in_force=oms.TIME_IN_FORCE_IOC),
    "stop": command(NEW, oms.ORDER_TYPE_STOP, stop_price="600"),
    "stop limit": command(NEW, oms.ORDER_TYPE_STOP_LIMIT, stop_price="600", limit_price="599"),
    "iceberg": command(NEW, oms.ORDER_TYPE_ICEBERG, limit_price="650", display_quantity="5"),
    "trailing stop": command(NEW, oms.ORDER_TYPE_TRAILING_STOP, trailing_offset="2"),
    "pegged": command(
        NEW, oms.ORDER_TYPE_PEGGED, peg=oms.Peg(reference=oms.PEG_REFERENCE_MIDPOINT, offset="-1")
    ),
    "good till date": command(
        NEW,
        oms.ORDER_TYPE_LIMIT,
        limit_price="650",
        time_in_force=oms.TIME_IN_FORCE_GTD,
        expire_time=to_timestamp(1_795_000_000 * NS_PER_S),
    ),
    "replace": command(REPLACE, oms.ORDER_TYPE_LIMIT, limit_price="651"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_read_again(name: str) -> None:
    written = CASES[name]
    body, _ = OrderWriter(DIALECT, "SIMA").write(written, 1_700_000_000 * NS_PER_S)
    sent = SentReader(DIALECT).read(7, f"8=FIX.4.4\x019=1\x01{body}\x0110=000\x01")
    assert (sent.msg_seq_num, sent.error) == (7, "")
    assert sent.command == written


def test_a_cancel_has_no_terms() -> None:
    written = command(link.VENUE_COMMAND_KIND_CANCEL, oms.ORDER_TYPE_LIMIT)
    body, _ = OrderWriter(DIALECT, "SIMA").write(written, 1_700_000_000 * NS_PER_S)
    sent = SentReader(DIALECT).read(7, body)
    assert sent.command.kind == link.VENUE_COMMAND_KIND_CANCEL
    assert sent.command.orig_cl_ord_id == f"{ORDER_ID}-1"
    assert not sent.command.HasField("terms")


def test_a_request_that_cannot_be_read_says_why() -> None:
    sent = SentReader(DIALECT).read(3, f"35=D\x0111={ORDER_ID}-1\x0154=9\x01")
    assert sent.cl_ord_id == f"{ORDER_ID}-1"
    assert not sent.HasField("command")
    assert sent.error == "Side(54) is '9', should be 1, 2, 5 or 6"
