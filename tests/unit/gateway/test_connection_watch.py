"""When an engine that will not dial again is made anew."""

import pytest

from fix.guards.initiator_guard import RETRY_MAX_S, RETRY_TIMES_MAX, retry_ceiling_s
from svc_gateway.adapters.fix.connection_watch import ConnectionWatch

CONNECTING = "Connecting to 127.0.0.1 on port 9 (Source :0) ReconnectInterval=2"
LOGON = "Initiated logon request"


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("reconnect_s", "longest_s"),
    [(1, RETRY_TIMES_MAX), (2, 16), (7, 56), (8, RETRY_MAX_S), (60, RETRY_MAX_S), (300, 300)],
)
def test_the_longest_wait_follows_the_setting(reconnect_s: int, longest_s: float):
    assert retry_ceiling_s(reconnect_s, 1) == reconnect_s
    waits = [retry_ceiling_s(reconnect_s, failures) for failures in range(1, 100)]
    assert max(waits) == longest_s
    assert waits == sorted(waits)


def test_a_logon_after_a_connection_is_as_it_should_be():
    watch = ConnectionWatch(2, Time())
    for _ in range(3):
        assert not watch.note(CONNECTING)
        assert not watch.note(LOGON)
    assert not watch.stuck


def test_a_logon_into_no_connection_is_helped_at_once_and_then_ever_later():
    time = Time()
    watch = ConnectionWatch(2, time)
    waits = []
    for _ in range(8):
        watch.begin()
        watch.note(CONNECTING)
        watch.note(LOGON)
        assert watch.note("MsgSeqNum too low, expecting 9 but received 1")
        watch.note("Disconnecting")
        watch.note(LOGON)
        begun = time.now
        while not watch.stuck:
            time.now += 1
            watch.note(LOGON)  # QuickFIX goes on, and that puts nothing off
        waits.append(time.now - begun)
        assert watch.why == "MsgSeqNum too low, expecting 9 but received 1"
    assert waits == [0, 2, 4, 8, 16, 16, 16, 16]
    watch.logged_on()
    watch.begin()
    watch.note(LOGON)
    assert watch.stuck
