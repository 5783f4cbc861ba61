"""Writes kernel/calendars/data from the library exchange-calendars: python -m tools.calendars.

The library needs pandas, which is too dear for a service (docs/adr/0038), and its calendars change
a few times a year: the files are made here and committed, so that a change can be read.
"""

import datetime as dt
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import exchange_calendars
import pandas as pd
from exchange_calendars import calendar_utils

FOLDER: Final = Path(__file__).parents[1] / "kernel" / "calendars" / "data"
MIC: Final = re.compile(r"[A-Z][A-Z0-9]{3}")
ALIASES: Final = frozenset({"XNAS", "ARCX", "XASE", "OOTC", "XTSX"})
"""Of the library's other names those that are MICs of ISO 10383."""
FIRST_DATE: Final = dt.date(2022, 1, 1)
LAST_DATE: Final = dt.date(2028, 12, 31)
"""Some calendars of the library end earlier: their holidays are decided year by year."""
REGULAR_OF_NEXT: Final = 0.6
NEXT_SESSIONS: Final = 20
"""Hours are the regular ones from a date on if most of the next sessions have them."""

_DISPATCHER: Final = calendar_utils.global_calendar_dispatcher
_EURONEXT: Final = {"pre_open_minutes": 105, "closing_auction_minutes": 5}
PHASES: Final[Mapping[str, Mapping[str, int]]] = {
    # The library has continuous trading only. From the venues' published trading hours:
    "XAMS": _EURONEXT,  # call phase from 07:15 and from 17:30, until 17:35
    "XBRU": _EURONEXT,
    "XLIS": _EURONEXT,
    "XPAR": _EURONEXT,
    "XETR": {"opening_auction_minutes": 10, "closing_auction_minutes": 5},
    "XLON": {"opening_auction_minutes": 10, "closing_auction_minutes": 5},
    "XMAD": {"opening_auction_minutes": 30, "closing_auction_minutes": 5},
}


def calendar_of(name: str) -> dict[str, Any]:
    """Return a calendar of the library as the file has it."""
    calendar, first, until = _library(name)
    sessions = {
        stamp.date(): hours_text(row, stamp.date(), calendar.tz)
        for stamp, row in calendar.schedule.iterrows()
    }
    weekdays = sorted(usual_weekdays(sessions))
    regular = regular_hours(sessions)
    special = {
        date.isoformat(): text
        for date, text in sessions.items()
        if text != in_force(regular, date) or date.weekday() not in weekdays
    }
    days = (first + dt.timedelta(days=n) for n in range((until - first).days + 1))
    return {
        "zone": str(calendar.tz),
        "known_until": until.isoformat(),
        "weekdays": weekdays,
        "hours": {date.isoformat(): text for date, text in regular.items()},
        **PHASES.get(name, {}),
        "special": special,
        "closed": [
            day.isoformat() for day in days if day.weekday() in weekdays and day not in sessions
        ],
    }


def library_sessions(name: str) -> dict[dt.date, list[tuple[int, int]]]:
    """Return the parts of each session of the library, in seconds since 1970."""
    found = {}
    for stamp, row in _library(name)[0].schedule.iterrows():
        seconds = [int(time.timestamp()) for time in _times(row)]
        found[stamp.date()] = list(zip(seconds[::2], seconds[1::2], strict=True))
    return found


@cache
def _library(name: str) -> tuple[exchange_calendars.ExchangeCalendar, dt.date, dt.date]:
    """Return a calendar of the library, and its first and last date here."""
    factory = _DISPATCHER._calendar_factories[name]
    least, most = factory.bound_min(), factory.bound_max()
    first = max(FIRST_DATE, least.date()) if least else FIRST_DATE
    until = min(LAST_DATE, most.date()) if most else LAST_DATE
    calendar = exchange_calendars.get_calendar(name, start=first.isoformat(), end=until.isoformat())
    return calendar, first, until


def _times(row: "pd.Series[Any]") -> list[pd.Timestamp]:
    times = [row["open"], row["break_start"], row["break_end"], row["close"]]
    return [time for time in times if not pd.isna(time)]


def hours_text(row: "pd.Series[Any]", date: dt.date, zone: dt.tzinfo) -> str:
    """Return the hours of a session in the zone: "09:00-11:30 12:30-15:30"."""
    minutes = [minute_of(time, date, zone) for time in _times(row)]
    pairs = zip(minutes[::2], minutes[1::2], strict=True)
    return " ".join(f"{clock(begins)}-{clock(ends)}" for begins, ends in pairs)


def minute_of(time: dt.datetime, date: dt.date, zone: dt.tzinfo) -> int:
    """Return minutes from the midnight of a date to an instant, by the clock of the zone."""
    local = time.astimezone(zone)
    return (local.date() - date).days * 24 * 60 + local.hour * 60 + local.minute


def clock(minute: int) -> str:
    """Write minutes since midnight; those of the day before as a time of day."""
    hours, minutes = divmod(minute if minute >= 0 else minute + 24 * 60, 60)
    return f"{hours:02}:{minutes:02}"


def usual_weekdays(sessions: Mapping[dt.date, str]) -> set[int]:
    """Return the weekdays with sessions in most of their weeks, lately."""
    last = max(sessions) - dt.timedelta(days=365)
    counts = Counter(date.weekday() for date in sessions if date > last)
    return {day for day, count in counts.items() if count > 52 * 0.6}


def regular_hours(sessions: Mapping[dt.date, str]) -> dict[dt.date, str]:
    """Return the hours that hold from a date on."""
    dates = sorted(sessions)
    regular: dict[dt.date, str] = {}
    now = ""
    for at, date in enumerate(dates):
        text = sessions[date]
        if text == now:
            continue
        coming = [sessions[one] for one in dates[at : at + NEXT_SESSIONS]]
        if not now or coming.count(text) >= len(coming) * REGULAR_OF_NEXT > NEXT_SESSIONS / 4:
            usual = Counter(coming).most_common(1)[0][0] if not now else text
            regular[date] = now = usual
    return regular


def in_force(regular: Mapping[dt.date, str], date: dt.date) -> str:
    """Return the regular hours of a date."""
    return regular[max(since for since in regular if since <= date)]


def mics() -> Iterator[str]:
    """Yield the MICs that have a calendar of the library."""
    yield from filter(MIC.fullmatch, exchange_calendars.get_calendar_names(include_aliases=False))
    yield from ALIASES


def main() -> None:
    """Write the files; a MIC without a calendar of its own follows another one."""
    for old in FOLDER.glob("*.json"):
        old.unlink()
    aliases = _DISPATCHER._aliases
    for name in mics():
        content = {"follows": aliases[name]} if name in ALIASES else calendar_of(name)
        text = json.dumps(content, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(list(FOLDER.glob('*.json')))} calendars\n")


if __name__ == "__main__":
    main()
