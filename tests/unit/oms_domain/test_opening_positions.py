"""A position folded from an opening position is the one that the whole log makes."""

from decimal import Decimal

import pytest

from kernel.side import Side
from svc_oms.domain.events import ExecutionBusted
from svc_oms.domain.model import InstrumentKey
from svc_oms.domain.positions.account_positions import (
    Amendments,
    Fill,
    Openings,
    Position,
    Refold,
)

KEY = InstrumentKey("NL0010273215", "EUR")
FILLS = [
    Fill("O1", "F1", Side.BUY, Decimal(100), Decimal(600), 1),
    Fill("O2", "F2", Side.SELL, Decimal(40), Decimal(610), 2),
    Fill("O1", "F3", Side.BUY, Decimal(50), Decimal(620), 3),
    Fill("O3", "F4", Side.SELL, Decimal(150), Decimal(640), 5),
    Fill("O4", "F5", Side.BUY, Decimal(10), Decimal(630), 6),
]
BUST_AT = 4


def amended(*busts: tuple[int, Fill]) -> Amendments:
    amendments = Amendments()
    for sequence, fill in busts:
        event = ExecutionBusted(f"B{sequence}", fill.exec_id, fill.quantity, fill.price)
        amendments.add(fill.order_id, fill.side, event, sequence)
    return amendments


def folded(amendments: Amendments, openings: Openings = Openings(), until: int = 99) -> Position:  # noqa: B008
    refold = Refold("A", KEY, amendments, openings)
    for fill in FILLS:
        if openings.sequence < fill.sequence <= until:
            refold.add(fill)
        elif fill.sequence > until:
            amendments.applied(fill)
    return refold.finished()


@pytest.mark.parametrize("end", range(7))
@pytest.mark.parametrize("busted", [None, *FILLS[:3]])
def test_what_was_busted_before_the_archive_is_in_the_opening(end, busted):
    busts = [] if busted is None else [(BUST_AT, busted)]
    whole = folded(amended(*busts))
    opening = folded(amended(*busts), until=end)
    openings = Openings(end, 6, {KEY: opening})
    later = [each for each in busts if each[0] > end]
    assert folded(amended(*later), openings) == whole


@pytest.mark.parametrize("busted", FILLS[:3])
def test_a_bust_of_an_archived_execution_keeps_quantity_and_cash(busted):
    openings = Openings(3, 3, {KEY: folded(amended(), until=3)})
    whole, made = folded(amended((BUST_AT, busted))), folded(amended((BUST_AT, busted)), openings)
    assert made.quantity == whole.quantity
    assert made.realised - made.cost == whole.realised - whole.cost


def test_a_bust_of_an_archived_execution_counts_at_its_own_place():
    openings = Openings(3, 3, {KEY: folded(amended(), until=3)})
    at_once = folded(amended((BUST_AT, FILLS[0])), openings, until=BUST_AT)
    then = Openings(BUST_AT, BUST_AT, {KEY: at_once})
    assert folded(amended(), then) == folded(amended((BUST_AT, FILLS[0])), openings)
