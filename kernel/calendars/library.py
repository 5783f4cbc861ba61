"""The calendars of the library, each read from its file when it is first asked for."""

import datetime as dt
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from kernel.trading_calendar import UTC_DAYS, Origin, SessionTimes, TradingCalendar, parse_hours

_FOLDER: Final = Path(__file__).parent / "data"
NAMES: Final = frozenset(file.stem for file in _FOLDER.glob("*.json"))
"""The MICs that have a calendar."""

LENGTHS: Final = frozenset(
    {"pre_open_minutes", "opening_auction_minutes", "closing_auction_minutes"}
)
"""What a file has of the auctions if they were compared with the published hours of the venue."""


@cache
def library_calendar(name: str) -> TradingCalendar | None:
    """Return the calendar of a MIC; None if the library has none."""
    if name not in NAMES:
        return None
    content: Mapping[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    if "follows" in content:
        return library_calendar(content["follows"])
    date = dt.date.fromisoformat
    return TradingCalendar(
        content["zone"],
        weekdays=content["weekdays"],
        closed=[date(text) for text in content["closed"]],
        times=SessionTimes(
            [(date(since), parse_hours(text)) for since, text in content["hours"].items()],
            {date(day): parse_hours(text) for day, text in content["special"].items()},
            content.get("pre_open_minutes", 0),
            content.get("opening_auction_minutes", 0),
            content.get("closing_auction_minutes", 0),
            auctions_verified=not LENGTHS.isdisjoint(content),
        ),
        name=name,
        origin=Origin.LIBRARY,
        known_until=date(content["known_until"]),
    )


def default_calendar(mic: str) -> TradingCalendar:
    """Return the calendar of a venue of which nothing else is known: the library's, or UTC days."""
    return library_calendar(mic) or UTC_DAYS
