"""Reads plain ExecutionReport(8)s and OrderCancelReject(9)s in one pass, into the contract's bytes.

Nearly all reports are plain: ASCII, each field once, none empty, all of them readable, and of a
request of ours. A venue writes its reports in few shapes, so what to do with the fields of a
shape is worked out once. Then each field is turned into its part of the contract message in the
encoding of Protocol Buffers. The parts of codes (account, symbol, side and so on, which come in few
combinations) are remembered by their values, those of numbers too. To set the fields of a message
one by one costs more, and a message made of bytes need not be copied into a frame.

A report that is odd in any way is left to `OrderReader.read`, so that what is done about odd input
is in one place.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from google.protobuf.message import Message

from fix import tags as t
from fix import wire
from fix.wire import BadFieldError
from kernel.decimals import CACHED_TEXTS_MAX
from kernel.nanoseconds import NS_PER_S
from kernel.order_ids import order_id_of
from mesh.encoding import key, size, varint
from ordermesh.gateway.v1 import venue_link_service_pb2 as link
from svc_gateway.adapters.fix.orders import business_reject
from svc_gateway.adapters.fix.orders.report_fields import (
    REJECT_IDS,
    REJECT_TEXTS,
    REPEATED_TEXTS,
    REPORT_CODES,
    REPORT_NUMBERS,
    REPORT_TEXTS,
    REPORT_VALUES,
    TEXT_MAX,
    identifier,
    whole_number,
)

# Shapes of a venue that are remembered; beyond it they are learnt anew.
SHAPES_MAX: Final = 200
# A report with more fields is not plain.
FIELDS_MAX: Final = 200
# Combinations of codes that are remembered of all shapes; beyond it they are learnt anew. Each is
# below 1 KB, with texts of the greatest length 7 KB.
CODES_MAX: Final = 8_192
# Texts of their own, which no other report has.
_OWN: Final = frozenset({
    t.CL_ORD_ID, t.ORIG_CL_ORD_ID, t.ORDER_ID, t.EXEC_ID, t.EXEC_REF_ID, t.TEXT,
    t.ORD_STATUS_REQ_ID,
})  # fmt: skip
# A report with one of these is not plain: it is a repeat or an answer, or needs other fields.
_ODD: Final = frozenset({
    t.POSS_DUP_FLAG, t.POSS_RESEND, t.MASS_STATUS_REQ_ID, t.EXPIRE_TIME, t.DISPLAY_QTY,
})  # fmt: skip
# MsgType(35), the third field, is in so many characters.
_TYPE_CHARACTERS_MAX = 64
_SEVEN_BITS, _MORE = 0x7F, 0x80
# All bytes but those that end a tag or a field; those that a plain report may have.
_INSIDE: Final = bytes(set(range(256)) - set(b"=\x01"))
_PLAIN: Final = bytes((*range(0x20, 0x7F), 1))

_NOT_PLAIN: Final = "", b""

# Returns the part of a message of a field's value.
Write = Callable[[str], bytes]


class _OddError(Exception):
    """The report is not plain."""


class _Fields(NamedTuple):
    """What the reports of one MsgType(35) may have, by tag."""

    # The content's field in the contract's message.
    name: str
    # Fields of few combinations: of the report, and of what it repeats of its order.
    codes: Mapping[str, Write]
    repeated: Mapping[str, Write]
    others: Mapping[str, Write]
    needed: frozenset[str]


class _Shape:
    """The fields of a report, in their order."""

    def __init__(self, fields: _Fields, tags: Sequence[str]) -> None:
        if len(set(tags)) < len(tags) or not fields.needed <= set(tags) or _ODD & set(tags):
            raise _OddError
        self._fields = fields
        self.name = fields.name
        self.key = key(link.VenueMessage, fields.name)
        self.sent_at = tags.index(t.SENDING_TIME) if t.SENDING_TIME in tags else -1
        self._codes = [tag for tag in tags if tag in fields.codes or tag in fields.repeated]
        self.others = [
            (place, fields.others[tag]) for place, tag in enumerate(tags) if tag in fields.others
        ]
        # Of two fields at least, so that it returns a tuple.
        self.codes_of = itemgetter(*[tags.index(tag) for tag in self._codes], 0, 0)
        self._tags = frozenset(tags)

    def parts_of(self, codes: tuple[str, ...]) -> tuple[bytes, bytes]:
        """Return the parts of these codes in the report, and in what it repeats."""
        fields = self._fields
        values = dict(zip(self._codes, codes, strict=False))
        needed = business_reject.NEEDED.get(values.get(t.EXEC_TYPE, ""), ())
        if not {tag for tag, _ in needed} <= self._tags:
            raise _OddError
        if values.get(t.SECURITY_ID_SOURCE) != "4":
            values.pop(t.SECURITY_ID, None)
        parts, repeated = (
            b"".join([of[tag](value) for tag, value in values.items() if tag in of])
            for of in (fields.codes, fields.repeated)
        )
        if fields.repeated:
            repeated = _REPEATS + size(len(repeated)) + repeated
        return parts, repeated


class PlainReports:
    """Reads the plain reports of one session."""

    def __init__(
        self, name_of: Callable[[str], str], *, opens_orders: bool, with_account: bool
    ) -> None:
        """Make it.

        Args:
            name_of: Returns the name of a Symbol(55).
            opens_orders: A report of no request of ours may open an order, so it is not plain.
            with_account: Account(1) is the one that we gave.
        """
        self._fields = {
            "8\x01": _report_fields(name_of, opens_orders, with_account),
            "9\x01": _reject_fields(with_account),
        }
        # By tags and MsgType(35).
        self._shapes: dict[tuple[str, ...], _Shape | None] = {}
        # Parts by the codes of a shape.
        self._known: dict[tuple[_Shape, tuple[str, ...]], tuple[bytes, bytes]] = {}
        self._epoch = 0, b""

    def read(self, raw: str, epoch_ns: int, received_ns: int, number: int) -> tuple[str, bytes]:
        """Return the kind of content and the `VenueMessage`; both empty if it is not plain."""
        at = raw.find("\x0135=", 0, _TYPE_CHARACTERS_MAX) + 4
        fields = self._fields.get(raw[at : at + 2])
        count = raw.count(wire.SOH)
        if fields is None or count > FIELDS_MAX or raw[-1] != wire.SOH or not raw.isascii():
            return _NOT_PLAIN
        text = raw.encode()
        if text.translate(None, _PLAIN) or text.translate(None, _INSIDE) != b"=\x01" * count:
            return _NOT_PLAIN
        parts = raw[:-1].replace(wire.SOH, "=").split("=")
        tags, values = (*parts[::2], raw[at]), parts[1::2]
        try:
            shape = self._shapes[tags]
        except KeyError:
            shape = self._learn(tags, fields)
        if shape is None or "" in values:
            return _NOT_PLAIN
        try:
            codes = shape.codes_of(values)
            known = self._known.get((shape, codes)) or self._learn_codes(shape, codes)
            body = b"".join([*known, *[write(values[place]) for place, write in shape.others]])
            sent = _sending_time(values[shape.sent_at]) if shape.sent_at >= 0 else b""
        except (_OddError, BadFieldError):
            return _NOT_PLAIN
        if epoch_ns != self._epoch[0]:
            self._epoch = epoch_ns, _EPOCH + varint(epoch_ns)
        head = (_NUMBER, varint(number), self._epoch[1], _RECEIVED, _moment(received_ns), sent)
        return shape.name, b"".join((*head, shape.key, size(len(body)), body))

    def _learn_codes(self, shape: _Shape, codes: tuple[str, ...]) -> tuple[bytes, bytes]:
        parts = shape.parts_of(codes)
        if len(self._known) >= CODES_MAX:
            self._known.clear()
        self._known[shape, codes] = parts
        return parts

    def _learn(self, tags: tuple[str, ...], fields: _Fields) -> _Shape | None:
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
            self._known.clear()
        try:
            shape = _Shape(fields, tags[:-1])
        except _OddError:
            shape = None
        self._shapes[tags] = shape
        return shape


def _report_fields(
    name_of: Callable[[str], str], opens_orders: bool, with_account: bool
) -> _Fields:
    message, repeated = link.ExecutionReport, link.ToldOrder
    texts = {tag: _text(message, name) for tag, name in REPORT_TEXTS + REPORT_CODES}
    codes = {tag: write for tag, write in texts.items() if tag not in _OWN}
    codes |= {tag: _number(message, name, tag, label) for tag, name, label in REPORT_NUMBERS}
    others = {tag: write for tag, write in texts.items() if tag in _OWN}
    others |= {
        tag: _text(message, name) if read is identifier else _value(message, name, read, label)
        for tag, name, read, label in REPORT_VALUES
    }
    others[t.TRANSACT_TIME] = _time(message, "transact_time")
    needed = {t.MSG_TYPE, *(tag for tag, _ in REPORT_CODES)}
    if opens_orders:
        needed.add(t.CL_ORD_ID)
        others[t.CL_ORD_ID] = _ours(others[t.CL_ORD_ID])
    repeats = {tag: _text(repeated, name) for tag, name in REPEATED_TEXTS}
    repeats[t.SYMBOL] = _value(repeated, "symbol", lambda symbol, _: name_of(symbol), "")
    repeats[t.SECURITY_ID_SOURCE] = lambda _: b""
    if not with_account:
        del repeats[t.ACCOUNT]
    return _Fields("execution_report", codes, repeats, others, frozenset(needed))


def _reject_fields(with_account: bool) -> _Fields:
    message = link.OrderCancelReject
    texts = {tag: _text(message, name) for tag, name in REJECT_TEXTS}
    codes = {tag: write for tag, write in texts.items() if tag not in _OWN}
    codes[t.CXL_REJ_REASON] = _number(
        message, "cxl_rej_reason", t.CXL_REJ_REASON, "CxlRejReason(102)"
    )
    if with_account:
        codes[t.ACCOUNT] = _text(message, "account_id")
    others = {tag: write for tag, write in texts.items() if tag in _OWN}
    others |= {tag: _text(message, name) for tag, name, _ in REJECT_IDS}
    return _Fields("order_cancel_reject", codes, {}, others, frozenset({t.MSG_TYPE, t.CL_ORD_ID}))


def _text(message: type[Message], name: str) -> Write:
    """Write a text as it is; it is ASCII here."""
    begin = key(message, name)
    begins = [begin + size(count) for count in range(TEXT_MAX + 1)]

    def write(value: str) -> bytes:
        count = len(value)
        if count > TEXT_MAX:
            raise _OddError
        return begins[count] + value.encode()

    return write


def _ours(write_id: Write) -> Write:
    """Write a ClOrdID(11) that we gave."""

    def write(value: str) -> bytes:
        if not order_id_of(value):
            raise _OddError
        return write_id(value)

    return write


def _value(message: type[Message], name: str, read: Callable[[str, str], str], label: str) -> Write:
    begin = key(message, name)

    @lru_cache(maxsize=CACHED_TEXTS_MAX)
    def write(value: str) -> bytes:
        if len(value) > TEXT_MAX:
            raise _OddError
        text = read(value, label).encode()
        return begin + size(len(text)) + text

    return write


def _number(message: type[Message], name: str, tag: str, label: str) -> Write:
    begin = key(message, name)

    def write(value: str) -> bytes:
        number = whole_number(value, tag, label)
        if number < 0:
            raise _OddError
        return begin + varint(number)

    return write


def _time(message: type[Message], name: str) -> Write:
    begin = key(message, name)

    @lru_cache(maxsize=256)  # one time is in several messages
    def write(value: str) -> bytes:
        at_ns = wire.utc_ns(value)
        if at_ns <= 0:  # unreadable, or before 1970 as year 1 for a time that is not set
            raise _OddError
        return begin + _moment(at_ns)

    return write


@lru_cache(maxsize=64)
def _second(second: int) -> bytes:
    return b"\x08" + varint(second) + b"\x10"


def _moment(at_ns: int) -> bytes:
    """Return size and content of a Timestamp."""
    second, nanos = divmod(at_ns, NS_PER_S)
    # Below 2^30; five bytes, although fewer may do, are quicker than a loop.
    content = _second(second) + bytes((
        nanos & _SEVEN_BITS | _MORE, nanos >> 7 & _SEVEN_BITS | _MORE,
        nanos >> 14 & _SEVEN_BITS | _MORE, nanos >> 21 & _SEVEN_BITS | _MORE, nanos >> 28,
    ))  # fmt: skip
    return size(len(content)) + content


_REPEATS: Final = key(link.ExecutionReport, "repeats")
_NUMBER: Final = key(link.VenueMessage, "msg_seq_num")
_EPOCH: Final = key(link.VenueMessage, "session_epoch")
_RECEIVED: Final = key(link.VenueMessage, "received_at")
_sending_time: Final = _time(link.VenueMessage, "sending_time")
