"""When an engine that will not dial again is made anew."""

from fix.initiator_guard import RETRY_MAX_S
from svc_gateway.adapters.fix.connection_watch import ConnectionWatch

CONNECTING = "Connecting to 127.0.0.1 on port 9 (Source :0) ReconnectInterval=2"
LOGON = "Initiated logon request"


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


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
    assert waits == [0, 2, 4, 8, 16, 32, RETRY_MAX_S, RETRY_MAX_S]
    watch.logged_on()
    watch.begin()
    watch.note(LOGON)
    assert watch.stuck
