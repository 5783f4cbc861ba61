"""Rules of the derived codecs that the kinds of events do not all need."""

from decimal import Decimal
from typing import NamedTuple

import pytest

from ordermesh.oms.v1 import event_pb2, kill_switch_pb2, order_pb2
from svc_oms.domain.model import OrderTerms, Trigger
from svc_oms.service.codec.derived import reader, writer
from svc_oms.service.codec.values import terms_message, terms_value


class Doubt(NamedTuple):
    cl_ord_id: str
    venue_cum_quantity: Decimal = Decimal(0)


class Bust(NamedTuple):
    quantity: Decimal


class Pull(NamedTuple):
    order_id: str
    attempts: int
    updated_at_us: int


class Late(NamedTuple):
    exec_id: str
    price: Decimal
    seen_by: str


class Wrong(NamedTuple):
    cl_ord_ids: str


def test_a_zero_is_left_out_only_where_it_is_the_default():
    doubt, bust = event_pb2.OrderInDoubt(), event_pb2.ExecutionBusted()
    writer(Doubt, event_pb2.OrderInDoubt)(doubt, Doubt("a"))
    writer(Bust, event_pb2.ExecutionBusted)(bust, Bust(Decimal(0)))
    assert doubt == event_pb2.OrderInDoubt(cl_ord_id="a")
    assert bust == event_pb2.ExecutionBusted(quantity="0")
    assert reader(Doubt, event_pb2.OrderInDoubt)(doubt) == Doubt("a")


def test_microseconds_are_a_timestamp_and_zero_is_none():
    message = kill_switch_pb2.KillOrder()
    writer(Pull, kill_switch_pb2.KillOrder)(message, Pull("o", 2, 1_500_000))
    assert (message.updated_at.seconds, message.updated_at.nanos) == (1, 500_000_000)
    assert reader(Pull, kill_switch_pb2.KillOrder)(message) == Pull("o", 2, 1_500_000)
    empty = kill_switch_pb2.KillOrder()
    writer(Pull, kill_switch_pb2.KillOrder)(empty, Pull("o", 2, 0))
    assert not empty.HasField("updated_at")


def test_a_field_that_the_message_does_not_have_is_given_by_the_caller():
    read = reader(Late, order_pb2.Execution, {"price": Decimal}, leave={"seen_by"})
    assert read(order_pb2.Execution(exec_id="e", price="2"), "me") == Late("e", Decimal(2), "me")


def test_a_field_without_a_partner_stops_the_import():
    with pytest.raises(KeyError):
        writer(Wrong, event_pb2.CancelRequested)


def test_an_empty_value_is_there_all_the_same():
    message = event_pb2.TriggerMoved()

    class Moved(NamedTuple):
        trigger: Trigger | None

    write, read = writer(Moved, event_pb2.TriggerMoved), reader(Moved, event_pb2.TriggerMoved)
    write(message, Moved(Trigger()))
    assert message.HasField("trigger")
    assert read(message) == Moved(Trigger())
    assert read(event_pb2.TriggerMoved()) == Moved(None)


def test_terms_without_a_quantity_are_read_as_zero():
    terms = terms_value(order_pb2.OrderTerms(time_in_force=order_pb2.TIME_IN_FORCE_DAY))
    assert terms == OrderTerms(Decimal(0))
    assert terms_message(terms).quantity == "0"
