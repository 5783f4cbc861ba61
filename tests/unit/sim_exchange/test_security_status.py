"""Who gets SecurityStatus(f) of the simulated venue."""

from collections import deque

from sim_exchange.adapters.fix.market_data_sessions import MarketDataSessions
from sim_exchange.instruments import INSTRUMENTS, further_listing, isin_is_valid
from sim_exchange.service.calendar import TradingHours
from sim_exchange.service.venue import Venue


class FakeSender:
    def __init__(self) -> None:
        self.sent: list[tuple] = []
        self.lost: deque[str] = deque()

    def send(self, *message) -> None:
        self.sent.append(message)


def test_a_status_is_reported_to_who_wants_it_until_it_does_not() -> None:
    sender, venue = FakeSender(), Venue("SIMA", INSTRUMENTS)
    sessions = MarketDataSessions(venue, sender, TradingHours())

    def ask(kind: str) -> list[str]:
        fields = {"324": "q", "55": "SAP", "263": kind}
        assert sessions.handle("C-MD", "e", fields, "", 1)
        return taken()

    def taken() -> list[str]:
        bodies = [body for _, msg_type, _, body in sender.sent if msg_type == "f"]
        sender.sent.clear()
        return bodies

    def changed() -> int:
        venue.halt("SAP", 2)
        venue.resume("SAP", 3)
        venue.halt("ABI", 2)
        return len(taken())

    assert len(ask("0")) == 1
    assert changed() == 0
    assert len(ask("1")) == 1
    assert changed() == 2
    assert ask("2") == []
    assert changed() == 0
    ask("1")
    sender.lost.append("C-MD")
    assert changed() == 0


def test_a_further_listing_is_whole() -> None:
    listed = further_listing("VOLV B")
    assert listed.symbol == "VOLV B"
    assert isin_is_valid(listed.isin)
