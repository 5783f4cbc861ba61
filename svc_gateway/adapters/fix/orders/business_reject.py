"""BusinessMessageReject(j) for a venue's message that we cannot use; the message is still kept.

FIX requires it where a message is correct as a message and no other answer can refuse it: a type
that is not supported here, a report without a field that its ExecType(150) needs. An incorrect
message is kept for a person without an answer: a Reject(3) would concern the session, and the
session is correct.
"""

from collections.abc import Mapping
from typing import Final

from fix import tags as t
from fix import wire
from ordermesh.gateway.v1 import venue_link_service_pb2 as link

UNSUPPORTED_TYPE: Final = "3"
MISSING_FIELD: Final = "5"
"""BusinessRejectReason(380): a conditionally required field is missing."""
# Of an order session, in addition to the session's own.
SPOKEN: Final = frozenset({"8", "9", "j", "3", "h"})
ADMINISTRATIVE: Final = frozenset({"0", "1", "2", "4", "5", "A"})
# Fields without which a report of this ExecType(150) cannot be used.
NEEDED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "F": ((t.LAST_QTY, "LastQty(32)"), (t.LAST_PX, "LastPx(31)")),
    "G": ((t.EXEC_REF_ID, "ExecRefID(19)"), (t.LAST_QTY, "LastQty(32)"), (t.LAST_PX, "LastPx(31)")),
}
MSG_TYPE_MAX: Final = 3
_ID_MAX: Final = 256


def is_of_use(message: link.VenueMessage) -> bool:
    """Return whether a message was read as a report with everything its ExecType(150) needs.

    Nearly all are, and these need not be parsed again for `reject_for`.
    """
    if not message.HasField("execution_report"):
        return False
    report = message.execution_report
    needed = NEEDED.get(report.exec_type, ())
    if not needed:
        return True
    present = {
        t.EXEC_REF_ID: report.exec_ref_id,
        t.LAST_QTY: report.last_quantity,
        t.LAST_PX: report.last_price,
    }
    return all(present[tag] for tag, _ in needed)


def reject_for(raw: str, number: int) -> str:
    """Return the body of the j that answers a message; empty if none does.

    None for PossDupFlag(43) or PossResend(97): the message, or the one it repeats, was answered
    when it came first.
    """
    found = wire.fields(wire.clean(raw))
    kind = found.get(t.MSG_TYPE, "")
    if "Y" in {found.get(t.POSS_DUP_FLAG), found.get(t.POSS_RESEND)} or not number:
        return ""
    if kind in ADMINISTRATIVE or not (kind.isascii() and kind.isalnum()):
        return ""
    if kind not in SPOKEN and len(kind) <= MSG_TYPE_MAX:
        return _body(
            number, kind, "", UNSUPPORTED_TYPE, f"MsgType(35)={kind} is not supported here"
        )
    needed = NEEDED.get(found.get(t.EXEC_TYPE, ""), ()) if kind == "8" else ()
    missing = [name for tag, name in needed if not found.get(tag)]
    exec_id = found.get(t.EXEC_ID, "")
    if not missing or not exec_id or len(exec_id) > _ID_MAX:
        return ""
    text = f"ExecType(150)={found[t.EXEC_TYPE]} needs {', '.join(missing)}"
    return _body(number, kind, exec_id, MISSING_FIELD, text)


def _body(number: int, kind: str, ref_id: str, reason: str, text: str) -> str:
    items = [(t.MSG_TYPE, "j"), (t.REF_SEQ_NUM, str(number)), (t.REF_MSG_TYPE, kind)]
    if ref_id:
        items.append((t.BUSINESS_REJECT_REF_ID, ref_id))
    return wire.join([*items, (t.BUSINESS_REJECT_REASON, reason), (t.TEXT, text)])
