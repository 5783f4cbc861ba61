"""Limits over time and by persons: versions, overrides, trading states, which one applies."""

import pytest

from mesh.errors import MeshError
from ordermesh.oms.v1 import limit_pb2, order_service_pb2
from ordermesh.oms.v1 import limit_service_pb2 as pb
from ordermesh.type.v1 import error_pb2
from svc_oms.api.orders import order_requests as requests
from svc_oms.service.controls import account_books as books
from svc_oms.service.ports import StoreUnavailableError
from svc_oms.service.ports.control_ports import RecordKind
from tests.support.limits import BUY, SELL, SELL_SHORT, LimitBench

FIRM = {"scope": limit_pb2.LIMIT_SCOPE_FIRM, "scope_id": "DEMO"}
DESK = {"scope": limit_pb2.LIMIT_SCOPE_DESK, "scope_id": "DEMO/CASH"}


@pytest.fixture
async def bench():
    return await LimitBench.make()


async def largest(bench: LimitBench, **fields) -> int:
    """Find the largest order that is taken, of the sizes the tests use."""
    for quantity in (50, 40, 30, 20, 10):
        outcome = await bench.place(BUY, quantity, **fields)
        if not isinstance(outcome, MeshError):
            return quantity
        assert outcome.reason == "MAX_QUANTITY_EXCEEDED"
    return 0


async def refused(work) -> MeshError:
    with pytest.raises(MeshError) as caught:
        await work
    return caught.value


# Versions.


async def test_every_version_stays_with_who_when_and_why(bench):
    first = await bench.set_limit("MAX_ORDER_QUANTITY", quantity="10")
    bench.clock.advance(60)
    await bench.set_limit("MAX_ORDER_QUANTITY", version=1, quantity="20")
    await bench.end_limit(first.limit_id, 2, "no more")
    rows = await bench.office.store.history(RecordKind.LIMIT, first.limit_id, 0, 10)
    versions = [limit_pb2.Limit.FromString(row.body) for row in rows]
    found = [
        (v.version, v.values.quantity, v.set_by, v.confirmed_by, v.reason, v.ended)
        for v in versions
    ]
    assert found == [
        (1, "10", "rita", "", "a test", False),
        (2, "20", "rita", "ravi", "a test", False),
        (3, "20", "rita", "ravi", "no more", True),
    ]
    assert versions[1].set_at.seconds - versions[0].set_at.seconds == 60
    assert await largest(bench) == 50
    # What ended can be set again, as one version more.
    again = await bench.set_limit("MAX_ORDER_QUANTITY", version=3, quantity="30")
    assert (again.limit_id, again.version) == (first.limit_id, 4)
    assert await largest(bench) == 30


async def test_a_version_counts_from_its_time_and_until_its_end(bench):
    await bench.set_limit("MAX_ORDER_QUANTITY", quantity="20")
    await bench.set_limit(
        "MAX_ORDER_QUANTITY", version=1, quantity="40", valid_from=60, valid_until=120
    )
    assert await largest(bench) == 20
    bench.clock.advance(59.999)
    assert await largest(bench) == 20
    bench.clock.advance(0.001)
    assert await largest(bench) == 40
    bench.clock.advance(60)
    assert await largest(bench) == 50


