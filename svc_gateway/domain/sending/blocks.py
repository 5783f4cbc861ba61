"""Which commands a kill switch holds back: the last check before an order is sent."""

from collections.abc import Iterable
from typing import NamedTuple


class Block(NamedTuple):
    """A kill switch: all fields of its scope that are not empty must match."""

    switch_id: str
    # The text for the receipt.
    text: str
    firm_id: str = ""
    desk_id: str = ""
    account_id: str = ""
    trader: str = ""
    algorithm_id: str = ""
    session_id: str = ""
    venue_mic: str = ""
    instrument_id: str = ""


class Subject(NamedTuple):
    """The values that a scope is compared with."""

    firm_id: str
    desk_id: str
    account_id: str
    # Who placed the order, and who requests its change.
    traders: tuple[str, ...]
    algorithm_id: str
    session_id: str
    venue_mic: str
    instrument_id: str
    # False: firm, desk and trader are not known; a scope with these fields matches.
    origin_known: bool = True


def covers(block: Block, subject: Subject) -> bool:
    """Return whether a switch holds a command back; one without a scope holds back nothing."""
    return (
        block.account_id in {"", subject.account_id}
        and block.algorithm_id in {"", subject.algorithm_id}
        and block.session_id in {"", subject.session_id}
        and block.venue_mic in {"", subject.venue_mic}
        and block.instrument_id in {"", subject.instrument_id}
        and (not subject.origin_known or _origin_matches(block, subject))
        and any(block[2:])
    )


def _origin_matches(block: Block, subject: Subject) -> bool:
    return (
        block.firm_id in {"", subject.firm_id}
        and block.desk_id in {"", subject.desk_id}
        and (not block.trader or block.trader in subject.traders)
    )


def first_covering(blocks: Iterable[Block], subject: Subject) -> Block | None:
    """Return the first switch that holds a command back."""
    return next((block for block in blocks if covers(block, subject)), None)
