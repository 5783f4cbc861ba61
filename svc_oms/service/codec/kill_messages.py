"""Kill switches between rows, domain values and protobuf."""

from collections.abc import Iterable

from kernel.nanoseconds import NS_PER_US
from mesh.names import called
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import kill_switch_pb2 as pb
from ordermesh.oms.v1 import order_pb2
from svc_oms.domain.kill_switches import PullOutcome, Scope, Subject
from svc_oms.domain.model import Order
from svc_oms.service.codec.derived import derive, writer
from svc_oms.service.codec.values import timestamp
from svc_oms.service.ports.kill_ports import OpenOrder, PullRow, SessionStanding, SwitchRow

BLOCK_TEXT_CHARACTERS_MAX = 256


SCOPE = derive(Scope, pb.KillScope)
scope_value = SCOPE.read


def scope_message(scope: Iterable[str]) -> pb.KillScope:
    """Encode a scope."""
    return SCOPE.message(Scope(*scope))


def algorithm_of(regulatory: bytes) -> str:
    """Read the algorithm out of serialised RegulatoryDetails."""
    return order_pb2.RegulatoryDetails.FromString(regulatory).algorithm_id if regulatory else ""


def placed_by_bytes(trader: str) -> bytes:
    """Encode who placed an order as it is in the body of an order."""
    return order_pb2.Order(placed_by=trader).SerializeToString()


def subject_of(
    order: Order, firm_id: str, desk_id: str, session_id: str, requested_by: str = ""
) -> Subject:
    """Return what a scope is compared with, for an order."""
    return Subject(
        firm_id,
        desk_id,
        order.account_id,
        (order.placed_by, requested_by),
        algorithm_of(order.regulatory),
        session_id,
        order.venue_mic,
        order.instrument_id,
    )


def listed_subject(order: OpenOrder, session_id: str) -> Subject:
    """Return what a scope is compared with, for a listed order."""
    body = order_pb2.Order.FromString(order.body)
    return Subject(
        order.firm_id,
        order.desk_id,
        order.account_id,
        (body.placed_by,),
        body.regulatory.algorithm_id,
        session_id,
        order.venue_mic,
        order.instrument_id,
    )


def command_subject(command: gw.VenueCommand, session_id: str, venue_mic: str) -> Subject:
    """Return what a scope is compared with, for a command in the outbox."""
    return Subject(
        command.firm_id,
        command.desk_id,
        command.account_id,
        (command.placed_by, command.requested_by),
        command.regulatory.algorithm_id,
        session_id,
        venue_mic,
        f"{command.symbol}.{venue_mic}",
    )


def switch_text(row: SwitchRow) -> str:
    """Name a switch: id, scope, who, when, why."""
    at = timestamp(row.engaged_at_us * NS_PER_US).ToJsonString()
    words = Scope(*row.scope).words()
    who = called(row.engaged_by, row.engaged_by_name)
    return f"kill switch {row.switch_id} ({words}), engaged by {who} at {at}: {row.reason}"


def blocks_message(rows: Iterable[SwitchRow], version: int) -> gw.Blocks:
    """Encode the message for gateways."""
    return gw.Blocks(
        version=version,
        blocks=[
            gw.Block(
                switch_id=row.switch_id,
                scope=scope_message(row.scope),
                text=switch_text(row)[:BLOCK_TEXT_CHARACTERS_MAX],
                drill=row.drill,
            )
            for row in rows
            if row.reported
        ],
    )


def sessions_message(
    standings: Iterable[SessionStanding], version: int
) -> tuple[pb.KillSwitch, bool]:
    """Encode the sessions' confirmations of this version, and whether nothing can leave."""
    message, safe = pb.KillSwitch(), True
    for one in standings:
        session = message.sessions.add(session_id=one.session_id, venue_mic=one.venue_mic)
        if one.confirmed_version >= version:
            session.standing = pb.KILL_SESSION_STANDING_CONFIRMED
            session.confirmed_at.CopyFrom(timestamp(one.confirmed_at_us * NS_PER_US))
        elif one.linked:
            session.standing = pb.KILL_SESSION_STANDING_NOT_CONFIRMED
            safe = False
        else:
            session.standing = pb.KILL_SESSION_STANDING_NO_LINK
    return message, safe


_write_switch = writer(
    SwitchRow,
    pb.KillSwitch,
    leave={"idempotency_key", "body_hash", "version", "scope", "sessions", "counts"},
)


def switch_message(row: SwitchRow) -> pb.KillSwitch:
    """Encode a switch."""
    message = pb.KillSwitch.FromString(row.sessions)
    _write_switch(message, row)
    message.scope.CopyFrom(scope_message(row.scope))
    message.counts.CopyFrom(_counts(row.counts))
    return message


def _counts(counts: tuple[int, ...]) -> pb.KillCounts:
    if not counts:
        return pb.KillCounts()
    names = {outcome.name.lower(): counts[outcome - 1] for outcome in PullOutcome}
    return pb.KillCounts(orders=sum(counts), **names)


_write_pull = writer(PullRow, pb.KillOrder, leave={"switch_id", "rejection", "asked_at_us"})


def pull_message(row: PullRow) -> pb.KillOrder:
    """Encode an order of a switch."""
    message = pb.KillOrder()
    _write_pull(message, row)
    if row.rejection:
        message.rejection.MergeFromString(row.rejection)
    return message
