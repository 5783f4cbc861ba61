"""InstrumentService.GetCalendar: the calendar of a venue or listing, with its sessions."""

import datetime as dt
from typing import Final

from kernel.calendars.library import NAMES, library_calendar
from kernel.trading_calendar import Origin, Session, TradingCalendar
from mesh.errors import wrong
from mesh.timestamps import to_timestamp
from ordermesh.marketdata.v1 import calendar_pb2
from ordermesh.marketdata.v1 import instrument_service_pb2 as pb
from svc_marketdata.api.mapping import STATUS_TO_PROTO, phase_to_proto
from svc_marketdata.api.reference.mapping import date_of
from svc_marketdata.api.subscriptions import instrument_not_found
from svc_marketdata.service.market_data import MarketData

ORIGINS: Final = {
    Origin.LIBRARY: calendar_pb2.CALENDAR_ORIGIN_LIBRARY,
    Origin.VENUES_FILE: calendar_pb2.CALENDAR_ORIGIN_VENUES_FILE,
    Origin.NOBODY: calendar_pb2.CALENDAR_ORIGIN_NOBODY,
}
DAYS_DEFAULT: Final = 7
DAYS_MAX: Final = 401
"""Dates of one answer."""


def get_calendar(data: MarketData, request: pb.GetCalendarRequest) -> pb.GetCalendarResponse:
    """Answer what the calendar of a venue or listing is.

    Raises:
        MeshError: INSTRUMENT_NOT_FOUND; INVALID_FIELD.
    """
    answer = pb.GetCalendarResponse()
    calendar = _calendar(data, request, answer)
    now_ns = data.clock.now_ns()
    day = calendar.day_of(now_ns)
    today = calendar.date_of(day)
    first, last = _range(request, today)
    answer.name = calendar.name
    answer.origin = ORIGINS[calendar.origin]
    answer.time_zone = calendar.zone.key
    answer.known_until = calendar.known_until.isoformat() if calendar.known_until else ""
    answer.auctions_verified = calendar.auctions_verified
    answer.trading_date = today.isoformat()
    answer.day_began_at.CopyFrom(to_timestamp(day.begins_ns))
    answer.day_ends_at.CopyFrom(to_timestamp(day.ends_ns))
    phase = calendar.phase_at(now_ns)
    if phase is not None:
        answer.scheduled.CopyFrom(phase_to_proto(phase))
    for number in range((last - first).days + 1):
        session = calendar.session(first + dt.timedelta(days=number))
        if session is not None:
            answer.sessions.append(_session(session))
    return answer


def _calendar(
    data: MarketData, request: pb.GetCalendarRequest, answer: pb.GetCalendarResponse
) -> TradingCalendar:
    """Return the calendar that is asked for; put into the answer what the venue says itself."""
    name, mic = request.instrument_id, request.venue_mic
    if bool(name) == bool(mic):
        raise wrong("venue_mic", mic, "a venue, or a listing in instrument_id; not both")
    if name:
        entry = data.listed.get(name)
        if entry is None or entry.listing is None:
            raise instrument_not_found(name, "instrument_id")
        answer.simulated = entry.listing.simulated
        answer.trading_status = STATUS_TO_PROTO[entry.listing.trading_status]
        return entry.calendar
    venue = data.venues.get(mic)
    if venue is not None:
        answer.simulated = venue.simulated
        answer.trading_status = STATUS_TO_PROTO[venue.trading_status]
        return venue.calendar
    calendar = library_calendar(mic)
    if calendar is None:
        here = ", ".join(sorted(data.venues)) or "none"
        raise wrong(
            "venue_mic", mic, f"a venue of this mesh ({here}), or one of the {len(NAMES)} MICs "
            "that have a calendar in the library",
        )  # fmt: skip
    return calendar


def _range(request: pb.GetCalendarRequest, today: dt.date) -> tuple[dt.date, dt.date]:
    first = date_of("from_date", request.from_date, today)
    last = date_of("to_date", request.to_date, first + dt.timedelta(days=DAYS_DEFAULT - 1))
    if not 0 <= (last - first).days < DAYS_MAX:
        raise wrong(
            "to_date", last.isoformat(), f"{first} or up to {DAYS_MAX - 1} days after it",
        )  # fmt: skip
    return first, last


def _session(session: Session) -> calendar_pb2.CalendarSession:
    return calendar_pb2.CalendarSession(
        date=session.date.isoformat(), phases=[phase_to_proto(one) for one in session.phases]
    )
