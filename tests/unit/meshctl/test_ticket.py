"""The requests that the terminal makes of one line."""

from meshctl.commands.ticket import SideWord, bracket, oco_pair
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
