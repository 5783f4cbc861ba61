"""A session shows the numbers that are true now, not only those of its owner's last status."""

import pytest

from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from svc_oms.service.codec.session_messages import session_message
from svc_oms.service.ports import SessionRow


def row(*, held: bool, applied: int, status: gw.SessionStatus) -> SessionRow:
    return SessionRow(
        session_id="sima-orders", venue_mic="SIMA", fencing_token=1, inbound_epoch=7,
        inbound_msg_seq_num=applied, outbound_sequence=0, acknowledged_outbound_sequence=0,
        owner="", state=3, status=status.SerializeToString(), next_sender=31, sender_epoch=7,
        held=held,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("held", "applied", "epoch", "reported", "expected"),
    [
        # The owner's status is older than what it has passed on since.
        (True, 40, 7, 12, 41),
        # Heartbeats of the venue have numbers too, and nothing of them is stored.
        (True, 40, 7, 45, 45),
        # The FIX store began a new epoch of which nothing is stored yet.
        (True, 40, 8, 3, 3),
        # Nobody has the session: the next owner begins after what is stored.
        (False, 40, 7, 45, 41),
        (False, 40, 0, 0, 41),
        (False, 0, 0, 0, 1),
    ],
)
def test_the_number_expected_next(
    held: bool, applied: int, epoch: int, reported: int, expected: int
) -> None:
    status = gw.SessionStatus(
        session_epoch=epoch, next_target_msg_seq_num=reported, parked_messages=2
    )
    message = session_message(row(held=held, applied=applied, status=status), ())
    assert message.numbers.next_target_msg_seq_num == expected
    assert message.numbers.next_sender_msg_seq_num == 31
    assert message.parked_messages == 2
