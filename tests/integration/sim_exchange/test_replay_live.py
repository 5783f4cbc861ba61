"""A recording played into a live venue, with a client trading along."""

import pytest

from tests.support.sim_exchange import SOH, pairs
from tests.support.sim_process import SimProcess

# Halted and open again in its first step. Clients come when they come, so nothing a test waits for
# happens once: from its first second on the bid is executed, a part of it every 0.2 s for a minute.
ROWS = """\
100.0,1,1,30000,1000000,1
100.0,1,2,100,1000100,-1
100.0,1,3,50,999900,1
100.0,7,0,0,-1,-1
100.0,7,0,0,1,-1
""" + "".join(f"{101 + 0.2 * number:.1f},4,1,60,1000000,1\n" for number in range(300))


@pytest.fixture
def venue(tmp_path):
    file = tmp_path / "ZZTOP_message.csv"
    file.write_text(ROWS)
    with SimProcess(
        tmp_path / "store", "--replay", str(file), "--speed", "1", ORDERMESH_SIM_PUBLISH_MS="20"
    ) as running:
        yield running


def playing(venue, symbol: str):
    """A market-data client that has seen the recorded book: the first rows are applied."""
    feed = venue.client("ORDERMESH-MD", reset=True)
    body = ["262=1", "263=1", "264=5", "146=1", f"55={symbol}"]
    feed.send("V", SOH.join(body))
    while not any(f"{SOH}270=100{SOH}" in text for text in feed.messages):
        feed.receive_next()
    return feed


def test_recorded_flow_moves_the_book_and_fills_clients_with_priority(venue) -> None:
    feed = playing(venue, "ZZTOP")
    feed.send("x", f"320=1{SOH}559=0{SOH}55=ZZTOP")
    listed = feed.wait("y")
    assert (listed["48"][:2], listed["15"]) == ("XX", "USD")
    client = venue.client()
    # Behind the recorded 100.00: not reached by executions of the order before it.
    client.order("B-1", symbol="ZZTOP", price="99.99", quantity="10")
    client.report("B-1", "0")
    # Behind the recorded bid at the same price: not reached either.
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
    for name in ("B-1", "B-2"):
        client.send("H", f"11={name}{SOH}55=ZZTOP{SOH}54=1")
        assert client.report(name, "I")["39"] == "0"


def test_client_order_ahead_of_a_recorded_one_is_filled_first(tmp_path) -> None:
    file = tmp_path / "SAP_message.csv"
    executions = [f"{101 + 0.2 * number:.1f},4,1,60,1000000,1" for number in range(300)]
    file.write_text("\n".join(["100.0,1,1,30000,1000000,1", *executions, ""]))
    with SimProcess(tmp_path / "store", "--replay", str(file)) as running:
        feed = playing(running, "SAP")
        client = running.client()
        client.order("A-1", symbol="SAP", price="100.01", quantity="10")
        client.report("A-1", "0")
        fill = client.report("A-1", "F")
        assert (fill["39"], fill["31"], fill["851"]) == ("2", "100.01", "1")
        # The recorded order lost what the file says, and nothing to the client.
        feed.send("V", SOH.join(["262=2", "263=0", "264=5", "146=1", "55=SAP"]))
        text = feed.wait_text("W", lambda f: f["262"] == "2")
        sizes = [value for tag, value in pairs(text) if tag == "271"]
        assert int(sizes[0]) < 30000
        assert int(sizes[0]) % 60 == 0


def test_a_recorded_halt_stops_clients_and_is_reported(tmp_path) -> None:
    file = tmp_path / "SAP_message.csv"
    file.write_text("100.0,1,1,100,1000000,1\n100.0,7,0,0,-1,-1\n")
    with SimProcess(tmp_path / "store", "--replay", str(file)) as running:
        feed = playing(running, "SAP")
        feed.send("e", f"324=s{SOH}263=0{SOH}55=SAP")
        assert feed.wait("f")["326"] == "2"
        client = running.client()
        client.order("A-2", symbol="SAP")
        assert client.report("A-2", "8")["103"] == "2"


def test_each_recorded_halt_and_its_end_are_reported_to_subscribers(tmp_path) -> None:
    file = tmp_path / "SAP_message.csv"
    states = [f"{100 + 0.2 * n:.1f},7,0,0,{-1 if n % 2 else 1},-1" for n in range(300)]
    file.write_text("\n".join(["100.0,1,1,100,1000000,1", *states, ""]))
    with SimProcess(tmp_path / "store", "--replay", str(file)) as running:
        feed = playing(running, "SAP")
        statuses = [feed.wait("f")["326"] for _ in range(3)]
        assert statuses in (["2", "17", "2"], ["17", "2", "17"])