async def test_what_was_in_force_at_an_instant_can_be_asked_later(bench):
    await bench.set_limit("MAX_ORDER_QUANTITY", quantity="20")
    then_us = bench.clock.now_ns() // 1000 + 1
    bench.clock.advance(60)
    await bench.set_limit("MAX_ORDER_QUANTITY", version=1, quantity="40")
    bench.clock.advance(1)
    for at_us, quantity in ((then_us, "20"), (bench.clock.now_ns() // 1000, "40")):
        (row,) = await bench.office.store.in_force(RecordKind.LIMIT, at_us, "", None, 10)
        assert limit_pb2.Limit.FromString(row.body).values.quantity == quantity
    assert not await bench.office.store.in_force(RecordKind.LIMIT, then_us, "", ["ACC-BOB"], 10)


async def test_a_stale_version_is_refused(bench):
    await bench.set_limit("MAX_ORDER_QUANTITY", quantity="20")
    for version in (0, 2):
        error = await refused(bench.set_limit("MAX_ORDER_QUANTITY", version, quantity="30"))
        assert (error.reason, error.metadata["version"]) == ("STALE_VERSION", "1")
    assert await largest(bench) == 20


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("MAX_ORDER_QUANTITY", {"value": "1"}, "values.value"),
        ("MAX_ORDER_QUANTITY", {}, "values.quantity"),
        ("VOLUME", {"quantity": "1"}, "values.window_ms"),
        ("PRICE_COLLAR", {"percent": "1", "window_ms": 1}, "values.window_percent"),
        ("PRICE_COLLAR", {"window_percent": "1"}, "values.window_ms"),
        ("MESSAGE_RATE", {"messages": 5, "cancels": 4, "window_ms": 1}, "values.cancels"),
        ("BUYING_POWER", {"value": "1"}, "range.currency"),
        ("MAX_ORDER_QUANTITY", {"quantity": "1", "valid_from": -1}, "valid_from"),
        ("MAX_ORDER_QUANTITY", {"quantity": "1", "valid_from": 9, "valid_until": 9}, "valid_until"),
        (
            "MAX_ORDER_QUANTITY",
            {"quantity": "1", "range_": {"instrument_id": "A.SIMA", "venue_mic": "SIMA"}},
            "range.venue_mic",
        ),
    ],
)
async def test_a_limit_that_says_nothing_of_use_is_refused(bench, kind, fields, field):
    error = await refused(bench.set_limit(kind, **fields))
    assert (error.reason, error.field) == ("INVALID_FIELD", field)


async def test_a_limit_of_nobody_is_refused(bench):
    for range_ in ({"scope_id": "ACC-X"}, FIRM | {"scope_id": "X"}, DESK | {"scope_id": "DEMO/X"}):
        error = await refused(bench.set_limit("MAX_ORDER_QUANTITY", quantity="1", range_=range_))
        assert error.reason == "OBJECT_NOT_FOUND"


async def test_a_key_gives_the_first_answer_again(bench):
    request = pb.SetLimitRequest(
        kind=limit_pb2.LIMIT_KIND_MAX_ORDER_QUANTITY,
        range=limit_pb2.LimitRange(**FIRM),
        values=limit_pb2.LimitValues(quantity="10"),
        reason="a test",
    )
    caller = bench.caller()
    first = await bench.office.set_limit(request, caller)
    assert await bench.office.set_limit(request, caller) == first
    error = await refused(bench.office.set_limit(request, caller._replace(body_hash=b"other")))
    assert error.reason == "IDEMPOTENCY_KEY_REUSED"
    # Another person's key is another key.
    error = await refused(bench.office.set_limit(request, caller._replace(subject="ravi")))
    assert error.reason == "STALE_VERSION"


# Which one applies.


async def test_the_most_specific_limit_applies_and_no_other(bench):
    steps = [
        ({"range_": FIRM, "quantity": "10"}, 10),
        ({"range_": DESK, "quantity": "20"}, 20),
        ({"quantity": "30"}, 30),
        ({"range_": {"currency": "USD"}, "quantity": "10"}, 30),
        ({"range_": {"currency": "EUR"}, "quantity": "40"}, 40),
        ({"range_": {"venue_mic": "SIMA"}, "quantity": "20"}, 20),
        ({"range_": {"instrument_id": "PHIA.SIMA"}, "quantity": "10"}, 20),
        ({"range_": {"instrument_id": "ASML.SIMA"}, "quantity": "30"}, 30),
    ]
    for fields, expected in steps:
        await bench.set_limit("MAX_ORDER_QUANTITY", **fields)
        assert await largest(bench) == expected
    assert await largest(bench, instrument_id="PHIA.SIMA") == 10
    assert await largest(bench, instrument_id="ASML.SIMB") == 40


async def test_the_settings_hold_where_no_limit_is_set():
    bench = await LimitBench.make(order_quantity_max=30, order_value_max="none")
    assert await largest(bench) == 30
    outcome = await bench.place(BUY, 31)
    assert "limit default version 0" in outcome.text
    await bench.set_limit("MAX_ORDER_QUANTITY", range_=FIRM, quantity="40")
    assert await largest(bench) == 40


async def test_a_limit_narrowed_to_a_listing_sums_that_listing(bench):
    await bench.set_limit("OPEN_EXPOSURE", value="1000", range_={"instrument_id": "ASML.SIMA"})
    assert not isinstance(await bench.place(BUY, 90, instrument_id="PHIA.SIMA"), MeshError)
    await bench.place(BUY, 6)
    await bench.fill(1, 6)
    assert (await bench.place(BUY, 5)).reason == "EXPOSURE_LIMIT_EXCEEDED"
    assert not isinstance(await bench.place(BUY, 4), MeshError)
    (use,) = [u for u in (await bench.usage()).uses if u.limit.limit_id != "default"]
    assert (use.used, use.maximum, use.unit) == ("1000", "1000", "EUR")


