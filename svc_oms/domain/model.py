"""Values of the order domain: the order itself, its terms, executions, rejections.

The larger ones are named tuples: immutable, compared in C, and several times faster to build
and to copy than a frozen dataclass of the same size. That matters because every event makes a
new order.

Enumerations carry the names and numbers of their protos, so that a mapping is a lookup by
number and a test can compare them.
"""

from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple, Protocol, Self

from kernel.side import Side
from svc_oms.domain import numbers
from svc_oms.domain.lifecycle import TERMINAL, OrderState
from svc_oms.domain.numbers import NO_QUANTITY, ZERO, Price, Quantity

FORMER_ORDER_IDS_MAX = 8
"""OrderIDs(37) kept of an order whose venue gives it another one with each replace."""


class OrderType(IntEnum):
    """OrdType(40); numbers of ordermesh.oms.v1.OrderType."""

    MARKET = 1
    LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4
    MARKET_TO_LIMIT = 5
    ICEBERG = 6
    PEGGED = 7
    TRAILING_STOP = 8


class TimeInForce(IntEnum):
    """TimeInForce(59); numbers of ordermesh.oms.v1.TimeInForce."""

    DAY = 1
    GTC = 2
    IOC = 3
    FOK = 4
    GTD = 5
    AT_OPEN = 6
    AT_CLOSE = 7


class TriggerPriceType(IntEnum):
    """TriggerPriceType(1107); numbers of ordermesh.oms.v1.TriggerPriceType."""

    LAST = 1
    BEST_BID = 2
    BEST_OFFER = 3
    MIDPOINT = 4


class WaitsFor(IntEnum):
    """What an order that is kept here waits for; numbers of ordermesh.oms.v1.WaitsFor."""

    PRICE = 1
    PARENT = 2
    APPROVAL = 3
    VENUE = 4
    """Only for the controls and the venue: everything else has happened."""


class LinkKind(IntEnum):
    """Rules that link orders; numbers of ordermesh.oms.v1.OrderLinkKind."""

    OCO = 1
    OTO = 2
    BRACKET = 3
    ROUTED = 4


class ResolutionSource(IntEnum):
    """How a doubt ended; numbers of ordermesh.oms.v1.ResolutionSource."""

    STATUS_REQUEST = 1
    MASS_STATUS = 2
    DROP_COPY = 3
    PERSON = 4
    VENUE_REPORT = 5


class OrderOrigin(IntEnum):
    """Who gave an order, if not a client of ours; numbers of ordermesh.oms.v1.OrderOrigin."""

    VENUE = 1
    RECOVERED = 2
    """A client's order that a restored book had lost, opened again from what was sent."""


class Peg(NamedTuple):
    """The price it follows (a number of ordermesh.oms.v1.PegReference), and a distance."""

    reference: int
    offset: Price


class OrderTerms(NamedTuple):
    """The terms that a replace may change. None: not given."""

    quantity: Quantity
    limit_price: Price | None = None
    stop_price: Price | None = None
    display_quantity: Quantity | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    expire_time_ns: int | None = None
    trailing_offset: Price | None = None
    peg: Peg | None = None
    trigger_price_type: TriggerPriceType | None = None
    """The price that a stop is compared with; None is LAST."""
    cash_quantity: Decimal | None = None
    """CashOrderQty(152): the money the order is for."""
    quantity_is_estimate: bool = False
    """The venue has not reported the quantity yet; this one follows from the reference price."""


class Link(NamedTuple):
    """How an order is linked with others of its account; the rules are in groups.py."""

    kind: LinkKind
    group_id: str
    parent_order_id: str = ""
    """Empty for a parent, and in an OCO group."""


class RoutingSchedule(NamedTuple):
    """When how much of a TWAP or POV order may be placed; see routing/schedule.py."""

    start_time_ns: int
    end_time_ns: int
    slice_s: int
    """Length of a slice in seconds."""
    participation_bps: int = 0
    """POV: share of what is traded, in 1/100 of a percent."""
    slice_quantity_max: Quantity | None = None
    """The most that is placed within one slice; None: see `slice_bound`."""


class TradedBefore(NamedTuple):
    """What a venue had traded that day when a POV order began to count its volume."""

    venue_mic: str
    quantity: Quantity


