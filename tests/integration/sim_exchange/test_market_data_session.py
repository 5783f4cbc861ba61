import urllib.request

import pytest

from tests.support.ports import free_port
from tests.support.sim_exchange import SOH, pairs
from tests.support.sim_process import SimProcess


@pytest.fixture(scope="module")
def ops_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def venue(tmp_path_factory, ops_port):
    with SimProcess(
        tmp_path_factory.mktemp("store"),
        "--mic",
        "SIMB",
        "--ops",
        f"127.0.0.1:{ops_port}",
        ORDERMESH_SIM_ACTIONS_PER_S="300",
        ORDERMESH_SIM_PUBLISH_MS="20",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def venue_of_cases(tmp_path_factory):
    """A venue with a halt, refused prices, a symbol with a space, and a listing less."""
    with SimProcess(
        tmp_path_factory.mktemp("cases"),
        "--no-agents",
        ORDERMESH_SIM_HALTED="ASML",
        ORDERMESH_SIM_WITHOUT_PRICES="SAP",
        ORDERMESH_SIM_MORE_SYMBOLS="BRK.B,VOLV B",
        ORDERMESH_SIM_UNLISTED="OR",
    ) as running:
        yield running


@pytest.fixture
def case_client(venue_of_cases):
    made = venue_of_cases.client("ORDERMESH-MD", reset=True)
    yield made
    made.close()


@pytest.fixture
def client(venue):
    made = venue.client("ORDERMESH-MD", mic="SIMB", reset=True)
    yield made
    made.close()


def values(text: str, tag: str) -> list[str]:
    return [value for at, value in pairs(text) if at == tag]


def subscribe(client, request_id, *symbols, depth=10, types="012", kind="1") -> None:
    body = [f"262={request_id}", f"263={kind}", f"264={depth}", "265=1", f"267={len(types)}"]
    body += [f"269={one}" for one in types]
    body += [f"146={len(symbols)}", *(f"55={symbol}" for symbol in symbols)] if symbols else []
    client.send("V", SOH.join(body))


def test_security_list_has_every_listing_with_its_ticks(client) -> None:
    client.send("x", f"320=all{SOH}559=4")
    texts = [client.wait_text("y") for _ in range(22)]
    assert [values(text, "893") for text in texts] == [["N"]] * 21 + [["Y"]]
    sap = next(text for text in texts if values(text, "55") == ["SAP"])
    assert values(sap, "48") == ["DE0007164600"]
    assert (values(sap, "207"), values(sap, "15"), values(sap, "561")) == (["SIMB"], ["EUR"], ["1"])
    assert values(sap, "1205") == [str(len(values(sap, "1206")))]
    ticks = dict(zip(values(sap, "1206"), values(sap, "1208"), strict=True))
    assert (ticks["0"], ticks["100"], ticks["200"]) == ("0.0001", "0.02", "0.05")
    client.send("x", f"320=one{SOH}559=0{SOH}55=ASML")
    assert values(client.wait_text("y"), "55") == ["ASML"]
    client.send("x", f"320=none{SOH}559=0{SOH}55=NONE")
    assert client.wait("y")["560"] == "2"


def test_increments_continue_the_snapshot_exactly(client) -> None:
    """The book kept from W and X equals the book of a fresh snapshot, at every check."""
    subscribe(client, "live", "SAP", depth=5, types="01")
    book = {"0": {}, "1": {}}
    apply_snapshot(book, client.wait_text("W"))
    for turn in range(5):
        for _ in range(5):
            apply_increment(book, client.wait_text("X"))
        # A request of the same depth flushes what is due to the subscription first.
        request = f"check{turn}"
        subscribe(client, request, "SAP", depth=5, types="01", kind="0")
        while True:
            text = client.receive_next()
            kind = values(text, "35")[0]
            if kind == "X":
                apply_increment(book, text)
            elif kind == "W" and values(text, "262") == [request]:
                break
        fresh = {"0": {}, "1": {}}
        apply_snapshot(fresh, text)
        assert book == fresh
        assert max(map(float, book["0"])) < min(map(float, book["1"]))


def apply_snapshot(book, text) -> None:
    columns = [values(text, tag) for tag in ("269", "270", "271", "346")]
    for side, price, size, count in zip(*columns, strict=True):
        if side in book:
            book[side][price] = (size, count)


def apply_increment(book, text) -> None:
    columns = [values(text, tag) for tag in ("279", "269", "270", "271", "346")]
    for action, side, price, size, count in zip(*columns, strict=True):
        assert (price in book[side]) == (action != "0")
        if action == "2":
            del book[side][price]
        else:
            book[side][price] = (size, count)


def test_trades_of_all_instruments(client) -> None:
    subscribe(client, "tape", types="2")
    assert len([client.wait_text("W") for _ in range(22)]) == 22
    text = client.wait_text("X")
    assert set(values(text, "269")) == {"2"}
    assert all(one.startswith("SIMB-1-T") for one in values(text, "278"))
    assert set(values(text, "2446")) <= {"1", "2"}


def test_unsubscribing_ends_the_increments(client) -> None:
    subscribe(client, "a", "SAP")
    client.wait_text("X")
    subscribe(client, "a", kind="2")
    subscribe(client, "b", "SAP", kind="0")
    client.wait_text("W", lambda f: f["262"] == "b")
    client.send("1", "112=ping")
    before = len(client.messages)
    client.wait("0", lambda f: f.get("112") == "ping")
    assert [text for text in client.messages[before:] if f"{SOH}35=X{SOH}" in text] == []


@pytest.mark.parametrize(
    ("body", "reason", "text"),
    [
        ("262=r|263=1|264=0|146=1|55=NONE", "0", "symbol 'NONE' is not listed"),
        ("263=1", "1", "required field MDReqID(262) is missing"),
        ("262=r|263=7", "4", "SubscriptionRequestType(263) '7' is not 0, 1 or 2"),
        ("262=r|263=1|264=x", "5", "MarketDepth(264) 'x' is not a number"),
    ],
)
def test_requests_that_cannot_be_are_refused(client, body, reason, text) -> None:
    client.send("V", body.replace("|", SOH))
    refusal = client.wait("Y")
    assert (refusal["281"], refusal["58"]) == (reason, text)


def test_same_request_id_twice_is_refused(client) -> None:
    subscribe(client, "twice", "SAP")
    subscribe(client, "twice", "SAP")
    assert client.wait("Y")["281"] == "1"


def test_states_are_reported_on_request(client) -> None:
    client.send("g", f"335=s{SOH}263=0")
    status = client.wait("h")
    assert (status["335"], status["340"], status["325"]) == ("s", "2", "N")
    client.send("e", f"324=t{SOH}55=SAP{SOH}263=0")
    assert client.wait("f")["326"] == "17"
    client.send("e", f"324=t{SOH}55=NONE{SOH}263=0")
    assert client.wait("f")["326"] == "20"


def test_orders_are_not_taken_on_a_market_data_session(client) -> None:
    client.order("X-1")
    assert "not supported on the market-data session" in client.wait("j")["58"]


@pytest.mark.usefixtures("client")
def test_operations_pages(ops_port) -> None:
    def page(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{ops_port}{path}") as answer:
            return answer.read().decode()

    assert page("/readyz") == "ready\n"
    assert page("/livez") == "alive\n"
    metrics = page("/metrics")
    assert 'ordermesh_sim_sessions{venue="SIMB"} 1.0' in metrics
    assert 'ordermesh_sim_errors_total{venue="SIMB"} 0.0' in metrics


def test_subscriptions_end_with_the_connection(venue, client) -> None:
    subscribe(client, "old", "SAP")
    client.wait_text("W")
    client.close()
    again = venue.client("ORDERMESH-MD", mic="SIMB", reset=True)
    subscribe(again, "new", types="01")
    for _ in range(5):
        assert again.wait("X")["262"] == "new"
    again.close()


def test_a_halt_from_before_the_logon_is_reported_on_request(case_client) -> None:
    case_client.send("e", f"324=t{SOH}55=ASML{SOH}263=1")
    status = case_client.wait("f")
    assert (status["324"], status["326"], status["325"]) == ("t", "2", "N")


def test_prices_that_are_refused_name_the_symbol(case_client) -> None:
    client = case_client
    subscribe(client, "both", "ABI", "SAP")
    refusal = client.wait("Y")
    assert (refusal["262"], refusal["281"]) == ("both", "3")
    assert refusal["58"] == "no permission for the prices of 'SAP'"
    subscribe(client, "one", "VOLV B")
    assert client.wait("W")["55"] == "VOLV B"
    subscribe(client, "gone", "OR")
    assert client.wait("Y")["281"] == "0"
