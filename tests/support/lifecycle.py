"""One order: what the OMS does around the domain, without a database.

Keeps an order, its log and its executions the way the service does: executions
are applied once per (venue, ExecID(17)), busts and corrections mark what they
take the place of, every event gets the next sequence.
"""

from decimal import Decimal

from kernel.side import Side
from kernel.ticks import TickBand
from svc_oms.domain.checks import Instrument, Limits
from svc_oms.domain.commands import (
    CancelOrder,
    FoundExecution,
    PlaceOrder,
    ReplaceOrder,
    ResolveOrder,
)
from svc_oms.domain.events import (
    Event,
    ExecutionBusted,
    ExecutionCorrected,
    OrderAccepted,
    OrderExecuted,
    Stamp,
)
from svc_oms.domain.hashchain import GENESIS, event_hash
from svc_oms.domain.model import Execution, Order, OrderTerms, OrderType, TimeInForce
from svc_oms.domain.order import decide_cancel, decide_place, decide_replace, decide_resolve, evolve
from svc_oms.domain.reports.comparison import compared
from svc_oms.domain.reports.facts import ExecutionReportFacts, Facts, ReportedOrder
from svc_oms.domain.reports.unsolicited import opened, why_not
from svc_oms.domain.reports.venue_reports import interpret
from svc_oms.domain.terms import BASIC
from svc_oms.domain.verify import Finding, LogLine, check_account

ORDER_ID = "01JD8QZ5T0000000000000000A"

INSTRUMENT = Instrument(
    instrument_id="ASML.SIMA",
    symbol="ASML",
    venue_mic="SIMA",
    isin="NL0010273215",
    currency="EUR",
    lot_size=Decimal(1),
    tick_table=(
        TickBand(Decimal(0), Decimal("0.01")),
        TickBand(Decimal(100), Decimal("0.05")),
        TickBand(Decimal(500), Decimal("0.1")),
    ),
    tradable=True,
    trading_status="OPEN",
)


def terms(quantity=100, price="50", tif=TimeInForce.DAY):
    """Terms of a limit order; price None for a market order."""
    return OrderTerms(
        Decimal(quantity), None if price is None else Decimal(price), time_in_force=tif
    )


