"""What of a client's reports its drop copy gets, and from when on."""

import pytest

from fix.wire import read_fields
from sim_exchange.adapters.fix.acceptor import was_logged_on
from sim_exchange.adapters.fix.outbound import AnswerBook, Sender
from sim_exchange.adapters.fix.terms import read_terms
from sim_exchange.adapters.journal import JournalledReport
from sim_exchange.instruments import INSTRUMENTS
from sim_exchange.service.venue import Venue
from tests.support.venue_driver import SAP


class Memory:
    """A journal that keeps nothing, and the sender's messages."""

    def __init__(self) -> None:
        self.last_reports: list[JournalledReport] = []
        self.sent: list[tuple[str, str]] = []

    def write(self, lines) -> None:
        pass

    def note(self, comp_id, _type, _tag, body) -> None:
        self.sent.append((comp_id, body))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def sender(memory, monkeypatch) -> Sender:
    made = Sender()
    monkeypatch.setattr(made, "send", memory.note)
    monkeypatch.setattr(made, "send_repeated", memory.note)
    monkeypatch.setattr(made, "knows", lambda comp_id: comp_id != "GONE")
    return made


@pytest.fixture
def venue() -> Venue:
    return Venue("SIMA", INSTRUMENTS)


def sent_to(memory: Memory, comp_id: str) -> list[dict[str, str]]:
    return [read_fields(f"37={body}\x01") for whose, body in memory.sent if whose == comp_id]


def test_every_execution_report_is_copied_and_no_answer_to_a_question(
    venue, sender, memory
) -> None:
    book = AnswerBook(venue, memory, sender)
    sender.came("C-DC")
    terms = read_terms(SAP)
    for name in ("1", "1"):  # the second is refused: the name was used
        venue.place("C", name, terms, 1, fields={"11": name})
    venue.replace("C", "2", "1", terms._replace(quantity=50), 2, repeated=False)
    venue.cancel("C", "3", "2", 3, repeated=False)
    venue.cancel("C", "4", "3", 4, repeated=False)  # OrderCancelReject(9) is no report
    venue.status("C", "1", "", {}, 5)
    venue.mass_status("C", "M", 6)
    book.flush()
    own, copies = sent_to(memory, "C"), sent_to(memory, "C-DC")
    assert [one["150"] for one in copies] == ["0", "8", "5", "4"]
    assert len(own) == 7
    by_id = {one["17"]: one for one in own if "17" in one}
    for copy in copies:
        assert copy.pop("797") == "Y"
        assert copy == by_id[copy["17"]]
    assert all("797" not in one for one in own)


def test_a_drop_copy_begins_with_its_first_logon_and_goes_on_without_one(
    venue, sender, memory
) -> None:
    book = AnswerBook(venue, memory, sender)
    for number in range(3):
        venue.place("C", f"{number}", read_terms(SAP), 1, fields={})
        book.flush()
        if number == 0:
            sender.came("C-DC")
            sender.went("C-DC")
    assert [one["11"] for one in sent_to(memory, "C-DC")] == ["1", "2"]


def test_after_a_restart_each_session_gets_what_its_own_store_lacks(venue, sender, memory) -> None:
    memory.last_reports = [
        JournalledReport("C", "E1", "1\x0117=E1"),
        JournalledReport("C", "E2", "1\x0117=E2"),
        JournalledReport("D", "E3", "2\x0117=E3"),
        JournalledReport("GONE", "E4", "3\x0117=E4"),
    ]
    sender.copied = {"C"}
    tails = {"C": b"\x0117=E1\x01 \x0117=E2\x01", "C-DC": b"\x0117=E1\x01", "D": b""}
    assert AnswerBook(venue, memory, sender).send_missing(tails) == 2
    assert memory.sent == [("C-DC", "1\x0117=E2\x01797=Y"), ("D", "2\x0117=E3")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0000000009 : 0000000002", True), ("0000000001 : 0000000001", False), ("", False)],
)
def test_the_store_knows_whether_a_session_was_ever_logged_on(tmp_path, text, expected) -> None:
    assert not was_logged_on(tmp_path, "SIMA", "C-DC")
    (tmp_path / "FIX.4.4-SIMA-C-DC.seqnums").write_text(text)
    assert was_logged_on(tmp_path, "SIMA", "C-DC") is expected