# Overrides.


async def propose(bench: LimitBench, limit: limit_pb2.Limit, seconds: float = 60, **values):
    request = pb.ProposeOverrideRequest(
        limit_id=limit.limit_id,
        account_id="ACC-ALICE",
        values=limit_pb2.LimitValues(**values),
        valid_until=bench.at(seconds),
        reason="a large client order",
    )
    return (await bench.office.propose(request, bench.caller())).override


async def approve(bench: LimitBench, override_id: str, who: str = "ravi"):
    request = pb.ApproveOverrideRequest(override_id=override_id, reason="seen")
    return (await bench.office.approve(request, bench.caller(who))).override


async def test_an_override_needs_a_second_person_and_ends_by_itself(bench):
    limit = await bench.set_limit("MAX_ORDER_QUANTITY", range_=FIRM, quantity="20")
    override = await propose(bench, limit, quantity="40")
    assert await largest(bench) == 20
    error = await refused(approve(bench, override.override_id, "rita"))
    assert (error.reason, error.metadata["proposed_by"]) == ("SECOND_PERSON_REQUIRED", "rita")
    assert await largest(bench) == 20
    approved = await approve(bench, override.override_id)
    assert (approved.decided_by, approved.decision_reason) == ("ravi", "seen")
    assert await largest(bench) == 40
    outcome = await bench.place(BUY, 41)
    assert outcome.metadata["override_id"] == override.override_id
    assert "override" in outcome.text
    bench.clock.advance(60)
    assert await largest(bench) == 20
    rows = await bench.office.store.history(RecordKind.OVERRIDE, override.override_id, 0, 10)
    assert [row.version for row in rows] == [1, 2]


async def test_an_override_is_approved_once_and_in_time(bench):
    limit = await bench.set_limit("MAX_ORDER_QUANTITY", quantity="20")
    late = await propose(bench, limit, 10, quantity="40")
    bench.clock.advance(10)
    assert (await refused(approve(bench, late.override_id))).reason == "OBJECT_STATE"
    override = await propose(bench, limit, quantity="40")
    await approve(bench, override.override_id)
    assert (await refused(approve(bench, override.override_id))).reason == "OBJECT_STATE"
    reject = pb.RejectOverrideRequest(override_id=override.override_id, reason="enough")
    await bench.office.reject(reject, bench.caller())
    assert await largest(bench) == 20
    assert (await refused(bench.office.reject(reject, bench.caller()))).reason == "OBJECT_STATE"


async def test_an_override_has_bounds(bench):
    limit = await bench.set_limit("MAX_ORDER_QUANTITY", quantity="20")
    for seconds in (0, 24 * 3600 + 1):
        error = await refused(propose(bench, limit, seconds, quantity="40"))
        assert (error.reason, error.field) == ("INVALID_FIELD", "valid_until")
    error = await refused(propose(bench, limit, value="40"))
    assert error.field == "values.value"
    limit.limit_id = "01JD0000000000000000000000"
    assert (await refused(propose(bench, limit, quantity="1"))).reason == "OBJECT_NOT_FOUND"


# Trading states.


@pytest.mark.parametrize(
    ("target", "target_id"),
    [
        ("ACCOUNT", "ACC-ALICE"),
        ("FIRM", "DEMO"),
        ("VENUE", "SIMA"),
        ("INSTRUMENT", "ASML.SIMA"),
    ],
)
async def test_halted_takes_cancels_only_and_reduce_only_what_reduces(bench, target, target_id):
    await bench.place(BUY, 10)
    await bench.fill(0, 10)
    await bench.place(BUY, 5, "99")
    await bench.place(BUY, 5, "98")
    await bench.set_status(target, target_id, "HALTED")
    assert (await bench.place(SELL, 1)).reason == "TRADING_HALTED"
    assert (await bench.replace(1, 4, "99")).reason == "TRADING_HALTED"
    assert not isinstance(await bench.cancel(1), MeshError)
    await bench.set_status(target, target_id, "REDUCE_ONLY")
    refused = await bench.place(BUY, 1)
    assert (refused.reason, refused.metadata["maximum"]) == ("REDUCE_ONLY", "0")
    assert (await bench.replace(2, 6, "98")).reason == "REDUCE_ONLY"
    assert not isinstance(await bench.replace(2, 4, "98"), MeshError)
    assert (await bench.place(SELL, 11)).reason == "REDUCE_ONLY"
    assert not isinstance(await bench.place(SELL, 6), MeshError)
    assert (await bench.place(SELL, 5)).reason == "REDUCE_ONLY"
    assert not isinstance(await bench.place(SELL, 4), MeshError)
    await bench.set_status(target, target_id, "ACTIVE")
    assert not isinstance(await bench.place(BUY, 1, "97"), MeshError)


