"""Order sessions of the venue process, byte by byte."""

import pytest

from tests.support.sim_exchange import SOH, FixClient
from tests.support.sim_process import SimProcess


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    with SimProcess(
        tmp_path_factory.mktemp("store"), "--no-agents", "--clients", "ORDERMESH,OTHER,THIRD"
    ) as running:
        yield running


@pytest.fixture
def client(venue):
    # A sequence reset per test keeps them apart; orders stay known to the venue.
    made = venue.client(reset=True)
    yield made
    made.close()


def test_ready_line_names_venue_and_address(venue) -> None:
    assert venue.ready_line == (
        f"sim_exchange ready: SIMA on 127.0.0.1:{venue.port}, 22 instruments, simulated prices"
    )


def test_life_of_an_order(client) -> None:
    client.order("L-1", price="100", quantity="100")
    new = client.report("L-1", "0")
    assert [new[tag] for tag in ("39", "151", "14", "44", "1")] == ["0", "100", "0", "100", "ACC"]
    client.replace("L-2", "L-1", quantity="60", price="100")
    assert client.report("L-2", "5")["41"] == "L-1"
    assert client.status("L-1")["38"] == "60"
    client.cancel("L-3", "L-2")
    assert client.report("L-3", "4")["39"] == "4"
    client.cancel("L-4", "L-3")
    reject = client.wait("9")
    assert (reject["102"], reject["434"], reject["39"]) == ("0", "1", "4")


def test_two_clients_trade_with_each_other(venue, client) -> None:
    other = venue.client("OTHER", reset=True)
    client.order("T-1", side="1", price="100", quantity="100", symbol="SIE")
    client.report("T-1", "0")
    other.order("T-1", side="2", price="100", quantity="30", symbol="SIE", tif="3")
    assert other.report("T-1", "F")["39"] == "2"
    fill = client.report("T-1", "F")
    assert (fill["39"], fill["32"], fill["31"], fill["851"]) == ("1", "30", "100", "1")
    assert fill["17"].startswith("SIMA-1-E")
    other.close()


def test_parties_of_an_order_are_read_over(client) -> None:
    parties = SOH.join(
        ["453=2", "448=1", "447=P", "452=122", "448=2", "447=P", "452=12", "528=A", "1724=5"]
    )
    client.order("G-1", extra=parties)
    assert client.report("G-1", "0")["39"] == "0"


@pytest.mark.parametrize(
    ("msg_type", "body", "reason", "text"),
    [
        ("Q", "37=1", "3", "MsgType(35) 'Q' is not supported on the order session"),
        ("V", "262=1", "3", "MsgType(35) 'V' is not supported on the order session"),
        ("D", "55=SAP", "5", "required field ClOrdID(11) is missing"),
        ("F", "11=B-1", "5", "required field OrigClOrdID(41) is missing"),
        ("D", "11=B\t2", "0", "a field holds a control character"),
    ],
)
def test_what_cannot_be_handled_is_a_business_reject(client, msg_type, body, reason, text) -> None:
    sent = client.send(msg_type, body)
    reject = client.wait("j")
    assert (reject["45"], reject["372"], reject["380"]) == (str(sent), msg_type, reason)
    assert reject["58"] == text


def test_bad_values_reject_the_order_and_the_session_goes_on(client) -> None:
    client.order("V-1", price="1e5")
    assert "price '1e5' is not a positive decimal number" in client.report("V-1", "8")["58"]
    client.order("V-2", quantity="0")
    assert client.report("V-2", "8")["103"] == "13"
    client.order("V-3", symbol="ÄÖÜ")
    assert client.report("V-3", "8")["103"] == "1"
    client.replace("V-5", "V-4", quantity="x", price="100")
    assert client.wait("9")["102"] == "99"
    client.order("V-6")
    assert client.report("V-6", "0")["39"] == "0"


def test_possdup_and_possresend_of_a_known_order_give_its_status(client) -> None:
    client.order("R-1")
    client.report("R-1", "0")
    client.order("R-1")
    assert client.report("R-1", "8")["103"] == "6"
    client.order("R-1", header="97=Y")
    assert client.report("R-1", "I")["39"] == "0"


def test_mass_status_lists_open_orders(venue) -> None:
    client = venue.client("THIRD", reset=True)
    client.order("M-1")
    client.order("M-2")
    client.report("M-2", "0")
    client.send("AF", f"584=mass{SOH}585=7")
    first = client.wait("8", lambda f: f["150"] == "I")
    last = client.wait("8", lambda f: f["150"] == "I")
    assert [first["11"], last["11"], last["911"], last["912"]] == ["M-1", "M-2", "2", "Y"]
    client.send("AF", f"584=of-one{SOH}585=1{SOH}55=SIE")
    none = client.wait("8", lambda f: f.get("584") == "of-one")
    assert (none["37"], none["911"], none["912"], none["39"]) == ("NONE", "0", "Y", "8")
    for body, reason, named in (
        (f"584=m{SOH}585=8", "0", "MassStatusReqType(585) '8' is not 1"),
        ("584=m", "5", "MassStatusReqType(585) is missing"),
        (f"584=m{SOH}585=1", "5", "Symbol(55) is missing"),
    ):
        client.send("AF", body)
        reject = client.wait("j")
        assert (reject["372"], reject["380"]) == ("AF", reason)
        assert named in reject["58"]
    client.close()


def test_a_short_sale_trades_as_a_sell(venue, client) -> None:
    other = venue.client("OTHER", reset=True)
    for code in ("5", "6"):
        client.order(f"B-{code}", price="100", quantity="30", symbol="BAS")
        client.report(f"B-{code}", "0")
        other.order(f"S-{code}", side=code, price="100", quantity="50", symbol="BAS")
        fill = other.report(f"S-{code}", "F")
        assert (fill["54"], fill["32"], fill["39"]) == (code, "30", "1")
        assert client.report(f"B-{code}", "F")["54"] == "1"
        other.cancel(f"C-{code}", f"S-{code}", symbol="BAS", side=code)
        assert other.report(f"C-{code}", "4")["54"] == code
    other.close()


def test_trading_session_status_is_reported_on_the_order_session_too(client) -> None:
    client.send("g", f"335=s{SOH}263=1")
    assert client.wait("h")["340"] == "2"


def test_unknown_client_is_not_let_in(venue) -> None:
    with pytest.raises((ConnectionError, AssertionError)):
        FixClient(venue.port, "STRANGER")
