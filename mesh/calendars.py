"""A venue's calendar as gateways send it (TradingCalendar)."""

import datetime as dt
from functools import lru_cache

from kernel.calendars.library import default_calendar, library_calendar
from kernel.trading_calendar import EVERY_DAY, Origin, SessionTimes, TradingCalendar, parse_hours
from ordermesh.marketdata.v1 import calendar_pb2 as pb

CALENDARS_REMEMBERED_MAX = 256
"""Calendars of venues files that are remembered; further ones are made again."""


def calendar_of_venue(mic: str, message: pb.TradingCalendar | None) -> TradingCalendar:
    """Return the calendar of a venue.

    Args:
        mic: The venue.
        message: What its gateway says; None if it says nothing.

    Raises:
        ValueError: There is no such zone, weekday, date, time or calendar.
    """
    if message is None:
        return default_calendar(mic)
    return _read(mic, message.SerializeToString(deterministic=True))


@lru_cache(CALENDARS_REMEMBERED_MAX)
def _read(mic: str, content: bytes) -> TradingCalendar:
    """Read a calendar; the same content is the same object, so that what it found stays known."""
    message = pb.TradingCalendar.FromString(content)
    if message.follows:
        found = library_calendar(message.follows)
        if found is None:
            raise ValueError(f"the library has no calendar {message.follows!r}")
        return found
    date = dt.date.fromisoformat
    if message.special_hours and not message.hours:
        raise ValueError("special_hours need hours, those of other days")
    regular = [(dt.date.min, parse_hours(message.hours))] if message.hours else []
    return TradingCalendar(
        message.time_zone or "UTC",
        message.begins_minute,
        [day - 1 for day in message.weekdays] or EVERY_DAY,
        [date(text) for text in message.closed_dates],
        SessionTimes(
            regular,
            {date(one.date): parse_hours(one.hours) for one in message.special_hours},
            message.pre_open_minutes,
            message.opening_auction_minutes,
            message.closing_auction_minutes,
        ),
        name=mic,
        origin=Origin.VENUES_FILE,
    )
