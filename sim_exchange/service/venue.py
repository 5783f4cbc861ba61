"""The venue's use cases for client orders: new, cancel, replace, status, expiry, halt.

Every use case appends its answers to `answers` and the orders it changed to `touched`; the
caller writes the touched orders to the journal and then sends the answers, in this order, so
that nothing is reported that a restart would not know. The venue is not thread-safe: the caller
holds `lock` from the first use case to the last answer sent.
"""

import heapq
import threading
from collections.abc import Callable, Iterable
from typing import Final

from sim_exchange.domain.order import BookError, CancelCause, Order, TimeInForce
from sim_exchange.domain.uncrossing import Uncrossing
from sim_exchange.instruments import Instrument
from sim_exchange.service import orders as fix
from sim_exchange.service.calendar import Phase
from sim_exchange.service.checks import problem_of_new, problem_of_replace
from sim_exchange.service.market import Market
from sim_exchange.service.orders import (
    CancelReject,
    ClientOrder,
    CxlRejReason,
    OrdRejReason,
    Refusal,
    Report,
    Terms,
    UnknownOrder,
)
from sim_exchange.service.reporting import Reporting

AUCTIONS: Final = {Phase.OPENING: TimeInForce.AT_OPEN, Phase.CLOSING: TimeInForce.AT_CLOSE}
"""The phases in which orders collect, and the orders that are held for their end."""
RESTART_TEXT = "venue restarted"
"""Text(58) of the unsolicited cancels after a restart."""


