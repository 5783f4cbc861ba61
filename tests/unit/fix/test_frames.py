"""Only whole FIX messages of a bounded length come through, however they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fix.frames import FixFrames, FrameError, msg_type, text_of

LIMIT = 1000


def message(body: bytes = b"35=0\x0149=A\x01") -> bytes:
    head = b"8=FIX.4.4\x019=%d\x01" % len(body)
    return head + body + b"10=%03d\x01" % (sum(head + body) % 256)


BODIES = st.lists(
    st.binary(max_size=60).map(lambda raw: b"35=8\x0158=" + raw.replace(b"\x01", b" ") + b"\x01"),
    max_size=6,
)
GARBAGE = st.binary(max_size=30).filter(lambda raw: b"8" not in raw)


@given(BODIES, st.data())
def test_messages_come_through_however_they_are_cut(bodies, data):
    stream = b"".join(map(message, bodies))
    frames, got = FixFrames(LIMIT), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        got += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert got == list(map(message, bodies))


@given(BODIES, GARBAGE, st.integers(1, 40))
def test_garbage_between_messages_is_dropped(bodies, garbage, step):
    stream = b"".join(garbage + message(body) for body in bodies)
    frames, got = FixFrames(LIMIT), []
    for place in range(0, len(stream), step):
        got += frames.feed(stream[place : place + step])
    assert got == list(map(message, bodies))


@given(st.lists(st.binary(max_size=200), max_size=30))
def test_never_more_is_kept_than_one_message_and_its_head(chunks):
    frames = FixFrames(LIMIT)
    try:
        for chunk in chunks:
            frames.feed(chunk)
            assert len(frames._rest) <= LIMIT + 50
    except FrameError:
        pass


def test_a_huge_body_length_ends_it_at_once():
    with pytest.raises(FrameError, match=r"BodyLength\(9\) is 999999999; at most 1000"):
        FixFrames(LIMIT).feed(b"8=FIX.4.4\x019=999999999\x0135=A\x01")


def test_at_the_limit_and_one_past_it():
    body = b"35=0\x0158=" + b"x" * (LIMIT - 9) + b"\x01"
    assert len(body) == LIMIT
    assert FixFrames(LIMIT).feed(message(body)) == [message(body)]
    with pytest.raises(FrameError):
        FixFrames(LIMIT).feed(message(body[:5] + b"9" + body[5:]))


def test_endless_garbage_ends_it():
    frames = FixFrames(LIMIT)
    with pytest.raises(FrameError, match="not a FIX message"):
        frames.feed(b"GET / HTTP/1.1\r\n" * 100)


def test_a_wrong_body_length_costs_that_message_only():
    wrong = message().replace(b"9=10", b"9=12")
    assert FixFrames(LIMIT).feed(wrong + message()) == [message()]


def test_words_of_a_message():
    logout = message(b"35=5\x0149=A\x0158=MsgSeqNum too low\x01")
    assert (msg_type(logout), text_of(logout)) == (b"5", "MsgSeqNum too low")
    assert (msg_type(b""), text_of(message())) == (b"", "")
