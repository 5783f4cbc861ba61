"""What kill switches hold back: the last place a new order passes before it leaves."""

from collections.abc import Iterable
from typing import NamedTuple


class Block(NamedTuple):
    """A kill switch: all fields of its scope that are not empty must match."""

    switch_id: str
    # What the receipt says of it.
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
    """What a scope is compared with."""

    firm_id: str
    desk_id: str
    account_id: str
    # Who placed the order, and who asks for its change.
    traders: tuple[str, ...]
    algorithm_id: str
    session_id: str
    venue_mic: str
    instrument_id: str
    # False: firm, desk and trader were not told; whatever is asked of them counts as matched.
    origin_known: bool = True


def covers(block: Block, subject: Subject) -> bool:
    """Tell if a switch holds a command back; one without a scope holds back nothing."""
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
