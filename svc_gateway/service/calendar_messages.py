"""A venue's calendar, as svc_marketdata and the OMS get it."""

from ordermesh.marketdata.v1 import calendar_pb2 as pb
from svc_gateway.venue_calendar import WEEKDAYS, TradingDayConfig


def trading_calendar(day: TradingDayConfig | None) -> pb.TradingCalendar | None:
    """Return the calendar as the venues file has it; None if it has none."""
    if day is None:
        return None
    if day.follows:
        return pb.TradingCalendar(follows=day.follows)
    hours, minutes = day.begins.split(":")
    return pb.TradingCalendar(
        time_zone=day.zone,
        begins_minute=int(hours) * 60 + int(minutes),
        weekdays=[WEEKDAYS.index(name) + 1 for name in day.weekdays],
        closed_dates=[date.isoformat() for date in day.closed],
        hours=day.hours,
        special_hours=[
            pb.SpecialHours(date=date.isoformat(), hours=hours)
            for date, hours in day.special_hours.items()
        ],
        pre_open_minutes=day.pre_open_minutes,
        opening_auction_minutes=day.opening_auction_minutes,
        closing_auction_minutes=day.closing_auction_minutes,
    )