async def test_what_is_halted_elsewhere_does_not_matter(bench):
    for target, name in (("VENUE", "SIMB"), ("INSTRUMENT", "PHIA.SIMA"), ("ACCOUNT", "ACC-BOB")):
        await bench.set_status(target, name, "HALTED")
    assert not isinstance(await bench.place(BUY, 1), MeshError)
    assert (await bench.place(BUY, 1, instrument_id="ASML.SIMB")).reason == "TRADING_HALTED"
    error = await refused(bench.set_status("ACCOUNT", "ACC-X", "HALTED"))
    assert error.reason == "OBJECT_NOT_FOUND"


# Prices, and what has none.


async def test_the_reference_is_last_then_mid_then_close(bench):
    await bench.set_limit("PRICE_COLLAR", percent="1")
    assert (await bench.place(BUY, 1)).reason == "REFERENCE_PRICE_MISSING"
    for prices, source in (
        ({"close_price": "100"}, "close"),
        ({"close_price": "50", "bid_price": "99", "ask_price": "101"}, "mid"),
        ({"close_price": "50", "bid_price": "98", "ask_price": "99", "last_price": "100"}, "last"),
    ):
        bench.quote(**prices)
        outcome = await bench.place(BUY, 1, "101.05")
        assert outcome.reason == "PRICE_COLLAR_EXCEEDED"
        assert (outcome.metadata["source"], outcome.metadata["reference"]) == (source, "100")
        assert not isinstance(await bench.place(BUY, 1, "101"), MeshError)
    bench.quote(bid_price="99")
    assert (await bench.place(BUY, 1)).reason == "REFERENCE_PRICE_MISSING"


async def test_a_market_order_counts_with_the_reference_price(bench):
    await bench.set_limit("OPEN_EXPOSURE", value="1000")
    assert (await bench.place(BUY, 1, None)).reason == "REFERENCE_PRICE_MISSING"
    bench.quote(last_price="100")
    assert not isinstance(await bench.place(BUY, 10, None), MeshError)
    assert (await bench.place(BUY, 1, "1")).reason == "EXPOSURE_LIMIT_EXCEEDED"


async def test_a_short_sale_is_refused_by_its_side(bench):
    await bench.set_limit("SHORT_SALE")
    assert (await bench.place(SELL_SHORT, 1)).reason == "SHORT_SALE_NOT_ALLOWED"
    await bench.set_limit("SHORT_SALE", version=1, short_sale_allowed=True)
    assert not isinstance(await bench.place(SELL_SHORT, 1), MeshError)


# Several replicas and failed commits.


async def test_open_orders_are_exact_on_every_replica(bench):
    await bench.set_limit("OPEN_EXPOSURE", value="1000")
    peer = await bench.peer()
    await bench.place(BUY, 4)
    await peer.place(BUY, 4)
    assert (await bench.place(BUY, 3)).reason == "EXPOSURE_LIMIT_EXCEEDED"
    await bench.place(BUY, 2)
    assert (await peer.place(BUY, 1)).reason == "EXPOSURE_LIMIT_EXCEEDED"
    await bench.canceled(0)
    assert not isinstance(await peer.place(BUY, 4), MeshError)
    assert (await bench.place(BUY, 1)).reason == "EXPOSURE_LIMIT_EXCEEDED"
    await bench.fill(1, 2)
    assert (await peer.place(BUY, 1)).reason == "EXPOSURE_LIMIT_EXCEEDED"


