"""Orders and a venue that does not trade: every status, way to the venue, and time in force."""

from decimal import Decimal

import pytest

from mesh.errors import MeshError
from meshctl.commands.venue.sessions import trading_words
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.marketdata.v1 import instrument_pb2
from ordermesh.oms.v1 import order_pb2, order_service_pb2
from svc_oms.adapters.redis.read_copies import NoReadCopies
from svc_oms.api.orders import order_requests as requests
from svc_oms.app import build_replica
from svc_oms.domain.commands import ExpireOrder
from svc_oms.domain.order_terms.trading_hours import SessionStatus, TradingSession, takes
from svc_oms.service.codec.session_messages import session_message
from svc_oms.service.reference.market import instrument_value
from svc_oms.service.reference.venue_sessions import VenueSessions, trading_of
from svc_oms.service.submissions import CommandKind, Taken
from svc_oms.settings import OmsSettings
from tests.support.command_bench import ACCOUNT, RITA, SESSION, Silence, command_bench
from tests.support.oms import listing

D = Decimal
OTO, BRACKET = order_pb2.ORDER_LINK_KIND_OTO, order_pb2.ORDER_LINK_KIND_BRACKET
BUY, SELL = order_pb2.SIDE_BUY, order_pb2.SIDE_SELL
HOUR_S, HOUR_NS = 3600, 3600 * 10**9
NEW = gw.VENUE_COMMAND_KIND_NEW
STATUSES = list(SessionStatus)[:-1]
TIMES = ["DAY", "GTC", "IOC", "FOK", "AT_OPEN"]
CLOSED = SessionStatus.CLOSED


@pytest.fixture
async def bench():
    return await command_bench()


def terms(time_in_force="GTC", **fields):
    tif = order_pb2.TimeInForce.Value(f"TIME_IN_FORCE_{time_in_force}")
    return order_pb2.OrderTerms(quantity="100", time_in_force=tif, **fields)


def limit(time_in_force="GTC", side=BUY, **fields):
    made = terms(time_in_force, limit_price="650")
    return {"side": side, "type": order_pb2.ORDER_TYPE_LIMIT, "terms": made} | fields


def stop(time_in_force="GTC", **fields):
    made = terms(time_in_force, stop_price="640")
    return {"side": SELL, "type": order_pb2.ORDER_TYPE_STOP, "terms": made} | fields


def linked(kind, parent=""):
    return order_pb2.OrderLink(kind=kind, group_id="G", parent_order_id=parent)


async def sent(bench):
    """The new orders that left for the venue."""
    return [each.order_id for each in await bench.commands() if each.kind == NEW]


async def seen(bench, order_id):
    order = await bench.order(order_id)
    return order.state.name, order.waits_for.name if order.waits_for else ""


async def fill(bench, order_id, quantity="100"):
    """Have the venue execute an order."""
    cl_ord_id = f"{order_id}-1"
    bench.reports = getattr(bench, "reports", 0) + 1
    report = gw.ExecutionReport(
        cl_ord_id=cl_ord_id,
        exec_type="F",
        ord_status="2",
        exec_id=f"E{bench.reports}",
        venue_order_id=f"V{order_id}",
        order_quantity="100",
        last_quantity=quantity,
        last_price="650",
        cum_quantity=quantity,
        leaves_quantity="0",
    )
    await bench.apply(report)


# --- A listing whose status is not known -------------------------------------------------------


@pytest.mark.parametrize("status", ["OPEN", "NOT_KNOWN"])
async def test_an_order_of_a_listing_whose_status_is_not_known_is_taken_and_marked(bench, status):
    message = listing()
    message.trading_status = instrument_pb2.TradingStatus.Value(f"TRADING_STATUS_{status}")
    bench.book.market.learn([message])
    placed = await bench.place(**limit())
    held = await bench.place(**limit(), hold_for_approval=True)
    waiting = await bench.place(**stop())
    approval = order_service_pb2.ApproveRequest(idempotency_key="a", order_id=held)
    await bench.do(requests.approve, approval, RITA)
    await bench.trigger(waiting, D(630))
    assert await sent(bench) == [placed, held, waiting]
    for order_id in (placed, held, waiting):
        order = await bench.order(order_id)
        assert order.listing_status_not_known is (status == "NOT_KNOWN")


