"""What the terminal says of orders and events."""

from io import StringIO

from rich.console import Console

from meshctl.commands.orders import orders_table
from meshctl.commands.words import event_words
from ordermesh.oms.v1 import event_pb2, order_pb2


def test_what_does_not_fit_is_reported_with_its_event():
    event = event_pb2.OrderEvent(acknowledged={})
    assert event_words(event) == "acknowledged"
    event.anomaly = "ExecType(150)=Z is not known"
    assert event_words(event) == "acknowledged (anomaly: ExecType(150)=Z is not known)"


def test_an_order_with_anomalies_says_so_in_a_list():
    one = order_pb2.Order(order_id="O-1", instrument_id="ASML.SIMA", terms={"quantity": "1"})
    for count, shown in ((0, False), (2, True)):
        one.anomaly_count = count
        out = StringIO()
        Console(file=out, width=120).print(orders_table([one]))
        assert ("2 anomalies" in out.getvalue()) is shown


def test_an_odd_lot_that_is_left_over_is_named():
    event = event_pb2.OrderEvent(released={"waits_for": order_pb2.WAITS_FOR_PRICE})
    assert "odd lot" not in event_words(event)
    event.released.odd_lot_remainder = "5"
    assert event_words(event).endswith("; odd lot of 5 left over")