class Routing(NamedTuple):
    """How an order that names no venue is executed at several; the rules are in routing/."""

    strategy: int
    """A number of ordermesh.oms.v1.RoutingStrategy."""
    venues: tuple[str, ...] = ()
    """Only these MICs, in this order; empty for every venue of the instrument."""
    denied_venues: tuple[str, ...] = ()
    """Not these MICs."""
    schedule: RoutingSchedule | None = None
    """Set for TWAP and POV."""


class RoutingSums(NamedTuple):
    """What a routed order keeps of its ended children, so that decisions need not read them.

    The fields are those of ordermesh.oms.v1.RoutingSums.
    """

    after_sequence: int = 0
    """Account sequence up to which ended children are counted here; 0: all children are read."""
    round: int = 0
    rest_round: int = 0
    rejected_mics: frozenset[str] = frozenset()
    returned_mics: frozenset[str] = frozenset()
    early_ends: tuple[str, ...] = ()
    moves: int = 0
    moved_at_ns: int = 0
    held: str = ""


class Trigger(NamedTuple):
    """The present state of a watched stop."""

    stop_price: Price | None = None
    """None for a trailing stop before its first price."""
    extreme_price: Price | None = None
    """For trailing stops: the best price seen, highest for a sell, lowest for a buy."""


class Rejection(NamedTuple):
    """Why something was refused. reason is the name of an ErrorReason without prefix."""

    reason: str
    text: str
    field: str = ""
    venue_code: int | None = None
    venue_text: str = ""


class VenueHolds(IntEnum):
    """What a venue has of an order; numbers of ordermesh.oms.v1.VenueHolds."""

    NOTHING = 1
    WORKING = 2
    CANCELED = 3
    FILLED = 4


class Execution(NamedTuple):
    """One fill as the venue reported it.

    Its key is (order_id, exec_id), and cum_quantity where a venue executes several parts of an
    order under one ExecID(17).
    """

    exec_id: str
    venue_mic: str
    order_id: str
    account_id: str
    instrument_id: str
    side: Side
    quantity: Quantity
    price: Price
    currency: str
    venue_time_ns: int
    received_at_ns: int
    liquidity: int = 0
    last_market_mic: str = ""
    busted: bool = False
    cum_quantity: Quantity | None = None
    """CumQty(14) of the report; None if it had none."""


class OfAnInstrument(Protocol):
    """An order or a listing, here or as a message."""

    @property
    def isin(self) -> str:
        """ISIN of the instrument; empty if it has none."""
        ...

    @property
    def instrument_id(self) -> str:
        """Identifier of the listing."""
        ...

    @property
    def currency(self) -> str:
        """Currency of the prices."""
        ...


class InstrumentKey(NamedTuple):
    """An instrument across its venues, unlike the instrument_id SYMBOL.MIC of one listing."""

    isin: str
    """The instrument_id of a listing without ISIN, which is an instrument of its own."""
    currency: str

    @classmethod
    def of(cls, traded: OfAnInstrument) -> Self:
        """Return the key of what an order or a listing trades."""
        return cls(traded.isin or traded.instrument_id, traded.currency)