@pytest.mark.parametrize("orders_of_the_other", [1, 2])
async def test_a_commit_that_never_was_leaves_nothing(bench, orders_of_the_other):
    await bench.set_limit("OPEN_EXPOSURE", value="1000")
    peer = await bench.peer()
    await bench.place(BUY, 4)
    bench.store.fail_commits = 1
    assert (await bench.place(BUY, 6)).reason == "DEPENDENCY_UNAVAILABLE"
    # The other replica gives the same sequence to another order.
    for _ in range(orders_of_the_other):
        await peer.place(BUY, 1)
    assert not isinstance(await bench.place(BUY, 6 - orders_of_the_other), MeshError)
    assert (await bench.place(BUY, 1)).reason == "EXPOSURE_LIMIT_EXCEEDED"


async def test_positions_of_a_commit_that_never_was_are_not_kept(bench):
    await bench.set_limit("POSITION", long_quantity="10")
    await bench.place(BUY, 8)
    bench.store.fail_commits = 1
    with pytest.raises(StoreUnavailableError):
        await bench.fill(0, 8)
    # The venue sends it again, to another order of numbers.
    await bench.fill(0, 5)
    await bench.canceled(0)
    assert not isinstance(await bench.place(BUY, 5), MeshError)
    assert (await bench.place(BUY, 1)).reason == "POSITION_LIMIT_EXCEEDED"


async def test_what_is_kept_has_a_bound(bench, monkeypatch):
    monkeypatch.setattr(books, "ACCOUNTS_KEPT_MAX", 0)
    monkeypatch.setattr(books, "EVENTS_BEHIND_MAX", 1)
    await bench.set_limit("POSITION", long_quantity="10")
    peer = await bench.peer()
    for number in range(3):
        for one in (bench, peer):
            await one.place(BUY, 1)
            await one.fill(number, 1)
    assert not isinstance(await bench.place(BUY, 4), MeshError)
    assert (await peer.place(BUY, 1)).reason == "POSITION_LIMIT_EXCEEDED"


async def test_a_batch_counts_what_it_took_before(bench):
    await bench.set_limit("POSITION", long_quantity="100")
    request = order_service_pb2.PlaceRequest(
        account_id="ACC-ALICE",
        instrument_id="ASML.SIMA",
        side=BUY,
        type=2,
        terms=bench.terms(30, "100"),
    )
    many = []
    for number in range(5):
        one = order_service_pb2.PlaceRequest(idempotency_key=f"b{number}")
        one.MergeFrom(request)
        many.append(one)
    past = "POSITION_LIMIT_EXCEEDED"
    outcomes = await bench.work(requests.place, *many)
    assert [getattr(o, "reason", "") for o in outcomes] == ["", "", "", past, past]


async def test_a_cancel_of_everything_reports_which_cancel_was_one_too_many(bench):
    for price in ("100", "99", "98"):
        await bench.place(BUY, 1, price)
    await bench.set_limit("MESSAGE_RATE", messages=1, cancels=2, window_ms=1000)
    request = order_service_pb2.CancelAllRequest(idempotency_key="all", account_id="ACC-ALICE")
    (outcome,) = await bench.work(requests.cancel_all, request)
    results = order_service_pb2.CancelAllResponse.FromString(outcome.body).results
    reasons = [result.rejection.reason for result in results]
    assert reasons == [0, 0, error_pb2.ERROR_REASON_RATE_LIMITED]


async def test_objects_that_are_not_there_or_over_are_reported(bench):
    limit = await bench.set_limit("MAX_ORDER_QUANTITY", quantity="10")
    await bench.end_limit(limit.limit_id, 1)
    end = pb.EndLimitRequest(limit_id=limit.limit_id, expected_version=2, reason="over")
    assert (await refused(bench.office.end_limit(end, bench.caller()))).reason == "OBJECT_STATE"
    assert (await refused(approve(bench, "01JD0000000000000000000000"))).reason == (
        "OBJECT_NOT_FOUND"
    )
    stop = pb.EnableStrategyRequest(
        account_id="ACC-X", strategy="trader:alice", instrument_id="ASML.SIMA", side=1, reason="r"
    )
    assert (await refused(bench.office.enable(stop, bench.caller()))).reason == (
        "ACCOUNT_NOT_ALLOWED"
    )
    stop.account_id = "ACC-ALICE"
    assert (await refused(bench.office.enable(stop, bench.caller()))).reason == "OBJECT_NOT_FOUND"
    await bench.set_limit("MAX_ORDER_QUANTITY", 2, quantity="10")
    request = pb.ProposeOverrideRequest(
        limit_id=limit.limit_id,
        account_id="ACC-X",
        values=limit_pb2.LimitValues(quantity="20"),
        valid_until=bench.at(60),
        reason="r",
    )
    error = await refused(bench.office.propose(request, bench.caller()))
    assert (error.reason, error.field) == ("OBJECT_NOT_FOUND", "account_id")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("BUYING_POWER", {"value": "1000", "range_": {"currency": "EUR"}}),
        ("VOLUME", {"value": "1000", "window_ms": 1000}),
        ("MAX_ORDER_VALUE", {"value": "1000"}),
        ("OPEN_EXPOSURE", {"value": "1000", "range_": {"venue_mic": "SIMA"}}),
    ],
)
async def test_a_market_order_needs_a_price_where_money_is_limited(kind, fields):
    bench = await LimitBench.make(order_value_max="none")
    assert not isinstance(await bench.place(BUY, 1, None), MeshError)
    bench = await LimitBench.make(order_value_max="none")
    await bench.set_limit(kind, **fields)
    assert (await bench.place(BUY, 1, None)).reason == "REFERENCE_PRICE_MISSING"
    bench.quote(last_price="100")
    assert not isinstance(await bench.place(BUY, 10, None), MeshError)
    assert isinstance(await bench.place(BUY, 11, None), MeshError)