# --- A listing that collects orders and matches them later -------------------------------------


@pytest.mark.parametrize("time_in_force", TIMES)
@pytest.mark.parametrize("status", ["PRE_OPEN", "AUCTION", "OPEN"])
async def test_in_a_call_phase_an_order_that_trades_at_once_is_refused(
    bench, status, time_in_force
):
    message = listing()
    message.trading_status = instrument_pb2.TradingStatus.Value(f"TRADING_STATUS_{status}")
    bench.book.market.learn([message])
    if time_in_force not in {"IOC", "FOK"} or status == "OPEN":
        order_id = await bench.place(**limit(time_in_force))
        assert await sent(bench) == [order_id]
        return
    refused = await bench.try_place(**limit(time_in_force))
    assert (refused.reason, refused.field) == ("INSTRUMENT_NOT_TRADABLE", "terms.time_in_force")
    assert (refused.metadata["trading_status"], refused.metadata["value"]) == (
        status, time_in_force,
    )  # fmt: skip
    assert await sent(bench) == []


# --- Every way to the venue ----------------------------------------------------------------


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("time_in_force", TIMES)
async def test_a_new_order(bench, status, time_in_force):
    await bench.session(trading_status=status)
    taken = takes(TradingSession(status), limit(time_in_force)["terms"].time_in_force, 0)
    if taken:
        order_id = await bench.place(**limit(time_in_force))
        assert await sent(bench) == [order_id]
        closed = status in {SessionStatus.CLOSED, SessionStatus.HALTED}
        assert (await bench.order(order_id)).for_next_session is closed
        return
    refused = await bench.try_place(**limit(time_in_force))
    assert refused.reason == "INSTRUMENT_NOT_TRADABLE"
    assert refused.metadata["trading_status"] == status.name
    assert await sent(bench) == []


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("time_in_force", TIMES)
async def test_the_approval_of_a_held_order(bench, status, time_in_force):
    order_id = await bench.place(**limit(time_in_force), hold_for_approval=True)
    await bench.session(trading_status=status)
    approval = order_service_pb2.ApproveRequest(idempotency_key="a", order_id=order_id)
    outcome = await bench.do(requests.approve, approval, RITA)
    if takes(TradingSession(status), limit(time_in_force)["terms"].time_in_force, 0):
        assert isinstance(outcome, Taken)
        assert await sent(bench) == [order_id]
        return
    assert outcome.reason == "INSTRUMENT_NOT_TRADABLE"
    assert await seen(bench, order_id) == ("HELD", "APPROVAL")
    await bench.session(trading_status=SessionStatus.OPEN)
    assert isinstance(await bench.do(requests.approve, approval, RITA), Taken)
    assert await sent(bench) == [order_id]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("time_in_force", ["GTC", "DAY", "IOC", "FOK"])
async def test_a_stop_that_is_reached(bench, status, time_in_force):
    order_id = await bench.place(**stop(time_in_force))
    bench.book.clock.advance(1)
    await bench.session(trading_status=status)
    await bench.trigger(order_id, D(640))
    becomes = {"GTC": "DAY"}.get(time_in_force, time_in_force)
    if takes(TradingSession(status), terms(becomes).time_in_force, 0):
        assert await sent(bench) == [order_id]
        return
    if status is CLOSED and time_in_force == "DAY":
        # The day ended with the close.
        assert await seen(bench, order_id) == ("EXPIRED", "")
        return
    # It stays reached, and is sent when the venue opens.
    assert await seen(bench, order_id) == ("AWAITING_TRIGGER", "VENUE")
    await bench.trigger(order_id)
    assert await sent(bench) == []
    await bench.session(trading_status=SessionStatus.OPEN)
    await bench.trigger(order_id)
    assert await sent(bench) == [order_id]
    assert await seen(bench, order_id) == ("PENDING_NEW", "")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", [OTO, BRACKET])
