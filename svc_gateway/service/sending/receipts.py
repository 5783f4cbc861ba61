"""Receipts for commands: in outbound order, and bad news at once.

The highest receipt acknowledges all commands below it, so a receipt waits for those of earlier
commands. Commands overtake each other, and an earlier one may wait for the venue's message rate. So
a receipt that says more than "sent" is also given early, and comes again in its place. If a link
breaks in between, the OMS streams the command again and gets the same receipt.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable

from ordermesh.gateway.v1 import venue_link_service_pb2 as link

# Receipts kept for a link that broke before the OMS had them. Older ones are found in the FIX
# store and answered with IN_DOUBT instead of SENT.
RECEIPTS_KEPT_MAX = 100_000
# A receipt that only says "sent" waits so long, to go together with the venue's answer or with so
# many others: alone it would be a frame of its own, just when the venue's answer comes. Receipts
# NOT_SENT, WITHDRAWN and IN_DOUBT go at once, and so do all with a confirmation of kill switches.
RECEIPTS_GATHER_S = 0.02
RECEIPTS_GATHER_MAX = 50


class Receipts:
    """The receipts of one session."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._kept: OrderedDict[int, link.CommandReceipt] = OrderedDict()
        # Receipts that wait for those of earlier commands.
        self._ahead: dict[int, link.CommandReceipt] = {}
        self._next = 0
        self._in_order: deque[link.CommandReceipt] = deque()
        self._early: deque[link.CommandReceipt] = deque()
        self._gathering: asyncio.TimerHandle | None = None

    def open(self, next_sequence: int) -> None:
        """Begin a link: the OMS has the receipts of all commands before this one."""
        self.drop()
        self._next = next_sequence
        for sequence in [one for one in self._kept if one < next_sequence]:
            del self._kept[sequence]

    def drop(self) -> None:
        """Forget what the link did not take; all of it is kept for the next link."""
        self._in_order.clear()
        self._early.clear()
        self._ahead.clear()

    def earlier(self, command: link.VenueCommand) -> link.CommandReceipt | None:
        """Return the receipt that this command has already, given over another link."""
        kept = self._kept.get(command.outbound_sequence)
        return kept if kept is not None and kept.cl_ord_id == command.cl_ord_id else None

    def give(self, receipt: link.CommandReceipt) -> None:
        """Give a receipt, and keep it."""
        sequence = receipt.outbound_sequence
        self._kept[sequence] = receipt
        if len(self._kept) > RECEIPTS_KEPT_MAX:
            self._kept.popitem(last=False)
        ahead = self._ahead
        if sequence == self._next:
            self._in_order.append(receipt)
            self._next += 1
        else:
            ahead[sequence] = receipt
        while ahead and self._next in ahead:
            self._in_order.append(ahead.pop(self._next))
            self._next += 1
        sent = receipt.outcome == link.COMMAND_OUTCOME_SENT
        if not sent and sequence in self._ahead:
            self._early.append(receipt)
        if not sent or len(self._in_order) >= RECEIPTS_GATHER_MAX:
            self._ready()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(
                RECEIPTS_GATHER_S, self._gathered
            )

    def _gathered(self) -> None:
        self._gathering = None
        if self._in_order:
            self._ready()

    def take(self, limit: int) -> list[link.CommandReceipt]:
        """Return receipts that the present link has not got, in outbound order."""
        taken = [self._in_order.popleft() for _ in range(min(limit, len(self._in_order)))]
        if self._gathering is not None and not self._in_order:
            # They go with what is sent now; the timer would only wake this process once more.
            self._gathering.cancel()
            self._gathering = None
        return taken

    def take_early(self, limit: int) -> list[link.CommandReceipt]:
        """Return receipts other than SENT that come before those of earlier commands."""
        return [self._early.popleft() for _ in range(min(limit, len(self._early)))]
