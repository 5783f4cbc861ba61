"""Parked messages and statements as clients get them, and a parked message as FIX text."""

import re
from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message

from kernel.nanoseconds import NS_PER_US
from mesh.timestamps import from_timestamp
from ordermesh.gateway.v1 import venue_link_service_pb2 as gw
from ordermesh.oms.v1 import parked_service_pb2 as pb
from ordermesh.oms.v1 import statement_pb2
from svc_oms.service.codec.values import timestamp
from svc_oms.service.codec.venue_messages import msg_type_of
from svc_oms.service.ports.parked_ports import ParkedRow, StatementRow

_SECRET: Final = re.compile(r"(^|\|)(554|925)=[^|]*")

_TAGS = {
    "cl_ord_id": 11, "orig_cl_ord_id": 41, "venue_order_id": 37, "exec_id": 17, "exec_ref_id": 19,
    "exec_type": 150, "ord_status": 39, "order_quantity": 38, "last_quantity": 32,
    "last_price": 31, "leaves_quantity": 151, "cum_quantity": 14, "average_price": 6,
    "limit_price": 44, "stop_price": 99, "time_in_force": 59, "transact_time": 60, "text": 58,
    "ord_rej_reason": 103, "exec_restatement_reason": 378, "last_liquidity": 851,
    "last_market_mic": 30, "display_quantity": 111, "status_request_id": 790, "pegged_price": 839,
    "mass_status_request_id": 584, "account_id": 1, "symbol": 55, "isin": 48, "side": 54,
    "order_type": 40, "currency": 15, "response_to": 434, "cxl_rej_reason": 102,
    "ref_msg_type": 372, "ref_seq_num": 45, "ref_id": 379, "ref_tag_id": 371,
}  # fmt: skip
# The same field of two messages under two tags.
_REASONS = {"j": 380, "3": 373}


def parked_item(row: ParkedRow) -> pb.ParkedItem:
    """Encode a parked message without its content."""
    item = pb.ParkedItem(
        parked_id=row.parked_id,
        session_id=row.session_id,
        session_epoch=row.session_epoch,
        msg_seq_num=row.msg_seq_num,
        msg_type=row.msg_type,
        why=row.why,
        account_id=row.account_id,
        order_id=row.order_id,
        parked_at=timestamp(row.parked_at_us * NS_PER_US),
        state=row.state,  # type: ignore[arg-type] # by number
        settled_by=row.settled_by,
        settled_by_name=row.settled_by_name,
        reason=row.reason,
    )
    if row.settled_at_us:
        item.settled_at.CopyFrom(timestamp(row.settled_at_us * NS_PER_US))
    return item


def parked_content(body: bytes) -> gw.VenueMessage:
    """Decode the message itself."""
    return gw.VenueMessage.FromString(body)


def statement_message(row: StatementRow, now_ns: int) -> statement_pb2.Statement:
    """Encode a statement; its state is the column's, and EXPIRED once its time is over."""
    statement = statement_pb2.Statement.FromString(row.body)
    state = row.state
    proposed = statement_pb2.STATEMENT_STATE_PROPOSED
    if state == proposed and row.expires_at_us * NS_PER_US <= now_ns:
        state = statement_pb2.STATEMENT_STATE_EXPIRED
    statement.state = state  # type: ignore[assignment] # by number
    return statement


def masked(text: str) -> str:
    """Return FIX text without the values of Password(554) and NewPassword(925)."""
    return _SECRET.sub(r"\1\2=***", text)


def fix_text(message: gw.VenueMessage) -> tuple[str, bool]:
    """Return a message as FIX text with | between its fields, and whether it is as received."""
    if message.WhichOneof("body") == "parked":
        raw = message.parked.raw.decode("utf-8", "replace")
        return masked(raw.replace("\x01", "|")), True
    kind = msg_type_of(message)
    body = getattr(message, message.WhichOneof("body") or "parked")
    written = "|".join(f"{tag}={value}" for tag, value in _fields(kind, body))
    head = f"35={kind}|34={message.msg_seq_num}"
    if message.poss_dup:
        head += "|43=Y"
    if message.poss_resend:
        head += "|97=Y"
    return f"{head}|{written}", False


def _fields(kind: str, body: Message) -> Iterator[tuple[int, str]]:
    for field, value in body.ListFields():
        if field.name == "told":
            yield from _fields(kind, value)
        elif field.name == "reason" and kind in _REASONS:
            yield _REASONS[kind], str(value)
        elif field.name in _TAGS:
            if field.name == "isin":
                yield 22, "4"
            yield _TAGS[field.name], _text(value)


def _text(value: object) -> str:
    """Write a value; a time as UTCTimestamp with its digits."""
    if isinstance(value, Message):
        time_ns = from_timestamp(value)  # type: ignore[arg-type] # the only message is a Timestamp
        digits = timestamp(time_ns).ToDatetime().strftime("%Y%m%d-%H:%M:%S.%f")
        return digits.rstrip("0").rstrip(".")
    return str(value)
