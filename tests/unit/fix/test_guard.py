"""Two connections that a guard joins, where one of them has ended before."""

import asyncio
from typing import cast

import pytest

from fix.guards.guard import Half

FENCE = "no sign of life"


class Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_aborted = False

    def set_write_buffer_limits(self, *, high: int) -> None:
        assert high > 0

    def get_extra_info(self, name: str) -> None:
        assert name == "peername"

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_aborted = True

    abort = close


class Rules:
    message_bytes_max = 4096
    replaces_unparsable = False

    def __init__(self) -> None:
        self.ends: list[str] = []

    def logged_on(self, pair: Half) -> None:
        raise AssertionError(pair)

    def ended(self, pair: Half, why: str) -> None:
        del pair
        self.ends.append(why)

    def dropped(self, why: str) -> None:
        raise AssertionError(why)

    def fenced(self) -> str:
        return ""


def made(rules: Rules) -> tuple[Half, Half, Transport, Transport]:
    """Return QuickFIX's side, the venue's, and their transports."""
    engine = Half(rules, is_peer=False, is_acceptor=False)
    venue = Half(rules, is_peer=True, is_acceptor=True)
    transports = Transport(), Transport()
    for half, transport in zip((engine, venue), transports, strict=True):
        half.connection_made(cast(asyncio.BaseTransport, transport))
    return engine, venue, *transports


@pytest.mark.parametrize("is_closed", [False, True], ids=["cut", "closed"])
def test_quickfix_is_cut_from_a_venue_that_has_ended_and_the_end_is_reported_once(
    is_closed: bool,
) -> None:
    rules = Rules()
    engine, venue, to_engine, _ = made(rules)
    engine.data_received(b"8=FIX.4.4")
    venue.end(FENCE, at_once=True)
    if is_closed:
        venue.connection_lost(None)
    engine.join(venue)
    assert to_engine.is_aborted
    venue.connection_lost(None)
    engine.connection_lost(None)
    assert rules.ends == [FENCE]


def test_a_venue_is_cut_from_a_quickfix_that_has_ended_and_the_end_is_reported_once() -> None:
    rules = Rules()
    engine, venue, _, to_venue = made(rules)
    engine.data_received(b"8=FIX.4.4")
    engine.connection_lost(None)
    engine.join(venue)
    assert to_venue.is_aborted
    assert to_venue.written == []
    venue.connection_lost(None)
    assert len(rules.ends) == 1


def test_what_quickfix_sent_before_it_was_joined_reaches_the_venue() -> None:
    rules = Rules()
    engine, venue, _, to_venue = made(rules)
    engine.data_received(b"8=FIX.4.4")
    engine.join(venue)
    assert to_venue.written == [b"8=FIX.4.4"]
    assert rules.ends == []