@pytest.mark.parametrize("time_in_force", ["GTC", "IOC", "DAY"])
async def test_a_child_whose_parent_is_filled_by_the_closing_print(
    bench, status, kind, time_in_force
):
    parent = await bench.place(**limit(), link=linked(kind))
    child = await bench.place(**limit(time_in_force, SELL), link=linked(kind, parent))
    bench.book.clock.advance(1)
    await bench.session(trading_status=status)
    await fill(bench, parent)
    assert await seen(bench, child) == ("AWAITING_TRIGGER", "VENUE")
    await bench.trigger(child)
    if takes(TradingSession(status), terms(time_in_force).time_in_force, 0):
        assert await sent(bench) == [parent, child]
        return
    assert await sent(bench) == [parent]
    if status is CLOSED and time_in_force == "DAY":
        assert await seen(bench, child) == ("EXPIRED", "")
        return
    assert await seen(bench, child) == ("AWAITING_TRIGGER", "VENUE")
    await bench.session(trading_status=SessionStatus.OPEN)
    await bench.trigger(child)
    assert await sent(bench) == [parent, child]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("time_in_force", ["DAY", "GTC"])
@pytest.mark.parametrize("tradable", ["OPEN", "CLOSED", "HALTED"])
async def test_replaces_and_cancels_always_pass(bench, status, time_in_force, tradable):
    order_id = await bench.place(**limit(time_in_force))
    other = await bench.place(**limit(time_in_force))
    await bench.session(trading_status=status)
    listed = listing()
    listed.trading_status = f"TRADING_STATUS_{tradable}"
    bench.book.market.learn([listed])
    change = order_service_pb2.ReplaceRequest(
        idempotency_key="r", order_id=order_id, terms=terms(time_in_force, limit_price="649")
    )
    assert isinstance(await bench.do(requests.replace, change), Taken)
    cancel = order_service_pb2.CancelRequest(idempotency_key="c", order_id=other)
    assert isinstance(await bench.do(requests.cancel, cancel), Taken)
    assert [each.kind for each in await bench.commands()] == [
        NEW,
        NEW,
        gw.VENUE_COMMAND_KIND_REPLACE,
        gw.VENUE_COMMAND_KIND_CANCEL,
    ]


@pytest.mark.parametrize(
    ("tradable", "time_in_force", "taken"),
    [
        ("CLOSED", "AT_OPEN", True),
        ("HALTED", "AT_OPEN", True),
        ("UNSPECIFIED", "AT_OPEN", False),
        ("DELISTED", "AT_OPEN", False),
        ("CLOSED", "DAY", False),
        ("HALTED", "GTC", False),
    ],
)
async def test_a_listing_that_is_not_traded_takes_orders_for_its_opening(
    bench, tradable, time_in_force, taken
):
    listed = listing()
    listed.trading_status = f"TRADING_STATUS_{tradable}"
    bench.book.market.learn([listed])
    outcome = await bench.try_place(**limit(time_in_force))
    assert isinstance(outcome, Taken) is taken
    if isinstance(outcome, MeshError):
        assert outcome.reason == "INSTRUMENT_NOT_TRADABLE"
        said = "not reported" if tradable == "UNSPECIFIED" else tradable
        assert str(outcome).endswith(f"its trading status is {said}")


@pytest.mark.parametrize(("status", "words"), [(0, ""), (5, "DELISTED"), (99, "")])
def test_a_status_of_a_later_version_is_not_reported(status, words):
    listed = listing()
    listed.trading_status = status
    value = instrument_value(listed)
    assert (value.trading_status, value.tradable) == (words, False)


async def test_what_only_waits_here_is_taken_while_the_venue_is_closed_and_says_so(bench):
    await bench.session(trading_status=CLOSED)
    held = await bench.place(**limit(), hold_for_approval=True)
    watched = await bench.place(**stop())
    for order_id in (held, watched):
        assert (await bench.order(order_id)).for_next_session
    assert await sent(bench) == []


async def test_at_its_closing_time_a_venue_takes_nothing_before_it_has_said_that_it_is_closed(
    bench,
):
    order_id = await bench.place(**stop())
    now_ns = bench.book.clock.now_ns()
    times = {"since": now_ns, "closes_at": now_ns + HOUR_NS}
    await bench.session(trading_status=SessionStatus.OPEN, **times)
    bench.book.clock.advance(HOUR_S)
    assert (await bench.try_place(**limit())).reason == "INSTRUMENT_NOT_TRADABLE"
    await bench.trigger(order_id, D(630))
    assert await seen(bench, order_id) == ("AWAITING_TRIGGER", "VENUE")


