"""One order: what the OMS does around the domain, without a database.

Keeps an order, its log and its executions the way the service does: executions
are applied once per order and ExecID(17), busts and corrections mark what they
take the place of, every event gets the next sequence.
"""

from decimal import Decimal
from functools import partial

from kernel.hashchain import GENESIS, event_hash
from kernel.side import Side
from kernel.ticks import TickBand
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
    VenueReportParked,
)
from svc_oms.domain.facts import ExecutionReportFacts, Facts, ReportedOrder
from svc_oms.domain.model import Execution, Order, OrderTerms, OrderType, TimeInForce
from svc_oms.domain.order import decide_cancel, decide_place, decide_replace, decide_resolve, evolve
from svc_oms.domain.order_terms.checks import Instrument, Limits
from svc_oms.domain.order_terms.terms import BASIC
from svc_oms.domain.reports.comparison import compared
from svc_oms.domain.reports.drop_copy import interpret_copy
from svc_oms.domain.reports.execution_ids import Applied, Seen, named, seen
from svc_oms.domain.reports.unsolicited import opened, why_not
from svc_oms.domain.reports.venue_reports import NO_EXECUTIONS, interpret
from svc_oms.domain.verification.verify import Finding, LogLine, check_account

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
        self.parts: dict[str, list[Execution]] = {}
        self.applied: dict[str, list[Applied]] = {}
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

    def resolve(
        self, holds, fills=(), *, replaced=False, venue_order_id="", venue_gone=False
    ) -> list[Event]:
        """Say what the venue has; fills are (ExecID(17), quantity, price)."""
        found = tuple(FoundExecution(name, Decimal(q), Decimal(p)) for name, q, p in fills)
        command = ResolveOrder(
            "k", ORDER_ID, holds, "rita", "said on the telephone", found, replaced, venue_order_id
        )
        events = decide_resolve(
            self.order, command, self.parts, self.clock_ns, venue_gone=venue_gone
        )
        for event in events:
            self.apply(event)
        return events

    def hear(self, facts: Facts) -> list[Event]:
        """Apply what came, as the service does; return the events it made."""
        return self._hear(facts, partial(interpret, copied_venue=self.copied_venue))

    def copy(self, facts: Facts) -> list[Event]:
        """Apply what a drop copy brought."""
        return self._hear(facts, interpret_copy, drop_copy=True)

    def _hear(self, facts: Facts, read, *, drop_copy: bool = False) -> list[Event]:
        """Apply a report unless it repeats an execution; one that contradicts one is parked."""
        known = NO_EXECUTIONS
        if isinstance(facts, ExecutionReportFacts) and facts.exec_type in "FGH":
            was = seen(self.order, facts, self.applied.get(facts.exec_id, []))
            if was is Seen.CONTRADICTS:
                parked = VenueReportParked("8", f"ExecID(17) {facts.exec_id} comes again")
                self.apply(parked)
                return [parked]
            if was is Seen.REPEATED:
                return []
            known = named(self.order, facts, self.parts)
            if known is None:
                parked = VenueReportParked("8", f"ExecRefID(19) {facts.exec_ref_id} is not clear")
                self.apply(parked)
                return [parked]
        before, events = self.order, read(self.order, facts, known)
        for event in events:
            self.apply(event)
        if drop_copy and not events:
            return []
        odd = compared(
            before, self.order, facts, events, copied=self.copied_venue, drop_copy=drop_copy
        )
        for event in odd:
            self.apply(event)
        return [*events, *odd]

    def hear_unsolicited(self, exec_type, ord_status, **fields) -> list[Event]:
        """Hear of an order nobody here sent, and open it; V1 is its name."""
        described = ReportedOrder("ACC-ALICE", "ASML", "", "1", "2", "", 100)
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
                self._keep("F", fill)
            case ExecutionBusted(exec_id, gone, quantity, price):
                self._bust(gone, quantity, price)
                self.applied.setdefault(exec_id, []).append(Applied("H", quantity, price))
            case ExecutionCorrected(gone, fill, quantity, price):
                self._bust(gone, quantity, price)
                self._keep("G", fill)
        return self.order

    def _keep(self, exec_type: str, fill: Execution) -> None:
        self.parts.setdefault(fill.exec_id, []).append(fill)
        applied = Applied(exec_type, fill.quantity, fill.price, fill.cum_quantity)
        self.applied.setdefault(fill.exec_id, []).append(applied)

    def _bust(self, exec_id: str, quantity: Decimal, price: Decimal) -> None:
        parts = self.parts[exec_id]
        for place, part in enumerate(parts):
            if not part.busted and (part.quantity, part.price) == (quantity, price):
                parts[place] = part._replace(busted=True)
                return

    def findings(self) -> list[Finding]:
        executions = [part for parts in self.parts.values() for part in parts]
        return check_account("ACC-ALICE", self.log, [self.order], executions)

    @property
    def executions(self) -> dict[str, Execution]:
        """The executions by ExecID(17); of several parts under one, the last."""
        return {exec_id: parts[-1] for exec_id, parts in self.parts.items()}

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
