"""What to do when a logon fails because of a wrong MsgSeqNum(34).

QuickFIX, and venues that follow the same custom, write "MsgSeqNum too low, expecting 15 but
received 7". Whose number is wrong follows from our own numbers.
"""

import re

_EXPECTED = re.compile(r"expect\w*\D{0,30}?([0-9]{1,19})", re.IGNORECASE)
_RECEIVED = re.compile(r"(?:receiv|got)\w*\D{0,30}?([0-9]{1,19})", re.IGNORECASE)
_IS_OF_NUMBERS = re.compile(r"seq\w*\W*(?:num|no)|sequence", re.IGNORECASE)


def mended_by(text: str, session_id: str, next_sender: int, next_target: int) -> str:
    """Return what is wrong and the command that mends it; empty if the text is of something else.

    Args:
        text: The venue's Text(58) of its Logout(5), or QuickFIX's reason for ending the session.
        session_id: Name of the session.
        next_sender: Next MsgSeqNum(34) that we send.
        next_target: Next MsgSeqNum(34) that we expect.
    """
    expected = _EXPECTED.search(text)
    if expected is None or not _IS_OF_NUMBERS.search(text):
        return ""
    number = int(expected[1])
    found = _RECEIVED.search(text)
    received = int(found[1]) if found is not None else 0
    ours_was_refused = next_sender - 1 <= received <= next_sender
    if number == next_target and found is not None and not ours_was_refused:
        return (
            f"the venue sends MsgSeqNum(34) {received}, {number} was expected; mended by "
            f"`ordermesh sessions reset {session_id} --next-in {received} --reason ...`"
        )
    sent = received or next_sender - 1
    return (
        f"the venue expects MsgSeqNum(34) {number}, {sent} was sent; mended by "
        f"`ordermesh sessions reset {session_id} --next-out {number} --reason ...`"
    )
