"""The commands of a session that wait to be sent, the most urgent first.

Cancels leave before replaces, replaces before new orders: a cancel takes risk away and must not
wait for messages that add some. Within an urgency the order is that of the OMS. The commands of one
order never overtake each other: a replace of an order that waits here itself joins it, and
the caller withdraws what waits of an order before it adds the order's cancel.
"""

from collections import OrderedDict
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Urgency(IntEnum):
    """How soon a command leaves; the lowest first."""

    CANCEL = 0
    # Also a status request.
    REPLACE = 1
    NEW = 2


class SendQueue(Generic[T]):
    """Commands by urgency; every operation is as fast with thousands as with one."""

    def __init__(self) -> None:
        self._lanes: tuple[OrderedDict[int, T], ...] = tuple(OrderedDict() for _ in Urgency)
        self._by_urgency = tuple(zip(Urgency, self._lanes, strict=True))
        # Of each order, where its commands are.
        self._places: dict[str, dict[int, Urgency]] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return sum(map(len, self._lanes))

    def clear(self) -> None:
        """Forget all."""
        for lane in self._lanes:
            lane.clear()
        self._places.clear()

    def add(self, sequence: int, order_id: str, urgency: Urgency, command: T) -> None:
        """Add a command; it has a higher sequence than all before it."""
        places = self._places.get(order_id)
        if places is None:
            self._places[order_id] = {sequence: urgency}
        else:
            if Urgency.NEW in places.values():
                urgency = Urgency.NEW
            places[sequence] = urgency
        self._lanes[urgency][sequence] = command

    def discard(self, sequence: int, order_id: str) -> None:
        """Remove a command, wherever it is, if it is here."""
        places = self._places.get(order_id)
        if places is None:
            return
        urgency = places.pop(sequence, None)
        if urgency is not None:
            del self._lanes[urgency][sequence]
        if not places:
            del self._places[order_id]

    def find(self, sequence: int, order_id: str) -> T | None:
        """Return a command that waits."""
        urgency = self._places.get(order_id, {}).get(sequence)
        return None if urgency is None else self._lanes[urgency][sequence]

    def first(self) -> tuple[Urgency, T] | None:
        """Return the command that leaves next."""
        for urgency, lane in self._by_urgency:
            if lane:
                return urgency, next(iter(lane.values()))
        return None

    def of_order(self, order_id: str) -> list[T]:
        """Return what waits of an order, in its order."""
        places = self._places.get(order_id, {})
        return [self._lanes[urgency][sequence] for sequence, urgency in places.items()]

    def all(self) -> list[T]:
        """Return everything, the most urgent first."""
        return [command for lane in self._lanes for command in lane.values()]