# --- When DAY ends ------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["close time", "closed status", "calendar of the venue"])
async def test_day_ends_here_at_the_close_of_the_venue(bench, how):
    clock = bench.book.clock
    order_id = await bench.place(**stop("DAY"))
    if how == "close time":
        closes = clock.now_ns() + HOUR_NS
        await bench.session(trading_status=SessionStatus.OPEN, closes_at=closes)
    elif how == "calendar of the venue":
        # The clock stands at 22:13:20.
        bench.book.worker._parts.venues._day_ends_s["SIMA"] = 23 * HOUR_S
    expire = ExpireOrder(ACCOUNT, order_id)
    await bench.run_command(CommandKind.EXPIRE, expire)
    assert await seen(bench, order_id) == ("AWAITING_TRIGGER", "PRICE")
    clock.advance(HOUR_S)
    if how == "closed status":
        await bench.session(trading_status=CLOSED)
    await bench.run_command(CommandKind.EXPIRE, expire)
    assert await seen(bench, order_id) == ("EXPIRED", "")


async def test_a_venue_that_trades_longer_than_the_calendar_keeps_its_day_orders(bench):
    await bench.session(trading_status=SessionStatus.OPEN)
    order_id = await bench.place(**stop("DAY"))
    bench.book.clock.advance(23 * HOUR_S + 50 * 60)
    await bench.run_command(CommandKind.EXPIRE, ExpireOrder(ACCOUNT, order_id))
    assert await seen(bench, order_id) == ("AWAITING_TRIGGER", "PRICE")


def test_the_calendar_of_each_venue():
    settings = OmsSettings(trading_day_ends_utc="XAMS=15:30,XNYS=20:00")
    assert settings.trading_day_ends_s == {"XAMS": 15.5 * HOUR_S, "XNYS": 20 * HOUR_S}


def test_a_venue_whose_session_was_not_read_yet_ends_no_day():
    assert VenueSessions().day_ends_at_ns("SIMA", 1) is None


# --- Restarts ----------------------------------------------------------------------------


async def test_a_gateway_that_has_not_heard_yet_does_not_open_a_closed_venue(bench):
    await bench.session(trading_status=CLOSED)
    before = trading_of(await stored(bench))
    bench.book.clock.advance(HOUR_S)
    # Another gateway process, before the venue answered.
    await bench.session()
    assert trading_of(await stored(bench)) == before
    assert (await bench.try_place(**limit())).reason == "INSTRUMENT_NOT_TRADABLE"
    # The venue refuses or does not answer: unknown, and trading is allowed.
    await bench.session(since=bench.book.clock.now_ns())
    assert isinstance(await bench.try_place(**limit()), Taken)


async def test_a_gateway_that_does_not_ask_leaves_trading_allowed(bench):
    await bench.session(trading_status=CLOSED)
    await bench.session(capabilities=())
    assert isinstance(await bench.try_place(**limit()), Taken)


async def test_the_status_survives_a_restart_of_the_oms(bench):
    await bench.session(trading_status=CLOSED)
    book = bench.book
    again = build_replica(OmsSettings(), book.store, NoReadCopies(), Silence(), "r2", book.clock)
    await again.wake_up_receiver.look(set(), sessions=True)
    assert again.venues.trading("SIMA") == book.venues.trading("SIMA")
    assert again.venues.trading("SIMA").status is CLOSED


async def test_a_session_without_owner_keeps_the_status(bench):
    await bench.session(trading_status=CLOSED, closes_at=5 * HOUR_NS)
    before = trading_of(await stored(bench))
    await bench.book.leases.release(bench.book.leases._links[SESSION], "gone")
    assert trading_of(await stored(bench)) == before


async def test_an_operator_sees_whether_the_venue_trades(bench):
    await bench.session(trading_status=CLOSED, closes_at=5 * HOUR_NS)
    [row] = await bench.book.store.sessions()
    message = session_message(row, ())
    assert message.trading_session_status == CLOSED
    assert trading_words(message) == "closed, closes 1970-01-01 05:00:00Z"
    message.ClearField("trading_closes_at")
    message.trading_session_status = 9
    assert trading_words(message) == "9"


async def stored(bench):
    rows = await bench.book.store.sessions()
    return gw.SessionStatus.FromString(rows[0].status)
