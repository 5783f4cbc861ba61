"""A recording played into a live venue, with a client trading along."""

import pytest

from tests.support.sim_exchange import SOH, pairs
from tests.support.sim_process import SimProcess

# The halt is over before anybody can be logged on: what is refused in it is no part of this.
ROWS = """\
100.0,1,1,100,1000000,1
100.0,1,2,100,1000100,-1
100.0,1,3,50,999900,1
100.0,7,0,0,-1,-1
100.0,7,0,0,1,-1
106.0,4,1,60,1000000,1
106.1,4,1,40,1000000,1
106.2,4,3,50,999900,1
"""


@pytest.fixture
def venue(tmp_path):
    file = tmp_path / "ZZTOP_message.csv"
    file.write_text(ROWS)
    with SimProcess(
        tmp_path / "store", "--replay", str(file), "--speed", "1", ORDERMESH_SIM_PUBLISH_MS="20"
    ) as running:
        yield running


def test_recorded_flow_moves_the_book_and_fills_clients_with_priority(venue) -> None:
    feed = venue.client("ORDERMESH-MD", reset=True)
    feed.send("x", f"320=1{SOH}559=0{SOH}55=ZZTOP")
    listed = feed.wait("y")
    assert (listed["48"][:2], listed["15"]) == ("XX", "USD")
    feed.send("V", SOH.join(["262=1", "263=1", "264=5", "146=1", "55=ZZTOP"]))
    client = venue.client()
    # Behind the recorded 100 at 100.00: not reached by executions of the order before it.
    client.order("B-1", symbol="ZZTOP", price="99.99", quantity="10")
    client.report("B-1", "0")
    # Better than the recorded bid: the first execution comes to it.
    client.order("B-2", symbol="ZZTOP", price="100.00", quantity="10")
    client.report("B-2", "0")
    client.order("B-3", symbol="ZZTOP", price="100.005", quantity="10")
    assert "multiple of the tick 0.01" in client.report("B-3", "8")["58"]
    client.order("B-4", symbol="ZZTOP", price="100.00", quantity="10", side="2", tif="3")
    assert client.report("B-4", "F")["31"] == "100"
    feed.wait("X", lambda f: f["269"] == "2")
    client.order("B-5", symbol="ZZTOP", price="100.01", quantity="10")
    fill = client.report("B-5", "F")
    assert (fill["31"], fill["851"]) == ("100.01", "2")


def test_client_order_ahead_of_a_recorded_one_is_filled_first(tmp_path) -> None:
    file = tmp_path / "SAP_message.csv"
    file.write_text("100.0,1,1,100,1000000,1\n103.0,4,1,60,1000000,1\n103.1,7,0,0,-1,-1\n")
    with SimProcess(tmp_path / "store", "--replay", str(file)) as running:
        feed = running.client("ORDERMESH-MD", reset=True)
        feed.send("V", SOH.join(["262=1", "263=1", "264=5", "146=1", "55=SAP"]))
        client = running.client()
        client.order("A-1", symbol="SAP", price="100.01", quantity="10")
        client.report("A-1", "0")
        fill = client.report("A-1", "F")
        assert (fill["39"], fill["31"], fill["851"]) == ("2", "100.01", "1")
        assert feed.wait("f")["326"] == "2"
        feed.send("V", SOH.join(["262=2", "263=0", "264=5", "146=1", "55=SAP"]))
        text = feed.wait_text("W", lambda f: f["262"] == "2")
        sizes = [value for tag, value in pairs(text) if tag == "271"]
        assert sizes[0] == "40"
        client.order("A-2", symbol="SAP")
        assert client.report("A-2", "8")["103"] == "2"
