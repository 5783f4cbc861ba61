"""Names how a row of the order book and what the copy makes of it differ."""

from google.protobuf.message import DecodeError

from svc_oms.domain.model import Order
from svc_oms.domain.verification.copied_log import NOTHING, Difference
from svc_oms.domain.verification.verify import as_stored_by_older
from svc_oms.service.codec.order_records import (
    order_message,
    order_write,
    progress_message,
    read_order,
)
from svc_oms.service.ports import OrderWrite
from svc_oms.service.replay.scratch import EXECUTION_FIELDS, Pair

COLUMNS = OrderWrite._fields[:-2]
"""All but fold and body, which are compared field by field."""


def order_differences(pair: Pair) -> list[Difference]:
    """Return the fields and columns in which two rows of an order differ."""
    if pair.stored is None or pair.made is None:
        return [_one_only("order", pair, "an order")]
    made = read_order(*pair.made_body)
    try:
        stored = read_order(*pair.stored_body)
    except (ValueError, DecodeError) as error:
        text = f"one that cannot be read: {error}"
        fields = [Difference("order", pair.key, "body", text, "an order")]
    else:
        made = as_stored_by_older(made, stored)
        fields = [
            Difference("order", pair.key, name, str(was), str(now))
            for name, was, now in zip(Order._fields, stored, made, strict=True)
            if was != now
        ]
    known = {each.field for each in fields}
    columns = [
        Difference("order", pair.key, f"column {name}", was, now)
        for name, was, now in zip(COLUMNS, pair.stored, pair.made, strict=True)
        if was != now and name.removesuffix("_us") not in known
    ]
    if fields or columns:
        return fields + columns
    if pair.stored_body == _encoded(made):
        # It lacks only what the release that stored it did not keep.
        return []
    # The same order in other bytes: somebody encoded it in another way than the order book.
    texts = [b"".join(each).hex() for each in (pair.stored_body, pair.made_body)]
    return [Difference("order", pair.key, "stored bytes", *texts)]


def _encoded(order: Order) -> tuple[bytes, bytes]:
    """Return body and fold as the order book writes them."""
    message = order_message(order, progress_message(order))
    body = message.SerializeToString()
    return body, order_write(order, message, body).fold


def execution_differences(pair: Pair) -> list[Difference]:
    """Return the columns in which two rows of an execution differ."""
    if pair.stored is None or pair.made is None:
        return [_one_only("execution", pair, "an execution")]
    return [
        Difference("execution", pair.key, name, was, now)
        for name, was, now in zip(EXECUTION_FIELDS, pair.stored, pair.made, strict=True)
        if was != now
    ]


def _one_only(kind: str, pair: Pair, what: str) -> Difference:
    texts = [NOTHING if row is None else what for row in (pair.stored, pair.made)]
    return Difference(kind, pair.key, "presence", *texts)