class Venue(Reporting):
    """One simulated venue: a market per instrument and the clients' orders.

    Args:
        mic: Its MIC and CompID.
        instruments: What it lists.
        start_number: How often this venue was started on its store, this time included. Part
            of every ExecID(17), OrderID(37) and trade id, so that none ever repeats.
        orders: Orders known from the journal.
        closed_orders_max: Closed orders kept for duplicates and status requests; the
            oldest are forgotten beyond.
        pending_reports: Send ExecType PENDING_NEW, PENDING_CANCEL, PENDING_REPLACE first.
        basic_orders: Take market and limit orders, DAY, GTC, IOC and FOK, and no others.
    """

    def __init__(
        self,
        mic: str,
        instruments: Iterable[Instrument],
        *,
        start_number: int = 1,
        orders: Iterable[ClientOrder] = (),
        closed_orders_max: int = 200_000,
        pending_reports: bool = False,
        basic_orders: bool = False,
    ) -> None:
        super().__init__(mic, start_number, closed_orders_max)
        self.lock = threading.Lock()
        self.markets = {listed.symbol: Market(listed, self) for listed in instruments}
        self.phase = Phase.OPEN
        self.on_state: list[Callable[[Market | None, int], None]] = []
        self._pending_reports = pending_reports
        self._basic_orders = basic_orders
        self._good_till: list[tuple[int, int, ClientOrder]] = []
        self._expiry_count = 0
        for order in orders:
            self._remember(order)
            if not order.is_open:
                self._closed[order.order_id] = order

    # -- use cases ------------------------------------------------------------------------

    def place(
        self,
        client: str,
        cl_ord_id: str,
        terms: Terms,
        now_ns: int,
        *,
        fields: dict[str, str],
        repeated: bool = False,
    ) -> None:
        """NewOrderSingle(D).

        Args:
            client: CompID it came from.
            cl_ord_id: ClOrdID(11).
            terms: What is asked.
            now_ns: Now.
            fields: The message, for the answer to a duplicate.
            repeated: PossDup(43) or PossResend(97): a known one gets its status instead.
        """
        known = self._known.get(client, {}).get(cl_ord_id)
        if known is not None:
            if repeated:
                self._report(known, fix.STATUS, now_ns)
            else:
                text = f"ClOrdID '{cl_ord_id}' was used before"
                self.refuse(client, cl_ord_id, fields, OrdRejReason.DUPLICATE, text, now_ns)
            return
        self._order_count += 1
        order = ClientOrder(client, f"{self._prefix}{self._order_count}", cl_ord_id, terms)
        self._remember(order)
        self.touched[order.order_id] = order
        market = self.markets.get(terms.symbol)
        problem = problem_of_new(
            market, terms, now_ns, is_open=self.phase is not Phase.CLOSED, basic=self._basic_orders
        )
        if problem is not None or market is None:
            reason, text = problem or (OrdRejReason.UNKNOWN_SYMBOL, "")
            self._reject_order(order, reason, text, now_ns)
            return
        if self._pending_reports:
            order.status = fix.PENDING_NEW
            self._report(order, fix.PENDING_NEW, now_ns, leaves=terms.quantity)
            order.status = fix.NEW
        market.book.submit(
            Order(
                order.order_id,
                terms.side,
                terms.price,
                terms.quantity,
                kind=terms.kind,
                tif=terms.tif,
                owner=order,
                special=terms.special,
            ),
            now_ns,
        )
        self._note_expiry(order)

    def refuse(
        self,
        client: str,
        cl_ord_id: str,
        fields: dict[str, str],
        reason: int,
        text: str,
        now_ns: int,
    ) -> None:
        """Answer a new order that is not kept: unreadable, or of a ClOrdID used before."""
        exec_id = self._next_exec_id()
        self.answers.append(Refusal(client, exec_id, cl_ord_id, fields, reason, text, now_ns))

    def cancel(
        self, client: str, cl_ord_id: str, orig_cl_ord_id: str, now_ns: int, *, repeated: bool
    ) -> None:
        """OrderCancelRequest(F)."""
        order = self._order_to_change(
            client, cl_ord_id, orig_cl_ord_id, now_ns, is_replace=False, repeated=repeated
        )
        if order is None:
            return
        self._rename(order, cl_ord_id)
        self._changing = (order, orig_cl_ord_id)
        if self._pending_reports:
            self._report_pending(order, fix.PENDING_CANCEL, orig_cl_ord_id, now_ns)
        self.markets[order.terms.symbol].book.cancel(order.order_id, now_ns)
        self._changing = (None, "")

    def replace(
        self,
        client: str,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        terms: Terms,
        now_ns: int,
        *,
        repeated: bool,
    ) -> None:
        """OrderCancelReplaceRequest(G)."""
        order = self._order_to_change(
            client, cl_ord_id, orig_cl_ord_id, now_ns, is_replace=True, repeated=repeated
        )
        if order is None:
            return
        problem = problem_of_replace(self.markets[order.terms.symbol], order, terms, now_ns)
        if problem is not None:
            self.reject_change(
                client, cl_ord_id, orig_cl_ord_id, *problem, now_ns, is_replace=True, order=order
            )
            return
        self._rename(order, cl_ord_id)
        self._changing = (order, orig_cl_ord_id)
        if self._pending_reports:
            self._report_pending(order, fix.PENDING_REPLACE, orig_cl_ord_id, now_ns)
        order.terms = terms
        order.wire = None
        book = self.markets[terms.symbol].book
        resting = book.get(order.order_id)
        if resting is None:
            raise BookError(f"open order {order.order_id} is not in its book")
        resting.tif = terms.tif
        book.replace(order.order_id, terms.price, terms.quantity, now_ns, terms.special)
        self._note_expiry(order)
        self._changing = (None, "")

    def reject_change(
        self,
        client: str,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        reason: int,
        text: str,
        now_ns: int,
        *,
        is_replace: bool,
        order: ClientOrder | None = None,
    ) -> None:
        """Answer a cancel or replace with OrderCancelReject(9)."""
        order = order or self._known.get(client, {}).get(orig_cl_ord_id)
        self.answers.append(
            CancelReject(
                client,
                cl_ord_id,
                orig_cl_ord_id,
                order.order_id if order else "NONE",
                order.status if order else fix.REJECTED,
                is_replace,
                reason,
                text,
                now_ns,
            )
        )

    def status(
        self, client: str, cl_ord_id: str, order_id: str, fields: dict[str, str], now_ns: int
    ) -> None:
        """OrderStatusRequest(H): by any ClOrdID(11) the order went by, else by OrderID(37)."""
        order = self._known.get(client, {}).get(cl_ord_id)
        if order is None and order_id and not cl_ord_id:
            order = next(
                (o for o in self._known.get(client, {}).values() if o.order_id == order_id), None
            )
        if order is not None:
            self._report(
                order, fix.STATUS, now_ns, cl_ord_id=cl_ord_id, request_id=fields.get("790", "")
            )
            return
        self.answers.append(
            UnknownOrder(
                client,
                self._next_exec_id(),
                cl_ord_id,
                fields.get("55", ""),
                fields.get("54", ""),
                now_ns,
                fields.get("790", ""),
            )
        )

    def mass_status(self, client: str, request_id: str, now_ns: int, symbol: str = "") -> None:
        """OrderMassStatusRequest(AF): every open order of the client, or those of one symbol."""
        open_orders = self.open_orders(client)
        if symbol:
            open_orders = [order for order in open_orders if order.terms.symbol == symbol]
        if not open_orders:
            self.answers.append(
                UnknownOrder(
                    client, self._next_exec_id(), "", "", "", now_ns, request_id, is_mass=True
                )
            )
        for place, order in enumerate(open_orders, 1):
            self._report(order, fix.STATUS, now_ns)
            report = self.answers[-1]
            if isinstance(report, Report):
                self.answers[-1] = report._replace(
                    request_id=request_id, mass_place=place, mass_total=len(open_orders)
                )

    def cancel_after_restart(self, now_ns: int) -> int:
        """Report orders that were open when the last process ended: their book is gone.

        Returns:
            How many.
        """
        stranded = [
            order
            for known in self._known.values()
            for order in dict.fromkeys(known.values())
            if order.is_open
        ]
        for order in stranded:
            order.status, order.text = fix.CANCELED, RESTART_TEXT
            self._close(order)
            self._report(order, fix.CANCELED, now_ns, text=RESTART_TEXT)
        return len(stranded)

    def enter(self, phase: Phase, now_ns: int) -> None:
        """Begin a phase, if it is another one."""
        if phase is self.phase:
            return
        if phase in AUCTIONS:
            self.begin_call(phase, now_ns)
        elif phase is Phase.OPEN:
            self.open_session(now_ns)
        else:
            self.close_session(now_ns)

    def begin_call(self, phase: Phase, now_ns: int) -> None:
        """Begin the call of an auction: orders collect, and nothing trades."""
        self.phase = phase
        for market in self.markets.values():
            market.book.collect()
            self.market_changed(market)
        self.report_state(None, now_ns)

    def indication(self, market: Market) -> Uncrossing | None:
        """Return what the auction that is on would execute; None if none is, or nothing."""
        tif = AUCTIONS.get(self.phase)
        return tif and market.book.indication(tif, market.reference_price)

    def open_session(self, now_ns: int) -> None:
        """Take orders; first those held for the opening."""
        self.phase = Phase.OPEN
        for market in self.markets.values():
            market.book.auction(TimeInForce.AT_OPEN, now_ns, market.reference_price)
            self.market_changed(market)
        self.report_state(None, now_ns)

    def close_session(self, now_ns: int) -> None:
        """Let orders held for the close trade, take no more, and expire the DAY orders."""
        self.phase = Phase.CLOSED
        for market in self.markets.values():
            market.book.auction(TimeInForce.AT_CLOSE, now_ns, market.reference_price)
            for resting in list(market.resting_clients.values()):
                if resting.owner.terms.tif is TimeInForce.DAY:
                    market.book.cancel(resting.number, now_ns, cause=CancelCause.EXPIRED)
            market.new_day()
            self.market_changed(market)
        self.report_state(None, now_ns)

    def expire_due(self, now_ns: int) -> None:
        """Expire the good-till-date orders whose time has come."""
        while self._good_till and self._good_till[0][0] <= now_ns:
            expire_ns, _, order = heapq.heappop(self._good_till)
            # A replace may have moved it; then its new time is noted apart.
            if order.is_open and order.terms.expire_ns == expire_ns:
                book = self.markets[order.terms.symbol].book
                book.cancel(order.order_id, now_ns, cause=CancelCause.GOOD_TILL)

    def halt(self, symbol: str, now_ns: int) -> None:
        """Halt one instrument: cancels only."""
        market = self.markets[symbol]
        market.book.halt()
        self.report_state(market, now_ns)

    def resume(self, symbol: str, now_ns: int) -> None:
        """End the halt of one instrument."""
        market = self.markets[symbol]
        market.book.resume(now_ns)
        self.report_state(market, now_ns)

    def open_orders(self, client: str | None = None) -> list[ClientOrder]:
        """Client orders in the books, of one client or all."""
        return [
            resting.owner
            for market in self.markets.values()
            for resting in market.resting_clients.values()
            if client is None or resting.owner.client == client
        ]

    # -- inside -----------------------------------------------------------------------------

    def _note_expiry(self, order: ClientOrder) -> None:
        expire_ns = order.terms.expire_ns
        if expire_ns and order.is_open:
            # The number keeps orders of one expiry from being compared.
            self._expiry_count += 1
            heapq.heappush(self._good_till, (expire_ns, self._expiry_count, order))

    def _order_to_change(
        self,
        client: str,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        now_ns: int,
        *,
        is_replace: bool,
        repeated: bool,
    ) -> ClientOrder | None:
        known = self._known.get(client, {})
        order = known.get(orig_cl_ord_id)
        if order is None:
            reason, text = CxlRejReason.UNKNOWN_ORDER, f"no order '{orig_cl_ord_id}'"
        elif (used := known.get(cl_ord_id)) is not None:
            if repeated:
                self._report(used, fix.STATUS, now_ns, cl_ord_id=cl_ord_id)
                return None
            reason, text = CxlRejReason.DUPLICATE, f"ClOrdID '{cl_ord_id}' was used before"
        elif not order.is_open:
            reason, text = CxlRejReason.TOO_LATE, "the order is closed"
        else:
            return order
        self.reject_change(
            client, cl_ord_id, orig_cl_ord_id, reason, text, now_ns, is_replace=is_replace
        )
        return None

    def report_state(self, market: Market | None, now_ns: int) -> None:
        """Inform the listeners that a market, or with None the whole venue, opened or stopped."""
        for listener in self.on_state:
            listener(market, now_ns)
