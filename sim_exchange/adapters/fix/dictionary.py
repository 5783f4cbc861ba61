"""The least data dictionary QuickFIX needs: which tags repeat in which message.

Without one, QuickFIX refuses every message with a repeating group ("tag appears more than
once"). Everything else about a message is checked by the desks, which name the field in words; so
fields are declared as texts and unknown ones are allowed by the session's settings.
"""

from typing import Final
from xml.sax.saxutils import quoteattr

_HEADER: Final = {
    8: "BeginString", 9: "BodyLength", 35: "MsgType", 34: "MsgSeqNum", 43: "PossDupFlag",
    49: "SenderCompID", 50: "SenderSubID", 52: "SendingTime", 56: "TargetCompID",
    57: "TargetSubID", 97: "PossResend", 115: "OnBehalfOfCompID", 116: "OnBehalfOfSubID",
    122: "OrigSendingTime", 128: "DeliverToCompID", 129: "DeliverToSubID", 142: "SenderLocationID",
    143: "TargetLocationID", 369: "LastMsgSeqNumProcessed",
}  # fmt: skip
_TRAILER: Final = {93: "SignatureLength", 89: "Signature", 10: "CheckSum"}
_ADMIN: Final = {
    "0": ("Heartbeat", (112,)),
    "1": ("TestRequest", (112,)),
    "2": ("ResendRequest", (7, 16)),
    "3": ("Reject", (45, 371, 372, 373, 58)),
    "4": ("SequenceReset", (123, 36)),
    "5": ("Logout", (58,)),
    "A": ("Logon", (98, 108, 141, 383, 553, 554, 789)),
}
# Message types of FIX 4.4 without a group we read: known, so that the desks can answer them.
_OTHER_TYPES: Final = (
    "6", "7", "8", "9", "B", "C", "F", "H", "J", "K", "L", "M", "N", "P", "Q", "R", "S", "T",
    "W", "X", "Y", "Z", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "o",
    "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "AA", "AB", "AC", "AD", "AE", "AF",
    "AG", "AH", "AI", "AJ", "AK", "AL", "AM", "AN", "AO", "AP", "AQ", "AR", "AS", "AT", "AU",
    "AV", "AW", "AX", "AY", "AZ", "BA", "BB", "BC", "BD", "BE", "BF", "BG", "BH",
)  # fmt: skip
# Groups of requests: message type -> ((count tag, tags of an entry, first one first), ...).
_PARTIES: Final = (453, (448, 447, 452))
_GROUPS: Final = {
    "D": (_PARTIES, (386, (336, 625)), (78, (79, 80)), (454, (455, 456)), (957, (958, 959, 960))),
    "G": (_PARTIES, (386, (336, 625)), (78, (79, 80)), (454, (455, 456)), (957, (958, 959, 960))),
    "E": ((73, (11, 67)),),
    "V": ((267, (269,)), (146, (55, 65, 48, 22, 207)), (386, (336, 625))),
}


def _field(tag: int, names: dict[int, str]) -> str:
    return names.setdefault(tag, f"Tag{tag}")


def _message(msg_type: str, name: str, category: str, body: list[str]) -> str:
    return (
        f"<message name={quoteattr(name)} msgtype={quoteattr(msg_type)} "
        f'msgcat="{category}">{"".join(body)}</message>'
    )


def dictionary_text() -> str:
    """The dictionary as QuickFIX reads it from a file."""
    names = {**_HEADER, **_TRAILER}

    def use(tag: int) -> str:
        return f'<field name="{_field(tag, names)}" required="N"/>'

    messages = [
        _message(msg_type, name, "admin", [use(tag) for tag in tags])
        for msg_type, (name, tags) in _ADMIN.items()
    ]
    for msg_type, groups in _GROUPS.items():
        body = [
            f'<group name="{_field(count, names)}" required="N">'
            f"{''.join(use(tag) for tag in tags)}</group>"
            for count, tags in groups
        ]
        messages.append(_message(msg_type, f"Type{msg_type}", "app", body))
    messages += [
        _message(msg_type, f"Type{msg_type}", "app", [use(58)]) for msg_type in _OTHER_TYPES
    ]
    header = "".join(use(tag) for tag in _HEADER)
    trailer = "".join(use(tag) for tag in _TRAILER)
    fields = "".join(
        f'<field number="{tag}" name="{name}" type="STRING"/>' for tag, name in names.items()
    )
    return (
        f'<fix type="FIX" major="4" minor="4"><header>{header}</header>'
        f"<messages>{''.join(messages)}</messages><trailer>{trailer}</trailer>"
        f"<components></components><fields>{fields}</fields></fix>\n"
    )
