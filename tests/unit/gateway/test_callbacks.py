"""Which number and text a message has that QuickFIX hands over, and one that was sent."""

import threading

import pytest

from svc_gateway.adapters.fix.callbacks import Callbacks, RawLogFactory
from svc_gateway.service.ports import Handed, HandedKind


class Message:
    """A message as QuickFIX gives it; counts how often it is asked."""

    def __init__(self, number: int, kind: str = "8", **fields: str) -> None:
        self.fields = {34: str(number), 35: kind} | {int(k[1:]): v for k, v in fields.items()}
        self.asked = 0

    def getHeader(self) -> "Message":  # noqa: N802
        self.asked += 1
        return self

    def getField(self, tag: int) -> str:  # noqa: N802
        return self.fields[tag]

    def isSetField(self, tag: int) -> bool:  # noqa: N802
        return tag in self.fields

    def toString(self) -> str:  # noqa: N802
        return f"sorted {self.fields[34]}"


def raw(number: int, kind: str = "8", more: str = "") -> str:
    return f"8=FIX.4.4\x019=5\x0135={kind}\x0134={number}\x01{more}10=000\x01"


class Engine:
    """The callbacks of an engine, and what they handed over."""

    def __init__(self) -> None:
        self.handed: list[Handed] = []
        factory = RawLogFactory(self.put, None)
        factory.create("session")
        assert factory.log is not None
        self.log = factory.log
        self.callbacks = Callbacks(self.put, factory, lambda: 1, ("", ""))

    def put(self, handed: Handed) -> bool:
        self.handed.append(handed)
        return True

    def messages(self) -> list[tuple[int, str]]:
        return [(one.number, one.raw) for one in self.handed if one.kind is HandedKind.MESSAGE]


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_a_message_that_comes_right_after_the_log_is_numbered_by_its_text(engine: Engine) -> None:
    message = Message(5)
    engine.log.onIncoming(raw(5))
    engine.callbacks.fromApp(message, None)
    assert engine.messages() == [(5, raw(5))]
    assert message.asked == 0


def test_a_queued_message_gets_its_own_text(engine: Engine) -> None:
    engine.log.onIncoming(raw(6))  # there is a gap: it is queued
    engine.callbacks.toAdmin(Message(2, "2"), None)
    engine.log.onIncoming(raw(5))
    engine.callbacks.fromApp(Message(5), None)
    engine.callbacks.fromApp(Message(6), None)
    assert engine.messages() == [(5, raw(5)), (6, raw(6))]


def test_a_message_after_a_gap_fill_is_not_taken_for_the_gap_fill(engine: Engine) -> None:
    engine.log.onIncoming(raw(8))
    engine.log.onIncoming(raw(5, "4"))
    engine.callbacks.fromAdmin(Message(5, "4"), None)
    engine.callbacks.fromApp(Message(8), None)
    assert engine.messages() == [(8, raw(8))]


def test_a_message_after_a_refused_one_is_not_taken_for_it(engine: Engine) -> None:
    engine.log.onIncoming(raw(6))
    engine.log.onIncoming(raw(5))
    engine.callbacks.toAdmin(Message(3, "3", t45="5", t373="99"), None)  # taken nevertheless
    engine.callbacks.fromApp(Message(6), None)
    assert engine.messages() == [(5, raw(5)), (6, raw(6))]


def test_of_two_numbers_in_a_text_quickfix_says_which_it_is(engine: Engine) -> None:
    text = raw(5, more="34=9\x01")
    engine.log.onIncoming(text)
    engine.callbacks.fromApp(Message(9), None)
    assert engine.messages() == [(9, "sorted 9")]


def test_a_message_that_the_log_did_not_see_comes_sorted(engine: Engine) -> None:
    engine.log.onIncoming(raw(5))
    engine.callbacks.fromApp(Message(5), None)
    engine.callbacks.fromApp(Message(6), None)
    assert engine.messages() == [(5, raw(5)), (6, "sorted 6")]


class Session:
    """Sends a message as QuickFIX does; meanwhile its own thread sends a Heartbeat(0)."""

    def __init__(self, engine: Engine, *, logged_on: bool) -> None:
        self.engine = engine
        self.logged_on = logged_on

    def isLoggedOn(self) -> bool:  # noqa: N802
        return self.logged_on

    def send(self, message: Message) -> bool:
        try:
            self.engine.callbacks.toApp(message, None)
        except Exception:  # noqa: BLE001  DoNotSend
            return False
        self.engine.log.onOutgoing(raw(7, "D"))
        beat = threading.Thread(target=self.engine.log.onOutgoing, args=(raw(8, "0"),))
        beat.start()
        beat.join()
        return True


@pytest.mark.parametrize(("logged_on", "sent"), [(True, (True, 7)), (False, (False, 0))])
def test_a_message_that_was_sent_is_numbered_by_its_text(engine: Engine, logged_on, sent) -> None:
    engine.callbacks.session = Session(engine, logged_on=logged_on)
    assert engine.callbacks.send(Message(0, "D")) == sent


def test_what_is_sent_leaves_the_message_that_came_as_it_is(engine: Engine) -> None:
    message = Message(5)
    engine.log.onIncoming(raw(5))
    engine.callbacks.session = Session(engine, logged_on=True)
    engine.callbacks.send(Message(0, "D"))
    engine.callbacks.fromApp(message, None)
    assert engine.messages() == [(5, raw(5))]
    assert message.asked == 0
