"""The executions of a page of events, kept as the order book keeps those of venue reports."""

from collections.abc import Iterable, Sequence

from svc_oms.domain.events import ExecutionBusted, ExecutionCorrected, OrderExecuted
from svc_oms.domain.model import Order
from svc_oms.domain.verification.copied_log import Difference
from svc_oms.domain.verification.verify import LogLine
from svc_oms.service.ports import ExecutionRow, WriteSet
from svc_oms.service.venue.reports.batch_executions import BatchExecutions


def executions_named(lines: Iterable[LogLine]) -> set[tuple[str, str]]:
    """Return order and ExecID(17) of what these events execute, bust or correct."""
    named = set()
    for line in lines:
        match line.event:
            case OrderExecuted():
                named.add((line.order_id, line.event.execution.exec_id))
            case ExecutionCorrected():
                named.add((line.order_id, line.event.execution.exec_id))
                named.add((line.order_id, line.event.corrected_exec_id))
            case ExecutionBusted():
                named.add((line.order_id, line.event.exec_id))
                named.add((line.order_id, line.event.busted_exec_id))
            case _:
                pass
    return named


class PageExecutions:
    """What is known of the executions of a page, and what the page adds; by venue."""

    def __init__(self, writes: WriteSet) -> None:
        self._writes = writes
        self._rows: dict[str, list[ExecutionRow]] = {}
        self._venues: dict[str, BatchExecutions] = {}

    def know(self, rows: Sequence[ExecutionRow]) -> None:
        """Take what earlier pages have put."""
        for row in rows:
            self._rows.setdefault(row.venue_mic, []).append(row)

    def keep(self, order: Order, line: LogLine) -> list[Difference]:
        """Add what an event executes, busts or corrects; `order` is the order after it.

        Returns:
            A difference if the execution that it busts or corrects is not in the copy.
        """
        # The executions of a routed order are those of its children.
        if order.routing is not None or not executions_named([line]):
            return []
        venue = self._venues.get(order.venue_mic)
        if venue is None:
            venue = self._venues[order.venue_mic] = BatchExecutions(order.venue_mic, self._writes)
            venue.know(self._rows.pop(order.venue_mic, []))
        if venue.knows_amended(order, line.event):
            venue.keep(order, [line.event])
            return []
        key = f"{order.account_id}/{line.sequence}"
        text = f"an event whose execution of order {order.order_id} is not in the copy"
        return [Difference("event", key, "fold", "an event", text)]
