"""The `trading_day` part of the venues file: a venue's trading days, sessions and phases."""

import datetime as dt
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kernel.calendars.library import NAMES
from kernel.trading_calendar import parse_hours

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def known_zone(name: str) -> str:
    """Check an IANA time zone; an empty name is none."""
    try:
        return name and ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be an IANA time zone such as Europe/Amsterdam, or empty") from error


def _hours(text: str) -> str:
    if text:
        parse_hours(text)
    return text


def _library_name(name: str) -> str:
    if name and name not in NAMES:
        raise ValueError("must be a MIC that has a calendar in kernel/calendars, such as XAMS")
    return name


HoursText = Annotated[str, Field(max_length=64), AfterValidator(_hours)]
Minutes = Annotated[int, Field(ge=0, le=1439)]


class TradingDayConfig(BaseModel):
    """A venue's calendar, one for all its sessions: figures of a day and DAY orders follow it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # MIC of a calendar of the library exchange-calendars that the venue has; then nothing else.
    follows: Annotated[str, AfterValidator(_library_name)] = ""
    # IANA time zone.
    zone: Annotated[str, AfterValidator(known_zone), Field(min_length=1)] = "UTC"
    # Time of day in that zone at which a trading day begins.
    begins: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "00:00"
    # Weekdays on which one begins. On others the figures of the day before stay.
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS
    # Dates on which none begins: holidays.
    closed: Annotated[tuple[dt.date, ...], Field(max_length=400)] = ()
    # Continuous trading in that zone: "09:00-17:30"; with a break "09:00-11:30 12:30-15:30". If the
    # end is not later than the beginning, trading begins on the day before. Empty: not known.
    hours: HoursText = ""
    # Dates with other hours: half days, and trading days on other weekdays.
    special_hours: Annotated[dict[dt.date, HoursText], Field(max_length=400)] = {}
    # Lengths of the phases before and after continuous trading.
    pre_open_minutes: Minutes = 0
    opening_auction_minutes: Minutes = 0
    closing_auction_minutes: Minutes = 0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.follows and self.model_fields_set != {"follows"}:
            others = ", ".join(sorted(self.model_fields_set - {"follows"}))
            raise ValueError(f"trading_day.follows has a whole calendar: leave out {others}")
        phases = (self.pre_open_minutes, self.opening_auction_minutes, self.closing_auction_minutes)
        if not self.hours and (self.special_hours or any(phases)):
            raise ValueError("trading_day.special_hours and phases need trading_day.hours")
        return self
