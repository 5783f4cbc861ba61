"""What a process counts of its feeds."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What happened since the start, for metrics."""

    updates: int = 0
    unreadable: int = 0
    """Updates of a feed that could not be read, each flagging its listing."""
    over_limit: int = 0
    """Updates of listings above ``instruments_max``."""
    late_trades: int = 0
    unknown_amendments: int = 0
    """Withdrawals and corrections of trades that are not kept."""
