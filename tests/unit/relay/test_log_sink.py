"""What the sink reads of the topic of positions, over a broker that does only what it must."""

import json

import pytest
from confluent_kafka import KafkaError

from eventlog.logs import Log, Position
from svc_relay.adapters.kafka import log_sink
from svc_relay.adapters.kafka.log_sink import LogSink, Owner
from svc_relay.service.ports import SinkError


class Message:
    """A record of the topic, or its end."""

    def __init__(self, offset: int, log: str = "", error: int | None = None) -> None:
        self._offset, self._log = offset, log
        self._error = None if error is None else KafkaError(error)

    def error(self):
        return self._error

    def offset(self):
        return self._offset

    def key(self):
        return self._log.encode()

    def value(self):
        return json.dumps({"log_number": 7, "hash": "ab", "partitions": 12}).encode()


def end(offset: int) -> Message:
    return Message(offset, error=KafkaError._PARTITION_EOF)


def sink_over(monkeypatch, messages: list[Message], ends: tuple[int, int] | None) -> LogSink:
    class Broker:
        def __init__(self, _configuration):
            self.left = list(messages)

        def get_watermark_offsets(self, _place, timeout):
            del timeout
            return ends

        def assign(self, _places):
            return

        def poll(self, _seconds):
            return self.left.pop(0) if self.left else None

        def close(self):
            return

    monkeypatch.setattr(log_sink, "Consumer", Broker)
    return LogSink({}, Owner("p.", "", "one", 10.0))


def test_an_end_that_a_new_leader_shows_too_early_is_not_the_end(monkeypatch):
    sink = sink_over(monkeypatch, [end(0), Message(0, "orders"), end(2)], (0, 2))
    assert sink._read_positions() == {Log.ORDERS: Position(7, b"\xab")}


def test_positions_whose_end_is_not_known_are_not_read(monkeypatch):
    sink = sink_over(monkeypatch, [end(0)], None)
    with pytest.raises(SinkError, match="the positions cannot be read"):
        sink._read_positions()


def test_positions_that_end_before_their_end_are_not_read(monkeypatch):
    sink = sink_over(monkeypatch, [Message(0, "orders"), end(1)], (0, 4))
    with pytest.raises(SinkError, match="the positions cannot be read"):
        sink._read_positions()
