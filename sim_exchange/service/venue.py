"""The venue's use cases for client orders: new, cancel, replace, status, expiry, halt.

Every use case appends its answers to `answers` and the orders it changed to `touched`; the
caller writes the touched orders to the journal and then sends the answers, in this order, so
that nothing is told that a restart would not know. The venue is not thread-safe: the caller
holds `lock` from the first use case to the last answer sent.
"""

import threading
from collections.abc import Callable, Iterable

from sim_exchange.domain.order import BookError, CancelCause, Order, RejectCause, TimeInForce
from sim_exchange.instruments import Instrument
from sim_exchange.service import orders as fix
from sim_exchange.service.checks import problem_of_new, problem_of_replace
from sim_exchange.service.market import Market
from sim_exchange.service.orders import (
    Answer,
    CancelReject,
    ClientOrder,
    CxlRejReason,
    OrdRejReason,
    Refusal,
    Report,
    Terms,
    UnknownOrder,
)

RESTART_TEXT = "venue restarted"
"""Text(58) of the unsolicited cancels after a restart."""


class Venue:
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
    ) -> None:
        self.mic = mic
        self.lock = threading.Lock()
        self.answers: list[Answer] = []
        self.touched: dict[str, ClientOrder] = {}
        self.changed_markets: dict[str, Market] = {}
        self.markets = {listed.symbol: Market(listed, self) for listed in instruments}
        self.is_open = True
        self.on_state: list[Callable[[Market | None, int], None]] = []
        self._prefix = f"{mic}-{start_number}-"
        self._order_count = 0
        self._exec_count = 0
        self._trade_count = 0
        self._pending_reports = pending_reports
        self._closed_orders_max = closed_orders_max
        self._known: dict[str, dict[str, ClientOrder]] = {}
        self._closed: dict[str, ClientOrder] = {}
        self._replacing: tuple[str, str] = ("", "")
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
        problem = problem_of_new(market, terms, is_open=self.is_open)
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
            ),
            now_ns,
        )

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
        self._replacing = (cl_ord_id, orig_cl_ord_id)
        if self._pending_reports:
            self._report_pending(order, fix.PENDING_CANCEL, orig_cl_ord_id, now_ns)
        self.markets[order.terms.symbol].book.cancel(order.order_id, now_ns)
        self._replacing = ("", "")

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
        problem = problem_of_replace(self.markets[order.terms.symbol], order, terms)
        if problem is not None:
            self.reject_change(
                client, cl_ord_id, orig_cl_ord_id, *problem, now_ns, is_replace=True, order=order
            )
            return
        self._rename(order, cl_ord_id)
        self._replacing = (cl_ord_id, orig_cl_ord_id)
        if self._pending_reports:
            self._report_pending(order, fix.PENDING_REPLACE, orig_cl_ord_id, now_ns)
        order.terms = terms
        order.wire = None
        book = self.markets[terms.symbol].book
        resting = book.get(order.order_id)
        if resting is None:
            raise BookError(f"open order {order.order_id} is not in its book")
        resting.tif = terms.tif
        book.replace(order.order_id, terms.price, terms.quantity, now_ns)
        self._replacing = ("", "")

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

    def mass_status(self, client: str, request_id: str, now_ns: int) -> None:
        """OrderMassStatusRequest(AF): every open order of the client."""
        open_orders = self.open_orders(client)
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

    def open_session(self, now_ns: int) -> None:
        """Take orders."""
        self.is_open = True
        self.tell_state(None, now_ns)

    def close_session(self, now_ns: int) -> None:
        """Take no more orders and expire the DAY orders."""
        self.is_open = False
        for market in self.markets.values():
            for resting in list(market.resting_clients.values()):
                if resting.owner.terms.tif is TimeInForce.DAY:
                    market.book.cancel(resting.number, now_ns, cause=CancelCause.EXPIRED)
            market.new_day()
        self.tell_state(None, now_ns)

    def halt(self, symbol: str, now_ns: int) -> None:
        """Halt one instrument: cancels only."""
        market = self.markets[symbol]
        market.book.halt()
        self.tell_state(market, now_ns)

    def resume(self, symbol: str, now_ns: int) -> None:
        """End the halt of one instrument."""
        market = self.markets[symbol]
        market.book.resume(now_ns)
        self.tell_state(market, now_ns)

    def open_orders(self, client: str | None = None) -> list[ClientOrder]:
        """Client orders in the books, of one client or all."""
        return [
            resting.owner
            for market in self.markets.values()
            for resting in market.resting_clients.values()
            if client is None or resting.owner.client == client
        ]

    # -- ClientEvents of the markets --------------------------------------------------------

    def order_accepted(self, order: ClientOrder, now_ns: int) -> None:
        """The book took it."""
        self._report(order, fix.NEW, now_ns)

    def order_filled(
        self, order: ClientOrder, price: int, quantity: int, now_ns: int, *, is_maker: bool
    ) -> None:
        """It traded."""
        order.cum += quantity
        order.notional += price * quantity
        if order.cum < order.terms.quantity:
            order.status = fix.PARTIALLY_FILLED
        else:
            order.status = fix.FILLED
            self._close(order)
        self._report(
            order,
            fix.TRADE,
            now_ns,
            last_quantity=quantity,
            last_price=price,
            is_maker=is_maker,
        )

    def order_cancelled(self, order: ClientOrder, cause: CancelCause, now_ns: int) -> None:
        """What was left of it is gone."""
        order.status = fix.EXPIRED if cause is CancelCause.EXPIRED else fix.CANCELED
        text = "" if cause is CancelCause.REQUESTED else cause.value
        order.text = text
        self._close(order)
        _, orig_cl_ord_id = self._replacing
        self._report(order, order.status, now_ns, text=text, orig_cl_ord_id=orig_cl_ord_id)

    def order_replaced(self, order: ClientOrder, now_ns: int) -> None:
        """Its terms changed."""
        if order.cum == order.terms.quantity:
            order.status = fix.FILLED
            self._close(order)
        _, orig_cl_ord_id = self._replacing
        self._report(order, fix.REPLACED, now_ns, orig_cl_ord_id=orig_cl_ord_id)

    def order_rejected(self, order: ClientOrder, cause: RejectCause, now_ns: int) -> None:
        """The book refused it."""
        self._reject_order(order, OrdRejReason.EXCHANGE_CLOSED, cause.value, now_ns)

    def next_trade_id(self) -> str:
        """A name for a trade, never used before."""
        self._trade_count += 1
        return f"{self._prefix}T{self._trade_count}"

    def market_changed(self, market: Market) -> None:
        """Note what is to be published."""
        self.changed_markets[market.instrument.symbol] = market

    # -- inside -----------------------------------------------------------------------------

    def _next_exec_id(self) -> str:
        self._exec_count += 1
        return f"{self._prefix}E{self._exec_count}"

    def _remember(self, order: ClientOrder) -> None:
        known = self._known.get(order.client)
        if known is None:
            known = self._known[order.client] = {}
        for cl_ord_id in order.cl_ord_ids:
            known[cl_ord_id] = order

    def _rename(self, order: ClientOrder, cl_ord_id: str) -> None:
        order.cl_ord_id = cl_ord_id
        order.cl_ord_ids += (cl_ord_id,)
        self._known[order.client][cl_ord_id] = order

    def _close(self, order: ClientOrder) -> None:
        self._closed[order.order_id] = order
        if len(self._closed) > self._closed_orders_max:
            forgotten = self._closed.pop(next(iter(self._closed)))
            known = self._known[forgotten.client]
            for cl_ord_id in forgotten.cl_ord_ids:
                known.pop(cl_ord_id, None)

    def _reject_order(self, order: ClientOrder, reason: int, text: str, now_ns: int) -> None:
        order.status, order.reason, order.text = fix.REJECTED, reason, text
        self._close(order)
        self._report(order, fix.REJECTED, now_ns, text=text)

    def _report(
        self,
        order: ClientOrder,
        exec_type: str,
        now_ns: int,
        *,
        cl_ord_id: str = "",
        orig_cl_ord_id: str = "",
        leaves: int | None = None,
        last_quantity: int = 0,
        last_price: int = 0,
        is_maker: bool = False,
        text: str = "",
        request_id: str = "",
    ) -> None:
        terms = order.terms
        if exec_type != fix.STATUS:
            self.touched[order.order_id] = order
        self._exec_count += 1
        self.answers.append(
            Report(
                order,
                f"{self._prefix}E{self._exec_count}",
                exec_type,
                order.status,
                cl_ord_id or order.cl_ord_id,
                orig_cl_ord_id,
                terms.quantity,
                terms.price,
                order.cum,
                order.leaves if leaves is None else leaves,
                order.notional,
                now_ns,
                last_quantity,
                last_price,
                is_maker,
                order.reason or None,
                text or order.text,
                request_id,
            )
        )

    def _report_pending(
        self, order: ClientOrder, pending: str, orig_cl_ord_id: str, now_ns: int
    ) -> None:
        leaves, standing, order.status = order.leaves, order.status, pending
        self._report(order, pending, now_ns, orig_cl_ord_id=orig_cl_ord_id, leaves=leaves)
        order.status = standing

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

    def tell_state(self, market: Market | None, now_ns: int) -> None:
        """Tell the listeners that a market, or with None the whole venue, opened or stopped."""
        for listener in self.on_state:
            listener(market, now_ns)