async def test_an_order_without_value_in_the_book_lets_nothing_more_in():
    bench = await LimitBench.make(order_value_max="none")
    await bench.place(BUY, 1, None)
    await bench.set_limit("OPEN_EXPOSURE", value="1000")
    assert (await bench.place(BUY, 1)).reason == "REFERENCE_PRICE_MISSING"
    assert not isinstance(await bench.cancel(0), MeshError)
    await bench.canceled(0)
    assert not isinstance(await bench.place(BUY, 10), MeshError)


async def test_use_is_reported_for_every_kind(bench):
    hour = 3_600_000
    bench.quote(last_price="100")
    for kind, fields in {
        "OPEN_EXPOSURE": {"value": "10000"},
        "POSITION": {"long_quantity": "100", "short_quantity": "50"},
        "BUYING_POWER": {"value": "20000", "range_": {"currency": "EUR"}},
        "VOLUME": {"quantity": "100", "value": "10000", "window_ms": hour},
        "MESSAGE_RATE": {"messages": 10, "cancels": 20, "window_ms": hour},
        "REPEATED_EXECUTION": {"executions": 5, "window_ms": hour},
        "PRICE_COLLAR": {"percent": "5"},
    }.items():
        await bench.set_limit(kind, **fields)
    await bench.place(BUY, 30)
    await bench.fill(0, 10)
    await bench.place(SELL, 5, "101", instrument_id="ASML.SIMA")
    await bench.cancel(1)
    used = {
        (limit_pb2.LimitKind.Name(use.limit.kind)[11:], use.subject, use.unit): (
            use.used,
            use.maximum,
        )
        for use in (await bench.usage()).uses
    }
    isin = "NL0010273215"
    assert used == {
        ("OPEN_EXPOSURE", "EUR", "EUR"): ("3000", "10000"),
        ("POSITION", f"{isin} long", "shares"): ("30", "100"),
        ("POSITION", f"{isin} short", "shares"): ("0", "50"),
        ("BUYING_POWER", "EUR", "EUR"): ("3000", "20000"),
        ("VOLUME", "EUR", "shares"): ("35", "100"),
        ("VOLUME", "EUR", "EUR"): ("3505", "10000"),
        ("MESSAGE_RATE", "", "messages"): ("3", "10"),
        ("MESSAGE_RATE", "cancels", "messages"): ("1", "20"),
        ("REPEATED_EXECUTION", "trader:alice BUY ASML.SIMA", "executions"): ("1", "5"),
        ("PRICE_COLLAR", "", ""): ("", "percent 5"),
        ("MAX_ORDER_QUANTITY", "", ""): ("", "quantity 1000000"),
        ("MAX_ORDER_VALUE", "", ""): ("", "value 10000000"),
    }


async def test_a_position_limit_of_one_listing_reports_the_use_of_that_alone(bench):
    await bench.set_limit("POSITION", long_quantity="30", range_={"instrument_id": "PHIA.SIMA"})
    await bench.place(BUY, 10)
    uses = [use for use in (await bench.usage()).uses if use.unit == "shares"]
    phia = bench.book.controls_in_force.market.isin("PHIA.SIMA")
    assert [(use.subject, use.used) for use in uses] == [(f"{phia or 'PHIA.SIMA'} long", "0")]