class TrackedOrder:
    """One order and everything that happened to it."""

    copied_venue = False
    """The venue has a drop copy."""

    def __init__(self, order_id: str = ORDER_ID) -> None:
        self.order_id = order_id
        self.order: Order | None = None
        self.log: list[LogLine] = []
        self.executions: dict[str, Execution] = {}
        self.clock_ns = 0

    def place(self, quantity=100, price="50", tif=TimeInForce.DAY) -> Order:
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        command = PlaceOrder(
            "k1", "ACC-ALICE", "ASML.SIMA", Side.BUY, kind, terms(quantity, price, tif), "alice"
        )
        self.apply(decide_place(command, INSTRUMENT, Limits(), ORDER_ID, self.clock_ns))
        return self.order

    def place_cash(self, cash, price="50") -> Order:
        """Place an order for so much money; the reference price is its limit."""
        asked = terms(0, price)._replace(cash_quantity=Decimal(cash))
        command = PlaceOrder(
            "k1", "ACC-ALICE", "ASML.SIMA", Side.BUY, OrderType.LIMIT, asked, "alice"
        )
        takes_cash = BASIC._replace(cash_quantity=True)
        place = (command, INSTRUMENT, Limits(), ORDER_ID, self.clock_ns, Decimal(price))
        return self.apply(decide_place(*place, takes_cash))

    def cancel(self) -> str:
        """Ask for a cancel and return its ClOrdID."""
        self.apply(decide_cancel(self.order, CancelOrder("k", ORDER_ID, "alice")))
        return self.order.pending_cancel_id

    def replace(self, quantity, price="50") -> str:
        """Ask for a replace and return its ClOrdID."""
        command = ReplaceOrder("k", ORDER_ID, terms(quantity, price), "alice")
        self.apply(decide_replace(self.order, command, INSTRUMENT, Limits(), self.clock_ns))
        return self.order.pending_replace_id

    def resolve(self, holds, fills=(), *, replaced=False, venue_order_id="") -> list[Event]:
        """Say what the venue has; fills are (ExecID(17), quantity, price)."""
        found = tuple(FoundExecution(name, Decimal(q), Decimal(p)) for name, q, p in fills)
        command = ResolveOrder(
            "k", ORDER_ID, holds, "rita", "said on the telephone", found, replaced, venue_order_id
        )
        events = decide_resolve(self.order, command, self.executions, self.clock_ns)
        for event in events:
            self.apply(event)
        return events

    def hear(self, facts: Facts) -> list[Event]:
        """Apply what came, as the service does; return the events it made."""
        is_fill = isinstance(facts, ExecutionReportFacts) and facts.exec_type == "F"
        if is_fill and facts.exec_id in self.executions:
            return []
        before, events = self.order, interpret(self.order, facts, self.executions)
        for event in events:
            self.apply(event)
        odd = compared(before, self.order, facts, events, copied=self.copied_venue)
        for event in odd:
            self.apply(event)
        return [*events, *odd]

    def hear_unsolicited(self, exec_type, ord_status, **fields) -> list[Event]:
        """Hear of an order nobody here sent, and open it; V1 is its name."""
        described = ReportedOrder("ACC-ALICE", "ASML", "", "1", "2", "")
        fields = {"limit_price": "50", **fields}
        facts = report(exec_type, ord_status, cl_ord_id="", reported_order=described, **fields)
        assert why_not(facts, INSTRUMENT) == ""
        self.apply(OrderAccepted(opened(facts, INSTRUMENT, ORDER_ID, self.clock_ns)))
        return self.hear(facts)

    def apply(self, event: Event) -> Order:
        self.clock_ns += 1
        stamp = Stamp(self.clock_ns, actor="test")
        sequence = len(self.log) + 1
        self.order = evolve(self.order, event, stamp, sequence)
        payload = repr((sequence, event)).encode()
        previous = self.log[-1].event_hash if self.log else GENESIS
        self.log.append(
            LogLine(sequence, self.order_id, stamp, event, payload, event_hash(previous, payload))
        )
        match event:
            case OrderExecuted(fill):
                self.executions[fill.exec_id] = fill
            case ExecutionBusted(busted_exec_id=gone):
                self.executions[gone] = self.executions[gone]._replace(busted=True)
            case ExecutionCorrected(corrected_exec_id=gone, execution=fill):
                self.executions[gone] = self.executions[gone]._replace(busted=True)
                self.executions[fill.exec_id] = fill
        return self.order

    def findings(self) -> list[Finding]:
        return check_account("ACC-ALICE", self.log, [self.order], list(self.executions.values()))

    @property
    def status(self) -> tuple[str, int, int]:
        """State, cum and leaves, to compare at a glance."""
        order = self.order
        return order.state.name, int(order.cum_quantity), int(order.leaves_quantity)

    def report(self, exec_type, ord_status, **fields) -> list[Event]:
        """Hear an ExecutionReport(8); numbers may be given as text or int."""
        return self.hear(report(exec_type, ord_status, **fields))

    def fill(self, exec_id, quantity, price="50", *, ord_status="1", **fields) -> list[Event]:
        """Hear a fill whose CumQty(14) fits."""
        cum = self.order.cum_quantity + Decimal(quantity)
        fields = {"cum_quantity": cum, **fields}
        return self.report(
            "F", ord_status, exec_id=exec_id, last_quantity=quantity, last_price=price, **fields
        )


_NUMBERS = {
    "order_quantity",
    "last_quantity",
    "last_price",
    "leaves_quantity",
    "cum_quantity",
    "limit_price",
    "stop_price",
}


def report(exec_type, ord_status, **fields) -> ExecutionReportFacts:
    """Build an ExecutionReport(8) of the order under test."""
    fields = {
        name: Decimal(value) if name in _NUMBERS and value is not None else value
        for name, value in fields.items()
    }
    fields.setdefault("cl_ord_id", f"{ORDER_ID}-1")
    fields.setdefault("venue_order_id", "V1")
    return ExecutionReportFacts(exec_type=exec_type, ord_status=ord_status, **fields)
