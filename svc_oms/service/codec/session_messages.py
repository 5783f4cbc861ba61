"""Sessions as readers get them."""

from collections.abc import Sequence

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import session_pb2 as pb
from svc_oms.service.ports import SessionRow


def session_message(row: SessionRow, standbys: Sequence[str]) -> pb.Session:
    """Encode a session and the gateways that wait for it."""
    status = gw.SessionStatus.FromString(row.status)
    message = pb.Session(
        session_id=row.session_id,
        venue_mic=row.venue_mic,
        state=pb.FixSessionState.Name(row.state),
        owner_instance=row.gateway if row.held else "",
        fencing_token=row.fencing_token,
        standby_instances=[one for one in standbys if not (row.held and one == row.gateway)],
        kept_out=row.kept_out,
        applied_inbound_msg_seq_num=row.inbound_msg_seq_num,
        inbound_epoch=row.inbound_epoch,
        commands_without_receipt=row.outbound_sequence - row.acknowledged_outbound_sequence,
        since=status.since,
        text=status.text,
        numbers=pb.SequenceNumbers(
            next_sender_msg_seq_num=row.next_sender,
            next_target_msg_seq_num=status.next_target_msg_seq_num,
            session_epoch=row.sender_epoch,
        ),
        queued_commands=status.queued_commands,
        capabilities=status.capabilities,
        trading_session_status=status.trading_session_status,
    )
    if status.trading_session.HasField("closes_at"):
        message.trading_closes_at.CopyFrom(status.trading_session.closes_at)
    if status.HasField("clock_skew"):
        message.clock_skew.CopyFrom(status.clock_skew)
    return message
