"""The groups of a batch's orders, and what follows in them when an order changes.

The same for a client's command and a venue's report: what follows is folded into the same
book changes, and its commands go into the same outbox.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from mesh.errors import MeshError
from mesh.log import get_logger
from ordermesh.gateway.v1.venue_link_service_pb2 import (
    VENUE_COMMAND_KIND_CANCEL,
    VENUE_COMMAND_KIND_REPLACE,
    VENUE_COMMAND_KIND_STATUS,
)
from svc_oms.domain.commands import PlaceOrder
from svc_oms.domain.events import (
    CancelRequested,
    Event,
    ReplaceRequested,
    Stamp,
    StatusRequested,
)
from svc_oms.domain.groups.group_rules import Consequence, consequences
from svc_oms.domain.model import LinkKind, Order
from svc_oms.domain.numbers import Quantity
from svc_oms.domain.routing import orders as routed
from svc_oms.service.book.book_changes import BookChanges
from svc_oms.service.codec.order_records import read_order
from svc_oms.service.codec.venue_messages import command_bytes, origin_bytes
from svc_oms.service.ports import AccountRow, OutboxWrite, Transaction
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.submissions import Submission

log = get_logger("svc_oms.linked")

Group = tuple[str, str]


class Moved(NamedTuple):
    """An order that changed because another did."""

    before: Order
    after: Order
    events: Sequence[Event]


class OrderGroups:
    """The groups; see the head of this file."""

    def __init__(
        self,
        changes: BookChanges,
        venues: VenueSessions,
        accounts: Mapping[str, AccountRow],
        market: Market,
    ) -> None:
        self._changes = changes
        self._market = market
        self._accounts = accounts
        self._venues = venues
        self._members: dict[Group, list[str]] = {}

    async def read(
        self,
        transaction: Transaction,
        submissions: Sequence[Submission],
        order_ids: Collection[str],
    ) -> None:
        """Read the groups of new orders, of these orders, and of all that were read."""
        wanted = {
            (s.account_id, s.command.link.group_id)
            for s in submissions
            if isinstance(s.command, PlaceOrder) and s.command.link is not None
        }
        routed: set[Group] = set()
        named = (self._changes.find(order_id) for order_id in order_ids)
        for order in (*named, *self._changes.orders.values()):
            if order is not None and order.link is not None:
                by_kind = routed if order.link.kind is LinkKind.ROUTED else wanted
                by_kind.add((order.account_id, order.link.group_id))
        routed.difference_update(self._members)
        wanted.difference_update(self._members, routed)
        if not wanted and not routed:
            return
        self._members.update((group, []) for group in (*wanted, *routed))
        rows = await transaction.groups(list(wanted)) if wanted else []
        if routed:
            rows += await transaction.routed(list(routed))
        for row in rows:
            order = self._changes.find(row.order_id)
            if order is None:
                order = self._changes.orders[row.order_id] = read_order(row.body, row.fold)
            self.joined(order)

    def joined(self, order: Order) -> None:
        """Add an order to its group."""
        assert order.link is not None
        group = (order.account_id, order.link.group_id)
        self._members.setdefault(group, []).append(order.order_id)

    def members(self, order: Order) -> list[Order]:
        """Return the present orders of an order's group."""
        if order.link is None:
            return []
        found = self._members.get((order.account_id, order.link.group_id), ())
        members = (self._changes.find(order_id) for order_id in found)
        return [order for order in members if order is not None]

    def lot(self, order: Order) -> Quantity | None:
        """Return the lot of an order's listing; None if the listing is not known."""
        listing = self._market.find(order.instrument_id)
        return None if listing is None else listing.lot_size

    def parent(self, order: Order) -> Order | None:
        """Return the parent of an order."""
        link = order.link
        return self._changes.find(link.parent_order_id) if link and link.parent_order_id else None

    def follow(
        self, before: Order, after: Order, events: Sequence[Event], *, itself: bool
    ) -> Iterator[Moved]:
        """Fold what follows from a change, and what follows from that; yield each changed order.

        Args:
            before: The order before the change.
            after: The order after it.
            events: The change.
            itself: Something may follow for this order, too. Not after a command on it, whose
                own request has not been sent yet.
        """
        if after.link is None:
            return
        moves = [Moved(before, after, events)]
        for moving in moves:
            found = self._consequences(moving)
            for order_id, parts in groupby(found, attrgetter("order.order_id")):
                order = self._changes.find(order_id)
                if order is None or (order_id == after.order_id and not itself):
                    continue
                moved = self._fold(order, [part.event for part in parts])
                if moved is not None:
                    moves.append(moved)
                    yield moved

    def _consequences(self, moved: Moved) -> list[Consequence]:
        before, after, events = moved
        members = self.members(after)
        if after.link is not None and after.link.kind is LinkKind.ROUTED:
            return [Consequence(*one) for one in routed.followed(members, after, events)]
        return consequences(members, after, before, self.lot)

    def ask(self, order: Order, events: Sequence[Event]) -> None:
        """Put the questions to the venue that events are into the outbox.

        Args:
            order: The order after the events.
            events: What a report became.
        """
        for event in events:
            if not isinstance(event, StatusRequested):
                continue
            if not self._venues.name_of(order.venue_mic):
                # Only a drop copy was ever linked: there is no session to ask on.
                self._afterwards(log.error, "venue cannot be asked", order, event.text)
                continue
            command = self._command(order, event)
            assert command is not None, "a question is a command"
            self._changes.writes.outbox.append(command)

    def _afterwards(self, say: Callable[..., None], event: str, order: Order, why: str) -> None:
        said = partial(say, event, order=order.order_id, why=why)
        self._changes.writes.afterwards.append(said)

    def _fold(self, order: Order, events: list[Event]) -> Moved | None:
        changes = self._changes
        try:
            commands = [self._command(order, event) for event in events]
        except MeshError as error:
            # Its venue never had a session, so it cannot have the order either.
            self._afterwards(log.warning, "consequence not sent", order, error.text)
            return None
        after = changes.add(order.account_id, order, events, Stamp(changes.now_ns))
        changes.writes.outbox.extend(one for one in commands if one is not None)
        return Moved(order, after, events)

    def _command(self, order: Order, event: Event) -> OutboxWrite | None:
        if isinstance(event, CancelRequested):
            kind, terms = VENUE_COMMAND_KIND_CANCEL, order.terms
        elif isinstance(event, ReplaceRequested):
            kind, terms = VENUE_COMMAND_KIND_REPLACE, event.terms
        elif isinstance(event, StatusRequested):
            kind, terms = VENUE_COMMAND_KIND_STATUS, order.terms
        else:
            return None
        session_id = self._venues.session_of(order.venue_mic)
        # A question names only the request that it asks about.
        orig_cl_ord_id = "" if kind == VENUE_COMMAND_KIND_STATUS else order.orig_cl_ord_id
        payload = command_bytes(
            kind, order, terms, event.cl_ord_id, orig_cl_ord_id, self._changes.now_ns
        )
        account = self._accounts[order.account_id]
        payload += origin_bytes(account.firm_id, account.desk_id, order.placed_by, "")
        return OutboxWrite(session_id, payload)
