"""A listener that writes down what a book reports."""

from typing import Any

from sim_exchange.domain.order import BookListener


class Recorder(BookListener):
    """Lists of the events, in order; orders by their numbers."""

    def __init__(self) -> None:
        self.accepts: list[Any] = []
        self.fills: list[Any] = []
        self.cancels: list[Any] = []
        self.replaced_orders: list[Any] = []
        self.rejected_orders: list[Any] = []
        self.restatements: list[Any] = []

    def accepted(self, order, *_) -> None:
        self.accepts.append(order.number)

    def filled(self, maker, taker, price, quantity, *_) -> None:
        numbers = [order.number if order is not None else None for order in (maker, taker)]
        self.fills.append((*numbers, price, quantity))

    def cancelled(self, order, quantity, cause, *_) -> None:
        self.cancels.append((order.number, quantity, cause.name))

    def replaced(self, order, *, kept_priority, **_) -> None:
        self.replaced_orders.append((order.number, kept_priority))

    def restated(self, order, cause, *_) -> None:
        self.restatements.append((order.number, cause.name))

    def rejected(self, order, *_) -> None:
        self.rejected_orders.append(order.number)
