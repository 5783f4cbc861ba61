"""A wrong MsgSeqNum(34) at logon is named with the venue's number and the command that mends it."""

import pytest

from svc_gateway.domain.sessions.wrong_number import mended_by

OUT = (
    "the venue expects MsgSeqNum(34) 15, 7 was sent; mended by "
    "`ordermesh sessions reset sima-orders --next-out 15 --reason ...`"
)
IN = (
    "the venue sends MsgSeqNum(34) 3, 20 was expected; mended by "
    "`ordermesh sessions reset sima-orders --next-in 3 --reason ...`"
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        # The venue's Logout(5), as QuickFIX and others write it; 7 was our last number.
        ("MsgSeqNum too low, expecting 15 but received 7", OUT),
        ("host:9000: MsgSeqNum too low, expecting 15 but received 7 (3 times; next in 4 s)", OUT),
        ("Sequence number received 7 lower than expected 15", OUT),
        ("MsgSeqNum(34) too low, expected: 15, got: 7", OUT),
        ("sequence too low, expecting 15", OUT),
        # QuickFIX about the venue; 20 is the number that we expect.
        ("MsgSeqNum too low, expecting 20 but received 3", IN),
        # Other reasons.
        ("expecting better times in 2027", ""),
        ("MsgSeqNum too low", ""),
        ("Connection refused", ""),
        ("", ""),
    ],
)
def test_what_mends_it(text: str, says: str) -> None:
    assert mended_by(text, "sima-orders", 8, 20) == says


def test_a_venue_that_expects_what_we_expect_is_told_by_our_last_number() -> None:
    text = "MsgSeqNum too low, expecting 20 but received 7"
    assert "--next-out 20" in mended_by(text, "sima-orders", 8, 20)
