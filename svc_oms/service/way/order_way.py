"""The whole way of an order, or of a refused request, from what is recorded about it."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.nanoseconds import NS_PER_US, to_us
from kernel.ulid import valid_ulid
from mesh.auth.tokens import Principal
from mesh.errors import refuse
from mesh.timestamps import from_timestamp
from ordermesh.oms.v1 import (
    audit_service_pb2,
    event_pb2,
    order_pb2,
    order_service_pb2,
    order_way_pb2,
)
from svc_oms.domain.controls.limits.limit_values import Applied, LimitKind
from svc_oms.service.codec.kill_messages import switch_text
from svc_oms.service.codec.parked_messages import (
    fix_text,
    parked_content,
    parked_item,
    statement_message,
)
from svc_oms.service.codec.values import timestamp
from svc_oms.service.controls.controls_at import ControlsInThePast
from svc_oms.service.errors import order_not_found
from svc_oms.service.ports import AccountRow, AuditFilter, ExecutionRow, OrderRow, OrderStore
from svc_oms.service.ports.parked_ports import ParkedFilter, StatementFilter
from svc_oms.service.reference.market import Market
from svc_oms.service.reference.venue_sessions import VenueSessions
from svc_oms.service.way.fix_record import FixRecord, leave_one_text
from svc_oms.service.way.order_controls import (
    ASKED,
    Checked,
    ControlsOfOrders,
    checked_order,
)

EVENTS_MAX: Final = 2000
ENTRIES_MAX: Final = 500
# Parked messages whose FIX text is shown; of further ones only that they were parked.
PARKED_MAX: Final = 50
STATEMENTS_MAX: Final = 100
# Times whose controls are given, the newest.
TIMES_MAX: Final = 20

AUDIT_READERS: Final = frozenset({"AUDITOR", "RISK", "OPERATOR"})

Request = TypeVar("Request", order_service_pb2.PlaceRequest, order_service_pb2.PlaceBatchRequest)

# Events before which the controls check an order.
_CHECKED: Final = frozenset({"accepted", "replace_requested", "approved", "triggered", "released"})


class OrderWays:
    """Reads the ways of orders."""

    def __init__(
        self,
        store: OrderStore,
        past: ControlsInThePast,
        market: Market,
        venues: VenueSessions,
        defaults: Mapping[LimitKind, Applied],
    ) -> None:
        self._store = store
        self._market = market
        self._venues = venues
        self._controls = ControlsOfOrders(past, defaults)

    async def show(
        self, wanted_id: str, at: Timestamp | None, reader: Principal, now_ns: int
    ) -> order_service_pb2.ShowOrderResponse:
        """Return the way of an order, or of a refused request by its entry in the audit log.

        Raises:
            MeshError: ORDER_NOT_FOUND, also for what the reader may not see; INVALID_FIELD for a
                time that has not come: what is in force then is not known.
        """
        if at is not None and from_timestamp(at) > now_ns:
            asked, now = at.ToJsonString(), timestamp(now_ns).ToJsonString()
            raise refuse(
                "INVALID_FIELD", f"at was {asked}; expected a time that has passed, it is {now}",
                "at", value=asked, expected=f"at most {now}",
            )  # fmt: skip
        row = await self._store.order(wanted_id) if valid_ulid(wanted_id) else None
        if row is None:
            return await self._refused(wanted_id, at, reader)
        if not reader.may_view(row.account_id):
            raise order_not_found(wanted_id)
        return await self._order(row, at, reader, now_ns)

    async def _order(
        self, row: OrderRow, at: Timestamp | None, reader: Principal, now_ns: int
    ) -> order_service_pb2.ShowOrderResponse:
        order = order_pb2.Order.FromString(row.body)
        answer = order_service_pb2.ShowOrderResponse(order=order)
        executions = await self._store.order_executions(row.order_id)
        answer.executions.extend(map(_execution, executions))
        events = await self._events(order)
        answer.events_left_out = max(order.progress.version - len(events), 0)
        steps = await self._event_steps(order, events)
        steps += [
            step
            for entry in await self._entries(order.order_id)
            if (step := _entry_step(entry, reader)) is not None
        ]
        await self._add_parked(order.order_id, steps)
        steps += await self._statements(order.order_id, now_ns)
        await self._name(steps)
        answer.steps.extend(sorted(steps, key=lambda step: from_timestamp(step.at)))
        account = await self._account(order.account_id)
        session_id = self._venues.name_of(order.venue_mic)
        times = [
            (_at_us(step.at), what, checked_order(order, account, session_id, step.actor))
            for step in answer.steps
            if (what := _what_was_checked(step))
        ]
        if at is not None:
            times.append((_at_us(at), ASKED, checked_order(order, account, session_id, "")))
        answer.controls.extend(await self._controls_at(times))
        return answer

    async def _account(self, account_id: str) -> AccountRow:
        rows = await self._store.controls().account_rows([account_id])
        return rows[0] if rows else AccountRow(account_id, 0, 0, b"")

    async def _events(self, order: order_pb2.Order) -> list[event_pb2.OrderEvent]:
        payloads = await self._store.order_events(
            order.account_id,
            order.order_id,
            order.created_sequence,
            order.last_sequence,
            EVENTS_MAX,
        )
        return [event_pb2.OrderEvent.FromString(payload) for payload in payloads]

    async def _event_steps(
        self, order: order_pb2.Order, events: Sequence[event_pb2.OrderEvent]
    ) -> list[order_way_pb2.WayStep]:
        listing = self._market.find(order.instrument_id)
        record = FixRecord(order, "" if listing is None else listing.venue_symbol)
        switches = await self._switches(events)
        steps = []
        for event in events:
            step = order_way_pb2.WayStep(
                at=event.occurred_at,
                actor=event.actor,
                kill_switch=switches.get(_switch_id(event.idempotency_key), ""),
                event=event,
            )
            message = record.message(event)
            if message is not None:
                step.fix.CopyFrom(message)
            steps.append(step)
        leave_one_text(steps)
        return steps

    async def _switches(self, events: Iterable[event_pb2.OrderEvent]) -> dict[str, str]:
        """Return in words the kill switches and mass cancels that acted, by id."""
        ids = {_switch_id(event.idempotency_key) for event in events} - {""}
        rows = [await self._store.kills.switch(one) for one in sorted(ids)]
        return {row.switch_id: switch_text(row) for row in rows if row is not None}

    async def _entries(self, order_id: str) -> list[audit_service_pb2.AuditEntry]:
        wanted = AuditFilter(0, 0, "", "", order_id, (), 0, "", ENTRIES_MAX)
        page = await self._store.list_audit(wanted)
        return [audit_service_pb2.AuditEntry.FromString(body) for _, body in page.rows]

    async def _add_parked(self, order_id: str, steps: list[order_way_pb2.WayStep]) -> None:
        """Give the events of parked messages their text; add those that made no event."""
        parked = self._store.parked()
        rows = await parked.messages(ParkedFilter(None, order_id, "", 0, 0, ENTRIES_MAX))
        named = {
            step.fix.msg_seq_num: step
            for step in steps
            if step.WhichOneof("what") == "event" and step.fix.msg_seq_num
        }
        for number, row in enumerate(rows):
            step = named.get(row.msg_seq_num)
            if step is None:
                step = order_way_pb2.WayStep(
                    at=timestamp(row.parked_at_us * NS_PER_US), actor=f"session:{row.session_id}"
                )
                step.parked.CopyFrom(parked_item(row))
                step.fix.msg_type, step.fix.msg_seq_num = row.msg_type, row.msg_seq_num
                steps.append(step)
            whole = await parked.message(row.parked_id) if number < PARKED_MAX else None
            if whole is not None:
                step.fix.text, _ = fix_text(parked_content(whole.body))

    async def _statements(self, order_id: str, now_ns: int) -> list[order_way_pb2.WayStep]:
        wanted = StatementFilter(None, order_id, False, "", STATEMENTS_MAX)
        made = [
            statement_message(row, now_ns) for row in await self._store.parked().statements(wanted)
        ]
        return [
            order_way_pb2.WayStep(
                at=one.stated_at,
                actor=one.stated_by,
                actor_name=one.stated_by_name,
                statement=one,
            )
            for one in made
        ]

    async def _name(self, steps: Iterable[order_way_pb2.WayStep]) -> None:
        """Give the persons their names, as last known, where none was recorded."""
        unnamed = [step for step in steps if not step.actor_name and _is_person(step.actor)]
        subjects = sorted({step.actor for step in unnamed})
        names = await self._store.directory().names_of(subjects) if subjects else {}
        for step in unnamed:
            step.actor_name = names.get(step.actor, "")

    async def _controls_at(
        self, times: Sequence[tuple[int, str, Checked]]
    ) -> Iterator[order_way_pb2.ControlsAt]:
        """Read the controls at the newest of these times; equal ones in a row only once."""
        found: list[order_way_pb2.ControlsAt] = []
        for at_us, what, checked in times[-TIMES_MAX:]:
            made = await self._controls.at(at_us, what, checked)
            if what == ASKED or not found or not _same(found[-1], made):
                found.append(made)
        return iter(found)

    # Refused requests.

    async def _refused(
        self, entry_id: str, at: Timestamp | None, reader: Principal
    ) -> order_service_pb2.ShowOrderResponse:
        # The newest entry up to this id: an entry has it, or nothing has.
        wanted = AuditFilter(0, 0, "", "", "", (), 0, f"{entry_id}!", 1)
        rows = (await self._store.list_audit(wanted)).rows if valid_ulid(entry_id) else []
        if not rows or rows[0][0] != entry_id:
            raise order_not_found(entry_id)
        entry = audit_service_pb2.AuditEntry.FromString(rows[0][1])
        step = _entry_step(entry, reader)
        own = entry.actor == reader.subject or (
            bool(entry.account_id) and reader.may_view(entry.account_id)
        )
        if step is None or not (own or not AUDIT_READERS.isdisjoint(reader.roles)):
            raise order_not_found(entry_id)
        answer = order_service_pb2.ShowOrderResponse(steps=[step])
        every = await self._request_checked(entry)
        if AUDIT_READERS.isdisjoint(reader.roles):
            # The request may have named an account that is not the reader's.
            every = [one for one in every if reader.may_view(one[1].account.account_id)]
        times = [(_at_us(entry.at), what, checked) for what, checked in every]
        if at is not None:
            times += [(_at_us(at), ASKED, checked) for _, checked in every]
        answer.controls.extend(await self._controls_at(times))
        return answer

    async def _request_checked(
        self, entry: audit_service_pb2.AuditEntry
    ) -> list[tuple[str, Checked]]:
        """Return what is compared for a refused request, as far as its entry has it.

        A request about an order is about its listing; one for several orders about each listing.
        """
        row = await self._store.order(entry.order_id) if valid_ulid(entry.order_id) else None
        if row is not None:
            order = order_pb2.Order.FromString(row.body)
            account = await self._account(row.account_id)
            session_id = self._venues.name_of(order.venue_mic)
            return [(entry.command, checked_order(order, account, session_id, entry.actor))]
        batch = _parsed(entry.request, order_service_pb2.PlaceBatchRequest())
        requests = batch.orders or [_parsed(entry.request, order_service_pb2.PlaceRequest())]
        named = entry.account_id or batch.account_id or requests[0].account_id
        account = await self._account(named)
        listings = {(one.instrument_id, one.regulatory.algorithm_id): None for one in requests}
        return [
            (
                f"{entry.command} {instrument_id}" if len(listings) > 1 else entry.command,
                self._placed(account, entry.actor, instrument_id, algorithm_id),
            )
            for instrument_id, algorithm_id in listings
        ]

    def _placed(
        self, account: AccountRow, actor: str, instrument_id: str, algorithm_id: str
    ) -> Checked:
        instrument = self._market.find(instrument_id)
        venue_mic = instrument_id.rpartition(".")[2]
        return Checked(
            account,
            instrument_id,
            venue_mic,
            "" if instrument is None else instrument.currency,
            self._venues.name_of(venue_mic),
            (actor,),
            algorithm_id,
        )


def _parsed(text: str, request: Request) -> Request:
    """Read the request of an entry; empty if it was too large to be kept whole."""
    with contextlib.suppress(ParseError):
        return Parse(text or "{}", request, ignore_unknown_fields=True)
    return type(request)()


def _entry_step(
    entry: audit_service_pb2.AuditEntry, reader: Principal
) -> order_way_pb2.WayStep | None:
    """Return the step of an entry; None of one that only counts refusals."""
    if entry.kind == audit_service_pb2.AUDIT_KIND_COUNTED:
        return None
    step = order_way_pb2.WayStep(
        at=entry.at, actor=entry.actor, actor_name=entry.actor_name, entry=entry
    )
    if AUDIT_READERS.isdisjoint(reader.roles):
        step.entry.ClearField("peer")
        step.entry.ClearField("roles")
    return step


def _what_was_checked(step: order_way_pb2.WayStep) -> str:
    """Name what the controls checked at a step; empty if they checked nothing."""
    if step.WhichOneof("what") == "event":
        kind = str(step.event.WhichOneof("kind"))
        return kind if kind in _CHECKED else ""
    if step.WhichOneof("what") != "entry":
        return ""
    refused = step.entry.kind == audit_service_pb2.AUDIT_KIND_REFUSAL
    return step.entry.command if refused else ""


def _same(one: order_way_pb2.ControlsAt, other: order_way_pb2.ControlsAt) -> bool:
    """Return whether the same was in force at two times."""
    copy = order_way_pb2.ControlsAt()
    copy.CopyFrom(one)
    copy.at.CopyFrom(other.at)
    copy.checked = other.checked
    return copy == other


def _switch_id(key: str) -> str:
    """Return the kill switch or mass cancel whose cancel has this key; empty if none has."""
    if not key.startswith("~"):
        return ""
    name = key[1:].partition("~")[0]
    return name if valid_ulid(name) else ""


def _is_person(actor: str) -> bool:
    return bool(actor) and actor != "oms" and ":" not in actor


def _at_us(stamp: Timestamp) -> int:
    return to_us(from_timestamp(stamp))


def _execution(row: ExecutionRow) -> order_pb2.Execution:
    message = order_pb2.Execution.FromString(row.body)
    message.busted = row.busted
    return message
