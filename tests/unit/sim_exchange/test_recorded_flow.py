import pytest

from sim_exchange.domain.lobster import RecordingError
from sim_exchange.domain.order import Order, Side
from sim_exchange.instruments import isin_is_valid
from sim_exchange.service.orders import ClientOrder, Terms
from sim_exchange.service.recorded_flow import RecordedFlow, open_recording, replay_instrument
from sim_exchange.service.venue import Venue

NS = 10**9
ROWS = """\
100.0,1,1,100,1000000,1
100.5,1,2,100,990000,1
101.0,4,1,60,1000000,1
103.0,3,2,100,990000,1
"""


@pytest.fixture
def flow_of(tmp_path):
    made = []

    def make(rows=ROWS, speed=1.0) -> tuple[RecordedFlow, Venue]:
        path = tmp_path / "SAP_message.csv"
        path.write_text(rows)
        flow = open_recording(str(path), "", speed)
        made.append(flow)
        venue = Venue("SIMA", [flow.instrument])
        flow.attach(venue.markets["SAP"], venue)
        return flow, venue

    yield make
    for flow in made:
        flow.close()


def rest_client(venue: Venue, name: str, price: int, quantity: int) -> ClientOrder:
    terms = Terms("A", "SAP", "", Side.BUY, None, None, price, quantity)
    owner = ClientOrder("C", name, name, terms)
    venue.markets["SAP"].book.submit(Order(name, Side.BUY, price, quantity, owner=owner), 1)
    return owner


def test_rows_come_at_the_recorded_pace(flow_of) -> None:
    flow, venue = flow_of(speed=2.0)
    book = venue.markets["SAP"].book
    flow.step(50 * NS)
    assert len(book) == 1
    flow.step(50 * NS + NS // 4)
    assert len(book) == 2
    flow.step(51 * NS)
    assert (book.get(1).leaves, flow.finished) == (40, False)
    flow.step(52 * NS)
    assert (len(book), flow.finished) == (1, True)
    flow.step(53 * NS)
    assert flow.playback.counts.messages == 4


def test_as_fast_as_possible(flow_of) -> None:
    flow, _ = flow_of(speed=0)
    flow.step(NS)
    assert flow.finished


def test_clients_with_priority_are_filled_and_the_recording_stays(flow_of) -> None:
    flow, venue = flow_of()
    better = rest_client(venue, "better", 1_000_100, 30)
    earlier = rest_client(venue, "earlier", 1_000_000, 50)
    flow.step(10 * NS)
    later = rest_client(venue, "later", 1_000_000, 50)
    flow.step(12 * NS)
    assert [order.cum for order in (better, earlier, later)] == [30, 30, 0]
    assert venue.markets["SAP"].book.get(1).leaves == 40


def test_what_a_client_took_is_missing_later(flow_of) -> None:
    flow, venue = flow_of()
    flow.step(10 * NS)
    venue.markets["SAP"].book.submit(Order("x", Side.SELL, 1_000_000, 70), 1)
    flow.step(12 * NS)
    assert flow.playback.counts.short == 1


def test_halts_are_reported(flow_of) -> None:
    flow, venue = flow_of("100.0,7,0,0,-1,-1\n100.1,7,0,0,1,-1\n", speed=0)
    halts = []
    venue.on_state.append(lambda market, _: halts.append(market.book.halted))
    flow.step(NS)
    assert halts == [True, False]


def test_bad_row_ends_the_playback_and_names_the_place(flow_of) -> None:
    flow, _ = flow_of("100.0,1,1,100,1000000,1\nx\n", speed=0)
    with pytest.raises(RecordingError, match="line 2, column 2"):
        flow.step(NS)
    assert flow.finished
    flow.step(2 * NS)


def test_listing_of_a_recording() -> None:
    assert replay_instrument("SAP").isin == "DE0007164600"
    made_up = replay_instrument("AAPL")
    assert made_up.isin.startswith("XX")
    assert isin_is_valid(made_up.isin)
    assert (made_up.ticks.tick_at(5_000), made_up.ticks.tick_at(5_000_000)) == (1, 100)
    for symbol in ("", "A B", "TOOLONGSYMBOL", "Ä"):
        with pytest.raises(RecordingError, match="--replay-symbol"):
            replay_instrument(symbol)


def test_step_before_attach_is_a_fault_of_ours(tmp_path) -> None:
    path = tmp_path / "SAP_m.csv"
    path.write_text(ROWS)
    flow = open_recording(str(path), "SAP", 0)
    with pytest.raises(RuntimeError, match="attach"):
        flow.step(1)
    flow.close()
    with pytest.raises(RecordingError, match="No such file"):
        open_recording(str(tmp_path / "none"), "SAP", 0)
