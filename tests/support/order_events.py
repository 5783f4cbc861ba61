"""An order with every field set, and one event of each kind at least."""

from decimal import Decimal

from ordermesh.oms.v1 import order_pb2
from svc_oms.domain import events as ev
from svc_oms.domain import model
from svc_oms.domain.numbers import Price, Quantity

ORDER_ID = "01JD0000000000000000000000"
TERMS = model.OrderTerms(
    Quantity(Decimal(100)),
    Price(Decimal("0.0000001")),
    Price(Decimal("1E+2")),
    Quantity(Decimal(10)),
    model.TimeInForce.GTD,
    1_700_000_000_123_456_789,
    Price(Decimal("0.5")),
    model.Peg(2, Price(Decimal("-0.05"))),
    model.TriggerPriceType.MIDPOINT,
)
SUMS = model.RoutingSums(
    7, 3, 2, frozenset({"SIMA"}), frozenset({"SIMB", "SIMA"}), ("SIMC", "SIMC"), 2, 5
)
REJECTION = model.Rejection("VENUE_REJECTED", "no", "terms", 99, "halted")
EXECUTION = model.Execution(
    "E1",
    "SIMA",
    ORDER_ID,
    "ACC-ALICE",
    "ASML.SIMA",
    model.Side.SELL,
    Quantity(Decimal(10)),
    Price(Decimal("650.05")),
    "EUR",
    5,
    6,
    1,
    "XPAR",
)
BEFORE = model.TradedBefore("SIMA", Quantity(Decimal(12000)))
ORDER = model.Order(
    ORDER_ID,
    "ACC-ALICE",
    "k1",
    "ASML.SIMA",
    "ASML",
    "SIMA",
    "NL0010273215",
    "EUR",
    model.Side.SELL,
    model.OrderType.LIMIT,
    TERMS,
    Quantity(Decimal(90)),
    f"{ORDER_ID}-1",
    "alice",
    1_700_000_000_000_000_001,
    1_700_000_000_000_000_002,
    model.OrderState.PENDING_REPLACE,
    model.OrderState.PARTIALLY_FILLED,
    TERMS._replace(quantity=Quantity(Decimal(120))),
    Quantity(Decimal(10)),
    Decimal("6500.50"),
    4,
    3,
    f"{ORDER_ID}-2",
    f"{ORDER_ID}-3",
    (f"{ORDER_ID}-3", f"{ORDER_ID}-1"),
    Quantity(Decimal(20)),
    "V1",
    order_pb2.RegulatoryDetails(algorithmic=True).SerializeToString(),
    model.Link(model.LinkKind.OTO, "g", ORDER_ID),
    "note",
    REJECTION,
    7,
    9,
    2,
    pegged_price=Price(Decimal("650.1")),
    stated_by_person=True,
    routing_sums=SUMS,
    asked_about="OrdStatus(39) differs",
    former_venue_order_ids=("V-0", "V-00"),
    ended_by_copy=True,
    waits_for=model.WaitsFor.PRICE,
    trigger=model.Trigger(Price(Decimal(640)), Price(Decimal(660))),
    approved_by="rita",
    origin=model.OrderOrigin.VENUE,
    for_next_session=True,
    reduce_only=True,
    routing=model.Routing(
        6,
        ("SIMA", "SIMB"),
        ("SIMC",),
        model.RoutingSchedule(
            1_750_000_000 * 10**9, 1_750_003_600 * 10**9, 60, 1000, Quantity(Decimal(5))
        ),
    ),
    routing_decision=3,
    listing_status_not_known=True,
    venue_symbol="BRK.B",
    ended_text="unsolicited: end of day",
    traded_before=(BEFORE,),
    replace_asked_at_ns=1_700_000_000_000_000_002,
    closed_sequence=8,
    paused=True,
)
EVENTS = [
    ev.OrderAcknowledged("V1"),
    ev.OrderExecuted(EXECUTION),
    ev.CancelRequested(f"{ORDER_ID}-2"),
    ev.CancelPending(),
    ev.CancelRefused(f"{ORDER_ID}-2", REJECTION),
    ev.OrderCanceled(unsolicited=True, text="t"),
    ev.ReplaceRequested(f"{ORDER_ID}-3", TERMS),
    ev.ReplacePending(),
    ev.ReplaceRefused(f"{ORDER_ID}-3", REJECTION._replace(venue_code=None)),
    ev.OrderReplaced(TERMS, "V2"),
    ev.OrderRejected(REJECTION),
    ev.OrderExpired("day over"),
    ev.OrderDoneForDay(),
    ev.OrderSuspended("halt"),
    ev.OrderStopped(Price(Decimal(1))),
    ev.OrderStopped(),
    ev.OrderCalculated(),
    ev.OrderRestated(TERMS, 3),
    ev.ExecutionBusted("E2", "E1", Quantity(Decimal(10)), Price(Decimal("650.05"))),
    ev.ExecutionCorrected(
        "E1", EXECUTION._replace(exec_id="E3"), Quantity(Decimal(10)), Price(Decimal("650.05"))
    ),
    ev.OrderInDoubt(f"{ORDER_ID}-1", "crash", Quantity(Decimal(5))),
    ev.OrderInDoubt(f"{ORDER_ID}-1"),
    ev.OrderResolved(model.ResolutionSource.STATUS_REQUEST, f"{ORDER_ID}-1", "V1", REJECTION),
    ev.OrderResolved(model.ResolutionSource.VENUE_REPORT, f"{ORDER_ID}-1"),
    ev.OrderTriggered(Price(Decimal("1.5"))),
    ev.OrderApproved("bob", model.WaitsFor.PRICE),
    ev.TriggerMoved(model.Trigger(Price(Decimal("1.5")), Price(Decimal(2)))),
    ev.OrderReleased(model.WaitsFor.VENUE, "its venue is down"),
    ev.OrderReleased(model.WaitsFor.PRICE, "its parent has 45", Quantity(Decimal(5))),
    ev.StatusRequested(f"{ORDER_ID}-1", "CumQty(14) is 10 above the executions"),
    ev.RoutingDecided(3, b"\x01" * 32, "200 at SIMA", traded_before=(BEFORE,)),
    ev.RoutingDecided(4, b"\x02" * 32, "200 rests", SUMS),
    ev.CommandRefused("place", REJECTION),
    ev.VenueReportParked("8", "unreadable"),
]
STAMP = ev.Stamp(1, 2, 3, "venue:SIMA", "k1", 7, "8")
