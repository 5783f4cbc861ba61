"""The requests that the terminal makes of one line."""

from datetime import UTC, datetime

import pytest
import typer

from meshctl.commands.common import number
from meshctl.commands.orders.ticket import SideWord, Ticket, bracket, moment, oco_pair
from meshctl.commands.venue.resolve import found_execution
from ordermesh.oms.v1 import order_pb2, order_service_pb2


def request(**fields):
    terms = order_pb2.OrderTerms(quantity="100", limit_price="650")
    return order_service_pb2.PlaceRequest(terms=terms, side=order_pb2.SIDE_BUY, **fields)


def test_the_exits_of_a_bracket_are_reduce_only_and_not_the_entry():
    for reduce_only in (False, True):
        made = bracket(request(reduce_only=reduce_only), SideWord.BUY, "700:600").orders
        assert [one.reduce_only for one in made] == [False, reduce_only, reduce_only]


def test_both_orders_of_a_pair_are_reduce_only():
    made = oco_pair(request(reduce_only=True), "600").orders
    assert [one.reduce_only for one in made] == [True, True]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("240.50", "240.5"), ("007", "7"), (".5", "0.5"), ("5.", "5"), ("-0.050", "-0.05"),
        ("", ""), ("ten", "ten"), ("5,5", "5,5"), ("1e3", "1e3"), ("0.0000000001", "0.0000000001"),
        ("1k", "1000"), ("1,000", "1000"), ("1.5m", "1500000"), ("1.5M", "1500000"),
        ("1,234,567.50", "1234567.5"), ("0.0005k", "0.5"), (".25K", "250"), ("2,500k", "2500000"),
        ("0,500", "0,500"), ("007,500", "007,500"), ("1,0000", "1,0000"), (",100", ",100"),
        ("k", "k"), ("1km", "1km"),
        ("1000000000000000k", "1000000000000000k"),
    ],
)  # fmt: skip
def test_a_number_is_sent_in_the_form_of_the_contracts(typed, sent):
    """What is none stays, so that the mesh says what is wrong with it."""
    assert number(typed) == sent


def test_every_number_of_an_order_may_be_typed_with_zeros_at_its_end():
    ticket = Ticket(
        SideWord.BUY, "10.0", limit="240.50", stop="250.00", trail="1.50", display="5.0",
        peg="primary:-0.050", cash="100.00",
    )  # fmt: skip
    terms = ticket.terms(datetime(2027, 1, 1, tzinfo=UTC))
    assert (terms.quantity, terms.limit_price, terms.stop_price) == ("10", "240.5", "250")
    assert (terms.trailing_offset, terms.display_quantity) == ("1.5", "5")
    assert (terms.peg.offset, terms.cash_quantity) == ("-0.05", "100")
    exits = bracket(request(), SideWord.BUY, "700.0:600.50").orders[1:]
    assert (exits[0].terms.limit_price, exits[1].terms.stop_price) == ("700", "600.5")
    assert oco_pair(request(), "600.0").orders[1].terms.stop_price == "600"
    found = found_execution("E:1:10.0:240.50")
    assert (found.exec_id, found.quantity, found.price) == ("E:1", "10", "240.5")


@pytest.mark.parametrize(
    "typed", ["2h", "2h ago", "10:00", "2027-01-31T10:00", "2027-01-31T11:00+01:00"]
)
def test_a_time_in_the_past(typed):
    now = datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert moment(typed, now, "--at", past=True).ToJsonString() == "2027-01-31T10:00:00Z"


def test_an_order_does_not_expire_in_the_past():
    with pytest.raises(typer.Exit):
        moment("2h ago", datetime(2027, 1, 31, 12, tzinfo=UTC), "--expire")
