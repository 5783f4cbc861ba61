"""The venue's record of client orders, and its reports about them."""

from sim_exchange.domain.order import CancelCause, Order, OrderKind, RejectCause, RestateCause
from sim_exchange.service import orders as fix
from sim_exchange.service.market import Market
from sim_exchange.service.orders import Answer, ClientOrder, OrdRejReason, Report, RestatementReason

_ENDED = {
    CancelCause.EXPIRED: fix.EXPIRED,
    CancelCause.GOOD_TILL: fix.EXPIRED,
    CancelCause.NOT_IN_AUCTION: fix.EXPIRED,
}


_REASONS = {
    RestateCause.TRIGGERED: RestatementReason.OTHER,
    RestateCause.STOP_MOVED: RestatementReason.REPRICING,
    RestateCause.REPRICED: RestatementReason.REPRICING,
    RestateCause.NO_REFERENCE: RestatementReason.REPRICING,
    RestateCause.LIMIT_FOUND: RestatementReason.REPRICING,
}


def _take_over(order: ClientOrder, resting: Order) -> None:
    """Let the client's record follow what the book found by itself."""
    terms = order.terms
    match terms.kind:
        case OrderKind.PEGGED:
            order.pegged = resting.price
        case OrderKind.MARKET_TO_LIMIT:
            order.terms = terms._replace(price=resting.price)
        case OrderKind.TRAILING_STOP:
            order.terms = terms._replace(special=terms.special._replace(stop=resting.stop))


class Reporting:
    """The events of all markets as answers, and the orders they are about.

    Attributes:
        answers: To be sent, in order.
        touched: Orders changed since the last time the journal was written.
        changed_markets: Markets that differ from what was published.
    """

    def __init__(self, mic: str, start_number: int, closed_orders_max: int) -> None:
        self.mic = mic
        self.answers: list[Answer] = []
        self.touched: dict[str, ClientOrder] = {}
        self.changed_markets: dict[str, Market] = {}
        self._prefix = f"{mic}-{start_number}-"
        self._order_count = 0
        self._exec_count = 0
        self._trade_count = 0
        self._closed_orders_max = closed_orders_max
        self._known: dict[str, dict[str, ClientOrder]] = {}
        self._closed: dict[str, ClientOrder] = {}
        # The order that a request changes now, and the OrigClOrdID(41) of its answer. Other
        # consequences, such as a stop that is triggered, are not answers.
        self._changing: tuple[ClientOrder | None, str] = (None, "")

    # -- ClientEvents of the markets --------------------------------------------------------

    def order_accepted(self, order: ClientOrder, resting: Order, now_ns: int) -> None:
        """The book took it."""
        _take_over(order, resting)
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
            order, fix.TRADE, now_ns, last_quantity=quantity, last_price=price, is_maker=is_maker
        )

    def order_cancelled(self, order: ClientOrder, cause: CancelCause, now_ns: int) -> None:
        """What was left of it is gone."""
        order.status = _ENDED.get(cause, fix.CANCELED)
        text = "" if cause is CancelCause.REQUESTED else cause.value
        order.text = text
        self._close(order)
        orig_cl_ord_id = self._orig_cl_ord_id(order)
        self._report(order, order.status, now_ns, text=text, orig_cl_ord_id=orig_cl_ord_id)

    def order_replaced(self, order: ClientOrder, resting: Order, now_ns: int) -> None:
        """Its terms changed."""
        _take_over(order, resting)
        if order.cum == order.terms.quantity:
            order.status = fix.FILLED
            self._close(order)
        self._report(order, fix.REPLACED, now_ns, orig_cl_ord_id=self._orig_cl_ord_id(order))

    def order_restated(
        self, order: ClientOrder, resting: Order, cause: RestateCause, now_ns: int
    ) -> None:
        """The book changed it by itself."""
        _take_over(order, resting)
        self._report(order, fix.RESTATED, now_ns, text=cause.value, restatement=_REASONS[cause])

    def order_rejected(self, order: ClientOrder, cause: RejectCause, now_ns: int) -> None:
        """The book refused it."""
        self._reject_order(order, OrdRejReason.EXCHANGE_CLOSED, cause.value, now_ns)

    def next_trade_id(self) -> str:
        """A name for a trade, never used before."""
        self._trade_count += 1
        return f"{self._prefix}T{self._trade_count}"

    def market_changed(self, market: Market) -> None:
        """Note what must be published."""
        self.changed_markets[market.instrument.symbol] = market

    # -- inside -----------------------------------------------------------------------------

    def _orig_cl_ord_id(self, order: ClientOrder) -> str:
        changing, orig_cl_ord_id = self._changing
        return orig_cl_ord_id if changing is order else ""

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
        restatement: int = 0,
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
                stop=terms.special.stop,
                pegged=order.pegged,
                restatement=restatement,
            )
        )

    def _report_pending(
        self, order: ClientOrder, pending: str, orig_cl_ord_id: str, now_ns: int
    ) -> None:
        leaves, standing, order.status = order.leaves, order.status, pending
        self._report(order, pending, now_ns, orig_cl_ord_id=orig_cl_ord_id, leaves=leaves)
        order.status = standing
