"""QuickFIX's callbacks: whatever happens inside, nothing escapes."""

import time

import pytest

from fix.dictionary import dictionary_text
from fix.wire import utc_text
from kernel.nanoseconds import NS_PER_MS
from sim_exchange.adapters.fix.application import VenueApplication
from sim_exchange.adapters.fix.client_groups import GROUPS
from sim_exchange.adapters.fix.order_sessions import read_terms
from sim_exchange.adapters.fix.outbound import AnswerBook
from sim_exchange.instruments import INSTRUMENTS
from sim_exchange.service.venue import Venue


class FakeSender:
    def __init__(self) -> None:
        self.sent: list[tuple] = []
        self.logged_on: set[str] = set()
        self.copied: set[str] = set()

    def send(self, *message) -> None:
        self.sent.append(message)


class BrokenDesk:
    def handle(self, *_) -> bool:
        raise ZeroDivisionError("made up")


class Text:
    def __init__(self, text: str) -> None:
        self.text = text

    def toString(self) -> str:  # noqa: N802 - QuickFIX's name
        return self.text


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def application(sender) -> VenueApplication:
    return VenueApplication(sender, BrokenDesk(), BrokenDesk())


def test_error_of_a_handler_is_counted_and_reported_to_the_client(application, sender) -> None:
    application.fromApp(Text("35=D\x0149=ORDERMESH\x0134=7\x0111=X\x01"), None)
    assert application.errors == 1
    ((client, msg_type, tag, body),) = sender.sent
    assert (client, msg_type, tag) == ("ORDERMESH", "j", 45)
    assert body == "7\x01372=D\x01380=0\x0158=internal error of the venue\x01379=X"


class TimesHandled:
    def __init__(self) -> None:
        self.at_ns: list[int] = []

    def handle(self, *arguments) -> bool:
        self.at_ns.append(arguments[-1])
        return True


@pytest.mark.parametrize("sent", ["now", "20260101-00:00:00", "nonsense", ""])
def test_a_slow_venue_handles_an_order_after_its_latency(sender, sent) -> None:
    handled = TimesHandled()
    slow = VenueApplication(sender, handled, BrokenDesk(), latency_ns=3 * NS_PER_MS)
    began_ns = time.time_ns()
    stamp = utc_text(began_ns) if sent == "now" else sent
    slow.fromApp(Text(f"35=D\x0149=ORDERMESH\x0152={stamp}\x0134=7\x0111=X\x01"), None)
    (at_ns,) = handled.at_ns
    if sent == "now":
        assert at_ns >= began_ns // 1000 * 1000 + 3 * NS_PER_MS


@pytest.mark.parametrize("text", ["", "no fields at all\x01", "35=D\x01"])
def test_unreadable_text_is_counted(application, sender, text) -> None:
    application.fromApp(Text(text), None)
    assert application.errors >= 1
    assert sender.sent == []


def test_broken_session_ids_do_not_escape(application) -> None:
    for callback in (application.onCreate, application.onLogon, application.onLogout):
        callback(None)
    assert application.errors == 3


def test_rejects_of_the_client_are_not_rejected_again(application, sender) -> None:
    application.fromApp(Text("35=j\x0149=ORDERMESH\x0134=7\x0158=why\x01"), None)
    assert (application.errors, sender.sent) == (0, [])


@pytest.mark.parametrize("msg_type", ["D", "F", "G", "H", "AF", "V", "zz"])
def test_a_drop_copy_session_is_read_only(application, sender, msg_type) -> None:
    application.fromApp(Text(f"35={msg_type}\x0149=ORDERMESH-DC\x0134=7\x0111=X\x01"), None)
    ((client, reject, _, body),) = sender.sent
    assert (client, reject) == ("ORDERMESH-DC", "j")
    assert body == (
        f"7\x01372={msg_type}\x01380=6\x0158=a drop-copy session is read-only: "
        "send requests on the order session\x01379=X"
    )
    assert application.errors == 0


def test_nothing_is_reported_that_is_not_in_the_journal(sender) -> None:
    class FullDisk:
        def write(self, lines) -> None:
            raise OSError(f"no space for {len(lines)} lines")

    venue = Venue("SIMA", INSTRUMENTS)
    answers = AnswerBook(venue, FullDisk(), sender)
    venue.status("C", "1", "", {}, 1)
    answers.flush()
    assert len(sender.sent) == 1
    terms = read_terms({"55": "SAP", "54": "1", "38": "100", "40": "2", "44": "240"})
    venue.place("C", "1", terms, 1, fields={})
    with pytest.raises(OSError, match="no space for 1 lines"):
        answers.flush()
    assert len(sender.sent) == 1


def test_dictionary_names_every_repeating_group_of_requests() -> None:
    text = dictionary_text(GROUPS)
    for count in (453, 386, 267, 146):
        assert f'<group name="Tag{count}"' in text
    assert text.count("<message ") == len(set(text.split("msgtype="))) - 1
