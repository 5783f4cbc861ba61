"""A client's order as the venue keeps it, and the venue's answers about it."""

from typing import Final, NamedTuple

from sim_exchange.domain.order import PLAIN, OrderKind, Side, Special, TimeInForce

# OrdStatus(39) and ExecType(150) share their characters.
NEW: Final = "0"
PARTIALLY_FILLED: Final = "1"
FILLED: Final = "2"
CANCELED: Final = "4"
REPLACED: Final = "5"
PENDING_CANCEL: Final = "6"
REJECTED: Final = "8"
PENDING_NEW: Final = "A"
EXPIRED: Final = "C"
RESTATED: Final = "D"
PENDING_REPLACE: Final = "E"
TRADE: Final = "F"
STATUS: Final = "I"

OPEN_STATUSES: Final = frozenset({NEW, PARTIALLY_FILLED})


class OrdRejReason:
    """OrdRejReason(103)."""

    UNKNOWN_SYMBOL = 1
    EXCHANGE_CLOSED = 2
    EXCEEDS_LIMIT = 3
    UNKNOWN_ORDER = 5
    DUPLICATE = 6
    UNSUPPORTED_CHARACTERISTIC = 11
    INCORRECT_QUANTITY = 13
    OTHER = 99


class CxlRejReason:
    """CxlRejReason(102)."""

    TOO_LATE = 0
    UNKNOWN_ORDER = 1
    EXCHANGE_OPTION = 2
    DUPLICATE = 6
    OTHER = 99


class RestatementReason:
    """ExecRestatementReason(378)."""

    REPRICING = 3
    OTHER = 99


class Terms(NamedTuple):
    """The terms that a client requests.

    Attributes:
        account: Account(1), echoed.
        symbol: Symbol(55).
        isin: SecurityID(48), echoed; empty if not given.
        side: Side(54).
        kind: OrdType(40), whatever the book made of it since.
        tif: TimeInForce(59).
        price: Price(44) in units, 0 for orders without; the cap of a peg.
        quantity: OrderQty(38) in shares.
        special: Terms of special orders, with the present stop price.
        expire_ns: ExpireTime(126); 0 for none.
        short_code: Side(54) of a short sale, 5 or 6; to the book it is a sell like any other.
    """

    account: str
    symbol: str
    isin: str
    side: Side
    kind: OrderKind
    tif: TimeInForce
    price: int
    quantity: int
    special: Special = PLAIN
    expire_ns: int = 0
    short_code: str = ""


class ClientOrder:
    """An order of a client from its acceptance (or refusal) on.

    Attributes:
        client: CompID of the session it came over.
        order_id: OrderID(37).
        cl_ord_id: Current ClOrdID(11).
        cl_ord_ids: Every ClOrdID this order went by, oldest first.
        terms: The present ones.
        cum: Executed shares.
        notional: Executed shares x price units.
        status: OrdStatus(39).
        reason: OrdRejReason(103) of a refused order.
        text: Text(58) of how it ended.
        pegged: PeggedPrice(839) in units, 0 while it has none.
        wire: The part of its reports that does not change, kept by the FIX side.
    """

    __slots__ = (
        "cl_ord_id",
        "cl_ord_ids",
        "client",
        "cum",
        "notional",
        "order_id",
        "pegged",
        "reason",
        "status",
        "terms",
        "text",
        "wire",
    )

    def __init__(self, client: str, order_id: str, cl_ord_id: str, terms: Terms) -> None:
        self.client = client
        self.order_id = order_id
        self.cl_ord_id = cl_ord_id
        self.cl_ord_ids: tuple[str, ...] = (cl_ord_id,)
        self.terms = terms
        self.cum = 0
        self.notional = 0
        self.status = NEW
        self.reason = 0
        self.text = ""
        self.pegged = 0
        self.wire: str | None = None

    @property
    def is_open(self) -> bool:
        """It is in the book."""
        return self.status in OPEN_STATUSES

    @property
    def leaves(self) -> int:
        """LeavesQty(151)."""
        return self.terms.quantity - self.cum if self.is_open else 0


class Report(NamedTuple):
    """ExecutionReport(8): the order as it was at this event."""

    order: ClientOrder
    exec_id: str
    exec_type: str
    status: str
    cl_ord_id: str
    orig_cl_ord_id: str
    quantity: int
    price: int
    cum: int
    leaves: int
    notional: int
    now_ns: int
    last_quantity: int = 0
    last_price: int = 0
    is_maker: bool = False
    reason: int | None = None
    text: str = ""
    request_id: str = ""
    mass_place: int = 0
    mass_total: int = 0
    stop: int = 0
    pegged: int = 0
    restatement: int = 0


class UnknownOrder(NamedTuple):
    """The answer to an OrderStatusRequest(H) for an order this venue never had."""

    client: str
    exec_id: str
    cl_ord_id: str
    symbol: str
    side_code: str
    now_ns: int
    request_id: str = ""
    is_mass: bool = False


class Refusal(NamedTuple):
    """ExecutionReport(8) for a new order that cannot even be kept: bad fields or a duplicate."""

    client: str
    exec_id: str
    cl_ord_id: str
    fields: dict[str, str]
    reason: int
    text: str
    now_ns: int


class CancelReject(NamedTuple):
    """OrderCancelReject(9)."""

    client: str
    cl_ord_id: str
    orig_cl_ord_id: str
    order_id: str
    status: str
    is_replace: bool
    reason: int
    text: str
    now_ns: int


Answer = Report | UnknownOrder | Refusal | CancelReject
"""Any message about orders that goes out over an order session."""