class Order(NamedTuple):
    """An order: the fold of its events.

    Beyond the proto's fields it keeps what the fold needs to go on: base_state, notional,
    request_count, the pending ids, in_doubt, awaited_cum, stated_by_person, asked_about,
    former_venue_order_ids, ended_by_copy, routing_sums, traded_before, replace_asked_at_ns,
    closed_sequence and paused. They are stored as the message OrderFold.
    """

    order_id: str
    account_id: str
    idempotency_key: str
    instrument_id: str
    symbol: str
    venue_mic: str
    """Empty, like instrument_id, while the venue is not known."""
    isin: str
    currency: str
    side: Side
    type: OrderType
    terms: OrderTerms
    leaves_quantity: Quantity
    cl_ord_id: str
    """The ClOrdID(11) that the venue uses for the order now."""
    placed_by: str
    created_at_ns: int
    updated_at_ns: int
    state: OrderState = OrderState.PENDING_NEW
    """What the client sees."""
    base_state: OrderState = OrderState.PENDING_NEW
    """The state without pending requests and doubts; equal to state when there are none."""
    pending_terms: OrderTerms | None = None
    cum_quantity: Quantity = NO_QUANTITY
    notional: Decimal = ZERO
    """Σ price * quantity over the executions, exact."""
    version: int = 0
    request_count: int = 1
    """Number of the last ClOrdID(11) used; that of the new order is 1."""
    pending_cancel_id: str = ""
    """ClOrdID(11) of the cancel without answer; empty if none."""
    pending_replace_id: str = ""
    """ClOrdID(11) of the replace without answer; empty if none."""
    in_doubt: tuple[str, ...] = ()
    """The ClOrdID(11) of every request of which it is not known whether the venue has it."""
    awaited_cum: Quantity = NO_QUANTITY
    """CumQty(14) of a status, if executions of it are still missing."""
    venue_order_id: str = ""
    regulatory: bytes = b""
    """RegulatoryDetails, serialised; the domain does not look inside."""
    link: Link | None = None
    client_note: str = ""
    rejection: Rejection | None = None
    created_sequence: int = 0
    last_sequence: int = 0
    anomaly_count: int = 0
    pegged_price: Price | None = None
    """PeggedPrice(839) as last reported; None unless pegged."""
    stated_by_person: bool = False
    """A person said what the venue has, and the venue has not spoken since."""
    anomaly: str = ""
    """What did not fit in the last event; empty if it fitted. It goes into the envelope."""
    waits_for: WaitsFor | None = None
    """Set exactly while the base state is HELD or AWAITING_TRIGGER."""
    trigger: Trigger | None = None
    """Set exactly if the OMS watches the stop; kept after the order was sent."""
    approved_by: str = ""
    origin: OrderOrigin | None = None
    """None: a client of ours."""
    former_venue_order_ids: tuple[str, ...] = ()
    """The OrderIDs(37) that the order had before, the last FORMER_ORDER_IDS_MAX of them."""
    ended_by_copy: bool = False
    """A drop copy brought its end, and the order session has not reported it yet."""
    asked_about: str = ""
    """The contradiction that the venue was last asked about; empty once its answer agreed."""
    for_next_session: bool = False
    """The venue was closed or halted when the order was accepted."""
    reduce_only: bool = False
    """The order may only reduce the position."""
    routing: Routing | None = None
    """Set for a routed order, the parent of child orders at the venues."""
    routing_decision: int = 0
    """Of a routed order: number of the last decision. Of its child: of the one that placed it."""
    routing_sums: RoutingSums | None = None
    """Of a routed order: what its last decision left to the next one; None before the first."""
    listing_status_not_known: bool = False
    """Whether its listing is traded was not known when the order was accepted."""
    venue_symbol: str = ""
    """Symbol(55) as the venue writes it; empty if it is the same as symbol."""
    ended_text: str = ""
    """Why it was cancelled or expired, as the event said."""
    traded_before: tuple[TradedBefore, ...] = ()
    """Of a POV order: what the venues had traded when it began to count their volume."""
    replace_asked_at_ns: int = 0
    """When a replace was requested the last time; 0: never."""
    closed_sequence: int = 0
    """Of the event that closed it the last time; 0: none has, or it did so before this was kept."""
    paused: bool = False
    """A person paused the routed order, and nobody has resumed it since."""

    @property
    def price_key(self) -> str:
        """The name of what prices it: its listing, or "ISIN/currency" of a routed order."""
        return self.instrument_id or f"{self.isin}/{self.currency}"

    @property
    def routed_by(self) -> str:
        """Id of the routed order that it is a child of; empty if it is none."""
        link = self.link
        return link.parent_order_id if link is not None and link.kind is LinkKind.ROUTED else ""

    @property
    def average_price(self) -> Price:
        """AvgPx(6), rounded half even to 9 places."""
        return numbers.average_price(self.notional, self.cum_quantity)

    @property
    def quantity_possible(self) -> Quantity:
        """The most that may be executed in all: the venue may have granted a pending replace."""
        if self.pending_terms is None:
            return self.terms.quantity
        return max(self.terms.quantity, self.pending_terms.quantity)

    @property
    def is_closed(self) -> bool:
        """The order can no longer trade."""
        return self.state in TERMINAL

    @property
    def is_buy(self) -> bool:
        """True for buys; every other side sells."""
        return self.side is Side.BUY

    @property
    def next_cl_ord_id(self) -> str:
        """ClOrdID(11) of the next cancel or replace."""
        return f"{self.order_id}-{self.request_count + 1}"

    @property
    def orig_cl_ord_id(self) -> str:
        """OrigClOrdID(41) for the next cancel or replace: the last request not refused."""
        return self.pending_replace_id or self.cl_ord_id
